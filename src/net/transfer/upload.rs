//! Sending files.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustix::net::SendFlags;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::task::spawn_blocking;

use super::stream::{self, Watch};
use super::{Cancel, CancelOnDrop, Source, TransferError, Upload};
use crate::net::exchange;
use crate::net::share::{SMALL, ShareError, SharedFile};

/// What was replied.
enum Replied {
    /// All bytes of the file; so many.
    File(u64),
    /// Nothing, since there is no such file.
    Nothing(ShareError),
}

/// Sends a file over a connection, and closes it. Returns when all of it is over.
///
/// If this program is killed in the middle, the kernel closes the connection for it, which to the receiver would look
/// like the end of the file. So until the last byte is written the socket is set to be reset on closing (a linger time of
/// zero, `socket(7)`).
pub(in crate::net) async fn send(socket: tokio::net::TcpStream, upload: Upload) {
    let Upload { source, progress, cancel, ended } = upload;
    let _guard = CancelOnDrop(&cancel);
    // Whoever wanted to hear of it may have gone.
    let _ = ended.send(reply(socket, source, progress, cancel.clone()).await);
}

async fn reply(
    mut socket: tokio::net::TcpStream,
    source: Source,
    mut progress: Box<dyn FnMut(u64, u64) + Send>,
    cancel: Cancel,
) -> Result<u64, TransferError> {
    if let Source::Shared(share, name) = &source
        && let Some(bytes) = share.read_at_hand(name)
    {
        // It goes out in one write: there is no middle in which it could be cut. Whoever did not take all of it must not
        // take the rest for the whole.
        let finished = finish(&mut socket, &bytes).await;
        return finished.map(|()| bytes.len() as u64).map_err(|error| {
            let _ = SockRef::from(&socket).set_linger(Some(Duration::ZERO));
            lost(0)(error)
        });
    }
    let socket = socket.into_std().map_err(lost(0))?;
    let written = spawn_blocking(move || write(&socket, &source, &mut *progress, &cancel).map(|it| (socket, it))).await;
    // A panic in it has printed its reason; the connection is closed by then.
    let (socket, replied) = written.map_err(|_| TransferError::Cancelled)??;
    let done = if let Replied::File(size) = replied { size } else { 0 };
    let mut socket = tokio::net::TcpStream::from_std(socket).map_err(lost(done))?;
    // It tells a receiver that has it all from one that has broken the connection off.
    exchange::drain(&mut socket).await.map_err(lost(done))?;
    match replied {
        Replied::File(size) => Ok(size),
        Replied::Nothing(error) => Err(error.into()),
    }
}

/// Writes a whole file and its end, and waits for a short while until the other side has closed.
async fn finish(socket: &mut tokio::net::TcpStream, bytes: &[u8]) -> io::Result<()> {
    // The end follows at once: it goes with the last bytes.
    let sent = socket
        .try_io(Interest::WRITABLE, || Ok(rustix::net::send(&*socket, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?));
    exchange::finish(socket, bytes.get(sent.unwrap_or(0)..).unwrap_or_default()).await
}

fn lost(done: u64) -> impl Fn(io::Error) -> TransferError {
    move |error| TransferError::Lost { done, error }
}

/// Whether the other side knows that there is such a file: it was offered, or is in the list though it cannot be read.
fn is_expected(source: &Source, error: &ShareError) -> bool {
    match source {
        Source::Offered(_) => true,
        Source::Shared(share, name) => matches!(error, ShareError::Unreadable(_)) && share.lists(name),
    }
}

/// Writes the reply and its end. If it fails, the connection will be reset when it is closed. Blocks.
fn write(
    socket: &TcpStream,
    source: &Source,
    progress: &mut dyn FnMut(u64, u64),
    cancel: &Cancel,
) -> Result<Replied, TransferError> {
    let reset = || SockRef::from(socket).set_linger(Some(Duration::ZERO));
    let opened = match source {
        Source::Shared(share, name) => share.open_file(name),
        Source::Offered(path) => SharedFile::open(path),
    };
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_expected(source, &error) => {
            // An empty reply would be taken for an empty file. Whoever has gone needs no answer.
            let _ = reset();
            return Err(error.into());
        }
        Err(error) => {
            let _ = socket.shutdown(Shutdown::Write);
            return Ok(Replied::Nothing(error));
        }
    };
    let size = file.size;
    let has_middle = size > SMALL;
    let mut report = |done| progress(done, size);
    if has_middle {
        reset().map_err(lost(0))?;
        report(0);
    }
    let sent = stream::send(&file, socket, &mut Watch::new(cancel, &mut report));
    let done = sent.inspect_err(|_| {
        // Whatever has gone is not all, so the receiver must not take it for that. A broken connection has no options.
        let _ = reset();
    })?;
    if has_middle {
        SockRef::from(socket).set_linger(None).map_err(lost(done))?;
    }
    socket.shutdown(Shutdown::Write).map_err(lost(done))?;
    Ok(Replied::File(done))
}
