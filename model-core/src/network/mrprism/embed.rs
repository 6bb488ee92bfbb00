//! Confidence embedding `w̃_l`: what ConP's attention asks with (paper section 3.2; docs/model.md, confidence embedding).
//!
//! b batch, m raters, k structures, s side of the image, R side of the stage's grid, c the stage's channels.

use tch::Tensor;

use crate::block::{Separable, channels_last};
use crate::params::Scope;

/// Side of the image over side of the map that confidences are averaged to before any stage embeds them.
pub(super) const AVERAGED: i64 = 4;

/// Averages confidences over 4x4 pixels and lays raters and structures out as channels `m·K + k`.
/// Shapes: \[b, m, k, s, s\] → \[b, m·k, s/4, s/4\]
pub(super) fn average(confidences: &Tensor) -> Tensor {
    let (kernel, stride) = ([AVERAGED; 2], [AVERAGED; 2]);
    let averaged = confidences
        .flatten(1, 2)
        .avg_pool2d(kernel, stride, [0, 0], false, true, None);
    channels_last(&averaged)
}

/// One stage's embedding. Shapes: \[b, m·k, s/4, s/4\] → \[b, R², c\]
#[derive(Debug)]
pub(super) struct Embedding(Separable);

impl Embedding {
    /// `side` is that of the averaged map, `grid` the stage's R; R divides it.
    pub(super) fn new(scope: &Scope, maps: i64, channels: i64, side: i64, grid: i64) -> Self {
        Self(Separable::new(scope, maps, channels, side / grid))
    }

    pub(super) fn forward(&self, averaged: &Tensor) -> Tensor {
        tokens(&self.0.forward(averaged))
    }
}

/// Pixels as tokens, row by row. Shapes: \[b, c, h, w\] → \[b, h·w, c\]
pub(super) fn tokens(map: &Tensor) -> Tensor {
    map.flatten(2, 3).transpose(1, 2)
}

/// Tokens as a square map. Shapes: \[b, side², c\] → \[b, c, side, side\]
pub(super) fn map(tokens: &Tensor, side: i64) -> Tensor {
    tokens.transpose(1, 2).unflatten(2, [side, side])
}
