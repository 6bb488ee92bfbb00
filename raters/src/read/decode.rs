//! From a case's files to the case, at the files' own size.

use std::path::Path;

use mrprism_protocol::spec::{DatasetFile, Foreground};
use ndarray::{Array2, Array3, Array4, Axis, s};

use super::foreground::is_foreground;
use super::image::Colour;
use super::{CaseFiles, Inside, Intensity, image, nifti};
use crate::DataError;
use crate::case::Case;

/// Channels a case's image will have, from the first image's header.
pub(crate) fn channels(image: &Path, intensity: Intensity) -> Result<u32, DataError> {
    if nifti::is_nifti(image) {
        return nifti::channels(image).map(|channels| channels as u32);
    }
    Ok(if intensity == Intensity::Rgb { 3 } else { 1 })
}

/// Decodes every file of a case and checks that masks and image have the same size.
pub(crate) fn read_case(
    inside: &Inside,
    files: &CaseFiles,
    definition: &DatasetFile,
    intensity: Intensity,
    channels: u32,
) -> Result<Case, DataError> {
    let image = read_image(&inside.resolve(&files.image)?, intensity)?;
    let (found, height, width) = image.dim();
    if found != channels as usize {
        return Err(DataError::case(
            &files.name,
            format!(
                "image {} has {found} channels and the data set's first image {channels}: a data set's images are alike",
                files.image.display()
            ),
        ));
    }
    let read_masks = |paths: &[std::path::PathBuf]| {
        let mut masks = Array3::<u8>::zeros((paths.len(), height, width));
        for (path, mut target) in paths.iter().zip(masks.axis_iter_mut(Axis(0))) {
            let mask = read_mask(&inside.resolve(path)?, definition.foreground.as_ref())?;
            check_size(files, path, mask.dim(), (height, width))?;
            target.assign(&mask);
        }
        Ok::<_, DataError>(masks)
    };
    let structures = definition.structures.len();
    let mut masks = Array4::<u8>::zeros((files.masks.len(), structures, height, width));
    for (rater, paths) in files.masks.iter().enumerate() {
        if let Some(paths) = paths {
            masks
                .slice_mut(s![rater, .., .., ..])
                .assign(&read_masks(paths)?);
        }
    }
    Ok(Case {
        name: files.name.clone(),
        patient: files.name.clone(),
        image,
        masks,
        present: files.masks.iter().map(Option::is_some).collect(),
        arbitrated: files.arbitrated.as_deref().map(read_masks).transpose()?,
    })
}

fn read_image(path: &Path, intensity: Intensity) -> Result<Array3<f32>, DataError> {
    let (mut pixels, largest) = match (nifti::is_nifti(path), intensity) {
        (true, Intensity::Rgb) => {
            let message = "a NIfTI image has no colours: give another `intensity`, e.g. \"minmax\"";
            return Err(DataError::broken(path, message));
        }
        (true, _) => (nifti::read(path)?, 1.0),
        (false, Intensity::Rgb) => picture(path, Colour::Rgb)?,
        (false, _) => picture(path, Colour::Grey)?,
    };
    intensity.apply(&mut pixels, largest);
    Ok(pixels)
}

/// `[h, w]`, 1 where any channel's value is foreground.
pub(super) fn read_mask(
    path: &Path,
    foreground: Option<&Foreground>,
) -> Result<Array2<u8>, DataError> {
    let pixels = if nifti::is_nifti(path) {
        let pixels = nifti::read(path)?;
        if pixels.dim().0 != 1 {
            let message = format!("a mask has one channel and this file {}", pixels.dim().0);
            return Err(DataError::broken(path, message));
        }
        pixels
    } else {
        picture(path, Colour::AsStored)?.0
    };
    let any = |lane: ndarray::ArrayView1<'_, f32>| {
        u8::from(lane.iter().any(|value| is_foreground(foreground, *value)))
    };
    Ok(pixels.map_axis(Axis(0), any))
}

fn picture(path: &Path, colour: Colour) -> Result<(Array3<f32>, f32), DataError> {
    image::read(path, colour).map(|picture| (picture.pixels, picture.largest))
}

fn check_size(
    files: &CaseFiles,
    path: &Path,
    (h, w): (usize, usize),
    (height, width): (usize, usize),
) -> Result<(), DataError> {
    if (h, w) == (height, width) {
        return Ok(());
    }
    Err(DataError::case(
        &files.name,
        format!(
            "mask {} has {w}x{h} pixels and its image {} {width}x{height}: export the mask at the image's size",
            path.display(),
            files.image.display()
        ),
    ))
}
