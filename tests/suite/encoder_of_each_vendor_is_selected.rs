//! Where the machine has several devices, the first of the catalogue that works is selected: each device in turn, where
//! all before it have something wrong with them, and all after it do not.

use peergate::{
    codec::Codec,
    encoder::{CodecChoice, Encoder, Settings, Trials},
    media::{clockwork::Clockwork, elements},
    source::VideoKind,
    studio::Studio,
};

use crate::common::{
    logs,
    stand_in::{self, Behaviour, vendors},
    studio::{Taker, lease, settings, video},
};

/// What is wrong with those before it, in turns.
const WRONG: [Behaviour; 5] = [
    Behaviour::HasNoDevice,
    Behaviour::FailsAfter(20),
    Behaviour::StallsAfter(0),
    Behaviour::IgnoresKeyframesAfter(0),
    Behaviour::WantsMultiples(128, 128),
];

/// The devices for `codec`, best first.
fn devices(settings: &Settings, codec: Codec) -> Vec<(&'static str, Encoder)> {
    let of_codec = settings.catalogue.iter().filter(|one| one.row.codec == codec && !one.is_software());
    let named = |one: &Encoder| vendors::all().find(|device| device.element == one.row.element).unwrap().element;
    of_codec.map(|one| (named(one), one.clone())).collect()
}

async fn each_is_selected(codec: Codec) {
    logs::show();
    elements::start().unwrap();
    let source = video("picture", VideoKind::Test { pattern: "smpte".to_owned() });
    let all = devices(&settings(), codec);
    for index in 0..all.len() {
        let cache = tempfile::tempdir().unwrap();
        let codecs = CodecChoice::Only(vec![codec]);
        let settings = Settings { codecs, rungs: 1, cache: Some(cache.path().to_owned()), ..settings() };
        let trials = Trials::new(settings.cache.clone(), Clockwork::start());
        for (turn, (element, encoder)) in all.iter().enumerate() {
            let behaviour = if turn < index { WRONG[(turn + index) % WRONG.len()] } else { Behaviour::Works };
            stand_in::register(&[(*element, behaviour)]);
            let report = trials.run(encoder, settings.target(&source).picture).await;
            assert_eq!(report.works(), turn >= index, "{element}, {behaviour:?}: {}", report.why());
        }
        let studio = Studio::start(vec![source.clone()], settings, Clockwork::start()).unwrap();
        let lease = lease(&studio, "picture", codec).await;
        assert!(Taker::new(&lease.feed, || {}).next().await.keyframe);
        let encoders = studio.state().borrow().encoders.clone();
        let (expected, _) = all[index];
        assert!(encoders.iter().all(|one| one.element == expected && one.replaced.is_none()), "{expected}: {encoders:?}");
        studio.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_h264() {
    each_is_selected(Codec::H264).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_vp8() {
    each_is_selected(Codec::Vp8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_vp9() {
    each_is_selected(Codec::Vp9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_av1() {
    each_is_selected(Codec::Av1).await;
}
