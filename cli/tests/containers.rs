//! docker-compose.yml and the Dockerfiles: they parse, name files that exist and call the programs as their `--help` allows.
//! No container engine is needed, and none was run.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
    volumes: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize)]
struct Service {
    build: Option<Build>,
    image: Option<String>,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    volumes: Vec<String>,
}

#[derive(Deserialize)]
struct Build {
    context: String,
    dockerfile: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn compose() -> Compose {
    serde_saphyr::from_str(&fs::read_to_string(root().join("docker-compose.yml")).unwrap()).unwrap()
}

/// The program built beside this test.
fn program(name: &str) -> PathBuf {
    let mine = std::env::current_exe().unwrap();
    let built = mine.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        built.exists(),
        "build the programs first: cargo build -p mrprism-orchestrator -p mrprism-worker"
    );
    built
}

#[test]
fn every_service_has_an_image_or_a_dockerfile_and_declared_volumes() {
    let compose = compose();
    assert_eq!(
        compose.services.keys().collect::<Vec<_>>(),
        ["orchestrator", "postgres", "worker-cpu"]
    );
    for (name, service) in &compose.services {
        match (&service.build, &service.image) {
            (Some(build), None) => {
                assert!(
                    root().join(&build.context).join(&build.dockerfile).exists(),
                    "{name}"
                );
            }
            (None, Some(image)) => assert!(image.contains(':'), "{name}: {image} has no version"),
            _ => panic!("{name} needs either an image or a Dockerfile"),
        }
        for volume in &service.volumes {
            let source = volume.split(':').next().unwrap();
            let declared = source.starts_with('$') || compose.volumes.contains_key(source);
            assert!(declared, "{name}: {volume} is not declared");
        }
    }
}

#[test]
fn ports_are_published_on_loopback_only() {
    for service in compose().services.values() {
        assert!(
            service
                .ports
                .iter()
                .all(|port| port.starts_with("127.0.0.1:")),
            "{:?}",
            service.ports
        );
    }
}

#[test]
fn the_programs_know_every_flag_that_the_services_give_them() {
    for service in compose().services.values() {
        let Some(build) = &service.build else {
            continue;
        };
        let dockerfile = fs::read_to_string(root().join(&build.dockerfile)).unwrap();
        let entry = dockerfile
            .lines()
            .rfind(|line| line.starts_with("ENTRYPOINT"))
            .unwrap();
        let name = entry
            .split('"')
            .nth(1)
            .and_then(|path| path.rsplit('/').next())
            .unwrap();
        let (subcommand, flags) = service.command.split_first().unwrap();
        let help = Command::new(program(name))
            .args([subcommand, "--help"])
            .output()
            .unwrap();
        assert!(help.status.success(), "{name} {subcommand} --help");
        let help = String::from_utf8(help.stdout).unwrap();
        for flag in flags.iter().filter(|flag| flag.starts_with("--")) {
            assert!(
                help.contains(flag.as_str()),
                "{name} {subcommand} knows no {flag}"
            );
        }
    }
}

#[test]
fn containers_do_not_run_as_root_and_the_orchestrators_holds_no_libtorch() {
    for file in ["deploy/Dockerfile.orchestrator", "deploy/Dockerfile.worker"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let last_user = text
            .lines()
            .rfind(|line| line.starts_with("USER "))
            .unwrap();
        assert_eq!(last_user, "USER mrprism", "{file}");
    }
    let orchestrator = fs::read_to_string(root().join("deploy/Dockerfile.orchestrator")).unwrap();
    assert!(!orchestrator.contains("make setup") && !orchestrator.contains("libtorch/lib"));
}
