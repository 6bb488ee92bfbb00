//! Name and memory of a CUDA device, from the driver's own library: tch does not say them.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

type Init = unsafe extern "C" fn(c_uint) -> c_int;
type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
type Name = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
type Memory = unsafe extern "C" fn(*mut usize, c_int) -> c_int;

/// Marketing name and MiB of CUDA device `index`; none where the driver does not say.
pub(super) fn name_and_memory(index: u32) -> Option<(String, u64)> {
    let mut name: [c_char; 256] = [0; 256];
    let (mut device, mut bytes) = (0, 0_usize);
    // SAFETY: the four functions have had these signatures since CUDA 3.2, the buffers outlive the calls, and the length
    // given leaves room for the closing zero of an array that starts zeroed.
    let answered = unsafe {
        let library = libc::dlopen(c"libcuda.so.1".as_ptr(), libc::RTLD_NOW);
        let init: Init =
            std::mem::transmute::<*mut c_void, Option<Init>>(symbol(library, c"cuInit")?)?;
        let get: Get =
            std::mem::transmute::<*mut c_void, Option<Get>>(symbol(library, c"cuDeviceGet")?)?;
        let of_name: Name =
            std::mem::transmute::<*mut c_void, Option<Name>>(symbol(library, c"cuDeviceGetName")?)?;
        let of_memory: Memory = std::mem::transmute::<*mut c_void, Option<Memory>>(symbol(
            library,
            c"cuDeviceTotalMem_v2",
        )?)?;
        init(0) == 0
            && get(&raw mut device, index as c_int) == 0
            && of_name(name.as_mut_ptr(), name.len() as c_int - 1, device) == 0
            && of_memory(&raw mut bytes, device) == 0
    };
    // SAFETY: the array holds a closing zero, see above.
    let text = unsafe { CStr::from_ptr(name.as_ptr()) };
    answered.then(|| {
        (
            text.to_string_lossy().into_owned(),
            bytes as u64 / (1024 * 1024),
        )
    })
}

/// The address of a function of `library`; none where either is missing.
fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    if library.is_null() {
        return None;
    }
    // SAFETY: `library` is a handle that dlopen gave and nothing closes.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// The dynamic linker's last sentence.
pub(super) fn linker_error() -> String {
    // SAFETY: dlerror gives a C string that stays valid until the next call of the same thread, or null.
    unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            "no reason given".to_owned()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}
