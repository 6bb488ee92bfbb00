//! A compositional pattern-producing network: maps drawn as functions of a pixel's place, which keeps them smooth.
//!
//! s side, m maps, w hidden channels.
//!
//! ```text
//! h⁰ = (x, y) in [−√3, √3]²
//! hⁱ = [atan(u)/0.67 ; atan(u)²/0.6],  u = Wⁱ hⁱ⁻¹ + bⁱ        seven times, 1x1 convolutions
//! e  = W⁸ h⁷ + b⁸                                              begins as 0
//! ```

use tch::{Device, Kind, Tensor};

use crate::params::{Init, Scope};

const HIDDEN: usize = 7;
/// These bring both halves of a hidden layer to a deviation of about 1.
const OF_ODD: f64 = 0.67;
const OF_EVEN: f64 = 0.6;

/// The network and the places that it is asked about.
#[derive(Debug)]
pub struct Cppn {
    layers: Vec<(Tensor, Tensor)>,
    /// \[s², 2\]
    places: Tensor,
    side: i64,
}

impl Cppn {
    /// `maps` maps of `side`². Names: `layer1` … `layer8`, each `weight` and `bias`.
    pub fn new(scope: &Scope, side: i64, width: i64, maps: i64, device: Device) -> Self {
        let layer = |number: usize, inputs: i64, outputs: i64, deviation: f64| {
            let scope = scope.sub(format!("layer{number}"));
            (
                scope.weight("weight", &[outputs, inputs], Init::Normal { deviation }),
                scope.weight("bias", &[outputs], Init::Constant(0.0)),
            )
        };
        let mut inputs = 2;
        let mut layers = Vec::new();
        for number in 1..=HIDDEN {
            layers.push(layer(number, inputs, width, (inputs as f64).sqrt().recip()));
            inputs = 2 * width;
        }
        layers.push(layer(HIDDEN + 1, inputs, maps, 0.0));
        let reach = 3.0_f64.sqrt();
        let along = Tensor::linspace(-reach, reach, side, (Kind::Float, device));
        let [rows, columns] = [along.unsqueeze(1), along.unsqueeze(0)]
            .map(|places| places.expand([side, side], false).flatten(0, -1));
        Self {
            layers,
            places: Tensor::stack(&[columns, rows], 1),
            side,
        }
    }

    /// The maps. Shapes: → \[m, s, s\]
    pub fn forward(&self) -> Tensor {
        let mut h = self.places.shallow_clone();
        for (number, (weight, bias)) in self.layers.iter().enumerate() {
            h = h.linear(weight, Some(bias));
            if number < HIDDEN {
                let turned = h.atan();
                h = Tensor::cat(&[&turned / OF_ODD, turned.square() / OF_EVEN], 1);
            }
        }
        h.transpose(0, 1).reshape([-1, self.side, self.side])
    }
}
