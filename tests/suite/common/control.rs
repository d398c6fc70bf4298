//! The page and the API in this process, on a port of their own, with the test in the gateway's place.

use std::net::SocketAddr;

use peergate::{
    api::{self, Context},
    gateway::{Access, command::Command},
    logging,
    media::clockwork::Clockwork,
    recorder::Recorder,
    recording,
    redact::Redacted,
    reload,
    report::{Event, ServerState, State},
    server::{self, Hosts},
    token::Token,
};
use reqwest::{Client, Method, RequestBuilder};
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinHandle,
};

/// An API that runs, and the gateway's ends of its channels.
pub(crate) struct Control {
    pub(crate) address: SocketAddr,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) servers: watch::Sender<ServerState>,
    pub(crate) events: broadcast::Sender<Event>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Control {
    /// Starts one without a token.
    pub(crate) async fn start() -> Self {
        Self::with(None, Hosts::default()).await
    }

    /// Starts one with a token, and names of its own.
    pub(crate) async fn with(token: Option<&str>, hosts: Hosts) -> Self {
        peergate::media::elements::start().unwrap();
        let (to_gateway, commands) = mpsc::channel(8);
        let (state, watched) = watch::channel(State::default());
        let servers = watch::Sender::new(ServerState::default());
        let (events, _) = broadcast::channel(4);
        let token = token.map(|token| Token::new(&Redacted::new(token.to_owned())).unwrap());
        let recorder = Recorder::start(recording::Settings::default(), Clockwork::start(), false);
        let context = Context {
            gateway: Access { commands: to_gateway, recorder, state: watched, events: events.clone() },
            servers: servers.subscribe(),
            reload: reload::channel().0,
            log: logging::start(&logging::Settings::default()),
            links: api::Links::new(),
            token,
            hosts,
            stun: watch::channel(None).1,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let served = servers.clone();
        let task = tokio::spawn(async { server::serve(listener, api::router(context), served, stopped).await });
        Self { address, commands, state, servers, events, stop, task }
    }

    /// A request to it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        Client::new().request(method, format!("http://{}{path}", self.address))
    }

    /// Stops it, and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}
