//! Colours that people with any colour vision tell apart.

use super::Pen;

/// Red, green and blue, 0 to 255.
pub type Colour = [u8; 3];

/// The eight colours of Okabe and Ito (2008), black last: it cannot be seen on dark images.
pub const OKABE_ITO: [Colour; 8] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [0, 0, 0],
];

/// Text and frames.
pub const INK: Colour = [33, 37, 41];
/// Text beside the point.
pub const PALE: Colour = [108, 117, 125];
/// The ground of a sheet.
pub const PAPER: Colour = [255, 255, 255];
/// The arbitrated mask's contour.
pub const WHITE: Colour = [255, 255, 255];

/// How rater number `rater`, from 0, is drawn: seven colours, then the same seven dashed, then dotted.
pub fn rater_pen(rater: usize, width: f64) -> Pen {
    let colours = OKABE_ITO.len() - 1;
    let dash = match rater / colours {
        0 => None,
        1 => Some((4.0 * width, 2.5 * width)),
        _ => Some((1.5 * width, 2.0 * width)),
    };
    Pen {
        colour: OKABE_ITO[rater % colours],
        width,
        dash,
    }
}

#[cfg(test)]
mod tests {
    use super::rater_pen;

    #[test]
    fn twenty_one_raters_look_different_and_none_is_black() {
        let pens: Vec<_> = (0..21).map(|rater| rater_pen(rater, 2.0)).collect();
        for (position, pen) in pens.iter().enumerate() {
            assert!(!pens[..position].contains(pen), "{position}");
            assert!(pen.colour.iter().any(|part| *part > 100));
        }
    }
}
