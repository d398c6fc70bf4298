//! Software that makes nothing of its frames is replaced within a second, but for the time in which other work may hold it
//! up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use peergate::{
    codec::Codec,
    encoder::{self, Catalogue, ElementChoice, Settings},
    source::VideoKind,
    studio::Studio,
};

use crate::common::{
    stand_in::{self, Behaviour},
    studio::{Taker, lease, settings, studio_with, video},
};

/// Of the names of devices, as they are stood in for; without a device it counts as software.
const SOFTWARE: &str = "vah264enc";

const ROW: &str = r#"
[[encoder]]
codec = "h264"
element = "vah264enc"
template = "software"
package = "none"
bitrate = { property = "bitrate", unit = "kbit/s" }
"#;

const TEMPLATE: &str = "queue name=in leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0 \
    ! videoconvertscale ! video/x-raw,format=NV12,width={width},height={height} \
    ! vah264enc name=encoder bitrate={bitrate} ! h264parse config-interval=-1 \
    ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out";

/// What software may make nothing for, whatever holds it up.
const LONGEST: Duration = Duration::from_secs(2);

/// Threads that want each processor, besides ours.
const CROWD: usize = 4;

/// A studio whose software works, for now.
fn start() -> Studio {
    stand_in::register(&[(SOFTWARE, Behaviour::Works)]);
    let catalogue = Catalogue::with_own(ROW, |_| Ok(TEMPLATE.to_owned())).unwrap();
    let element = ElementChoice::Named(SOFTWARE.to_owned());
    let settings = Settings { catalogue, element, retry_after: Duration::from_secs(600), ..settings() };
    studio_with(vec![video("picture", VideoKind::Test { pattern: "smpte".to_owned() })], settings)
}

async fn plays(taker: &Taker) {
    for _ in 0..30 {
        taker.next().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_second_in_which_nothing_holds_it_up() {
    let studio = start();
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    plays(&taker).await;
    let moment = Duration::from_millis(100);
    stand_in::behave(SOFTWARE, Behaviour::StallsAfter(0));
    while taker.poll(moment).await.is_some() {}
    let (begun, held_up) = (Instant::now(), encoder::held_up());
    assert!(taker.next().await.keyframe, "the next encoder's first");
    let gap = moment + begun.elapsed();
    // Where the kernel does not tell, it may have been all of the time.
    let held_up = held_up.zip(encoder::held_up()).map_or(LONGEST, |(then, now)| (now - then).min(LONGEST));
    assert!(gap < Duration::from_secs(1) + held_up, "{gap:?} without a frame, and held up for {held_up:?} of them");
    let mut state = studio.state();
    let state = state.wait_for(|state| state.encoders[0].replaced.is_some()).await.unwrap().clone();
    let replaced = state.encoders[0].replaced.as_ref().unwrap();
    assert!(replaced.element == SOFTWARE && replaced.why.contains("none came out for"), "{replaced:?}");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_not_for_being_slow_on_a_busy_machine() {
    let studio = start();
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    plays(&taker).await;
    let burners = Burners::start(CROWD * std::thread::available_parallelism().unwrap().get());
    // As it is where it does not get its turn. On an idle machine it would be a stall.
    stand_in::behave(SOFTWARE, Behaviour::Takes(LONGEST / 2));
    let mut frames = 0;
    let begun = Instant::now();
    while begun.elapsed() < 4 * LONGEST {
        taker.next().await;
        frames += 1;
    }
    drop(burners);
    let state = studio.state().borrow().clone();
    assert_eq!((state.encoders[0].element.as_str(), &state.encoders[0].replaced), (SOFTWARE, &None), "{frames} frames");
    studio.stop().await;
}

/// Threads that do nothing but keep processors busy, until it is dropped.
struct Burners {
    burn: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Burners {
    fn start(count: usize) -> Self {
        let burn = Arc::new(AtomicBool::new(true));
        let thread = |_| {
            let burn = Arc::clone(&burn);
            std::thread::spawn(move || while burn.load(Relaxed) {})
        };
        Self { threads: (0..count).map(thread).collect(), burn }
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        self.burn.store(false, Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}
