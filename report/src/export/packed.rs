//! Gzip without a time, and reading it within bounds.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::GzBuilder;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::ExportFault;

/// Most bytes that a file may unpack to: more than any export holds, and little enough to read.
pub(super) const MOST_BYTES: u64 = 512 << 20;

/// An encoder whose bytes depend on nothing but what is written.
pub(super) fn encoder<W: Write>(to: W) -> GzEncoder<W> {
    // No file name, no time; 255 is "unknown system", whichever it is.
    GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(to, Compression::new(6))
}

/// A whole text, packed.
pub(super) fn pack(file: &'static str, text: &[u8]) -> Result<Vec<u8>, ExportFault> {
    let mut encoder = encoder(Vec::new());
    encoder
        .write_all(text)
        .and_then(|()| encoder.finish())
        .map_err(|error| ExportFault::of_file(file, error))
}

/// Unpacks a file, of which at most `most` bytes.
pub(super) fn unpack(file: &'static str, packed: &[u8], most: u64) -> Result<Vec<u8>, ExportFault> {
    let mut text = Vec::new();
    let mut decoder = GzDecoder::new(packed);
    (&mut decoder)
        .take(most + 1)
        .read_to_end(&mut text)
        .map_err(|error| ExportFault::of_file(file, unreadable(&error)))?;
    if text.len() as u64 > most {
        return Err(ExportFault::of_file(
            file,
            format!(
                "it unpacks to more than {} MiB: no export is that large",
                most >> 20
            ),
        ));
    }
    if !decoder.into_inner().is_empty() {
        return Err(ExportFault::of_file(
            file,
            "something follows the end of the packed text: export again",
        ));
    }
    Ok(text)
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut: copy it again".to_owned(),
        _ => format!("it is no gzip file, or a damaged one: copy it again ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn a_bomb_a_cut_file_and_a_tail_are_refused() {
        let bomb = pack("f", &vec![0; 1 << 20]).unwrap();
        assert!(bomb.len() < 2_000, "{}", bomb.len());
        let told = |packed: &[u8], most| unpack("f", packed, most).unwrap_err().to_string();
        assert!(told(&bomb, (1 << 20) - 1).contains("unpacks to more than"));
        assert_eq!(unpack("f", &bomb, 1 << 20).unwrap().len(), 1 << 20);
        assert!(told(&bomb[..bomb.len() - 1], 1 << 20).contains("it is cut"));
        assert!(told(b"no gzip file at all", 1 << 20).contains("no gzip file"));
        assert!(told(&[&bomb[..], b"x"].concat(), 1 << 20).contains("follows the end"));
        let mut damaged = bomb.clone();
        let last = damaged.len() - 5;
        damaged[last] ^= 1;
        assert!(unpack("f", &damaged, 1 << 20).is_err());
    }

    #[test]
    fn equal_texts_give_equal_bytes_without_a_time() {
        let bytes = pack("f", b"text").unwrap();
        assert_eq!(bytes[4..8], [0; 4], "mtime");
        assert_eq!(bytes, pack("f", b"text").unwrap());
    }
}
