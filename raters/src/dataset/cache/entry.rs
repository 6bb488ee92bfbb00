//! One cached case as bytes: a header that says what follows and a payload that its hash vouches for.
//!
//! Little-endian: magic (8 bytes), key (32), BLAKE3 of the payload (32), then as u32 channels, raters, structures, rows, columns and
//! whether arbitrated masks follow. The payload: image as f32, one byte a rater for presence, masks, arbitrated masks.

use ndarray::{Array3, Array4};

use crate::case::Case;

const MAGIC: &[u8; 8] = b"mrprismc";
const HASH_BYTES: usize = 32;
const SHAPE: usize = 8 + 2 * HASH_BYTES;
const HEADER_BYTES: usize = SHAPE + 6 * 4;

/// What a case is stored under: a hash of everything its pixels depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dataset) struct Key(pub(super) [u8; HASH_BYTES]);

#[derive(Debug, Clone, Copy)]
struct Shape {
    channels: usize,
    raters: usize,
    structures: usize,
    height: usize,
    width: usize,
    arbitrated: bool,
}

impl Shape {
    fn of(case: &Case) -> Self {
        let (height, width) = case.side();
        Self {
            channels: case.image.dim().0,
            raters: case.raters(),
            structures: case.structures(),
            height,
            width,
            arbitrated: case.arbitrated.is_some(),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.get(SHAPE..HEADER_BYTES)?.as_chunks::<4>();
        let word = |at: usize| Some(u32::from_le_bytes(*words.get(at)?) as usize);
        Some(Self {
            channels: word(0)?,
            raters: word(1)?,
            structures: word(2)?,
            height: word(3)?,
            width: word(4)?,
            arbitrated: word(5)? == 1,
        })
    }

    fn words(self) -> [u32; 6] {
        let flag = usize::from(self.arbitrated);
        [
            self.channels,
            self.raters,
            self.structures,
            self.height,
            self.width,
            flag,
        ]
        .map(|length| length as u32)
    }

    /// Bytes of image, presence, masks and arbitrated masks; none where they overflow.
    fn lengths(self) -> Option<[usize; 4]> {
        let plane = self.height.checked_mul(self.width)?;
        let one = self.structures.checked_mul(plane)?;
        Some([
            self.channels.checked_mul(plane)?.checked_mul(4)?,
            self.raters,
            self.raters.checked_mul(one)?,
            if self.arbitrated { one } else { 0 },
        ])
    }
}

/// The case as bytes, its name and patient left out.
pub(super) fn encode(key: Key, case: &Case) -> Vec<u8> {
    let mut payload = Vec::with_capacity(4 * case.image.len() + case.masks.len());
    payload.extend(case.image.iter().flat_map(|value| value.to_le_bytes()));
    payload.extend(case.present.iter().map(|present| u8::from(*present)));
    payload.extend(&case.masks);
    payload.extend(case.arbitrated.iter().flatten());
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend(MAGIC);
    bytes.extend(key.0);
    bytes.extend(blake3::hash(&payload).as_bytes());
    bytes.extend(
        Shape::of(case)
            .words()
            .iter()
            .flat_map(|word| word.to_le_bytes()),
    );
    bytes.extend(payload);
    bytes
}

/// The case of these bytes, without name and patient; none where the bytes are broken or of another key.
pub(super) fn decode(key: Key, bytes: &[u8]) -> Option<Case> {
    let shape = Shape::read(bytes)?;
    let (header, payload) = bytes.split_at_checked(HEADER_BYTES)?;
    let [image, present, masks, arbitrated] = shape.lengths()?;
    let length = image
        .checked_add(present)?
        .checked_add(masks)?
        .checked_add(arbitrated)?;
    let whole = header.starts_with(MAGIC)
        && header[8..8 + HASH_BYTES] == key.0
        && payload.len() == length
        && header[8 + HASH_BYTES..SHAPE] == *blake3::hash(payload).as_bytes();
    if !whole {
        return None;
    }
    let (image, rest) = payload.split_at_checked(image)?;
    let (present, rest) = rest.split_at_checked(present)?;
    let (masks, arbitrated) = rest.split_at_checked(masks)?;
    let Shape {
        channels,
        raters,
        structures,
        height,
        width,
        ..
    } = shape;
    let (values, _) = image.as_chunks::<4>();
    let values = values.iter().map(|value| f32::from_le_bytes(*value));
    let arbitrated = shape
        .arbitrated
        .then(|| Array3::from_shape_vec((structures, height, width), arbitrated.to_vec()));
    Some(Case {
        name: String::new(),
        patient: String::new(),
        label: None,
        image: Array3::from_shape_vec((channels, height, width), values.collect()).ok()?,
        masks: Array4::from_shape_vec((raters, structures, height, width), masks.to_vec()).ok()?,
        present: present.iter().map(|flag| *flag == 1).collect(),
        arbitrated: arbitrated.transpose().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::{Key, SHAPE, decode, encode};
    use crate::case::Case;
    use crate::testing::case_of_rows;

    fn case() -> Case {
        let mut case = case_of_rows(&[&[1, 0, 1], &[0, 0, 0]]);
        case.name.clear();
        case.patient.clear();
        case.image = array![[[0.1, 0.2, 1.0]], [[0.0, 1e-30, 0.5]]];
        case.present[1] = false;
        case.arbitrated = Some(Array3::ones((1, 1, 3)));
        case
    }

    #[test]
    fn a_case_comes_back_bit_by_bit() {
        let key = Key([7; 32]);
        assert_eq!(decode(key, &encode(key, &case())), Some(case()));
        let without = Case {
            arbitrated: None,
            ..case()
        };
        assert_eq!(decode(key, &encode(key, &without)), Some(without));
    }

    #[test]
    fn any_broken_byte_any_missing_byte_and_another_key_are_noticed() {
        let key = Key([7; 32]);
        let bytes = encode(key, &case());
        for place in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[place] ^= 0x10;
            assert_eq!(decode(key, &broken), None, "byte {place}");
            assert_eq!(decode(key, &bytes[..place]), None, "cut at {place}");
        }
        assert_eq!(decode(Key([8; 32]), &bytes), None);
        let mut hostile = bytes;
        hostile[SHAPE..SHAPE + 20].fill(0xff);
        assert_eq!(decode(key, &hostile), None);
    }
}
