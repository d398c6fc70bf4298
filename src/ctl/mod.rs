//! `peergate ctl`: asks a running daemon, and shows what it says. Only that goes to stdout.

mod address;
mod arguments;
mod client;
mod error;
pub mod overview;
mod screen;
mod top;

use std::{
    fs,
    io::{self, Write},
    path::Path,
    time::SystemTime,
};

use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use self::{
    address::Address,
    client::{Client, part},
    overview::{Line, Look},
};
pub use self::{
    address::ServerUrl,
    arguments::{Action, CtlArgs, RecordAction},
    error::CtlError,
};
pub use crate::api::body::What;
use crate::{
    api::body::{Log, Order, Sent, Started},
    codec::MediaKind,
    ids::{PeerId, SourceName},
    messages::Written,
    redact::Redacted,
    report::{MemberName, PeerState, Reloaded, State},
    tls::Anchors,
};

/// Does what is asked, and writes what comes of it to `out`. Within a tokio runtime.
///
/// # Errors
/// When no daemon answers, it refuses, or nobody reads.
pub async fn run(arguments: &CtlArgs, out: &mut impl Write) -> Result<(), CtlError> {
    let client = client(arguments)?;
    match &arguments.action {
        Action::State if arguments.json => print_json(out, &client.read::<Value>("/api/state").await?),
        Action::State => print(out, &overview::whole(&now(&client.read("/api/state").await?))),
        Action::Peers => peers(&client, arguments.json, out).await,
        Action::Kick { peer } => {
            client.ask(Method::DELETE, &format!("/api/peers/{}", part(peer)), None).await.map(drop)
        }
        Action::Send { text, to } => send(&client, text, to.as_deref(), arguments.json, out).await,
        Action::Record { action } => record(&client, action, arguments.json, out).await,
        Action::Snapshot { file, source } => snapshot(&client, file, source.as_deref(), out).await,
        Action::Log { filter: Some(filter) } => {
            client.ask(Method::PUT, "/api/log", Some(&json!(Log { filter: filter.clone() }))).await.map(drop)
        }
        Action::Log { filter: None } => log(&client, arguments.json, out).await,
        Action::Reload => reload(&client, arguments.json, out).await,
        Action::Top { once } => top::run(&client, *once, arguments.json, out).await,
    }
}

fn client(arguments: &CtlArgs) -> Result<Client, CtlError> {
    let address = match &arguments.url {
        Some(url) => Address::Server(url.clone()),
        None => Address::of_socket(arguments.socket.as_deref())?,
    };
    let tls = match &arguments.url {
        Some(url) if url.is_tls() => {
            let anchors = Anchors::beside_system(arguments.ca.clone());
            Some(anchors.client_config().map_err(|error| CtlError::Misused(error.to_string()))?)
        }
        _ if arguments.ca.is_some() => {
            return Err(CtlError::Misused("--ca is of use with --url https://HOST:PORT alone".to_owned()));
        }
        _ => None,
    };
    let read = |path: &Path| {
        let unreadable = |error| CtlError::Misused(format!("--token-file {}: {error}", path.display()));
        fs::read_to_string(path).map(|text| Redacted::new(text.trim_end().to_owned())).map_err(unreadable)
    };
    Ok(Client::new(address, tls, arguments.token_file.as_deref().map(read).transpose()?))
}

/// A peer, and in which room it was met.
#[derive(Serialize)]
struct Met<'a> {
    member: &'a PeerId,
    #[serde(flatten)]
    peer: &'a PeerState,
}

async fn peers(client: &Client, as_json: bool, out: &mut impl Write) -> Result<(), CtlError> {
    let state: State = client.read("/api/state").await?;
    if !as_json {
        return print(out, &overview::peers(&now(&state)));
    }
    let of = |member| move |peer| Met { member, peer };
    let met: Vec<_> = state.members.iter().flat_map(|member| member.peers.iter().map(of(&member.id))).collect();
    print_json(out, &met)
}

async fn send(
    client: &Client,
    text: &str,
    to: Option<&str>,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), CtlError> {
    let path = to.map_or_else(|| "/api/messages".to_owned(), |peer| format!("/api/peers/{}/messages", part(peer)));
    let answer =
        client.ask(Method::POST, &path, Some(&json!(Written { text: Some(text.to_owned()), base64: None }))).await?;
    let sent: Sent = client::json(&answer)?;
    if as_json {
        return print_json(out, &sent);
    }
    Ok(writeln!(out, "sent to {} {}", sent.peers, if sent.peers == 1 { "peer" } else { "peers" })?)
}

async fn record(client: &Client, action: &RecordAction, as_json: bool, out: &mut impl Write) -> Result<(), CtlError> {
    match action {
        RecordAction::Start { what, member, peer, before } => {
            let order =
                Order { what: Some(*what), member: member.as_ref(), peer: peer.as_ref(), before_ms: before * 1000 };
            let answer = client.ask(Method::POST, "/api/recordings", Some(&json!(order))).await?;
            let started: Started = client::json(&answer)?;
            if as_json {
                return print_json(out, &started);
            }
            started.recordings.iter().try_for_each(|id| Ok(writeln!(out, "{id}")?))
        }
        RecordAction::Stop { recording } => {
            client.ask(Method::DELETE, &format!("/api/recordings/{}", part(recording)), None).await.map(drop)
        }
        RecordAction::List => {
            let state: State = client.read("/api/state").await?;
            if as_json {
                return print_json(out, &state.recordings);
            }
            print(out, &overview::recordings(&now(&state)))
        }
    }
}

async fn snapshot(client: &Client, file: &Path, source: Option<&str>, out: &mut impl Write) -> Result<(), CtlError> {
    let source = match source {
        Some(source) => source.to_owned(),
        None => first_picture(&client.read("/api/state").await?)?.to_string(),
    };
    let jpeg = client.ask(Method::GET, &format!("/api/sources/{}/snapshot.jpg", part(&source)), None).await?;
    if file == Path::new("-") {
        return Ok(out.write_all(&jpeg)?);
    }
    fs::write(file, jpeg).map_err(|error| CtlError::File { path: file.to_owned(), error })
}

fn first_picture(state: &State) -> Result<SourceName, CtlError> {
    let first = state.sources.iter().find(|source| source.kind == MediaKind::Video);
    first.map(|source| source.name.clone()).ok_or(CtlError::NoPictures)
}

async fn log(client: &Client, as_json: bool, out: &mut impl Write) -> Result<(), CtlError> {
    let log: Log = client.read("/api/log").await?;
    if as_json { print_json(out, &log) } else { Ok(writeln!(out, "{}", log.filter)?) }
}

async fn reload(client: &Client, as_json: bool, out: &mut impl Write) -> Result<(), CtlError> {
    let reloaded: Reloaded = client::json(&client.ask(Method::POST, "/api/reload", None).await?)?;
    if as_json {
        return print_json(out, &reloaded);
    }
    let Reloaded { members, sources, applied, needs_restart, warnings } = reloaded;
    if members.changed() + sources.changed() + applied.len() + needs_restart.len() == 0 {
        writeln!(out, "nothing has changed")?;
    }
    for (fate, members) in [("added", members.added), ("removed", members.removed), ("restarted", members.restarted)] {
        for MemberName { id, room } in members {
            writeln!(out, "member {id} in {room}: {fate}")?;
        }
    }
    for (fate, sources) in [("added", sources.added), ("removed", sources.removed), ("restarted", sources.restarted)] {
        for name in sources {
            writeln!(out, "source {name}: {fate}")?;
        }
    }
    for key in applied {
        writeln!(out, "{key}: in force")?;
    }
    for key in needs_restart {
        writeln!(out, "{key}: in force when peergate is started anew")?;
    }
    warnings.iter().try_for_each(|warning| Ok(writeln!(out, "{warning}")?))
}

fn now(state: &State) -> Look<'_> {
    Look { state, earlier: None, now: SystemTime::now() }
}

fn print(out: &mut impl Write, lines: &[Line]) -> Result<(), CtlError> {
    lines.iter().try_for_each(|line| Ok(writeln!(out, "{}", line.text)?))
}

fn print_json(out: &mut impl Write, value: &impl Serialize) -> Result<(), CtlError> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}
