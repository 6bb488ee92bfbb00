//! Cutting a graph in two: what lies above the cut is gone back through once, with what all uses below it gathered.

use tch::Tensor;

use crate::shim;

/// The same numbers, cut from the graph, as a leaf that gathers a gradient of its own.
pub fn leaf(made: &Tensor) -> Tensor {
    made.detach().set_requires_grad(true)
}

/// Goes on into the graph above each leaf, (made, leaf), with the gradient that the leaf gathered: one pass for all of
/// them. Where a leaf has none there is nothing to do.
pub fn backward_from<'a>(cuts: impl IntoIterator<Item = (&'a Tensor, &'a Tensor)>) {
    let gathered: Vec<_> = cuts
        .into_iter()
        .map(|(made, leaf)| (made, leaf.grad()))
        .filter(|(_, gradient)| gradient.defined())
        .collect();
    if !gathered.is_empty() {
        shim::backward(&gathered);
    }
}
