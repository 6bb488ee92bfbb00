//! What holds of every method that has a definition file.

use std::collections::BTreeMap;
use std::path::Path;

use mrprism_model_core::method::{Method, catalog};
use mrprism_model_core::params::file;
use mrprism_model_core::predict::stored;
use mrprism_model_core::train::{Adam, Batch, Presence, TrainingSet, image, step};
use mrprism_protocol::spec::{
    Bundle, DatasetCard, NamedText, RaterIdentity, RunSpec, Seed, resolve,
};
use mrprism_raters::dataset::SplitName;
use mrprism_raters::score::score_case;
use tch::{Device, Kind};

use crate::common::{masks_and_images, phantom, place};

/// Every method by its name, small, and at once in its last phase, for a phantom with this many raters.
pub(crate) fn methods(raters: u32) -> BTreeMap<String, RunSpec> {
    methods_on(&DatasetCard {
        name: "phantom".to_owned(),
        manifest: String::new(),
        raters,
        rater_identity: RaterIdentity::Stable,
        structures: vec!["disc".to_owned(), "cup".to_owned()],
        channels: 1,
        arbitrated: None,
        diagnoses: true,
        cases: BTreeMap::new(),
        folds: 2,
        crop: None,
        licence: None,
        source: None,
    })
}

/// The same for any data.
pub(crate) fn methods_on(card: &DatasetCard) -> BTreeMap<String, RunSpec> {
    tch::set_num_threads(1);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/methods");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let named = files.into_iter().map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    });
    let mut found = BTreeMap::new();
    for (name, method) in named {
        match resolved(&name, method, card) {
            Ok(spec) => {
                found.insert(name, spec);
            }
            // What learns from diagnoses is refused where there are none, and nothing else is.
            Err(fault) => {
                let told = fault.contains("learns from diagnoses") && !card.diagnoses;
                assert!(told, "{name}: {fault}");
            }
        }
    }
    found
}

fn resolved(name: &str, method: String, card: &DatasetCard) -> Result<RunSpec, String> {
    let loss = if name == "diag" {
        "[base.loss]\nwarm_up_epochs = 0\nfusion_steps = 8\n"
    } else if method.contains("warm_up_epochs") {
        "[base.loss]\nwarm_up_epochs = 0\n"
    } else if name == "dpersona" {
        "[base.loss]\nbank = 8\nsamples = 4\nbound_samples = 4\n"
    } else {
        ""
    };
    let experiment = format!(
        "name = \"x\"\nquestion = \"?\"\nseeds = [1]\n[base]\ndataset = \"{}\"\nmethod = \"{name}\"\nsize = 32\n\
         [base.network]\nencoder_width = 8\n[base.train]\nsteps = 4\nbatch = 2\nlr = 1e-3\n{loss}",
        card.name
    );
    let text = |file: &str, text: String| NamedText {
        file: file.to_owned(),
        text,
    };
    let bundle = Bundle {
        experiment: text("x.toml", experiment),
        methods: vec![text(&format!("{name}.toml"), method)],
    };
    let mut resolved = resolve(&bundle, std::slice::from_ref(card))
        .map_err(|faults| faults.first().unwrap().to_string())?;
    Ok(resolved.cells.remove(0).spec)
}

/// Takes `steps` steps on these batches; says the weights' hash.
fn trained(
    method: &dyn Method,
    spec: &RunSpec,
    steps: u64,
    batch: impl Fn(u64) -> Batch,
) -> String {
    let mut adam = Adam::new(&spec.train, method.parameters()).updating(method.updates_per_step());
    method.meet_target(&batch(0).images);
    for number in 0..steps {
        step(method, &mut adam, &batch(number), place(number)).unwrap();
    }
    file::hash(&method.parameters().snapshot())
}

#[test]
fn every_method_trains_as_no_other_and_the_same_bits_again() {
    let data = phantom(32, 2, [4, 1, 1], &[0.0, 0.2, -0.2], 0.02);
    let cases = data.load(SplitName::Train, 32, None).unwrap();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (name, spec) in methods(3) {
        let set = TrainingSet::new(&spec, &cases, Device::Cpu).unwrap();
        let run = || {
            let method = catalog::build(&spec, Seed(1), Device::Cpu);
            trained(method.as_ref(), &spec, 2, |number| {
                set.at(Seed(1), 0, number)
            })
        };
        let hash = run();
        assert_eq!(hash, run(), "{name}");
        if let Some(other) = seen.insert(hash, name.clone()) {
            panic!("{name} trains as {other}");
        }
    }
}

#[test]
fn every_method_predicts_what_can_be_stored_and_scored() {
    let data = phantom(32, 2, [2, 1, 1], &[0.0, 0.2, -0.2], 0.02);
    let case = data.load(SplitName::Test, 32, None).unwrap().remove(0);
    for (name, spec) in methods(3) {
        let method = catalog::build(&spec, Seed(1), Device::Cpu);
        let before = file::hash(&method.parameters().snapshot());
        let predicted = method.predict(&image(&case, Device::Cpu), spec.evaluation.recurrences);
        let again = method.predict(&image(&case, Device::Cpu), spec.evaluation.recurrences);
        assert_eq!(predicted.prediction, again.prediction, "{name}");
        assert_eq!(
            before,
            file::hash(&method.parameters().snapshot()),
            "{name}"
        );
        let stored = stored(&case.name, &predicted, 0).unwrap();
        let structures = &spec.dataset.structures;
        let scores = score_case(&case, &stored, &spec.evaluation, structures).unwrap();
        assert!(!scores.is_empty(), "{name}");
        let inside = scores.iter().all(|score| score.value.is_finite());
        assert!(inside, "{name}: {scores:?}");
    }
}

/// An absent rater's masks, whatever they hold, change nothing.
#[test]
fn no_method_reads_what_an_absent_rater_did_not_draw() {
    for (name, spec) in methods(3) {
        let hash = |drawn: f64| {
            let method = catalog::build(&spec, Seed(1), Device::Cpu);
            trained(method.as_ref(), &spec, 2, |_| {
                let (images, masks) = masks_and_images("absent", 2, 3, 2, 1, 32);
                let _ = masks.select(0, 0).select(0, 1).fill_(drawn);
                let present = vec![vec![true, false, true], vec![true, true, true]];
                Batch {
                    members: Vec::new(),
                    images,
                    masks: masks.to_kind(Kind::Float),
                    present: Presence::new(present, Device::Cpu),
                }
            })
        };
        assert_eq!(hash(0.0), hash(1.0), "{name}");
    }
}

#[test]
fn every_method_trains_with_one_rater() {
    for (name, spec) in methods(1) {
        let method = catalog::build(&spec, Seed(1), Device::Cpu);
        let before = file::hash(&method.parameters().snapshot());
        let after = trained(method.as_ref(), &spec, 1, |_| {
            let (images, masks) = masks_and_images("alone", 2, 1, 2, 1, 32);
            Batch {
                members: Vec::new(),
                images,
                masks,
                present: Presence::new(vec![vec![true]; 2], Device::Cpu),
            }
        });
        assert_ne!(before, after, "{name}");
    }
}
