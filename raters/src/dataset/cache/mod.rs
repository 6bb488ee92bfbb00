//! Decoded and resized cases, kept on disk: one file a case, named after what its pixels depend on.
//!
//! The name is a hash of the data set's manifest (every file and the definition), the case, the size and this crate's own
//! sources ([`DECODING`]): what differs in any of them is another file, so nothing is ever stale and nothing is ever
//! overwritten by something else. A file is written under a temporary name, synced and renamed; a crash leaves a whole file or none,
//! and of two processes that write at once the last rename wins with the same bytes. A broken file is rebuilt.
//! Files are read through a memory map: they are never changed in place, only renamed over or unlinked.
//!
//! A cache that cannot be written costs time and nothing else: the cases are decoded, and [`CacheUse::fault`] says why.

mod entry;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use memmap2::Mmap;

use crate::case::Case;
use entry::Key;

/// Hash of what decides how a file becomes a case: this crate's sources and the versions of what it is built on.
const DECODING: &str = env!("MRPRISM_DECODING");
const EXTENSION: &str = "case";
/// Begins the name of a file that is still being written.
const UNFINISHED: &str = ".unfinished-";
/// An unfinished file of that age was left behind by a crash.
const ABANDONED: Duration = Duration::from_hours(1);

/// A folder of decoded cases; any number of data sets and processes may share it.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    most_bytes: u64,
    used: Mutex<CacheUse>,
}

/// What a cache was good for since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Cases that were there.
    pub found: u64,
    /// Cases that were decoded and stored.
    pub stored: u64,
    /// Why a case could not be stored, the last time that this happened.
    pub fault: Option<String>,
}

impl Cache {
    /// Bytes that a cache may hold where nobody says otherwise: 20 GiB.
    pub const USUAL_BYTES: u64 = 20 << 30;

    /// A cache in `folder`, made when the first case is stored. Where it holds more than `most_bytes` after a load, the cases
    /// that were used longest ago are removed, of whatever data set.
    pub fn new(folder: impl Into<PathBuf>, most_bytes: u64) -> Self {
        Self {
            folder: folder.into(),
            most_bytes,
            used: Mutex::default(),
        }
    }

    /// What it was good for so far.
    pub fn used(&self) -> CacheUse {
        self.counts().clone()
    }

    /// The stored case, without name, patient and label.
    pub(super) fn find(&self, key: Key) -> Option<Case> {
        let file = File::open(self.path(key)).ok()?;
        let case = entry::decode(key, &map(&file)?)?;
        // The time of change serves as the time of last use: times of access are often switched off.
        let _refused_on_read_only_disks = file.set_modified(SystemTime::now());
        self.counts().found += 1;
        Some(case)
    }

    /// Stores a case; a refusal is noted and costs nothing but time.
    pub(super) fn store(&self, key: Key, case: &Case) {
        let written = self.write(key, &entry::encode(key, case));
        let mut counts = self.counts();
        match written {
            Ok(()) => counts.stored += 1,
            Err(error) => {
                counts.fault = Some(format!(
                    "cannot write the cache {}: {error}; cases are decoded each time",
                    self.folder.display()
                ));
            }
        }
    }

    /// Removes the cases used longest ago until the rest fits, and what crashes left behind.
    pub(super) fn shrink(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        let mut held = Vec::new();
        for entry in entries.flatten() {
            let Ok(data) = entry.metadata() else { continue };
            let changed = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let path = entry.path();
            if path.extension().is_some_and(|found| found == EXTENSION) {
                held.push((changed, data.len(), path));
            } else if is_abandoned(&path, changed) {
                remove(&path);
            }
        }
        held.sort();
        let mut total: u64 = held.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in held {
            if total <= self.most_bytes {
                break;
            }
            remove(&path);
            total -= length;
        }
    }

    fn write(&self, key: Key, bytes: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.path(key)).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, Key(hash): Key) -> PathBuf {
        let name = blake3::Hash::from_bytes(hash).to_hex();
        self.folder.join(format!("{name}.{EXTENSION}"))
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, CacheUse> {
        // Counters stay whole whatever panics beside them.
        self.used
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The key of one case of a data set at one size.
pub(super) fn key(manifest: &str, case: &str, size: u32) -> Key {
    let mut hasher = blake3::Hasher::new();
    // Each part's length first, so that no two lists of parts run together alike.
    for part in [DECODING, manifest, case, &size.to_string()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    Key(*hasher.finalize().as_bytes())
}

fn map(file: &File) -> Option<Mmap> {
    #[expect(
        unsafe_code,
        reason = "no call maps a file without it; the file under this name never changes: writers rename whole files over it"
    )]
    // SAFETY: nothing of ours writes to or shortens a file that bears a case's name.
    let map = unsafe { Mmap::map(file) };
    map.ok()
}

fn is_abandoned(path: &Path, changed: SystemTime) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let age = SystemTime::now().duration_since(changed);
    name.starts_with(UNFINISHED) && age.is_ok_and(|age| age > ABANDONED)
}

/// Another process may have removed it already.
fn remove(path: &Path) {
    let _gone_already = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::{Cache, EXTENSION, UNFINISHED, key};
    use crate::testing::case_of_rows;

    fn files(cache: &Cache) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&cache.folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn age(path: &std::path::Path, hours: u64) {
        let then = SystemTime::now() - Duration::from_hours(hours);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(then).unwrap();
    }

    #[test]
    fn keys_differ_in_everything_that_pixels_depend_on() {
        let keys = [
            key("m", "case", 64),
            key("n", "case", 64),
            key("m", "casf", 64),
            key("m", "case", 65),
            key("mc", "ase", 64),
        ];
        for (position, one) in keys.iter().enumerate() {
            assert!(!keys[..position].contains(one));
        }
        assert_eq!(super::DECODING.len(), 64);
    }

    #[test]
    fn the_cases_used_longest_ago_go_first_and_a_use_renews() {
        let root = tempfile::tempdir().unwrap();
        let case = case_of_rows(&[&[1, 0, 1]]);
        let keys = ["a", "b", "c"].map(|name| key("m", name, 1));
        let cache = Cache::new(root.path().join("cache"), u64::MAX);
        for (hours, key) in (1..).zip(keys) {
            cache.store(key, &case);
            age(&cache.path(key), 10 - hours);
        }
        let one = std::fs::metadata(cache.path(keys[0])).unwrap().len();
        assert!(cache.find(keys[0]).is_some());
        let small = Cache::new(&cache.folder, 2 * one);
        small.shrink();
        let left = keys.map(|key| small.find(key).is_some());
        assert_eq!(left, [true, false, true]);
        assert_eq!((cache.used().stored, cache.used().found), (3, 1));
    }

    #[test]
    fn what_a_crash_left_behind_is_removed_and_what_is_being_written_is_not() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path(), u64::MAX);
        for (name, hours) in [("old", 2), ("new", 0)] {
            let path = root.path().join(format!("{UNFINISHED}{name}"));
            std::fs::write(&path, "half").unwrap();
            age(&path, hours);
        }
        cache.shrink();
        let left = files(&cache);
        assert!(
            left.len() == 1 && left[0].ends_with(format!("{UNFINISHED}new")),
            "{left:?}"
        );
    }

    #[test]
    fn a_cache_that_cannot_be_written_says_so_and_no_more() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a file");
        std::fs::write(&file, "").unwrap();
        let cache = Cache::new(&file, u64::MAX);
        let key = key("m", "a", 1);
        cache.store(key, &case_of_rows(&[&[1]]));
        cache.shrink();
        assert!(cache.find(key).is_none());
        let fault = cache.used().fault.unwrap();
        assert!(
            fault.contains("a file") && fault.contains("decoded each time"),
            "{fault}"
        );
    }

    #[test]
    fn an_empty_file_and_a_broken_one_are_no_case() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path(), u64::MAX);
        let key = key("m", "a", 1);
        for content in ["", "mrprismc and no more"] {
            std::fs::write(cache.path(key), content).unwrap();
            assert!(cache.find(key).is_none());
        }
        let case = case_of_rows(&[&[1]]);
        cache.store(key, &case);
        assert_eq!(cache.find(key).unwrap().masks, case.masks);
        assert!(
            files(&cache)
                .iter()
                .all(|path| path.extension().unwrap() == EXTENSION)
        );
    }
}
