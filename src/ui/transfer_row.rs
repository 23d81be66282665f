//! A row of the list of transfers: a file, how far it has come, and what can be done with it.

use std::cell::RefCell;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::a11y;
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::model::Transfer;
use super::problem::Problem;
use crate::net::{self, Direction, TransferState, displayable};

/// What a person wants of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To end it early.
    Cancel,
    /// To try it again.
    Retry,
    /// To open the file.
    Open,
    /// To see it in its folder.
    ShowInFolder,
}

mod imp {
    use super::{RefCell, Transfer, Wish, glib};
    use gtk::subclass::prelude::*;

    type OnWish = Box<dyn Fn(&Transfer, Wish)>;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/transfer_row.ui")]
    pub struct TransferRow {
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) file: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) progress: TemplateChild<gtk::ProgressBar>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) cancel: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) retry: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) open: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) folder: TemplateChild<gtk::Button>,
        pub(super) bound: RefCell<Option<(Transfer, glib::SignalHandlerId)>>,
        pub(super) on_wish: RefCell<Option<OnWish>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for TransferRow {
        const NAME: &'static str = "KlatchTransferRow";
        type Type = super::TransferRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for TransferRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().connect();
        }
    }

    impl WidgetImpl for TransferRow {}
    impl BoxImpl for TransferRow {}
}

glib::wrapper! {
    /// A row of the list of transfers; it follows what it shows.
    pub struct TransferRow(ObjectSubclass<imp::TransferRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for TransferRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl TransferRow {
    /// Shows this transfer until [`TransferRow::unbind`].
    pub fn bind(&self, transfer: &Transfer) {
        self.unbind();
        self.show(transfer);
        let handler = transfer.connect_revision_notify(glib::clone!(
            #[weak(rename_to = row)]
            self,
            move |transfer| row.show(transfer)
        ));
        self.imp().bound.replace(Some((transfer.clone(), handler)));
    }

    /// Shows nothing in particular.
    pub fn unbind(&self) {
        if let Some((transfer, handler)) = self.imp().bound.take() {
            transfer.disconnect(handler);
        }
    }

    /// Calls back when one of its buttons is pressed.
    pub fn connect_wish(&self, callback: impl Fn(&Transfer, Wish) + 'static) {
        self.imp().on_wish.replace(Some(Box::new(callback)));
    }

    fn connect(&self) {
        let imp = self.imp();
        let buttons = [
            (&imp.cancel, Wish::Cancel),
            (&imp.retry, Wish::Retry),
            (&imp.open, Wish::Open),
            (&imp.folder, Wish::ShowInFolder),
        ];
        for (button, wish) in buttons {
            button.connect_clicked(glib::clone!(
                #[weak(rename_to = row)]
                self,
                move |_| {
                    let transfer = row.imp().bound.borrow().as_ref().map(|(transfer, _)| transfer.clone());
                    if let (Some(transfer), Some(on_wish)) = (transfer, &*row.imp().on_wish.borrow()) {
                        on_wish(&transfer, wish);
                    }
                }
            ));
        }
    }

    fn show(&self, transfer: &Transfer) {
        let imp = self.imp();
        let Some(now) = transfer.now() else { return };
        let file = displayable(&now.file);
        let values = [("file", &*file), ("name", &*now.peer.shown())].map(|(key, text)| (key, text.to_owned()));
        let values = [(values[0].0, values[0].1.as_str()), (values[1].0, values[1].1.as_str())];
        let (title, icon) = match now.direction {
            Direction::In => (gettext_f("{file} from {name}", &values), "folder-download-symbolic"),
            Direction::Out => (gettext_f("{file} to {name}", &values), "document-send-symbolic"),
        };
        imp.icon.set_icon_name(Some(icon));
        imp.file.set_label(&title);
        imp.file.set_tooltip_text(Some(&title));
        let state = state_words(transfer);
        imp.state.set_label(&state);
        imp.state.set_tooltip_text(Some(&match now.state {
            TransferState::Offered => {
                gettext_f("{state} Nobody tells you if they refuse: then it stays as it is.", &[("state", &state)])
            }
            _ => state,
        }));
        a11y::label(&*imp.progress, &title);
        let is_running = now.state == TransferState::Running;
        imp.progress.set_visible(is_running);
        match now.total.filter(|total| *total > 0) {
            _ if !is_running => {}
            #[expect(clippy::cast_precision_loss, reason = "a fraction of the width of a window")]
            Some(total) => imp.progress.set_fraction((now.done as f64 / total as f64).min(1.0)),
            // A pulse that stands still looks like a part that has come.
            None if now.done == 0 => imp.progress.set_fraction(0.0),
            None => imp.progress.pulse(),
        }
        if matches!(now.state, TransferState::Failed(_)) && !transfer.is_tried_again() {
            imp.state.add_css_class("problem");
        } else {
            imp.state.remove_css_class("problem");
        }
        let is_here = now.state == TransferState::Done && now.direction == Direction::In;
        let buttons = [
            (&imp.cancel, !transfer.is_over()),
            (&imp.retry, transfer.can_try_again()),
            (&imp.open, is_here),
            (&imp.folder, is_here),
        ];
        for (button, is_shown) in buttons {
            button.set_visible(is_shown);
            a11y::description(&**button, &title);
        }
    }
}

/// How a transfer stands, in words.
fn state_words(transfer: &Transfer) -> String {
    let Some(now) = transfer.now() else { return String::new() };
    let done = glib::format_size(now.done);
    match &now.state {
        TransferState::Offered => gettext_f("Offered. It is sent if {name} accepts.", &[("name", &now.peer.shown())]),
        TransferState::Done => {
            let how = match (now.direction, stored_as(&now)) {
                (Direction::Out, _) => gettext("Sent"),
                (Direction::In, None) => gettext("Received"),
                (Direction::In, Some(name)) => gettext_f("Received as {file}", &[("file", &name)]),
            };
            format!("{how} · {done}")
        }
        _ if transfer.is_tried_again() => gettext("Trying again…"),
        TransferState::Cancelled => gettext("Cancelled"),
        TransferState::EndedThere => gettext_f("{name} has broken it off.", &[("name", &now.peer.shown())]),
        TransferState::Failed(error) => Problem::new(error, &now.peer.shown()).sentences(),
        TransferState::Running => {
            let amount = match now.total {
                Some(total) => gettext_f("{done} of {total}", &[("done", &done), ("total", &glib::format_size(total))]),
                None => done.into(),
            };
            let speed = transfer.speed().map(speed_words);
            let left = transfer.seconds_left().map(time_words);
            [Some(amount), speed, left].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
    }
}

/// Under which name a file is here, if not under its own: another file had that, or one has chosen another.
fn stored_as(now: &net::Transfer) -> Option<String> {
    let own = now.file.rsplit('/').next().unwrap_or_default();
    let here = now.path.file_name()?.to_string_lossy();
    (here != own).then(|| displayable(&here).into_owned())
}

/// A speed, in the form that is usual here.
pub(super) fn speed_words(per_second: u64) -> String {
    gettext_f("{size}/s", &[("size", &glib::format_size(per_second))])
}

/// A time that is left, roughly.
fn time_words(seconds: u64) -> String {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    match seconds {
        0..=90 => ngettext_f("{n} second left", "{n} seconds left", number(seconds), &[]),
        91..=5400 => ngettext_f("{n} minute left", "{n} minutes left", number(seconds.div_ceil(60)), &[]),
        _ => ngettext_f("{n} hour left", "{n} hours left", number(seconds.div_ceil(3600)), &[]),
    }
}
