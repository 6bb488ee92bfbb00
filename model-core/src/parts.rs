//! Where a step's time goes: the step marks the end of each part, layers say their multiply-adds, and a benchmark that
//! listens adds them up.
//!
//! A word where nobody listens looks at one thread-local flag. A mark where somebody does waits for the device first, so that
//! what is measured is work and not the queueing of it.

use std::cell::RefCell;
use std::time::Duration;

use tch::{Device, Tensor};

use crate::clock::Stopwatch;

/// Parts of a step, forward and backward together but for the encoder, which runs once a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Data,
    EncoderForward,
    EncoderBackward,
    Conp,
    Divp,
    Losses,
    Optimizer,
}

impl Part {
    pub(crate) const COUNT: usize = 7;
}

/// What was said while somebody listened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Heard {
    /// Seconds by [`Part`], in its order.
    pub(crate) seconds: [f64; Part::COUNT],
    /// Multiply-adds, forward and backward.
    pub(crate) multiply_adds: u64,
}

struct Listener {
    device: Device,
    watch: Stopwatch,
    last: Duration,
    heard: Heard,
}

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Says that what happened since the last mark belongs to `part`.
pub(crate) fn mark(part: Part) {
    LISTENER.with_borrow_mut(|listener| {
        let Some(listener) = listener else { return };
        if let Device::Cuda(index) = listener.device {
            tch::Cuda::synchronize(index as i64);
        }
        let now = listener.watch.elapsed();
        listener.heard.seconds[part as usize] += now.saturating_sub(listener.last).as_secs_f64();
        listener.last = now;
    });
}

/// Says that a product of `forward` multiply-adds was taken with trained weights. Backward takes as many for the weights'
/// gradient, and as many for that of the input `x` where it has one.
pub(crate) fn tally(forward: usize, x: &Tensor) {
    LISTENER.with_borrow_mut(|listener| {
        if let Some(listener) = listener {
            let times = if x.requires_grad() { 3 } else { 2 };
            listener.heard.multiply_adds += times * forward as u64;
        }
    });
}

/// Runs `work` and adds up what it says.
pub(crate) fn listen<T>(device: Device, work: impl FnOnce() -> T) -> (T, Heard) {
    LISTENER.set(Some(Listener {
        device,
        watch: Stopwatch::from_seconds(0.0),
        last: Duration::ZERO,
        heard: Heard::default(),
    }));
    let done = work();
    let heard = LISTENER
        .take()
        .map_or_else(Heard::default, |listener| listener.heard);
    (done, heard)
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::{Part, listen, mark};

    #[test]
    fn a_mark_counts_once_and_only_while_somebody_listens() {
        mark(Part::Conp);
        let ((), heard) = listen(Device::Cpu, || {
            mark(Part::Data);
            mark(Part::Losses);
        });
        let seconds = heard.seconds;
        assert!(seconds[Part::Data as usize] > 0.0 && seconds[Part::Losses as usize] > 0.0);
        assert_eq!(seconds[Part::Conp as usize].to_bits(), 0.0_f64.to_bits());
    }
}
