//! Writes libtorch's folder into the binaries, so that they start without exported variables, and the science version.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told where libtorch is by the environment"
)]

include!("../tools/build/science_version.rs");

fn main() {
    set_science_version();
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let manifest = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let lib = std::env::var("LIBTORCH")
        .map_or_else(|_| manifest.join("../.deps/libtorch"), Into::into)
        .join("lib");
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../../.deps/libtorch/lib");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    // A program's own symbols are seen by libtorch only if they are exported: model-core/src/device/vectors.rs.
    println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol=mkl_serv_intel_cpu*");
}
