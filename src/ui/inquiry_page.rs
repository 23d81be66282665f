//! What a peer was asked: a spinner while one waits, the reason and Retry if there is no answer, then the answer.

use gtk::glib;
use gtk::subclass::prelude::*;

use super::model::{Answer, Client, Inquiry};
use super::problem::Problem;

mod imp {
    use std::cell::RefCell;

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::problem_bar::ProblemBar;
    use super::Inquiry;

    #[derive(Debug, Default, glib::Properties, gtk::CompositeTemplate)]
    #[properties(wrapper_type = super::InquiryPage)]
    #[template(resource = "/im/klatch/Klatch/ui/inquiry_page.ui")]
    pub struct InquiryPage {
        /// What shows the answer.
        #[property(get, set = Self::set_content)]
        content: RefCell<Option<gtk::Widget>>,
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) problem: TemplateChild<ProblemBar>,
        #[template_child]
        pub(super) answer: TemplateChild<gtk::Box>,
        pub(super) inquiry: RefCell<Option<Inquiry>>,
    }

    impl InquiryPage {
        fn set_content(&self, content: Option<gtk::Widget>) {
            if let Some(content) = &content {
                self.answer.append(content);
            }
            self.content.replace(content);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for InquiryPage {
        const NAME: &'static str = "KlatchInquiryPage";
        type Type = super::InquiryPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            ProblemBar::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for InquiryPage {}
    impl WidgetImpl for InquiryPage {}
    impl BoxImpl for InquiryPage {}
}

glib::wrapper! {
    /// Shows what has come of an [`Inquiry`].
    pub struct InquiryPage(ObjectSubclass<imp::InquiryPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl InquiryPage {
    /// Follows the question, and calls `show` with each answer, also where that is none, or none yet.
    pub fn follow(&self, client: &Client, inquiry: &Inquiry, show: impl Fn(&Answer) + 'static) {
        let imp = self.imp();
        imp.problem.set_dismissible(false);
        imp.problem.connect_retry(glib::clone!(
            #[weak]
            client,
            #[weak]
            inquiry,
            move || client.ask_again(&inquiry)
        ));
        let refresh = glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |inquiry: &Inquiry| page.show_answer(inquiry, &show)
        );
        refresh(inquiry);
        inquiry.connect_revision_notify(refresh);
        imp.inquiry.replace(Some(inquiry.clone()));
    }

    fn show_answer(&self, inquiry: &Inquiry, show: &impl Fn(&Answer)) {
        let imp = self.imp();
        let answer = inquiry.answer();
        imp.spinner.set_spinning(answer == Answer::Awaited);
        show(&answer);
        imp.pages.set_visible_child_name(match &answer {
            Answer::Awaited => "awaited",
            Answer::None(error) => {
                imp.problem.show(&Problem { retry: true, ..Problem::new(error, &inquiry.of().shown()) });
                "failed"
            }
            Answer::UserInfo(_) | Answer::Files { .. } => "answer",
        });
    }
}
