//! From a case's files to the case, at the files' own size.

use std::path::Path;

use mrprism_protocol::spec::{DatasetFile, Foreground, Orientation};
use ndarray::{Array2, Array3, Array4, Axis, s};

use super::file::{self, Colour, Pixels};
use super::foreground::is_foreground;
use super::mask::MaskReader;
use super::{CaseFiles, Inside, Intensity, MaskSource};
use crate::DataError;
use crate::case::Case;

/// Channels a case's image will have, from the first image's header.
pub(crate) fn channels(image: &Path, intensity: Intensity) -> Result<u32, DataError> {
    file::channels(image, intensity).map(|channels| channels as u32)
}

/// Decodes every file of a case and checks that masks and image have the same size. With it, what counts as white in the
/// image, whose values are as stored: neither cropped nor brought to 0…1.
pub(crate) fn read_case(
    inside: &Inside,
    files: &CaseFiles,
    definition: &DatasetFile,
    intensity: Intensity,
    channels: u32,
) -> Result<(Case, f32), DataError> {
    let colour = if intensity == Intensity::Rgb {
        Colour::Rgb
    } else {
        Colour::Grey
    };
    let image = image(inside, files, colour)?;
    let (found, height, width) = image.values.dim();
    if found != channels as usize {
        return Err(DataError::case(
            &files.name,
            format!(
                "image {} has {found} channels and the data set's first image {channels}: a data set's images are alike",
                files.image.display()
            ),
        ));
    }
    // Where the definition says that pixels lie as stored, no file's affine moves a mask.
    let on = (definition.orientation != Some(Orientation::Stored)).then_some(&image);
    let mut reader = MaskReader::new(inside, definition.foreground.as_ref(), on, files.slice);
    let mut read_masks = |sources: &[MaskSource]| {
        let mut masks = Array3::<u8>::zeros((sources.len(), height, width));
        for (source, mut target) in sources.iter().zip(masks.axis_iter_mut(Axis(0))) {
            let mask = reader.read(source)?;
            check_size(files, &source.path, mask.dim(), (height, width))?;
            target.assign(&mask);
        }
        Ok::<_, DataError>(masks)
    };
    let structures = definition.structures.len();
    let mut masks = Array4::<u8>::zeros((files.masks.len(), structures, height, width));
    let mut faults = Vec::new();
    for (rater, sources) in files.masks.iter().enumerate() {
        match sources.as_deref().map(&mut read_masks) {
            Some(Ok(read)) => masks.slice_mut(s![rater, .., .., ..]).assign(&read),
            Some(Err(fault)) => faults.push(fault),
            None => {}
        }
    }
    refuse_together(files, faults)?;
    let arbitrated = files.arbitrated.as_deref().map(&mut read_masks);
    let case = Case {
        name: files.name.clone(),
        patient: files.name.clone(),
        label: files.label,
        masks,
        present: files.masks.iter().map(Option::is_some).collect(),
        arbitrated: arbitrated.transpose()?,
        image: image.values,
    };
    Ok((case, image.largest))
}

/// The case's image: one file, or one a channel, of which each is laid on the first.
fn image(inside: &Inside, files: &CaseFiles, colour: Colour) -> Result<Pixels, DataError> {
    let read = |path: &Path| {
        let path = inside.resolve(path)?;
        match files.slice {
            Some(slice) => file::read_slice(&path, slice),
            None => file::read(&path, colour),
        }
    };
    let mut image = read(&files.image)?;
    for path in &files.further {
        let (_, height, width) = image.values.dim();
        let channel = read(path)?;
        let (_, h, w) = channel.values.dim();
        let channel = channel
            .laid_on(&image)
            .map_err(|message| DataError::broken(path, message))?;
        check_size(files, path, (h, w), (height, width))?;
        image.values = ndarray::concatenate(Axis(0), &[image.values.view(), channel.values.view()])
            .map_err(|error| DataError::broken(path, error.to_string()))?;
    }
    Ok(image)
}

/// Every rater's fault in one sentence, so that one look at a case shows all there is to mend.
fn refuse_together(files: &CaseFiles, mut faults: Vec<DataError>) -> Result<(), DataError> {
    if faults.len() > 1 {
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        return Err(DataError::case(&files.name, told.join("; ")));
    }
    faults.pop().map_or(Ok(()), Err)
}

/// `[h, w]`, 1 where any channel's value is foreground; laid on the image `on`, where one is given.
pub(super) fn read_mask(
    path: &Path,
    foreground: Option<&Foreground>,
    on: Option<&Pixels>,
) -> Result<Array2<u8>, DataError> {
    let mut mask = file::read(path, Colour::AsStored)?;
    let channels = mask.values.dim().0;
    if file::is_numeric(path) && channels != 1 {
        let message = format!("a mask has one channel and this file {channels}");
        return Err(DataError::broken(path, message));
    }
    if let Some(image) = on {
        mask = mask
            .laid_on(image)
            .map_err(|message| DataError::broken(path, message))?;
    }
    let any = |lane: ndarray::ArrayView1<'_, f32>| {
        u8::from(lane.iter().any(|value| is_foreground(foreground, *value)))
    };
    Ok(mask.values.map_axis(Axis(0), any))
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
            "{} has {w}x{h} pixels and its image {} {width}x{height}: export both at one size",
            path.display(),
            files.image.display()
        ),
    ))
}
