//! The buddy list, and what is begun from it.

use std::cell::RefCell;
use std::rc::Rc;

use gtk::prelude::*;
use klatch::net::{Command, Event, LinkState, Phase, UserName};
use klatch::ui::new_conversation::NewConversation;

use crate::screen::{press, press_key, seen, sees, wait_for};
use crate::stage::{Stage, is_sensitive, shown};
use crate::stand_in::name;

#[gtk::test]
fn people_are_listed_by_presence() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "away: lunch"), ("dan", "at work")]);
    let expected = ["Online (2)", "bob", "dan", "at work", "Away (1)", "carol", "lunch"];
    let list = shown::<gtk::ListView>(&stage.window);
    wait_for("the people", || seen(&list) == expected);
    stage.roster(&[("bob", "busy"), ("dan", "at work")]);
    wait_for("the change", || seen(&list) == ["Online (1)", "dan", "at work", "Busy (1)", "bob"]);
}

#[gtk::test]
fn an_empty_list_says_why() {
    let stage = Stage::new();
    assert!(sees(&stage.window, "You are offline"));
    stage.tell(Event::Link(LinkState::Connecting { to: "chat.example.org:6666".into() }));
    assert!(sees(&stage.window, "Connecting to chat.example.org:6666…"));
    stage.tell(Event::Link(LinkState::Online { at: "chat.example.org:6666".into(), name: name("alice"), port: None }));
    stage.roster(&[]);
    assert!(sees(&stage.window, "Nobody else is here yet"), "{:?}", seen(&stage.window));
    stage.roster(&[("bob", "online")]);
    assert!(!sees(&stage.window, "Nobody else is here yet"));
    shown::<gtk::SearchEntry>(&stage.window).set_text("zoe");
    wait_for("the search", || sees(&stage.window, "Nobody who is here is called “zoe”."));
    shown::<gtk::SearchEntry>(&stage.window).set_text("BO");
    wait_for("bob", || sees(&stage.window, "bob"));
}

#[gtk::test]
fn a_person_is_talked_to_in_one_conversation() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "online")]);
    let list = shown::<gtk::ListView>(&stage.window);
    wait_for("the people", || sees(&list, "bob"));
    list.emit_by_name::<()>("activate", &[&1_u32]);
    assert_eq!(stage.take_sent(), [Command::Start { with: vec![name("bob")] }]);
    list.emit_by_name::<()>("activate", &[&1_u32]);
    assert_eq!(stage.take_sent(), [], "it is being started");
    stage.converse(1, &["alice"], &["bob"], Phase::Waiting);
    assert_eq!(stage.conversation().title().unwrap(), "bob - Klatch");
    list.emit_by_name::<()>("activate", &[&1_u32]);
    assert_eq!(stage.take_sent(), [], "it is open");
    list.emit_by_name::<()>("activate", &[&2_u32]);
    assert_eq!(stage.take_sent(), [Command::Start { with: vec![name("carol")] }]);
}

#[gtk::test]
fn several_people_are_chosen_for_a_conversation() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "online"), ("dan", "away")]);
    let started: Rc<RefCell<Vec<UserName>>> = Rc::default();
    let dialog = NewConversation::new(&stage.window, &stage.client, {
        let started = started.clone();
        move |names| started.borrow_mut().extend_from_slice(names)
    });
    dialog.present();
    wait_for("the people", || sees(&dialog, "dan"));
    assert!(!is_sensitive(&dialog, "Start"));
    let list = shown::<gtk::ListView>(&dialog);
    for at in [0_u32, 1, 2, 1] {
        list.emit_by_name::<()>("activate", &[&at]);
    }
    assert!(sees(&dialog, "2 people chosen"));
    stage.roster(&[("bob", "online"), ("carol", "online")]);
    assert!(sees(&dialog, "1 person chosen"), "who has gone cannot be invited");
    press(&dialog, "Start");
    assert_eq!(*started.borrow(), [name("bob")]);
}

#[gtk::test]
fn people_are_chosen_with_the_keyboard() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "online")]);
    let started: Rc<RefCell<Vec<UserName>>> = Rc::default();
    let dialog = NewConversation::new(&stage.window, &stage.client, {
        let started = started.clone();
        move |names| started.borrow_mut().extend_from_slice(names)
    });
    dialog.present();
    wait_for("the people", || sees(&dialog, "carol"));
    let search = shown::<gtk::SearchEntry>(&dialog);
    let list = shown::<gtk::ListView>(&dialog);
    let focus = || GtkWindowExt::focus(&dialog).unwrap();
    wait_for("its layout", || list.height() > search.height());
    search.emit_activate();
    assert!(dialog.is_visible() && started.borrow().is_empty(), "nobody is chosen");
    for direction in [gtk::DirectionType::Down, gtk::DirectionType::TabForward] {
        search.grab_focus();
        dialog.child_focus(direction);
        assert!(focus().is_ancestor(&list), "{direction:?}");
    }
    press_key(&focus().first_child().unwrap(), gtk::gdk::Key::space);
    wait_for("the choice", || sees(&dialog, "1 person chosen"));
    assert!(focus().is_ancestor(&list), "who chooses one goes on with the next");
    press(&dialog, "Start");
    assert_eq!(*started.borrow(), [name("bob")]);
}

#[gtk::test]
fn a_new_search_replaces_the_last() {
    let stage = Stage::online();
    let search = shown::<gtk::SearchEntry>(&stage.window);
    search.set_text("bob");
    WidgetExt::activate_action(&stage.window, "win.find", None).unwrap();
    assert_eq!(search.selection_bounds(), Some((0, 3)));
    search.select_region(3, 3);
    WidgetExt::activate_action(&stage.window, "win.find", None).unwrap();
    assert_eq!(search.selection_bounds(), Some((0, 3)), "also where the keyboard is there already");
}

#[gtk::test]
fn the_size_of_the_buddy_list_is_remembered() {
    let stage = Stage::online();
    stage.window.set_default_size(432, 567);
    stage.window.remember_size();
    assert_eq!(stage.settings.window_size(), (432, 567));
}
