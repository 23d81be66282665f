//! A program that is driven by lines on its standard input and tells events as JSON lines on its standard output.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How long an event may take. Far longer than any does, for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program. It is killed when it is dropped.
pub(crate) struct Program {
    name: String,
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    log: Arc<(Mutex<Log>, Condvar)>,
}

#[derive(Default)]
struct Log {
    /// What was told and not taken yet.
    events: Vec<Json>,
    /// Standard output is closed.
    ended: bool,
}

/// A test that fails while it looks at the log must not take the others along.
fn of(log: &(Mutex<Log>, Condvar)) -> MutexGuard<'_, Log> {
    log.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Program {
    /// Starts a program; the name is for messages about it.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("it is piped");
        let log: Arc<(Mutex<Log>, Condvar)> = Arc::default();
        let reader = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                // The server of ours tells its address as a plain line.
                let event = serde_json::from_str(&line).unwrap_or(Json::String(line));
                of(&reader).events.push(event);
                reader.1.notify_all();
            }
            of(&reader).ended = true;
            reader.1.notify_all();
        });
        Self { name: name.to_owned(), child: Mutex::new(child), stdin: Mutex::new(stdin), log }
    }

    /// Writes a line to its standard input.
    pub(crate) fn say(&self, line: &str) {
        let mut stdin = self.stdin.lock().unwrap();
        let written = stdin.as_mut().map(|stdin| stdin.write_all(format!("{line}\n").as_bytes()));
        assert!(matches!(written, Some(Ok(()))), "{} does not listen to {line:?}: {written:?}", self.name);
    }

    /// Waits for an event and takes it; others stay for later.
    pub(crate) fn wait(&self, what: &str, mut is_it: impl FnMut(&Json) -> bool) -> Json {
        let deadline = Instant::now() + PATIENCE;
        let mut log = of(&self.log);
        loop {
            if let Some(at) = log.events.iter().position(&mut is_it) {
                return log.events.remove(at);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !log.ended, "{} did not tell {what}, but:\n{}", self.name, shown(&log.events));
            log = self.log.1.wait_timeout(log, left).unwrap().0;
        }
    }

    /// Takes all events of a kind that were told so far.
    pub(crate) fn take(&self, is_it: impl FnMut(&mut Json) -> bool) -> Vec<Json> {
        of(&self.log).events.extract_if(.., is_it).collect()
    }

    /// Closes its standard input and waits for its end.
    pub(crate) fn finish(&self) -> ExitStatus {
        self.stdin.lock().unwrap().take();
        let deadline = Instant::now() + PATIENCE;
        let mut log = of(&self.log);
        while !log.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} does not end; it told:\n{}", self.name, shown(&log.events));
            log = self.log.1.wait_timeout(log, left).unwrap().0;
        }
        drop(log);
        self.child.lock().unwrap().wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The last events, one a line.
fn shown(events: &[Json]) -> String {
    let last = events.len().saturating_sub(60);
    let lines: Vec<String> = events.iter().skip(last).map(ToString::to_string).collect();
    lines.join("\n")
}
