//! How ConP joins confidences and segmentation features at one stage (paper Table 4, "Integration").
//!
//! b batch, R side of the stage's grid, c channels.

use mrprism_protocol::spec::{Integration, Residual};
use tch::Tensor;

use super::embed::{map, tokens};
use crate::block::{Attention, AttentionConfig, ConvConfig, ConvLstm, ConvNormRelu, Mode};
use crate::params::Scope;

/// One stage's integration.
#[derive(Debug)]
pub(super) enum Integrate {
    /// Eq. 7: the confidence embedding asks, the features answer.
    Attentive {
        attention: Attention,
        residual: Residual,
    },
    /// ReLU(BN(Conv3x3([s ; w̃]))).
    Concat(ConvNormRelu),
    /// One step with the features as input; the embedding is both states before it.
    ConvLstm(ConvLstm),
}

impl Integrate {
    /// Names: `attention`, `concat` or `convlstm`.
    pub(super) fn new(
        scope: &Scope,
        kind: Integration,
        residual: Residual,
        shape: StageShape,
    ) -> Self {
        let channels = shape.channels;
        match kind {
            Integration::Attentive => {
                let config = AttentionConfig {
                    channels,
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
            Integration::Concat => {
                let config = ConvConfig::same(2 * channels, channels, 3, 1);
                Self::Concat(ConvNormRelu::new(&scope.sub("concat"), config))
            }
            Integration::ConvLstm => {
                Self::ConvLstm(ConvLstm::new(&scope.sub("convlstm"), channels))
            }
        }
    }

    /// Shapes: features \[b, c, R, R\], embedding \[b, R², c\] → \[b, c, R, R\]
    pub(super) fn forward(&self, features: &Tensor, embedding: &Tensor, mode: Mode) -> Tensor {
        let side = features.size()[3];
        match self {
            Self::Attentive {
                attention,
                residual,
            } => {
                let features = tokens(features);
                let added = match residual {
                    Residual::Value => &features,
                    Residual::Query => embedding,
                };
                map(&attention.forward(embedding, &features, added), side)
            }
            Self::Concat(join) => {
                join.forward(&Tensor::cat(&[features, &map(embedding, side)], 1), mode)
            }
            Self::ConvLstm(cell) => {
                let state = map(embedding, side);
                cell.forward(features, &state, &state)
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
