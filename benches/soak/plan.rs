//! How long it goes on, and what is done when.

use std::time::Duration;

use rand::{rngs::StdRng, seq::SliceRandom};

use crate::fault::Fault;

/// What the command line asks for.
pub(crate) struct Plan {
    /// How long faults are made.
    length: Duration,
    /// From one fault to the next.
    pub(crate) each: Duration,
    /// What the order of faults, and who is hit, come from.
    pub(crate) seed: u64,
    /// How long the relay is away once, at the end.
    relay_away: Option<Duration>,
}

impl Plan {
    pub(crate) fn of(arguments: &[String]) -> Self {
        let minutes = |count: &str| Duration::from_secs(60) * count.parse::<u32>().unwrap();
        let mut plan = Self { length: minutes("30"), each: Duration::from_secs(20), seed: 1, relay_away: None };
        for pair in arguments.chunks(2) {
            match pair {
                [name, value] if name == "--minutes" => plan.length = minutes(value),
                [name, value] if name == "--each" => plan.each = time(value),
                [name, value] if name == "--seed" => plan.seed = value.parse().unwrap(),
                [name, value] if name == "--relay-away" => plan.relay_away = Some(time(value)),
                other => panic!("expected --minutes N, --each TIME, --seed N or --relay-away TIME, got {other:?}"),
            }
        }
        plan
    }

    /// All faults, in rounds: each of them once, in an order of its own.
    pub(crate) fn faults(&self, chance: &mut StdRng) -> Vec<Fault> {
        let count = (self.length.as_secs_f64() / self.each.as_secs_f64()).round() as usize;
        let mut faults = Vec::new();
        while faults.len() < count {
            let mut round = Fault::ROUND;
            round.shuffle(chance);
            faults.extend(round);
        }
        faults.truncate(count);
        faults.extend(self.relay_away.map(Fault::RelayGone));
        faults
    }
}

/// `20s` or `10m`.
fn time(text: &str) -> Duration {
    let (count, unit) = text.split_at(text.len().saturating_sub(1));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        _ => panic!("expected a time such as 20s or 10m, got {text}"),
    };
    Duration::from_secs(unit * count.parse::<u64>().unwrap())
}
