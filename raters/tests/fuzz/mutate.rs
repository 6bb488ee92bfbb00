//! Broken inputs from sound ones: by bytes, by numbers in known places, by length, by text.

/// Random numbers by counter: execution n of a reader always gets the same ones.
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) fn new(seed: u64, execution: u64) -> Self {
        Self(
            seed.wrapping_mul(0xD6E8_FEB8_6659_FD93)
                ^ execution.wrapping_mul(0xA076_1D64_78BD_642F),
        )
    }

    /// The next 64 bits (splitmix64).
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `end`; 0 where that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.word() % end.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

/// Numbers at which programs go wrong.
const NUMBERS: [i64; 18] = [
    0,
    1,
    2,
    3,
    -1,
    -2,
    7,
    8,
    9,
    127,
    128,
    255,
    256,
    32_767,
    32_768,
    65_535,
    i32::MAX as i64,
    i32::MIN as i64,
];

/// One to eight mutations. `fields` are offsets that a format keeps numbers at.
pub(crate) fn bytes(luck: &mut Luck, seed: &[u8], other: &[u8], fields: &[usize]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=(luck.below(3) * luck.below(4)) {
        mutate(luck, &mut bytes, other, fields);
    }
    bytes
}

fn mutate(luck: &mut Luck, bytes: &mut Vec<u8>, other: &[u8], fields: &[usize]) {
    let length = bytes.len();
    let at = luck.below(length);
    match luck.below(10) {
        0 => put(bytes, at, &[luck.word() as u8]),
        1 => {
            let flipped = bytes.get(at).map_or(0, |byte| byte ^ (1 << luck.below(8)));
            put(bytes, at, &[flipped]);
        }
        2 => bytes.truncate(at),
        3 => {
            let more = luck.below(64);
            bytes.extend((0..more).map(|_| luck.word() as u8));
        }
        4 => {
            let end = (at + luck.below(32)).min(length);
            bytes.drain(at..end);
        }
        5 => {
            let end = (at + luck.below(32)).min(length);
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        6 => {
            let from = luck.below(other.len());
            let end = (from + luck.below(64)).min(other.len());
            put(bytes, at, &other[from..end]);
        }
        _ => {
            let known = !fields.is_empty() && !luck.chance(4);
            let at = if known { *luck.pick(fields) } else { at };
            number(luck, bytes, at);
        }
    }
}

fn number(luck: &mut Luck, bytes: &mut [u8], at: usize) {
    let value = *luck.pick(&NUMBERS);
    let float = [value as f32, f32::NAN, f32::INFINITY, 1e-40, 352.0][luck.below(5)];
    match luck.below(7) {
        0 => put(bytes, at, &(value as i16).to_le_bytes()),
        1 => put(bytes, at, &(value as i16).to_be_bytes()),
        2 => put(bytes, at, &(value as i32).to_le_bytes()),
        3 => put(bytes, at, &(value as i32).to_be_bytes()),
        4 => put(bytes, at, &float.to_le_bytes()),
        5 => put(bytes, at, &value.to_le_bytes()),
        _ => put(bytes, at, &[value as u8]),
    }
}

/// Overwrites what fits.
fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    for (place, byte) in bytes.iter_mut().skip(at).zip(field) {
        *place = *byte;
    }
}

/// Gives every chunk of a PNG file its right checksum again, so that decoders look at what is in it.
pub(crate) fn mend_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let end = at.saturating_add(8).saturating_add(length);
        let Some(chunk) = bytes.get(at + 4..end) else {
            return;
        };
        let sum = crc32(chunk);
        put(bytes, end, &sum.to_be_bytes());
        at = end + 4;
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(sum & 1))
        })
    })
}

/// Pieces that a text format's parser must refuse or survive.
const PIECES: [&str; 24] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "#",
    "\n",
    "\\",
    "\u{0}",
    "é",
    "💥",
    "1e999",
    "-1",
    "nan",
    "99999999999999999999",
    "true",
    "{case}",
    "{rater}",
    "..",
    "((((((((((a+)+)+)+)+)+)",
    "\r\n",
];

/// One to six mutations of a text: lines dropped, doubled and exchanged, numbers replaced, pieces put in.
pub(crate) fn text(luck: &mut Luck, seed: &str, other: &str) -> Vec<u8> {
    let mut lines: Vec<String> = seed.lines().map(str::to_owned).collect();
    for _ in 0..=luck.below(6) {
        if lines.is_empty() {
            break;
        }
        let at = luck.below(lines.len());
        match luck.below(8) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let with = luck.below(lines.len());
                lines.swap(at, with);
            }
            3 => {
                let others: Vec<&str> = other.lines().collect();
                if !others.is_empty() {
                    lines.insert(at, (*luck.pick(&others)).to_owned());
                }
            }
            4 => lines[at] = with_number(luck, &lines[at]),
            5 => {
                let end = boundary(luck, &lines[at]);
                lines[at].truncate(end);
            }
            _ => {
                let place = boundary(luck, &lines[at]);
                let times = if luck.chance(20) { 300 } else { 1 };
                let piece = luck.pick(&PIECES).repeat(times);
                lines[at].insert_str(place, &piece);
            }
        }
    }
    let mut bytes = lines.join("\n").into_bytes();
    if luck.chance(8) {
        let at = luck.below(bytes.len());
        put(&mut bytes, at, &[luck.word() as u8]);
    }
    bytes
}

fn boundary(luck: &mut Luck, line: &str) -> usize {
    let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
    if ends.is_empty() {
        0
    } else {
        *luck.pick(&ends)
    }
}

/// The line with its first number replaced.
fn with_number(luck: &mut Luck, line: &str) -> String {
    let Some(start) = line.find(|c: char| c.is_ascii_digit()) else {
        return line.to_owned();
    };
    let rest = &line[start..];
    let length = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    format!(
        "{}{}{}",
        &line[..start],
        luck.pick(&NUMBERS),
        &rest[length..]
    )
}
