//! A dialog that asks for one line of text.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::field::Field;

mod imp {
    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::Field;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/prompt.ui")]
    pub struct Prompt {
        #[template_child]
        pub(super) advice: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) field: TemplateChild<Field>,
        #[template_child]
        pub(super) go: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Prompt {
        const NAME: &'static str = "KlatchPrompt";
        type Type = super::Prompt;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            Field::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Prompt {}
    impl WidgetImpl for Prompt {}
    impl WindowImpl for Prompt {}
}

glib::wrapper! {
    /// A dialog that asks for one line of text.
    pub struct Prompt(ObjectSubclass<imp::Prompt>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

/// What a prompt says.
#[derive(Clone, Debug)]
pub struct Words {
    /// The title of the window.
    pub title: String,
    /// What to type, and what comes of it.
    pub advice: String,
    /// The caption of the field; an underscore marks its key.
    pub caption: String,
    /// What the button says; an underscore marks its key.
    pub go: String,
}

impl Prompt {
    /// The dialog, over its parent, with a text to begin with. `done` gets what was typed; it tells what is wrong with
    /// it, for the dialog to show, or nothing, which closes the dialog.
    pub fn new(
        parent: &impl IsA<gtk::Window>,
        words: &Words,
        text: &str,
        done: impl Fn(&str) -> Result<(), String> + 'static,
    ) -> Self {
        let prompt: Self =
            glib::Object::builder().property("transient-for", parent).property("title", &words.title).build();
        let imp = prompt.imp();
        imp.advice.set_label(&words.advice);
        imp.field.set_label(words.caption.as_str());
        imp.field.set_text(text);
        imp.go.set_label(&words.go);
        imp.field.connect_changed(|field| field.set_problem(None));
        imp.go.connect_clicked(glib::clone!(
            #[weak]
            prompt,
            move |_| {
                let field = &prompt.imp().field;
                match done(field.text().trim()) {
                    Ok(()) => prompt.destroy(),
                    Err(problem) => {
                        field.set_problem(Some(&problem));
                        field.grab_focus();
                    }
                }
            }
        ));
        prompt
    }
}
