//! Pickles of values.

use klatch::protocol::pickle;
use proptest::prelude::*;
use serde_pickle::DeOptions;

use crate::values::{opcodes, ours, unordered, value, written};
use crate::{LIMIT, NODES};

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_value_comes_back(value in value()) {
        let bytes = written(&value);
        let again = pickle::decode(&bytes, NODES).unwrap();
        prop_assert_eq!(unordered(again), unordered(value));
    }

    #[test]
    fn serde_pickle_reads_the_same(value in value()) {
        let bytes = written(&value);
        let theirs = serde_pickle::value_from_slice(&bytes, DeOptions::new()).unwrap();
        prop_assert_eq!(unordered(ours(theirs)), unordered(value));
    }

    #[test]
    fn where_both_decode_opcodes_they_agree(bytes in opcodes()) {
        // One message: up to the first STOP that is no operand.
        let Ok(Some(end)) = pickle::Scanner::new(LIMIT).scan(&bytes) else { return Ok(()) };
        let bytes = &bytes[..end];
        let theirs = serde_pickle::value_from_slice(bytes, DeOptions::new().decode_strings());
        if let (Ok(mine), Ok(theirs)) = (pickle::decode(bytes, NODES), theirs) {
            let theirs = ours(theirs);
            // They keep one of several equal keys, and a dictionary of ours has what it was given.
            if !format!("{mine:?}").contains("Dict") && !format!("{mine:?}").contains("Set") {
                // A NaN is not equal to itself, but looks like itself.
                prop_assert_eq!(format!("{:?}", mine), format!("{:?}", theirs));
            }
        }
    }

    #[test]
    fn a_cut_value_is_incomplete(value in value()) {
        let bytes = written(&value);
        for end in 0..bytes.len() {
            prop_assert_eq!(pickle::Scanner::new(LIMIT).scan(&bytes[..end]), Ok(None));
        }
        prop_assert_eq!(pickle::Scanner::new(LIMIT).scan(&bytes), Ok(Some(bytes.len())));
        prop_assert_eq!(pickle::Scanner::new(bytes.len()).scan(&bytes), Ok(Some(bytes.len())));
        prop_assert!(pickle::Scanner::new(bytes.len() - 1).scan(&bytes).is_err());
    }
}
