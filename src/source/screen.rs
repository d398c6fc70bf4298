//! X displays.
//!
//! Xlib ends the whole process when the connection to its server breaks, so a display that is not there is found out
//! before Xlib is asked. See [`super::xlib`] for one that goes away later.

use std::{
    env, io,
    net::{TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    time::Duration,
};

use gst::prelude::*;

use super::{Region, SourceError, VideoSpec, devices, error::there, plan::Plan, xlib};
use crate::{media::template::Value, units::Size};

/// How long a server on another machine may take to answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn plan(
    video: &VideoSpec,
    display: Option<&str>,
    region: Option<Region>,
    pointer: bool,
) -> Result<Plan, SourceError> {
    let display = match display {
        Some(display) => display.to_owned(),
        None => env::var("DISPLAY").ok().filter(|display| !display.is_empty()).ok_or_else(unnamed)?,
    };
    let connections = xlib::Connections::to(&display);
    reach(&display).await?;
    let corner = |from: u32, length: u32| Value::from((from + length).saturating_sub(1));
    let region = region.map_or([0_u32.into(), 0_u32.into(), 0_u32.into(), 0_u32.into()], |region| {
        let Region { x, y, size } = region;
        [x.into(), y.into(), corner(x, size.width), corner(y, size.height)]
    });
    let [x, y, end_x, end_y] = region;
    let values = vec![
        ("display", display.as_str().into()),
        ("pointer", if pointer { "true" } else { "false" }.into()),
        ("x", x),
        ("y", y),
        ("end-x", end_x),
        ("end-y", end_y),
        ("width", video.size.width.into()),
        ("height", video.size.height.into()),
        ("fps", video.fps.into()),
    ];
    let name = display.clone();
    let plan = Plan::new(include_str!("../../pipelines/source/screen.launch"), values)
        .watched(move || gone(name.clone(), connections.clone()))
        .explain(move |trouble| {
            trouble.is(gst::ResourceError::OpenRead).then(|| unreachable(&display, "the server refuses us"))
        });
    Ok(plan)
}

/// How large a display is, in pixels.
pub(super) async fn size(display: &str) -> Result<Size, SourceError> {
    reach(display).await?;
    let name = display.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let source = gst::ElementFactory::make("ximagesrc").property("display-name", name).build().ok()?;
        // It connects to be asked. Where it is refused it says what it could do at most, which is any size.
        let caps = source.static_pad("src")?.query_caps(None);
        let side = |name| u32::try_from(caps.structure(0)?.get::<i32>(name).ok()?).ok();
        Some(Size { width: side("width")?, height: side("height")? })
    });
    asked.await.ok().flatten().ok_or_else(|| unreachable(display, "the server refuses us"))
}

/// Whether a server listens there.
async fn reach(display: &str) -> Result<(), SourceError> {
    let address = Address::parse(display).ok_or_else(|| unreachable(display, "expected HOST:NUMBER.SCREEN"))?;
    let reached = tokio::task::spawn_blocking(move || {
        xlib::survive_lost_servers();
        address.connect()
    });
    match reached.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(unreachable(display, &error.to_string())),
        Err(_) => Err(SourceError::Ended),
    }
}

/// Waits until the server breaks a connection.
async fn gone(display: String, connections: xlib::Connections) -> SourceError {
    connections.lost().await;
    unreachable(&display, "it has closed the connection")
}

/// Where an X server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Address {
    Local(u16),
    Remote(String, u16),
}

impl Address {
    /// `[unix|HOST]:NUMBER[.SCREEN]`.
    fn parse(display: &str) -> Option<Self> {
        let (host, number) = display.rsplit_once(':')?;
        let number = number.split('.').next()?.parse().ok()?;
        Some(match host.trim_end_matches("/unix") {
            "" | "unix" => Self::Local(number),
            host => Self::Remote(host.to_owned(), 6000_u16.checked_add(number)?),
        })
    }

    fn connect(&self) -> io::Result<()> {
        match self {
            Self::Local(number) => {
                use std::os::linux::net::SocketAddrExt;
                let name = format!("/tmp/.X11-unix/X{number}");
                let hidden = std::os::unix::net::SocketAddr::from_abstract_name(&name)?;
                UnixStream::connect(&name).or_else(|error| UnixStream::connect_addr(&hidden).map_err(|_| error))?;
            }
            Self::Remote(host, port) => {
                let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
                let connect = |address| TcpStream::connect_timeout(address, CONNECT_LIMIT);
                let none = Err(io::ErrorKind::AddrNotAvailable.into());
                addresses.iter().map(connect).reduce(Result::or).unwrap_or(none)?;
            }
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_have_addresses() {
        assert_eq!(Address::parse(":0"), Some(Address::Local(0)));
        assert_eq!(Address::parse("unix:1.0"), Some(Address::Local(1)));
        assert_eq!(Address::parse("host.example:10.1"), Some(Address::Remote("host.example".to_owned(), 6010)));
        assert_eq!(Address::parse("::1:0"), Some(Address::Remote("::1".to_owned(), 6000)));
        for wrong in ["", "0", ":x", ":", ":65000x", "host:65000"] {
            assert_eq!(Address::parse(wrong), None, "{wrong:?}");
        }
    }
}
