//! Sessions end, and what they still report is of the past.

use super::*;

#[test]
fn the_operator_closes_a_peer() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let outputs = scene.input(Input::Command(Command::Close(id("page"))));
    let why = CloseReason::Asked("by the operator".to_owned());
    assert_eq!(
        outputs,
        [
            Output::Notice(Notice::Closed { peer: session.clone(), why: why.to_string() }),
            Output::Peer(session.clone(), PeerCommand::Close(why.clone())),
        ]
    );
    assert_eq!(scene.room.closing(), 1);
    assert_eq!(scene.reports(&session, PeerEvent::Closed(why)), []);
    assert_eq!(scene.room.closing(), 0);
}

#[test]
fn closing_a_peer_that_is_not_there_is_nothing() {
    assert_eq!(Scene::of("we").input(Input::Command(Command::Close(id("page")))), []);
}

#[test]
fn a_connection_that_ends_by_itself_is_told_of_once() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let gone = PeerEvent::Closed(CloseReason::ClosedByPeer);
    let why = CloseReason::ClosedByPeer.to_string();
    assert_eq!(scene.reports(&session, gone.clone()), [Output::Notice(Notice::Closed { peer: session.clone(), why })]);
    assert_eq!(scene.reports(&session, gone), []);
    assert_eq!(scene.room.closing(), 0);
}

#[test]
fn what_an_old_session_reports_is_ignored() {
    let mut scene = Scene::of("we");
    let old = scene.offers_to("page", &sdp("ours", "1"));
    scene.hears_join("page");
    let new = scene.session("page");
    assert_eq!(scene.reports(&old, described(DescriptionKind::Offer, &sdp("late", "1"))), []);
    assert_eq!(scene.reports(&old, PeerEvent::Candidate(candidate("late", 1000))), []);
    assert_eq!(scene.reports(&old, PeerEvent::Connected), []);
    assert_eq!(scene.reports(&old, PeerEvent::Closed(CloseReason::Replaced)), []);
    assert_eq!(scene.session("page"), new);
    assert!(!scene.room.is_connected(&id("page")));
}

#[test]
fn reports_of_nobody_are_ignored() {
    let mut scene = Scene::of("we");
    assert_eq!(scene.reports(&key("ghost", 99), PeerEvent::Connected), []);
    assert_eq!(scene.reports(&key("ghost", 99), PeerEvent::Closed(CloseReason::ClosedByPeer)), []);
}

#[test]
fn who_leaves_closes_all_and_takes_no_more() {
    let mut scene = Scene::of("we");
    let one = scene.connects_to("one");
    let two = scene.offers_to("two", &sdp("ours", "2"));
    let outputs = scene.input(Input::Command(Command::Leave));
    assert_eq!(closed(&outputs).into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [one.clone(), two.clone()]);
    assert_eq!(scene.hears_join("three"), []);
    assert_eq!(scene.hears("three", description(DescriptionKind::Offer, &sdp("theirs", "0"))), []);
    assert_eq!(scene.input(Input::Link(Link::Up)), []);
    scene.reports(&one, PeerEvent::Closed(CloseReason::ClosedByPeer));
    scene.reports(&two, PeerEvent::Closed(CloseReason::ClosedByPeer));
    assert_eq!(scene.room.closing(), 0);
    assert_eq!(scene.room.next_deadline(), None);
}

#[test]
fn connected_before_the_descriptions_are_exchanged_is_no_connection() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    assert_eq!(scene.reports(&session, PeerEvent::Connected), []);
    assert!(!scene.room.is_connected(&id("page")));
}
