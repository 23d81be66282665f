//! The dialog that adds somebody who does not appear by themselves. It stays until it is known whether anybody is there.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::field::{self, Field};
use super::i18n::gettext;
use super::model::Client;
use super::problem;
use super::settings::Settings;
use crate::net::{LinkState, NetError, ServerAddress};

mod imp {
    use std::cell::OnceCell;

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::address_list::AddressList;
    use super::{Client, Field, Settings};

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/add_peer.ui")]
    pub struct AddPeer {
        #[template_child]
        pub(super) field: TemplateChild<Field>,
        #[template_child]
        pub(super) addresses: TemplateChild<AddressList>,
        #[template_child]
        pub(super) looking: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) go: TemplateChild<gtk::Button>,
        pub(super) client: OnceCell<Client>,
        pub(super) settings: OnceCell<Settings>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AddPeer {
        const NAME: &'static str = "KlatchAddPeer";
        type Type = super::AddPeer;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            AddressList::ensure_type();
            Field::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for AddPeer {}
    impl WidgetImpl for AddPeer {}
    impl WindowImpl for AddPeer {}
}

glib::wrapper! {
    /// The dialog.
    pub struct AddPeer(ObjectSubclass<imp::AddPeer>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl AddPeer {
    /// The dialog, over its parent, with what is known of the address to begin with. Whoever is found is remembered in the
    /// settings.
    pub fn new(parent: &impl IsA<gtk::Window>, client: &Client, settings: &Settings, address: &str) -> Self {
        let dialog: Self = glib::Object::builder().property("transient-for", parent).build();
        let imp = dialog.imp();
        imp.client.get_or_init(|| client.clone());
        imp.settings.get_or_init(|| settings.clone());
        if let LinkState::Online { port: Some(port), .. } = client.link() {
            imp.addresses.set_port(port);
        }
        imp.field.set_text(address);
        imp.field.connect_changed(|field| field.set_problem(None));
        imp.go.connect_clicked(glib::clone!(
            #[weak]
            dialog,
            move |_| dialog.add()
        ));
        // What is selected is lost with the first key.
        dialog.connect_map(|dialog| dialog.imp().field.continue_typing());
        // However it is closed.
        dialog.connect_unmap(|dialog| {
            let imp = dialog.imp();
            if let Some(client) = imp.client.get().filter(|_| imp.spinner.is_spinning()) {
                client.give_up_adding();
            }
        });
        dialog
    }

    fn add(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        match read(&imp.field.text()) {
            Ok(address) => {
                imp.field.set_problem(None);
                self.show_looking(true);
                let dialog = self.downgrade();
                client.add_peer(&address.clone(), move |result| {
                    if let Some(dialog) = dialog.upgrade() {
                        dialog.added(&address, result);
                    }
                });
            }
            Err(problem) => self.refuse(&problem),
        }
    }

    fn added(&self, address: &ServerAddress, result: Result<(), NetError>) {
        self.show_looking(false);
        match result {
            Ok(()) => {
                if let Some(settings) = self.imp().settings.get() {
                    settings.set_added_peer(address, true);
                }
                self.destroy();
            }
            Err(error) => self.refuse(&problem::adding(&error, address)),
        }
    }

    fn refuse(&self, problem: &str) {
        let field = &self.imp().field;
        field.set_problem(Some(problem));
        field.continue_typing();
    }

    fn show_looking(&self, is_looking: bool) {
        let imp = self.imp();
        imp.looking.set_visible(is_looking);
        imp.spinner.set_spinning(is_looking);
        imp.field.set_sensitive(!is_looking);
        imp.go.set_sensitive(!is_looking);
    }
}

/// Reads an address with its port, which no two peers need have in common; or says what is wrong with it.
fn read(text: &str) -> Result<ServerAddress, String> {
    let without = || gettext("Enter the address and the port of the other Klatch, such as 192.168.1.20:40123.");
    let text = text.trim();
    if text.is_empty() {
        return Err(without());
    }
    text.parse::<ServerAddress>().map_err(problem::address)?;
    field::with_port(text).ok_or_else(without)
}
