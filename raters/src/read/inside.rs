//! A data set's folder, and nothing outside it: a link that leads out is refused.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::DataError;

/// The folder that every path of a data set is relative to.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    root: PathBuf,
}

impl Inside {
    /// Follows links in `root` itself once; from here on nothing leads out.
    pub(crate) fn new(root: &Path) -> Result<Self, DataError> {
        let canonical = root.canonicalize().map_err(DataError::file("open", root))?;
        if canonical.is_dir() {
            Ok(Self { root: canonical })
        } else {
            Err(DataError::broken(
                root,
                "a data set is a folder, and this is a file",
            ))
        }
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The real path of an existing file or folder.
    pub(crate) fn resolve(&self, relative: &Path) -> Result<PathBuf, DataError> {
        let path = self.root.join(relative);
        let real = path
            .canonicalize()
            .map_err(DataError::file("read", &path))?;
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(DataError::Outside {
                path,
                root: self.root.clone(),
            })
        }
    }

    /// Whether a file, folder or link of that name exists.
    pub(crate) fn has(&self, relative: &Path) -> bool {
        self.root.join(relative).symlink_metadata().is_ok()
    }

    /// The first `most` files below the folder by name, as relative paths with '/'. Hidden names and linked folders are left out.
    pub(crate) fn files(&self, most: usize) -> Result<Vec<String>, DataError> {
        let mut found = Vec::new();
        // A stack of folders still to be listed, the first by name on top.
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let mut below = Vec::new();
            for name in self.list(folder.as_ref())? {
                let path = format!("{folder}{name}");
                let full = self.root.join(&path);
                if full.is_file() {
                    found.push(path);
                } else if full.is_dir() && !full.is_symlink() {
                    below.push(format!("{path}/"));
                }
            }
            if found.len() >= most {
                break;
            }
            folders.extend(below.into_iter().rev());
        }
        found.sort_unstable();
        found.truncate(most);
        Ok(found)
    }

    /// Names in a folder, without hidden ones; none where there is no such folder.
    fn list(&self, relative: &Path) -> Result<BTreeSet<String>, DataError> {
        if !self.root.join(relative).is_dir() {
            return Ok(BTreeSet::new());
        }
        let folder = self.resolve(relative)?;
        let entries = std::fs::read_dir(&folder).map_err(DataError::file("list", &folder))?;
        let mut names = BTreeSet::new();
        for entry in entries {
            let entry = entry.map_err(DataError::file("list", &folder))?;
            // A name that is not UTF-8 fits no template.
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
            {
                names.insert(name);
            }
        }
        Ok(names)
    }
}

/// Folder listings, each read once however many cases ask for it.
#[derive(Debug)]
pub(crate) struct Listings<'a> {
    pub(crate) inside: &'a Inside,
    seen: RefCell<HashMap<PathBuf, Rc<BTreeSet<String>>>>,
}

impl<'a> Listings<'a> {
    pub(crate) fn new(inside: &'a Inside) -> Self {
        Self {
            inside,
            seen: RefCell::default(),
        }
    }

    /// Sorted names in a folder, without hidden ones; none where there is no such folder.
    pub(crate) fn of(&self, folder: &Path) -> Result<Rc<BTreeSet<String>>, DataError> {
        if let Some(names) = self.seen.borrow().get(folder) {
            return Ok(Rc::clone(names));
        }
        let names = Rc::new(self.inside.list(folder)?);
        self.seen
            .borrow_mut()
            .insert(folder.to_path_buf(), Rc::clone(&names));
        Ok(names)
    }
}
