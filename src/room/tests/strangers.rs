//! Messages that are not for us, or not from who they say.

use super::*;

#[test]
fn what_is_for_another_is_dropped() {
    let mut scene = Scene::of("we");
    for body in [Signal::Join, Signal::RequestConnect, description(DescriptionKind::Offer, &sdp("theirs", "0"))] {
        assert_eq!(scene.input(Input::Signal(Envelope { from: id("page"), to: Some(id("other")), body })), []);
    }
}

#[test]
fn events_of_applications_are_left_alone() {
    let mut scene = Scene::of("we");
    assert_eq!(scene.hears("page", Signal::Other("chat".to_owned())), []);
    assert_eq!(scene.room.session(&id("page")), None);
}

#[test]
fn our_own_id_from_somebody_else_is_complained_about_once_for_each_time_the_relay_comes() {
    let mut scene = Scene::of("we");
    let outputs = scene.hears_join("we");
    assert_eq!(misbehaved(&outputs).len(), 1, "{outputs:?}");
    assert_eq!(outputs.len(), 1);
    assert_eq!(scene.hears_join("we"), []);
    assert_eq!(scene.hears("we", description(DescriptionKind::Offer, &sdp("theirs", "0"))), []);
    scene.input(Input::Link(Link::Down));
    scene.input(Input::Link(Link::Up));
    assert_eq!(misbehaved(&scene.hears_join("we")).len(), 1);
}

#[test]
fn other_members_of_this_process_are_not_negotiated_with() {
    let siblings = BTreeSet::from([id("sibling")]);
    let mut scene = Scene::with(Settings { siblings, ..settings("we") });
    assert_eq!(scene.hears_join("sibling"), []);
    assert_eq!(scene.hears("sibling", Signal::RequestConnect), []);
    assert_eq!(scene.hears("sibling", description(DescriptionKind::Offer, &sdp("theirs", "0"))), []);
    assert_eq!(begun(&scene.hears_join("page")).len(), 1);
}

#[test]
fn members_of_this_process_come_and_go() {
    let mut scene = Scene::of("we");
    assert_eq!(begun(&scene.hears_join("late")).len(), 1);
    scene.input(Input::Siblings(BTreeSet::from([id("late"), id("other")])));
    assert_eq!(scene.room.session(&id("late")), None, "whoever had the id of one of ours");
    for sibling in ["late", "other"] {
        assert_eq!(scene.hears_join(sibling), []);
    }
    scene.input(Input::Siblings(BTreeSet::from([id("other")])));
    assert_eq!(begun(&scene.hears_join("late")).len(), 1, "a stranger may have an id that is none of ours any more");
}
