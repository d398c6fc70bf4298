//! Each element of the catalogue that runs on a device, stood in for: it passes its trial, encodes for a taker, is told
//! its bitrate in its own unit, and is replaced within 1 s when it fails, stalls or ignores requests for keyframes. The
//! taker goes on with a keyframe.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use peergate::{
    codec::Codec::{self, Av1, H264, Vp8, Vp9},
    encoder::{Catalogue, CodecChoice, Settings, Trials},
    media::{clockwork::Clockwork, elements},
    report::EncoderState,
    source::VideoKind,
    studio::Studio,
    units::Bitrate,
};

use crate::common::{
    logs,
    stand_in::{self, Behaviour},
    studio::{Taker, lease, settings, video},
};

/// Longer than anything here takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What a viewer may miss at most.
const GAP: Duration = Duration::from_secs(1);

const FAILS: Behaviour = Behaviour::FailsAfter(0);
const STALLS: Behaviour = Behaviour::StallsAfter(0);
const IGNORES: Behaviour = Behaviour::IgnoresKeyframesAfter(0);

struct Device {
    element: &'static str,
    codec: Codec,
    /// How many bits a second one of its units is.
    unit: u32,
    /// What else goes wrong, besides that it gives up.
    trouble: Behaviour,
}

const fn device(element: &'static str, codec: Codec, unit: u32, trouble: Behaviour) -> Device {
    Device { element, codec, unit, trouble }
}

const VA: [Device; 6] = [
    device("vah264enc", H264, 1000, IGNORES),
    device("vah264lpenc", H264, 1000, STALLS),
    device("vavp9enc", Vp9, 1000, IGNORES),
    device("vavp9lpenc", Vp9, 1000, STALLS),
    device("vaav1enc", Av1, 1000, IGNORES),
    device("vaav1lpenc", Av1, 1000, STALLS),
];
const VAAPI: [Device; 1] = [device("vaapih264enc", H264, 1000, STALLS)];
const QUICK_SYNC: [Device; 3] = [
    device("qsvh264enc", H264, 1000, STALLS),
    device("qsvvp9enc", Vp9, 1000, IGNORES),
    device("qsvav1enc", Av1, 1000, STALLS),
];
const NVENC: [Device; 2] = [device("nvh264enc", H264, 1000, IGNORES), device("nvav1enc", Av1, 1000, IGNORES)];
const JETSON: [Device; 1] = [device("nvv4l2h264enc", H264, 1, IGNORES)];
const ROCKCHIP: [Device; 2] = [device("mpph264enc", H264, 1, STALLS), device("mppvp8enc", Vp8, 1, IGNORES)];
const V4L2: [Device; 2] = [device("v4l2h264enc", H264, 1, IGNORES), device("v4l2vp8enc", Vp8, 1, STALLS)];

impl Device {
    /// A studio for its codec that knows from an earlier process that it works, and the cache that says so.
    async fn known_to_work(&self) -> (Studio, tempfile::TempDir) {
        logs::show();
        elements::start().unwrap();
        stand_in::register(&[(self.element, Behaviour::Works)]);
        let cache = tempfile::tempdir().unwrap();
        let settings = Settings {
            cache: Some(cache.path().to_owned()),
            codecs: CodecChoice::Only(vec![self.codec]),
            rungs: 1,
            // What has failed is not tried again while a test runs.
            retry_after: Duration::from_secs(600),
            ..settings()
        };
        let source = video("picture", VideoKind::Test { pattern: "smpte".to_owned() });
        let encoder = settings.catalogue.iter().find(|one| one.row.element == self.element).unwrap();
        let trials = Trials::new(settings.cache.clone(), Clockwork::start());
        let report = trials.run(encoder, settings.target(&source).picture).await;
        assert_eq!(report.faults, [], "{}", self.element);
        (Studio::start(vec![source], settings, Clockwork::start()).unwrap(), cache)
    }

    async fn encodes(&self, studio: &Studio) {
        let state = shown(studio, |encoder| encoder.frames > 0).await;
        assert_eq!((state.element.as_str(), state.replaced), (self.element, None));
    }

    /// Another has taken its place, for a reason like this.
    async fn was_replaced(&self, studio: &Studio, why: &str) {
        let state = shown(studio, |encoder| encoder.replaced.is_some()).await;
        assert_ne!(state.element, self.element);
        let replaced = state.replaced.unwrap();
        assert!(replaced.element == self.element && replaced.why.contains(why), "{replaced:?}");
    }

    async fn encodes_and_is_replaced_when_it_gives_up(&self) {
        let (studio, _cache) = self.known_to_work().await;
        let trial = stand_in::told(self.element).len();
        let lease = lease(&studio, "picture", self.codec).await;
        let taker = Taker::new(&lease.feed, || {});
        assert!(taker.next().await.keyframe, "{}: the first", self.element);
        for _ in 0..10 {
            taker.next().await;
        }
        self.encodes(&studio).await;
        let bitrate = settings().video_bitrate;
        assert_eq!(stand_in::told(self.element)[trial..], [bitrate.bits() / self.unit], "{}", self.element);
        // A slow link: it is told that in its own unit, too.
        lease.bears(Some(Bitrate::from_bits(400_000)));
        let followed = async {
            while stand_in::told(self.element).len() == trial + 1 {
                taker.next().await;
            }
        };
        tokio::time::timeout(LIMIT, followed).await.expect("it is told another bitrate");
        let told = *stand_in::told(self.element).last().unwrap() * self.unit;
        assert!((100_000..=400_000).contains(&told), "{}: {told} bit/s", self.element);
        self.is_replaced(&studio, &taker, FAILS, "the device is gone").await;
        studio.stop().await;
    }

    async fn is_replaced_when_it_is_in_trouble(&self) {
        let (studio, _cache) = self.known_to_work().await;
        let lease = lease(&studio, "picture", self.codec).await;
        let taker = Taker::new(&lease.feed, || {});
        taker.next().await;
        self.encodes(&studio).await;
        if self.trouble == IGNORES {
            stand_in::behave(self.element, IGNORES);
            // One that comes now needs a keyframe.
            let begun = Instant::now();
            let late = Taker::new(&lease.feed, || {});
            assert!(late.next().await.keyframe);
            assert!(begun.elapsed() < GAP, "{}: {:?}", self.element, begun.elapsed());
            self.was_replaced(&studio, "a keyframe was asked for").await;
        } else {
            self.is_replaced(&studio, &taker, STALLS, "none came out for").await;
        }
        studio.stop().await;
    }

    /// The taker's next frame from another encoder is a keyframe, and comes within a second.
    async fn is_replaced(&self, studio: &Studio, taker: &Taker, behaviour: Behaviour, why: &str) {
        stand_in::behave(self.element, behaviour);
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        loop {
            let frame = taker.next().await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
            if frame.keyframe {
                break;
            }
        }
        assert!(longest < GAP, "{}: {longest:?} without a frame", self.element);
        self.was_replaced(studio, why).await;
        for _ in 0..10 {
            taker.next().await;
        }
    }
}

/// The state of the only encoder, when it is so.
async fn shown(studio: &Studio, is_so: impl Fn(&EncoderState) -> bool) -> EncoderState {
    let mut state = studio.state();
    let waited = state.wait_for(|state| state.encoders.iter().any(&is_so));
    match tokio::time::timeout(LIMIT, waited).await {
        Ok(state) => state.unwrap().encoders.iter().find(|encoder| is_so(encoder)).cloned().unwrap(),
        Err(_) => panic!("not within {LIMIT:?}: {:#?}", studio.state().borrow().encoders),
    }
}

async fn all(devices: &[Device]) {
    for device in devices {
        device.encodes_and_is_replaced_when_it_gives_up().await;
        device.is_replaced_when_it_is_in_trouble().await;
    }
}

#[test]
fn none_of_the_catalogue_is_left_out() {
    let vendors: [&[Device]; 7] = [&VA, &VAAPI, &QUICK_SYNC, &NVENC, &JETSON, &ROCKCHIP, &V4L2];
    let here: BTreeSet<_> = vendors.into_iter().flatten().map(|device| (device.codec.to_string(), device.element.to_owned())).collect();
    let catalogue = Catalogue::default();
    let hardware = catalogue.iter().filter(|encoder| !encoder.is_software());
    assert_eq!(here, hardware.map(|encoder| (encoder.row.codec.to_string(), encoder.row.element.clone())).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn va_h264() {
    all(&VA[..2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn va_vp9() {
    all(&VA[2..4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn va_av1() {
    all(&VA[4..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vaapi() {
    all(&VAAPI).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_sync() {
    all(&QUICK_SYNC).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nvenc() {
    all(&NVENC).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetson() {
    all(&JETSON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rockchip() {
    all(&ROCKCHIP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v4l2() {
    all(&V4L2).await;
}
