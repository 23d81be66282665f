//! Something that a peer was asked, and what has come of it.

use std::cell::{Cell, OnceCell, RefCell};

use gtk::glib;
use gtk::subclass::prelude::*;

use crate::net::{Command, NetError, Question, UserInfo, UserName};

/// What has come of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    #[default]
    Awaited,
    /// What they tell about themselves.
    UserInfo(UserInfo),
    /// What they share.
    Files {
        /// The names of the files, `/` between folder and file.
        names: Vec<String>,
        /// How many files are left out because their names cannot be asked for.
        unfit: usize,
        /// There are more than these.
        is_cut: bool,
    },
    /// There is no answer.
    None(NetError),
}

mod imp {
    use super::{Answer, Cell, OnceCell, Question, RefCell, UserName, glib};
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::Inquiry)]
    pub struct Inquiry {
        pub about: OnceCell<(UserName, Question)>,
        pub answer: RefCell<Answer>,
        /// Counts the changes of the answer.
        #[property(get)]
        pub revision: Cell<u32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Inquiry {
        const NAME: &'static str = "KlatchInquiry";
        type Type = super::Inquiry;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Inquiry {}
}

glib::wrapper! {
    /// Something that a peer was asked. It lives as long as the window that wants to know.
    pub struct Inquiry(ObjectSubclass<imp::Inquiry>);
}

impl Inquiry {
    pub(super) fn new(of: &UserName, question: Question) -> Self {
        let inquiry: Self = glib::Object::new();
        inquiry.imp().about.get_or_init(|| (of.clone(), question));
        inquiry
    }

    /// Who was asked.
    pub fn of(&self) -> UserName {
        self.imp().about.get().map_or_else(|| UserName::received(""), |about| about.0.clone())
    }

    /// What has come of it.
    pub fn answer(&self) -> Answer {
        self.imp().answer.borrow().clone()
    }

    pub(super) fn is(&self, of: &UserName, question: Question) -> bool {
        self.imp().about.get().is_some_and(|about| about.0 == *of && about.1 == question)
    }

    pub(super) fn set_answer(&self, answer: Answer) {
        self.imp().answer.replace(answer);
        self.imp().revision.set(self.revision().wrapping_add(1));
        self.notify_revision();
    }

    /// The command that asks.
    pub(super) fn command(&self) -> Option<Command> {
        let (of, question) = self.imp().about.get()?;
        Some(match question {
            Question::UserInfo => Command::AskUserInfo(of.clone()),
            Question::Files => Command::ListFiles(of.clone()),
        })
    }
}
