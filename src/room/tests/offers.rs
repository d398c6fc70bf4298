//! Offers and answers of others.

use super::*;

#[test]
fn an_offer_is_answered() {
    let mut scene = Scene::of("we");
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    let session = scene.session("page");
    assert_eq!(outputs[0], Output::Notice(Notice::Joined(session.clone())));
    assert_eq!(begun(&outputs), [(session.clone(), "answer")]);
    let answer = sdp("ours", "0");
    let sent = scene.reports(&session, described(DescriptionKind::Answer, &answer));
    assert_eq!(sent, [scene.to("page", description(DescriptionKind::Answer, &answer))]);
    assert_eq!(scene.reports(&session, PeerEvent::Connected), [Output::Notice(Notice::Connected(session))]);
}

#[test]
fn an_unasked_offer_with_only_a_data_channel_is_answered() {
    let mut scene = Scene::of("we");
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &data_only_sdp("theirs", "0")));
    assert_eq!(begun(&outputs), [(scene.session("page"), "answer")]);
}

#[test]
fn a_new_offer_is_a_new_connection() {
    let mut scene = Scene::of("we");
    scene.hears("page", description(DescriptionKind::Offer, &sdp("first", "0")));
    let first = scene.session("page");
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &sdp("second", "0")));
    assert_eq!(closed(&outputs), [(first, CloseReason::Replaced)]);
    assert_eq!(begun(&outputs), [(scene.session("page"), "answer")]);
}

#[test]
fn an_offer_that_the_relay_delivers_twice_is_answered_once() {
    let mut scene = Scene::of("we");
    let offer = description(DescriptionKind::Offer, &sdp("theirs", "0"));
    scene.hears("page", offer.clone());
    let session = scene.session("page");
    assert_eq!(scene.hears("page", offer.clone()), []);
    scene.reports(&session, described(DescriptionKind::Answer, &sdp("ours", "0")));
    assert_eq!(scene.hears("page", offer.clone()), []);
    scene.reports(&session, PeerEvent::Connected);
    assert_eq!(scene.hears("page", offer), []);
}

#[test]
fn what_is_no_offer_is_refused_and_changes_nothing() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let outputs = scene.hears("page", description(DescriptionKind::Offer, "v=1"));
    assert_eq!(misbehaved(&outputs).len(), 1, "{outputs:?}");
    assert_eq!(outputs.len(), 1);
    assert_eq!(scene.session("page"), session);
}

#[test]
fn our_offer_takes_one_answer() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    let [Output::Peer(to, PeerCommand::AcceptAnswer(_))] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(*to, session);
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("again", "1")));
    assert!(matches!(outputs.as_slice(), [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
}

#[test]
fn an_answer_before_our_offer_is_out_is_left_out() {
    let mut scene = Scene::of("we");
    scene.hears_join("page");
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    assert!(matches!(outputs.as_slice(), [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
}

#[test]
fn an_answer_from_nowhere_is_left_out() {
    let mut scene = Scene::of("we");
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    assert!(matches!(outputs.as_slice(), [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
    assert_eq!(scene.room.session(&id("page")), None);
}

/// Our offers differ in their mids, so that an answer to one never passes for an answer to another.
#[test]
fn the_answer_to_an_earlier_offer_is_refused_and_the_right_one_is_waited_for() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours1", "1"));
    scene.hears_join("page");
    let session = scene.session("page");
    scene.reports(&session, described(DescriptionKind::Offer, &sdp("ours2", "2")));
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs1", "1")));
    assert_eq!(misbehaved(&outputs).len(), 1, "{outputs:?}");
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs2", "2")));
    assert!(matches!(outputs.as_slice(), [Output::Peer(_, PeerCommand::AcceptAnswer(_))]), "{outputs:?}");
}

#[test]
fn an_answer_goes_to_nobody_whose_session_is_over() {
    let mut scene = Scene::of("we");
    scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    let session = scene.session("page");
    scene.input(Input::Command(Command::Close(id("page"))));
    assert_eq!(scene.reports(&session, described(DescriptionKind::Answer, &sdp("ours", "0"))), []);
}
