//! What went wrong, in words.

use gtk::prelude::*;
use klatch::net::{NetError, NetErrorKind};
use klatch::ui::problem::{self, Problem};
use klatch::ui::{hosting_alert, style};

use crate::opened::question;
use crate::screen::{seen, wait_for};

#[gtk::test]
fn every_problem_says_what_happened_and_what_to_do() {
    let mut titles = Vec::new();
    for kind in NetErrorKind::ALL {
        let problem = Problem::new(&NetError::new(kind), "chat.example.org:6666");
        for text in [&problem.title, &problem.advice] {
            assert!(text.ends_with(['.', '?', '”']) && !text.contains(['{', '}']), "{kind:?}: {text}");
        }
        assert_eq!(problem.retry, kind.is_worth_retrying(), "{kind:?}");
        titles.push(problem.title);
    }
    let all = titles.len();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), all, "two kinds of error look the same");

    let unknown = Problem::new(&NetError::new(NetErrorKind::HostNotFound), "nowhere.example:7000");
    assert_eq!(unknown.title, "There is no computer named nowhere.example.");
    let refused = Problem::new(&NetError::new(NetErrorKind::Refused), "10.0.0.2:7000");
    assert!(refused.title.contains("10.0.0.2:7000"));
}

#[gtk::test]
fn the_words_of_a_server_are_quoted_harmlessly() {
    let said = format!("no\u{202e}\n{}", "x".repeat(10_000));
    let problem = Problem::new(&NetError::with(NetErrorKind::NameRefused, &said), "h:1");
    assert!(problem.advice.contains("no\u{fffd}\u{fffd}xxx") && problem.advice.chars().count() < 500);
    assert!(problem.advice.ends_with(".” Choose another name."), "a sentence ends before the next one");
}

#[gtk::test]
fn a_server_that_cannot_be_hosted_is_told_of_where_nobody_looks() {
    style::register_resources();
    let parent = gtk::Window::new();
    parent.present();
    let problem = problem::hosting(&std::io::Error::from(std::io::ErrorKind::AddrInUse), 6666);
    hosting_alert::show(&parent, &problem);
    wait_for("the alert", || question().is_some_and(|alert| seen(&alert).contains(&problem.title)));
    question().unwrap().response(gtk::ResponseType::Close);
    assert!(question().is_none());
    parent.destroy();
}
