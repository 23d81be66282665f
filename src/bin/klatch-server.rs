//! The server, headless.

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use klatch::server::{Arguments, Server, listen};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = tracing_subscriber::fmt()
        .with_max_level(arguments.log)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        // Where standard error is closed, reporting that on standard error would be a panic.
        .log_internal_errors(false);
    // The journal has times of its own.
    if logs_to_journal() {
        log.without_time().init();
    } else {
        log.init();
    }
    // One descriptor for each client; the usual soft limit is 1024.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        warn!(%error, "cannot raise the limit of open files");
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    match runtime.block_on(run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(&reason),
    }
}

/// Whether systemd has connected standard error to its journal. Source: `JOURNAL_STREAM` in `systemd.exec(5)`.
fn logs_to_journal() -> bool {
    let is_stderr = |stream: String| {
        rustix::fs::fstat(io::stderr()).is_ok_and(|stderr| stream == format!("{}:{}", stderr.st_dev, stderr.st_ino))
    };
    env::var("JOURNAL_STREAM").is_ok_and(is_stderr)
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let cannot_wait = |error: io::Error| format!("cannot wait for signals: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_wait)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_wait)?;
    let mut listeners = Vec::new();
    for &address in &arguments.listen {
        listeners.push(bind(address, "--listen")?);
    }
    let mut listeners = listeners.into_iter();
    let first = listeners.next().ok_or("no address to listen on: give one with --listen")?;
    let mut server = listeners.fold(Server::new(first, arguments.options()), Server::with_listener);
    if let Some(address) = arguments.metrics {
        let listener = bind(address, "--metrics")?;
        if let Ok(address) = listener.local_addr() {
            info!("metrics at http://{address}/metrics");
        }
        server = server.with_metrics(listener);
    }
    announce(&server.local_addresses());
    server
        .run(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await;
    Ok(())
}

fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, String> {
    listen(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            format!("{address} is in use by another program: end that one, or choose another port with {option}")
        }
        ErrorKind::PermissionDenied => {
            format!("not allowed to listen on {address}: choose a port above 1023 with {option}")
        }
        ErrorKind::AddrNotAvailable => {
            format!("this machine has no address {}: choose another one with {option}", address.ip())
        }
        _ => format!("cannot listen on {address}: {error}; choose another address with {option}"),
    })
}

/// Tells on standard output that the server is ready. That nobody reads it is no reason to stop.
fn announce(addresses: &[SocketAddr]) {
    let mut out = io::stdout().lock();
    for address in addresses {
        let _ = writeln!(out, "listening on {address}");
    }
    let _ = out.flush();
}

fn fail(reason: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "klatch-server: {reason}");
    ExitCode::FAILURE
}
