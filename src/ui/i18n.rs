//! Translation, with placeholders that have names: a translator may need them in another order.
//!
//! A placeholder is `{name}`. The strings must be literals without line continuation or raw quotes, because the
//! extractor reads Rust as if it were C.

use std::env;
use std::path::PathBuf;

pub use gettextrs::{gettext, ngettext, pgettext};

/// The name of the message catalogues.
const DOMAIN: &str = "klatch";

/// Opens the message catalogues. To be called before the first window; GTK sets the locale when it starts.
pub fn init() {
    let opened = gettextrs::bindtextdomain(DOMAIN, folder())
        .and_then(|_| gettextrs::bind_textdomain_codeset(DOMAIN, "UTF-8"))
        .and_then(|_| gettextrs::textdomain(DOMAIN));
    if let Err(error) = opened {
        tracing::warn!("no translations: {error}");
    }
}

/// Where the catalogues are: beside the program, as in `PREFIX/bin` and `PREFIX/share/locale`, unless the build says
/// otherwise. So a program that was moved as a whole, and one that is built for several prefixes, find theirs.
fn folder() -> PathBuf {
    let beside = || Some(env::current_exe().ok()?.parent()?.parent()?.join("share/locale"));
    option_env!("KLATCH_LOCALEDIR").map(PathBuf::from).or_else(beside).unwrap_or_else(|| "/usr/share/locale".into())
}

/// Translates, and puts the values in the places that bear their names.
pub fn gettext_f(text: &str, values: &[(&str, &str)]) -> String {
    fill(&gettext(text), values)
}

/// Translates in the form that fits the number `n`, and fills the places. `{n}` is the number itself.
pub fn ngettext_f(one: &str, many: &str, n: usize, values: &[(&str, &str)]) -> String {
    let count = n.to_string();
    let values: Vec<_> = values.iter().copied().chain([("n", count.as_str())]).collect();
    fill(&ngettext(one, many, u32::try_from(n).unwrap_or(u32::MAX)), &values)
}

/// Replaces every place in one pass, so that a value that looks like a place stays as it is.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after
            .split_once('}')
            .and_then(|(name, tail)| values.iter().find(|(place, _)| *place == name).map(|(_, value)| (*value, tail)));
        if let Some((value, tail)) = value {
            filled.push_str(value);
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_by_name() {
        assert_eq!(gettext_f("{b} before {a}", &[("a", "1"), ("b", "2")]), "2 before 1");
        assert_eq!(gettext_f("{a}{a}", &[("a", "x")]), "xx");
    }

    #[test]
    fn a_value_is_never_taken_for_a_place() {
        assert_eq!(gettext_f("{a} and {b}", &[("a", "{b}"), ("b", "{a}")]), "{b} and {a}");
    }

    #[test]
    fn what_is_no_place_stays() {
        assert_eq!(gettext_f("{unknown} { {a", &[("a", "x")]), "{unknown} { {a");
        assert_eq!(gettext_f("{{a}", &[("a", "x")]), "{x");
    }

    #[test]
    fn the_number_chooses_the_form() {
        let say = |n| ngettext_f("{n} person in {room}", "{n} people in {room}", n, &[("room", "7")]);
        assert_eq!(say(1), "1 person in 7");
        assert_eq!(say(3), "3 people in 7");
    }
}
