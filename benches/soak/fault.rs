//! What goes wrong.

use std::{fmt, time::Duration};

use peergate::{codec::MediaKind, recording::manifest::Direction};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A viewer is gone without a word, and another takes its seat.
    ViewerKilled,
    /// Somebody comes who goes at once, is killed on the way, never answers or is nowhere to be reached, by turns.
    Visitor,
    /// The relay is killed, and begun anew after so long.
    RelayGone(Duration),
    /// The X server ends, and comes back.
    ScreenGone,
    /// The sound server is killed, and comes back.
    SoundGone,
    /// A member of the room sends broken descriptions and floods of candidates and calls.
    Intruder,
    /// All recordings are ended over the API, and begun anew.
    RecordingsEnded,
    /// A snapshot is asked for, and what is logged is changed, over the API.
    Questions,
    /// The daemon stands still.
    Stopped,
    /// A tenth of what one viewer is sent is lost for a while.
    Loss,
}

impl Fault {
    /// Each of them.
    pub(crate) const ROUND: [Self; 10] = [
        Self::ViewerKilled,
        Self::Visitor,
        Self::RelayGone(Duration::from_secs(2)),
        Self::ScreenGone,
        Self::SoundGone,
        Self::Intruder,
        Self::RecordingsEnded,
        Self::Questions,
        Self::Stopped,
        Self::Loss,
    ];

    /// How long the daemon stands still.
    pub(crate) const STANDSTILL: Duration = Duration::from_secs(1);

    /// Whether one of the viewers is meant.
    pub(crate) const fn hits_a_viewer(self) -> bool {
        matches!(self, Self::ViewerKilled | Self::Loss)
    }

    /// How long viewers may have had no frames, beyond what they may always.
    pub(crate) fn standstill(self) -> Duration {
        if self == Self::Stopped { Self::STANDSTILL } else { Duration::ZERO }
    }

    /// Whether it is why a recording lacks something of this kind for a while.
    pub(crate) fn explains_gap(self, direction: Direction, kind: MediaKind) -> bool {
        match self {
            Self::Stopped => true,
            Self::ScreenGone => (direction, kind) == (Direction::Local, MediaKind::Video),
            Self::SoundGone => (direction, kind) == (Direction::Local, MediaKind::Audio),
            _ => false,
        }
    }

    /// Whether it is why nothing is recorded for a while.
    pub(crate) fn explains_hole(self) -> bool {
        self == Self::RecordingsEnded
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ViewerKilled => f.pad("a viewer is killed, and replaced"),
            Self::Visitor => f.pad("a visitor who is no viewer"),
            Self::RelayGone(time) => f.pad(&format!("the relay is killed, and away for {} s", time.as_secs())),
            Self::ScreenGone => f.pad("the X server is gone for 3 s"),
            Self::SoundGone => f.pad("the sound server is gone for 3 s"),
            Self::Intruder => f.pad("broken descriptions and floods"),
            Self::RecordingsEnded => f.pad("recordings are ended and begun"),
            Self::Questions => f.pad("snapshot and log over the API"),
            Self::Stopped => f.pad("the daemon stands still for 1 s"),
            Self::Loss => f.pad("10 % loss to one viewer for 5 s"),
        }
    }
}
