//! What holds for every value, every stream and every way in which it may arrive.
#![expect(clippy::expect_used, reason = "a test may stop at the first thing that is not as it should be")]

mod decoding;
mod frames;
mod messages;
mod pickles;
mod silence;
mod values;

use klatch::protocol::limits;
use proptest::test_runner::Config as ProptestConfig;

pub(crate) const LIMIT: usize = limits::REQUEST_BYTES;
pub(crate) const NODES: usize = LIMIT / limits::BYTES_PER_NODE;

/// How often each property is tried.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() }
}
