//! A person's picture; without one, the initials on the person's colour.

use std::cell::RefCell;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib, graphene, gsk, pango};

use super::colour;

mod imp {
    use super::{RefCell, draw, gdk, glib};
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;
    use std::cell::Cell;

    #[derive(Debug, Default, glib::Properties)]
    #[properties(wrapper_type = super::Avatar)]
    pub struct Avatar {
        /// Width and height in pixels.
        #[property(get, set)]
        pub size: Cell<i32>,
        pub name: RefCell<String>,
        /// Shown instead of the initials.
        #[property(get, set = Self::set_picture, nullable)]
        pub picture: RefCell<Option<gdk::Texture>>,
    }

    impl Avatar {
        fn set_picture(&self, picture: Option<gdk::Texture>) {
            if *self.picture.borrow() != picture {
                self.picture.replace(picture);
                self.obj().queue_draw();
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Avatar {
        const NAME: &'static str = "KlatchAvatar";
        type Type = super::Avatar;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            // The name stands beside it in words.
            class.set_accessible_role(gtk::AccessibleRole::Presentation);
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for Avatar {}

    impl WidgetImpl for Avatar {
        fn measure(&self, _orientation: gtk::Orientation, _for_size: i32) -> (i32, i32, i32, i32) {
            (self.size.get(), self.size.get(), -1, -1)
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            draw(&self.obj(), &self.name.borrow(), self.picture.borrow().as_ref(), snapshot);
        }
    }
}

glib::wrapper! {
    /// A disc with a picture, or initials.
    pub struct Avatar(ObjectSubclass<imp::Avatar>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl Avatar {
    /// Shows this person.
    pub fn set_person(&self, name: &str) {
        if *self.imp().name.borrow() != name {
            name.clone_into(&mut self.imp().name.borrow_mut());
            self.queue_draw();
        }
    }
}

fn draw(avatar: &Avatar, name: &str, picture: Option<&gdk::Texture>, snapshot: &gtk::Snapshot) {
    #[expect(clippy::cast_precision_loss, reason = "sizes of widgets are small")]
    let (width, height) = (avatar.width() as f32, avatar.height() as f32);
    let size = width.min(height);
    let bounds = graphene::Rect::new((width - size) / 2.0, (height - size) / 2.0, size, size);
    let Ok(ground) = gdk::RGBA::parse(colour::of_ground(name)) else { return };
    snapshot.push_rounded_clip(&gsk::RoundedRect::from_rect(bounds, size / 2.0));
    snapshot.append_color(&ground, &bounds);
    if let Some(picture) = picture {
        snapshot.append_texture(picture, &bounds);
    } else {
        draw_initials(avatar, name, &bounds, snapshot);
    }
    snapshot.pop();
}

fn draw_initials(avatar: &Avatar, name: &str, bounds: &graphene::Rect, snapshot: &gtk::Snapshot) {
    let size = bounds.width();
    let layout = avatar.create_pango_layout(Some(&initials(name)));
    let mut font = avatar.pango_context().font_description().unwrap_or_default();
    font.set_weight(pango::Weight::Bold);
    font.set_absolute_size(f64::from(size) * 0.4 * f64::from(pango::SCALE));
    layout.set_font_description(Some(&font));
    let (ink, _) = layout.pixel_extents();
    #[expect(clippy::cast_precision_loss, reason = "sizes of widgets are small")]
    let place = graphene::Point::new(
        bounds.x() + (size - ink.width() as f32) / 2.0 - ink.x() as f32,
        bounds.y() + (size - ink.height() as f32) / 2.0 - ink.y() as f32,
    );
    snapshot.save();
    snapshot.translate(&place);
    snapshot.append_layout(&layout, &gdk::RGBA::WHITE);
    snapshot.restore();
}

/// The first letters of the first and of the last word. Numbers count only where there is nothing else.
fn initials(name: &str) -> String {
    let firsts: Vec<char> = name
        .split(|c: char| c.is_whitespace() || matches!(c, '.' | '_' | '-'))
        .filter_map(|word| word.trim_start_matches(|c: char| c.is_ascii_punctuation()).chars().next())
        .collect();
    let letters: Vec<char> = firsts.iter().copied().filter(|c| !c.is_numeric()).collect();
    let chosen = if letters.is_empty() { firsts } else { letters };
    let (first, last) = (chosen.first(), chosen.get(1..).and_then(<[char]>::last));
    first.into_iter().chain(last).flat_map(|c| c.to_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names() {
        for (name, letters) in [
            ("bob", "B"),
            ("Bob Smith", "BS"),
            ("anna maria von stein", "AS"),
            ("jean-luc", "JL"),
            ("Zoë", "Z"),
            ("张伟", "张"),
            ("student 17", "S"),
            ("17", "1"),
            ("Bob (2)", "B"),
            ("Bob (Room) Smith", "BS"),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
