//! Encoder weights from elsewhere: files of `torch.save` (`tools/golden/state_dict.py`) and safetensors, into an encoder.

use std::path::{Path, PathBuf};

use mrprism_model_core::assemble::{Ended, RunInput, run};
use mrprism_model_core::block::ResNet;
use mrprism_model_core::error::RunError;
use mrprism_model_core::import::{Import, apply, import};
use mrprism_model_core::params::{Builder, Parameters, file};
use mrprism_model_core::train::StopSignal;
use mrprism_protocol::spec::EncoderDepth;
use mrprism_protocol::state::AttemptOutcome;
use serde_json::json;
use tch::{Device, Tensor};
use tempfile::TempDir;

use crate::common::{fill, with_option};
use crate::listener::{Listener, input, small};

fn golden_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn imported(name: &str) -> (TempDir, Import) {
    let folder = TempDir::new().unwrap();
    let imported = import(&golden_file(name), folder.path()).unwrap();
    (folder, imported)
}

/// A ResNet of width 8 for images of `channels`.
fn encoder(depth: EncoderDepth, channels: i64) -> Parameters {
    let builder = Builder::new(Device::Cpu, 5);
    drop(ResNet::new(
        &builder.root().sub("encoder"),
        depth,
        channels,
        8,
    ));
    builder.finish()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// The numbers that the golden script filled in.
fn wanted() -> Parameters {
    let builder = Builder::new(Device::Cpu, 0);
    drop(ResNet::new(&builder.root(), EncoderDepth::R18, 3, 8));
    let parameters = builder.finish();
    fill(&parameters, "");
    parameters
}

#[test]
fn both_forms_of_torch_save_give_the_numbers_that_went_in() {
    let wanted = wanted();
    for name in ["resnet18-archive.pth", "resnet18-plain.pth"] {
        let (folder, found) = imported(name);
        assert_eq!(
            (
                found.matched.layers,
                found.matched.width,
                found.matched.channels
            ),
            (18, 8, 3)
        );
        assert_eq!(
            found.matched.unused,
            ["bn1.num_batches_tracked", "fc.bias", "fc.weight"]
        );
        assert_eq!(found.matched.matched, 7);
        assert!(
            found
                .matched
                .missing
                .contains(&"layer4.1.bn2.weight".to_owned())
        );
        let parameters = encoder(EncoderDepth::R18, 3);
        let before = encoder(EncoderDepth::R18, 3);
        let hash = &found.hash;
        assert_eq!(
            apply(&parameters, "encoder.", Some(folder.path()), hash).unwrap(),
            7
        );
        for (entry, drawn) in parameters.iter().zip(before.iter()) {
            let name = entry.name.strip_prefix("encoder.").unwrap();
            let missing = found.matched.missing.iter().any(|missing| missing == name);
            let from = if missing {
                &drawn.tensor
            } else {
                wanted.get(name).unwrap()
            };
            // One was saved in half precision.
            let allowed = if name == "bn1.weight" { 1e-3 } else { 0.0 };
            let difference = largest_difference(&entry.tensor, from);
            assert!(difference <= allowed, "{name}: {difference}");
        }
    }
    let hashes = ["resnet18-archive.pth", "resnet18-plain.pth"].map(|name| imported(name).1.hash);
    assert_eq!(
        hashes[0], hashes[1],
        "a hash is of the numbers, not of the file"
    );
}

#[test]
fn a_safetensors_file_of_a_run_is_an_import_too() {
    let folder = TempDir::new().unwrap();
    let parameters = encoder(EncoderDepth::R50, 1);
    let path = folder.path().join("best.safetensors");
    let mut snapshot = parameters.snapshot();
    snapshot.push(("conp.stage1.up.bias".to_owned(), Tensor::from(1.0_f32)));
    file::write(&path, &json!({}), &snapshot).unwrap();
    let found = import(&path, folder.path()).unwrap();
    assert_eq!((found.matched.layers, found.matched.channels), (50, 1));
    assert_eq!(found.matched.prefix, "encoder.");
    assert!(found.matched.missing.is_empty());
    assert_eq!(found.matched.unused, ["conp.stage1.up.bias"]);
}

#[test]
fn the_first_convolution_answers_gray_images_as_it_did() {
    let (folder, found) = imported("resnet18-plain.pth");
    let first = |channels| {
        let parameters = encoder(EncoderDepth::R18, channels);
        apply(&parameters, "encoder.", Some(folder.path()), &found.hash).unwrap();
        parameters.get("encoder.conv1.weight").unwrap().detach()
    };
    let of_three = first(3);
    let sum = of_three.sum_dim_intlist(1, true, None::<tch::Kind>);
    assert!(largest_difference(&first(1), &sum) < 1e-6);
    let of_four = first(4);
    assert_eq!(of_four.size(), [8, 4, 7, 7]);
    assert!(
        largest_difference(
            &(of_four.mean_dim([1_i64].as_slice(), true, None::<tch::Kind>) * 4.0),
            &sum
        ) < 1e-6
    );
}

#[test]
fn weights_of_another_encoder_or_changed_ones_are_refused() {
    let (folder, found) = imported("resnet18-archive.pth");
    let wider = {
        let builder = Builder::new(Device::Cpu, 5);
        drop(ResNet::new(
            &builder.root().sub("encoder"),
            EncoderDepth::R18,
            3,
            16,
        ));
        builder.finish()
    };
    let before = file::hash(&wider.snapshot());
    let error = apply(&wider, "encoder.", Some(folder.path()), &found.hash).unwrap_err();
    assert!(
        error.to_string().contains("network.encoder_depth = 18"),
        "{error}"
    );
    assert_eq!(file::hash(&wider.snapshot()), before, "nothing was copied");
    // The name says one thing, the file another.
    let other = "0".repeat(64);
    std::fs::copy(
        &found.path,
        folder.path().join(format!("{other}.safetensors")),
    )
    .unwrap();
    let narrow = encoder(EncoderDepth::R18, 3);
    let error = apply(&narrow, "encoder.", Some(folder.path()), &other).unwrap_err();
    assert!(error.to_string().contains("import them again"), "{error}");
}

#[test]
fn a_file_that_is_no_resnet_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.safetensors");
    let refusal = |name: &str, shape: &[i64]| {
        let tensor = Tensor::ones(shape, (tch::Kind::Float, Device::Cpu));
        file::write(&path, &json!({}), &[(name.to_owned(), tensor)]).unwrap();
        import(&path, folder.path()).unwrap_err().to_string()
    };
    assert!(refusal("weight", &[2]).contains("no ResNet with torchvision's names"));
    assert!(refusal("conv1.weight", &[8, 3, 3, 3]).contains("[8, 3, 3, 3]"));
    assert!(refusal("conv1.weight", &[9, 3, 7, 7]).contains("multiples of 8"));
    std::fs::write(&path, "hello").unwrap();
    let error = import(&path, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("neither a file of torch.save nor"),
        "{error}"
    );
}

#[test]
fn a_run_begins_with_its_imported_weights_or_says_that_they_are_not_here() {
    let (weights, found) = imported("resnet18-plain.pth");
    let (spec, data) = small();
    let spec = with_option(&spec, "encoder_depth", json!(18));
    let trained = |spec, weights: Option<&Path>| {
        let out = TempDir::new().unwrap();
        let input = RunInput {
            weights,
            ..input(spec, &data, out.path())
        };
        run(&input, &mut Listener::default(), &StopSignal::default())
    };
    let with = with_option(
        &spec,
        "encoder_weights",
        json!(format!("blake3:{}", found.hash)),
    );
    let hash = |ended| match ended {
        Ended::Succeeded { weights_hash, .. } => weights_hash,
        other => panic!("{other:?}"),
    };
    let pretrained = hash(trained(&with, Some(weights.path())).unwrap());
    assert_eq!(
        hash(trained(&with, Some(weights.path())).unwrap()),
        pretrained
    );
    assert_ne!(hash(trained(&spec, None).unwrap()), pretrained);
    for place in [None, Some(Path::new("/nowhere"))] {
        let error = trained(&with, place).unwrap_err();
        assert!(matches!(error, RunError::NoWeights { .. }), "{error:?}");
        assert_eq!(error.outcome(), AttemptOutcome::Infrastructure);
        let said = error.to_string();
        assert!(
            said.contains(&found.hash) && said.contains("mrprism weights import FILE"),
            "{said}"
        );
    }
}
