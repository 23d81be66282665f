//! The window that lists the files on their way, and those that have come or gone.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::file_manager;
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::model::{Client, Transfer};
use super::problem::Problem;
use super::transfer_row::{TransferRow, Wish, speed_words};

mod imp {
    use std::cell::{OnceCell, RefCell};

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::problem_bar::ProblemBar;
    use super::Client;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/transfers.ui")]
    pub struct TransfersWindow {
        #[template_child]
        pub(super) problem: TemplateChild<ProblemBar>,
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        pub(super) client: OnceCell<Client>,
        pub(super) handlers: RefCell<Vec<(glib::Object, glib::SignalHandlerId)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for TransfersWindow {
        const NAME: &'static str = "KlatchTransfersWindow";
        type Type = super::TransfersWindow;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            ProblemBar::ensure_type();
            class.bind_template();
            class.install_action("transfers.clear", None, |window, _, _| {
                if let Some(client) = window.imp().client.get() {
                    // It is about one of them.
                    window.imp().problem.clear();
                    client.clear_finished_transfers();
                }
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for TransfersWindow {
        fn dispose(&self) {
            for (object, handler) in self.handlers.take() {
                object.disconnect(handler);
            }
        }
    }

    impl WidgetImpl for TransfersWindow {}
    impl WindowImpl for TransfersWindow {}
}

glib::wrapper! {
    /// The list of transfers; there should be one at a time.
    pub struct TransfersWindow(ObjectSubclass<imp::TransfersWindow>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl TransfersWindow {
    /// The window; it is not presented yet.
    pub fn new(app: &impl IsA<gtk::Application>, client: &Client) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        let imp = window.imp();
        imp.client.get_or_init(|| client.clone());
        imp.list.set_factory(Some(&window.factory()));
        imp.list.set_model(Some(&gtk::NoSelection::new(Some(client.transfers().clone()))));
        let refresh = glib::clone!(
            #[weak]
            window,
            move || window.refresh()
        );
        let changed = refresh.clone();
        let clear = glib::clone!(
            #[weak(rename_to = problem)]
            imp.problem,
            move |_: &Client| problem.clear()
        );
        let added = glib::clone!(
            #[weak]
            window,
            move |at, added| {
                refresh();
                if added > 0 {
                    window.scroll_to(at + added - 1);
                }
            }
        );
        imp.handlers.replace(vec![
            (client.clone().upcast(), client.connect_transfer_changed(move |_, _| changed())),
            // What could not be done then may be done now.
            (client.clone().upcast(), client.connect_link_changed(clear)),
            (
                client.transfers().clone().upcast(),
                client.transfers().connect_items_changed(move |_, at, _, news| added(at, news)),
            ),
        ]);
        window.refresh();
        window.connect_map(|window| {
            let count = window.imp().client.get().map_or(0, |client| client.transfers().n_items());
            if let Some(last) = count.checked_sub(1) {
                window.scroll_to(last);
            }
        });
        window
    }

    /// Brings a row into sight, once it has been laid out.
    fn scroll_to(&self, row: u32) {
        let list = self.imp().list.downgrade();
        glib::idle_add_local_once(move || {
            if let Some(list) = list.upgrade() {
                // The list itself has this action.
                let _ = WidgetExt::activate_action(&list, "list.scroll-to-item", Some(&row.to_variant()));
            }
        });
    }

    fn factory(&self) -> gtk::SignalListItemFactory {
        let factory = gtk::SignalListItemFactory::new();
        let window = self.downgrade();
        factory.connect_setup(move |_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
            let row = TransferRow::default();
            let window = window.clone();
            row.connect_wish(move |transfer, wish| {
                if let Some(window) = window.upgrade() {
                    window.fulfil(transfer, wish);
                }
            });
            item.set_child(Some(&row));
            item.set_activatable(false);
        });
        factory.connect_bind(|_, item| with_row(item, TransferRow::bind));
        factory.connect_unbind(|_, item| with_row(item, |row, _| row.unbind()));
        factory
    }

    fn fulfil(&self, transfer: &Transfer, wish: Wish) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        imp.problem.clear();
        match (wish, transfer.finished_path()) {
            (Wish::Cancel, _) => client.cancel(transfer),
            (Wish::Retry, _) => {
                if let Err(error) = client.try_again(transfer) {
                    // The button in the row tries again.
                    imp.problem.show(&Problem { retry: false, ..Problem::new(&error, "") });
                }
            }
            (Wish::Open, Some(path)) => file_manager::open(self, &path, self.told()),
            (Wish::ShowInFolder, Some(path)) => file_manager::show_in_folder(self, &path, self.told()),
            (Wish::Open | Wish::ShowInFolder, None) => {}
        }
    }

    /// Says in the window why a file cannot be shown.
    fn told(&self) -> impl FnOnce(glib::Error) + 'static {
        let window = self.downgrade();
        move |error| {
            if let Some(window) = window.upgrade() {
                let (title, advice) = if error.matches(gio::IOErrorEnum::NotFound) {
                    let advice =
                        gettext("It has been moved, renamed or deleted since. If you still need it, get it again.");
                    (gettext("This file is not there any more."), advice)
                } else {
                    let advice = gettext_f("The system says: “{text}”", &[("text", error.message())]);
                    (gettext("No other program can show this file."), advice)
                };
                window.imp().problem.show(&Problem { title, advice, retry: false });
            }
        }
    }

    fn refresh(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let count = client.transfers().n_items();
        let running = client.running_transfers();
        imp.pages.set_visible_child_name(if count == 0 { "nothing" } else { "list" });
        imp.state.set_label(&summary(&running).unwrap_or_default());
        let is_over = |transfer: Result<Transfer, _>| transfer.is_ok_and(|transfer| transfer.is_over());
        self.action_set_enabled("transfers.clear", client.transfers().iter::<Transfer>().any(is_over));
    }
}

/// How many transfers are under way.
pub fn count(running: &[Transfer]) -> String {
    ngettext_f("{n} transfer", "{n} transfers", running.len(), &[])
}

/// How many transfers are under way, and how fast they are together; nothing if there are none.
pub fn summary(running: &[Transfer]) -> Option<String> {
    if running.is_empty() {
        return None;
    }
    let count = count(running);
    let speed: u64 = running.iter().filter_map(Transfer::speed).sum();
    if speed == 0 {
        return Some(count);
    }
    Some(gettext_f("{count}, {speed}", &[("count", &count), ("speed", &speed_words(speed))]))
}

/// The window, if it is open.
pub fn window(app: &impl IsA<gtk::Application>) -> Option<TransfersWindow> {
    app.windows().into_iter().find_map(|window| window.downcast().ok())
}

fn with_row(item: &glib::Object, f: impl Fn(&TransferRow, &Transfer)) {
    if let Some(item) = item.downcast_ref::<gtk::ListItem>()
        && let (Some(row), Some(transfer)) = (item.child().and_downcast(), item.item().and_downcast())
    {
        f(&row, &transfer);
    }
}
