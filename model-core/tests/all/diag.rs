//! Diag's parts by hand-worked numbers, and that a diagnosis steers the fusion.

use mrprism_model_core::draw::Random;
use mrprism_model_core::method::Method;
use mrprism_model_core::method::diag::{Diag, diagnosis_loss, joined, mixtures, weights};
use mrprism_model_core::network::Cppn;
use mrprism_model_core::params::Builder;
use mrprism_model_core::train::{Batch, Learner, Member, Presence};
use mrprism_protocol::spec::{LabelFusion, MethodSpec, RunSpec, Seed};
use tch::{Device, Kind, Tensor, no_grad};
use tempfile::TempDir;

use crate::common::{masks_and_images, near, number, phantom};
use crate::listener::{Listener, attempt, finish, predictions, undisturbed};
use crate::methods::methods;

fn spec(steps: u32, warm_up_epochs: u64) -> RunSpec {
    let mut spec = methods(3).remove("diag").unwrap();
    let MethodSpec::Diag(diag) = &mut spec.method else {
        panic!("diag is of another kind");
    };
    diag.loss.fusion_steps = steps;
    diag.loss.warm_up_epochs = warm_up_epochs;
    spec
}

fn diag(steps: u32) -> Diag {
    let spec = spec(steps, 0);
    let MethodSpec::Diag(method) = &spec.method else {
        panic!("diag is of another kind");
    };
    Diag::new(&spec, method, Seed(1), Device::Cpu)
}

/// One case of random masks. Shapes: masks \[1, 3, 2, 32, 32\]
fn case(ill: Option<bool>, present: [bool; 3]) -> Batch {
    let (images, masks) = masks_and_images("diag", 1, 3, 2, 1, 32);
    Batch {
        members: vec![Member { case: None, ill }],
        images,
        masks,
        present: Presence::new(vec![present.to_vec()], Device::Cpu),
    }
}

#[test]
fn the_network_of_places_begins_with_the_mean_of_the_raters_present() {
    let builder = Builder::new(Device::Cpu, 7);
    let places = Cppn::new(&builder.root(), 32, 24, 3, Device::Cpu);
    let e = no_grad(|| places.forward());
    assert_eq!(e.size(), [3, 32, 32]);
    near("largest", number(&e.abs().max()), 0.0);
    let Batch { masks, .. } = case(None, [true; 3]);
    let all = joined(&weights(&e, &[true; 3]), &masks);
    let mean = masks.mean_dim([1_i64].as_slice(), false, None::<Kind>);
    near("mean of three", number(&(all - mean).abs().max()), 0.0);
    let two = joined(&weights(&e, &[true, false, true]), &masks);
    let mean = (masks.select(1, 0) + masks.select(1, 2)) / 2.0;
    near("mean of two", number(&(two - mean).abs().max()), 0.0);
}

/// One hidden channel at the corner (−√3, −√3), all weights 1 and biases 0, two layers by hand.
#[test]
fn hidden_layers_join_the_bounded_tangent_and_its_square() {
    let builder = Builder::new(Device::Cpu, 7);
    let places = Cppn::new(&builder.root(), 2, 1, 1, Device::Cpu);
    let parameters = builder.finish();
    no_grad(|| {
        for entry in parameters.iter() {
            let value = f64::from(u8::from(entry.name.ends_with("weight")));
            let _ = entry.tensor.shallow_clone().fill_(value);
        }
    });
    let mut u = -2.0 * 3.0_f64.sqrt();
    for _ in 0..7 {
        u = u.atan() / 0.67 + u.atan().powi(2) / 0.6;
    }
    let found = no_grad(|| places.forward()).double_value(&[0, 0, 0]);
    assert!((found - u).abs() < 1e-4, "{found} where {u} is expected");
}

#[test]
fn weights_are_a_softmax_over_the_raters_present() {
    let e = Tensor::from_slice(&[1.0_f32, 0.0, 5.0]).reshape([3, 1, 1]);
    let found = weights(&e, &[true, true, false]);
    let first = 1.0 / (1.0 + (-1.0_f64).exp());
    near("first", found.double_value(&[0, 0, 0]), first);
    near("second", found.double_value(&[1, 0, 0]), 1.0 - first);
    near("absent", found.double_value(&[2, 0, 0]), 0.0);
}

#[test]
fn an_ill_case_counts_as_often_as_told_and_an_unknown_one_never() {
    let logits = Tensor::from_slice(&[0.5_f32, -1.0, 9.0]);
    let softplus = |x: f64| x.exp().ln_1p();
    let ill = [Some(true), Some(false), None];
    let wanted = f64::midpoint(2.0 * softplus(-0.5), softplus(-1.0));
    near(
        "two known",
        number(&diagnosis_loss(&logits, &ill, 2.0)),
        wanted,
    );
    near(
        "nobody",
        number(&diagnosis_loss(&logits, &[None; 3], 2.0)),
        0.0,
    );
}

#[test]
fn mixtures_are_points_of_the_present_raters_simplex() {
    let present = vec![vec![true, false, true]; 400];
    let rows = mixtures(Random::new(3), &present);
    for row in &rows {
        near("sum", row.iter().map(|share| f64::from(*share)).sum(), 1.0);
        assert!(row[1] == 0.0 && row[0] >= 0.0, "{row:?}");
    }
    // On a segment, uniformly: a quarter of the shares below a quarter.
    let low = rows.iter().filter(|row| row[0] < 0.25).count();
    assert!((70..130).contains(&low), "{low} of 400 below a quarter");
}

/// Fails when the fusion's steps are left out, or go the wrong way.
#[test]
fn the_fusion_of_an_ill_case_looks_more_ill_and_of_a_healthy_one_less() {
    let (steered, mean) = (diag(20), diag(0));
    let logit = |ill| {
        let case = case(Some(ill), [true; 3]);
        let of = |method: &Diag| {
            let fused = method.fuse(&case).unwrap();
            number(&no_grad(|| method.logit(&case.images, &fused.unsqueeze(0))))
        };
        of(&steered) - of(&mean)
    };
    assert!(logit(true) > 1e-4, "{}", logit(true));
    assert!(logit(false) < -1e-4, "{}", logit(false));
    assert!(
        steered.fuse(&case(None, [true; 3])).is_none(),
        "no diagnosis"
    );
}

/// The steps touch the drawing network alone, and one rater is her own fusion.
#[test]
fn fusing_leaves_the_diagnosis_network_as_it_is() {
    let method = diag(5);
    let before = method.parameters().snapshot();
    assert!(method.fuse(&case(Some(true), [true; 3])).is_some());
    for ((name, before), entry) in before.iter().zip(method.parameters().iter()) {
        assert_eq!(*before, entry.tensor, "{name}");
        assert!(!entry.tensor.grad().defined(), "{name} has a gradient");
        assert_eq!(entry.tensor.requires_grad(), entry.trained, "{name}");
    }
    let alone = case(Some(true), [false, true, false]);
    let fused = method.fuse(&alone).unwrap();
    assert_eq!(fused, alone.masks.get(0).get(1));
}

#[test]
fn a_run_fuses_test_labels_stores_and_scores_them() {
    let data = phantom(32, 2, [4, 2, 2], &[0.0, 0.2, -0.2], 0.02);
    for (name, trust) in [("diag", 6), ("maxmig", 0)] {
        let mut spec = methods(3).remove(name).unwrap();
        spec.dataset.manifest = data.card().manifest;
        spec.evaluation.fusions = vec![LabelFusion::Learned];
        let folder = TempDir::new().unwrap();
        let (_, listener) = finish(&spec, &data, folder.path());
        let stored = std::fs::read_dir(folder.path().join("fusions")).unwrap();
        assert_eq!(stored.count(), 2, "{name}");
        let scores = listener.scores();
        let fused = scores.keys().filter(|key| key.starts_with("fused None"));
        // Two cases, two structures, three raters held out and the generator's own mask.
        assert_eq!(fused.count(), 2 * 2 * 4, "{name}");
        let learned = |key: &&String| key.contains("learned_weight");
        assert_eq!(scores.keys().filter(learned).count(), trust, "{name}");
    }
}

/// Fused masks are no part of a checkpoint: they come out the same again.
#[test]
fn a_run_stopped_among_fused_labels_goes_on_with_the_same_bits() {
    let data = phantom(32, 2, [4, 2, 1], &[0.0, 0.2, -0.2], 0.02);
    let mut spec = spec(3, 1);
    spec.dataset.manifest = data.card().manifest;
    spec.train.steps = Some(6);
    let wanted = undisturbed(&spec, &data);
    for step in [1, 2, 3, 5] {
        let folder = TempDir::new().unwrap();
        let phase = if step < 3 { "warm-up" } else { "train" };
        let mut stopped = Listener::stopping_at(phase, step);
        attempt(&spec, &data, folder.path(), &mut stopped).unwrap();
        let (hash, listener) = finish(&spec, &data, folder.path());
        let found = (hash, predictions(folder.path()), listener.scores());
        assert_eq!(found, wanted, "{step}");
        assert_eq!(listener.started_at(), Some(step), "{step}");
    }
}
