//! The zip archives that `torch.save` writes: entries stored as they are, none compressed. Read in place, nothing copied.

use std::collections::HashMap;

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// Length of the end record without its comment, and the longest comment.
const END_LENGTH: usize = 22;
const LONGEST_COMMENT: usize = 65_535;
/// Fields of this value stand in the entry's zip64 extra.
const ELSEWHERE: u64 = 0xFFFF_FFFF;

/// An archive's entries by name, each a slice of the file.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    entries: HashMap<&'a str, &'a [u8]>,
}

/// Whether a file begins as an archive does.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(LOCAL)
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    ///
    /// # Errors
    /// A sentence where the file is cut off, compressed, or names bytes that it does not hold.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let (count, start) = directory(bytes)?;
        let mut at = start;
        let mut entries = HashMap::new();
        for _ in 0..count {
            let header = Part::signed(bytes, at, ENTRY)?;
            if header.u16(8)? & 1 != 0 || header.u16(10)? != 0 {
                return Err(
                    "an entry is compressed or encrypted, which torch.save never does".to_owned(),
                );
            }
            let [name_length, extra_length, comment_length] =
                [header.u16(28)?, header.u16(30)?, header.u16(32)?].map(|length| length as usize);
            let name = std::str::from_utf8(header.slice(46, name_length)?)
                .map_err(|_| "an entry's name is no UTF-8".to_owned())?;
            let extra = header.slice(46 + name_length, extra_length)?;
            let mut wide = Wide::of(extra);
            let size = wide.or(header.u32(24)?)?;
            let stored = wide.or(header.u32(20)?)?;
            let offset = wide.or(header.u32(42)?)?;
            if size != stored {
                return Err(format!("'{name}' says two sizes"));
            }
            let local = Part::signed(bytes, index(offset)?, LOCAL)?;
            let data = 30 + local.u16(26)? as usize + local.u16(28)? as usize;
            if entries
                .insert(name, local.slice(data, index(size)?)?)
                .is_some()
            {
                return Err(format!("'{name}' stands twice"));
            }
            at += 46 + name_length + extra_length + comment_length;
        }
        Ok(Self { entries })
    }

    /// The entry of that name.
    pub(super) fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.entries.get(name).copied()
    }

    /// The folder that everything lies in: that of the one `data.pkl`.
    pub(super) fn root(&self) -> Option<&'a str> {
        let mut found = self
            .entries
            .keys()
            .filter_map(|name| name.strip_suffix("/data.pkl"));
        let root = found.next()?;
        found.next().is_none().then_some(root)
    }
}

/// Number of entries and where the directory begins.
fn directory(bytes: &[u8]) -> Result<(u64, usize), String> {
    let last = bytes.len().checked_sub(END_LENGTH).ok_or_else(cut)?;
    let first = last.saturating_sub(LONGEST_COMMENT);
    let end = (first..=last)
        .rev()
        .find(|at| bytes[*at..].starts_with(END))
        .ok_or_else(cut)?;
    let record = Part { bytes, start: end };
    let (count, offset) = (u64::from(record.u16(10)?), record.u32(16)?);
    let locator = end
        .checked_sub(20)
        .filter(|at| bytes[*at..].starts_with(LOCATOR64));
    match locator {
        Some(locator) => {
            let at = Part {
                bytes,
                start: locator,
            }
            .u64(8)?;
            let record = Part::signed(bytes, index(at)?, END64)?;
            Ok((record.u64(32)?, index(record.u64(48)?)?))
        }
        None => Ok((count, index(offset)?)),
    }
}

fn cut() -> String {
    "the archive is cut off".to_owned()
}

fn index(number: u64) -> Result<usize, String> {
    usize::try_from(number).map_err(|_| cut())
}

/// Bytes from a place on; every reader says whether it has that many.
struct Part<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Part<'a> {
    fn signed(bytes: &'a [u8], start: usize, signature: &[u8]) -> Result<Self, String> {
        let part = Self { bytes, start };
        if part.slice(0, 4)? == signature {
            Ok(part)
        } else {
            Err("the archive's directory is broken".to_owned())
        }
    }

    fn slice(&self, offset: usize, length: usize) -> Result<&'a [u8], String> {
        let from = self.start.checked_add(offset).ok_or_else(cut)?;
        let to = from.checked_add(length).ok_or_else(cut)?;
        self.bytes.get(from..to).ok_or_else(cut)
    }

    fn number(&self, offset: usize, length: usize) -> Result<u64, String> {
        let bytes = self.slice(offset, length)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn u16(&self, offset: usize) -> Result<u16, String> {
        Ok(self.number(offset, 2)? as u16)
    }

    fn u32(&self, offset: usize) -> Result<u64, String> {
        self.number(offset, 4)
    }

    fn u64(&self, offset: usize) -> Result<u64, String> {
        self.number(offset, 8)
    }
}

/// The zip64 extra of an entry: the fields that did not fit, in order.
struct Wide<'a> {
    rest: Option<Part<'a>>,
    at: usize,
}

impl<'a> Wide<'a> {
    fn of(extra: &'a [u8]) -> Self {
        let mut at = 0;
        let found = loop {
            let part = Part {
                bytes: extra,
                start: at,
            };
            let (Ok(kind), Ok(length)) = (part.u16(0), part.u16(2)) else {
                break None;
            };
            if kind == 1 {
                break part.slice(4, length as usize).ok();
            }
            at += 4 + length as usize;
        };
        Self {
            rest: found.map(|bytes| Part { bytes, start: 0 }),
            at: 0,
        }
    }

    /// `short`, or the next wide field where it says so.
    fn or(&mut self, short: u64) -> Result<u64, String> {
        if short != ELSEWHERE {
            return Ok(short);
        }
        let rest = self.rest.as_ref().ok_or_else(cut)?;
        let number = rest.u64(self.at)?;
        self.at += 8;
        Ok(number)
    }
}
