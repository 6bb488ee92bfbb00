//! Who may call: whoever shows the server's token.

use std::path::Path;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use crate::config::SHORTEST_TOKEN;
use crate::error::ApiError;
use crate::{App, entropy, home};

/// The server's secret, kept as its hash.
#[derive(Debug, Clone, Copy)]
pub struct Token(blake3::Hash);

impl Token {
    /// The token that this text is.
    pub fn new(secret: &str) -> Self {
        Self(blake3::hash(secret.as_bytes()))
    }

    /// Whether `shown` is it. Hashes are compared in constant time.
    pub fn admits(&self, shown: &str) -> bool {
        blake3::hash(shown.as_bytes()) == self.0
    }
}

/// The token that was `given`, else the file's, else a new one; the file, which only its owner can read, has it then.
///
/// # Errors
/// The file cannot be read or written, or holds no token.
pub fn load_or_create(file: &Path, given: Option<&str>) -> std::io::Result<String> {
    if let Some(given) = given {
        home::write_private(file, given)?;
        return Ok(given.to_owned());
    }
    match std::fs::read_to_string(file) {
        Ok(text) if text.trim().len() >= SHORTEST_TOKEN => Ok(text.trim().to_owned()),
        Ok(_) => Err(std::io::Error::other(format!(
            "{} holds no token of at least {SHORTEST_TOKEN} characters: remove it to get a new one",
            file.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret = entropy::secret()?;
            home::write_private(file, &secret)?;
            Ok(secret)
        }
        Err(error) => Err(error),
    }
}

/// Lets a call through when it shows the token.
///
/// # Errors
/// 401 where it shows none or another.
pub async fn require(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer);
    match shown {
        Some(shown) if app.token.admits(shown) => Ok(next.run(request).await),
        _ => Err(ApiError::Unauthorised),
    }
}

/// The token in `Bearer <token>`; the scheme's case does not matter.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::{Token, bearer, load_or_create};

    #[test]
    fn a_given_token_replaces_the_files_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let made = load_or_create(&file, None).unwrap();
        assert_eq!(load_or_create(&file, None).unwrap(), made);
        let given = "g".repeat(40);
        assert_eq!(load_or_create(&file, Some(&given)).unwrap(), given);
        assert_eq!(load_or_create(&file, None).unwrap(), given);
        std::fs::write(&file, "short").unwrap();
        assert!(load_or_create(&file, None).is_err());
    }

    #[test]
    fn only_the_same_token_is_admitted() {
        let token = Token::new("secret");
        assert!(token.admits("secret"));
        for wrong in ["", "secre", "secret ", "Secret"] {
            assert!(!token.admits(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_bearer_is_read_whatever_its_case() {
        assert_eq!(bearer("bearer x"), Some("x"));
        assert_eq!(bearer("Basic x"), None);
        assert_eq!(bearer("x"), None);
    }
}
