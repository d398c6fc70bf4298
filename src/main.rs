//! The `peergate` program.

use std::{future::Future, net::SocketAddr, path::Path, process::ExitCode};

use peergate::{
    api,
    appearance::{self, AppearanceError},
    cli::{self, Asked, Command},
    config::{self, Http, Overrides, Problems, Purpose, Settings},
    gateway, logging,
    media::{
        elements::{self, NotReady},
        main_loop::MainLoop,
    },
    relay, server,
    shutdown::Signals,
};
use tokio::net::TcpListener;

/// Why the program ends when nobody asked it to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Misconfigured(#[from] Problems),
    #[error("{0}")]
    NotReady(#[from] NotReady),
    #[error(transparent)]
    Appearance(#[from] AppearanceError),
    #[error(transparent)]
    Gateway(#[from] gateway::StartError),
    #[error("could not listen on {address} (http.listen, --listen): {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error("the system refuses {what}: {error}")]
    System { what: &'static str, error: std::io::Error },
}

fn main() -> ExitCode {
    let asked = match Asked::parse(std::env::args_os()) {
        Ok(asked) => asked,
        Err(error) => {
            // Help and version are on stdout, and no error.
            let _ = error.print();
            return if error.use_stderr() { misused() } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match asked.command {
        Command::Run(arguments) => run(arguments.config.as_deref(), &asked.overrides),
        Command::Check(arguments) => check(&arguments.file),
        Command::Relay(arguments) => relay_alone(arguments.config.as_deref(), &asked.overrides),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Misconfigured(problems)) => {
            eprintln!("{problems}");
            misused()
        }
        Err(failure) => {
            tracing::error!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// `EX_USAGE` of sysexits.h: bad arguments or configuration.
fn misused() -> ExitCode {
    ExitCode::from(64)
}

fn run(file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    let settings = load(file, Purpose::Daemon, overrides)?;
    elements::start()?;
    logging::capture_gstreamer();
    let _main_loop = MainLoop::start().map_err(|error| Failure::System { what: "a thread", error })?;
    block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    let mut signals = catch_signals()?;
    let (ask_to_stop, asked_to_stop) = tokio::sync::oneshot::channel::<()>();
    let mut server = None;
    let mut listening = None;
    if let Some(http) = &settings.http {
        let (listener, address) = listen(http).await?;
        listening = Some(address);
        let router = relay::router(relay_settings(&settings.relay, http)).merge(api::page::router());
        server = Some(tokio::spawn(server::serve(listener, router, async {
            let _ = asked_to_stop.await;
        })));
        tracing::info!(%address, "listening");
    }
    let gateway = gateway::start(appearance::gateway(&settings, listening)?)?;
    let name = signals.next().await;
    tracing::info!("{name}: stopping");
    signals
        .while_closing(async {
            gateway.stop().await;
            drop(ask_to_stop);
            if let Some(server) = server {
                let _ = server.await;
            }
        })
        .await;
    Ok(())
}

fn check(file: &Path) -> Result<(), Failure> {
    config::load(Some(file), Purpose::Daemon, &Overrides::default(), &cli::variables())?;
    Ok(())
}

fn relay_alone(file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    let settings = load(file, Purpose::Relay, overrides)?;
    block_on(async {
        let mut signals = catch_signals()?;
        let Some(http) = &settings.http else { return Ok(()) };
        let (listener, address) = listen(http).await?;
        tracing::info!(%address, "listening");
        let asked = async move {
            let name = signals.next().await;
            tracing::info!("{name}: stopping");
        };
        server::serve(listener, relay::router(relay_settings(&settings.relay, http)), asked)
            .await
            .map_err(|error| Failure::System { what: "connections", error })
    })
}

/// The settings, with logging started as they say.
fn load(file: Option<&Path>, purpose: Purpose, overrides: &Overrides) -> Result<Settings, Failure> {
    let settings = config::load(file, purpose, overrides, &cli::variables())?;
    logging::start(&settings.log);
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(settings)
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::System { what: "threads", error })?;
    let outcome = runtime.block_on(work);
    // Not waiting for what hangs in GStreamer.
    runtime.shutdown_background();
    outcome
}

fn catch_signals() -> Result<Signals, Failure> {
    Signals::catch().map_err(|error| Failure::System { what: "signal handlers", error })
}

async fn listen(http: &Http) -> Result<(TcpListener, SocketAddr), Failure> {
    let refused = |error| Failure::Listen { address: http.listen, error };
    let listener = TcpListener::bind(http.listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

fn relay_settings(relay: &config::Relay, http: &Http) -> relay::Settings {
    relay::Settings {
        limits: relay.limits,
        hosts: server::Hosts::new(http.hosts.clone()).and_own_name(),
        origins: server::Origins::new(relay.origins.clone()),
    }
}
