//! What others share, from the question to the files.

use gtk::prelude::*;
use gtk::{gdk, glib};
use klatch::net::{Command, Event, NetError, NetErrorKind, Question};
use klatch::ui::field::Field;
use klatch::ui::model::SharedFile;
use klatch::ui::shared_files::SharedFilesWindow;

use crate::screen::{all, labelled, press, press_key, sees, wait_for};
use crate::stage::{Stage, shows};
use crate::stand_in::{app, name};

fn files_of(who: &str, names: Vec<String>) -> Event {
    Event::Files { of: name(who), names, unfit: 0, is_cut: false }
}

#[gtk::test]
fn shared_files_are_found_and_got() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    assert_eq!(stage.take_sent(), [Command::ListFiles(name("bob"))]);
    shows(&window, "Asking…");
    let files = ["notes.txt", "pictures/b.png", "pictures/a.png"].map(String::from).to_vec();
    stage.tell(files_of("carol", vec!["hers".into()]));
    assert!(sees(&window, "Asking…"), "it was somebody else's answer");
    stage.tell(files_of("bob", files));
    shows(&window, "3 files");
    shows(&window, "pictures");
    let list = all::<gtk::ColumnView>(&window).remove(0);
    let is_in_list = || GtkWindowExt::focus(&window).is_some_and(|focus| focus.is_ancestor(&list));
    wait_for("the keyboard in the list", is_in_list);
    assert!(!labelled::<gtk::Button>(&window, "Get").is_sensitive());
    let search = all::<gtk::SearchEntry>(&window).remove(0);
    search.set_text("PNG pict");
    shows(&window, "2 files");
    let model = list.model().unwrap();
    let first = || model.item(0).and_downcast::<SharedFile>().is_some_and(|file| file.name() == "a.png");
    wait_for("the order of the names", first);
    model.select_all();
    shows(&window, "2 selected");
    press(&window, "Get");
    let fetch = |file: &str| Command::Fetch { from: name("bob"), file: file.into(), save_as: None };
    assert_eq!(stage.take_sent(), [fetch("pictures/a.png"), fetch("pictures/b.png")], "in the order that is seen");
    search.grab_focus();
    search.set_text("nothing of that name");
    shows(&window, "Nothing found");
    let is_in_search = || GtkWindowExt::focus(&window).is_some_and(|focus| focus.is_ancestor(&search));
    for text in ["", "nothing of that name", ""] {
        search.set_text(text);
        shows(&window, if text.is_empty() { "3 files" } else { "Nothing found" });
        while glib::MainContext::default().iteration(false) {}
        assert!(is_in_search(), "whoever empties the search goes on typing");
    }
    list.grab_focus();
    search.emit_by_name::<()>("search-started", &[]);
    assert!(is_in_search(), "whoever types in the list searches");
    search.set_text("nothing of that name");
    shows(&window, "Nothing found");
    stage.tell(Event::Files { of: name("bob"), names: vec!["a".into()], unfit: 2, is_cut: true });
    let told = "2 files are not listed, because their names cannot be asked for.\nOnly the first 1 files are listed.";
    shows(&window, told);
    stage.tell(files_of("bob", vec!["a".into()]));
    wait_for("nothing left out", || !sees(&window, told));
}

#[gtk::test]
fn a_file_is_got_under_another_name() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    stage.tell(files_of("bob", vec!["pictures/a.png".into()]));
    shows(&window, "1 file");
    stage.take_sent();
    all::<gtk::ColumnView>(&window).remove(0).model().unwrap().select_all();
    press(&window, "Get As…");
    let prompt = gtk::Window::list_toplevels()
        .into_iter()
        .find_map(|window| window.downcast::<klatch::ui::prompt::Prompt>().ok())
        .unwrap();
    let field: Field = labelled(&prompt, "Name");
    assert_eq!(field.text(), "a.png");
    field.set_text("../b.png");
    press(&prompt, "Get");
    assert!(field.problem().is_some());
    assert_eq!(stage.take_sent(), []);
    field.set_text("b.png");
    press(&prompt, "Get");
    let file = "pictures/a.png".to_owned();
    assert_eq!(stage.take_sent(), [Command::Fetch { from: name("bob"), file, save_as: Some("b.png".into()) }]);
}

#[gtk::test]
fn no_answer_is_told_and_asked_for_again() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    let because = NetError::new(NetErrorKind::PeerUnreachable);
    stage.tell(Event::Unanswered { by: name("bob"), question: Question::Files, because });
    shows(&window, "The other computer cannot be reached.");
    stage.take_sent();
    press(&window, "Retry");
    assert_eq!(stage.take_sent(), [Command::ListFiles(name("bob"))]);
    stage.tell(files_of("bob", Vec::new()));
    shows(&window, "bob shares no files.");
    stage.tell(files_of("bob", vec!["a".into(), "b".into()]));
    shows(&window, "2 files");
    all::<gtk::ColumnView>(&window).remove(0).model().unwrap().select_item(0, true);
    shows(&window, "1 selected");
    let because = NetError::new(NetErrorKind::PeerUnreachable);
    stage.tell(Event::Unanswered { by: name("bob"), question: Question::Files, because });
    wait_for("nothing selected that cannot be seen", || !sees(&window, "1 selected"));
    assert!(!labelled::<gtk::Button>(&window, "Get").is_sensitive());
}

#[gtk::test]
fn the_first_row_is_the_first_that_the_keyboard_gets() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    stage.tell(files_of("bob", ["a.txt", "b.txt", "notes.txt"].map(String::from).to_vec()));
    let list = all::<gtk::ColumnView>(&window).remove(0);
    let is_in_list = || GtkWindowExt::focus(&window).is_some_and(|focus| focus.is_ancestor(&list));
    wait_for("the keyboard in the list", is_in_list);
    press_key(&list, gdk::Key::Down);
    let model = list.model().unwrap();
    assert!(model.is_selected(0) && model.selection().size() == 1);

    let search = all::<gtk::SearchEntry>(&window).remove(0);
    search.grab_focus();
    search.set_text("notes");
    search.emit_activate();
    shows(&window, "1 file");
    wait_for("the keyboard in the list", is_in_list);
    // What the search tells with a delay changes nothing any more.
    search.emit_by_name::<()>("search-changed", &[]);
    while glib::MainContext::default().iteration(false) {}
    assert!(is_in_list());
    stage.take_sent();
    list.emit_by_name::<()>("activate", &[&0_u32]);
    assert_eq!(
        stage.take_sent(),
        [Command::Fetch { from: name("bob"), file: "notes.txt".into(), save_as: None }],
        "Enter gets the first that was found"
    );
}
