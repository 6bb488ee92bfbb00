//! Lets MKL, inside libtorch, use the vector instructions that the processor has, whoever made it.
//!
//! MKL picks its kernels by instruction set only where its own two checks of the vendor say Intel; elsewhere it computes at
//! half the speed of a processor with AVX-512. The checks are functions that libtorch exports, and the dynamic linker takes a
//! program's own functions of these names first. What MKL does then is what it does on Intel's processors: it asks CPUID for
//! each instruction set. docs/decisions/004 has the measurements, and how to see that it works.

use std::ffi::c_int;

/// MKL's question whether its kernels may be chosen by instruction set.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn mkl_serv_intel_cpu_true() -> c_int {
    1
}

/// The same question, as its other half asks it: answered alone, neither frees MKL's choice.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn mkl_serv_intel_cpu() -> c_int {
    1
}

/// Nothing in Rust calls the functions, so that a linker might drop them.
#[used]
static KEPT: [extern "C" fn() -> c_int; 2] = [mkl_serv_intel_cpu_true, mkl_serv_intel_cpu];

#[cfg(test)]
mod tests {
    use std::ffi::c_void;

    #[test]
    fn libtorch_calls_the_programs_own_functions() {
        // Any call makes sure that libtorch is loaded.
        let _ = tch::get_num_threads();
        for (name, own) in [
            (c"mkl_serv_intel_cpu_true", super::KEPT[0]),
            (c"mkl_serv_intel_cpu", super::KEPT[1]),
        ] {
            // SAFETY: a symbol by name in the programs' global scope, where the dynamic linker looks for libtorch too.
            let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
            assert_eq!(found, own as *mut c_void, "{}", name.to_string_lossy());
        }
    }
}
