//! What the home says of its server: `<home>/server.json` and `<home>/token`.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

#[derive(Deserialize)]
struct ServerFile {
    address: String,
}

/// `server.json` as the caller reads it; none where no server has written one.
pub fn server_file<T: DeserializeOwned>(home: &Path) -> Result<Option<T>, Error> {
    let file = home.join("server.json");
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Home { file, source }),
    };
    match serde_json::from_slice(&text) {
        Ok(server) => Ok(Some(server)),
        Err(source) => Err(Error::ServerFile { file, source }),
    }
}

/// The server's URL: the one that was named, else what the home says.
pub fn server(named: Option<&str>, home: &Path) -> Result<String, Error> {
    if let Some(address) = named {
        return Ok(url(address));
    }
    match server_file::<ServerFile>(home)? {
        Some(server) => Ok(url(&server.address)),
        None => Err(Error::NoServer(home.to_owned())),
    }
}

/// The token to show it: the one that was given, else what the home says.
pub fn token(given: Option<&str>, home: &Path) -> Result<String, Error> {
    if let Some(token) = given {
        return Ok(token.to_owned());
    }
    let file = home.join("token");
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(source) => Err(Error::NoToken { file, source }),
    }
}

/// `host:port` means `http://host:port`; a slash at the end is none of it.
fn url(address: &str) -> String {
    let address = address.trim_end_matches('/');
    if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::{server, token};

    #[test]
    fn what_was_named_wins_over_what_the_home_says() {
        let home = tempfile::tempdir().unwrap();
        let said = server(None, home.path()).unwrap_err().to_string();
        assert!(said.contains("mrprism up"), "{said}");
        std::fs::write(
            home.path().join("server.json"),
            r#"{"address": "http://127.0.0.1:1", "pid": 2}"#,
        )
        .unwrap();
        std::fs::write(home.path().join("token"), "kept\n").unwrap();
        assert_eq!(server(None, home.path()).unwrap(), "http://127.0.0.1:1");
        assert_eq!(
            server(Some("lab:80/"), home.path()).unwrap(),
            "http://lab:80"
        );
        assert_eq!(token(None, home.path()).unwrap(), "kept");
        assert_eq!(token(Some("given"), home.path()).unwrap(), "given");
    }

    #[test]
    fn a_file_that_no_server_wrote_is_named() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("server.json"), "{}").unwrap();
        let said = server(None, home.path()).unwrap_err().to_string();
        assert!(said.contains("is not what a server writes"), "{said}");
    }
}
