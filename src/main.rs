//! The `peergate` program.

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use peergate::{
    cli::{Cli, Command, RunArgs},
    logging,
    media::main_loop::MainLoop,
    shutdown::Signals,
};

/// Asked to stop.
const STOPPED: u8 = 0;
/// Could not start, or could not go on.
const FAILED: u8 = 1;
/// Bad arguments or configuration: `EX_USAGE` of sysexits.h.
const MISUSED: u8 = 64;

fn main() -> ExitCode {
    let code = match Cli::try_parse() {
        Ok(cli) => match cli.command {
            Command::Run(arguments) => run(&arguments),
            Command::Check(_) | Command::Relay(_) => MISUSED,
        },
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { MISUSED } else { STOPPED }
        }
    };
    ExitCode::from(code)
}

fn run(arguments: &RunArgs) -> u8 {
    logging::start(&logging::Settings::default());
    if let Err(error) = gst::init() {
        tracing::error!(%error, "GStreamer could not be started");
        return FAILED;
    }
    logging::capture_gstreamer();
    let _main_loop = MainLoop::start();
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return FAILED };
    let code = runtime.block_on(serve(arguments));
    runtime.shutdown_background();
    code
}

async fn serve(arguments: &RunArgs) -> u8 {
    let listen = arguments.listen.as_deref().unwrap_or("127.0.0.1:8080");
    let Ok(listen) = listen.parse::<SocketAddr>() else { return MISUSED };
    let Ok(mut signals) = Signals::catch() else { return FAILED };
    let listener = match tokio::net::TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, %listen, "could not listen");
            return FAILED;
        }
    };
    let Ok(address) = listener.local_addr() else { return FAILED };
    tracing::info!(%address, "listening");
    let server = tokio::spawn(axum::serve(listener, axum::Router::new()).into_future());
    let name = signals.next().await;
    tracing::info!("{name}: stopping");
    signals.while_closing(async { server.abort() }).await;
    STOPPED
}
