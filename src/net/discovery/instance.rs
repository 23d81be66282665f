//! Names of instances: one label of DNS, up to 63 bytes of UTF-8 (RFC 6763, section 4.1.1).

use std::collections::HashSet;

/// The most bytes in a name: a label has 63, and mdns-sd appends up to ` (99)` to it without a look at the length.
const NAME: usize = 58;

/// How many peers may want the same name.
const SAME: u32 = 99;

/// The wanted name as an instance name: without dots, because Avahi does not list names that JmDNS has announced with
/// dots, and no longer than fits.
pub(super) fn from_wanted(wanted: &str) -> String {
    let words: Vec<&str> =
        wanted.split(|c: char| c == '.' || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "Klatch".to_owned() } else { words.join(" ") };
    cut(&name, NAME).to_owned()
}

/// The name, or `name (2)`, `name (3)` and so on, whichever nobody has. The names taken are in their [`key`] form.
pub(super) fn free(name: &str, taken: &HashSet<String>) -> String {
    let numbered = (2..=SAME).map(|number| format!("{name} ({number})"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(&key(name)))
        .unwrap_or_else(|| name.to_owned())
}

/// The number behind a name, as [`free`] writes it; 1 where there is none.
pub(super) fn number(name: &str) -> u32 {
    let number = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    number.and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

/// By what DNS compares two names: without the case of ASCII letters (RFC 6762, section 16).
pub(super) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The instance in a full name, `instance.service-type`; `None` if it is of another type.
pub(super) fn of_full_name<'a>(full: &'a str, service_type: &str) -> Option<&'a str> {
    let split = full.len().checked_sub(service_type.len())?;
    let (instance, rest) = full.split_at_checked(split)?;
    let instance = instance.strip_suffix('.')?;
    (rest.eq_ignore_ascii_case(service_type) && !instance.is_empty()).then_some(instance)
}

/// The beginning of the text that fits, whole characters only.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text[..text.floor_char_boundary(bytes)].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_label() {
        for (wanted, name) in [
            ("bob", "bob"),
            ("J. R. R. Tolkien", "J R R Tolkien"),
            ("J.R.R. Tolkien", "J R R Tolkien"),
            ("...", "Klatch"),
            ("Zoë (away)", "Zoë (away)"),
            ("a\\b", "a\\b"),
            (&"x".repeat(64), &"x".repeat(58)),
            (&"張".repeat(40), &"張".repeat(19)),
            (&format!("{} y", "x".repeat(57)), &"x".repeat(57)),
        ] {
            assert_eq!(from_wanted(wanted), name);
        }
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken: HashSet<String> = ["bob", "bob (2)", "ann"].map(str::to_owned).into();
        assert_eq!(free("Bob", &taken), "Bob (3)");
        assert_eq!(free("Ann", &taken), "Ann (2)");
        assert_eq!(free("Eve", &taken), "Eve");
        assert_eq!(free("Bob (2)", &taken), "Bob (2) (2)");
        for (name, count) in [("Bob", 1), ("Bob (2)", 2), ("Bob (17)", 17), ("Bob (away)", 1), ("Bob(3)", 1), ("", 1)] {
            assert_eq!(number(name), count, "{name}");
        }
    }

    #[test]
    fn full_names_are_split_at_the_type() {
        let split = |full| of_full_name(full, "_klatch._tcp.local.");
        assert_eq!(split("bob._klatch._tcp.local."), Some("bob"));
        assert_eq!(split("b.o.b._Klatch._TCP.local."), Some("b.o.b"));
        assert_eq!(split("._klatch._tcp.local."), None);
        assert_eq!(split("_klatch._tcp.local."), None);
        assert_eq!(split("bob._http._tcp.local."), None);
        assert_eq!(split("ü"), None);
    }
}
