//! A row of a transcript.
//!
//! One label with markup, and not a label each for time, name and text: a wrapping label in a horizontal box is laid
//! out again and again to be measured, which makes scrolling fifteen times as dear (GTK 4.8).

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib, pango};

use super::i18n::{gettext, gettext_f};
use super::model::{Entry, Message};
use super::{colour, markup, style};
use crate::net::{Delivery, UserName};

/// What the links inside a row do; the names are no addresses.
const RESEND: &str = "klatch-resend";
const COPY: &str = "klatch-copy";

mod imp {
    use super::{Cell, Message, RefCell, glib};
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;
    use std::sync::LazyLock;

    #[derive(Debug, Default)]
    pub struct MessageRow {
        pub(super) label: gtk::Label,
        pub(super) message: RefCell<Option<(Message, glib::SignalHandlerId)>>,
        pub(super) is_on_dark: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MessageRow {
        const NAME: &'static str = "KlatchMessageRow";
        type Type = super::MessageRow;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_layout_manager_type::<gtk::BinLayout>();
            class.install_action("message.copy", None, |row, _, _| row.copy());
        }
    }

    impl ObjectImpl for MessageRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().build();
        }

        fn dispose(&self) {
            self.label.unparent();
        }

        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: LazyLock<[glib::subclass::Signal; 1]> = LazyLock::new(|| {
                [glib::subclass::Signal::builder("resend").param_types([Message::static_type()]).build()]
            });
            SIGNALS.as_ref()
        }
    }

    impl WidgetImpl for MessageRow {}
}

glib::wrapper! {
    /// A row of a transcript; it follows the delivery of the message.
    pub struct MessageRow(ObjectSubclass<imp::MessageRow>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for MessageRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl MessageRow {
    /// Shows this message until [`MessageRow::unbind`].
    pub fn bind(&self, message: &Message) {
        self.unbind();
        let row = self.downgrade();
        let handler = message.connect_revision_notify(move |_| {
            if let Some(row) = row.upgrade() {
                row.show();
            }
        });
        self.imp().message.replace(Some((message.clone(), handler)));
        self.show();
    }

    /// Shows nothing in particular.
    pub fn unbind(&self) {
        if let Some((message, handler)) = self.imp().message.take() {
            message.disconnect(handler);
        }
    }

    /// Calls back when a text that was not delivered shall be sent again.
    pub fn connect_resend(&self, callback: impl Fn(&Message) + 'static) {
        let callback = glib::closure_local!(move |_: &Self, message: &Message| callback(message));
        self.connect_closure("resend", false, callback);
    }

    fn build(&self) {
        let label = &self.imp().label;
        label.set_yalign(0.0);
        label.set_wrap(true);
        label.set_wrap_mode(pango::WrapMode::WordChar);
        // A hyphen in the middle of an address or a path is taken for a part of it.
        let attributes = pango::AttrList::new();
        attributes.insert(pango::AttrInt::new_insert_hyphens(false));
        label.set_attributes(Some(&attributes));
        // Without a minimum, GTK measures the text at every width from one character on.
        label.set_width_chars(20);
        label.set_hexpand(true);
        label.set_selectable(true);
        label.set_parent(self);
        let menu = gio::Menu::new();
        menu.append(Some(&gettext("Copy _Message")), Some("message.copy"));
        menu.append(Some(&gettext("Copy _All Messages")), Some("win.copy-all"));
        label.set_extra_menu(Some(&menu));
        let row = self.downgrade();
        label.connect_activate_link(move |_, link| {
            let Some(row) = row.upgrade() else { return glib::Propagation::Proceed };
            match link {
                RESEND => row.resend(),
                COPY => row.copy(),
                _ => return glib::Propagation::Proceed,
            }
            glib::Propagation::Stop
        });
        self.set_has_tooltip(true);
        self.connect_query_tooltip(|row, _, _, _, tooltip| {
            let text = row
                .message()
                .filter(|message| matches!(message.entry(), Entry::Said { .. }))
                .map(|message| gettext_f("{date}, {time}", &[("date", &message.date()), ("time", &message.time())]));
            tooltip.set_text(text.as_deref());
            text.is_some()
        });
    }

    fn message(&self) -> Option<Message> {
        self.imp().message.borrow().as_ref().map(|(message, _)| message.clone())
    }

    fn copy(&self) {
        if let Some(message) = self.message() {
            let text = match message.entry() {
                Entry::Said { body, .. } => body.clone(),
                Entry::Day => message.date(),
                Entry::Notice(text) => text.clone(),
            };
            self.clipboard().set_text(&text.replace('\0', "\u{fffd}"));
        }
    }

    fn resend(&self) {
        if let Some(message) = self.message() {
            self.emit_by_name::<()>("resend", &[&message]);
        }
    }

    /// Shows the message in the colours of the theme as it is now.
    pub fn follow_theme(&self) {
        if self.imp().is_on_dark.get() != style::is_on_dark(self) {
            self.show();
        }
    }

    fn show(&self) {
        let Some(message) = self.message() else { return };
        let label = &self.imp().label;
        self.imp().is_on_dark.set(style::is_on_dark(self));
        let is_said = matches!(message.entry(), Entry::Said { .. });
        label.set_xalign(if is_said { 0.0 } else { 0.5 });
        label.set_justify(if is_said { gtk::Justification::Left } else { gtk::Justification::Center });
        label.set_selectable(is_said);
        let begins_run = matches!(message.entry(), Entry::Said { begins_run: true, .. });
        for (class, is_on) in [("run", begins_run), ("event", !is_said)] {
            if is_on {
                self.add_css_class(class);
            } else {
                self.remove_css_class(class);
            }
        }
        label.set_markup(&self.markup(&message));
    }

    fn markup(&self, message: &Message) -> String {
        match message.entry() {
            Entry::Day => format!("<b>{}</b>", markup::escape(&message.date())),
            Entry::Notice(text) => {
                let (mark, text, time) = (self.mark(text), markup::escape(text), markup::escape(&message.time()));
                format!("{mark}{text}  <span size='smaller'>{time}</span>")
            }
            Entry::Said { from, called, body, begins_run, .. } => {
                let mut text = if *begins_run { self.heading(from, called, &message.time()) } else { String::new() };
                let (shown, is_whole) = markup::visible_part(body);
                text.push_str(&markup::linked(shown));
                if !is_whole {
                    let count = body.chars().count().to_string();
                    let offer = gettext_f("Copy the whole message ({n} characters)", &[("n", &count)]);
                    // Writing to a String cannot fail.
                    let _ = write!(text, "…\n<a href='{COPY}'>{}</a>", markup::escape(&offer));
                }
                let note = message.delivery().map(|delivery| delivery_note(delivery, &message.missing()));
                text.push_str(&note.unwrap_or_default());
                text
            }
        }
    }

    fn heading(&self, from: &UserName, called: &str, time: &str) -> String {
        let colour = colour::of_text(&from.shown(), self.imp().is_on_dark.get());
        let (mark, name) = (self.mark(called), markup::escape(called));
        format!(
            "{mark}<span color='{colour}' weight='bold'>{name}</span>{mark}  <span size='smaller' alpha='65%'>{time}</span>\n"
        )
    }

    /// What keeps a line in the reading direction of the window that begins with a name in the other one, such as a
    /// Latin name in an Arabic window.
    fn mark(&self, text: &str) -> &'static str {
        match (self.direction(), pango::find_base_dir(text)) {
            (gtk::TextDirection::Rtl, pango::Direction::Ltr) => "\u{200f}",
            (gtk::TextDirection::Ltr, pango::Direction::Rtl) => "\u{200e}",
            _ => "",
        }
    }
}

/// What is said behind one's own text; nothing if it has certainly been delivered.
fn delivery_note(delivery: Delivery, missing: &str) -> String {
    let quiet = |words: &str| format!("  <span size='smaller' alpha='65%'>{}</span>", markup::escape(words));
    let warning = |words: &str| format!("\n<span size='smaller' weight='bold'>⚠ {}</span>", markup::escape(words));
    let loud = |words: &str| {
        let resend = markup::escape(&gettext("Resend"));
        format!("{}  <span size='smaller'><a href='{RESEND}'>{resend}</a></span>", warning(words))
    };
    let unreached = || gettext_f("This did not reach {names}.", &[("names", missing)]);
    match delivery {
        Delivery::Delivered => String::new(),
        Delivery::Sending => quiet(&gettext("sending…")),
        Delivery::Sent => quiet(&gettext("sent")),
        Delivery::Uncertain => loud(&gettext("This may not have been delivered.")),
        Delivery::Partial if missing.is_empty() => quiet(&gettext("not delivered to everybody yet")),
        Delivery::Partial => quiet(&gettext_f("not delivered to {names} yet", &[("names", missing)])),
        // The others have it, and would have it twice.
        Delivery::Missed => warning(&unreached()),
        Delivery::Failed if !missing.is_empty() => loud(&unreached()),
        Delivery::Failed => loud(&gettext("This was not sent.")),
    }
}
