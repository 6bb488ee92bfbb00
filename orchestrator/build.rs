//! Tells the orchestrator which sources its numbers depend on, and rebuilds it when a migration changes.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told what is built by the environment"
)]

include!("../tools/build/science_version.rs");

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
    set_science_version();
}
