//! Keeps one member going: a task that panics or ends is begun anew, and no other member notices.

use std::{convert::Infallible, future::pending, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tracing::{Instrument, error, info_span};

use super::{
    hub::{self, Request, Update},
    member::{self, Surroundings},
};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A member that ran for this long is taken as sound, and its next wait is the first again.
const SOUND: Duration = Duration::from_secs(300);

/// Runs a member until it is stopped.
pub(super) async fn run(surroundings: &Surroundings, mut requests: mpsc::Receiver<Request>) {
    let span = info_span!("member", id = %surroundings.settings.id);
    keep(surroundings, &mut requests).instrument(span).await;
}

async fn keep(surroundings: &Surroundings, requests: &mut mpsc::Receiver<Request>) {
    let mut stopping = surroundings.stopping.clone();
    let mut wait = FIRST_WAIT;
    loop {
        let started = Instant::now();
        let ended = AssertUnwindSafe(member::run(surroundings, requests)).catch_unwind().await;
        let why = match ended {
            Ok(Ok(member::Stopped)) => return,
            Ok(Err(failure)) => failure.to_string(),
            // The panic hook has said where.
            Err(_) => "it panicked; this is a defect of peergate".to_owned(),
        };
        if started.elapsed() >= SOUND {
            wait = FIRST_WAIT;
        }
        error!(why, ?wait, "the member ended; it is begun anew");
        let state = member::away(format!("the member failed ({why}) and is begun anew"));
        let _ = surroundings.shared.updates.send((surroundings.key, Update::Restarted(state))).await;
        tokio::select! {
            () = sleep(wait) => {}
            never = refuse(requests) => match never {},
            () = hub::stop(&mut stopping) => return,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// In a member's place: carries out none of its requests, and says that somebody is there.
async fn refuse(requests: &mut mpsc::Receiver<Request>) -> Infallible {
    while let Some(request) = requests.recv().await {
        if let Request::Turn(answer) = request {
            let _ = answer.send(());
        }
    }
    pending().await
}
