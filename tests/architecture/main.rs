//! The walls between the rooms of the house: who may import whom, and where a thing has to be.
//!
//! What is checked is what the compiler resolves: paths, in `use` trees and in code, without comments and text.
#![expect(clippy::expect_used, reason = "a test may stop at the first thing that is not as it should be")]

mod rooms;
mod rust_source;
mod walls;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rust_source::translates;

/// Longest file of the source and of the tests, in lines.
const LINES: usize = 500;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] =
    &[("tests/interop/naive_peer.py", "it stands for the one file that a student writes from the slides")];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with this ending, by their path from there without it.
fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, base: &Path, ending: &str, found: &mut Vec<(String, String)>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            let name = path.strip_prefix(base).ok().and_then(Path::to_str).expect("a name in UTF-8");
            if path.is_dir() {
                walk(&path, base, ending, found);
            } else if let Some(place) = name.strip_suffix(ending) {
                found.push((place.to_owned(), fs::read_to_string(&path).expect("a readable file")));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, ending, &mut found);
    found.sort();
    found
}

pub(crate) fn sources() -> Vec<(String, String)> {
    let sources = files(&root().join("src"), ".rs");
    assert!(sources.len() > 20, "is this the source?");
    sources
}

#[test]
fn files_are_short_and_named_after_their_modules() {
    let mut long = Vec::new();
    for (folder, ending) in [("src", ".rs"), ("tests", ".rs"), ("tests", ".py")] {
        let found = files(&root().join(folder), ending);
        assert!(found.len() > 20, "is this all of {folder}?");
        for (place, source) in found {
            let file = format!("{folder}/{place}{ending}");
            assert!(!file.ends_with("/mod.rs"), "{file}: a module is named by its file");
            let lines = source.lines().count();
            match LONG.iter().find(|(exception, _)| *exception == file) {
                Some(_) if lines > LINES => long.push(file),
                Some((_, reason)) => panic!("{file} has only {lines} lines: it may be longer ({reason}), but need not"),
                None => assert!(lines <= LINES, "{file} has {lines} lines: split it by meaning"),
            }
        }
    }
    assert_eq!(long.len(), LONG.len(), "only {long:?} of the long files exist: mend the list");
}

#[test]
fn every_template_has_its_source_and_is_in_the_resource() {
    let resource = fs::read_to_string(root().join("data/klatch.gresource.xml")).expect("the list of resources");
    let templates = files(&root().join("data/ui"), ".ui");
    assert!(!templates.is_empty());
    for (name, _) in &templates {
        assert!(root().join(format!("src/ui/{name}.rs")).is_file(), "data/ui/{name}.ui has no src/ui/{name}.rs");
        assert!(resource.contains(&format!(">ui/{name}.ui<")), "data/ui/{name}.ui is not in klatch.gresource.xml");
    }
    let listed = resource.matches(">ui/").count();
    assert_eq!(listed, templates.len(), "klatch.gresource.xml lists a template that does not exist");
}

#[test]
fn every_file_with_text_for_people_is_translated() {
    let list = fs::read_to_string(root().join("po/POTFILES")).expect("the list of files to translate");
    let listed: BTreeSet<&str> =
        list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
    for file in &listed {
        assert!(root().join(file).is_file(), "po/POTFILES lists {file}, which does not exist");
    }
    for (place, source) in sources() {
        if translates(&source) && place != "ui/i18n" {
            let file = format!("src/{place}.rs");
            assert!(listed.contains(file.as_str()), "{file} has text to translate and is not in po/POTFILES");
        }
    }
    for (name, source) in files(&root().join("data/ui"), ".ui") {
        if source.contains("translatable=\"yes\"") {
            let file = format!("data/ui/{name}.ui");
            assert!(listed.contains(file.as_str()), "{file} has text to translate and is not in po/POTFILES");
        }
    }
}

#[test]
fn without_the_desktop_client_nothing_needs_the_toolkit() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--no-default-features", "--edges", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(tree.contains("serde-pickle"), "is this our tree?\n{tree}");
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let toolkit = ["gtk4", "gdk4", "gsk4", "glib", "gio", "gettext", "gobject", "pango", "cairo"];
        assert!(!toolkit.iter().any(|part| name.starts_with(part)), "{line}");
    }
}
