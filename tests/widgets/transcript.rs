//! How the transcript shows what was said, however much it is.

use gtk::glib;
use gtk::prelude::*;
use klatch::net::{Event, Phase};
use klatch::ui::pump;

use crate::screen::{all, press, seen, sees, wait_for};
use crate::stage::{Stage, said, shown, transcript, write};

#[gtk::test]
fn a_long_word_is_broken_without_a_hyphen() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    let word = "incomprehensibilities".repeat(20);
    stage.said(1, "bob", &word);
    wait_for("the word", || seen(&window).iter().any(|text| text.ends_with(&word)));
    let label = all::<gtk::Label>(&window).into_iter().find(|label| label.text().ends_with(&word)).unwrap();
    let attributes = label.layout().attributes().unwrap();
    let hyphens = attributes.attributes().into_iter().find(|one| one.type_() == gtk::pango::AttrType::InsertHyphens);
    assert_eq!(hyphens.and_then(|one| one.downcast::<gtk::pango::AttrInt>().ok()).unwrap().value(), 0);
    assert!(label.layout().line_count() > 1);
}

#[gtk::test]
fn the_transcript_follows_its_end_unless_one_reads_above() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    pump::apply(&stage.client, (0..200).map(|i| Event::Said(said(1, "bob", &format!("line {i}")))).collect());
    let scroller = shown::<gtk::ScrolledWindow>(&window);
    let adjustment = scroller.vadjustment();
    let gap = {
        let adjustment = adjustment.clone();
        move || adjustment.upper() - adjustment.page_size() - adjustment.value()
    };
    wait_for("the end", || adjustment.upper() > 1000.0 && gap() < 2.0);
    adjustment.set_value(0.0);
    wait_for("the way back", || sees(&window, "↓ Jump to latest"));
    stage.said(1, "bob", "new");
    wait_for("the count", || sees(&window, "↓ 1 new message"));
    assert!(adjustment.value() < 1.0);
    press(&window, "↓ 1 new message");
    wait_for("the end again", || gap() < 2.0 && !sees(&window, "↓ Jump to latest"));
}

/// The heights of rows that have never been shown are guesses, and the entry grows as well.
#[gtk::test]
fn the_last_row_is_seen_however_tall_the_others_are() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    let scroller = shown::<gtk::ScrolledWindow>(&window);
    let ends_with = |text: &str| {
        let row = all::<gtk::Label>(&scroller).into_iter().find(|label| label.text().ends_with(text))?;
        let bounds = row.compute_bounds(&scroller)?;
        Some(f64::from(scroller.height()) - f64::from(bounds.y() + bounds.height()))
    };
    for round in 0..30_usize {
        let tall = "A long message. ".repeat(round * 7 % 60);
        stage.said(1, "bob", &format!("{tall} end {round}."));
        if round % 5 == 2 {
            write(&window, &"line\n".repeat(round / 5));
        }
        let text = format!(" end {round}.");
        wait_for(&format!("{text} in sight"), || ends_with(&text).is_some_and(|gap| (0.0..20.0).contains(&gap)));
        assert!(!sees(&window, "↓ Jump to latest"));
    }
}

#[gtk::test]
fn a_very_long_message_is_cut_but_can_be_copied_whole() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    let long = "word ".repeat(40_000);
    stage.said(1, "bob", &long);
    let offer = "Copy the whole message (200000 characters)";
    wait_for("the offer", || transcript(&window).iter().any(|row| row.ends_with(offer)));
    let row = all::<gtk::Label>(&window).into_iter().find(|label| label.text().ends_with(offer)).unwrap();
    row.emit_by_name::<bool>("activate-link", &[&"klatch-copy"]);
    let text = glib::MainContext::default().block_on(window.clipboard().read_text_future()).unwrap().unwrap();
    assert_eq!(text, long);
}
