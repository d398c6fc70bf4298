//! `peergate ctl top`: how a daemon is, looked at each second.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant, SystemTime},
};

use futures_util::StreamExt;
use tokio::time::{self, MissedTickBehavior, interval_at};

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
    let mut looks = interval_at(time::Instant::now() + LOOK, LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut keys, mut signals) = (Key::stream(), Signals::catch()?);
    let mut lines = first.lines(None);
    let mut last = first;
    loop {
        screen.show(lines.clone())?;
        tokio::select! {
            _ = looks.tick() => match Sample::take(client).await {
                Ok(sample) => {
                    lines = sample.lines(Some(&last));
                    last = sample;
                }
                // It is restarted, perhaps: it is looked for again.
                Err(error) => lines = last.gone(&error),
            },
            key = keys.next() => match key {
                Some(Key::Enough) | None => return Ok(()),
                Some(Key::Other) => {}
            },
            _ = signals.next() => return Ok(()),
        }
    }
}

impl Sample {
    async fn take(client: &Client) -> Result<Self, CtlError> {
        let state = client.read("/api/state").await?;
        Ok(Self { state, at: Instant::now() })
    }

    fn lines(&self, before: Option<&Self>) -> Vec<Line> {
        let earlier = before.map(|before| Earlier { state: &before.state, ago: self.at - before.at });
        overview::whole(&Look { state: &self.state, earlier, now: SystemTime::now() })
    }

    /// What is shown of a daemon that does not answer any more: why, and how it was.
    fn gone(&self, error: &CtlError) -> Vec<Line> {
        let why =
            [error.to_string(), format!("this is how it was {} s ago:", self.at.elapsed().as_secs()), String::new()];
        why.into_iter().map(|text| Line { tone: Tone::Bad, text }).chain(self.lines(None)).collect()
    }
}
