//! Who goes beyond a limit is dropped, and ignored for a while.

use super::*;
use crate::room::limits::REMEMBERED;

/// Offers that can't be used, each of which counts.
fn floods(scene: &mut Scene, peer: &str, offers: usize) -> Vec<Output> {
    (0..offers).flat_map(|_| scene.hears(peer, description(DescriptionKind::Offer, "no offer"))).collect()
}

#[test]
fn for_descriptions_ends_what_was_being_negotiated() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    assert_eq!(ignored(&floods(&mut scene, "page", 30)), []);
    let outputs = floods(&mut scene, "page", 1);
    assert_eq!(ignored(&outputs), [("page", Some(Limit::Descriptions), seconds(30))]);
    let [(closed, CloseReason::Misbehaved(misdeed))] = &closed(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!((closed, misdeed.what.as_str()), (&session, "it sends more than 30 descriptions in a minute"));
    assert_eq!(floods(&mut scene, "page", 1000), [], "not even a line of the log");
}

#[test]
fn for_joins() {
    let mut scene = Scene::of("we");
    let outputs: Vec<Output> = (0..20).flat_map(|_| scene.hears_join("page")).collect();
    assert_eq!(ignored(&outputs), []);
    assert_eq!(ignored(&scene.hears_join("page")), [("page", Some(Limit::Joins), seconds(30))]);
    assert_eq!(scene.room.session(&id("page")), None);
}

#[test]
fn for_candidates_without_a_session_forgets_them() {
    let mut scene = Scene::of("we");
    let outputs: Vec<Output> =
        (0..1000).flat_map(|n| scene.hears("ghost", Signal::Candidate(candidate("theirs", n)))).collect();
    assert_eq!(ignored(&outputs), [("ghost", Some(Limit::Candidates), seconds(30))]);
    assert_eq!(scene.room.early.len(), 0);
}

#[test]
fn for_what_comes_over_the_connection_itself() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let misdeed = Misdeed::beyond(Limit::Messages, "it talks too much");
    let outputs = scene.reports(&session, PeerEvent::Closed(CloseReason::Misbehaved(misdeed)));
    assert_eq!(ignored(&outputs), [("page", Some(Limit::Messages), seconds(30))]);
    assert_eq!(scene.hears_join("page"), []);
}

#[test]
fn is_not_dodged_by_a_fresh_offer() {
    let mut scene = Scene::of("we");
    let misdeed = Misdeed::beyond(Limit::Messages, "it talks too much");
    let ends_so = PeerEvent::Closed(CloseReason::Misbehaved(misdeed));
    let session = scene.connects_to("page");
    let newcomer = scene.answers("page", "theirs2");
    let outputs = scene.reports(&session, ends_so.clone());
    assert_eq!(ignored(&outputs), [("page", Some(Limit::Messages), seconds(30))]);
    assert_eq!(closed(&outputs).len(), 1, "what was begun beside it ends, too");
    assert!(!scene.room.holds(&newcomer));

    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let newcomer = scene.answers("page", "theirs2");
    scene.reports(&newcomer, PeerEvent::Connected);
    assert!(!scene.room.holds(&session), "another one has taken its place");
    let outputs = scene.reports(&session, ends_so);
    assert_eq!(ignored(&outputs), [("page", Some(Limit::Messages), seconds(30))]);
}

#[test]
fn is_not_given_twice_for_one_deed() {
    let mut scene = Scene::of("we");
    let session = scene.offers_to("page", &sdp("ours", "1"));
    let outputs = floods(&mut scene, "page", 31);
    let [(_, reason)] = &closed(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!(ignored(&scene.reports(&session, PeerEvent::Closed(reason.clone()))), []);
}

#[test]
fn does_not_end_a_connection_for_what_anybody_may_have_sent() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    let outputs = floods(&mut scene, "page", 31);
    assert_eq!(ignored(&outputs).len(), 1);
    assert_eq!(closed(&outputs), []);
    assert!(scene.room.holds(&session) && scene.room.is_connected(&id("page")));
}

#[test]
fn leaves_all_others_alone() {
    let mut scene = Scene::of("we");
    let honest = scene.offers_to("honest", &sdp("ours", "1"));
    floods(&mut scene, "flooder", 1000);
    let outputs = scene.hears("honest", description(DescriptionKind::Answer, &sdp("theirs", "1")));
    assert!(matches!(&outputs[..], [Output::Peer(key, PeerCommand::AcceptAnswer(_))] if *key == honest), "{outputs:?}");
    assert_eq!(begun(&scene.hears_join("newcomer")).len(), 1);
}

#[test]
fn is_over_after_its_time() {
    let mut scene = Scene::of("we");
    floods(&mut scene, "page", 31);
    scene.passes(seconds(30) - Duration::from_millis(1));
    assert_eq!(scene.hears_join("page"), []);
    scene.passes(Duration::from_millis(1));
    assert_eq!(begun(&scene.hears_join("page")).len(), 1);
}

#[test]
fn is_twice_as_long_each_time_up_to_ten_minutes() {
    let mut scene = Scene::of("we");
    for length in [30, 60, 120, 240, 480, 600, 600] {
        let outputs = floods(&mut scene, "page", 31);
        assert_eq!(ignored(&outputs), [("page", Some(Limit::Descriptions), seconds(length))]);
        scene.passes(seconds(length) + seconds(60));
    }
}

#[test]
fn begins_anew_after_ten_good_minutes() {
    let mut scene = Scene::of("we");
    for _ in 0..2 {
        let outputs = floods(&mut scene, "page", 31);
        assert_eq!(ignored(&outputs), [("page", Some(Limit::Descriptions), seconds(30))]);
        scene.passes(seconds(30) + seconds(600));
    }
}

#[test]
fn is_not_cut_short_by_a_call_of_before() {
    let mut scene = Scene::of("we");
    let session = scene.connects_to("page");
    scene.hears("page", Signal::RequestConnect);
    floods(&mut scene, "page", 31);
    assert_eq!(begun(&scene.reports(&session, PeerEvent::Closed(CloseReason::Silent(20)))), []);
}

#[test]
fn is_remembered_however_many_come() {
    let mut scene = Scene::of("we");
    floods(&mut scene, "page", 31);
    for n in 0..10 * REMEMBERED {
        scene.hears(&format!("ghost {n}"), Signal::RequestConnect);
    }
    assert_eq!(scene.room.conduct.len(), REMEMBERED);
    assert_eq!(scene.hears_join("page"), []);
}
