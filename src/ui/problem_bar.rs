//! A bar inside a window that says what went wrong and what to do, with Retry where that helps.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::problem::Problem;

mod imp {
    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/problem_bar.ui")]
    pub struct ProblemBar {
        #[template_child]
        pub(super) title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) advice: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) retry: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) close: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) way_out: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ProblemBar {
        const NAME: &'static str = "KlatchProblemBar";
        type Type = super::ProblemBar;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ProblemBar {
        fn constructed(&self) {
            self.parent_constructed();
            let bar = self.obj().downgrade();
            self.close.connect_clicked(move |_| {
                if let Some(bar) = bar.upgrade() {
                    bar.clear();
                }
            });
        }
    }
    impl WidgetImpl for ProblemBar {}
    impl BoxImpl for ProblemBar {}
}

glib::wrapper! {
    /// Hidden until [`ProblemBar::show`], and again after [`ProblemBar::clear`] or its close button.
    pub struct ProblemBar(ObjectSubclass<imp::ProblemBar>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for ProblemBar {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl ProblemBar {
    /// Says what went wrong. Retry is offered where [`Problem::retry`] says that it may help.
    pub fn show(&self, problem: &Problem) {
        let imp = self.imp();
        imp.title.set_label(&problem.title);
        imp.advice.set_label(&problem.advice);
        imp.retry.set_visible(problem.retry);
        imp.way_out.set_visible(false);
        self.set_visible(true);
    }

    /// Offers a way out of the problem that is shown.
    pub fn offer(&self, label: &str, action: &str, target: Option<&glib::Variant>) {
        let way_out = &self.imp().way_out;
        way_out.set_label(label);
        way_out.set_action_target_value(target);
        way_out.set_action_name(Some(action));
        way_out.set_visible(true);
    }

    /// Whether the bar can be closed; it should not where it is all that there is to see.
    pub fn set_dismissible(&self, is_dismissible: bool) {
        self.imp().close.set_visible(is_dismissible);
    }

    /// There is no problem, or none any more.
    pub fn clear(&self) {
        self.set_visible(false);
    }

    /// Calls `f` when the person wants to try again; the bar stays until [`ProblemBar::clear`].
    pub fn connect_retry(&self, f: impl Fn() + 'static) {
        self.imp().retry.connect_clicked(move |_| f());
    }
}
