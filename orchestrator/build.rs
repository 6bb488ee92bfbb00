//! Tells the orchestrator which sources its numbers depend on, and rebuilds it when a migration changes.

include!("../tools/build/science_version.rs");

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
    set_science_version();
}
