//! The user guide: a window with its chapters. It is compiled in, so that it is there wherever Klatch is.

mod chapters;
mod markdown;
mod page;
mod reference;
mod search;
mod words;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use page::{Page, Place};

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};

    use gtk::glib;
    use gtk::subclass::prelude::*;

    use super::{Page, Place};

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/guide.ui")]
    pub struct Guide {
        #[template_child]
        pub(super) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) contents: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) nothing: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        /// The chapters, in the order of the rows of the contents.
        pub(super) chapters: OnceCell<Vec<(&'static str, Page)>>,
        /// Where in the page that is shown the words are for which one searches, and which of them comes next.
        pub(super) places: RefCell<Vec<Place>>,
        pub(super) next: Cell<usize>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Guide {
        const NAME: &'static str = "KlatchGuide";
        type Type = super::Guide;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.install_action("guide.find", None, |guide, _, _| {
                crate::ui::search::begin(&guide.imp().search);
            });
            class.install_action("guide.back", None, |guide, _, _| guide.back());
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Guide {}
    impl WidgetImpl for Guide {}
    impl WindowImpl for Guide {}
}

glib::wrapper! {
    /// The window of the guide; there should be one at a time.
    pub struct Guide(ObjectSubclass<imp::Guide>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl Guide {
    /// The window, with its first chapter; it is not presented yet.
    pub fn new(app: &impl IsA<gtk::Application>) -> Self {
        let guide: Self = glib::Object::builder().property("application", app).build();
        // A group of its own: it can be read while a dialog waits for an answer.
        gtk::WindowGroup::new().add_window(&guide);
        let imp = guide.imp();
        imp.chapters.get_or_init(|| chapters::all().iter().map(|chapter| guide.add_chapter(chapter)).collect());
        imp.contents.connect_row_selected(glib::clone!(
            #[weak]
            guide,
            move |_, row| guide.show_row(row)
        ));
        imp.contents.set_filter_func(glib::clone!(
            #[weak]
            guide,
            #[upgrade_or]
            true,
            move |row| guide.page_of(row).is_none_or(|page| page.has(&guide.imp().search.text()))
        ));
        imp.search.set_key_capture_widget(Some(&*imp.contents));
        imp.search.connect_search_changed(glib::clone!(
            #[weak]
            guide,
            move |_| guide.search()
        ));
        imp.search.connect_activate(glib::clone!(
            #[weak]
            guide,
            move |_| guide.show_next()
        ));
        imp.search.connect_stop_search(glib::clone!(
            #[weak]
            guide,
            move |_| guide.back()
        ));
        imp.contents.select_row(imp.contents.row_at_index(0).as_ref());
        // The arrow keys turn the pages, and whatever else is typed is searched for.
        guide.connect_map(|guide| {
            if let Some(row) = guide.imp().contents.selected_row() {
                row.grab_focus();
            }
        });
        guide
    }

    fn add_chapter(&self, chapter: &chapters::Chapter) -> (&'static str, Page) {
        let guide = self.downgrade();
        let page = Page::new(chapter, move |id| guide.upgrade().is_some_and(|guide| guide.show_chapter(id)));
        let imp = self.imp();
        imp.pages.add_named(&page.scroller, Some(chapter.id));
        let title = gtk::Label::builder().label(&chapter.title).xalign(0.0).wrap(true).width_chars(14).build();
        imp.contents.append(&title);
        (chapter.id, page)
    }

    fn chapters(&self) -> &[(&'static str, Page)] {
        self.imp().chapters.get().map_or(&[], Vec::as_slice)
    }

    fn page_of(&self, row: &gtk::ListBoxRow) -> Option<&Page> {
        Some(&self.chapters().get(usize::try_from(row.index()).ok()?)?.1)
    }

    /// Ends the search; if there is none, closes the window.
    fn back(&self) {
        let search = &self.imp().search;
        if search.text().is_empty() {
            self.close();
        }
        search.set_text("");
    }

    /// Turns to the chapter with this id, if there is one.
    fn show_chapter(&self, id: &str) -> bool {
        let imp = self.imp();
        let Some(at) = self.chapters().iter().position(|(known, _)| *known == id) else { return false };
        // A search would hide the chapters that it does not find.
        imp.search.set_text("");
        imp.contents.invalidate_filter();
        let row = i32::try_from(at).ok().and_then(|at| imp.contents.row_at_index(at));
        imp.contents.select_row(row.as_ref());
        if let Some((_, page)) = self.chapters().get(at) {
            page.scroller.vadjustment().set_value(0.0);
        }
        true
    }

    fn show_row(&self, row: Option<&gtk::ListBoxRow>) {
        let imp = self.imp();
        let Some(row) = row else { return };
        let Some((id, page)) = usize::try_from(row.index()).ok().and_then(|at| self.chapters().get(at)) else { return };
        imp.pages.set_visible_child_name(id);
        imp.places.replace(page.mark(&imp.search.text()));
        imp.next.set(0);
        self.show_place();
    }

    /// Hides the chapters without the words that are searched for, and shows the first place that has them.
    fn search(&self) {
        let imp = self.imp();
        imp.contents.invalidate_filter();
        let rows = self.found_rows();
        imp.nothing.set_visible(rows.is_empty());
        let selected = imp.contents.selected_row();
        let stays = selected.filter(|selected| rows.contains(selected));
        if let Some(row) = stays.as_ref().or(rows.first()) {
            imp.contents.select_row(Some(row));
            self.show_row(Some(row));
        }
    }

    fn found_rows(&self) -> Vec<gtk::ListBoxRow> {
        let wanted = self.imp().search.text();
        let rows = (0..).map_while(|at| self.imp().contents.row_at_index(at));
        rows.filter(|row| self.page_of(row).is_some_and(|page| page.has(&wanted))).collect()
    }

    /// The next place with the words that are searched for; after the last one of a chapter, the next chapter.
    fn show_next(&self) {
        let imp = self.imp();
        if imp.next.get() + 1 < imp.places.borrow().len() {
            imp.next.set(imp.next.get() + 1);
            self.show_place();
            return;
        }
        let rows = self.found_rows();
        let selected = imp.contents.selected_row();
        let at = rows.iter().position(|row| Some(row) == selected.as_ref()).map_or(0, |at| at + 1);
        if let Some(row) = rows.get(at).or(rows.first()) {
            imp.contents.select_row(Some(row));
            self.show_row(Some(row));
        }
    }

    fn show_place(&self) {
        let imp = self.imp();
        let place = imp.places.borrow().get(imp.next.get()).copied();
        let row = imp.contents.selected_row();
        if let (Some(place), Some(page)) = (place, row.as_ref().and_then(|row| self.page_of(row))) {
            page.show(place);
        }
    }
}

/// Shows the guide.
pub fn show(app: &impl IsA<gtk::Application>) {
    let open = app.windows().into_iter().find_map(|window| window.downcast().ok());
    open.unwrap_or_else(|| Guide::new(app)).present();
}
