//! Who is there: the list, its menu and its search.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, gio, glib};

use super::Window;
use crate::net::UserName;
use crate::ui::buddy_row::BuddyRow;
use crate::ui::i18n::gettext;
use crate::ui::model::{Buddy, Client, Section};

impl Window {
    pub(super) fn build_list(&self, client: &Client) {
        let imp = self.imp();
        let tree = gtk::TreeListModel::new(client.roster().sections().clone(), false, true, |item| {
            item.downcast_ref::<Section>().map(|section| section.people().clone().upcast())
        });
        let selection = gtk::MultiSelection::new(Some(tree));
        imp.selection.get_or_init(|| selection.clone());
        imp.list.set_factory(Some(&self.row_factory()));
        imp.list.set_model(Some(&selection));
        imp.list.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, at| window.activate(at)
        ));
        selection.connect_selection_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, _, _| {
                window.imp().chosen.replace(window.selected());
                window.refresh_actions();
            }
        ));
        selection.connect_items_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, _, _, _| window.refresh_actions()
        ));
        self.connect_list_keys();
        imp.search.connect_search_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |search| window.search(&search.text())
        ));
        imp.search.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.activate_first()
        ));
        imp.search.connect_stop_search(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |search| {
                search.set_text("");
                window.imp().list.grab_focus();
            }
        ));
        imp.search.set_key_capture_widget(Some(&*imp.list));
        self.refresh_actions();
    }

    fn row_factory(&self) -> gtk::SignalListItemFactory {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, item| {
                let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
                let row = BuddyRow::default();
                let expander = gtk::TreeExpander::builder().indent_for_icon(false).child(&row).build();
                let click = gtk::GestureClick::builder().button(gdk::BUTTON_SECONDARY).build();
                click.connect_pressed(glib::clone!(
                    #[weak]
                    item,
                    #[weak]
                    window,
                    move |click, _, x, y| {
                        if window.buddy_at(item.position()).is_some()
                            && let Some(row) = click.widget()
                        {
                            window.select_for_menu(item.position());
                            window.show_menu(&row, x, y);
                        }
                    }
                ));
                expander.add_controller(click);
                window.accept_files(&expander, item);
                item.set_child(Some(&expander));
            }
        ));
        factory.connect_bind(|_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
            let Some(node) = item.item().and_downcast::<gtk::TreeListRow>() else { return };
            let Some(expander) = item.child().and_downcast::<gtk::TreeExpander>() else { return };
            if expander.list_row().as_ref() != Some(&node) {
                expander.set_list_row(Some(&node));
            }
            let Some(row) = expander.child().and_downcast::<BuddyRow>() else { return };
            if let Some(section) = node.item().and_downcast_ref::<Section>() {
                item.set_selectable(false);
                row.bind_section(section);
            } else if let Some(buddy) = node.item().and_downcast_ref::<Buddy>() {
                item.set_selectable(true);
                row.bind_buddy(buddy);
            }
        });
        factory
    }

    fn connect_list_keys(&self) {
        let list = &self.imp().list;
        let keys = gtk::EventControllerKey::new();
        // Before the search, which takes whatever is typed into the list, and Shift+F10 for its own menu.
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, state| {
                if matches!(key, gdk::Key::Left | gdk::Key::Right) && window.expand(key == gdk::Key::Right) {
                    return glib::Propagation::Stop;
                }
                let is_shift = state.contains(gdk::ModifierType::SHIFT_MASK);
                let opens_menu = key == gdk::Key::Menu || key == gdk::Key::F10 && is_shift;
                if opens_menu && window.show_menu_by_key() {
                    return glib::Propagation::Stop;
                }
                glib::Propagation::Proceed
            }
        ));
        list.add_controller(keys);
    }

    fn node_at(&self, at: u32) -> Option<gtk::TreeListRow> {
        self.imp().selection.get()?.item(at).and_downcast()
    }

    pub(super) fn buddy_at(&self, at: u32) -> Option<Buddy> {
        self.node_at(at)?.item().and_downcast()
    }

    pub(super) fn selected(&self) -> Vec<Buddy> {
        let Some(selection) = self.imp().selection.get() else { return Vec::new() };
        let chosen = selection.selection();
        let positions = (0..u32::try_from(chosen.size()).unwrap_or(u32::MAX)).map(|nth| chosen.nth(nth));
        positions.filter_map(|at| self.buddy_at(at)).collect()
    }

    /// Selects those again who were selected and have changed to another section: a menu that is open is for them.
    pub(super) fn keep_selected(&self) {
        let imp = self.imp();
        let (Some(client), Some(selection)) = (self.client(), imp.selection.get()) else { return };
        let mut chosen = imp.chosen.take();
        chosen.retain(|buddy| client.roster().get(&buddy.name()).as_ref() == Some(buddy));
        if self.selected().len() < chosen.len() {
            for at in (0..selection.n_items()).filter(|at| !selection.is_selected(*at)) {
                if self.buddy_at(at).is_some_and(|buddy| chosen.contains(&buddy)) {
                    selection.select_item(at, false);
                }
            }
        }
        imp.chosen.replace(chosen);
    }

    fn activate(&self, at: u32) {
        if let Some(buddy) = self.buddy_at(at) {
            let selected = self.selected();
            // Enter on one of several that are selected is for all of them.
            if selected.len() > 1 && selected.contains(&buddy) {
                self.start();
            } else {
                self.start_with(&[buddy.name()]);
            }
        } else if let Some(node) = self.node_at(at) {
            node.set_expanded(!node.is_expanded());
        }
    }

    fn activate_first(&self) {
        // The search follows what is typed with a delay, and Enter may come first.
        self.search(&self.imp().search.text());
        if let Some(buddy) = (0..2).find_map(|at| self.buddy_at(at)) {
            self.start_with(&[buddy.name()]);
        }
    }

    pub(super) fn start(&self) {
        let names: Vec<_> = self.selected().iter().map(Buddy::name).collect();
        self.start_with(&names);
    }

    fn start_with(&self, names: &[UserName]) {
        if let Some(conversation) = self.client().and_then(|client| client.start(names))
            && let Some(app) = self.application()
        {
            app.activate_action("open-conversation", Some(&conversation.key().to_variant()));
        }
    }

    pub(super) fn copy_names(&self) {
        let names: Vec<_> = self.selected().iter().map(|buddy| buddy.name().to_string()).collect();
        self.clipboard().set_text(&names.join("\n"));
    }

    pub(super) fn refresh_actions(&self) {
        let is_somebody_selected = !self.selected().is_empty();
        self.action_set_enabled("win.copy-name", is_somebody_selected);
        self.action_set_enabled("win.start", is_somebody_selected && self.client().is_some_and(Client::is_online));
        self.refresh_peer_actions();
    }

    fn select_for_menu(&self, at: u32) {
        if let Some(selection) = self.imp().selection.get()
            && !selection.is_selected(at)
        {
            selection.select_item(at, true);
        }
    }

    fn show_menu(&self, beside: &gtk::Widget, x: f64, y: f64) {
        let imp = self.imp();
        let Some((x, y)) = beside.translate_coordinates(&*imp.list, x, y) else { return };
        let popover = gtk::PopoverMenu::from_model(Some(&self.person_menu()));
        popover.set_parent(&*imp.list);
        popover.set_has_arrow(false);
        popover.set_halign(gtk::Align::Start);
        #[expect(clippy::cast_possible_truncation, reason = "coordinates in a window")]
        popover.set_pointing_to(Some(&gdk::Rectangle::new(x as i32, y as i32, 1, 1)));
        // Not in the signal itself: the chosen entry is still to be carried out.
        popover.connect_closed(|popover| {
            let popover = popover.clone();
            glib::idle_add_local_once(move || popover.unparent());
        });
        imp.popover.set(Some(&popover));
        popover.popup();
    }

    /// What can be done with those who are selected. Without entries that hide, and without sections: in GTK 4.8 the menu
    /// has the size that it has without their lines, and cuts the last entry off.
    fn person_menu(&self) -> gio::Menu {
        let impossible: Vec<&str> =
            self.peer_actions().filter(|(_, is_enabled)| !is_enabled).map(|(action, _)| action).collect();
        let menu = gio::Menu::new();
        for (action, label) in [
            ("win.start", gettext("_Start Conversation")),
            ("win.user-info", gettext("_User Info")),
            ("win.shared-files", gettext("Shared _Files")),
            ("win.send-file", gettext("S_end Files…")),
            ("win.copy-name", gettext("_Copy Name")),
            ("win.block", gettext("_Block")),
            ("win.unblock", gettext("Un_block")),
            ("win.remove-address", gettext("_Remove Address")),
        ] {
            if !impossible.contains(&action) {
                menu.append(Some(&label), Some(action));
            }
        }
        menu
    }

    /// Opens or closes the section that has the focus, or that the person with the focus is in.
    fn expand(&self, is_open: bool) -> bool {
        let focus = GtkWindowExt::focus(self);
        let expander = focus.and_then(|row| row.first_child()).and_downcast::<gtk::TreeExpander>();
        let Some(node) = expander.and_then(|expander| expander.list_row()) else { return false };
        let section = node.parent().unwrap_or(node);
        let changes = section.is_expanded() != is_open;
        section.set_expanded(is_open);
        changes
    }

    /// Shows the menu beside the row that has the focus; whether somebody is selected.
    fn show_menu_by_key(&self) -> bool {
        let imp = self.imp();
        let row = GtkWindowExt::focus(self).filter(|focus| focus.is_ancestor(&*imp.list));
        if let Some(row) = row
            && !self.selected().is_empty()
        {
            self.show_menu(&row, 32.0, f64::from(row.height()));
            return true;
        }
        false
    }

    fn search(&self, text: &str) {
        if let Some(client) = self.client() {
            client.roster().set_search(text);
        }
        // What was found must be seen, even in a section that was closed.
        if !text.trim().is_empty()
            && let Some(selection) = self.imp().selection.get()
        {
            let mut at = 0;
            while at < selection.n_items() {
                if let Some(node) = self.node_at(at).filter(|node| node.depth() == 0) {
                    node.set_expanded(true);
                }
                at += 1;
            }
        }
        self.refresh_page();
    }
}
