//! What people tell about themselves.

use gtk::prelude::*;
use klatch::net::{Command, Event, LinkState, NetError, NetErrorKind, Question, UserInfo};
use klatch::ui::user_info::UserInfoWindow;

use crate::screen::{all, press, sees, wait_for};
use crate::stage::{Stage, shows};
use crate::stand_in::{app, name};

#[gtk::test]
fn what_people_tell_about_themselves_is_shown() {
    let stage = Stage::new();
    let window = UserInfoWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    assert_eq!(stage.take_sent(), [Command::AskUserInfo(name("bob"))]);
    let field = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let fields = vec![field("name", "bob"), field("host", "pc7"), field("Motto", "<b>hi</b>\u{202e}")];
    stage.tell(Event::UserInfo { of: name("bob"), info: UserInfo { fields, picture: Some(b"no image".to_vec()) } });
    for text in ["Name", "bob", "Host", "pc7", "Motto", "<b>hi</b>\u{fffd}"] {
        shows(&window, text);
    }
    press(&window, "Copy");
    let copied = gtk::glib::MainContext::default().block_on(window.clipboard().read_text_future()).unwrap().unwrap();
    assert_eq!(copied, "Name: bob\nHost: pc7\nMotto: <b>hi</b>\u{fffd}");
}

#[gtk::test]
fn nobody_waits_for_an_answer_while_offline() {
    let stage = Stage::new();
    let window = UserInfoWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    let offline = "You are not connected.";
    stage.tell(Event::Link(LinkState::Connecting { to: "_klatch._tcp.local.".into() }));
    shows(&window, offline);
    stage.take_sent();
    press(&window, "Retry");
    assert_eq!(stage.take_sent(), [Command::AskUserInfo(name("bob"))]);
    wait_for("the spinner", || !sees(&window, offline));
    // An answer that is there is still one.
    stage.tell(Event::UserInfo { of: name("bob"), info: UserInfo::default() });
    stage.tell(Event::Link(LinkState::Offline(None)));
    assert!(!sees(&window, offline));
}

#[gtk::test]
fn whoever_is_back_is_asked_again() {
    let stage = Stage::new();
    let window = UserInfoWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    let unanswered = |kind| {
        let because = NetError::with(kind, "bob");
        stage.tell(Event::Unanswered { by: name("bob"), question: Question::UserInfo, because });
        stage.take_sent();
    };
    unanswered(NetErrorKind::UnknownPeer);
    shows(&window, "bob is not on this network.");
    stage.people(&[("carol", false)]);
    assert_eq!(stage.take_sent(), []);
    stage.people(&[("bob", false), ("carol", false)]);
    assert_eq!(stage.take_sent(), [Command::AskUserInfo(name("bob"))]);
    // Who has been there all the time is not asked again for that.
    unanswered(NetErrorKind::UnknownPeer);
    stage.people(&[("bob", true)]);
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn a_picture_is_shown_instead_of_the_initials() {
    let stage = Stage::new();
    let window = UserInfoWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    let image = gtk::gdk_pixbuf::Pixbuf::new(gtk::gdk_pixbuf::Colorspace::Rgb, true, 8, 600, 300).unwrap();
    let picture = image.save_to_bufferv("png", &[]).unwrap();
    stage.tell(Event::UserInfo { of: name("bob"), info: UserInfo { fields: Vec::new(), picture: Some(picture) } });
    let is_picture = |image: &gtk::Image| image.is_mapped() && image.paintable().is_some();
    wait_for("the picture", || all::<gtk::Image>(&window).iter().any(is_picture));
    let shown = all::<gtk::Image>(&window).into_iter().find(is_picture).unwrap();
    wait_for("its size", || (shown.width(), shown.height()) == (256, 256));
    let paintable = shown.paintable().unwrap();
    assert_eq!((paintable.intrinsic_width(), paintable.intrinsic_height()), (256, 128));
}
