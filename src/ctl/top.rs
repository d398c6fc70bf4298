//! `peergate ctl top`: how a daemon is, looked at each second.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant, SystemTime},
};

use futures_util::StreamExt;
use tokio::time::{self, MissedTickBehavior, interval};

use super::{
    client::Client,
    error::CtlError,
    overview::{self, Earlier, Line, Look, Tone},
    print, print_json,
    screen::{Key, Screen},
};
use crate::{report::State, shutdown::Signals};

/// How often it is looked: as often as a daemon counts (docs/api.md).
const LOOK: Duration = Duration::from_secs(1);

/// How old what is shown may be before that is said: a daemon that is well answers at once.
const STALE: Duration = Duration::from_secs(3);

/// One look.
struct Sample {
    state: State,
    at: Instant,
}

/// Looks until somebody has seen enough; only once, where `once` says so or nobody sits there.
pub(super) async fn run(client: &Client, once: bool, as_json: bool, out: &mut impl Write) -> Result<(), CtlError> {
    let first = Sample::take(client).await?;
    if as_json {
        return print_json(out, &first.state);
    }
    if once || !std::io::stdout().is_terminal() {
        time::sleep(LOOK).await;
        let second = Sample::take(client).await?;
        return print(out, &second.lines(Some(&first)));
    }
    watch(client, first, Screen::take(out)?).await
}

async fn watch<W: Write>(client: &Client, first: Sample, mut screen: Screen<W>) -> Result<(), CtlError> {
    let (mut keys, mut signals) = (Key::stream(), Signals::catch()?);
    let mut turns = interval(LOOK);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sight = Sight { lines: first.lines(None), last: first, trouble: None };
    let mut look = Box::pin(Sample::take_after(client, LOOK));
    loop {
        screen.show(sight.lines())?;
        // A look may take long, and whoever has seen enough does not wait for it.
        tokio::select! {
            sample = &mut look => {
                look = Box::pin(Sample::take_after(client, LOOK));
                sight.comes(sample);
            }
            _ = turns.tick() => {}
            key = keys.next() => match key {
                Some(Key::Enough) | None => return Ok(()),
                Some(Key::Other) => {}
            },
            _ = signals.next() => return Ok(()),
        }
    }
}

/// What is shown.
struct Sight {
    /// The last look at which something was seen.
    last: Sample,
    /// What was seen then.
    lines: Vec<Line>,
    /// Why there was nothing to see since.
    trouble: Option<String>,
}

impl Sight {
    fn comes(&mut self, sample: Result<Sample, CtlError>) {
        match sample {
            Ok(sample) => *self = Self { lines: sample.lines(Some(&self.last)), last: sample, trouble: None },
            // It is restarted, perhaps: it is looked for again.
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let waiting = || (self.last.at.elapsed() > STALE).then(|| "the daemon does not answer".to_owned());
        match self.trouble.clone().or_else(waiting) {
            Some(why) => self.last.gone(why),
            None => self.lines.clone(),
        }
    }
}

impl Sample {
    async fn take_after(client: &Client, pause: Duration) -> Result<Self, CtlError> {
        time::sleep(pause).await;
        Self::take(client).await
    }

    async fn take(client: &Client) -> Result<Self, CtlError> {
        let state = client.read("/api/state").await?;
        Ok(Self { state, at: Instant::now() })
    }

    fn lines(&self, before: Option<&Self>) -> Vec<Line> {
        let earlier = before.map(|before| Earlier { state: &before.state, ago: self.at - before.at });
        overview::whole(&Look { state: &self.state, earlier, now: SystemTime::now() })
    }

    /// What is shown of a daemon that does not answer any more: why, and how it was.
    fn gone(&self, why: String) -> Vec<Line> {
        let why = [why, format!("this is how it was {} s ago:", self.at.elapsed().as_secs()), String::new()];
        why.into_iter().map(|text| Line { tone: Tone::Bad, text }).chain(self.lines(None)).collect()
    }
}
