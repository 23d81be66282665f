//! Klatch and the programs that a class writes from the slides, on real Jython and real CPython, in both directions.
//!
//! The programs are `naive_server.py` and `naive_client.py` in this folder; each has at its head what it can do.
//! Nothing here is skipped where an interpreter is missing: such a test fails and says what to install.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

mod clients;
mod interpreter;
mod klatch;
mod mixed;
mod naive;
mod program;
mod servers;
mod strict;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// What a text may look like: quotes, a backslash, opcodes, verbs, and characters of one, two and four bytes in UTF-8.
pub(crate) const TEXT: &str = r#"it's "x" \n N. JOIN I7 . é 张 😀 \u0041 (lp0"#;

/// How many conversations run at once; they wait most of the time.
const AT_ONCE: usize = 8;

/// The tests of strict programs are about the time between two messages: no other test runs beside them.
static QUIET: RwLock<()> = RwLock::new(());

pub(crate) fn beside_others<T>(test: impl FnOnce() -> T) -> T {
    let _guard = QUIET.read().unwrap_or_else(PoisonError::into_inner);
    test()
}

pub(crate) fn alone<T>(test: impl FnOnce() -> T) -> T {
    let _guard = QUIET.write().unwrap_or_else(PoisonError::into_inner);
    test()
}

/// Runs each case once, some at a time.
pub(crate) fn at_once<T: Sync>(cases: &[T], run: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(n) else { return };
                    run(n, case);
                }
            });
        }
    });
}
