//! How ConP joins confidences and segmentation features at one stage (paper Table 4, "Integration").
//!
//! b batch, R side of the stage's grid, c channels.

use mrprism_protocol::spec::{Integration, Residual};
use tch::Tensor;

use super::embed::{map, tokens};
use crate::block::{Attention, AttentionConfig};
use crate::params::Scope;

/// One stage's integration.
#[derive(Debug)]
pub(super) enum Integrate {
    /// Eq. 7: the confidence embedding asks, the features answer.
    Attentive {
        attention: Attention,
        residual: Residual,
    },
}

impl Integrate {
    /// Names: `attention`.
    pub(super) fn new(
        scope: &Scope,
        kind: Integration,
        residual: Residual,
        shape: StageShape,
    ) -> Self {
        match kind {
            Integration::Attentive => {
                let config = AttentionConfig {
                    channels: shape.channels,
                    tokens: shape.grid * shape.grid,
                    heads: shape.heads,
                    cross: true,
                };
                let attention = Attention::new(&scope.sub("attention"), config);
                Self::Attentive {
                    attention,
                    residual,
                }
            }
        }
    }

    /// Shapes: features \[b, c, R, R\], embedding \[b, R², c\] → \[b, c, R, R\]
    pub(super) fn forward(&self, features: &Tensor, embedding: &Tensor) -> Tensor {
        let side = features.size()[3];
        let features = tokens(features);
        match self {
            Self::Attentive {
                attention,
                residual,
            } => {
                let added = match residual {
                    Residual::Value => &features,
                    Residual::Query => embedding,
                };
                map(&attention.forward(embedding, &features, added), side)
            }
        }
    }
}

/// One stage of ConP.
#[derive(Debug, Clone, Copy)]
pub(super) struct StageShape {
    /// c.
    pub(super) channels: i64,
    /// R.
    pub(super) grid: i64,
    /// Attention heads.
    pub(super) heads: i64,
    /// Channels of the encoder's tap that is joined after the attention; 0 at the first stage.
    pub(super) skip: i64,
}
