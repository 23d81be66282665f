//! The invitation dialog: who invites or offers a file, and Accept or Decline.
//!
//! One window lists all that waits for an answer: many at once, from a class that begins or from somebody who means
//! mischief, must neither hide each other nor cover the screen.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, gio, glib};

use super::a11y;
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::model::{Client, Invitation, Subject};
use super::offers_bar;

/// By what the window is found again.
const WIDGET: &str = "invitations";
/// A key that is pressed so soon after the window has appeared was meant for another one, and answers nothing.
const SURPRISE: Duration = Duration::from_millis(1500);

mod imp {
    use super::glib;
    use crate::ui::avatar::Avatar;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/invitation.ui")]
    pub struct InvitationRow {
        #[template_child]
        pub(super) avatar: TemplateChild<Avatar>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) decline: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) accept: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for InvitationRow {
        const NAME: &'static str = "KlatchInvitationRow";
        type Type = super::InvitationRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            Avatar::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for InvitationRow {}

    impl WidgetImpl for InvitationRow {}
    impl BoxImpl for InvitationRow {}
}

glib::wrapper! {
    /// One invitation.
    pub struct InvitationRow(ObjectSubclass<imp::InvitationRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl InvitationRow {
    fn new(client: &Client, invitation: &Invitation) -> Self {
        let row: Self = glib::Object::new();
        let imp = row.imp();
        let from = invitation.from();
        imp.avatar.set_person(&from);
        if let Some(buddy) = invitation.sender().and_then(|name| client.roster().get(name)) {
            buddy.bind_property("picture", &*imp.avatar, "picture").sync_create().build();
        }
        let text = words(invitation);
        if invitation.is_offer() {
            imp.decline.set_label(&gettext("_Refuse"));
            offers_bar::suggest(&imp.accept, client);
        }
        imp.text.set_label(&text);
        a11y::description(&*imp.accept, &text);
        a11y::description(&*imp.decline, &text);
        for (button, accept) in [(&imp.accept, true), (&imp.decline, false)] {
            button.connect_clicked(glib::clone!(
                #[strong]
                client,
                #[strong]
                invitation,
                move |button| {
                    if accept && invitation.is_offer() {
                        // Before the answer, which takes the row away. How far the file has come is told there.
                        let _there = button.activate_action("app.transfers", None);
                    }
                    client.answer(&invitation, accept);
                }
            ));
        }
        row
    }
}

/// The row of the list, which has the keyboard before its buttons have: so whoever comes upon it answers nothing by accident.
fn list_row(client: &Client, invitation: &Invitation) -> gtk::ListBoxRow {
    let content = InvitationRow::new(client, invitation);
    let row = gtk::ListBoxRow::builder().activatable(false).child(&content).build();
    a11y::label(&row, &words(invitation));
    // Escape declines, whether the row or one of its buttons has the focus.
    let keys = gtk::EventControllerKey::new();
    keys.connect_key_pressed(glib::clone!(
        #[strong]
        client,
        #[strong]
        invitation,
        move |_, key, _, _| {
            if key != gdk::Key::Escape {
                return glib::Propagation::Proceed;
            }
            client.answer(&invitation, false);
            glib::Propagation::Stop
        }
    ));
    row.add_controller(keys);
    row
}

/// Who invites to what, in a sentence.
fn words(invitation: &Invitation) -> String {
    let from = invitation.from();
    match invitation.subject() {
        Some(Subject::File { name, .. }) => {
            gettext_f("{name} offers you the file “{file}”.", &[("name", &from), ("file", name)])
        }
        _ => gettext_f("{name} invites you to a conversation.", &[("name", &from)]),
    }
}

/// What the window is called while it shows these.
fn title(client: &Client) -> String {
    let (offers, others): (Vec<_>, Vec<_>) =
        client.invitations().iter::<Invitation>().filter_map(Result::ok).partition(Invitation::is_offer);
    match (offers.len(), others.len()) {
        (0, count) => ngettext_f("Invitation - Klatch", "{n} Invitations - Klatch", count, &[]),
        (count, 0) => ngettext_f("Offer of a File - Klatch", "{n} Offers of Files - Klatch", count, &[]),
        (offers, others) => {
            let total = offers + others;
            ngettext_f("Invitation and Offer - Klatch", "{n} Invitations and Offers - Klatch", total, &[])
        }
    }
}

/// Shows a window while invitations wait. It comes to the front by itself when the first arrives; the others join it.
pub fn follow(app: &impl IsA<gtk::Application>, client: &Client) {
    let app = app.clone().upcast::<gtk::Application>();
    client.invitations().connect_items_changed(glib::clone!(
        #[weak]
        app,
        #[weak]
        client,
        move |list, _, _, _| {
            let shown = window(&app);
            if list.n_items() == 0 {
                if let Some(window) = shown {
                    window.destroy();
                }
                return;
            }
            let is_new = shown.is_none();
            let shown = shown.unwrap_or_else(|| build(&app, &client));
            shown.set_title(Some(&title(&client)));
            if is_new {
                let in_front = app.windows().into_iter().find(GtkWindowExt::is_active);
                // So it can still be seen after the keyboard has gone back there.
                shown.set_transient_for(in_front.as_ref());
                spare_who_types(&shown, in_front.as_ref());
                shown.present();
            }
        }
    ));
}

/// Whoever is typing when the window appears goes on typing: the first keys, and with them the keyboard, go back to
/// where it was. If that was in another program, they are dropped. The mouse answers at once.
fn spare_who_types(shown: &gtk::Window, before: Option<&gtk::Window>) {
    let appeared = Rc::new(Cell::new(None));
    shown.connect_map({
        let appeared = appeared.clone();
        move |_| appeared.set(Some(Instant::now()))
    });
    let keys = gtk::EventControllerKey::new();
    keys.set_propagation_phase(gtk::PropagationPhase::Capture);
    let before = before.map(ObjectExt::downgrade);
    keys.connect_key_pressed(move |keys, _, _, _| {
        if appeared.get().is_some_and(|appeared: Instant| appeared.elapsed() > SURPRISE) {
            return glib::Propagation::Proceed;
        }
        if let Some(before) = before.as_ref().and_then(glib::WeakRef::upgrade) {
            if let Some(widget) = GtkWindowExt::focus(&before) {
                keys.forward(&widget);
            }
            before.present();
        }
        glib::Propagation::Stop
    });
    shown.add_controller(keys);
}

/// The window that lists the invitations, while there is one.
pub fn window(app: &impl IsA<gtk::Application>) -> Option<gtk::Window> {
    app.windows().into_iter().find(|window| window.widget_name() == WIDGET)
}

fn build(app: &gtk::Application, client: &Client) -> gtk::Window {
    let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::None).css_classes(["invitations"]).build();
    a11y::label(&list, &gettext("Invitations"));
    let weak = client.downgrade();
    list.bind_model(Some(client.invitations()), move |item| {
        match (weak.upgrade(), item.downcast_ref::<Invitation>()) {
            (Some(client), Some(invitation)) => list_row(&client, invitation).upcast(),
            _ => gtk::ListBoxRow::new().upcast(),
        }
    });
    let scroller = gtk::ScrolledWindow::builder()
        .hscrollbar_policy(gtk::PolicyType::Never)
        .propagate_natural_height(true)
        .propagate_natural_width(true)
        .max_content_height(360)
        .child(&list)
        .build();
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&scroller);
    content.append(&offers_bar::build(client));
    let window = gtk::Window::builder().application(app).name(WIDGET).resizable(false).child(&content).build();
    window.connect_close_request(glib::clone!(
        #[weak]
        client,
        #[upgrade_or]
        glib::Propagation::Proceed,
        move |_| {
            for invitation in client.invitations().snapshot() {
                if let Some(invitation) = invitation.downcast_ref() {
                    client.answer(invitation, false);
                }
            }
            glib::Propagation::Stop
        }
    ));
    // A dialog that another window waits for, such as one to choose a file, must not keep anybody from answering.
    gtk::WindowGroup::new().add_window(&window);
    // The first invitation has the keyboard.
    window.connect_map(|window| {
        window.child_focus(gtk::DirectionType::TabForward);
    });
    window
}

/// The notification of an invitation, which can be answered there.
pub fn notification(invitation: &Invitation) -> gio::Notification {
    let is_offer = invitation.is_offer();
    let (title, decline) = if is_offer {
        (gettext("Offer of a File"), gettext("Refuse"))
    } else {
        (gettext("Invitation"), gettext("Decline"))
    };
    let notification = gio::Notification::new(&title);
    notification.set_body(Some(&words(invitation)));
    notification.set_default_action("app.show-invitations");
    for (label, accept) in [(gettext("Accept"), true), (decline, false)] {
        let target = (invitation.key(), accept).to_variant();
        notification.add_button_with_target_value(&label, "app.answer-invitation", Some(&target));
    }
    notification
}
