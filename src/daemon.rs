//! A daemon from its settings: what is started in which order, and how it ends.

use std::{
    collections::BTreeSet,
    future::pending,
    io::{self, IsTerminal},
    net::SocketAddr,
    sync::Arc,
};

use futures_util::future::{join_all, select_all};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    api,
    appearance::{self, AppearanceError, reachable},
    config::{self, Http, Member, Origin, Room, Settings, Socket},
    descriptors,
    gateway::{self, command::Command},
    logging::Dial,
    media::{elements, main_loop},
    messages::Plumbing,
    relay,
    reload::{self, Reloader},
    report::{ServerState, State},
    server::{self, Hosts, Listener, LocalSocket, Origins, SocketError, TlsListener},
    service::{Loop, Manager},
    shutdown::Signals,
    tls::{PairError, Shown},
};

/// Why a daemon could not start, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The address is taken, or not ours.
    #[error("could not listen on {address} (http.listen, --listen): {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// TLS is asked for, and there is no certificate to show.
    #[error("TLS ([http] certificate, --certificate): {0}")]
    Certificate(#[from] PairError),
    /// The system refuses something.
    #[error("the system gives no {what}: {error}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// Another is controlled there, or the system refuses.
    #[error("the control socket ([http] socket, --socket): {0}")]
    Socket(SocketError),
    /// The gateway does not start.
    #[error(transparent)]
    Gateway(#[from] gateway::StartError),
    /// The socket for messages can't be made.
    #[error("the socket for messages ([messages] socket): {0}")]
    Messages(SocketError),
    /// A member can't be brought up.
    #[error(transparent)]
    Appearance(#[from] AppearanceError),
    /// Something that runs until it is asked to end has ended.
    #[error("{0} ended by itself")]
    Ended(&'static str),
}

/// Runs a daemon until a signal asks it to stop. Within a tokio runtime, with GStreamer started.
///
/// # Errors
/// When something does not start, or ends by itself.
pub async fn run(settings: Settings, origin: Origin, log: Dial) -> Result<(), Failure> {
    let mut signals = catch_signals()?;
    let hang_ups = signal(SignalKind::hangup()).map_err(no_handlers)?;
    descriptors::provide(appearance::sessions(&settings), settings.relay.limits.sockets);
    let socket = open_socket(settings.socket.as_ref()).await.map_err(Failure::Socket)?;
    let plumbing = Plumbing::open(settings.messages.clone()).await.map_err(Failure::Messages)?;
    let server_state = watch::Sender::default();
    let front = match &settings.http {
        Some(http) => Some(Front::open(http, &server_state).await?),
        None => None,
    };
    let address = front.as_ref().map(|front| front.address);
    let gateway = gateway::start(appearance::gateway(&settings, address)?)?;
    elements::load_ahead();
    let access = gateway.access.clone();
    let messages = plumbing.start(access.clone());
    let (reload, requests) = reload::channel();
    let (stun, page_stun) = watch::channel(settings.ice.stun.clone());
    let context = api::Context {
        gateway: access.clone(),
        servers: server_state.subscribe(),
        reload,
        log: log.clone(),
        links: api::Links::new(),
        token: None,
        hosts: Hosts::default(),
        stun: page_stun,
    };
    let mut servers = Vec::new();
    if let Some(socket) = socket {
        tracing::info!(path = %socket.path().display(), "the control socket, for 'peergate ctl'");
        servers.push(Server::start(socket, api::router(context.clone()), server_state.clone()));
    }
    if let (Some(http), Some(front)) = (&settings.http, front) {
        let context = api::Context { token: http.control_token.clone(), hosts: hosts(http), ..context };
        let router = api::router(context).merge(relay::router(relay_settings(&settings.relay, http)));
        front.announce(&settings.members);
        servers.push(front.serve(router, server_state));
    }

    let manager = Manager::of_this_process();
    let reloader = Reloader {
        origin: Arc::new(origin),
        settings,
        listening: address,
        gateway: access.clone(),
        messages,
        stun,
        log,
        manager: manager.clone(),
    };
    let reloading = tokio::spawn(reloader.run(requests, hang_ups));
    manager.ready();
    let loops = vec![gateway_loop(access.commands.clone()), Loop::new("GLib's main loop", main_loop::turn)];
    let mut state = access.state.clone();
    let gateway_gone = async move { while state.changed().await.is_ok() {} };
    let outcome = tokio::select! {
        name = signals.next() => {
            tracing::info!("{name}: stopping");
            Ok(())
        }
        () = gateway_gone => Err(Failure::Ended("the gateway")),
        () = Server::one_ended(&mut servers) => Err(Failure::Ended("an HTTP server")),
        never = manager.feed_watchdog(loops, access.state.clone()) => match never {},
        never = manager.say_how_it_goes(access.state.clone()) => match never {},
    };
    manager.stopping();
    // What messages go to ends with it.
    reloading.abort();
    let close = async {
        gateway.stop().await;
        join_all(servers.into_iter().map(Server::stop)).await;
    };
    signals.while_closing(close).await;
    outcome
}

/// Runs the relay alone until a signal asks it to stop. Within a tokio runtime.
///
/// # Errors
/// When it does not start, or ends by itself.
pub async fn run_relay(settings: Settings) -> Result<(), Failure> {
    let mut signals = catch_signals()?;
    descriptors::provide(0, settings.relay.limits.sockets);
    let Some(http) = &settings.http else { return Ok(()) };
    // Nobody asks a relay for it.
    let state = watch::Sender::default();
    let front = Front::open(http, &state).await?;
    tracing::info!(address = %front.address, "listening");
    tracing::info!("the relay is at {}://{}/signal", front.scheme("ws"), reachable(front.address));
    let mut servers = vec![front.serve(relay::router(relay_settings(&settings.relay, http)), state)];
    let manager = Manager::of_this_process();
    manager.ready();
    // Nothing but sockets: when this process's tasks run, it does what it is for.
    let (_, no_members) = watch::channel(State::default());
    let outcome = tokio::select! {
        name = signals.next() => {
            tracing::info!("{name}: stopping");
            Ok(())
        }
        () = Server::one_ended(&mut servers) => Err(Failure::Ended("the HTTP server")),
        never = manager.feed_watchdog(Vec::new(), no_members) => match never {},
    };
    manager.stopping();
    signals.while_closing(async { drop(join_all(servers.into_iter().map(Server::stop)).await) }).await;
    outcome
}

/// An HTTP server's task.
struct Server {
    task: JoinHandle<()>,
    ask_to_stop: oneshot::Sender<()>,
}

impl Server {
    fn start(listener: impl Listener, router: axum::Router, state: watch::Sender<ServerState>) -> Self {
        let (ask_to_stop, asked) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let asked = async { drop(asked.await) };
            server::serve(listener, router, state, asked).await;
        });
        Self { task, ask_to_stop }
    }

    /// Returns when one of them has ended by itself; never where there is none.
    async fn one_ended(servers: &mut [Self]) {
        if servers.is_empty() {
            return pending().await;
        }
        drop(select_all(servers.iter_mut().map(|server| &mut server.task)).await);
    }

    async fn stop(self) {
        drop(self.ask_to_stop);
        if !self.task.is_finished() {
            drop(self.task.await);
        }
    }
}

/// The loops of the gateway and its members.
fn gateway_loop(commands: mpsc::Sender<Command>) -> Loop {
    Loop::new("the gateway", move || {
        let (reply, turn) = oneshot::channel();
        let commands = commands.clone();
        // On a task of its own, where it waits for a place: a gateway with much to do turns all the same.
        tokio::spawn(async move {
            // An error: the gateway is gone, and the question with it.
            let _ = commands.send(Command::Turn { reply }).await;
        });
        turn
    })
}

fn catch_signals() -> Result<Signals, Failure> {
    Signals::catch().map_err(no_handlers)
}

const fn no_handlers(error: io::Error) -> Failure {
    Failure::System { what: "signal handlers", error }
}

/// The control socket, where there is to be one. Only one that was asked for is worth not starting.
async fn open_socket(wanted: Option<&Socket>) -> Result<Option<LocalSocket>, SocketError> {
    let Some(Socket { path, is_must }) = wanted else { return Ok(None) };
    match LocalSocket::open(path).await {
        Err(error) if !is_must => {
            tracing::warn!(
                "the control socket ([http] socket, --socket): {error}; 'peergate ctl' does not find this one there"
            );
            Ok(None)
        }
        opened => opened.map(Some),
    }
}

/// Where others come in over TCP, with TLS or without.
struct Front {
    listener: TcpListener,
    address: SocketAddr,
    shown: Option<Shown>,
}

impl Front {
    async fn open(http: &Http, state: &watch::Sender<ServerState>) -> Result<Self, Failure> {
        let shown = http.identity.clone().map(|identity| Shown::open(identity, state.clone())).transpose()?;
        let refused = |error| Failure::Listen { address: http.listen, error };
        let listener = TcpListener::bind(http.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address, shown })
    }

    /// The scheme of addresses here: `plain`, "http" or "ws", or the same over TLS.
    fn scheme(&self, plain: &str) -> String {
        if self.shown.is_some() { format!("{plain}s") } else { plain.to_owned() }
    }

    fn serve(self, router: axum::Router, state: watch::Sender<ServerState>) -> Server {
        match self.shown {
            Some(shown) => Server::start(TlsListener::new(self.listener, shown), router, state),
            None => Server::start(self.listener, router, state),
        }
    }

    /// For programs one line with the address as it is, for people one with what to open.
    fn announce(&self, members: &[Member]) {
        let (address, scheme) = (self.address, self.scheme("http"));
        tracing::info!(%address, "listening");
        let rooms: BTreeSet<_> = members.iter().filter_map(page_of).collect();
        if rooms.is_empty() {
            // A page that is opened there finds nobody.
            let address = reachable(address);
            tracing::info!("the API is at {scheme}://{address}/api; every room of ours is on another relay");
            return;
        }
        let addresses = addresses(address);
        let mut pages = Vec::new();
        for room in rooms {
            pages.extend(addresses.iter().map(|address| format!("{scheme}://{address}{room}")));
        }
        if io::stderr().is_terminal() {
            eprintln!("\n    open {}\n", pages.join("\n      or "));
        } else {
            tracing::info!("open {}", pages.join(" or "));
        }
    }
}

/// Where the page shows a member's room, behind the page's address.
fn page_of(member: &Member) -> Option<String> {
    match &member.room {
        Room::Embedded(Some(name)) => Some(format!("/#{name}")),
        Room::Embedded(None) => Some(String::new()),
        Room::Relay(_) => None,
    }
}

/// Where others reach what listens on `address`, this machine first: nobody opens 'every address'.
fn addresses(address: SocketAddr) -> Vec<SocketAddr> {
    let mut addresses = vec![reachable(address)];
    if address.ip().is_unspecified() {
        // Where the system does not list them, this machine's own has to do.
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let others = interfaces.iter().filter(|one| !one.is_loopback() && !one.is_link_local()).map(|one| one.ip());
        let fitting = others.filter(|ip| ip.is_ipv4() || address.is_ipv6());
        addresses.extend(fitting.map(|ip| SocketAddr::new(ip, address.port())));
    }
    addresses
}

fn relay_settings(relay: &config::Relay, http: &Http) -> relay::Settings {
    relay::Settings { limits: relay.limits, hosts: hosts(http), origins: Origins::new(relay.origins.clone()) }
}

fn hosts(http: &Http) -> Hosts {
    Hosts::new(http.hosts.clone()).and_own_name()
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn the_gateway_turns_when_it_comes_to_the_question_behind_what_waits_and_not_before() {
        let (commands, mut asked) = mpsc::channel(1);
        let (reply, _answer) = oneshot::channel();
        commands.try_send(Command::Turn { reply }).unwrap();
        let mut gateway = gateway_loop(commands);
        yield_now().await;
        assert!(!gateway.has_turned(), "nobody reads what it is asked");
        yield_now().await;
        assert!(!gateway.has_turned(), "still nobody does");

        drop(asked.recv().await);
        let Some(Command::Turn { reply }) = asked.recv().await else { panic!("the question has waited for its place") };
        reply.send(()).unwrap();
        assert!(gateway.has_turned());
    }
}
