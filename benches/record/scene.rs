//! What is recorded: 1280x720 at 30/s with 2 Mbit/s, and sound with 64 kbit/s. A picture whose every part changes, so that the
//! encoder needs what it is given.

use peergate::codec::Codec;

/// Pictures in a second.
pub(crate) const PICTURES: u32 = 30;

/// How many pictures apart keyframes are where they are made as fast as can be, which is for streams without loss.
const SELDOM: u32 = 60;

/// The same for peers. They leave requests for keyframes unanswered, so one comes while a recording that begins waits for it.
const OFTEN: u32 = 15;

/// Packets of sound in a second.
pub(crate) const SOUNDS: u32 = 50;

/// Encodes it, to an appsink `out` but for what `then` says comes before that: as fast as it can, for so many seconds; or in
/// real time, for ever.
pub(crate) fn launch(codec: Codec, seconds: Option<u32>, then: &str) -> String {
    let length = |each: u32| match seconds {
        Some(seconds) => format!("num-buffers={}", each * seconds),
        None => "is-live=true".to_owned(),
    };
    let keyframes = if seconds.is_some() { SELDOM } else { OFTEN };
    let encoder = match codec {
        Codec::Opus => {
            let length = length(SOUNDS);
            return format!(
                "audiotestsrc {length} freq=440 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 \
                 ! opusenc bitrate=64000 ! {then} appsink name=out sync=false"
            );
        }
        Codec::Vp8 => {
            format!("vp8enc deadline=1 cpu-used=8 keyframe-max-dist={keyframes} end-usage=cbr target-bitrate=2000000")
        }
        Codec::H264 => format!(
            "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={keyframes} bitrate=2000 \
             ! video/x-h264,profile=constrained-baseline,stream-format=byte-stream,alignment=au"
        ),
        Codec::Vp9 | Codec::Av1 => panic!("expected VP8, H.264 or Opus, got {codec}"),
    };
    let length = length(PICTURES);
    format!(
        "videotestsrc {length} pattern=zone-plate kx2=20 ky2=20 kt=1 \
         ! video/x-raw,format=I420,width=1280,height=720,framerate={PICTURES}/1 \
         ! {encoder} ! {then} appsink name=out sync=false"
    )
}
