//! Two that offer to each other: the smaller id gives way.

use super::*;

#[test]
fn the_smaller_id_drops_its_own_offer_and_answers() {
    let mut scene = Scene::of("a");
    let own = scene.offers_to("b", &sdp("ours", "1"));
    let outputs = scene.hears("b", description(DescriptionKind::Offer, &sdp("theirs", "7")));
    assert_eq!(closed(&outputs), [(own, CloseReason::Replaced)]);
    assert_eq!(begun(&outputs), [(scene.session("b"), "answer")]);
}

#[test]
fn the_greater_id_ignores_the_other_offer_and_its_candidates_and_takes_the_answer() {
    let mut scene = Scene::of("b");
    let own = scene.offers_to("a", &sdp("ours", "1"));
    assert_eq!(scene.hears("a", description(DescriptionKind::Offer, &sdp("dropped", "7"))), []);
    let mut nameless = candidate("", 1000);
    nameless.username_fragment = None;
    assert_eq!(scene.hears("a", Signal::Candidate(nameless)), []);
    let outputs = scene.hears("a", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    let [Output::Peer(to, PeerCommand::AcceptAnswer(_))] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(*to, own);
    assert_eq!(handed_on(&scene.hears("a", Signal::Candidate(candidate("theirs", 1001)))), [candidate_text(1001)]);
}

#[test]
fn ids_are_compared_by_bytes() {
    // "Z" < "a" by bytes, whatever a dictionary says; U+FF5E < U+1F600 by UTF-8, not by UTF-16.
    for (smaller, greater) in [("Z", "a"), ("a", "aa"), ("\u{ff5e}", "\u{1f600}")] {
        let mut scene = Scene::of(smaller);
        scene.offers_to(greater, &sdp("ours", "1"));
        let outputs = scene.hears(greater, description(DescriptionKind::Offer, &sdp("theirs", "7")));
        assert_eq!(begun(&outputs).len(), 1, "{smaller} gives way to {greater}");
        let mut scene = Scene::of(greater);
        scene.offers_to(smaller, &sdp("ours", "1"));
        assert_eq!(scene.hears(smaller, description(DescriptionKind::Offer, &sdp("theirs", "7"))), []);
    }
}

/// It will be seen, and whoever sees it gives way or replaces what it has.
#[test]
fn an_offer_that_is_still_being_made_counts() {
    let mut scene = Scene::of("b");
    scene.hears_join("a");
    let own = scene.session("a");
    assert_eq!(scene.hears("a", description(DescriptionKind::Offer, &sdp("dropped", "7"))), []);
    assert_eq!(scene.session("a"), own);

    let mut scene = Scene::of("a");
    scene.hears_join("b");
    let own = scene.session("b");
    let outputs = scene.hears("b", description(DescriptionKind::Offer, &sdp("theirs", "7")));
    assert_eq!(closed(&outputs), [(own.clone(), CloseReason::Replaced)]);
    assert_eq!(begun(&outputs), [(scene.session("b"), "answer")]);
    assert_eq!(scene.reports(&own, described(DescriptionKind::Offer, &sdp("ours", "1"))), [], "it is never sent");
}

#[test]
fn giving_way_tells_the_world_nothing() {
    let mut scene = Scene::of("a");
    scene.offers_to("b", &sdp("ours", "1"));
    let outputs = scene.hears("b", description(DescriptionKind::Offer, &sdp("theirs", "7")));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Notice(_))), "{outputs:?}");
}
