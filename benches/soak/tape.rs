//! What was recorded, held against what was done meanwhile.

use std::{fmt, process::Command, time::Duration};

use peergate::recording::manifest::{Direction, State};

use crate::{fault::Fault, ledger::Window, recorded::Recorded, recordings::Recordings};

/// What lies between the end of a file and the beginning of the next one, or of what is recorded and of what was watched.
const SEAM: Duration = Duration::from_millis(500);
/// How much later than a fault what it explains may be, and how much sooner it may have begun: a gap begins with the last
/// frame before it.
const AROUND: Duration = Duration::from_secs(1);

/// All files of both recordings.
pub(crate) struct Tape {
    segments: usize,
    /// How long they are together.
    length: Duration,
    /// Gaps and holes that a fault explains.
    explained: usize,
    /// What nothing explains.
    pub(crate) lost: Vec<String>,
}

/// A time for which there is nothing. Times are since the machine was started.
struct Gap {
    from: Duration,
    to: Duration,
    what: String,
}

impl Tape {
    /// Looks at all of a folder.
    pub(crate) fn of(folder: &Recordings, windows: &[Window]) -> Self {
        let segments = folder.segments();
        let mut tape = Self { segments: segments.len(), length: Duration::ZERO, explained: 0, lost: verify(folder) };
        for segment in &segments {
            if segment.manifest.state != State::Finished {
                tape.lost.push(format!("{}: it is {:?}", segment.path.display(), segment.manifest.state));
            }
            tape.length += end(segment) - start(segment);
            for (gap, explains) in gaps(segment) {
                tape.judge(&gap, windows, explains);
            }
        }
        for direction in [Direction::Remote, Direction::Local] {
            for hole in holes(&segments, direction, windows) {
                tape.judge(&hole, windows, Fault::explains_hole);
            }
        }
        tape
    }

    fn judge(&mut self, gap: &Gap, windows: &[Window], explains: impl Fn(Fault) -> bool) {
        let is_then = |window: &&Window| gap.from + AROUND >= window.from && gap.to <= window.to + AROUND;
        if windows.iter().filter(is_then).any(|window| explains(window.fault)) {
            self.explained += 1;
        } else {
            self.lost.push(format!("{} for {:?}", gap.what, gap.to - gap.from));
        }
    }
}

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, length, explained, lost } = self;
        let length = length.as_secs();
        writeln!(f, "{segments} files with {length} s of two recordings; {explained} gaps that a fault explains")?;
        lost.iter().try_for_each(|lost| writeln!(f, "lost: {lost}"))
    }
}

/// What `peergate recordings verify` finds fault with.
fn verify(folder: &Recordings) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peergate"));
    let said = command.args(["recordings", "--record-dir", folder.dir(), "verify"]).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let is_whole = said.status.success() && text.contains(" 0 not sealed, 0 faults");
    if is_whole { Vec::new() } else { vec![format!("verify says: {text}{}", String::from_utf8_lossy(&said.stderr))] }
}

/// What is missing from one, each with whether a fault is why.
fn gaps(segment: &Recorded) -> impl Iterator<Item = (Gap, impl Fn(Fault) -> bool)> {
    let (manifest, begin) = (&segment.manifest, start(segment));
    manifest.gaps.listed().iter().map(move |gap| {
        let track = manifest.tracks.iter().find(|track| track.number == gap.track).unwrap();
        let (direction, kind) = (manifest.direction, track.kind);
        let found = Gap {
            from: (begin + gap.from).saturating_sub(gap.earlier),
            to: begin + gap.to,
            what: format!("{}: {kind} is {:?} at {:?}", segment.path.display(), gap.kind, gap.from),
        };
        (found, move |fault: Fault| fault.explains_gap(direction, kind))
    })
}

/// Where nothing of this direction was recorded, though it was to be.
fn holes(segments: &[Recorded], direction: Direction, windows: &[Window]) -> Vec<Gap> {
    let mut recorded: Vec<_> = segments.iter().filter(|segment| segment.manifest.direction == direction).collect();
    recorded.sort_by_key(|segment| start(segment));
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return Vec::new() };
    let ends = std::iter::once(first.from).chain(recorded.iter().map(|segment| end(segment)));
    let starts = recorded.iter().map(|segment| start(segment)).chain([last.to]);
    let between = ends.zip(starts).filter(|(end, start)| *start > *end + SEAM);
    let what = format!("nothing {direction:?} is recorded");
    between.map(|(from, to)| Gap { from, to, what: what.clone() }).collect()
}

fn start(segment: &Recorded) -> Duration {
    segment.manifest.start.since_boot
}

fn end(segment: &Recorded) -> Duration {
    segment.manifest.end.map_or_else(|| start(segment), |end| end.since_boot)
}
