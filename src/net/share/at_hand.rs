//! Small files that can be read without waiting for a disk.
//!
//! Most of what is asked for has just been written, listed or asked for, so the kernel has it in memory. It can tell: it
//! refuses to find or read what it has not. Then a thread that may wait does it, with [`Share::open_file`].

use std::io::IoSliceMut;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, openat2};
use rustix::io::{ReadWriteFlags, preadv2};

use super::{NO_WAITING, SMALL, Share, is_listed_name};

/// File systems on disks of this computer (`statfs(2)`): btrfs, ext2 to ext4, f2fs, XFS. Opening a file on others may ask
/// another computer, or another program, even if it is in memory.
const ON_DISK: [i64; 4] = [0x9123_683e, 0xef53, 0xf2f5_2010, 0x5846_5342];
/// The file system in memory, tmpfs. It never waits more than any memory does, and knows no flag for that.
const IN_MEMORY: i64 = 0x0102_1994;

/// How files in this folder are read without waiting, if they can be.
pub(super) fn reading(dir: &Dir) -> Option<ReadWriteFlags> {
    match fstatfs(dir).ok()?.f_type {
        IN_MEMORY => Some(ReadWriteFlags::empty()),
        kind => ON_DISK.contains(&kind).then_some(ReadWriteFlags::NOWAIT),
    }
}

impl Share {
    /// The contents of a file, by its name in the list, if it is a small one and at hand. Does not wait.
    pub(in crate::net) fn read_at_hand(&self, name: &str) -> Option<Vec<u8>> {
        let reading = self.0.reading?;
        let there = fstat(open(CWD, &self.0.path, OFlags::PATH, ResolveFlags::empty())?).ok()?;
        if (there.st_dev, there.st_ino) != self.0.identity || !is_listed_name(name) {
            return None;
        }
        // As everywhere, nothing outside of the folder is opened; nor is another file system within, nor what is behind a
        // link, which can be something hidden.
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
        // Opening a device can do something: look first.
        small_size(&open(&self.0.dir, name, OFlags::PATH, beneath)?)?;
        let file = open(&self.0.dir, name, OFlags::RDONLY | NO_WAITING, beneath)?;
        let size = small_size(&file)?;
        let mut bytes = vec![0; size];
        // Less than all is what is in memory of it.
        let count = preadv2(file, &mut [IoSliceMut::new(&mut bytes)], 0, reading).ok()?;
        (count == size).then_some(bytes)
    }
}

/// The size of a small regular file.
fn small_size(file: &OwnedFd) -> Option<usize> {
    let stat = fstat(file).ok()?;
    let size = u64::try_from(stat.st_size).ok().filter(|size| *size <= SMALL)?;
    FileType::from_raw_mode(stat.st_mode).is_file().then_some(usize::try_from(size).ok()?)
}

fn open(dir: impl AsFd, name: impl AsRef<Path>, flags: OFlags, resolve: ResolveFlags) -> Option<OwnedFd> {
    openat2(dir, name.as_ref(), flags | OFlags::CLOEXEC, Mode::empty(), resolve | ResolveFlags::CACHED).ok()
}
