//! The user guide, as a person reads it. Needs a display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use gtk::prelude::*;
use klatch::ui::guide::{self, Guide};

#[path = "gui_support/screen.rs"]
mod screen;
#[path = "gui_support/stand_in.rs"]
mod stand_in;

use screen::{all, seen, wait_for};
use stand_in::app;

fn open() -> Guide {
    guide::show(&app());
    let guide: Guide = app().windows().into_iter().find_map(|window| window.downcast().ok()).unwrap();
    wait_for("the guide", || guide.is_mapped());
    guide
}

fn rows(guide: &Guide) -> Vec<gtk::ListBoxRow> {
    all(guide)
}

fn title(row: &gtk::ListBoxRow) -> String {
    row.child().and_downcast::<gtk::Label>().unwrap().text().into()
}

fn turn_to(guide: &Guide, wanted: &str) {
    let row = rows(guide).into_iter().find(|row| title(row) == wanted).unwrap();
    row.activate();
    wait_for(wanted, || heading(guide) == wanted);
}

/// The title of the page that is shown.
fn heading(guide: &Guide) -> String {
    let labels = all::<gtk::Label>(guide).into_iter();
    let shown = labels.filter(|label| label.is_mapped() && label.has_css_class("title-2"));
    shown.map(|label| label.text().to_string()).collect()
}

#[gtk::test]
fn every_chapter_can_be_read() {
    let guide = open();
    for row in rows(&guide) {
        row.activate();
        wait_for(&title(&row), || heading(&guide) == title(&row));
        let text = seen(&guide).join("\n");
        assert!(text.len() > 400, "{text}");
        assert!(!text.contains("{see_") && !text.contains("<b>"), "{text}");
    }
    guide.destroy();
}

#[gtk::test]
fn links_lead_to_chapters_and_nowhere_else() {
    let guide = open();
    turn_to(&guide, "First Steps");
    let label = all::<gtk::Label>(&guide).into_iter().find(|label| label.label().contains("href")).unwrap();
    let follow = |target: &str| label.emit_by_name::<bool>("activate-link", &[&target]);
    assert!(follow("network"));
    wait_for("the chapter", || heading(&guide) == "Network and Firewall");
    for label in all::<gtk::Label>(&guide) {
        for target in label.label().split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()) {
            assert!(target.starts_with("https://") || follow(&target), "{target} is neither a chapter nor an address");
        }
    }
    guide.destroy();
}

#[gtk::test]
fn words_are_found() {
    let guide = open();
    turn_to(&guide, "First Steps");
    let search = all::<gtk::SearchEntry>(&guide).pop().unwrap();
    let found = || rows(&guide).iter().filter(|row| row.is_child_visible()).map(title).collect::<Vec<_>>();
    let everything = found().len();
    search.set_text("ENCRYPTED");
    wait_for("the chapter that has it", || heading(&guide) == "Privacy");
    assert!(found().contains(&"Privacy".into()) && found().len() < everything, "{:?}", found());

    search.set_text("no such words");
    wait_for("the answer", || seen(&guide).contains(&"Nothing found".into()));
    assert!(found().is_empty());

    search.set_text("firewall");
    wait_for("the first chapter", || heading(&guide) == "First Steps");
    let chapters = found();
    assert!(chapters.len() > 2, "{chapters:?}");
    for _ in 0..100 {
        search.emit_activate();
        if heading(&guide) != "First Steps" {
            break;
        }
    }
    assert_eq!(heading(&guide), chapters[1], "Enter goes on to the next place");

    search.set_text("");
    wait_for("all chapters", || found().len() == everything);
    guide.destroy();
}

#[gtk::test]
fn there_is_one_guide() {
    let guide = open();
    assert_eq!(open(), guide);
    guide.destroy();
}

#[gtk::test]
fn a_dialog_does_not_lock_the_guide() {
    let guide = open();
    let parent = gtk::Window::new();
    let dialog = gtk::Window::builder().modal(true).transient_for(&parent).build();
    dialog.present();
    wait_for("the dialog", || dialog.is_mapped());
    assert_ne!(dialog.group(), guide.group());
    dialog.destroy();
    parent.destroy();
    guide.destroy();
}
