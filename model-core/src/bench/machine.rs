//! What this process can do and has used: the rate of a large matrix product, processor time, the most memory it held.

use tch::{Device, Kind, Tensor, no_grad};

use crate::clock::Stopwatch;

/// Side of the measured product: three matrices of 16 MiB, more than caches hold and little enough for a second.
const SIDE: i64 = 2048;
const REPEATS: usize = 8;

/// Multiply-adds a second of a square f32 product with libtorch's present number of threads: the best of several.
pub(super) fn sgemm_rate(device: Device) -> f64 {
    let options = (Kind::Float, device);
    let (a, b) = (
        Tensor::rand([SIDE, SIDE], options),
        Tensor::rand([SIDE, SIDE], options),
    );
    let wait = || {
        if let Device::Cuda(index) = device {
            tch::Cuda::synchronize(index as i64);
        }
    };
    let seconds = no_grad(|| {
        (0..REPEATS)
            .map(|_| {
                wait();
                let watch = Stopwatch::from_seconds(0.0);
                let _product = a.matmul(&b);
                wait();
                watch.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min)
    });
    (SIDE as f64).powi(3) / seconds
}

/// The most physical memory this process has held, in MiB.
pub(super) fn peak_rss_mib() -> u64 {
    usage().ru_maxrss as u64 / 1024
}

/// Seconds that processors have worked for this process, in all its threads and in the system.
pub(super) fn cpu_seconds() -> f64 {
    let usage = usage();
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// What the system says of this process; zeros where it refuses, which for oneself it does not.
fn usage() -> libc::rusage {
    // SAFETY: an all-zero rusage is valid, and the call writes into it and nothing else.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    }
}
