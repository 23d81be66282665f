//! What a search finds, also while it is asked again.

use mdns_sd::{Receiver, RecvError, ServiceEvent};

/// The events of one search. Asked again, mdns-sd goes on in another channel and closes the one of before, in which news may
/// wait that are told only once: who is gone.
pub(super) struct Findings {
    found: Receiver<ServiceEvent>,
    /// What was found before it was asked again; it closes soon.
    before: Option<Receiver<ServiceEvent>>,
    /// To be asked once more, when all of `before` is heard. So however often one wants to, there are two channels at most,
    /// and one question for all who vanish at the same time.
    is_wanted_again: bool,
}

impl Findings {
    pub(super) fn new(found: Receiver<ServiceEvent>) -> Self {
        Self { found, before: None, is_wanted_again: false }
    }

    /// Asks again: at once, or when all is heard that was found before.
    pub(super) fn ask_again(&mut self, browse: impl FnOnce() -> mdns_sd::Result<Receiver<ServiceEvent>>) {
        if self.before.is_some() {
            self.is_wanted_again = true;
        } else if !self.found.is_disconnected()
            && let Ok(found) = browse()
        {
            // One that is closed has lost news. That must be told, and ends the search.
            self.before = Some(std::mem::replace(&mut self.found, found));
        }
    }

    /// What comes next; an error when the search has ended. May be dropped and called again at any time.
    pub(super) async fn next(
        &mut self,
        browse: impl Fn() -> mdns_sd::Result<Receiver<ServiceEvent>>,
    ) -> Result<ServiceEvent, RecvError> {
        while let Some(before) = &self.before {
            if let Ok(event) = before.recv_async().await {
                return Ok(event);
            }
            self.before = None;
            if std::mem::take(&mut self.is_wanted_again) {
                self.ask_again(&browse);
            }
        }
        self.found.recv_async().await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A stand-in for the daemon: whoever asks gets another channel, and the one of before is closed.
    #[derive(Default)]
    struct Daemon {
        finding: RefCell<Option<flume::Sender<ServiceEvent>>>,
    }

    impl Daemon {
        fn browse(&self) -> Receiver<ServiceEvent> {
            let (finding, found) = flume::bounded(16);
            self.finding.replace(Some(finding));
            self.loses("nobody yet");
            found
        }

        fn loses(&self, who: &str) {
            let event = ServiceEvent::ServiceRemoved(String::new(), who.to_owned());
            self.finding.borrow().as_ref().unwrap().send(event).unwrap();
        }
    }

    async fn next(findings: &mut Findings, daemon: &Daemon) -> String {
        match findings.next(|| Ok(daemon.browse())).await {
            Ok(ServiceEvent::ServiceRemoved(_, who)) => who,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn all_who_vanish_at_once_are_told_with_one_question_for_all() {
        let daemon = Daemon::default();
        let mut findings = Findings::new(daemon.browse());
        assert_eq!(next(&mut findings, &daemon).await, "nobody yet");
        let people = ["ann", "bob", "cid", "dan"];
        for who in people {
            daemon.loses(who);
        }
        for who in people {
            assert_eq!(next(&mut findings, &daemon).await, who);
            findings.ask_again(|| Ok(daemon.browse()));
        }
        // What the first of them has asked, and once more because of all others.
        for _ in 0..2 {
            assert_eq!(next(&mut findings, &daemon).await, "nobody yet");
        }
        daemon.loses("eve");
        assert_eq!(next(&mut findings, &daemon).await, "eve");
    }

    #[tokio::test]
    async fn a_search_that_has_lost_news_ends() {
        let daemon = Daemon::default();
        let mut findings = Findings::new(daemon.browse());
        daemon.finding.take();
        findings.ask_again(|| Ok(daemon.browse()));
        assert_eq!(next(&mut findings, &daemon).await, "nobody yet");
        assert!(findings.next(|| Ok(daemon.browse())).await.is_err());
    }
}
