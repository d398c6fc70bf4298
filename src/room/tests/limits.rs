//! What a room may ask of us is bounded.

use super::*;

#[test]
fn peers() {
    let mut scene = Scene::of("we");
    for n in 0..64 {
        assert_eq!(begun(&scene.hears_join(&format!("page {n}"))).len(), 1);
    }
    let outputs = scene.hears_join("one too many");
    assert_eq!(misbehaved(&outputs), ["all 64 places are taken (member.peers) by peers (64); refused"]);
    assert_eq!(outputs.len(), 1);
    // Those that are there go on.
    let third = scene.session("page 3");
    assert_eq!(scene.reports(&third, described(DescriptionKind::Offer, &sdp("ours", "1"))).len(), 1);
}

#[test]
fn a_place_is_free_again_when_its_connection_is_down() {
    let mut scene = Scene::with(Settings { limits: Limits { peers: 1, ..Limits::default() }, ..settings("we") });
    let session = scene.connects_to("one");
    scene.input(Input::Command(Command::Close(id("one"))));
    let outputs = scene.hears_join("two");
    assert_eq!(
        misbehaved(&outputs),
        ["all 1 places are taken (member.peers) by connections that are being taken down (1); refused"]
    );
    assert_eq!(outputs.len(), 1);
    scene.reports(&session, PeerEvent::Closed(CloseReason::Asked(String::new())));
    assert_eq!(begun(&scene.hears_join("two")).len(), 1);
}

#[test]
fn a_connection_whose_end_is_never_reported_keeps_its_place_for_half_a_minute() {
    let mut scene = Scene::with(Settings { limits: Limits { peers: 1, ..Limits::default() }, ..settings("we") });
    scene.connects_to("one");
    scene.input(Input::Command(Command::Close(id("one"))));
    scene.passes(seconds(30));
    assert_eq!(begun(&scene.hears_join("two")).len(), 1);
}

#[test]
fn offers_of_one_peer_while_its_earlier_sessions_are_taken_down() {
    let mut scene = Scene::of("we");
    let offer = |n: u32| description(DescriptionKind::Offer, &sdp(&format!("theirs{n}"), "0"));
    let begun: usize = (0..30).map(|n| begun(&scene.hears("page", offer(n))).len()).sum();
    assert_eq!(begun, 9, "one that lives and eight that are taken down");
    assert_eq!(scene.room.closing(), 8);
}

#[test]
fn sessions_of_a_full_room_whose_members_all_come_back_again_and_again() {
    let mut scene = Scene::of("we");
    for n in 0..64 {
        scene.connects_to(&format!("page {n}"));
    }
    scene.passes(seconds(20));
    let offer = |n: u32| description(DescriptionKind::Offer, &sdp(&format!("theirs{n}"), "0"));
    let begun: usize = (0..640).map(|n| begun(&scene.hears(&format!("page {}", n % 64), offer(n))).len()).sum();
    assert_eq!(begun, 8);
    let held: usize = scene.room.peers.values().map(|standing| standing.all().count()).sum();
    assert_eq!(held + scene.room.closing(), scene.room.settings.limits.sessions());
}

#[test]
fn sessions_begun_in_a_time() {
    let mut scene = Scene::of("we");
    let come_and_go = |scene: &mut Scene, name: &str| {
        let outputs = scene.hears_join(name);
        for (session, _) in begun(&outputs) {
            scene.reports(&session, PeerEvent::Closed(CloseReason::ClosedByPeer));
        }
        outputs
    };
    let begun_of_1000 = |scene: &mut Scene| -> usize {
        (0..1000).map(|n| begun(&come_and_go(scene, &format!("page {n}"))).len()).sum()
    };
    assert_eq!(begun_of_1000(&mut scene), 64, "a full room at once");
    let outputs = come_and_go(&mut scene, "one too many");
    assert_eq!(misbehaved(&outputs), ["more than 5 connections a second are begun in this room; refused for now"]);
    assert_eq!(outputs.len(), 1);
    scene.passes(seconds(10));
    assert_eq!(begun_of_1000(&mut scene), 50);
}

#[test]
fn candidates_of_a_session() {
    let mut scene = Scene::of("we");
    scene.connects_to("page");
    let outputs: Vec<Output> =
        (0..1000).flat_map(|n| scene.hears("page", Signal::Candidate(candidate("theirs", 1000 + n)))).collect();
    assert_eq!(handed_on(&outputs).len(), 64);
    assert_eq!(misbehaved(&outputs), ["it sends more than 64 candidates; the rest is refused"]);
    assert_eq!(ignored(&outputs), [("page", Some(Limit::Candidates), seconds(30))]);
    assert_eq!(outputs.len(), 66);
}

#[test]
fn candidates_before_their_description() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    for n in 0..200 {
        scene.hears("page", Signal::Candidate(candidate("theirs", 1000 + n)));
    }
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    assert_eq!(handed_on(&outputs).len(), 64);
}

#[test]
fn bytes_of_candidates_that_wait() {
    let mut scene = Scene::of("we");
    scene.offers_to("page", &sdp("ours", "1"));
    let (plain, long) = (candidate("theirs", 1000), || "x".repeat(256 * 1024));
    let endless = [
        Candidate { candidate: long(), ..plain.clone() },
        Candidate { sdp_mid: Some(long()), ..plain.clone() },
        Candidate { username_fragment: Some(long()), ..plain },
    ];
    for (peer, candidate) in ["page", "ghost"].into_iter().flat_map(|peer| endless.iter().map(move |one| (peer, one))) {
        let outputs = scene.hears(peer, Signal::Candidate(candidate.clone()));
        let [Output::Notice(Notice::Misbehaved { misdeed, .. })] = &outputs[..] else { panic!("{outputs:?}") };
        assert_eq!(misdeed.limit, Some(Limit::Candidates));
        assert!(misdeed.what.contains("expected at most 1536 bytes"), "{misdeed}");
    }
    let waits = scene.room.negotiating(&id("page")).map(|negotiation| negotiation.early.len());
    assert_eq!((waits, scene.room.early.len()), (Some(0), 0));
    for peer in ["page", "ghost"] {
        let outputs: Vec<_> = (0..256).flat_map(|_| scene.hears(peer, Signal::Candidate(endless[0].clone()))).collect();
        assert_eq!(ignored(&outputs), [(peer, Some(Limit::Candidates), seconds(30))]);
    }
}

#[test]
fn candidates_of_peers_without_a_session() {
    let mut scene = Scene::of("we");
    for n in 0..100 {
        for port in 0..100 {
            scene.hears(&format!("ghost {n}"), Signal::Candidate(candidate("theirs", 1000 + port)));
        }
    }
    assert_eq!(scene.room.early.len(), 8 * 64);
    scene.passes(seconds(10));
    assert_eq!(scene.room.early.len(), 0);
}

#[test]
fn held_candidates_count_for_the_session_that_takes_them() {
    let mut scene = Scene::of("we");
    for n in 0..60 {
        scene.hears("page", Signal::Candidate(candidate("theirs", 1000 + n)));
    }
    let mut outputs = scene.hears("page", description(DescriptionKind::Offer, &sdp("theirs", "0")));
    for n in 60..100 {
        outputs.extend(scene.hears("page", Signal::Candidate(candidate("theirs", 1000 + n))));
    }
    assert_eq!(handed_on(&outputs).len(), 64);
}
