//! Every method by its specification.

use mrprism_protocol::spec::{MethodSpec, RunSpec, Seed};
use tch::Device;

use super::Method;
use super::aggnet::Aggnet;
use super::agnet::Agnet;
use super::beal::Beal;
use super::confusion_matrix::ConfusionMatrix;
use super::crowd_layer::CrowdLayer;
use super::diag::Diag;
use super::dpersona::Dpersona;
use super::luw::Luw;
use super::maxmig::Maxmig;
use super::mrnet::Mrnet;
use super::mrprism::MrPrism;
use super::phiseg::Phiseg;
use super::posal::Posal;
use super::prob_unet::ProbUnet;
use super::uecnn::Uecnn;
use super::unet::PlainUnet;
use super::wdnet::Wdnet;

/// Builds the run's method on `device`, weights drawn from the run's seed.
pub fn build(spec: &RunSpec, seed: Seed, device: Device) -> Box<dyn Method> {
    match &spec.method {
        MethodSpec::Mrprism(method) => Box::new(MrPrism::new(spec, method, seed, device)),
        MethodSpec::Unet(method) => Box::new(PlainUnet::new(spec, method, seed, device)),
        MethodSpec::Wdnet(method) => Box::new(Wdnet::new(spec, method, seed, device)),
        MethodSpec::CrowdLayer(method) => Box::new(CrowdLayer::new(spec, method, seed, device)),
        MethodSpec::ConfusionMatrix(method) => {
            Box::new(ConfusionMatrix::new(spec, method, seed, device))
        }
        MethodSpec::Aggnet(method) => Box::new(Aggnet::new(spec, method, seed, device)),
        MethodSpec::Maxmig(method) => Box::new(Maxmig::new(spec, method, seed, device)),
        MethodSpec::Diag(method) => Box::new(Diag::new(spec, method, seed, device)),
        MethodSpec::Mrnet(method) => Box::new(Mrnet::new(spec, method, seed, device)),
        MethodSpec::ProbUnet(method) => Box::new(ProbUnet::new(spec, method, seed, device)),
        MethodSpec::Agnet(method) => Box::new(Agnet::new(spec, method, seed, device)),
        MethodSpec::Posal(method) => Box::new(Posal::new(spec, method, seed, device)),
        MethodSpec::Beal(method) => Box::new(Beal::new(spec, method, seed, device)),
        MethodSpec::Phiseg(method) => Box::new(Phiseg::new(spec, method, seed, device)),
        MethodSpec::Dpersona(method) => Box::new(Dpersona::new(spec, method, seed, device)),
        MethodSpec::Uecnn(method) => Box::new(Uecnn::new(spec, method, seed, device)),
        MethodSpec::Luw(method) => Box::new(Luw::new(spec, method, seed, device)),
    }
}
