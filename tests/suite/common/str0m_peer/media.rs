//! Frames in and out of a str0m connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use peergate::codec::Codec;
use str0m::{
    Input, RtcError,
    format::Codec as WireCodec,
    media::{Frequency, MediaData, MediaKind, MediaTime, Mid},
    stats::MediaEgressStats,
};
use tokio::sync::broadcast;

use super::{
    driver::Driver,
    options::Encoded,
    view::{Frame, Track},
};

/// Packets that can be sent again, and for how long: libwebrtc keeps them for a second at least.
const RESENDABLE: usize = 2000;
const RESENDABLE_FOR: Duration = Duration::from_secs(1);

/// Opus for 20 ms of silence.
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

impl Driver {
    pub(super) fn write(&mut self, frame: &Encoded) -> Result<(), RtcError> {
        let wanted = wire_codec(frame.codec);
        for (mid, _) in &self.medias {
            let Some(writer) = self.rtc.writer(*mid) else { continue };
            let Some(pt) = writer.payload_params().find(|params| params.spec().codec == wanted).map(|one| one.pt())
            else {
                continue;
            };
            let clock = Frequency::new(frame.codec.clock_rate()).expect("no codec has a clock of 0 Hz");
            writer.write(pt, frame.captured, MediaTime::new(frame.time, clock), frame.data.clone())?;
            // One frame at a time: str0m wants its output taken in between.
            self.drain()?;
            break;
        }
        Ok(())
    }

    /// Sends again all that it is asked for, as a page does at these rates. Else str0m does not while that is more than 15 % of
    /// what it sends: a single keyframe is, where pictures are small.
    pub(super) fn answer_every_request(&mut self) {
        for (mid, _) in &self.medias {
            if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(*mid, None) {
                stream.set_rtx_cache(RESENDABLE, RESENDABLE_FOR, None);
            }
        }
    }

    /// Notes what was asked for again.
    pub(super) fn count_requests(&mut self, stats: &MediaEgressStats) {
        let Some((_, kind)) = self.medias.iter().find(|(mid, _)| *mid == stats.mid) else { return };
        let place = usize::from(*kind == MediaKind::Video);
        self.see(|one| one.nacks[place] = stats.nacks);
    }

    /// Sends `count` packets of sound, each from a source (SSRC) of its own.
    pub(super) fn flood_ssrcs(&mut self, count: u32) -> Result<(), RtcError> {
        let audio = self.medias.iter().find(|(_, kind)| *kind == MediaKind::Audio);
        let (mid, _) = *audio.expect("a connection with a section for sound");
        for number in 0..count {
            let mut api = self.rtc.direct_api();
            let ssrc = api.new_ssrc();
            api.reset_stream_tx(mid, None, ssrc, None).expect("a section in which we send");
            let time = u64::from(number) * 960;
            let (captured, data) = (Instant::now(), Arc::from(SILENCE));
            self.write(&Encoded { codec: Codec::Opus, time, captured, keyframe: true, data })?;
            // It makes packets when time comes in; the next source would take over what waits.
            self.rtc.handle_input(Input::Timeout(captured))?;
            self.drain()?;
        }
        Ok(())
    }

    pub(super) fn frame(&mut self, data: MediaData) {
        let Some(codec) = house_codec(data.params.spec().codec) else { return };
        let after = self.joined.elapsed();
        let keyframe = data.is_keyframe();
        let missing = self.missing(data.mid, **data.seq_range.start(), **data.seq_range.end());
        let keeps = self.options.keeps;
        self.see(|one| {
            let position = one.tracks.iter().position(|track| track.codec == codec).unwrap_or_else(|| {
                one.tracks.push(Track {
                    codec,
                    frames: 0,
                    keyframes: 0,
                    bytes: 0,
                    gaps: 0,
                    first_keyframe_after: None,
                    latest_after: after,
                    began_with_keyframe: keyframe,
                    kept: Vec::new(),
                });
                one.tracks.len() - 1
            });
            let track = &mut one.tracks[position];
            track.frames += 1;
            track.bytes += data.data.len() as u64;
            track.gaps += u64::from(missing > 0);
            if missing > 0 {
                tracing::debug!(%codec, missing, ?after, "packets are missing");
            }
            track.latest_after = after;
            if keyframe {
                track.keyframes += 1;
                track.first_keyframe_after.get_or_insert(after);
            }
            if track.kept.len() < keeps {
                track.kept.push(Frame { keyframe, time: Duration::from(data.time), data: data.data.clone() });
            }
        });
    }

    /// How many packets are missing between the track's last frame and this one.
    fn missing(&mut self, mid: Mid, first: u64, last: u64) -> u64 {
        match self.last_sequence.iter_mut().find(|(track, _)| *track == mid) {
            Some((_, earlier)) => first.saturating_sub(std::mem::replace(earlier, last) + 1),
            None => {
                self.last_sequence.push((mid, last));
                0
            }
        }
    }
}

/// The next frame. One that falls behind loses what it missed, as a camera's viewer does.
pub(super) async fn next(media: &mut broadcast::Receiver<Encoded>) -> Encoded {
    loop {
        match media.recv().await {
            Ok(frame) => return frame,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
}

fn wire_codec(codec: Codec) -> WireCodec {
    match codec {
        Codec::H264 => WireCodec::H264,
        Codec::Vp8 => WireCodec::Vp8,
        Codec::Vp9 => WireCodec::Vp9,
        Codec::Av1 => WireCodec::Av1,
        Codec::Opus => WireCodec::Opus,
    }
}

fn house_codec(codec: WireCodec) -> Option<Codec> {
    Codec::ALL.into_iter().find(|one| wire_codec(*one) == codec)
}
