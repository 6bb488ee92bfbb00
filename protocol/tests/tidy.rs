//! What a machine can check of the house rules (docs/architecture.md): file sizes, who imports whom, where SQL and the
//! environment may be touched, and that the documents name what is there.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 8] = [
    "protocol",
    "settings",
    "raters",
    "report",
    "model-core",
    "worker",
    "orchestrator",
    "cli",
];

/// Files under `path` and the words none of them may hold. An exception is a file whose path contains it.
struct Ban {
    path: &'static str,
    words: &'static [&'static str],
    except: &'static [&'static str],
}

const fn ban(path: &'static str, words: &'static [&'static str]) -> Ban {
    Ban {
        path,
        words,
        except: &[],
    }
}

const BANS: &[Ban] = &[
    // Crates (architecture.md, section 3).
    ban(
        "protocol/src",
        &[
            "mrprism_",
            "tch::",
            "sqlx",
            "std::fs",
            "std::net",
            "reqwest",
            "Utc::now",
            "SystemTime",
        ],
    ),
    ban(
        "settings/src",
        &[
            "mrprism_",
            "tch::",
            "sqlx",
            "axum",
            "reqwest",
            "std::net::Tcp",
        ],
    ),
    ban(
        "raters/src",
        &[
            "mrprism_settings",
            "mrprism_model_core",
            "tch::",
            "sqlx",
            "axum",
            "reqwest",
            "mrprism_protocol::wire::{Event",
        ],
    ),
    ban(
        "report/src",
        &[
            "mrprism_settings",
            "mrprism_model_core",
            "mrprism_orchestrator",
            "tch::",
            "sqlx",
            "axum",
            "reqwest",
        ],
    ),
    ban(
        "model-core/src",
        &[
            "mrprism_settings",
            "sqlx",
            "axum",
            "reqwest",
            "mrprism_worker",
            "mrprism_orchestrator",
        ],
    ),
    ban(
        "model-core/src/block",
        &["crate::network", "crate::train", "crate::method"],
    ),
    ban(
        "model-core/src/loss",
        &["crate::network", "crate::train", "crate::method"],
    ),
    ban(
        "model-core/src/augment",
        &["crate::network", "crate::train", "crate::method"],
    ),
    ban(
        "model-core/src/import",
        &["crate::train", "crate::method", "crate::assemble"],
    ),
    ban(
        "model-core/src/network",
        &[
            "crate::loss",
            "crate::train",
            "crate::method",
            "mrprism_raters::read",
        ],
    ),
    ban(
        "model-core/src/method",
        &["std::fs", "reqwest", "crate::assemble"],
    ),
    ban(
        "model-core/src/train",
        &["crate::method", "crate::assemble", ".test"],
    ),
    ban(
        "model-core/src/predict",
        &["crate::method", "crate::assemble"],
    ),
    ban("worker/src", &["mrprism_orchestrator", "sqlx"]),
    ban("orchestrator/src", &["mrprism_model_core", "tch::"]),
    ban(
        "orchestrator/src/domain",
        &["crate::db", "crate::api", "crate::queue", "sqlx", "axum"],
    ),
    ban(
        "orchestrator/src/queue",
        &[
            "crate::db",
            "crate::api",
            "crate::clock",
            "sqlx",
            "axum",
            "Utc::now",
            "Instant::now",
        ],
    ),
    ban(
        "orchestrator/src/db",
        &["crate::queue", "crate::api", "axum"],
    ),
    ban(
        "orchestrator/src/report",
        &["crate::api", "crate::reconcile"],
    ),
    ban(
        "orchestrator/src/artifact",
        &["crate::api", "crate::reconcile"],
    ),
    ban("orchestrator/src/api", &["crate::reconcile"]),
    ban("orchestrator/src/reconcile", &["crate::api"]),
    ban(
        "cli/src",
        &["mrprism_model_core", "mrprism_orchestrator", "sqlx"],
    ),
    // Settings come from the environment through `settings` alone, anything else that is read there through a crate's
    // config.rs; the clock belongs to clock.rs, SQL to db.
    Ban {
        path: "",
        words: &["env::var(", "env::var_os("],
        except: &[
            "settings/src/environment.rs",
            "/config.rs",
            "/build.rs",
            "tests/",
        ],
    },
    Ban {
        path: "",
        words: &["Utc::now"],
        except: &["/clock.rs", "tests/"],
    },
    Ban {
        path: "orchestrator/src",
        words: &["query!(", "query_as!(", "query_scalar!(", "sqlx::query"],
        except: &["/db/", "/embedded_postgres/"],
    },
    // Lints are expected with a reason, never allowed; nothing is left half done.
    Ban {
        path: "",
        words: &[
            "#[allow(",
            "#![allow(",
            "todo!(",
            "unimplemented!(",
            "dbg!(",
            "#[ignore]",
        ],
        except: &["tests/tidy.rs"],
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file of the workspace, as a path relative to its root.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for name in CRATES {
        walk(&root().join(name), name, &mut found);
    }
    assert!(found.len() > 50, "the walk must find the workspace");
    found
}

fn walk(folder: &Path, name: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let child = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &child, found);
        } else if has_extension(&child, "rs") {
            found.push((child, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|found| found == extension)
}

/// Whether `code` holds `word` as a word of its own: `tch::` is not in `watch::`.
fn holds(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !word.starts_with(char::is_alphanumeric)
            || !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

/// The file without comment lines, so that documents may name what code may not.
fn code(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > 400 && !path.contains("/tests/") {
            faults.push(format!("{path}: {lines} lines, at most 400"));
        }
        if !text.starts_with("//!") && !path.contains("/tests/") {
            faults.push(format!("{path}: the first line must be a `//!` sentence"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nobody_imports_what_is_not_theirs() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let code = code(&text);
        for ban in BANS.iter().filter(|ban| path.starts_with(ban.path)) {
            if ban.except.iter().any(|except| path.contains(except)) {
                continue;
            }
            for word in ban.words.iter().filter(|word| holds(&code, word)) {
                faults.push(format!(
                    "{path}: holds `{word}`, which does not belong there"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_ban_names_a_folder_that_exists() {
    for ban in BANS {
        assert!(
            root().join(ban.path).exists(),
            "{} is gone: mend the rule",
            ban.path
        );
    }
}

#[test]
fn source_folders_stay_small() {
    let mut faults = Vec::new();
    for name in CRATES {
        let mut folders = vec![root().join(name).join("src")];
        while let Some(folder) = folders.pop() {
            let entries: Vec<_> = fs::read_dir(&folder)
                .unwrap()
                .flatten()
                .map(|entry| entry.path())
                .collect();
            if entries.len() > 24 {
                faults.push(format!(
                    "{}: {} entries, at most 24",
                    folder.display(),
                    entries.len()
                ));
            }
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            if ["utils", "helpers", "common", "misc"].contains(&name.as_str()) {
                faults.push(format!("{}: say what it is", folder.display()));
            }
            folders.extend(entries.into_iter().filter(|path| path.is_dir()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_architecture_page_names_every_folder_and_none_that_is_gone() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let mut faults = Vec::new();
    for name in CRATES {
        for entry in fs::read_dir(root().join(name).join("src"))
            .unwrap()
            .flatten()
        {
            if entry.path().is_dir() {
                let folder = format!("{name}/src/{}", entry.file_name().to_string_lossy());
                if !page.contains(&format!("`{folder}`")) {
                    faults.push(format!("docs/architecture.md does not name `{folder}`"));
                }
            }
        }
    }
    let quoted = page.split('`').skip(1).step_by(2);
    for path in quoted.filter(|word| {
        CRATES
            .iter()
            .any(|name| word.starts_with(&format!("{name}/src/")))
    }) {
        if !root().join(path).exists() {
            faults.push(format!(
                "docs/architecture.md names `{path}`, which is gone"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_migration_has_sample_rows() {
    let folder = root().join("migrations");
    let migrations: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| has_extension(name, "sql"))
        .collect();
    assert!(!migrations.is_empty());
    for name in migrations {
        let sample = folder.join("samples").join(&name);
        assert!(
            sample.exists(),
            "{name} has no sample rows at {}",
            sample.display()
        );
    }
}
