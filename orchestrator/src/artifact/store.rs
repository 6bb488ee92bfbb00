//! Where contents lie: `incoming/<id>` while they arrive, `blobs/<two digits>/<hash>` once their hash is known.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};

use crate::entropy;

/// The store of files.
#[derive(Debug, Clone)]
pub struct Store {
    files: Arc<dyn ObjectStore>,
    folder: PathBuf,
    largest: u64,
}

/// A content that has arrived whole and has no place yet. Dropped without [`Store::place`] it is removed.
#[derive(Debug)]
pub struct Stored {
    incoming: Incoming,
    /// BLAKE3 in hex.
    pub hash: String,
    /// Bytes.
    pub size: u64,
}

/// A place in `incoming`. Whatever ends a call, a database that went away or a caller that left included, what lies there
/// goes with this.
#[derive(Debug)]
struct Incoming {
    name: Path,
    file: PathBuf,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        match std::fs::remove_file(&self.file) {
            // It was placed, or never arrived.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, "an unwanted upload could not be removed; the next start does it");
            }
            Ok(()) => {}
        }
    }
}

/// Why a file could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Larger than allowed.
    #[error("the file is larger than {mib} MiB, the most this server takes (`max_artifact_mib`)")]
    TooLarge {
        /// The limit.
        mib: u64,
    },
    /// The sender said another hash.
    #[error("the content's BLAKE3 is {found}, not {said}: it arrived damaged; send it again")]
    HashDiffers {
        /// What the sender said.
        said: String,
        /// What arrived.
        found: String,
    },
    /// The sender stopped in between.
    #[error("the file did not arrive whole")]
    Broken(#[source] axum::Error),
    /// What an earlier server left could not be removed.
    #[error("unfinished uploads of an earlier server cannot be removed: {0}")]
    Unclean(#[source] std::io::Error),
    /// The disk.
    #[error("the store of files failed; the server's log says more")]
    Failed(#[from] object_store::Error),
}

impl Store {
    /// Opens the store in `folder`, which must exist, and drops what never arrived whole.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub async fn open(folder: &std::path::Path, largest_mib: u64) -> Result<Self, StoreError> {
        // Not through the store, which hides what is half written.
        match tokio::fs::remove_dir_all(folder.join("incoming")).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Unclean(error));
            }
            _ => {}
        }
        let files = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            files: Arc::new(files),
            folder: folder.to_owned(),
            largest: largest_mib << 20,
        })
    }

    /// Takes a content in. `said` is its hash as the sender knows it, if it does.
    ///
    /// # Errors
    /// It is too large, does not arrive whole, has another hash, or the disk fails; nothing stays behind then.
    pub async fn receive(
        &self,
        mut content: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
        said: Option<&str>,
    ) -> Result<Stored, StoreError> {
        let incoming = self.incoming();
        let mut upload = WriteMultipart::new(self.files.put_multipart(&incoming.name).await?);
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        while let Some(chunk) = content.next().await {
            let fault = match chunk {
                Err(error) => Some(StoreError::Broken(error)),
                Ok(chunk) => {
                    size += chunk.len() as u64;
                    if size > self.largest {
                        Some(StoreError::TooLarge {
                            mib: self.largest >> 20,
                        })
                    } else {
                        hasher.update(&chunk);
                        upload.wait_for_capacity(4).await?;
                        upload.put(chunk);
                        None
                    }
                }
            };
            if let Some(fault) = fault {
                upload.abort().await?;
                return Err(fault);
            }
        }
        upload.finish().await?;
        let hash = hasher.finalize().to_hex().to_string();
        let stored = Stored {
            incoming,
            hash,
            size,
        };
        match said.filter(|said| *said != stored.hash) {
            None => Ok(stored),
            Some(said) => Err(StoreError::HashDiffers {
                said: said.to_owned(),
                found: stored.hash.clone(),
            }),
        }
    }

    fn incoming(&self) -> Incoming {
        let id: uuid::Uuid = entropy::new_id();
        let id = id.to_string();
        Incoming {
            file: self.folder.join("incoming").join(&id),
            name: Path::from("incoming").join(id),
        }
    }

    /// Puts a content in its place, where it may lie already.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn place(&self, stored: Stored) -> Result<(), StoreError> {
        let place = place(&stored.hash);
        Ok(self.files.rename(&stored.incoming.name, &place).await?)
    }

    /// A content, in pieces.
    ///
    /// # Errors
    /// It is not there, or the disk fails.
    pub async fn read(
        &self,
        hash: &str,
    ) -> Result<BoxStream<'static, object_store::Result<Bytes>>, StoreError> {
        Ok(self.files.get(&place(hash)).await?.into_stream())
    }

    /// Removes a content; that it is gone already is no fault.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn remove(&self, hash: &str) -> Result<(), StoreError> {
        match self.files.delete(&place(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where a content lies. Only hashes that the database knows come here, so that each is 64 hex digits.
fn place(hash: &str) -> Path {
    let shelf: String = hash.chars().take(2).collect();
    Path::from("blobs").join(shelf).join(hash)
}
