//! Bytes from a file to a socket and back, without holding more than a few of them.
//!
//! Blocks: each upload has a thread from tokio's pool, and downloads have threads of their own. The socket itself does
//! not block, so that a transfer can be ended at any time.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::sendfile;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

use super::pace::Pace;
use super::partial::local;
use super::{Cancel, TransferError};
use crate::net::share::SharedFile;

/// How often a transfer that waits looks whether it is to be ended.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// How often progress is told.
const REPORT: Duration = Duration::from_millis(100);
/// Most bytes in one system call.
const PIECE: usize = 1 << 20;
/// The buffer for what the kernel does not move by itself.
const BUFFER: usize = 256 << 10;
/// After how many bytes it is looked again whether there is room for more.
const CHECK: u64 = 16 << 20;
/// A file that is at least so long is worth a pipe.
const WORTH_A_PIPE: u64 = 512 << 10;

/// What is watched while bytes move.
pub(super) struct Watch<'a> {
    done: u64,
    pace: Pace,
    last_report: Instant,
    cancel: &'a Cancel,
    report: &'a mut dyn FnMut(u64),
}

impl<'a> Watch<'a> {
    /// Begins now.
    pub(super) fn new(cancel: &'a Cancel, report: &'a mut dyn FnMut(u64)) -> Self {
        let now = Instant::now();
        Self { done: 0, pace: Pace::new(now), last_report: now, cancel, report }
    }

    /// So many bytes have moved.
    fn moved(&mut self, bytes: usize) -> Result<(), TransferError> {
        self.done += bytes as u64;
        let now = Instant::now();
        self.pace.moved(self.done, now);
        if now.duration_since(self.last_report) >= REPORT {
            self.last_report = now;
            (self.report)(self.done);
        }
        self.check()
    }

    fn check(&self) -> Result<(), TransferError> {
        if self.cancel.is_cancelled() { Err(TransferError::Cancelled) } else { Ok(()) }
    }

    /// Waits until the socket can be read or written, or for a short while.
    fn wait(&mut self, socket: &TcpStream, what: PollFlags) -> Result<(), TransferError> {
        self.check()?;
        if self.pace.is_too_slow(Instant::now()) {
            return Err(self.lost(io::ErrorKind::TimedOut));
        }
        match poll(&mut [PollFd::new(socket, what)], Some(&TICK)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(self.lost(error)),
        }
    }

    fn lost(&self, error: impl Into<io::Error>) -> TransferError {
        TransferError::Lost { done: self.done, error: error.into() }
    }
}

/// Sends a file, as long as it was when it was opened. Fails if it has become shorter: then not all of it is sent, and
/// the other side must not take it for the whole.
pub(super) fn send(source: &SharedFile, socket: &TcpStream, watch: &mut Watch) -> Result<u64, TransferError> {
    let mut offset = 0;
    while offset < source.size {
        let piece = usize::try_from(source.size - offset).map_or(PIECE, |left| left.min(PIECE));
        match sendfile(socket, &source.file, Some(&mut offset), piece) {
            Ok(0) => return Err(local("the file became shorter", io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => watch.moved(count)?,
            Err(Errno::AGAIN) => watch.wait(socket, PollFlags::OUT)?,
            Err(Errno::INTR) => {}
            // The file system cannot: only then nothing is sent yet.
            Err(Errno::INVAL | Errno::NOSYS) if offset == 0 => return copy_out(source, socket, watch),
            Err(Errno::IO) => return Err(local("the file cannot be read", Errno::IO.into())),
            Err(error) => return Err(watch.lost(error)),
        }
    }
    Ok(offset)
}

pub(super) fn copy_out(source: &SharedFile, socket: &TcpStream, watch: &mut Watch) -> Result<u64, TransferError> {
    let mut buffer = buffer();
    let mut reader = (&source.file).take(source.size);
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) if watch.done < source.size => {
                return Err(local("the file became shorter", io::ErrorKind::UnexpectedEof.into()));
            }
            Ok(0) => return Ok(watch.done),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(local("the file cannot be read", error)),
        };
        let mut rest = buffer.get(..count).unwrap_or_default();
        while !rest.is_empty() {
            match (&mut &*socket).write(rest) {
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    watch.moved(count)?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => watch.wait(socket, PollFlags::OUT)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(watch.lost(error)),
            }
        }
    }
}

/// What bytes go through in [`receive`]; it may be used for one file after the other.
pub(super) fn buffer() -> Vec<u8> {
    vec![0; BUFFER]
}

/// Receives a file until the end of the stream, which is the end of the file, or until there is no room for more.
pub(super) fn receive(
    socket: &TcpStream,
    file: &File,
    buffer: &mut [u8],
    has_room: impl Fn() -> bool,
    watch: &mut Watch,
) -> Result<u64, TransferError> {
    let mut checked = 0;
    watch.wait(socket, PollFlags::IN)?;
    let mut channel = Channel::new(buffer);
    loop {
        if watch.done >= WORTH_A_PIPE {
            channel.widen();
        }
        match channel.fill(socket) {
            Ok(0) => break,
            Ok(count) => {
                channel.empty(file, count).map_err(|error| local("cannot write the file", error))?;
                watch.moved(count)?;
                if watch.done - checked >= CHECK {
                    checked = watch.done;
                    if !has_room() {
                        return Err(TransferError::DiskFull);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => watch.wait(socket, PollFlags::IN)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(watch.lost(error)),
        }
    }
    match socket.take_error() {
        Ok(None) => Ok(watch.done),
        Ok(Some(error)) | Err(error) => Err(watch.lost(error)),
    }
}

/// What bytes pass through on their way from a socket to a file: memory of ours, or a pipe, by which the kernel moves them
/// without a copy into that memory.
struct Channel<'a> {
    buffer: &'a mut [u8],
    pipe: Option<Pipe>,
    /// It is not known yet whether there can be a pipe.
    may_widen: bool,
}

struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl<'a> Channel<'a> {
    fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, pipe: None, may_widen: true }
    }

    /// Becomes a pipe, if that is possible.
    fn widen(&mut self) {
        if std::mem::take(&mut self.may_widen)
            && let Ok((reader, writer)) = pipe_with(PipeFlags::CLOEXEC)
        {
            // Users may have only so much memory in pipes; a smaller one works too.
            let _ = fcntl_setpipe_size(&writer, PIECE);
            self.pipe = Some(Pipe { reader, writer });
        }
    }

    /// Takes what has come; 0 at the end of the stream.
    fn fill(&mut self, mut socket: &TcpStream) -> io::Result<usize> {
        let Some(Pipe { writer, .. }) = &self.pipe else { return socket.read(self.buffer) };
        Ok(splice(socket, None, writer, None, PIECE, SpliceFlags::MOVE | SpliceFlags::NONBLOCK)?)
    }

    /// Writes what was taken.
    fn empty(&mut self, mut file: &File, mut count: usize) -> io::Result<()> {
        let Some(Pipe { reader, .. }) = &self.pipe else {
            return file.write_all(self.buffer.get(..count).unwrap_or_default());
        };
        while count > 0 {
            match splice(reader, None, file, None, count, SpliceFlags::MOVE) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(moved) => count -= moved,
                Err(Errno::INTR) => {}
                Err(Errno::INVAL | Errno::NOSYS) => {
                    // The file system cannot: what is in the pipe goes through memory, and all that follows.
                    let mut rest = File::from(reader.try_clone()?).take(count as u64);
                    loop {
                        match rest.read(self.buffer)? {
                            0 => break,
                            part => file.write_all(self.buffer.get(..part).unwrap_or_default())?,
                        }
                    }
                    self.pipe = None;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
