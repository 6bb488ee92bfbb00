//! Names of files within a run.

/// A relative name such as `predictions/case35.mrp`, of plain parts only.
///
/// Contents lie under their hash, never under this name; still a name that climbs is refused, because whoever exports a
/// run writes files by these names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactName(String);

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no name of a run's file: give 1 to 200 characters, parts joined by '/', none of them empty, '.' or '..', no backslash or control character"
)]
pub struct BadName(String);

impl ArtifactName {
    /// Longest name in bytes.
    pub const LONGEST: usize = 200;

    /// Reads a name.
    ///
    /// # Errors
    /// It climbs, is absolute, too long, or holds what no file name should.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let part_is_plain = |part: &str| !matches!(part, "" | "." | "..");
        let plain = text.len() <= Self::LONGEST
            && text.split('/').all(part_is_plain)
            && !text.chars().any(|c| c.is_control() || c == '\\');
        if plain {
            Ok(Self(text.to_owned()))
        } else {
            let shown: String = text.chars().take(80).map(visible).collect();
            Err(BadName(shown))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn visible(character: char) -> char {
    if character.is_control() {
        '\u{fffd}'
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use super::ArtifactName;

    #[test]
    fn names_that_climb_are_refused() {
        let bad = [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "a\0b",
            "a\nb",
        ];
        for name in bad {
            assert!(ArtifactName::parse(name).is_err(), "{name:?}");
        }
        assert!(ArtifactName::parse(&"x".repeat(201)).is_err());
        for name in [
            "latest.safetensors",
            "predictions/case 35.mrp",
            "..a/b..",
            "né.mrp",
        ] {
            assert_eq!(ArtifactName::parse(name).unwrap().as_str(), name);
        }
    }
}
