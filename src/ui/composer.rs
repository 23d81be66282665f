//! Where one writes: an entry of several lines, and Send.

use std::cell::{Cell, RefCell};

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::i18n::ngettext_f;
use crate::net::TEXT_BYTES;

/// How many sent texts Ctrl+Up goes back.
const HISTORY: usize = 50;

mod imp {
    use super::{Cell, RefCell, glib};
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    type Send = Box<dyn Fn(&str) -> Result<(), String>>;
    type Scroll = Box<dyn Fn(gtk::ScrollType)>;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/composer.ui")]
    pub struct Composer {
        #[template_child]
        pub view: TemplateChild<gtk::TextView>,
        #[template_child]
        pub placeholder: TemplateChild<gtk::Label>,
        #[template_child]
        pub send: TemplateChild<gtk::Button>,
        #[template_child]
        pub refusal: TemplateChild<gtk::Label>,
        pub on_send: RefCell<Option<Send>>,
        pub on_scroll: RefCell<Option<Scroll>>,
        pub can_send: Cell<bool>,
        pub sent: RefCell<Vec<String>>,
        pub recalled: Cell<usize>,
        pub draft: RefCell<String>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Composer {
        const NAME: &'static str = "KlatchComposer";
        type Type = super::Composer;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Composer {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().build();
        }
    }

    impl WidgetImpl for Composer {
        fn grab_focus(&self) -> bool {
            self.view.grab_focus()
        }
    }

    impl BoxImpl for Composer {}
}

glib::wrapper! {
    /// Enter sends, Shift+Enter begins a line, Ctrl+Up and Ctrl+Down bring back what was sent, Page Up and Page Down scroll the
    /// transcript. A text that cannot be sent stays.
    pub struct Composer(ObjectSubclass<imp::Composer>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Composer {
    /// Sends by this; it gives back why it could not, in words.
    pub fn connect_send(&self, send: impl Fn(&str) -> Result<(), String> + 'static) {
        self.imp().on_send.replace(Some(Box::new(send)));
    }

    /// Scrolls the transcript by this.
    pub fn connect_scroll(&self, scroll: impl Fn(gtk::ScrollType) + 'static) {
        self.imp().on_scroll.replace(Some(Box::new(scroll)));
    }

    /// Whether texts can be sent now. One can write in any case.
    pub fn set_can_send(&self, can_send: bool) {
        if self.imp().can_send.replace(can_send) != can_send {
            self.look_at_text();
        }
    }

    fn build(&self) {
        let imp = self.imp();
        let buffer = imp.view.buffer();
        buffer.connect_changed(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            move |_| composer.look_at_text()
        ));
        imp.send.connect_clicked(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            move |_| {
                composer.send();
                composer.grab_focus();
            }
        ));
        let keys = gtk::EventControllerKey::new();
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |keys, key, _, state| composer.key(keys, key, state)
        ));
        imp.view.add_controller(keys);
        self.look_at_text();
    }

    fn key(&self, keys: &gtk::EventControllerKey, key: gdk::Key, state: gdk::ModifierType) -> glib::Propagation {
        let imp = self.imp();
        let modifiers = state & gtk::accelerator_get_default_mod_mask();
        let plain = modifiers.is_empty();
        let control = modifiers == gdk::ModifierType::CONTROL_MASK;
        match key {
            gdk::Key::Return | gdk::Key::KP_Enter | gdk::Key::ISO_Enter if plain => {
                // An input method that is composing a character takes Enter for itself.
                if keys.current_event().is_none_or(|event| !imp.view.im_context_filter_keypress(&event)) {
                    self.send();
                }
            }
            gdk::Key::Up | gdk::Key::KP_Up if control => self.recall(1),
            gdk::Key::Down | gdk::Key::KP_Down if control => self.recall(-1),
            gdk::Key::Page_Up | gdk::Key::KP_Page_Up if plain => self.scroll(gtk::ScrollType::PageUp),
            gdk::Key::Page_Down | gdk::Key::KP_Page_Down if plain => self.scroll(gtk::ScrollType::PageDown),
            gdk::Key::Home if control && self.text().is_empty() => self.scroll(gtk::ScrollType::Start),
            gdk::Key::End if control && self.text().is_empty() => self.scroll(gtk::ScrollType::End),
            _ => return glib::Propagation::Proceed,
        }
        glib::Propagation::Stop
    }

    fn scroll(&self, how: gtk::ScrollType) {
        if let Some(scroll) = &*self.imp().on_scroll.borrow() {
            scroll(how);
        }
    }

    fn text(&self) -> String {
        let buffer = self.imp().view.buffer();
        buffer.text(&buffer.start_iter(), &buffer.end_iter(), false).into()
    }

    /// Takes out what is written.
    pub fn take_text(&self) -> String {
        let text = self.text();
        self.set_text("");
        text
    }

    /// Writes this instead of what is written.
    pub fn set_text(&self, text: &str) {
        let buffer = self.imp().view.buffer();
        buffer.set_text(text);
        buffer.place_cursor(&buffer.end_iter());
    }

    fn send(&self) {
        let imp = self.imp();
        let text = self.text();
        let said = text.trim_end();
        if !imp.can_send.get() || said.trim().is_empty() || said.len() > TEXT_BYTES {
            imp.view.error_bell();
            return;
        }
        let result = imp.on_send.borrow().as_ref().map_or(Ok(()), |send| send(said));
        match result {
            Ok(()) => {
                let mut sent = imp.sent.borrow_mut();
                if sent.last().is_none_or(|last| last != said) {
                    sent.push(said.to_owned());
                }
                if sent.len() > HISTORY {
                    sent.remove(0);
                }
                drop(sent);
                imp.recalled.set(0);
                self.set_text("");
            }
            Err(why) => self.refuse(Some(&why)),
        }
    }

    /// Goes back in what was sent, or forward again, down to what was being written.
    fn recall(&self, step: isize) {
        let imp = self.imp();
        let sent = imp.sent.borrow().clone();
        let Some(back) = imp.recalled.get().checked_add_signed(step).filter(|back| *back <= sent.len()) else { return };
        if imp.recalled.replace(back) == 0 {
            imp.draft.replace(self.text());
        }
        let text = match back {
            0 => imp.draft.take(),
            back => sent.get(sent.len() - back).cloned().unwrap_or_default(),
        };
        self.set_text(&text);
    }

    fn look_at_text(&self) {
        let imp = self.imp();
        let buffer = imp.view.buffer();
        imp.placeholder.set_visible(buffer.char_count() == 0);
        let text = self.text();
        let surplus = text.trim_end().len().saturating_sub(TEXT_BYTES);
        imp.send.set_sensitive(imp.can_send.get() && surplus == 0 && !text.trim().is_empty());
        if surplus == 0 {
            self.refuse(None);
        } else {
            self.refuse(Some(&ngettext_f(
                "Too long for one message by {n} byte. Send it in several parts.",
                "Too long for one message by {n} bytes. Send it in several parts.",
                surplus,
                &[],
            )));
        }
    }

    /// Says below the entry why something cannot be sent or done, until one goes on writing or can send again.
    pub fn refuse(&self, why: Option<&str>) {
        let refusal = &self.imp().refusal;
        refusal.set_label(why.unwrap_or_default());
        refusal.set_visible(why.is_some());
    }
}
