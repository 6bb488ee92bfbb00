//! Writes a hash of what turns a file into a case into the library: cached cases are kept under it.
#![expect(
    clippy::expect_used,
    reason = "a build script that cannot read its sources must fail"
)]

include!("../tools/build/hash_folder.rs");

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (sources, lock) = (root.join("src"), root.join("../Cargo.lock"));
    println!("cargo:rerun-if-changed={}", sources.display());
    println!("cargo:rerun-if-changed={}", lock.display());
    let mut hasher = blake3::Hasher::new();
    hash_folder(&sources, "src", &mut hasher);
    // Decoders are dependencies: another version may decode otherwise.
    hasher.update(&std::fs::read(&lock).unwrap_or_default());
    println!(
        "cargo:rustc-env=MRPRISM_DECODING={}",
        hasher.finalize().to_hex()
    );
}
