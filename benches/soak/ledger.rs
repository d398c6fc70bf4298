//! What happened, and whether anything was lost or grows.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::{
    audience::Missed,
    fault::Fault,
    goals::{Goals, line},
    held::Held,
    tape::Tape,
};

/// The longest time without a frame for somebody who was not hit: within so long something stands in for what is gone.
const PAUSE: Duration = Duration::from_secs(1);
/// Within which what is back is made use of. A sound server is asked less and less often, every 10 s at last.
const RELAY_BACK: Duration = Duration::from_secs(1);
const SCREEN_BACK: Duration = Duration::from_secs(2);
const SOUND_BACK: Duration = Duration::from_secs(10);
/// How much more memory may be held at the end, in KiB.
const MORE_MEMORY: i64 = 5 * 1000 * 1000 / 1024;

/// From one fault to the next.
pub(crate) struct Window {
    pub(crate) fault: Fault,
    /// When it began and ended, since the machine was started.
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    /// How long it took the daemon to make use of what came back.
    pub(crate) back: Option<Duration>,
    /// What viewers have missed who were not hit.
    pub(crate) missed: Missed,
    /// What the daemon held at the end; or what was not at rest.
    pub(crate) held: Result<Held, String>,
}

/// All that happened, in order.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) windows: Vec<Window>,
}

/// The goals, each with whether it is reached.
pub(crate) struct Verdict(Vec<([String; 3], bool)>);

/// How much more was held in the last quarter than in the first.
struct Growth {
    threads: i64,
    descriptors: i64,
    /// In KiB.
    memory: i64,
}

impl Ledger {
    pub(crate) fn goals(&self, tape: &Tape) -> Verdict {
        let missed = self.missed(|_| true);
        let pause = self.windows.iter().map(|one| one.missed.pause.saturating_sub(one.fault.standstill())).max();
        let relay = self.back(|fault| matches!(fault, Fault::RelayGone(_)));
        let [screen, sound] = [Fault::ScreenGone, Fault::SoundGone].map(|kind| self.back(|fault| fault == kind));
        let growth = self.growth();
        let time = |time: Option<Duration>| time.map_or("-".to_owned(), |time| format!("{} ms", time.as_millis()));
        let within = |time: Option<Duration>, limit| time.is_none_or(|time| time <= limit);
        let more =
            |part: fn(&Growth) -> i64| growth.as_ref().map_or("too short".to_owned(), |one| format!("{:+}", part(one)));
        let no_more = |part: fn(&Growth) -> i64, most: i64| growth.as_ref().is_some_and(|one| part(one) <= most);
        let memory = growth.as_ref().map_or("too short".to_owned(), |one| format!("{:+.1} MB", megabytes(one.memory)));
        Verdict(vec![
            (line("gaps in what viewers got who were not hit", "0", missed.gaps.to_string()), missed.gaps == 0),
            (line("of them cut off", "0", missed.cut_off.to_string()), missed.cut_off == 0),
            (line("their longest time without a frame", "<= 1000 ms", time(pause)), within(pause, PAUSE)),
            (line("back in the room after the relay", "<= 1000 ms", time(relay)), within(relay, RELAY_BACK)),
            (line("back after the X server", "<= 2000 ms", time(screen)), within(screen, SCREEN_BACK)),
            (line("back after the sound server", "<= 10000 ms", time(sound)), within(sound, SOUND_BACK)),
            (line("lost from recordings", "0", tape.lost.len().to_string()), tape.lost.is_empty()),
            (line("threads", "+0", more(|one| one.threads)), no_more(|one| one.threads, 0)),
            (line("descriptors", "+0", more(|one| one.descriptors)), no_more(|one| one.descriptors, 0)),
            (line("memory", "<= +5 MB", memory), no_more(|one| one.memory, MORE_MEMORY)),
        ])
    }

    /// What was missed with faults of a kind.
    fn missed(&self, is_kind: impl Fn(Fault) -> bool) -> Missed {
        let windows = self.windows.iter().filter(|window| is_kind(window.fault));
        windows.map(|window| window.missed).fold(Missed::default(), Missed::and)
    }

    /// The longest that it took to make use of what came back.
    fn back(&self, is_kind: impl Fn(Fault) -> bool) -> Option<Duration> {
        self.windows.iter().filter(|window| is_kind(window.fault)).filter_map(|window| window.back).max()
    }

    /// The first round is left out: then everything has been used once. Of threads and descriptors the fewest count, for what
    /// stays for good is among those; of memory what half of the looks have found no more than.
    fn growth(&self) -> Option<Growth> {
        let used: Vec<_> = self
            .windows
            .iter()
            .skip(Fault::ROUND.len())
            .filter_map(|window| window.held.as_ref().ok().copied())
            .collect();
        let quarter = used.len().div_ceil(4);
        if used.len() < 2 {
            return None;
        }
        let (first, last) = (&used[..quarter], &used[used.len() - quarter..]);
        let fewest = |looks: &[Held], part: fn(&Held) -> usize| looks.iter().map(part).min().unwrap_or(0) as i64;
        let more = |part: fn(&Held) -> usize| fewest(last, part) - fewest(first, part);
        Some(Growth {
            threads: more(|held| held.threads),
            descriptors: more(|held| held.descriptors),
            memory: median(last) - median(first),
        })
    }
}

impl Verdict {
    pub(crate) fn are_reached(&self) -> bool {
        self.0.iter().all(|(_, is_reached)| *is_reached)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Goals::new(self.0.iter().map(|(line, _)| line.clone()).collect()).fmt(f)?;
        let mut missed = self.0.iter().filter(|(_, is_reached)| !is_reached);
        missed.try_for_each(|([what, ..], _)| writeln!(f, "not reached: {what}"))
    }
}

/// By kinds of faults, and what was held at some moments of rest.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what went wrong | times | gaps | cut off | longest without a frame, ms | back after, ms |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- |")?;
        let mut kinds: BTreeMap<String, Fault> = BTreeMap::new();
        kinds.extend(self.windows.iter().map(|window| (window.fault.to_string(), window.fault)));
        for (name, kind) in kinds {
            let is_kind = |fault: Fault| fault == kind;
            let times = self.windows.iter().filter(|window| is_kind(window.fault)).count();
            let Missed { gaps, pause, cut_off } = self.missed(is_kind);
            let back = self.back(is_kind).map_or("-".to_owned(), |back| back.as_millis().to_string());
            writeln!(f, "| {name} | {times} | {gaps} | {cut_off} | {} | {back} |", pause.as_millis())?;
        }
        writeln!(f, "\n| at rest after | threads | descriptors | memory, MB |\n| --- | --- | --- | --- |")?;
        let all = self.windows.len();
        for (number, window) in
            self.windows.iter().enumerate().filter(|(number, _)| number % all.div_ceil(8).max(1) == 0)
        {
            match &window.held {
                Ok(held) => {
                    let memory = megabytes(held.memory as i64);
                    writeln!(f, "| {} | {} | {} | {memory:.1} |", number + 1, held.threads, held.descriptors)?;
                }
                Err(_) => writeln!(f, "| {} | - | - | - |", number + 1)?,
            }
        }
        let rests = self.windows.iter().filter(|window| window.held.is_ok()).count();
        writeln!(f, "\n{rests} of {all} times everything was at rest when the next fault was due")
    }
}

/// One line for who looks on while it runs.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, back, missed: Missed { gaps, pause, cut_off }, held, .. } = self;
        write!(f, "{fault:<45} gaps {gaps}, cut off {cut_off}, {:>4} ms without a frame", pause.as_millis())?;
        if let Some(back) = back {
            write!(f, ", back after {} ms", back.as_millis())?;
        }
        match held {
            Ok(held) => write!(
                f,
                "; {} threads, {} descriptors, {:.1} MB",
                held.threads,
                held.descriptors,
                megabytes(held.memory as i64)
            ),
            Err(unrest) => write!(f, "; not at rest: {unrest}"),
        }
    }
}

fn median(looks: &[Held]) -> i64 {
    let mut memory: Vec<_> = looks.iter().map(|held| held.memory).collect();
    memory.sort_unstable();
    memory.get(memory.len() / 2).map_or(0, |kib| *kib as i64)
}

fn megabytes(kib: i64) -> f64 {
    kib as f64 * 1024.0 / 1e6
}
