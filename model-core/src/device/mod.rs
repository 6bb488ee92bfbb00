//! What this build of libtorch is and what it can compute on.
//!
//! The linker drops `libtorch_cuda.so`, for nothing refers to it by symbol; without it every run would silently use the
//! processor. [`load_cuda`] opens it by hand, and whoever asks for CUDA where there is none is refused.

mod driver;
mod vectors;

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use mrprism_protocol::state::DeviceKind;
use mrprism_protocol::wire::DeviceOffer;
use serde::{Deserialize, Serialize};

use crate::error::RunError;

/// A device by kind and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChoice {
    /// Kind.
    pub kind: DeviceKind,
    /// Number among its kind, from 0.
    pub index: u32,
}

/// What `mrprism devices` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Version of libtorch this program was built against.
    pub libtorch: String,
    /// `cuda` where `libtorch_cuda.so` lies beside `libtorch_cpu.so`, else `cpu`.
    pub flavour: String,
    /// Whether CUDA's runtime is loaded into this process.
    pub cudart: bool,
    /// The processor, then every CUDA device.
    pub devices: Vec<DeviceOffer>,
}

impl DeviceChoice {
    /// The processor.
    pub const CPU: Self = Self {
        kind: DeviceKind::Cpu,
        index: 0,
    };

    /// The device as tch names it.
    ///
    /// # Errors
    /// [`RunError::NoDevice`] where it is not there: nothing falls back to the processor.
    pub fn resolve(self) -> Result<tch::Device, RunError> {
        match self.kind {
            DeviceKind::Cpu => Ok(tch::Device::Cpu),
            DeviceKind::Cuda => {
                let loaded = load_cuda();
                let count = cuda_count();
                if i64::from(self.index) < count {
                    return Ok(tch::Device::Cuda(self.index as usize));
                }
                let why = match loaded {
                    Err(message) => message,
                    Ok(false) => {
                        "this libtorch is the CPU flavour: `MRPRISM_TORCH=cuda make setup`"
                            .to_owned()
                    }
                    Ok(true) => format!("the driver shows {count} CUDA devices"),
                };
                Err(RunError::NoDevice(format!(
                    "CUDA device {} was asked for and is not there: {why}",
                    self.index
                )))
            }
        }
    }
}

/// Opens `libtorch_cuda.so` where it exists, once a process; says whether it is loaded.
///
/// # Errors
/// The dynamic linker's sentence where the library exists and cannot be loaded.
pub fn load_cuda() -> Result<bool, String> {
    static LOADED: OnceLock<Result<bool, String>> = OnceLock::new();
    LOADED.get_or_init(open_cuda).clone()
}

fn open_cuda() -> Result<bool, String> {
    let Some(library) = cuda_library() else {
        return Ok(false);
    };
    let path = CString::new(library.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: `path` is a valid C string; libtorch's initialisers are made to run at load time, at any moment.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        return Err(format!(
            "{} cannot be loaded: {}",
            library.display(),
            driver::linker_error()
        ));
    }
    Ok(true)
}

/// `libtorch_cuda.so` beside the `libtorch_cpu.so` of this process, if it is there.
fn cuda_library() -> Option<PathBuf> {
    // Any call makes sure that libtorch is linked in and mapped.
    let _ = tch::get_num_threads();
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps
        .lines()
        .find(|line| line.ends_with("/libtorch_cpu.so"))?;
    let library = PathBuf::from(&line[line.find('/')?..]).with_file_name("libtorch_cuda.so");
    library.exists().then_some(library)
}

fn cuda_count() -> i64 {
    if matches!(load_cuda(), Ok(true)) {
        tch::Cuda::device_count()
    } else {
        0
    }
}

/// Looks at libtorch and at every device.
pub fn describe() -> DeviceReport {
    // A library that does not load shows as `cudart: false`; `resolve` says why.
    let _ = load_cuda();
    let mut devices = vec![processor()];
    devices.extend((0..cuda_count() as u32).map(|index| {
        let (name, memory_mib) =
            driver::name_and_memory(index).unwrap_or_else(|| (format!("CUDA device {index}"), 0));
        DeviceOffer {
            kind: DeviceKind::Cuda,
            index,
            name,
            memory_mib,
            threads: threads(),
        }
    }));
    DeviceReport {
        libtorch: env!("MRPRISM_LIBTORCH_VERSION").to_owned(),
        flavour: if cuda_library().is_some() {
            "cuda"
        } else {
            "cpu"
        }
        .to_owned(),
        cudart: tch::utils::has_cudart(),
        devices,
    }
}

fn threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |threads| threads.get() as u32)
}

fn processor() -> DeviceOffer {
    let name = proc_value("/proc/cpuinfo", "model name").unwrap_or_else(|| "processor".to_owned());
    let kib = proc_value("/proc/meminfo", "MemTotal")
        .and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0);
    DeviceOffer {
        kind: DeviceKind::Cpu,
        index: 0,
        name,
        memory_mib: kib / 1024,
        threads: threads(),
    }
}

/// The value of the first line `key: value` of a file under /proc.
fn proc_value(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::state::DeviceKind;

    use super::{DeviceChoice, describe};

    #[test]
    fn the_processor_is_described() {
        let report = describe();
        assert!(report.libtorch.starts_with("2."), "{report:?}");
        assert_eq!(report.devices[0].kind, DeviceKind::Cpu);
        assert!(
            report.devices[0].memory_mib > 100 && !report.devices[0].name.is_empty(),
            "{report:?}"
        );
    }

    #[test]
    fn a_cuda_device_that_is_not_there_is_refused() {
        let error = DeviceChoice {
            kind: DeviceKind::Cuda,
            index: 4096,
        }
        .resolve()
        .unwrap_err();
        assert!(
            error.to_string().contains("CUDA device 4096 was asked for"),
            "{error}"
        );
    }
}
