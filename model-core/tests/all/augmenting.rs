//! Augmentation: image and masks move together, draws are functions of the place, absent raters stay as they are.

use mrprism_model_core::augment::augment;
use mrprism_model_core::draw::Random;
use mrprism_protocol::spec::{AugmentSpec, Flip};
use tch::{Device, Kind, Tensor};

use crate::common::{run_spec, uniform};

fn nothing() -> AugmentSpec {
    run_spec(3, 2, 1, 32).train.augment
}

/// Images that are their own masks: a disc off the middle, b cases.
fn discs(b: i64) -> (Tensor, Tensor) {
    let line = Tensor::arange(64, (Kind::Float, Device::Cpu));
    let square = |middle: f64| (&line - middle).square();
    let disc = (square(24.0).reshape([64, 1]) + square(36.0).reshape([1, 64]))
        .lt(150.0)
        .to_kind(Kind::Float);
    let images = disc.expand([b, 1, 64, 64], false).contiguous();
    let masks = images.unsqueeze(1).expand([b, 2, 1, 64, 64], false);
    (images, masks.contiguous())
}

fn largest(x: &Tensor) -> f64 {
    x.abs().max().double_value(&[])
}

fn each_kind() -> Vec<AugmentSpec> {
    vec![
        AugmentSpec {
            flip: Flip::Horizontal,
            ..nothing()
        },
        AugmentSpec {
            flip: Flip::Both,
            ..nothing()
        },
        AugmentSpec {
            rotation_degrees: 45.0,
            ..nothing()
        },
        AugmentSpec {
            scale: 0.3,
            ..nothing()
        },
        AugmentSpec {
            flip: Flip::Both,
            rotation_degrees: 180.0,
            scale: 0.2,
            colour: 0.0,
        },
    ]
}

#[test]
fn masks_lie_where_their_image_lies() {
    let (images, masks) = discs(8);
    for spec in each_kind() {
        let (moved, marked) = augment(
            &spec,
            Random::new(3),
            images.shallow_clone(),
            masks.shallow_clone(),
            None,
        );
        assert!(
            largest(&(&moved - &images)) > 0.5,
            "{spec:?} moves something"
        );
        assert_eq!(marked.size(), [8, 2, 1, 64, 64]);
        let hard = &marked * (&marked - 1.0);
        assert_eq!(largest(&hard).to_bits(), 0.0_f64.to_bits(), "0 or 1");
        let of_image = moved.gt(0.5).to_kind(Kind::Float).unsqueeze(1);
        let apart = (&marked - &of_image)
            .abs()
            .sum(None::<Kind>)
            .double_value(&[]);
        let area = marked.sum(None::<Kind>).double_value(&[]);
        // Bilinear and nearest differ along the edge alone.
        assert!(apart < 0.05 * area, "{spec:?}: {apart} of {area}");
    }
}

#[test]
fn a_mirrored_image_has_the_same_pixels() {
    let images = uniform("x", &[16, 1, 64, 64]);
    let spec = &each_kind()[0];
    let masks = images.gt(0.5).to_kind(Kind::Float).unsqueeze(1);
    let (moved, marked) = augment(spec, Random::new(4), images.shallow_clone(), masks, None);
    let mut mirrored = 0;
    for case in 0..16 {
        let (before, after) = (images.get(case), moved.get(case));
        let same = largest(&(&after - &before)) == 0.0;
        let turned = largest(&(&after - before.flip([2_i64]))) == 0.0;
        assert!(same != turned, "case {case}");
        mirrored += i32::from(turned);
        let alike = marked.get(case).squeeze() - after.gt(0.5).to_kind(Kind::Float).squeeze();
        assert_eq!(largest(&alike).to_bits(), 0.0_f64.to_bits());
    }
    assert!((3..=13).contains(&mirrored), "{mirrored} of 16");
}

#[test]
fn the_same_place_draws_the_same_and_every_case_its_own() {
    let (images, masks) = discs(4);
    let spec = &each_kind()[4];
    let moved = |key| {
        let (images, masks) = (images.shallow_clone(), masks.shallow_clone());
        augment(spec, Random::new(key), images, masks, None).0
    };
    assert_eq!(largest(&(moved(1) - moved(1))).to_bits(), 0.0_f64.to_bits());
    assert!(largest(&(moved(1) - moved(2))) > 0.5);
    let of_batch = moved(1);
    assert!(largest(&(of_batch.get(0) - of_batch.get(1))) > 0.5);
}

#[test]
fn what_an_absent_rater_drew_is_not_touched() {
    let (images, masks) = discs(2);
    let present = Tensor::from_slice(&[1.0_f32, 0.0, 1.0, 1.0]).reshape([2, 2, 1, 1, 1]);
    let before = masks.copy();
    let spec = &each_kind()[2];
    let (_, marked) = augment(spec, Random::new(3), images, masks, Some(&present));
    let changed = |case: i64, rater: i64| {
        largest(&(marked.get(case).get(rater) - before.get(case).get(rater))) > 0.5
    };
    assert!(!changed(0, 1));
    assert!(changed(0, 0) && changed(1, 1));
}

#[test]
fn colours_change_no_mask_and_stay_in_range() {
    let images = uniform("x", &[4, 3, 32, 32]);
    let masks = uniform("z", &[4, 2, 1, 32, 32])
        .gt(0.5)
        .to_kind(Kind::Float);
    let spec = AugmentSpec {
        colour: 0.5,
        ..nothing()
    };
    let (coloured, marked) = augment(
        &spec,
        Random::new(3),
        images.shallow_clone(),
        masks.shallow_clone(),
        None,
    );
    assert_eq!(largest(&(marked - masks)).to_bits(), 0.0_f64.to_bits());
    assert!(largest(&(&coloured - images)) > 0.1);
    assert!(coloured.min().double_value(&[]) >= 0.0 && coloured.max().double_value(&[]) <= 1.0);
}
