//! The packets of pictures and sound, when they leave.

use std::time::{Duration, Instant};

use crate::scene::Scene;

/// From one frame to the next: 30/s.
const FRAME: Duration = Duration::from_micros(33_333);

/// From one packet of sound to the next.
const SOUND: Duration = Duration::from_millis(20);

/// How long a packet of sound is, in bytes.
const SOUND_BYTES: usize = 200;

/// How many frames' worth a keyframe is.
const KEYFRAME: usize = 6;

/// One packet. Each peer is sent the same.
#[derive(Clone)]
pub(crate) struct Packet {
    /// Its transport-wide number, also the buffer's offset.
    pub(crate) sequence: u16,
    pub(crate) buffer: gst::Buffer,
}

/// What is sent in a scene, from its begin.
pub(crate) struct Traffic<'a> {
    scene: &'a Scene,
    begun: Instant,
    sequence: u16,
    frames: u32,
    sounds: u32,
}

impl<'a> Traffic<'a> {
    /// It begins now.
    pub(crate) fn of(scene: &'a Scene) -> Self {
        Self { scene, begun: Instant::now(), sequence: 0, frames: 0, sounds: 0 }
    }

    /// What is due by now: each picture, and each packet of sound, is a burst of its own.
    pub(crate) fn due(&mut self) -> Vec<Vec<Packet>> {
        let now = self.begun.elapsed();
        let mut bursts = Vec::new();
        while FRAME * self.frames <= now {
            let (packets, bytes) = self.scene.frame;
            self.frames += 1;
            let is_keyframe = self.scene.keyframes.is_some_and(|each| self.frames.is_multiple_of(each));
            let packets = if is_keyframe { KEYFRAME * packets } else { packets };
            bursts.push((0..packets).map(|_| self.packet(bytes)).collect());
        }
        while SOUND * self.sounds <= now {
            self.sounds += 1;
            bursts.push(vec![self.packet(SOUND_BYTES)]);
        }
        bursts
    }

    /// When something is due.
    pub(crate) fn next(&self) -> Instant {
        self.begun + (FRAME * self.frames).min(SOUND * self.sounds)
    }

    fn packet(&mut self, bytes: usize) -> Packet {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let mut buffer = gst::Buffer::with_size(bytes).unwrap();
        buffer.make_mut().set_offset(u64::from(sequence));
        Packet { sequence, buffer }
    }
}
