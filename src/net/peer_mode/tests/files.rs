//! Files and offers of peers, beyond the usual.

use super::*;
use crate::net::command::OfferId;
use crate::net::mode::Mode;

fn offered(event: &Event) -> Option<OfferId> {
    if let Event::Offered { offer, .. } = event { Some(*offer) } else { None }
}

#[tokio::test]
async fn an_offer_ends_with_ones_stay_and_is_never_taken_for_another() {
    let lan = FakeLan::default();
    let mut bob = Someone::on(&lan, "bob").await;
    let path = bob.shared.path().join("notes.txt");
    let mut before = None;
    for _ in 0..2 {
        let mut ann = Someone::on(&lan, "ann").await;
        bob.sees("ann").await;
        ann.sees("bob").await;
        bob.tell(Command::Offer { to: name("ann"), path: path.clone() }).await;
        let offer = ann.wait(offered).await;
        if let Some(before) = before.replace(offer) {
            ann.tell(Command::AnswerOffer { offer: before, accept: true }).await;
            let problem = |event: &Event| if let Event::Problem(error) = event { Some(error.kind) } else { None };
            assert_eq!(ann.wait(problem).await, NetErrorKind::NoSuchFile);
            assert_eq!(fs::read_dir(ann.downloads.path()).unwrap().count(), 0);
        }
        // Nobody is told to be offline who goes online in another way.
        ann.tell(Command::Connect(Mode::Peer(Box::new(parameters("ann"))))).await;
        ann.wait(|event| (*event == Event::Unoffered { offer }).then_some(())).await;
        timeout(PATIENCE, ann.running).await.unwrap().unwrap();
        while bob.roster.iter().any(|contact| contact.name == name("ann")) {
            bob.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_shared_once_sharing_is_stopped() {
    let lan = FakeLan::default();
    let (mut ann, mut bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    bob.sees("ann").await;
    let folder = ann.shared.path().to_owned();
    for _ in 0..20 {
        // Opening a folder takes longer than to stop sharing it.
        ann.tell(Command::Share(Some(folder.clone()))).await;
        ann.tell(Command::Share(None)).await;
        ann.tell(Command::AskUserInfo(name("nobody"))).await;
        ann.wait(|event| matches!(event, Event::Unanswered { .. }).then_some(())).await;
        bob.tell(Command::ListFiles(name("ann"))).await;
        let files = |event: &Event| if let Event::Files { names, .. } = event { Some(names.clone()) } else { None };
        assert_eq!(bob.wait(files).await, [""; 0]);
    }
    ann.tell(Command::Share(Some(folder))).await;
    ann.wait(|event| matches!(event, Event::Sharing(Sharing { files: 1, .. })).then_some(())).await;
}
