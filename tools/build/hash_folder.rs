// Included by build scripts that need to know whether sources changed.

/// Feeds every Rust and C++ file of a folder, by name and content, to a hash.
fn hash_folder(folder: &std::path::Path, name: &str, hasher: &mut blake3::Hasher) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).expect("readable sources").flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let child = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            hash_folder(&entry.path(), &child, hasher);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs" || extension == "cpp") {
            hasher.update(child.as_bytes());
            hasher.update(&std::fs::read(entry.path()).expect("readable source"));
        }
    }
}
