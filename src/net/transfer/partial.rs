//! A download that is not complete: a hidden file beside the place where it is to be.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, RenameFlags, flock, fstatvfs, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::TransferError;
use super::name::{is_partial, numbered, partial_name};

/// A partial file that has not been written for so long may be a forgotten one.
const FORGOTTEN: Duration = Duration::from_mins(5);

/// What downloads leave of a disk for everybody else: so many bytes, but of a small one only so great a part.
const RESERVE: u64 = 64 << 20;
const PART: u64 = 20;

/// A download that is not complete. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    /// The folder, held open: another may stand at its path when the download is complete.
    folder: File,
    name: String,
    file: File,
    is_complete: bool,
}

impl Partial {
    /// Makes an empty one that will be called like this, where there is room.
    pub(super) fn create(path: &Path, wanted: &str) -> Result<Self, TransferError> {
        let folder = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(|error| local("cannot make the folder for downloads", error))?;
                File::open(path)
            }
            other => other,
        };
        let folder = folder.map_err(|error| local("cannot open the folder for downloads", error))?;
        if !has_room(&folder) {
            return Err(TransferError::DiskFull);
        }
        let name = partial_name(wanted);
        // Never a file that is there already, and never through a link.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path.join(&name))
            .map_err(|error| local("cannot write in the folder for downloads", error))?;
        // Tells other instances that it is not forgotten. Not every file system has locks.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Self { path: path.to_owned(), folder, name, file, is_complete: false })
    }

    /// Where the bytes go.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether more may be written.
    pub(super) fn has_room(&self) -> bool {
        has_room(&self.folder)
    }

    /// Gives it its name, or that with a number if it is taken; what is on the disk then is the whole file.
    pub(super) fn finish(mut self, wanted: &str) -> Result<PathBuf, TransferError> {
        let failed = |error| local("cannot save the file", error);
        self.file.sync_all().map_err(failed)?;
        for name in numbered(wanted) {
            match self.rename(&name) {
                Ok(()) => {
                    self.is_complete = true;
                    return Ok(self.path.join(name));
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(error.into())),
            }
        }
        Err(failed(io::ErrorKind::AlreadyExists.into()))
    }

    /// Renames it, but not over another file.
    fn rename(&self, to: &str) -> Result<(), Errno> {
        match renameat_with(&self.folder, &self.name, &self.folder, to, RenameFlags::NOREPLACE) {
            // A file system that cannot do that: an empty file of ours is all that is overwritten then.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let placeholder = OpenOptions::new().write(true).create_new(true).open(self.path.join(to));
                drop(placeholder.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?);
                renameat(&self.folder, &self.name, &self.folder, to)
            }
            other => other,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_complete {
            // If it cannot be removed it stays hidden and marked, until `remove_forgotten` finds it.
            let _ = unlinkat(&self.folder, &self.name, AtFlags::empty());
        }
    }
}

/// Whether there is more room in a folder than must be left, as far as its file system knows.
fn has_room(folder: &File) -> bool {
    fstatvfs(folder).map_or(true, |room| leaves_enough(room.f_frsize, room.f_blocks, room.f_bavail))
}

/// Whether so many free blocks are more than must be left of all; some file systems do not know how many they have.
fn leaves_enough(block: u64, all: u64, free: u64) -> bool {
    let reserve = RESERVE.min(all.saturating_mul(block) / PART);
    all == 0 || free.saturating_mul(block) > reserve
}

/// Removes what downloads have left in a folder that were ended by a crash or a power failure. Blocks on the disk.
pub(in crate::net) fn remove_forgotten(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with('.') && is_partial(name));
        let is_old = || {
            let modified = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|it| it.modified().ok());
            modified.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > FORGOTTEN)
        };
        let is_unused = || {
            let file = OpenOptions::new().read(true).open(entry.path());
            file.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
        };
        if is_ours && is_old() && is_unused() && fs::remove_file(entry.path()).is_ok() {
            tracing::info!("removed a forgotten download: {}", entry.path().display());
        }
    }
}

/// An error of a file of this computer.
pub(super) fn local(what: &'static str, error: io::Error) -> TransferError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => TransferError::DiskFull,
        io::ErrorKind::FileTooLarge => TransferError::TooLarge,
        _ => TransferError::Local { what, error },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "mine").unwrap();
        let partial = Partial::create(folder.path(), "a.txt").unwrap();
        partial.file().write_all(b"theirs").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        let path = partial.finish("a.txt").unwrap();
        assert_eq!(path, folder.path().join("a (2).txt"));
        assert_eq!(fs::read(path).unwrap(), b"theirs");
        assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"mine");
        drop(Partial::create(folder.path(), "b.txt").unwrap());
        assert_eq!(names(folder.path()), ["a (2).txt", "a.txt"]);
    }

    #[test]
    fn some_room_is_left_on_every_disk() {
        let megabytes = |all, free| leaves_enough(1 << 20, all, free);
        assert!(megabytes(1_000_000, 65) && !megabytes(1_000_000, 64));
        assert!(megabytes(100, 6) && !megabytes(100, 5) && !megabytes(1, 0));
        assert!(megabytes(0, 0), "nothing is known of it");
        assert!(leaves_enough(u64::MAX, u64::MAX, u64::MAX));
    }

    #[test]
    fn only_forgotten_downloads_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let old = std::time::SystemTime::now() - 2 * FORGOTTEN;
        let make = |name: &str, old: Option<std::time::SystemTime>| {
            let file = File::create(folder.path().join(name)).unwrap();
            if let Some(old) = old {
                file.set_modified(old).unwrap();
            }
        };
        make(".a.12345678.klatch-part", Some(old));
        make(".b.12345678.klatch-part", None);
        make(".c", Some(old));
        make("d.klatch-part", Some(old));
        let running = Partial::create(folder.path(), "e").unwrap();
        running.file().set_modified(old).unwrap();
        remove_forgotten(folder.path());
        let left = names(folder.path());
        assert_eq!(left.len(), 4, "{left:?}");
        assert!(!left.contains(&".a.12345678.klatch-part".to_owned()));
    }
}
