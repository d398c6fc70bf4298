//! A camera's own H.264 goes to the peers as it is, and is pictures again for who does not take it; what would be a broken
//! stream is refused, with the reason.

use std::{fs, time::Duration};

use gst::prelude::*;
use peergate::{codec::Codec, encoder::Settings, quality::UNLIMITED, report::Condition, source::VideoKind, studio::StudioState, units::Bitrate};

use crate::common::{
    daemon::{self, Daemon, Ended, GATEWAY, is_connected},
    decode::{Picture, Pictures},
    decode_track,
    guest::{self, Camera, FRONT, Model, UsbCamera},
    held,
    str0m_peer::{Options, Order, Viewer},
    studio::{Taker, failure, lease, settings, studio, studio_with, video},
    wait::wait_until,
};

/// Within which a camera is let go of after its last taker has left, on a busy machine.
const RELEASE_LIMIT: Duration = Duration::from_secs(30);

/// A keyframe each second: the camera makes 15 frames/s.
const GOOD: &str = "key-int-max=15 ! video/x-h264,profile=constrained-baseline";

fn own_h264() -> VideoKind {
    VideoKind::H264Camera { device: None }
}

/// Some access units of what `encoder`, the properties of x264enc and what follows, makes of a ball that moves before grey: a
/// slate is dark.
fn units(encoder: &str, count: u32) -> Vec<Vec<u8>> {
    units_of("ball background-color=0xff808080", 300, encoder, count)
}

/// The same of another pattern, at so many kbit/s.
fn units_of(pattern: &str, kilobits: u32, encoder: &str, count: u32) -> Vec<Vec<u8>> {
    gst::init().unwrap();
    let description = format!(
        "videotestsrc pattern={pattern} num-buffers={count} \
         ! video/x-raw,format=I420,width=640,height=360,framerate=15/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast bitrate={kilobits} {encoder} ! h264parse config-interval=-1 \
         ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out sync=false"
    );
    let clockwork = peergate::media::clockwork::Clockwork::start();
    let (pipeline, _bus) = peergate::media::pipeline::Pipeline::parse("units", &description, &clockwork).unwrap();
    let out = pipeline.element("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    tokio::task::block_in_place(|| {
        let handle = tokio::runtime::Handle::current();
        handle.block_on(pipeline.set_state(gst::State::Playing)).unwrap();
        let samples = std::iter::from_fn(|| out.pull_sample().ok());
        samples.map(|sample| sample.buffer().unwrap().map_readable().unwrap().to_vec()).collect()
    })
}

/// The slices of an access unit: what is behind its headers.
fn slices(unit: &[u8]) -> &[u8] {
    let starts = (0..unit.len().saturating_sub(3)).filter(|at| unit[*at..].starts_with(&[0, 0, 1]));
    let first = starts.into_iter().find(|at| (1..=5).contains(&(unit[at + 3] & 31))).expect("a slice");
    &unit[first..]
}

#[test]
fn bit_by_bit_and_decoded_for_others() {
    guest::with_camera(Camera::Usb, async {
        let sent = tokio::spawn(async { units(GOOD, 45) }).await.unwrap();
        let camera = UsbCamera::plug_with_h264(FRONT, &sent).await;
        let studio = studio(vec![video("front", own_h264())]);
        let own = lease(&studio, "front", Codec::H264).await;
        let taker = Taker::new(&own.feed, || {});
        let first = taker.next().await;
        assert!(first.keyframe);
        for _ in 0..30 {
            let taken = taker.next().await;
            let unit = taken.buffer.map_readable().unwrap();
            assert!(sent.iter().any(|sent| slices(sent) == slices(&unit)), "it is as the camera made it");
        }
        let other = lease(&studio, "front", Codec::Vp8).await;
        let pictures = Pictures::of(&other.feed).await;
        let first = pictures.next().await;
        assert_eq!((first.width, first.height), (320, 240), "in the size that was asked for");
        pictures.find(|picture| picture.difference(&first) > 50).await;
        let running = |state: &StudioState| {
            let running = state.encoders.iter().filter(|one| one.condition == Condition::Running);
            running.map(|one| (one.codec, one.element.clone())).collect::<Vec<_>>()
        };
        let expected = [(Codec::H264, "passthrough".to_owned()), (Codec::Vp8, "vp8enc".to_owned())];
        studio.state().wait_for(|state| running(state) == expected).await.unwrap();

        // Without the camera its taker is shown a slate, in its size, and the camera again when it is back. That it comes within a
        // second is asserted where the processor is not interpreted (slate_of_an_encode_is_decoded): here it took 0.6 to 0.9 s, and
        // 3.5 s while others compiled.
        drop((pictures, other));
        studio.state().wait_for(|state| running(state) == expected[..1]).await.unwrap();
        let own_pictures = Pictures::of(&own.feed).await;
        own_pictures.find(|picture| !picture.is_slate()).await;
        let unplugged = tokio::spawn(camera.unplug());
        let slate = own_pictures.find(Picture::is_slate).await;
        assert_eq!((slate.width, slate.height), (640, 360), "in the camera's size");
        // Those that come until it is plugged in would have to be looked through else.
        drop(own_pictures);
        unplugged.await.unwrap();
        let _camera = UsbCamera::plug_with_h264(FRONT, &sent).await;
        let own_pictures = Pictures::of(&own.feed).await;
        own_pictures.find(|picture| !picture.is_slate()).await;
        studio.stop().await;
    });
}

#[test]
fn to_peers_of_either_codec() {
    guest::with_camera(Camera::Usb, async {
        let sent = tokio::spawn(async { units(GOOD, 45) }).await.unwrap();
        let _camera = UsbCamera::plug_with_h264(FRONT, &sent).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("box.toml");
        // The guest's processor is interpreted: it may look like a slow link, for which there would be a lower rung.
        fs::write(&path, "[encode]\nrungs = 1\n").unwrap();
        let flags = ["--config", path.to_str().unwrap(), "--video", "camera", "--encoder", "passthrough", "--audio", "none"];
        let gateway = Daemon::gateway(&flags).await;
        let options = |codec: Codec| {
            let codecs = [codec, Codec::Opus];
            Options::new(&format!("takes-{codec}")).meeting(GATEWAY).codecs(&codecs).keeping(30)
        };
        let h264 = Viewer::join(&gateway.ws("/signal"), options(Codec::H264)).await;
        let own = h264.video(30).await;
        let vp8 = Viewer::join(&gateway.ws("/signal"), options(Codec::Vp8)).await;
        let other = vp8.video(30).await;
        gateway.encoder("h264", |encoder| encoder["element"] == "passthrough" && encoder["takers"] == 1).await;
        gateway.encoder("vp8", |encoder| encoder["element"] == "vp8enc" && encoder["takers"] == 1).await;
        for track in [own, other] {
            assert!(track.began_with_keyframe);
            let pictures = decode_track::pictures(&track).await;
            assert!(pictures.len() > 25, "{}: {} of {} frames", track.codec, pictures.len(), track.kept.len());
        }
        gateway.peer("takes-h264", is_connected).await;
        assert!(!gateway.log().contains("assertion"), "GStreamer finds no fault:\n{}", gateway.log());
        assert_ne!(held::cameras(gateway.id()), 0);
        h264.order(Order::Close);
        vp8.order(Order::Close);
        wait_until("the daemon lets go of the camera", RELEASE_LIMIT, || held::cameras(gateway.id()) == 0).await;
    });
}

#[test]
fn to_those_whose_link_bears_what_the_camera_makes() {
    guest::with_camera(Camera::Usb, async {
        let sent = tokio::spawn(async { units_of("snow", 600, GOOD, 45) }).await.unwrap();
        let bytes = sent.iter().map(Vec::len).sum::<usize>();
        let _camera = UsbCamera::plug_with_h264(FRONT, &sent).await;
        // What is configured is for our own encoders, and both links bear it twice.
        let settings = Settings { video_bitrate: Bitrate::from_bits(160_000), ..settings() };
        let studio = studio_with(vec![video("front", own_h264())], settings);
        let (fast, mut slow) =
            (lease(&studio, "front", Codec::H264).await, lease(&studio, "front", Codec::H264).await);
        let _taker = Taker::new(&fast.feed, || {});
        fast.bears(Some(UNLIMITED));
        slow.bears(Some(Bitrate::from_bits(320_000)));
        slow.moved().await;
        assert_eq!((slow.next().map(|rung| rung.index()), fast.next().is_none()), (Some(1), true));
        // Its first second may not be a whole one.
        let made = bytes as f64 * 8.0 / 3.0;
        let is_made = |full: &Bitrate| (0.7..1.4).contains(&(f64::from(full.bits()) / made));
        fast.full().wait_for(is_made).await.unwrap();
        let shown = |state: &StudioState| state.encoders.iter().any(|one| one.rung == 0 && is_made(&one.bitrate));
        studio.state().wait_for(shown).await.unwrap();
        studio.stop().await;
    });
}

#[test]
fn unless_keyframes_are_rare() {
    guest::with_camera(Camera::Usb, async {
        let rare = "key-int-max=90 ! video/x-h264,profile=constrained-baseline";
        let sent = tokio::spawn(async move { units(rare, 90) }).await.unwrap();
        let _camera = UsbCamera::plug_with_h264(FRONT, &sent).await;
        let studio = studio(vec![video("front", own_h264())]);
        let lease = lease(&studio, "front", Codec::H264).await;
        let why = failure(&studio).await;
        assert!(why.contains("can't be passed through") && why.contains("no keyframe for 2."), "{why}");
        assert_eq!(lease.feed.counts().frames, 0, "nobody was given what would have stood still");
        studio.stop().await;
    });
}

#[test]
fn unless_peers_could_not_decode_it_which_check_says() {
    guest::with_camera(Camera::Usb, async {
        let model = |port, name| Model { port, name, serial: name, ..FRONT };
        let [plain, high, bare, good] = [model(0, "plain"), model(1, "high"), model(2, "bare"), model(3, "good")];
        let encoded = async |encoder| tokio::spawn(async move { units(encoder, 45) }).await.unwrap();
        let of_high = encoded("cabac=true dct8x8=true key-int-max=15 ! video/x-h264,profile=high").await;
        let of_good = encoded(GOOD).await;
        let without_headers: Vec<_> = of_good.iter().map(|unit| [&[0], slices(unit)].concat()).collect();
        let _cameras = [
            UsbCamera::plug(plain).await,
            UsbCamera::plug_with_h264(high, &of_high).await,
            UsbCamera::plug_with_h264(bare, &without_headers).await,
            UsbCamera::plug_with_h264(good, &of_good).await,
        ];
        let checked = check(&[plain, high, bare, good]);
        assert_eq!(checked.status.code(), Some(64), "{}", checked.stderr);
        assert_eq!(checked.stderr.matches("can't be passed through: ").count(), 3, "{}", checked.stderr);
        let says = |model: Model, why: &str| {
            let of_it = |line: &&str| line.contains(&format!("[video.{}]: ", model.name));
            let line = checked.stderr.lines().find(of_it).unwrap_or_default();
            assert!(line.contains("can't be passed through: ") && line.contains(why), "{why} in: {}", checked.stderr);
        };
        says(plain, "it has no H.264 of its own, but ");
        says(high, "its H.264 is of profile High");
        says(bare, "its H.264 has no headers (SPS and PPS)");
        let checked = check(&[good]);
        assert_eq!(checked.status.code(), Some(0), "{}", checked.stderr);
    });
}

/// What `peergate check` says of a configuration with these cameras, each by its name.
fn check(models: &[Model]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("box.toml");
    let table = |model: &Model| {
        let device = model.by_id();
        format!("[video.{}]\nsource = 'camera'\ndevice = '{device}'\nencoder = 'passthrough'\n", model.name)
    };
    // A member sends one of them.
    let member = format!("[[member]]\nvideo = '{}'\n", models[0].name);
    fs::write(&path, models.iter().map(table).collect::<String>() + &member).unwrap();
    daemon::run_to_end(daemon::command(&["check", path.to_str().unwrap()]))
}
