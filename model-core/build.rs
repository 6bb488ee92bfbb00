//! Compiles the shim against libtorch, and writes libtorch's folder and version into the binaries, so that they start
//! without exported variables.

use std::path::{Path, PathBuf};

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo speaks to build scripts through the environment"
)]
fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let libtorch = std::env::var("LIBTORCH")
        .map_or_else(|_| manifest.join("../.deps/libtorch"), PathBuf::from);
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../../.deps/libtorch/lib");
    println!(
        "cargo:rustc-link-arg=-Wl,-rpath,{}",
        libtorch.join("lib").display()
    );
    // A program's own symbols are seen by libtorch only if they are exported: src/device/vectors.rs.
    println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol=mkl_serv_intel_cpu*");
    shim(&libtorch.join("include"));
    let header = libtorch.join("include/torch/headeronly/version.h");
    println!("cargo:rerun-if-changed={}", header.display());
    println!(
        "cargo:rustc-env=MRPRISM_LIBTORCH_VERSION={}",
        version(&header)
    );
}

/// `shim/shim.cpp`, with the headers that tch's own bindings are compiled with.
fn shim(include: &Path) {
    println!("cargo:rerun-if-changed=shim/shim.cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        // Warnings of libtorch's headers are not ours to mend.
        .warnings(false)
        .flag("-isystem")
        .flag(include)
        .flag("-isystem")
        .flag(include.join("torch/csrc/api/include"))
        .file("shim/shim.cpp")
        .compile("mrprism_shim");
}

/// `major.minor.patch` as libtorch's header says it.
fn version(header: &Path) -> String {
    let text = std::fs::read_to_string(header).unwrap_or_default();
    let part = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(&format!("#define TORCH_VERSION_{name} ")))
            .map(str::trim)
    };
    match (part("MAJOR"), part("MINOR"), part("PATCH")) {
        (Some(major), Some(minor), Some(patch)) => format!("{major}.{minor}.{patch}"),
        _ => "unknown".to_owned(),
    }
}
