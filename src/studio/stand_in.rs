//! The task that has a slate shown, or silence heard, while a source that is wanted gives nothing: viewers are to see within
//! a second that it is gone, and not a picture that stands still.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::{
    sync::watch,
    time::{Instant, interval},
};

use super::{
    LINGER,
    backoff::Backoff,
    demand::Demand,
    placeholder::{Placeholder, PlaceholderError, Press},
};
use crate::{
    media::{clockwork::Clockwork, feed::Feed},
    report::Condition,
    source::Spec,
};

/// How long a source that has delivered may be silent. Another picture is to be there within a second. Where it is kept
/// for who reads it late, it may be silent for as long as that, unless it fails: what stood in would displace it.
const PATIENCE: Duration = Duration::from_millis(700);

/// The same for one that says that it fails: what shows its slate takes a moment to begin, and is not shown before it has to.
const SURE: Duration = Duration::from_millis(200);

/// Frames that may be missing; at a few frames a second that is longer.
const MISSING: u32 = 4;

/// How long one that begins may take, unless it says that it fails: cameras take a second or two to open.
const BEGINNING: Duration = Duration::from_secs(3);

/// How long it has to deliver again until its slate is taken down. Some come and go.
const CALM: Duration = Duration::from_secs(2);

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(100);

/// What stands in for one source.
pub(super) struct StandIn {
    pub(super) spec: Spec,
    pub(super) feed: Feed,
    pub(super) demand: Demand,
    pub(super) condition: watch::Receiver<Condition>,
    pub(super) clockwork: Clockwork,
    /// What encodes the slate, where the source comes encoded.
    pub(super) press: Option<Press>,
}

impl StandIn {
    /// Works until `running` says no, or nobody is left to say it.
    pub(super) fn spawn(self, running: &watch::Sender<bool>) {
        let mut running = running.subscribe();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    // An error: the studio is gone.
                    _ = running.wait_for(|running| !running) => return,
                    () = self.demand.wanted() => {}
                }
                let mut slate = None;
                tokio::select! {
                    biased;
                    _ = running.wait_for(|running| !running) => {}
                    () = self.demand.unwanted_for(LINGER) => {}
                    () = self.watch(&mut slate) => {}
                }
                if let Some(slate) = slate {
                    Placeholder::stop(slate).await;
                }
            }
        });
    }

    /// Shows a slate while it is needed. Never returns.
    async fn watch(&self, slate: &mut Option<Placeholder>) {
        let begun = Instant::now();
        let mut silence = Silence { begun, patience: self.patience(false), calm_since: None };
        let (mut backoff, mut next_attempt) = (Backoff::default(), begun);
        let mut looks = interval(LOOK);
        loop {
            let now = looks.tick().await;
            if let Some(error) = slate.as_mut().and_then(Placeholder::failure) {
                *slate = None;
                next_attempt = now + self.complain(&error, &mut backoff);
            }
            let has_failed = matches!(*self.condition.borrow(), Condition::Failed { .. });
            match silence.look(now, self.feed.silent_for(), has_failed) {
                Verdict::Needed if slate.is_none() && now >= next_attempt => {
                    // What was before it was wanted is not known.
                    let silent_for = self.feed.silent_for().map_or(now - begun, |silent| silent.min(now - begun));
                    let since = time_of_day(SystemTime::now() - silent_for);
                    match self.show(&since, self.patience(has_failed)).await {
                        Ok(started) => {
                            tracing::warn!(source = %self.spec.name(), since, "it gives nothing; viewers are told so");
                            *slate = Some(started);
                        }
                        Err(error) => next_attempt = now + self.complain(&error, &mut backoff),
                    }
                }
                Verdict::Over => {
                    backoff.reset();
                    if let Some(slate) = slate.take() {
                        tracing::info!(source = %self.spec.name(), "it delivers again");
                        slate.stop().await;
                    }
                }
                Verdict::Needed | Verdict::Undecided => {}
            }
        }
    }

    async fn show(&self, since: &str, patience: Duration) -> Result<Placeholder, PlaceholderError> {
        match &self.press {
            Some(press) => press.print(&self.spec, since, &self.feed, patience, &self.clockwork).await,
            None => Placeholder::plain(&self.spec, since, &self.feed, patience, &self.clockwork).await,
        }
    }

    /// Says why there is no slate; how long none is tried again.
    fn complain(&self, error: &PlaceholderError, backoff: &mut Backoff) -> Duration {
        let wait = backoff.next(rand::random());
        tracing::error!(source = %self.spec.name(), %error, ?wait, "viewers can't be told that it gives nothing");
        wait
    }

    fn patience(&self, has_failed: bool) -> Duration {
        match &self.spec {
            Spec::Video(video) => PATIENCE.max(Duration::from_secs(1) * MISSING / video.fps.max(1)),
            // Of one that fails nothing will come late.
            Spec::Audio(_) if has_failed => PATIENCE,
            Spec::Audio(_) => PATIENCE.max(self.spec.kept()),
        }
    }
}

/// Whether a source gives what it should.
struct Silence {
    /// Since when it is wanted.
    begun: Instant,
    patience: Duration,
    /// Since when it has delivered.
    calm_since: Option<Instant>,
}

/// What follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// A slate is.
    Needed,
    /// It is not, for a while already.
    Over,
    Undecided,
}

impl Silence {
    /// `silent_for` is since when nothing came, `None` where nothing ever did.
    fn look(&mut self, now: Instant, silent_for: Option<Duration>, has_failed: bool) -> Verdict {
        let wanted_for = now - self.begun;
        let silent_for = silent_for.filter(|silent| *silent < wanted_for);
        let is_needed = match silent_for {
            Some(silent_for) => silent_for > self.patience || has_failed && silent_for > SURE,
            None => has_failed || wanted_for > BEGINNING,
        };
        if is_needed || silent_for.is_none() {
            self.calm_since = None;
            return if is_needed { Verdict::Needed } else { Verdict::Undecided };
        }
        let calm_for = now - *self.calm_since.get_or_insert(now);
        if calm_for >= CALM { Verdict::Over } else { Verdict::Undecided }
    }
}

/// Hours and minutes by the box's own clock and zone.
fn time_of_day(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
    let shown = glib::DateTime::from_unix_local(seconds).and_then(|time| time.format("%H:%M"));
    shown.map_or_else(|_| "a while ago".to_owned(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn silence() -> Silence {
        Silence { begun: Instant::now(), patience: PATIENCE, calm_since: None }
    }

    #[test]
    fn one_that_takes_its_time_to_begin_needs_none_unless_it_fails() {
        let mut silence = silence();
        let begun = silence.begun;
        // It delivered an hour ago, to others.
        let long_ago = Some(ms(3_600_000));
        assert_eq!(silence.look(begun + ms(2900), long_ago, false), Verdict::Undecided);
        assert_eq!(silence.look(begun + ms(100), None, true), Verdict::Needed);
        assert_eq!(silence.look(begun + ms(3001), long_ago, false), Verdict::Needed);
    }

    #[test]
    fn one_that_stops_needs_one_within_a_second_and_until_it_delivers_for_a_while() {
        let mut silence = silence();
        let begun = silence.begun;
        assert_eq!(silence.look(begun + ms(5000), Some(ms(700)), false), Verdict::Undecided);
        assert_eq!(silence.look(begun + ms(5001), Some(ms(701)), false), Verdict::Needed);
        assert_eq!(silence.look(begun + ms(6000), Some(ms(200)), true), Verdict::Undecided);
        assert_eq!(silence.look(begun + ms(6100), Some(ms(201)), true), Verdict::Needed, "it is known to be gone");
        assert_eq!(silence.look(begun + ms(6200), Some(ms(30)), true), Verdict::Undecided);
        assert_eq!(silence.look(begun + ms(7000), Some(ms(900)), true), Verdict::Needed);
        assert_eq!(silence.look(begun + ms(8000), Some(ms(30)), false), Verdict::Undecided);
        assert_eq!(silence.look(begun + ms(10_000), Some(ms(30)), false), Verdict::Over);
    }

    /// What comes over a feed: when, and whether it is a keyframe.
    fn taken(feed: &Feed) -> ((crate::media::tap::Tap, gst::Pad), std::sync::mpsc::Receiver<(Instant, bool)>) {
        use crate::media::pad;
        let (sender, frames) = std::sync::mpsc::channel();
        let sink = pad::sink("taker").chain_function(move |_, _, buffer| {
            let _ = sender.send((Instant::now(), !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT)));
            Ok(gst::FlowSuccess::Ok)
        });
        let sink = pad::opened(sink.build());
        let tap = feed.tap("taker");
        tap.link(&sink).unwrap();
        ((tap, sink), frames)
    }

    /// A camera's own H.264, from an encoder that stops.
    #[tokio::test(flavor = "multi_thread")]
    async fn an_encode_that_stops_is_stood_in_for_within_a_second() {
        use crate::{
            codec::{Codec, MediaKind},
            encoder::{Lineup, Settings, Trials},
            ids::SourceName,
            media::{elements, feed::Contents, pipeline::Pipeline},
            source::{VideoKind, VideoSpec},
            studio::bench::Bench,
            units::Size,
        };
        elements::start().unwrap();
        let (clockwork, settings) = (Clockwork::start(), Settings::default());
        let spec = Spec::Video(VideoSpec {
            name: SourceName::new("front").unwrap(),
            kind: VideoKind::H264Camera { device: None },
            size: Size { width: 640, height: 360 },
            fps: 30,
            keep: false,
        });
        let lineup = Lineup::choose(&settings).unwrap();
        let h264 = lineup.candidates(MediaKind::Video).find(|candidates| candidates.codec == Codec::H264).unwrap();
        let target = settings.target(&spec);
        let trials = Trials::new(None, clockwork.clone());
        let press = Press { bench: Bench::new(h264.clone(), target.picture, &trials, Duration::from_secs(30)), target };
        let feed = Feed::new("camera", Contents::Encoded);
        let camera = "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 \
                      ! x264enc tune=zerolatency speed-preset=ultrafast ! h264parse config-interval=-1 \
                      ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out";
        let (camera, _bus) = Pipeline::parse("camera", camera, &clockwork).unwrap();
        feed.ingress(&camera.appsink("out").unwrap());
        camera.set_state(gst::State::Playing).await.unwrap();
        let (_taker, frames) = taken(&feed);
        let next = || tokio::task::block_in_place(|| frames.recv_timeout(Duration::from_secs(10))).unwrap();
        let mut last = next();
        assert!(last.1);

        let (running, demand) = (watch::Sender::new(true), Demand::default());
        let _taken = demand.take();
        let (says, condition) = watch::channel(Condition::Running);
        let clockwork = clockwork.clone();
        StandIn { spec, feed: feed.clone(), demand, condition, clockwork, press: Some(press) }.spawn(&running);
        camera.stop().await.unwrap();
        says.send_replace(Condition::Failed { why: "it was unplugged".to_owned() });
        let counted = feed.counts().frames;
        let mut slate = next();
        // The camera's last ones are as near to each other as pictures are.
        while slate.0 - last.0 < PATIENCE / 2 {
            (last, slate) = (slate, next());
        }
        assert!(slate.1, "it begins with a keyframe");
        assert!(slate.0 - last.0 < Duration::from_secs(1), "it came {:?} later", slate.0 - last.0);
        assert_eq!(feed.counts().frames, counted, "it is none of the camera's");
    }
}
