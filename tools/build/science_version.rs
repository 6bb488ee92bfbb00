// Included by the build scripts of the orchestrator and the worker.

include!("hash_folder.rs");

/// Hash of the sources that a run's numbers depend on: model-core, raters and protocol/spec.
///
/// A debug build says `debug`, so that editing a network does not rebuild the whole workspace.
fn set_science_version() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let version = if std::env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        "debug".to_owned()
    } else {
        let mut hasher = blake3::Hasher::new();
        for folder in ["model-core/src", "model-core/shim", "raters/src", "protocol/src/spec"] {
            println!("cargo:rerun-if-changed={}", root.join(folder).display());
            hash_folder(&root.join(folder), folder, &mut hasher);
        }
        hasher.finalize().to_hex()[..16].to_owned()
    };
    println!("cargo:rustc-env=MRPRISM_SCIENCE_VERSION={version}");
}
