//! One chapter of the guide as a page.

use gtk::prelude::*;
use gtk::{glib, pango};

use super::chapters::{Chapter, Part};
use super::search::matches;
use crate::ui::a11y;

/// How wide a line may become, in characters, so that the eye finds the next one.
const LINE_CHARS: i32 = 68;
/// What is found is black on yellow, in the light and in the dark.
const MARK: (u16, u16, u16) = (0xf9f9, 0xe2e2, 0x6060);

/// A page that scrolls.
pub(super) struct Page {
    /// What goes into the window.
    pub(super) scroller: gtk::ScrolledWindow,
    content: gtk::Box,
    labels: Vec<gtk::Label>,
    /// What keeps the tables of two columns in line with each other.
    first_column: gtk::SizeGroup,
}

/// Where something was found: which label, and which byte of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize, usize);

impl Page {
    /// The page; `follow` gets what a link leads to, and tells whether that is a chapter.
    pub(super) fn new(chapter: &Chapter, follow: impl Fn(&str) -> bool + Clone + 'static) -> Self {
        let content = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(10).build();
        content.add_css_class("guide");
        let first_column = gtk::SizeGroup::new(gtk::SizeGroupMode::Horizontal);
        let mut page = Self { scroller: scroller(&content), content, labels: Vec::new(), first_column };
        a11y::label(&page.scroller, &chapter.title);
        page.add(&heading(&chapter.title, "title-2"));
        for part in &chapter.parts {
            page.add_part(part);
        }
        for label in &page.labels {
            let follow = follow.clone();
            label.connect_activate_link(move |_, target| {
                // What is no chapter is an address, and GTK opens it.
                if follow(target) { glib::Propagation::Stop } else { glib::Propagation::Proceed }
            });
        }
        page
    }

    fn add(&mut self, label: &gtk::Label) {
        self.content.append(label);
        self.labels.push(label.clone());
    }

    fn add_part(&mut self, part: &Part) {
        match part {
            Part::Heading(title) => self.add(&heading(title, "heading")),
            Part::Text(markup) => self.add(&text(markup)),
            Part::Steps(steps) => self.add_list(steps, |nth| format!("{}.", nth + 1)),
            Part::Points(points) => self.add_list(points, |_| "•".to_owned()),
            Part::Verbatim(text) => self.add(&verbatim(text)),
            Part::Table(rows) => self.add_table(rows),
        }
    }

    fn add_list(&mut self, items: &[String], mark: impl Fn(usize) -> String) {
        let list = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(6).build();
        for (nth, item) in items.iter().enumerate() {
            let row = gtk::Box::builder().spacing(8).build();
            let mark = gtk::Label::builder().label(mark(nth)).yalign(0.0).xalign(1.0).width_chars(2).build();
            mark.add_css_class("dim-label");
            let label = text(item);
            label.set_hexpand(true);
            row.append(&mark);
            row.append(&label);
            list.append(&row);
            self.labels.push(label);
        }
        self.content.append(&list);
    }

    fn add_table(&mut self, rows: &[Vec<String>]) {
        let grid = gtk::Grid::builder().column_spacing(20).row_spacing(6).build();
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(cells) {
                let label = text(cell);
                label.set_width_chars(12);
                label.set_hexpand(column + 1 == i32::try_from(cells.len()).unwrap_or(0));
                grid.attach(&label, column, row, 1, 1);
                if column == 0 && cells.len() == 2 {
                    self.first_column.add_widget(&label);
                }
                self.labels.push(label);
            }
        }
        self.content.append(&grid);
    }

    /// Whether these words are on the page; no words are on every page.
    pub(super) fn has(&self, wanted: &str) -> bool {
        wanted.trim().is_empty() || self.labels.iter().any(|label| !matches(&label.text(), wanted).is_empty())
    }

    /// Marks where these words are, and nothing else, and tells all places.
    pub(super) fn mark(&self, wanted: &str) -> Vec<Place> {
        let mut places = Vec::new();
        for (nth, label) in self.labels.iter().enumerate() {
            let marks = pango::AttrList::new();
            let (red, green, blue) = MARK;
            for found in matches(&label.text(), wanted) {
                places.push(Place(nth, found.start));
                for mut attribute in
                    [pango::AttrColor::new_background(red, green, blue), pango::AttrColor::new_foreground(0, 0, 0)]
                {
                    attribute.set_start_index(u32::try_from(found.start).unwrap_or(u32::MAX));
                    attribute.set_end_index(u32::try_from(found.end).unwrap_or(u32::MAX));
                    marks.insert(attribute);
                }
            }
            label.set_attributes(Some(&marks));
        }
        places
    }

    /// Scrolls until the place can be seen, as soon as the page has its size.
    pub(super) fn show(&self, place: Place) {
        let Some(label) = self.labels.get(place.0).cloned() else { return };
        let (content, adjustment) = (self.content.clone(), self.scroller.vadjustment());
        let frames = std::cell::Cell::new(0);
        self.scroller.add_tick_callback(move |_, _| {
            // The size is known when one frame is over.
            if frames.replace(frames.get() + 1) == 0 {
                return glib::ControlFlow::Continue;
            }
            let line = label.layout().index_to_pos(i32::try_from(place.1).unwrap_or(i32::MAX)).y() / pango::SCALE;
            let y = f64::from(label.layout_offsets().1 + line);
            if let Some((_, y)) = label.translate_coordinates(&content, 0.0, y) {
                // With some lines before it, for the context.
                adjustment.set_value(y - adjustment.page_size() / 3.0);
            }
            glib::ControlFlow::Break
        });
    }
}

fn scroller(content: &gtk::Box) -> gtk::ScrolledWindow {
    let viewport = gtk::Viewport::builder().child(content).scroll_to_focus(true).build();
    gtk::ScrolledWindow::builder()
        .child(&viewport)
        .hscrollbar_policy(gtk::PolicyType::Never)
        .hexpand(true)
        .vexpand(true)
        .build()
}

fn heading(title: &str, class: &str) -> gtk::Label {
    let role = gtk::AccessibleRole::Heading;
    let label = gtk::Label::builder().label(title).xalign(0.0).wrap(true).accessible_role(role).build();
    label.set_selectable(true);
    label.add_css_class(class);
    label
}

fn text(markup: &str) -> gtk::Label {
    let label = gtk::Label::builder().xalign(0.0).yalign(0.0).wrap(true).selectable(true).build();
    label.set_markup(markup);
    label.set_width_chars(20);
    label.set_max_width_chars(LINE_CHARS);
    label
}

/// Text as it is, from the left to the right in all languages.
fn verbatim(text: &str) -> gtk::Label {
    let label = gtk::Label::builder().label(text).xalign(0.0).wrap(true).selectable(true).build();
    label.set_wrap_mode(pango::WrapMode::WordChar);
    label.set_direction(gtk::TextDirection::Ltr);
    label.set_width_chars(20);
    label.add_css_class("verbatim");
    label
}
