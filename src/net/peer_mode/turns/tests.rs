use std::future::ready;
use std::pin::pin;

use super::*;

fn name(text: &str) -> UserName {
    UserName::received(text)
}

impl Line {
    /// Somebody's request comes; who goes then, and how many.
    fn go(&mut self, to: &[&str]) -> usize {
        for to in to {
            self.add(&name(to), oneshot::channel().0);
        }
        std::iter::from_fn(|| self.next()).count()
    }

    fn under_way(&self, to: &str) -> usize {
        self.people.get(&name(to)).map_or(0, |person| person.under_way.len())
    }
}

fn invented() -> Vec<String> {
    (0..400).map(|number| number.to_string()).collect()
}

#[test]
fn many_who_do_not_answer_leave_places_to_those_who_have() {
    let invented = invented();
    let invented: Vec<&str> = invented.iter().map(String::as_str).collect();
    let mut line = Line::default();
    line.learn(&name("heard"), |known| known.max(Reach::Heard));
    line.learn(&name("reached"), |_| Reach::Reached);
    assert_eq!(line.go(&invented), Reach::Unknown.places());
    assert_eq!(line.go(&["unknown"]), 0);
    assert_eq!(line.go(&["heard", "reached"]), 2);
    // Even those who ask something to be taken for somebody better leave some.
    for liar in &invented {
        line.learn(&name(liar), |known| known.max(Reach::Heard));
    }
    line.go(&[]);
    assert_eq!((line.go(&["heard"]), line.go(&["reached"])), (0, 1));

    let mut line = Line::default();
    for liar in &invented {
        line.learn(&name(liar), |_| Reach::Failed);
    }
    assert_eq!(line.go(&invented), Reach::Failed.places());
    assert_eq!(line.go(&["unknown"]), 1);
}

#[test]
fn all_places_are_used_and_one_person_leaves_some() {
    let mut line = Line::default();
    for to in ["bob", "cid"] {
        line.learn(&name(to), |_| Reach::Reached);
    }
    assert_eq!(line.go(&["bob"; AT_ONCE]), EACH);
    assert_eq!(line.go(&["cid"; 2]), 2);
    line.end(&name("bob"), 1);
    assert_eq!((line.go(&[]), line.under_way("bob")), (1, EACH));
    let others = invented();
    for other in &others {
        line.learn(&name(other), |_| Reach::Reached);
    }
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    assert_eq!(line.go(&others), AT_ONCE - EACH - 2);
}

#[test]
fn whoever_has_waited_longest_is_next_and_nothing_is_left() {
    let mut line = Line::default();
    let first: Vec<String> = invented().into_iter().take(Reach::Unknown.places()).collect();
    line.go(&first.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(line.go(&["zoe", "bob"]), 0);
    line.end(&name("0"), 1);
    assert_eq!((line.go(&[]), line.under_way("zoe")), (1, 1), "not sooner because of the name");
    let last = line.numbers;
    for number in 1..=last {
        for to in first.iter().map(String::as_str).chain(["zoe", "bob"]) {
            line.end(&name(to), number);
        }
    }
    assert!(line.people.is_empty() && line.closing.is_empty());
}

#[test]
fn who_only_has_to_close_takes_no_place() {
    let mut line = Line::default();
    line.learn(&name("bob"), |_| Reach::Reached);
    for number in 1..=CLOSING as u64 {
        assert_eq!(line.go(&["bob"]), 1);
        line.is_written(&name("bob"), number);
    }
    assert_eq!(line.under_way("bob"), 0);
    let last = CLOSING as u64 + 1;
    line.go(&["bob"]);
    line.is_written(&name("bob"), last);
    assert_eq!(line.under_way("bob"), 1, "so many have to close that this one keeps its place");
    for number in 1..=last {
        line.end(&name("bob"), number);
    }
    assert!(line.closing.is_empty() && line.under_way("bob") == 0);
}

#[tokio::test]
async fn a_turn_that_ends_or_is_given_up_is_the_turn_of_another() {
    let (turns, bob) = (Turns::default(), name("bob"));
    let mut taken = Vec::new();
    for _ in 0..EACH {
        taken.push(turns.take(&bob).await);
    }
    let mut given_up = Box::pin(turns.take(&bob));
    let mut next = pin!(turns.take(&bob));
    for waiting in [given_up.as_mut(), next.as_mut()] {
        tokio::select! {
            biased;
            _ = waiting => panic!("one too many"),
            () = ready(()) => {}
        }
    }
    drop(given_up);
    taken.pop();
    drop(next.await);
    drop(taken);
    assert!(turns.lock().people.is_empty());
}
