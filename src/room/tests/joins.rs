//! `join` and `requestConnect`: who gets an offer.

use super::*;

#[test]
fn who_joins_is_offered_to_at_once() {
    let mut scene = Scene::of("we");
    let outputs = scene.hears_join("page");
    let session = scene.session("page");
    assert_eq!(
        outputs,
        [Output::Notice(Notice::Joined(session.clone())), Output::Peer(session.clone(), PeerCommand::Offer)]
    );
    let offer = sdp("ours", "1");
    let sent = scene.reports(&session, described(DescriptionKind::Offer, &offer));
    assert_eq!(sent, [scene.to("page", description(DescriptionKind::Offer, &offer))]);
}

#[test]
fn a_join_for_us_alone_is_a_join() {
    let mut scene = Scene::of("we");
    assert_eq!(begun(&scene.hears("page", Signal::Join)).len(), 1);
}

#[test]
fn who_asks_for_an_offer_gets_one() {
    let mut scene = Scene::of("we");
    let outputs = scene.hears("page", Signal::RequestConnect);
    assert_eq!(begun(&outputs), [(scene.session("page"), "offer")]);
}

#[test]
fn who_asks_while_it_negotiates_gets_no_second_offer() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    assert_eq!(scene.hears("page", Signal::RequestConnect), []);
}

#[test]
fn who_asks_while_it_is_connected_gets_no_second_offer() {
    let mut scene = Scene::of("we");
    scene.connects_to("page");
    assert_eq!(scene.hears("page", Signal::RequestConnect), []);
}

#[test]
fn an_offer_that_is_still_being_made_is_good_for_who_joins_again() {
    let mut scene = Scene::of("we");
    scene.hears_join("page");
    assert_eq!(scene.hears_join("page"), []);
}

#[test]
fn who_joins_again_while_our_offer_is_unanswered_gets_a_new_one() {
    let mut scene = Scene::of("we");
    let first = scene.offers_to("page", &sdp("ours", "1"));
    let outputs = scene.hears_join("page");
    assert_eq!(closed(&outputs), [(first.clone(), CloseReason::Replaced)]);
    assert_eq!(begun(&outputs), [(scene.session("page"), "offer")]);
    assert_ne!(scene.session("page"), first);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Notice(_))), "the peer was never gone: {outputs:?}");
}

#[test]
fn who_joins_again_while_it_is_connected_is_asked_for_an_offer_and_stays_connected() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("gateway");
    assert_eq!(scene.hears_join("gateway"), [scene.to("gateway", Signal::RequestConnect)]);
    assert_eq!(scene.passes(seconds(600)), []);
    assert!(scene.room.is_connected(&id("gateway")));
    assert_eq!(scene.session("gateway"), session);
}

#[test]
fn who_came_back_under_its_old_id_replaces_its_connection_by_the_offer_it_was_asked_for() {
    let mut scene = Scene::of("we");
    let old = scene.connects_to("page");
    scene.hears_join("page");
    let new = scene.answers("page", "fresh");
    assert_eq!(scene.session("page"), old, "until the new one is connected");
    assert_eq!(
        scene.reports(&new, PeerEvent::Connected),
        [
            Output::Notice(Notice::Closed { peer: old.clone(), why: CloseReason::Replaced.to_string() }),
            Output::Peer(old, PeerCommand::Close(CloseReason::Replaced)),
            Output::Notice(Notice::Joined(new.clone())),
            Output::Notice(Notice::Connected(new.clone())),
        ]
    );
    assert_eq!(scene.session("page"), new);
}

#[test]
fn a_page_without_a_stream_that_came_back_is_met_with_an_offer_that_shows_it_something() {
    let mut scene = Scene::of("we");
    let old = scene.connects_to("page");
    scene.hears_join("page");
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &data_only_sdp("fresh", "0")));
    let [(bare, "answer")] = &begun(&outputs)[..] else { panic!("{outputs:?}") };
    scene.reports(bare, described(DescriptionKind::Answer, &sdp("ours", "0")));
    // Who is there is known; an offer to who only seems to be would cost it the connection that it has.
    let outputs = scene.reports(bare, PeerEvent::Connected);
    assert_eq!(begun(&outputs), [(scene.session("page"), "offer")]);
    assert_eq!(closed(&outputs), [(bare.clone(), CloseReason::Replaced), (old.clone(), CloseReason::Replaced)]);
    let notices: Vec<_> = outputs.iter().filter(|output| matches!(output, Output::Notice(_))).cloned().collect();
    assert_eq!(
        notices,
        [
            Output::Notice(Notice::Closed { peer: old, why: CloseReason::Replaced.to_string() }),
            Output::Notice(Notice::Joined(scene.session("page"))),
        ]
    );
}

#[test]
fn a_page_without_a_stream_is_answered_when_we_have_nothing_to_show() {
    let mut scene = Scene::with(Settings { shows_media: false, ..settings("we") });
    scene.connects_to("page");
    scene.hears_join("page");
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &data_only_sdp("fresh", "0")));
    let [(answered, "answer")] = &begun(&outputs)[..] else { panic!("{outputs:?}") };
    scene.reports(answered, described(DescriptionKind::Answer, &sdp("ours", "0")));
    assert_eq!(begun(&scene.reports(answered, PeerEvent::Connected)), []);
    assert_eq!(scene.session("page"), *answered);
}

#[test]
fn a_call_during_a_connection_is_answered_when_the_connection_is_lost_soon_after() {
    for reason in [CloseReason::Silent(20), CloseReason::ClosedByPeer, CloseReason::Unreachable] {
        let mut scene = Scene::of("we");
        let session = scene.connects_to("page");
        scene.hears("page", Signal::RequestConnect);
        scene.passes(seconds(59));
        let outputs = scene.reports(&session, PeerEvent::Closed(reason));
        assert_eq!(begun(&outputs), [(scene.session("page"), "offer")]);
    }
}

#[test]
fn a_call_of_long_ago_is_not_answered() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    scene.hears("page", Signal::RequestConnect);
    scene.passes(seconds(60));
    assert_eq!(begun(&scene.reports(&session, PeerEvent::Closed(CloseReason::Silent(20)))), []);
}

#[test]
fn a_call_is_not_answered_when_the_connection_ended_by_a_will() {
    for reason in [CloseReason::Asked("by the operator".to_owned()), CloseReason::Misbehaved(Misdeed::wrong("it lies"))]
    {
        let mut scene = Scene::of("we");
        let session = scene.connects_to("page");
        scene.hears("page", Signal::RequestConnect);
        assert_eq!(begun(&scene.reports(&session, PeerEvent::Closed(reason))), []);
    }
}

#[test]
fn a_lost_connection_is_not_begun_anew_by_itself() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    assert_eq!(begun(&scene.reports(&session, PeerEvent::Closed(CloseReason::Silent(20)))), []);
    assert_eq!(begun(&scene.passes(seconds(600))), []);
}
