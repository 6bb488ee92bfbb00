//! That it learns: four phantoms whose raters agree.

use mrprism_model_core::method::catalog;
use mrprism_model_core::predict::validate;
use mrprism_model_core::train::{
    Adam, Fit, Fitted, Observer, Plan, Progress, Saver, StopSignal, TrainingSet,
};
use mrprism_protocol::spec::Seed;
use mrprism_protocol::wire::EventBody;
use mrprism_raters::dataset::SplitName;
use tch::Device;

use crate::common::{phantom, run_spec};

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: EventBody) {}

    fn file(&mut self, _: mrprism_protocol::state::ArtifactKind, _: &std::path::Path, _: &str) {}
}

impl Saver for Nobody {
    fn offer(
        &mut self,
        _: &Progress,
        _: &mut dyn Observer,
    ) -> Result<(), mrprism_model_core::error::RunError> {
        Ok(())
    }

    fn save(
        &mut self,
        _: &Progress,
        _: &mut dyn Observer,
    ) -> Result<(), mrprism_model_core::error::RunError> {
        Ok(())
    }
}

#[test]
fn four_phantoms_whose_raters_agree_are_learned_by_heart() {
    let data = phantom(64, 1, [4, 1, 1], &[0.0, 0.0, 0.0], 0.0);
    let cases = data.load(SplitName::Train, 64, None).unwrap();
    let mut spec = run_spec(3, 1, 1, 64);
    spec.train.steps = Some(230);
    spec.train.batch = 4;
    spec.train.lr = 1e-2;
    let method = catalog::build(&spec, Seed(1), Device::Cpu);
    let set = TrainingSet::new(&spec, &cases, Device::Cpu).unwrap();
    let mut progress = Progress {
        adam: Adam::new(&spec.train, method.parameters()),
        best: None,
    };
    let stop = StopSignal::default();
    let fit = Fit {
        learner: method.as_ref(),
        data: &set,
        plan: Plan {
            validate_every_epochs: u64::MAX,
            ..Plan::new(&spec.train, cases.len())
        },
        seed: Seed(1),
        stop: &stop,
    };
    let ended = fit
        .run(&mut progress, &mut Nobody, &mut || Ok(None), &mut Nobody)
        .unwrap();
    assert_eq!(ended, Fitted::Finished);
    let chosen = method.chosen_recurrence();
    let found = validate(
        method.as_ref(),
        &cases,
        &spec.dataset.structures,
        3,
        chosen,
        Device::Cpu,
    );
    let found = found.unwrap().unwrap();
    assert!(found.score > 0.97, "{found:?}");
}
