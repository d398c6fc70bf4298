//! A negotiation has ten seconds, and says what was missing.

use super::*;

fn words(outputs: &[Output]) -> String {
    let closed = closed(outputs);
    let [(_, CloseReason::Deadline(10, words))] = closed.as_slice() else { panic!("one deadline: {outputs:?}") };
    words.clone()
}

#[test]
fn no_offer_of_ours() {
    let mut scene = Scene::of("we");
    scene.hears_join("page");
    assert_eq!(scene.passes(Duration::from_millis(9999)), []);
    assert!(words(&scene.passes(Duration::from_millis(1))).contains("our own offer"));
    assert_eq!(scene.room.session(&id("page")), None);
}

#[test]
fn no_answer() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    assert!(words(&scene.passes(seconds(10))).contains("no answer came"));
}

#[test]
fn an_answer_that_can_not_be_used() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    scene.hears("page", description(DescriptionKind::Answer, "v=1"));
    assert!(words(&scene.passes(seconds(10))).contains("its answer can't be used"));
}

#[test]
fn no_candidates() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    assert!(words(&scene.passes(seconds(10))).contains("no candidates"));
}

#[test]
fn no_way_to_it() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    scene.hears("page", Signal::Candidate(candidate("theirs", 1000)));
    let words = words(&scene.passes(seconds(10)));
    assert!(words.contains("no pair of addresses") && words.contains("TURN"), "{words}");
}

#[test]
fn no_answer_of_ours() {
    let mut scene = Scene::of("we");
    scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    assert!(words(&scene.passes(seconds(10))).contains("our own answer"));
}

#[test]
fn the_world_is_told() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    let outputs = scene.passes(seconds(10));
    let Output::Notice(Notice::Closed { peer, why }) = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!(*peer, session);
    assert!(why.starts_with("not connected within 10 s: no answer came"), "{why}");
}

#[test]
fn who_is_connected_has_no_deadline() {
    let mut scene = Scene::of("we");
    scene.connects_to("page");
    assert_eq!(scene.room.next_deadline(), None);
    assert_eq!(scene.passes(seconds(86_400)), []);
}

#[test]
fn each_session_has_its_own() {
    let mut scene = Scene::of("we");
    let one = scene.offers_to("one", &sdp("ours1", "1"));
    scene.passes(seconds(5));
    let two = scene.offers_to("two", &sdp("ours2", "2"));
    assert_eq!(closed(&scene.passes(seconds(5)))[0].0, one);
    assert_eq!(closed(&scene.passes(seconds(5)))[0].0, two);
}

#[test]
fn who_asked_meanwhile_is_offered_to_once_more() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    scene.hears("page", Signal::RequestConnect);
    let outputs = scene.passes(seconds(10));
    assert_eq!(begun(&outputs), [(scene.session("page"), "offer")]);
    assert_eq!(begun(&scene.passes(seconds(600))), []);
}

#[test]
fn a_peer_that_is_not_offered_to_again_by_itself() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    assert_eq!(begun(&scene.passes(seconds(600))), []);
    assert_eq!(begun(&scene.hears("page", Signal::RequestConnect)), [(scene.session("page"), "offer")]);
}
