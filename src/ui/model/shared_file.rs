//! A file that a peer shares.

use std::cell::OnceCell;

use gtk::glib::{self, FilenameCollationKey};
use gtk::subclass::prelude::*;

use crate::net::displayable;

mod imp {
    use super::{FilenameCollationKey, OnceCell, glib};
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::SharedFile)]
    pub struct SharedFile {
        /// By what it is asked for, as the peer lists it.
        #[property(get, construct_only)]
        pub path: OnceCell<String>,
        /// The name, as it may be shown.
        #[property(get, construct_only)]
        pub name: OnceCell<String>,
        /// The folder, as it may be shown; empty if it is in none.
        #[property(get, construct_only)]
        pub folder: OnceCell<String>,
        /// What is searched.
        #[property(get, construct_only)]
        pub search_key: OnceCell<String>,
        pub name_order: OnceCell<FilenameCollationKey>,
        pub folder_order: OnceCell<FilenameCollationKey>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SharedFile {
        const NAME: &'static str = "KlatchSharedFile";
        type Type = super::SharedFile;
    }

    #[glib::derived_properties]
    impl ObjectImpl for SharedFile {}
}

glib::wrapper! {
    /// A file that a peer shares. It never changes.
    pub struct SharedFile(ObjectSubclass<imp::SharedFile>);
}

impl SharedFile {
    /// A file, by its name in the list of the peer: `/` stands between folder and file.
    pub fn new(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (folder, name) = (displayable(folder), displayable(name));
        glib::Object::builder()
            .property("path", path)
            .property("name", &*name)
            .property("folder", &*folder)
            .property("search-key", format!("{folder}/{name}").to_lowercase())
            .build()
    }

    /// What its name is ordered by: as a reader counts, with "Lecture 9" before "Lecture 10".
    pub fn name_order(&self) -> &FilenameCollationKey {
        self.imp().name_order.get_or_init(|| self.name().to_lowercase().into())
    }

    /// The same for its folder.
    pub fn folder_order(&self) -> &FilenameCollationKey {
        self.imp().folder_order.get_or_init(|| self.folder().to_lowercase().into())
    }

    /// Whether folder and name have all the words that are looked for, in any case.
    pub fn matches(&self, search: &str) -> bool {
        let key = self.imp().search_key.get().map_or("", String::as_str);
        search.to_lowercase().split_whitespace().all(|word| key.contains(word))
    }
}
