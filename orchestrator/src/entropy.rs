//! Chance: new ids, tokens and jitter, from the operating system's generator.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};

use uuid::Uuid;

/// A new id; later ones sort later.
pub(crate) fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// 32 random bytes in hex: a secret.
///
/// # Errors
/// `/dev/urandom` cannot be read.
pub(crate) fn secret() -> io::Result<String> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// A number in [0, 1).
pub(crate) fn jitter() -> f64 {
    // The lower 62 bits of a version 7 id are random.
    let bits = Uuid::now_v7().as_u128() as u64 & ((1 << 53) - 1);
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::{jitter, secret};

    #[test]
    fn a_secret_is_64_hex_digits_and_never_the_same() {
        let (one, two) = (secret().unwrap(), secret().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 64);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn jitter_lies_between_nought_and_one() {
        let draws: Vec<f64> = (0..100).map(|_| jitter()).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        assert!(draws.iter().any(|draw| (draw - draws[0]).abs() > 1e-9));
    }
}
