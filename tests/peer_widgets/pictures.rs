//! The pictures of people beside their names.

use gtk::gdk;
use gtk::gdk_pixbuf::{Colorspace, Pixbuf};
use gtk::prelude::*;
use klatch::net::{self, Command, ConversationId, Event, LinkState, Phase};
use klatch::ui::avatar::Avatar;
use klatch::ui::invitation;

use crate::screen::{all, press_key, wait_for};
use crate::stage::{Stage, names, shows};
use crate::stand_in::{app, name};

fn png(colour: u32, width: i32, height: i32) -> Vec<u8> {
    let image = Pixbuf::new(Colorspace::Rgb, false, 8, width, height).unwrap();
    image.fill(colour);
    image.save_to_bufferv("png", &[]).unwrap()
}

fn picture(of: &str, file: Option<Vec<u8>>) -> Event {
    Event::Picture { of: name(of), picture: file }
}

/// The first pixel of the picture beside this name, and its size.
fn beside(within: &impl IsA<gtk::Widget>, who: &str) -> Option<([u8; 3], i32, i32)> {
    let row = |label: &gtk::Label| {
        let row = label.parent()?.parent()?;
        all::<Avatar>(&row).into_iter().next()
    };
    let labels = all::<gtk::Label>(within).into_iter().filter(WidgetExt::is_mapped);
    let avatar = labels.filter(|label| label.text() == who).find_map(|label| row(&label))?;
    let picture = avatar.picture()?;
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = vec![0; usize::try_from(width * height * 4).unwrap()];
    picture.download(&mut pixels, usize::try_from(width * 4).unwrap());
    // Blue, green, red.
    Some(([pixels[2], pixels[1], pixels[0]], width, height))
}

const RED: u32 = 0xff00_00ff;
const BLUE: u32 = 0x0000_ffff;

#[gtk::test]
fn an_open_menu_stays_with_the_person() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false)]);
    shows(&window, "bob");
    let label = all::<gtk::Label>(&window).into_iter().find(|label| label.text() == "bob").unwrap();
    let expander = label.ancestor(gtk::TreeExpander::static_type()).unwrap();
    assert!(expander.parent().unwrap().grab_focus());
    let list = expander.ancestor(gtk::ListView::static_type()).and_downcast::<gtk::ListView>().unwrap();
    list.model().unwrap().select_item(1, true);
    press_key(&list, gdk::Key::Menu);
    let is_open = || all::<gtk::PopoverMenu>(&list).iter().any(WidgetExt::is_mapped);
    wait_for("the menu", is_open);
    stage.tell(picture("bob", Some(png(RED, 300, 200))));
    wait_for("the picture", || beside(&window, "bob") == Some(([255, 0, 0], 96, 96)));
    assert!(is_open());
    // In another section, with somebody above.
    let contact = |who, status| net::Contact::at_server(name(who), net::Status::received(status));
    stage.tell(Event::Roster(vec![contact("ann", "online"), contact("bob", "away"), contact("carol", "online")]));
    shows(&window, "Away (1)");
    assert!(is_open());
    WidgetExt::activate_action(&window, "win.block", None).unwrap();
    assert_eq!(stage.take_sent(), [Command::Block { name: name("bob"), blocked: true }]);
}

#[gtk::test]
fn pictures_are_shown_wherever_the_person_is() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false)]);
    stage.tell(picture("bob", Some(png(RED, 300, 200))));
    let red = Some(([255, 0, 0], 96, 96));
    wait_for("the list", || beside(&window, "bob") == red);
    assert_eq!(beside(&window, "carol"), None);

    // One's own is among the members as well.
    settings.set_picture(Some(&png(BLUE, 96, 96)));
    let conversation = stage.conversation(net::Conversation {
        members: names(&["alice (2)", "bob"]),
        phase: Phase::Open,
        ..net::Conversation::entered(ConversationId::Int(1), name("alice (2)"), Vec::new())
    });
    let blue = Some(([0, 0, 255], 96, 96));
    wait_for("the members", || beside(&conversation, "bob") == red && beside(&conversation, "alice (2)") == blue);

    stage.tell(Event::Invited { conversation: ConversationId::Int(2), from: name("carol") });
    stage.tell(picture("carol", Some(png(BLUE, 96, 96))));
    let shown = || all::<Avatar>(&invitation::window(&app()).unwrap()).remove(0).picture();
    wait_for("the invitation", || shown().is_some());

    // Another one, and none.
    stage.tell(picture("bob", Some(png(BLUE, 20, 10))));
    wait_for("another", || beside(&window, "bob") == blue && beside(&conversation, "bob") == blue);
    stage.tell(picture("bob", None));
    assert_eq!((beside(&window, "bob"), beside(&conversation, "bob")), (None, None));
}

#[gtk::test]
fn who_comes_back_looks_the_same_until_one_goes_offline() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    // It can come before the news of who has it.
    stage.tell(picture("bob", Some(png(RED, 96, 96))));
    stage.people(&[("bob", false), ("carol", false)]);
    wait_for("the picture", || beside(&window, "bob").is_some());
    stage.people(&[("carol", false)]);
    stage.people(&[("bob", false), ("carol", false)]);
    wait_for("bob", || beside(&window, "bob").is_some());
    stage.tell(Event::Link(LinkState::Connecting { to: String::new() }));
    stage.tell(Event::Link(LinkState::Online { at: "port 1".into(), name: name("alice"), port: Some(1) }));
    stage.people(&[("bob", false), ("carol", false)]);
    wait_for("the row", || all::<gtk::Label>(&window).iter().any(|label| label.is_mapped() && label.text() == "bob"));
    assert_eq!(beside(&window, "bob"), None);
}

#[gtk::test]
fn what_is_no_picture_and_what_would_take_too_much_is_not_shown() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false), ("dan", false), ("eve", false)]);
    // 65535 pixels in each direction, by what stands behind the magic bytes and the name of the first chunk.
    let mut huge = png(RED, 64, 64);
    huge.splice(16..24, [0, 0, 255, 255, 0, 0, 255, 255]);
    let half = png(RED, 64, 64);
    let half = half.get(..half.len() / 2).unwrap().to_vec();
    stage.tell(picture("bob", Some(huge)));
    stage.tell(picture("carol", Some(half)));
    // What grows to more than it seems: few bytes for many pixels.
    stage.tell(picture("dan", Some(png(RED, 8192, 2049))));
    // More than is kept while it waits.
    stage.tell(picture("eve", Some(vec![0; 33 << 20])));
    stage.tell(picture("eve", Some(png(RED, 96, 96))));
    wait_for("the last", || beside(&window, "eve").is_some());
    assert_eq!(["bob", "carol", "dan"].map(|who| beside(&window, who)), [None; 3]);
}

#[gtk::test]
fn what_is_taken_back_while_it_is_decoded_is_not_shown() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false)]);
    stage.tell(picture("bob", Some(png(RED, 4000, 4000))));
    let context = gtk::glib::MainContext::default();
    while context.iteration(false) {}
    stage.tell(picture("bob", None));
    stage.tell(picture("carol", Some(png(RED, 96, 96))));
    wait_for("the other", || beside(&window, "carol").is_some());
    assert_eq!(beside(&window, "bob"), None);
}
