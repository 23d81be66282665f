//! The addresses that others type to reach a server on this computer, each with a button that copies it.

use std::time::Duration;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::a11y;
use super::i18n::{gettext, gettext_f};
use crate::net::{ServerAddress, reachable_addresses};

/// How long a button says that it has copied.
const COPIED: Duration = Duration::from_secs(2);

mod imp {
    use std::cell::{Cell, RefCell};

    use gtk::prelude::*;
    use gtk::subclass::prelude::*;
    use gtk::{gio, glib};

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/address_list.ui")]
    pub struct AddressList {
        #[template_child]
        pub(super) none: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) rows: TemplateChild<gtk::ListBox>,
        pub(super) port: Cell<u16>,
        pub(super) shown: RefCell<Vec<String>>,
        pub(super) network_changed: RefCell<Option<glib::SignalHandlerId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AddressList {
        const NAME: &'static str = "KlatchAddressList";
        type Type = super::AddressList;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for AddressList {}

    impl WidgetImpl for AddressList {
        /// The addresses may change whenever the computer joins or leaves a network.
        fn map(&self) {
            self.parent_map();
            self.obj().refresh();
            let list = self.obj().downgrade();
            let id = gio::NetworkMonitor::default().connect_network_changed(move |_, _| {
                if let Some(list) = list.upgrade() {
                    list.refresh();
                }
            });
            self.network_changed.replace(Some(id));
        }

        fn unmap(&self) {
            if let Some(id) = self.network_changed.take() {
                gio::NetworkMonitor::default().disconnect(id);
            }
            self.parent_unmap();
        }
    }

    impl BoxImpl for AddressList {}
}

glib::wrapper! {
    /// Follows the network while it is shown.
    pub struct AddressList(ObjectSubclass<imp::AddressList>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl AddressList {
    /// Shows the addresses of a server that listens at this port.
    pub fn set_port(&self, port: u16) {
        self.imp().port.set(port);
        self.refresh();
    }

    /// What is shown, as others type it.
    pub fn addresses(&self) -> Vec<String> {
        self.imp().shown.borrow().clone()
    }

    fn refresh(&self) {
        let imp = self.imp();
        let found = reachable_addresses().unwrap_or_else(|error| {
            tracing::warn!("the addresses of this computer cannot be read: {error}");
            Vec::new()
        });
        let port = imp.port.get();
        let addresses: Vec<_> =
            found.into_iter().map(|ip| ServerAddress { host: ip.to_string(), port }.to_string()).collect();
        imp.none.set_visible(addresses.is_empty());
        imp.rows.set_visible(!addresses.is_empty());
        // A button that has just been pressed keeps the keyboard if nothing has changed.
        if *imp.shown.borrow() == addresses {
            return;
        }
        while let Some(row) = imp.rows.row_at_index(0) {
            imp.rows.remove(&row);
        }
        for address in &addresses {
            imp.rows.append(&row(address));
        }
        imp.shown.replace(addresses);
    }
}

fn row(address: &str) -> gtk::ListBoxRow {
    let label = gtk::Label::builder()
        .label(address)
        .selectable(true)
        .xalign(0.0)
        .hexpand(true)
        .ellipsize(gtk::pango::EllipsizeMode::Middle)
        .css_classes(["monospace"])
        .build();
    let copy = gtk::Button::builder().label(gettext("Copy")).valign(gtk::Align::Center).build();
    a11y::label(&copy, &gettext_f("Copy {address}", &[("address", address)]));
    let text = address.to_owned();
    copy.connect_clicked(move |button| {
        button.clipboard().set_text(&text);
        button.set_label(&gettext("Copied"));
        let button = button.downgrade();
        glib::timeout_add_local_once(COPIED, move || {
            if let Some(button) = button.upgrade() {
                button.set_label(&gettext("Copy"));
            }
        });
    });
    let line = gtk::Box::new(gtk::Orientation::Horizontal, 8);
    line.append(&label);
    line.append(&copy);
    gtk::ListBoxRow::builder().activatable(false).focusable(false).child(&line).build()
}
