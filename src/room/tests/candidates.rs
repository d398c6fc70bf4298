//! Candidates, theirs and ours: descriptions first.

use super::*;

#[test]
fn theirs_that_come_before_the_answer_wait_for_it() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    assert_eq!(scene.hears("page", Signal::Candidate(candidate("theirs", 1000))), []);
    assert_eq!(scene.hears("page", Signal::Candidate(candidate("theirs", 1001))), []);
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    assert!(matches!(outputs[0], Output::Peer(_, PeerCommand::AcceptAnswer(_))), "{outputs:?}");
    assert_eq!(handed_on(&outputs), [candidate_text(1000), candidate_text(1001)]);
}

#[test]
fn theirs_that_come_before_the_offer_wait_for_it() {
    let mut scene = Scene::of("we");
    assert_eq!(scene.hears("page", Signal::Candidate(candidate("theirs", 1000))), []);
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    assert_eq!(begun(&outputs).len(), 1);
    assert_eq!(handed_on(&outputs), [candidate_text(1000)]);
}

#[test]
fn theirs_of_an_earlier_description_are_left_out() {
    let mut scene = Scene::of("we");
    scene.hears("page", Signal::Candidate(candidate("old", 1000)));
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    assert_eq!(handed_on(&outputs), [""; 0]);
    let outputs = scene.hears("page", Signal::Candidate(candidate("old", 1000)));
    assert!(matches!(outputs.as_slice(), [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
}

#[test]
fn theirs_without_a_session_are_forgotten_after_the_time_of_a_negotiation() {
    let mut scene = Scene::of("we");
    scene.hears("page", Signal::Candidate(candidate("theirs", 1000)));
    assert_eq!(scene.passes(seconds(10)), []);
    assert_eq!(scene.room.next_deadline(), None);
    let outputs = scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    assert_eq!(handed_on(&outputs), [""; 0]);
}

#[test]
fn an_mdns_name_is_left_out_with_one_line() {
    let mut scene = Scene::of("we");
    scene.connects_to("page");
    let mut hidden = candidate("theirs", 1000);
    hidden.candidate =
        "candidate:1 1 udp 2113937151 0f7a2b1c-9d6e-4c55-8a43-1b2c3d4e5f60.local 1000 typ host".to_owned();
    let outputs = scene.hears("page", Signal::Candidate(hidden.clone()));
    assert!(matches!(outputs.as_slice(), [Output::Notice(Notice::CandidateLeftOut { .. })]), "{outputs:?}");
    assert_eq!(scene.hears("page", Signal::Candidate(hidden)), []);
    assert!(scene.room.is_connected(&id("page")));
}

#[test]
fn the_end_of_candidates_is_nothing() {
    let mut scene = Scene::of("we");
    scene.connects_to("page");
    assert_eq!(scene.hears("page", Signal::Candidate(Candidate::default())), []);
}

#[test]
fn what_is_no_candidate_is_refused_and_changes_nothing() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let mut wrong = candidate("theirs", 1000);
    wrong.candidate = "candidate:nonsense".to_owned();
    let outputs = scene.hears("page", Signal::Candidate(wrong));
    assert_eq!(misbehaved(&outputs).len(), 1, "{outputs:?}");
    assert_eq!(scene.session("page"), session);
}

#[test]
fn ours_follow_our_description() {
    let mut scene = Scene::of("we");
    scene.hears_join("page");
    let session = scene.session("page");
    let own = |port| candidate("ours", port);
    assert_eq!(scene.reports(&session, PeerEvent::Candidate(own(1000))), []);
    let offer = sdp("ours", "1");
    let sent = scene.reports(&session, described(DescriptionKind::Offer, &offer));
    assert_eq!(
        sent,
        [scene.to("page", description(DescriptionKind::Offer, &offer)), scene.to("page", Signal::Candidate(own(1000)))]
    );
    let sent = scene.reports(&session, PeerEvent::Candidate(own(1001)));
    assert_eq!(sent, [scene.to("page", Signal::Candidate(own(1001)))]);
}
