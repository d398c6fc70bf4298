//! Members that come into a gateway's room, and go, politely or not.

use std::time::Duration;

use serde_json::Value;

use super::str0m_peer::{Candidates, Options, Order, State, Viewer};

/// Longer than any step of a visit takes on a busy machine.
const STEP: Duration = Duration::from_secs(30);

/// How a visitor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Looks on for a moment, and closes its connection.
    Polite,
    /// Looks on for a moment, and is killed.
    Killed,
    /// Is killed with its answer on the way.
    Midway,
    /// Never answers.
    Mute,
    /// Answers, and never says where it is to be reached.
    Shy,
}

impl Manner {
    /// Those of a mixed company: every other one is polite, and the rest go in all the other ways by turns.
    pub(crate) fn of(number: usize) -> Self {
        const RUDE: [Manner; 4] = [Manner::Killed, Manner::Midway, Manner::Mute, Manner::Shy];
        if number.is_multiple_of(2) { Self::Polite } else { RUDE[number / 2 % RUDE.len()] }
    }
}

/// Comes into the room behind `relay`, meets `gateway`, and goes.
pub(crate) async fn visit(relay: &str, gateway: &'static str, number: usize, manner: Manner) {
    let options = Options::new(&format!("visitor-{number}")).meeting(gateway);
    let options = match manner {
        Manner::Polite | Manner::Killed | Manner::Midway => options,
        Manner::Mute => Options { answers: false, ..options },
        Manner::Shy => Options { candidates: Candidates::Withheld, ..options },
    };
    let visitor = Viewer::join(relay, options).await;
    match manner {
        Manner::Polite => {
            sees_pictures(&visitor).await;
            visitor.order(Order::Close);
            visitor
                .until("its connection closed", STEP, |view| {
                    view.connections.iter().all(|one| one.state == State::Closed).then_some(())
                })
                .await;
        }
        Manner::Killed => sees_pictures(&visitor).await,
        Manner::Midway | Manner::Shy => {
            visitor
                .until("an offer to answer", STEP, |view| {
                    view.connections.iter().any(|one| !one.local_sdp.is_empty()).then_some(())
                })
                .await;
        }
        Manner::Mute => {
            let is_offer = |signal: &Value| signal["event"] == "sdp";
            visitor.until("an offer", STEP, |view| view.signals.iter().any(is_offer).then_some(())).await;
        }
    }
}

async fn sees_pictures(visitor: &Viewer) {
    visitor
        .until("pictures", STEP, |view| view.tracks().any(|track| track.is_video() && track.frames >= 10).then_some(()))
        .await;
}

/// Whether a daemon's state says that nobody is there, and nothing runs for anybody.
pub(crate) fn is_at_rest(state: &Value) -> bool {
    let running = ["sources", "encoders"].into_iter().filter_map(|list| state[list].as_array()).flatten();
    state["members"][0]["peers"].as_array().is_some_and(Vec::is_empty)
        && running.into_iter().all(|one| one["condition"]["state"] == "idle")
}
