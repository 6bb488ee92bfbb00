//! Separable convolution: a point-wise one deepens the channels, a depth-wise one brings the map to a coarser grid.

use tch::{Kind, Tensor};

use super::{Conv, ConvConfig};
use crate::params::Scope;

/// Point-wise then depth-wise convolution, both with bias; the depth-wise kernel equals its stride, so that every pixel
/// counts once (docs/model.md, confidence embedding).
/// Shapes: \[b, inputs, h, w\] → \[b, outputs, h/stride, w/stride\]
#[derive(Debug)]
pub struct Separable {
    pointwise: Conv,
    depthwise: Conv,
}

impl Separable {
    /// Names: `pointwise`, `depthwise`.
    pub fn new(scope: &Scope, inputs: i64, outputs: i64, stride: i64) -> Self {
        let point = ConvConfig {
            inputs,
            outputs,
            kernel: 1,
            stride: 1,
            padding: 0,
            groups: 1,
            bias: true,
        };
        let depth = ConvConfig {
            inputs: outputs,
            outputs,
            kernel: stride,
            stride,
            padding: 0,
            groups: outputs,
            bias: true,
        };
        Self {
            pointwise: Conv::new(&scope.sub("pointwise"), point),
            depthwise: Conv::new(&scope.sub("depthwise"), depth),
        }
    }

    /// Applies it, as one convolution: the map between the two would be `stride`² times the result.
    ///
    /// ```text
    /// Σ_uv D_cuv (Σ_i P_ci x_i,uv + p_c) + d_c  =  Σ_iuv (D_cuv P_ci) x_i,uv + (p_c Σ_uv D_cuv + d_c)
    /// ```
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let (point, depth) = (&self.pointwise, &self.depthwise);
        let kernel = depth.weight() * point.weight();
        let bias = match (point.bias(), depth.bias()) {
            (Some(point), Some(own)) => {
                let sums =
                    depth
                        .weight()
                        .sum_dim_intlist([1_i64, 2, 3].as_slice(), false, None::<Kind>);
                Some(point * sums + own)
            }
            _ => None,
        };
        depth.apply(x, &kernel, bias.as_ref())
    }
}
