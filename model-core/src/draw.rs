//! Random numbers without state: number `i` of a stream is a function of the stream's key and `i` (splitmix64).
//!
//! Every draw of a run is keyed by [`mrprism_protocol::spec::Seed::draw`], so nothing about a generator is saved in a
//! checkpoint, and the same numbers come out on every device and thread count. Tensors are filled by integer tensor
//! operations on the device itself, equal to the scalar functions to the last bit. The golden scripts in `tools/golden`
//! hold the same generator in Python.

use tch::{Device, Kind, Tensor};

const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;
const MIX_1: u64 = 0xBF58_476D_1CE4_E5B9;
const MIX_2: u64 = 0x94D0_49BB_1331_11EB;

/// One stream of random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    key: u64,
}

impl Random {
    /// The stream with this key.
    pub const fn new(key: u64) -> Self {
        Self { key }
    }

    /// The stream of a name: FNV-1a of its bytes is mixed into the key.
    pub fn named(key: u64, name: &str) -> Self {
        let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        Self { key: key ^ hash }
    }

    /// The stream below this one with number `index`.
    #[must_use]
    pub const fn child(self, index: u64) -> Self {
        Self {
            key: self.word(index),
        }
    }

    /// Word `index` of the stream.
    pub const fn word(self, index: u64) -> u64 {
        let mut z = self
            .key
            .wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN_RATIO));
        z = (z ^ (z >> 30)).wrapping_mul(MIX_1);
        z = (z ^ (z >> 27)).wrapping_mul(MIX_2);
        z ^ (z >> 31)
    }

    /// Number `index` of the stream, uniform in [0, 1), with 53 random bits.
    pub fn uniform(self, index: u64) -> f64 {
        (self.word(index) >> 11) as f64 * f64::EPSILON / 2.0
    }

    /// A permutation of `0..count`, each equally likely (Fisher–Yates).
    pub fn permutation(self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            // Multiply-high maps a word to 0..=last; its bias is below 2⁻⁵⁰ for any count met here.
            let chosen = (u128::from(self.word(last as u64)) * (last as u128 + 1)) >> 64;
            order.swap(last, chosen as usize);
        }
        order
    }

    /// Numbers `0..count` of the stream, uniform in [0, 1), as f64 of shape \[count\].
    pub fn uniforms(self, count: i64, device: Device) -> Tensor {
        let index = Tensor::arange_start(1, count + 1, (Kind::Int64, device));
        let z = index * wrapped(GOLDEN_RATIO) + wrapped(self.key);
        let z = z.bitwise_xor_tensor(&shifted_right(&z, 30)) * wrapped(MIX_1);
        let z = z.bitwise_xor_tensor(&shifted_right(&z, 27)) * wrapped(MIX_2);
        let z = z.bitwise_xor_tensor(&shifted_right(&z, 31));
        shifted_right(&z, 11).to_kind(Kind::Double) * (f64::EPSILON / 2.0)
    }

    /// Normal numbers with mean 0 and standard deviation 1, as f32 of `shape` (Box–Muller: the first half of the
    /// uniforms gives radii, the second angles; cosines come before sines).
    pub fn normals(self, shape: &[i64], device: Device) -> Tensor {
        let count: i64 = shape.iter().product();
        let half = (count + 1) / 2;
        let uniforms = self.uniforms(2 * half, device);
        let radius = ((uniforms.narrow(0, 0, half).neg() + 1.0).log() * -2.0).sqrt();
        let angle = uniforms.narrow(0, half, half) * std::f64::consts::TAU;
        let normals = Tensor::cat(&[&radius * angle.cos(), radius * angle.sin()], 0);
        normals
            .narrow(0, 0, count)
            .to_kind(Kind::Float)
            .reshape(shape)
    }
}

/// The same 64 bits as the signed number libtorch computes with; its products and sums wrap alike.
fn wrapped(word: u64) -> i64 {
    word as i64
}

/// Shift that fills with zeros: libtorch's own keeps the sign.
fn shifted_right(z: &Tensor, bits: i64) -> Tensor {
    z.bitwise_right_shift_tensor_scalar(bits)
        .bitwise_and((1_i64 << (64 - bits)) - 1)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::Random;

    #[test]
    fn tensors_hold_the_scalars_bits() {
        let random = Random::named(0xFEDC_BA98_7654_3210, "conp.stage1.query.weight");
        let tensor = Vec::<f64>::try_from(random.uniforms(1000, Device::Cpu)).unwrap();
        for (index, value) in tensor.iter().enumerate() {
            assert_eq!(
                value.to_bits(),
                random.uniform(index as u64).to_bits(),
                "number {index}"
            );
        }
        assert!(tensor.iter().all(|value| (0.0..1.0).contains(value)));
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs of splitmix64 from state 1234567, as published with the algorithm.
        let random = Random::new(1_234_567);
        assert_eq!(random.word(0), 6_457_827_717_110_365_317);
        assert_eq!(random.word(1), 3_203_168_211_198_807_973);
    }

    #[test]
    fn normals_have_mean_0_and_deviation_1() {
        let normals = Random::new(7).normals(&[3, 33_333], Device::Cpu);
        assert_eq!(normals.size(), [3, 33_333]);
        assert!(normals.mean(Kind::Double).double_value(&[]).abs() < 0.01);
        assert!((normals.std(true).double_value(&[]) - 1.0).abs() < 0.01);
    }

    #[test]
    fn every_permutation_of_three_comes_up() {
        let mut seen = std::collections::BTreeMap::new();
        for draw in 0..6000 {
            *seen
                .entry(Random::new(3).child(draw).permutation(3))
                .or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(
            seen.values().all(|count| (850..1150).contains(count)),
            "{seen:?}"
        );
    }
}
