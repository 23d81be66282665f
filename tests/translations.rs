//! Whether translators get to see every string.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How a string that is to be translated looks, in Rust and in a template.
const MARKS: [&str; 5] = ["gettext(", "gettext_f(", "ngettext(", "ngettext_f(", "translatable=\"yes\""];
/// The file that defines those functions; it has no strings of its own.
const DEFINITIONS: &str = "src/ui/i18n.rs";

fn files_with_strings(root: &Path, folder: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let name = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
        let path = root.join(&name);
        if path.is_dir() {
            files_with_strings(root, &name, found);
        } else if [".rs", ".ui"].iter().any(|end| name.ends_with(end)) && name != DEFINITIONS {
            let text = fs::read_to_string(path).unwrap();
            if MARKS.iter().any(|mark| text.contains(mark)) {
                found.insert(name);
            }
        }
    }
}

#[test]
fn the_list_for_translators_is_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in ["src", "data"] {
        files_with_strings(root, folder, &mut found);
    }
    let list = fs::read_to_string(root.join("po/POTFILES")).unwrap();
    let listed: BTreeSet<_> = list.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let missing: Vec<_> = found.difference(&listed).collect();
    assert!(missing.is_empty(), "not in po/POTFILES: {missing:?}");
    let gone: Vec<_> = listed.iter().filter(|name| !root.join(name).exists()).collect();
    assert!(gone.is_empty(), "in po/POTFILES, but gone: {gone:?}");
}
