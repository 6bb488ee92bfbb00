//! What libtorch can do and tch has no name for: a fused Adam, backward from several tensors with given gradients, and
//! taking gradients away.
//!
//! `shim/shim.cpp` is compiled against libtorch's headers by the build script, as tch's own bindings are.

use std::ffi::{CStr, c_char, c_void};

use tch::Tensor;

unsafe extern "C" {
    fn mrprism_fused_adam(
        parameters: *const *const c_void,
        gradients: *const *const c_void,
        first: *const *const c_void,
        second: *const *const c_void,
        count: usize,
        step: *const c_void,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *mut c_char;

    fn mrprism_backward(
        outputs: *const *const c_void,
        gradients: *const *const c_void,
        count: usize,
    ) -> *mut c_char;

    fn mrprism_clear_gradients(parameters: *const *const c_void, count: usize) -> *mut c_char;
}

/// Adam's constants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamConstants {
    pub(crate) lr: f64,
    pub(crate) betas: [f64; 2],
    pub(crate) eps: f64,
    pub(crate) weight_decay: f64,
}

/// One parameter with what its step needs.
pub(crate) struct AdamEntry<'a> {
    pub(crate) parameter: &'a Tensor,
    pub(crate) gradient: Tensor,
    pub(crate) first: &'a Tensor,
    pub(crate) second: &'a Tensor,
}

/// Step number `step` (from 1) of every entry, in one pass over memory.
///
/// # Panics
/// Where libtorch refuses, as tch's plain calls do.
pub(crate) fn fused_adam(entries: &[AdamEntry], step: u64, constants: AdamConstants) {
    let Some(entry) = entries.first() else { return };
    // Of the moments' kind and device, as the kernel wants it; whole numbers are exact in f32 up to 16,777,216 steps.
    let step = Tensor::from(step as f32).to_device(entry.parameter.device());
    let parameters = pointers(entries.iter().map(|entry| entry.parameter));
    let gradients = pointers(entries.iter().map(|entry| &entry.gradient));
    let first = pointers(entries.iter().map(|entry| entry.first));
    let second = pointers(entries.iter().map(|entry| entry.second));
    let AdamConstants {
        lr,
        betas: [beta1, beta2],
        eps,
        weight_decay,
    } = constants;
    // SAFETY: four lists of `count` live tensors; the call returns before any of them is dropped.
    let message = unsafe {
        mrprism_fused_adam(
            parameters.as_ptr(),
            gradients.as_ptr(),
            first.as_ptr(),
            second.as_ptr(),
            entries.len(),
            step.as_ptr().cast(),
            lr,
            beta1,
            beta2,
            weight_decay,
            eps,
        )
    };
    panic_with(message);
}

/// Goes back from each output with its gradient, in one pass over the graph below them.
///
/// # Panics
/// Where libtorch refuses, as tch's plain calls do.
pub(crate) fn backward(outputs_with_gradients: &[(&Tensor, Tensor)]) {
    let outputs = pointers(outputs_with_gradients.iter().map(|(output, _)| *output));
    let gradients = pointers(outputs_with_gradients.iter().map(|(_, gradient)| gradient));
    // SAFETY: two lists of `count` live tensors; the call returns before any of them is dropped.
    let message = unsafe { mrprism_backward(outputs.as_ptr(), gradients.as_ptr(), outputs.len()) };
    panic_with(message);
}

/// Takes away the gradient of each, where it has one.
///
/// # Panics
/// Where libtorch refuses, as tch's plain calls do.
pub(crate) fn clear_gradients<'a>(parameters: impl Iterator<Item = &'a Tensor>) {
    let parameters = pointers(parameters);
    // SAFETY: a list of `count` live tensors, which the caller holds until the call has returned.
    let message = unsafe { mrprism_clear_gradients(parameters.as_ptr(), parameters.len()) };
    panic_with(message);
}

fn pointers<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> Vec<*const c_void> {
    tensors.map(|tensor| tensor.as_ptr().cast()).collect()
}

/// Says libtorch's message, if there is one.
fn panic_with(message: *mut c_char) {
    if message.is_null() {
        return;
    }
    // SAFETY: the shim answers null or a C string made by strdup, which is this caller's to free.
    let text = unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        libc::free(message.cast());
        text
    };
    panic!("libtorch: {text}");
}
