//! The relay goes and comes back.

use super::*;

#[test]
fn each_time_the_relay_comes_we_join() {
    let mut scene = Scene::of("we");
    for _ in 0..3 {
        assert_eq!(scene.input(Input::Link(Link::Down)), []);
        assert_eq!(scene.input(Input::Link(Link::Up)), [to_all("we", Signal::Join)]);
    }
}

#[test]
fn who_is_connected_stays_connected_and_its_request_is_ignored() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    assert_eq!(scene.input(Input::Link(Link::Down)), []);
    assert_eq!(scene.passes(seconds(3600)), []);
    assert_eq!(scene.input(Input::Link(Link::Up)), [to_all("we", Signal::Join)]);
    assert_eq!(scene.hears("page", Signal::RequestConnect), []);
    assert_eq!(scene.session("page"), session);
}

#[test]
fn who_is_not_connected_is_dropped_before_we_join_again() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    assert_eq!(scene.input(Input::Link(Link::Down)), []);
    let outputs = scene.input(Input::Link(Link::Up));
    assert_eq!(closed(&outputs).iter().map(|(key, _)| key).collect::<Vec<_>>(), [&session]);
    assert_eq!(outputs.last(), Some(&to_all("we", Signal::Join)));
    assert_eq!(begun(&scene.hears("page", Signal::RequestConnect)), [(scene.session("page"), "offer")]);
}

/// Both descriptions and the candidates may be through: the connection needs no relay then.
#[test]
fn a_negotiation_may_come_to_its_end_without_the_relay() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    scene.input(Input::Link(Link::Down));
    scene.reports(&session, PeerEvent::Connected);
    assert_eq!(scene.input(Input::Link(Link::Up)), [to_all("we", Signal::Join)]);
    assert!(scene.room.is_connected(&id("page")));
}

#[test]
fn nothing_is_sent_while_the_relay_is_away() {
    let mut scene = Scene::of("we");
    scene.hears_join("page");
    let session = scene.session("page");
    scene.input(Input::Link(Link::Down));
    assert_eq!(scene.reports(&session, described(DescriptionKind::Offer, &sdp("ours", "1"))), []);
    assert_eq!(scene.reports(&session, PeerEvent::Candidate(candidate("ours", 1000))), []);
}

#[test]
fn nobody_is_offered_to_while_the_relay_is_away() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    scene.hears("page", Signal::RequestConnect);
    scene.input(Input::Link(Link::Down));
    assert_eq!(begun(&scene.reports(&session, PeerEvent::Closed(CloseReason::Silent(20)))), []);
}

#[test]
fn a_relay_that_was_never_there_is_waited_for() {
    let mut room = Room::new(settings("we"), Sessions::default());
    room.handle_input(Instant::now(), Input::Link(Link::Down));
    assert_eq!(room.poll_output(), None);
    assert_eq!(room.next_deadline(), None);
}
