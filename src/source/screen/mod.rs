//! X displays, spoken with in their own protocol. Xlib, and so GStreamer's `ximagesrc`, ends the whole process when the
//! connection to its server breaks, or leaves a thread behind where it is kept from that. `ximagesrc` also holds up all other
//! programs of the display (`XGrabServer`) while it takes a picture, and waits for ever where another of ours connects just then:
//! Xlib lets one at a time look for an extension, or connect.

mod address;
mod pixels;
mod server;
mod watcher;

use std::{
    env,
    sync::{Mutex, PoisonError, mpsc},
};

use gst::prelude::*;

use self::{
    address::{Address, CONNECT_LIMIT, Line},
    server::Server,
    watcher::Watcher,
};
use super::{Region, SourceError, VideoSpec, devices, error::there, plan::Plan};
use crate::{
    media::{clockwork::Clockwork, pipeline::Pipeline},
    units::Size,
};

pub(super) async fn plan(
    video: &VideoSpec,
    display: Option<&str>,
    region: Option<Region>,
    pointer: bool,
    clockwork: &Clockwork,
) -> Result<Plan, SourceError> {
    let display = match display {
        Some(display) => display.to_owned(),
        None => match env::var("DISPLAY").ok().filter(|display| !display.is_empty()) {
            Some(display) => display,
            None => return Err(worded(unnamed).await),
        },
    };
    let (server, line) = open(&display).await?;
    let watcher = Watcher { server, region, pointer, fps: video.fps, clockwork: clockwork.clone() };
    let values = vec![("width", video.size.width.into()), ("height", video.size.height.into())];
    let watch = Watch::new(watcher, line);
    let plan = Plan::new(include_str!("../../../pipelines/source/screen.launch"), values)
        .prepare(move |pipeline| watch.fill(pipeline))
        .explain(move |trouble| {
            trouble.is(gst::ResourceError::Read).then(|| unreachable(&display, trouble.error.message()))
        });
    Ok(plan)
}

/// How large a display is, in pixels.
pub(super) async fn size(display: &str) -> Result<Size, SourceError> {
    let (server, line) = open(display).await?;
    let asked = tokio::task::spawn_blocking(move || server.size());
    let why = match in_time(line, asked).await {
        Ok((Ok(size), _line)) => return Ok(size),
        Ok((Err(error), _line)) => error.to_string(),
        Err(why) => why,
    };
    Err(out_of_reach(display, why).await)
}

/// A display that is watched once its pipeline asks for pictures. Dropping it ends that, and the connection.
struct Watch {
    /// Until it begins.
    watcher: Mutex<Option<(Watcher, mpsc::Receiver<()>)>>,
    _goes_on: mpsc::Sender<()>,
    _line: Line,
}

impl Watch {
    fn new(watcher: Watcher, line: Line) -> Self {
        let (goes_on, ended) = mpsc::channel();
        Self { watcher: Mutex::new(Some((watcher, ended))), _goes_on: goes_on, _line: line }
    }

    /// Fills the element `screen` from the moment on that it asks for pictures.
    fn fill(&self, pipeline: &Pipeline) {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(out) = pipeline.element("screen").and_then(|out| out.downcast::<gst_app::AppSrc>().ok()) else {
            return;
        };
        let begin = move |out: &gst_app::AppSrc, _| {
            let Some((watcher, ended)) = watcher.take() else { return };
            let into = out.clone();
            let spawned = std::thread::Builder::new().name("screen".to_owned()).spawn(move || {
                if let Err(failure) = watcher.run(&into, &ended) {
                    gst::element_error!(into, gst::ResourceError::Read, ("{failure}"));
                }
            });
            if let Err(error) = spawned {
                gst::element_error!(out, gst::ResourceError::Read, ("the system gives no thread: {error}"));
            }
        };
        out.set_callbacks(gst_app::AppSrcCallbacks::builder().need_data(begin).build());
    }
}

/// Connects to the server of a display, and introduces itself.
async fn open(display: &str) -> Result<(Server, Line), SourceError> {
    match introduce(display).await {
        Ok(opened) => Ok(opened),
        Err(why) => Err(out_of_reach(display, why).await),
    }
}

/// The same; where it fails, only why.
async fn introduce(display: &str) -> Result<(Server, Line), String> {
    let address = Address::parse(display).ok_or("expected HOST:NUMBER.SCREEN")?;
    let connecting = address.clone();
    let connected = tokio::task::spawn_blocking(move || {
        let socket = connecting.connect()?;
        socket.line().map(|line| (socket, line))
    });
    let connected = connected.await.map_err(|error| error.to_string())?;
    let (socket, line) = connected.map_err(|error| error.to_string())?;
    let opened = tokio::task::spawn_blocking(move || Server::open(socket, &address));
    let (opened, line) = in_time(line, opened).await?;
    Ok((opened.map_err(|refusal| refusal.to_string())?, line))
}

/// What is asked of a server that may have stopped: where it does not answer, the line is cut, and so what waits for it ends.
async fn in_time<T>(line: Line, asked: tokio::task::JoinHandle<T>) -> Result<(T, Line), String> {
    match tokio::time::timeout(CONNECT_LIMIT, asked).await {
        Ok(Ok(answer)) => Ok((answer, line)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("it has not answered for {} s", CONNECT_LIMIT.as_secs())),
    }
}

/// An error whose words name the displays that there are: they are looked for on a thread that may take its time.
async fn worded(error: impl FnOnce() -> SourceError + Send + 'static) -> SourceError {
    tokio::task::spawn_blocking(error).await.unwrap_or(SourceError::Ended)
}

async fn out_of_reach(display: &str, why: String) -> SourceError {
    let display = display.to_owned();
    worded(move || unreachable(&display, &why)).await
}

fn unnamed() -> SourceError {
    SourceError::Missing {
        wanted: "an X display (no DISPLAY in the environment)".to_owned(),
        there: there(devices::displays()),
        help: "; name one: screen:DISPLAY".to_owned(),
    }
}

fn unreachable(display: &str, why: &str) -> SourceError {
    SourceError::Unreachable {
        server: format!("X display {display}"),
        why: why.to_owned(),
        help: format!(
            "there {}; XAUTHORITY must name a file that lets us in; Wayland screens can't be captured this way",
            there(devices::displays())
        ),
    }
}
