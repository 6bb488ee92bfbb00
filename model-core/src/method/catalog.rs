//! Every method by its specification.

use mrprism_protocol::spec::{MethodSpec, RunSpec, Seed};
use tch::Device;

use super::Method;
use super::mrprism::MrPrism;
use super::unet::PlainUnet;

/// Builds the run's method on `device`, weights drawn from the run's seed.
pub fn build(spec: &RunSpec, seed: Seed, device: Device) -> Box<dyn Method> {
    match &spec.method {
        MethodSpec::Mrprism(method) => Box::new(MrPrism::new(spec, method, seed, device)),
        MethodSpec::Unet(method) => Box::new(PlainUnet::new(spec, method, seed, device)),
    }
}
