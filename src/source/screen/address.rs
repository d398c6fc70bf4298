//! Where an X server listens, and the way to it.

use std::{
    io,
    net::{Shutdown, TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    time::Duration,
};

/// How long a server on another machine may take to answer.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// A display's name, read: `[unix|HOST]:NUMBER[.SCREEN]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    place: Place,
    /// Of the server; its access list goes by it.
    pub(super) number: u16,
    /// Of the server's screens.
    pub(super) screen: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Here,
    Host(String),
}

/// A connection to a server, before anything is said.
#[derive(Debug)]
pub(super) enum Socket {
    Local(UnixStream),
    Remote(TcpStream),
}

/// A hand on a connection that another thread uses. Dropping it ends what that thread waits for, whatever the server does.
#[derive(Debug)]
pub(super) struct Line(Socket);

impl Address {
    pub(super) fn parse(display: &str) -> Option<Self> {
        let (host, number) = display.rsplit_once(':')?;
        let (number, screen) = number.split_once('.').unwrap_or((number, "0"));
        let (number, screen) = (number.parse().ok()?, screen.parse().ok()?);
        let place = match host.trim_end_matches("/unix") {
            "" | "unix" => Place::Here,
            host => {
                port(number)?;
                Place::Host(host.to_owned())
            }
        };
        Some(Self { place, number, screen })
    }

    /// Connects. Takes up to [`CONNECT_LIMIT`] for each address of another machine.
    pub(super) fn connect(&self) -> io::Result<Socket> {
        match &self.place {
            Place::Here => {
                use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
                let name = format!("/tmp/.X11-unix/X{}", self.number);
                let hidden = SocketAddr::from_abstract_name(&name)?;
                let stream =
                    UnixStream::connect(&name).or_else(|error| UnixStream::connect_addr(&hidden).map_err(|_| error))?;
                Ok(Socket::Local(stream))
            }
            Place::Host(host) => {
                let none = || io::Error::from(io::ErrorKind::AddrNotAvailable);
                let port = port(self.number).ok_or_else(none)?;
                let addresses: Vec<_> = (host.as_str(), port).to_socket_addrs()?.collect();
                let connect = |address| TcpStream::connect_timeout(address, CONNECT_LIMIT);
                let stream = addresses.iter().map(connect).reduce(Result::or).unwrap_or_else(|| Err(none()))?;
                Ok(Socket::Remote(stream))
            }
        }
    }
}

impl Socket {
    /// A hand on it.
    pub(super) fn line(&self) -> io::Result<Line> {
        Ok(Line(match self {
            Self::Local(stream) => Self::Local(stream.try_clone()?),
            Self::Remote(stream) => Self::Remote(stream.try_clone()?),
        }))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // An error: the other side has closed it.
        let _ = match &self.0 {
            Socket::Local(stream) => stream.shutdown(Shutdown::Both),
            Socket::Remote(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

/// Of TCP, for the display of this number.
const fn port(number: u16) -> Option<u16> {
    6000_u16.checked_add(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_have_addresses() {
        let address = |place, number, screen| Some(Address { place, number, screen });
        let host = |name: &str| Place::Host(name.to_owned());
        assert_eq!(Address::parse(":0"), address(Place::Here, 0, 0));
        assert_eq!(Address::parse("unix:1.2"), address(Place::Here, 1, 2));
        assert_eq!(Address::parse("host.example:10.1"), address(host("host.example"), 10, 1));
        assert_eq!(Address::parse("::1:0"), address(host("::1"), 0, 0));
        for wrong in ["", "0", ":x", ":", ":65000x", ":0.", ":0.x", "host:65000"] {
            assert_eq!(Address::parse(wrong), None, "{wrong:?}");
        }
    }
}
