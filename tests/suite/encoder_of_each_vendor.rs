//! Each device of the catalogue, stood in for, at work: it encodes for a taker, is told its bitrate in its own unit, and
//! is replaced within 1 s when it does not start, gives up, stalls or ignores requests for keyframes. The taker goes on
//! with a keyframe.

use std::time::{Duration, Instant};

use peergate::{
    codec::Codec,
    encoder::{CodecChoice, ElementChoice, Settings, Trials},
    media::{clockwork::Clockwork, elements},
    report::EncoderState,
    source::{Spec, VideoKind},
    studio::Studio,
    units::Bitrate,
};

use crate::common::{
    logs,
    stand_in::{
        self, Behaviour,
        vendors::{JETSON, NVENC, QUICK_SYNC, ROCKCHIP, SVT_AV1, V4L2, VA_AV1, VA_H264, VA_VPX, VAAPI, Device},
    },
    studio::{Taker, lease, settings, video},
};

/// Longer than anything here takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What a viewer may miss at most.
const GAP: Duration = Duration::from_secs(1);

/// How long a link is now so and now so.
const SWAYING: Duration = Duration::from_secs(3);

const FAILS: Behaviour = Behaviour::FailsAfter(0);
const STALLS: Behaviour = Behaviour::StallsAfter(0);
const IGNORES: Behaviour = Behaviour::IgnoresKeyframesAfter(0);

fn source() -> Spec {
    video("picture", VideoKind::Test { pattern: "smpte".to_owned() })
}

/// In which nothing else encodes, and what has failed is not tried again while a test runs.
fn only(codec: Codec) -> Settings {
    let codecs = CodecChoice::Only(vec![codec]);
    Settings { codecs, rungs: 1, retry_after: Duration::from_secs(600), ..settings() }
}

/// One of them, and the studio that it works in.
struct AtWork<'a> {
    device: &'a Device,
    studio: Studio,
    _cache: Option<tempfile::TempDir>,
}

impl<'a> AtWork<'a> {
    /// Of a studio that knows from an earlier process that it works.
    async fn known(device: &'a Device) -> Self {
        elements::start().unwrap();
        stand_in::register(&[(device.element, Behaviour::Works)]);
        let cache = tempfile::tempdir().unwrap();
        let settings = Settings { cache: Some(cache.path().to_owned()), ..only(device.codec) };
        let encoder = settings.catalogue.iter().find(|one| one.row.element == device.element).unwrap();
        let trials = Trials::new(settings.cache.clone(), Clockwork::start());
        let report = trials.run(encoder, settings.target(&source()).picture).await;
        assert_eq!(report.faults, [], "{}", device.element);
        Self::start(device, settings, Some(cache))
    }

    /// Of one that was asked for it by its name.
    fn named(device: &'a Device, behaviour: Behaviour) -> Self {
        elements::start().unwrap();
        stand_in::register(&[(device.element, behaviour)]);
        let element = ElementChoice::Named(device.element.to_owned());
        Self::start(device, Settings { element, ..only(device.codec) }, None)
    }

    fn start(device: &'a Device, settings: Settings, cache: Option<tempfile::TempDir>) -> Self {
        logs::show();
        let studio = Studio::start(vec![source()], settings, Clockwork::start()).unwrap();
        Self { device, studio, _cache: cache }
    }

    async fn encodes(&self) {
        let state = shown(&self.studio, |encoder| encoder.frames > 0).await;
        assert_eq!((state.element.as_str(), state.replaced), (self.device.element, None));
    }

    /// Another has taken its place, for a reason like this.
    async fn was_replaced(&self, why: &str) {
        let state = shown(&self.studio, |encoder| encoder.replaced.is_some()).await;
        assert_ne!(state.element, self.device.element);
        let replaced = state.replaced.unwrap();
        assert!(replaced.element == self.device.element && replaced.why.contains(why), "{replaced:?}");
    }

    /// The taker's next frame from another encoder is a keyframe, and comes within a second.
    async fn is_replaced(&self, taker: &Taker, behaviour: Behaviour, why: &str) {
        stand_in::behave(self.device.element, behaviour);
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        loop {
            let frame = taker.next().await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
            if frame.keyframe {
                break;
            }
        }
        assert!(longest < GAP, "{}: {longest:?} without a frame", self.device.element);
        self.was_replaced(why).await;
        for _ in 0..10 {
            taker.next().await;
        }
    }

    async fn told_and_replaced_when_it_gives_up(self) {
        let Device { element, codec, unit, .. } = *self.device;
        let before = stand_in::told(element).len();
        let lease = lease(&self.studio, "picture", codec).await;
        let taker = Taker::new(&lease.feed, || {});
        assert!(taker.next().await.keyframe, "{element}: the first");
        for _ in 0..10 {
            taker.next().await;
        }
        self.encodes().await;
        let told = || stand_in::told(element)[before..].to_vec();
        assert_eq!(told(), [settings().video_bitrate.bits() / unit], "{element}");
        // A slow link: it is told that in its own unit, too.
        lease.bears(Some(Bitrate::from_bits(400_000)));
        let followed = async {
            while told().len() == 1 {
                taker.next().await;
            }
        };
        tokio::time::timeout(LIMIT, followed).await.expect("it is told another bitrate");
        assert!((100_000..=400_000).contains(&(told()[1] * unit)), "{element}: {:?}", told());
        self.is_replaced(&taker, FAILS, "the device is gone").await;
        self.studio.stop().await;
    }

    /// A link that is now so and now so costs no keyframe each time, where an encoder makes one at each new bitrate; and
    /// what is wanted in the end is told in the end.
    async fn told_a_bitrate_once_a_second_where_each_costs_a_keyframe(self) {
        let Device { element, codec, unit, .. } = *self.device;
        let lease = lease(&self.studio, "picture", codec).await;
        let taker = Taker::new(&lease.feed, || {});
        taker.next().await;
        self.encodes().await;
        let before = stand_in::told(element).len();
        let told = || stand_in::told(element)[before..].to_vec();
        let begun = Instant::now();
        let mut keyframes = 0;
        for turn in 0.. {
            keyframes += usize::from(taker.next().await.keyframe);
            if begun.elapsed() >= SWAYING {
                break;
            }
            lease.bears(Some(Bitrate::from_bits(if turn / 8 % 2 == 0 { 400_000 } else { 800_000 })));
        }
        let most = SWAYING.as_secs() as usize + 1;
        assert!((2..=most).contains(&told().len()), "{element}: {:?}", told());
        assert!(keyframes <= most, "{element}: {keyframes} keyframes");
        lease.bears(Some(Bitrate::from_bits(300_000)));
        let last = || told().last().is_some_and(|told| *told * unit <= 300_000);
        let settled = async {
            while !last() {
                taker.next().await;
            }
        };
        tokio::time::timeout(LIMIT, settled).await.expect("it is told the last one, too");
        self.studio.stop().await;
    }

    async fn replaced_when_it_stalls(self) {
        let lease = lease(&self.studio, "picture", self.device.codec).await;
        let taker = Taker::new(&lease.feed, || {});
        taker.next().await;
        self.encodes().await;
        self.is_replaced(&taker, STALLS, "none came out for").await;
        self.studio.stop().await;
    }

    async fn replaced_when_it_ignores_requests_for_keyframes(self) {
        let lease = lease(&self.studio, "picture", self.device.codec).await;
        let taker = Taker::new(&lease.feed, || {});
        taker.next().await;
        self.encodes().await;
        stand_in::behave(self.device.element, IGNORES);
        // One that comes now needs a keyframe.
        let begun = Instant::now();
        let late = Taker::new(&lease.feed, || {});
        assert!(late.next().await.keyframe);
        assert!(begun.elapsed() < GAP, "{}: {:?}", self.device.element, begun.elapsed());
        self.was_replaced("a keyframe was asked for").await;
        self.studio.stop().await;
    }

    async fn replaced_when_it_does_not_start(self) {
        let lease = lease(&self.studio, "picture", self.device.codec).await;
        let taker = Taker::new(&lease.feed, || {});
        assert!(taker.next().await.keyframe);
        self.was_replaced("there is no device").await;
        self.studio.stop().await;
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
    for (index, device) in devices.iter().enumerate() {
        AtWork::named(device, Behaviour::HasNoDevice).replaced_when_it_does_not_start().await;
        AtWork::known(device).await.told_and_replaced_when_it_gives_up().await;
        // In turns: what is done about it is the same for each.
        if index % 2 == 0 {
            AtWork::known(device).await.replaced_when_it_ignores_requests_for_keyframes().await;
        } else {
            AtWork::known(device).await.replaced_when_it_stalls().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn va_h264() {
    all(&VA_H264).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn va_vp8() {
    all(&VA_VPX[..2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn va_vp9() {
    all(&VA_VPX[2..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn va_av1() {
    all(&VA_AV1).await;
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

/// Software, and not here either.
#[tokio::test(flavor = "multi_thread")]
async fn svt_av1() {
    AtWork::named(&SVT_AV1, Behaviour::Works).told_and_replaced_when_it_gives_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bitrate_that_costs_a_keyframe_is_told_once_a_second() {
    for device in [&VA_H264[0], &NVENC[0]] {
        let at_work = AtWork::named(device, Behaviour::Works);
        at_work.told_a_bitrate_once_a_second_where_each_costs_a_keyframe().await;
    }
}
