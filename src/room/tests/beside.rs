//! Beside a connected session another may be begun. The relay does not check who sends what, so whoever is connected stays
//! so until the newcomer is.

use super::*;

fn offer(fragment: &str) -> Signal {
    description(DescriptionKind::Offer, &sdp(fragment, "0"))
}

fn connected(fragment: &str) -> (Scene, PeerKey) {
    let mut scene = Scene::of("we");
    let session = scene.answers("page", fragment);
    assert_eq!(scene.reports(&session, PeerEvent::Connected), [Output::Notice(Notice::Connected(session.clone()))]);
    (scene, session)
}

fn told(outputs: &[Output]) -> Vec<&Notice> {
    let told = outputs.iter().filter_map(|output| match output {
        Output::Notice(notice) if !matches!(notice, Notice::Ignored { .. }) => Some(notice),
        _ => None,
    });
    told.collect()
}

#[test]
fn nobody_hears_of_it_before_it_is_connected() {
    let (mut scene, session) = connected("first");
    let outputs = scene.hears("page", offer("forged"));
    assert!(matches!(&outputs[..], [Output::Peer(_, PeerCommand::AcceptOffer(_))]), "{outputs:?}");
    let [(newcomer, _)] = &begun(&outputs)[..] else { panic!("{outputs:?}") };
    assert!(scene.room.holds(&session) && scene.room.holds(newcomer));
    assert_eq!(scene.room.session(&id("page")), Some(session.clone()));
    assert_eq!(scene.room.sessions().collect::<Vec<_>>(), [session]);
    assert!(scene.room.is_connected(&id("page")));
}

#[test]
fn one_that_fails_leaves_the_connected_one_alone() {
    for reason in [CloseReason::Unreachable, CloseReason::ClosedByPeer, CloseReason::Failed("broken".to_owned())] {
        let (mut scene, session) = connected("first");
        let newcomer = scene.answers("page", "forged");
        let outputs = scene.reports(&newcomer, PeerEvent::Closed(reason));
        assert!(matches!(&outputs[..], [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
        assert_eq!(scene.session("page"), session);
        assert!(scene.room.is_connected(&id("page")) && !scene.room.holds(&newcomer));
    }
}

#[test]
fn one_that_is_not_connected_in_time_is_given_up() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "forged");
    scene.hears("page", Signal::RequestConnect);
    let outputs = scene.passes(seconds(10));
    let [(ended, CloseReason::Deadline(10, _))] = &closed(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!((ended, told(&outputs), begun(&outputs)), (&newcomer, vec![], vec![]));
    assert!(scene.room.holds(&session) && scene.room.is_connected(&id("page")));
}

/// It did not prove that it has the room's key, for example, which the one that is connected has done.
#[test]
fn one_that_misbehaves_is_not_held_against_who_is_connected() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "forged");
    let misdeed = Misdeed::wrong("it did not prove");
    let outputs = scene.reports(&newcomer, PeerEvent::Closed(CloseReason::Misbehaved(misdeed)));
    assert_eq!(misbehaved(&outputs), ["a connection that was begun beside its own: it did not prove"]);
    assert_eq!(outputs.len(), 1);
    assert!(scene.room.holds(&session));
    // Nor what one reports that had to make way for the next.
    let second = scene.answers("page", "forged2");
    scene.answers("page", "forged3");
    let late = PeerEvent::Closed(CloseReason::Misbehaved(Misdeed::wrong("it did not prove")));
    assert_eq!(ignored(&scene.reports(&second, late)), []);
    assert_eq!(scene.hears_join("page"), [scene.to("page", Signal::RequestConnect)], "it is heard as ever");
}

#[test]
fn there_is_one_at_most() {
    let (mut scene, session) = connected("first");
    let first = scene.answers("page", "forged1");
    let outputs = scene.hears("page", offer("forged2"));
    assert_eq!(closed(&outputs), [(first.clone(), CloseReason::Replaced)]);
    assert_eq!((begun(&outputs).len(), told(&outputs)), (1, vec![]));
    assert!(scene.room.holds(&session) && !scene.room.holds(&first));
}

#[test]
fn it_has_a_place_like_any_other() {
    let mut scene = Scene::with(Settings { limits: Limits { peers: 2, ..Limits::default() }, ..settings("we") });
    scene.connects_to("page");
    scene.answers("page", "fresh");
    let outputs = scene.hears_join("other");
    assert_eq!(
        misbehaved(&outputs),
        ["all 2 places are taken (member.peers) by peers (1), connections begun beside theirs (1); refused"]
    );
    assert_eq!(outputs.len(), 1);
    scene.passes(seconds(10) + seconds(30));
    assert_eq!(begun(&scene.hears_join("other")).len(), 1);
}

#[test]
fn floods_end_it_and_it_alone() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "forged");
    let outputs: Vec<_> =
        (0..30).flat_map(|_| scene.hears("page", description(DescriptionKind::Answer, "no"))).collect();
    assert_eq!(ignored(&outputs).len(), 1);
    assert_eq!(closed(&outputs).into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [newcomer]);
    assert!(scene.room.holds(&session) && scene.room.is_connected(&id("page")));
}

#[test]
fn candidates_go_to_the_session_whose_description_they_name() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "fresh");
    let mut nameless = candidate("", 1002);
    nameless.username_fragment = None;
    for (candidate, to) in
        [(candidate("first", 1000), &session), (candidate("fresh", 1001), &newcomer), (nameless, &newcomer)]
    {
        let outputs = scene.hears("page", Signal::Candidate(candidate));
        let [Output::Peer(key, PeerCommand::AddCandidate(_))] = &outputs[..] else { panic!("{outputs:?}") };
        assert_eq!(key, to);
    }
    let outputs = scene.hears("page", Signal::Candidate(candidate("neither", 1003)));
    assert!(matches!(&outputs[..], [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
}

#[test]
fn ours_go_out_for_both() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "fresh");
    for key in [session, newcomer] {
        let own = candidate("ours", 1000);
        assert_eq!(scene.reports(&key, PeerEvent::Candidate(own.clone())), [scene.to("page", Signal::Candidate(own))]);
    }
}

#[test]
fn an_answer_in_between_is_for_neither() {
    let (mut scene, _) = connected("first");
    scene.answers("page", "fresh");
    let outputs = scene.hears("page", description(DescriptionKind::Answer, &sdp("late", "1")));
    assert!(matches!(&outputs[..], [Output::Notice(Notice::Ignored { .. })]), "{outputs:?}");
}

#[test]
fn an_offer_that_the_relay_delivers_twice_is_answered_once() {
    let (mut scene, _) = connected("first");
    scene.answers("page", "fresh");
    assert_eq!(scene.hears("page", offer("first")), []);
    assert_eq!(scene.hears("page", offer("fresh")), []);
}

#[test]
fn it_is_the_peer_s_session_once_the_connected_one_has_ended() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "fresh");
    scene.hears("page", Signal::RequestConnect);
    let outputs = scene.reports(&session, PeerEvent::Closed(CloseReason::ClosedByPeer));
    let why = CloseReason::ClosedByPeer.to_string();
    assert_eq!(
        outputs,
        [Output::Notice(Notice::Closed { peer: session, why }), Output::Notice(Notice::Joined(newcomer.clone()))]
    );
    assert_eq!(scene.session("page"), newcomer);
    assert_eq!(scene.reports(&newcomer, PeerEvent::Connected), [Output::Notice(Notice::Connected(newcomer))]);
}

#[test]
fn the_operator_closes_both() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "fresh");
    let outputs = scene.input(Input::Command(Command::Close(id("page"))));
    assert_eq!(closed(&outputs).into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [session, newcomer]);
    assert!(matches!(told(&outputs)[..], [Notice::Closed { .. }]), "{outputs:?}");
    assert_eq!(scene.room.session(&id("page")), None);
}

#[test]
fn it_is_dropped_when_the_relay_was_lost_meanwhile() {
    let (mut scene, session) = connected("first");
    let newcomer = scene.answers("page", "fresh");
    scene.input(Input::Link(Link::Down));
    let outputs = scene.input(Input::Link(Link::Up));
    assert_eq!(closed(&outputs).into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [newcomer]);
    assert_eq!(told(&outputs), [] as [&Notice; 0]);
    assert!(scene.room.holds(&session));
}

/// Whatever is said in its name, who is connected is offered nothing: a page that is made an offer drops what it has.
#[test]
fn nothing_that_is_said_in_its_name_reaches_who_is_connected_as_an_offer() {
    let (mut scene, session) = connected("first");
    for n in 0..5 {
        let mut outputs = scene.hears_join("page");
        outputs.extend(scene.hears("page", Signal::RequestConnect));
        outputs.extend(
            scene.hears("page", description(DescriptionKind::Offer, &data_only_sdp(&format!("forged{n}"), "0"))),
        );
        outputs.extend(scene.hears("page", description(DescriptionKind::Answer, &sdp("forged", "0"))));
        outputs.extend(scene.passes(seconds(11)));
        assert!(begun(&outputs).iter().all(|(_, how)| *how == "answer"), "{outputs:?}");
    }
    assert_eq!(scene.session("page"), session);
    assert!(scene.room.is_connected(&id("page")));
}
