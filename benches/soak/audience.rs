//! Those who look on, and what they miss.

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use crate::{
    daemon, netns, relay,
    str0m_peer::{Options, State, Track, View, Viewer},
};

/// How often one looks at what each has seen.
const LOOK: Duration = Duration::from_millis(20);
/// Frames that are seen before somebody counts as a viewer.
const FRAMES: u64 = 30;

/// All viewers.
pub(crate) struct Audience {
    seats: Vec<Seat>,
    /// How many have come so far.
    came: usize,
}

/// What viewers have missed since somebody began to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Missed {
    /// Holes in the sequence numbers of what came.
    pub(crate) gaps: u64,
    /// The longest time without a picture, or without sound.
    pub(crate) pause: Duration,
    /// Viewers whose connection ended, or was made anew.
    pub(crate) cut_off: u64,
}

struct Seat {
    address: Ipv4Addr,
    viewer: Viewer,
    tracks: Vec<Watched>,
    /// Gaps before somebody began to look.
    gaps: u64,
    pause: Duration,
}

/// A track, as it was when something came of it.
struct Watched {
    frames: u64,
    at: Instant,
}

impl Audience {
    /// Lets so many come, one after the other.
    pub(crate) async fn seat(count: usize) -> Self {
        let mut seats = Vec::new();
        for number in 0..count {
            seats.push(Seat::take(netns::another_address(), number).await);
        }
        Self { seats, came: count }
    }

    pub(crate) fn address(&self, seat: usize) -> Ipv4Addr {
        self.seats[seat].address
    }

    /// Who has the seat is gone, and the next one takes it.
    pub(crate) async fn replace(&mut self, seat: usize) {
        let address = self.address(seat);
        self.seats.remove(seat);
        let next = Seat::take(address, self.came);
        self.came += 1;
        tokio::select! {
            next = next => self.seats.insert(seat, next),
            never = look_on(&mut self.seats) => match never {},
        }
    }

    /// Begins to look.
    pub(crate) fn begin(&mut self) {
        self.seats.iter_mut().for_each(Seat::begin);
    }

    /// Looks on.
    pub(crate) async fn look_on(&mut self) -> Infallible {
        look_on(&mut self.seats).await
    }

    /// What all but the one on the seat that was hit have missed.
    pub(crate) fn missed(&self, hit: Option<usize>) -> Missed {
        let others = self.seats.iter().enumerate().filter(|(seat, _)| Some(*seat) != hit);
        others.map(|(_, seat)| seat.missed()).fold(Missed::default(), Missed::and)
    }
}

impl Missed {
    pub(crate) fn and(self, other: Self) -> Self {
        Self { gaps: self.gaps + other.gaps, pause: self.pause.max(other.pause), cut_off: self.cut_off + other.cut_off }
    }
}

impl Seat {
    async fn take(address: Ipv4Addr, number: usize) -> Self {
        let options = Options { address: address.into(), ..Options::new(&format!("viewer-{number}")) };
        let viewer = Viewer::join(relay::ROOM, options.meeting(daemon::ID)).await;
        viewer.video(FRAMES).await;
        viewer.audio(FRAMES).await;
        let mut seat = Self { address, viewer, tracks: Vec::new(), gaps: 0, pause: Duration::ZERO };
        seat.begin();
        seat
    }

    fn begin(&mut self) {
        let at = Instant::now();
        let view = self.viewer.view();
        self.gaps = tracks(&view).map(|track| track.gaps).sum();
        self.tracks = tracks(&view).map(|track| Watched { frames: track.frames, at }).collect();
        self.pause = Duration::ZERO;
    }

    fn look(&mut self) {
        let now = Instant::now();
        let view = self.viewer.view();
        for (track, watched) in tracks(&view).zip(&mut self.tracks) {
            self.pause = self.pause.max(now - watched.at);
            if track.frames != watched.frames {
                *watched = Watched { frames: track.frames, at: now };
            }
        }
    }

    fn missed(&self) -> Missed {
        let view = self.viewer.view();
        let gaps: u64 = tracks(&view).map(|track| track.gaps).sum();
        let is_as_it_was = matches!(view.connections.as_slice(), [one] if one.state == State::Connected);
        Missed { gaps: gaps - self.gaps, pause: self.pause, cut_off: u64::from(!is_as_it_was) }
    }
}

async fn look_on(seats: &mut [Seat]) -> Infallible {
    let mut turns = tokio::time::interval(LOOK);
    loop {
        turns.tick().await;
        seats.iter_mut().for_each(Seat::look);
    }
}

/// Of the first connection: a viewer that has another one was cut off.
fn tracks(view: &View) -> impl Iterator<Item = &Track> {
    view.connections.iter().take(1).flat_map(|one| &one.tracks)
}
