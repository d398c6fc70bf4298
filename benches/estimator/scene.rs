//! What is sent, and over what.

use std::{fmt, time::Duration};

use peergate::units::Bitrate;

/// Frames of some size, and a link.
pub(crate) struct Scene {
    name: &'static str,
    /// The packets of a frame, at 30/s, and how long each is in bytes.
    pub(crate) frame: (usize, usize),
    /// One frame in so many is a keyframe, and has six times as many packets.
    pub(crate) keyframes: Option<u32>,
    /// What the link bears.
    pub(crate) bears: Bitrate,
    /// How long a packet may wait before the link; what would wait longer is lost.
    pub(crate) buffer: Duration,
    /// By how much one packet in five comes late.
    pub(crate) late: Option<Duration>,
}

/// 2 Mbit/s of pictures, as the daemon sends by default, but where nothing moves. Sound comes to 0.08.
pub(crate) const SCENES: [Scene; 6] = [
    BURSTS,
    Scene { name: "the same, and a keyframe every 2 s", keyframes: Some(60), ..BURSTS },
    Scene { name: "the same by radio: one packet in five comes 100 ms late", late: LATE, ..BURSTS },
    STILL,
    Scene { name: "the same by radio", late: LATE, ..STILL },
    Scene {
        name: "frames in bursts over a link that bears half as much; nobody sends less",
        bears: Bitrate::from_bits(1_050_000),
        ..BURSTS
    },
];

const BURSTS: Scene = Scene {
    name: "frames that leave in bursts; the link bears twice as much",
    frame: (7, 1200),
    keyframes: None,
    bears: Bitrate::from_bits(4_200_000),
    buffer: Duration::from_millis(300),
    late: None,
};

const STILL: Scene = Scene {
    name: "a still scene: a tenth of it, and a keyframe every 2 s",
    frame: (1, 840),
    keyframes: Some(60),
    ..BURSTS
};

const LATE: Option<Duration> = Some(Duration::from_millis(100));

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
