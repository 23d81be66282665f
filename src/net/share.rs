//! The files that others may get: a folder, opened by capability, and single files offered to one person.
//!
//! Names from the network are never joined to a path and checked: the folder is held open, and everything is opened
//! beneath it by `cap-std`, which the kernel keeps from leaving it, whatever `..`, links or absolute names say. All of
//! this blocks on the disk: call it on a thread that may.

mod at_hand;
mod offers;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
use rustix::io::ReadWriteFlags;
use thiserror::Error;

pub(super) use offers::{Offered, Offers};

use super::transfer;
use crate::protocol::limits;
use crate::protocol::social::NameMatch;

/// How deep folders are listed.
const DEPTH: usize = 16;
/// Most files in a list, of ours and of others.
pub(super) const FILES: usize = 50_000;
/// Most bytes of names in a list: with what a pickle adds to each, it stays well inside a reply.
const NAME_BYTES: usize = 8 << 20;
/// A small file, at most. It goes over the wire in one write. Bytes.
pub(super) const SMALL: u64 = 16 << 10;
/// Most entries that are looked at for a list, and how long that may take.
const ENTRIES: usize = 500_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder whose files others may get. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Share(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    dir: Dir,
    /// The device and the number of the folder: another may stand at its path one day.
    identity: (u64, u64),
    /// How its files are read without waiting, if they can be.
    reading: Option<ReadWriteFlags>,
    /// The names of the last list, sorted.
    names: Mutex<Arc<[String]>>,
}

/// What is in a shared folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The names of the files, sorted, with `/` between folder and file.
    pub(super) names: Arc<[String]>,
    /// How many files are left out because their names cannot go over the wire: they are no UTF-8 or have control
    /// characters in them.
    pub(super) unfit: usize,
    /// There are more files than a list may have, or they are too deep in folders, or looking at them took too long.
    pub(super) is_cut: bool,
}

/// A file that may be read. It is a regular one.
#[derive(Debug)]
pub(super) struct SharedFile {
    /// Open for reading, at its beginning.
    pub(super) file: File,
    /// Its size when it was opened, in bytes.
    pub(super) size: u64,
}

/// Why a file or folder cannot be shared or read.
#[derive(Debug, Error)]
pub(super) enum ShareError {
    /// The folder cannot be opened.
    #[error("the shared folder {path} cannot be opened: {error}")]
    NoFolder {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It has been moved or deleted; something else may be at its place.
    #[error("the shared folder {0} was moved, deleted or replaced: choose it again")]
    FolderGone(PathBuf),
    /// There is no such file among those that are shared, or no such file any more.
    #[error("there is no such file")]
    NoFile,
    /// It is a folder, a device or the like.
    #[error("this is a folder or a device: only files can be sent")]
    NotAFile,
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::Error),
}

impl Share {
    /// Shares a folder. Until [`Self::list`] has looked through it, [`Self::lookup`] knows of no file.
    pub(super) fn open(path: &Path) -> Result<Self, ShareError> {
        let no_folder = |error| ShareError::NoFolder { path: path.to_owned(), error };
        let path = path.canonicalize().map_err(no_folder)?;
        let dir = Dir::open_ambient_dir(&path, ambient_authority()).map_err(no_folder)?;
        let metadata = dir.dir_metadata().map_err(no_folder)?;
        let identity = (metadata.dev(), metadata.ino());
        let reading = at_hand::reading(&dir);
        Ok(Self(Arc::new(Inner { path, dir, identity, reading, names: Mutex::default() })))
    }

    /// Whether both come from the same choice of a folder.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where the folder is.
    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Looks through the folder. Regular files are listed; hidden ones are not, nor is what is behind a link to a folder.
    /// Whether each may be read is not asked, which takes long on a disk of another computer: some may turn out not to.
    pub(super) fn list(&self) -> Result<Listing, ShareError> {
        self.check()?;
        let mut walk = Walk::default();
        walk.run(&self.0.dir).map_err(|error| ShareError::NoFolder { path: self.0.path.clone(), error })?;
        walk.names.sort_unstable();
        let names: Arc<[String]> = walk.names.into();
        *self.0.names.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&names);
        Ok(Listing { names, unfit: walk.unfit, is_cut: walk.is_cut })
    }

    /// What is known of a name from the last list. Does not touch the disk.
    pub(super) fn lookup(&self, name: &str) -> NameMatch {
        let names = Arc::clone(&self.0.names.lock().unwrap_or_else(PoisonError::into_inner));
        match names.binary_search_by(|known| known.as_str().cmp(name)) {
            Err(_) => NameMatch::Unknown,
            // Names that continue this one stand right behind it.
            Ok(at) if names.get(at + 1).is_some_and(|next| next.starts_with(name)) => NameMatch::Continued,
            Ok(_) => NameMatch::Exact,
        }
    }

    /// Whether the last list has this name.
    pub(super) fn lists(&self, name: &str) -> bool {
        self.lookup(name) != NameMatch::Unknown
    }

    /// Opens a file by its name in the list; it may be newer than that.
    pub(super) fn open_file(&self, name: &str) -> Result<SharedFile, ShareError> {
        if !is_listed_name(name) {
            return Err(ShareError::NoFile);
        }
        self.check()?;
        let path = real_path(&self.0.dir, name).map_err(no_file)?;
        // Opening a device can do something, and opening a pipe waits for its other end: look first.
        let metadata = self.0.dir.metadata(&path).map_err(no_file)?;
        if !metadata.is_file() {
            return Err(ShareError::NoFile);
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(NO_WAITING.bits().cast_signed());
        let file = self.0.dir.open_with(&path, &options).map_err(no_file)?;
        SharedFile::new(file.into_std())
    }

    /// Whether the folder is still the one that was chosen, at the path where it was chosen.
    fn check(&self) -> Result<(), ShareError> {
        let there = rustix::fs::stat(&self.0.path).ok();
        if there.is_some_and(|stat| (stat.st_dev, stat.st_ino) == self.0.identity) {
            Ok(())
        } else {
            Err(ShareError::FolderGone(self.0.path.clone()))
        }
    }
}

/// What has become a pipe or a terminal since it was looked at must not be waited for, nor become ours.
const NO_WAITING: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

impl SharedFile {
    /// A file of this computer that the user has chosen.
    pub(super) fn open(path: &Path) -> Result<Self, ShareError> {
        if !path.metadata().map_err(no_file)?.is_file() {
            return Err(ShareError::NotAFile);
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | NO_WAITING;
        let file = rustix::fs::open(path, flags, rustix::fs::Mode::empty()).map_err(|error| no_file(error.into()))?;
        Self::new(file.into())
    }

    fn new(file: File) -> Result<Self, ShareError> {
        let metadata = file.metadata().map_err(ShareError::Unreadable)?;
        if metadata.is_file() { Ok(Self { size: metadata.len(), file }) } else { Err(ShareError::NoFile) }
    }
}

/// Whoever asks for a file learns only that there is none for them; the rest is for our own log.
fn no_file(error: io::Error) -> ShareError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ShareError::NoFile,
        _ => ShareError::Unreadable(error),
    }
}

/// Whether a name could be in a list. That a name stays in the folder is not checked here, but by opening it.
fn is_listed_name(name: &str) -> bool {
    name.len() <= limits::FILE_NAME_BYTES
        && name.split('/').count() <= DEPTH
        && name.split('/').all(|part| !part.is_empty() && is_listed_part(part))
}

/// Whether a file or folder of this name is listed: it is not hidden, and has nothing in its name that a line could end at.
fn is_listed_part(part: &str) -> bool {
    !is_hidden(part) && !part.chars().any(char::is_control)
}

/// Whether a file or folder of this name is for nobody else: it is hidden, or a download that is not complete.
fn is_hidden(part: &str) -> bool {
    part.starts_with('.') || transfer::is_partial(part)
}

/// Where a file is to which a name leads, perhaps through links. What is hidden is not found, whatever leads there.
fn real_path(dir: &Dir, name: &str) -> io::Result<PathBuf> {
    let path = dir.canonicalize(name)?;
    if path.iter().any(|part| is_hidden(&part.to_string_lossy())) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(path)
}

/// Whether a link leads to a file that may be read.
fn leads_to_file(dir: &Dir, name: &str) -> bool {
    real_path(dir, name).is_ok_and(|path| dir.metadata(path).is_ok_and(|it| it.is_file()))
}

/// A walk through a folder and its folders, nearest first.
#[derive(Default)]
struct Walk {
    names: Vec<String>,
    bytes: usize,
    entries: usize,
    unfit: usize,
    is_cut: bool,
}

impl Walk {
    fn run(&mut self, root: &Dir) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        // Folders are held by name, not open: there may be more than files that a program may have open.
        let mut folders = VecDeque::from([(String::new(), 1)]);
        while let Some((folder, depth)) = folders.pop_front() {
            let entries = if folder.is_empty() {
                root.entries()?
            } else {
                match root.read_dir(&folder) {
                    Ok(entries) => entries,
                    // Not everything may be read, and things vanish.
                    Err(_) => continue,
                }
            };
            for entry in entries {
                self.entries += 1;
                if self.entries > ENTRIES || Instant::now() > until {
                    self.is_cut = true;
                    return Ok(());
                }
                let Ok(entry) = entry else { continue };
                let part = entry.file_name();
                let Some(part) = part.to_str() else {
                    self.unfit += 1;
                    continue;
                };
                if !is_listed_part(part) {
                    self.unfit += usize::from(part.chars().any(char::is_control));
                    continue;
                }
                let Ok(kind) = entry.file_type() else { continue };
                let name = if folder.is_empty() { part.to_owned() } else { format!("{folder}/{part}") };
                if kind.is_dir() {
                    if depth < DEPTH && name.len() < limits::FILE_NAME_BYTES {
                        folders.push_back((name, depth + 1));
                    } else {
                        self.is_cut = true;
                    }
                } else if kind.is_file() || (kind.is_symlink() && leads_to_file(root, &name)) {
                    self.bytes += name.len();
                    if self.names.len() >= FILES || self.bytes > NAME_BYTES || name.len() > limits::FILE_NAME_BYTES {
                        self.is_cut = true;
                        return Ok(());
                    }
                    self.names.push(name);
                }
            }
        }
        Ok(())
    }
}
