//! The way that ICE has found, where it is plain UDP: libnice's own socket, and the address of the peer. A picture goes over it
//! in one call, and through the kernel as one, which cuts it into its packets late (UDP segmentation offload, Linux 4.18).
//! libnice hands over each packet by itself.

use std::{
    ffi::{c_int, c_uint, c_void},
    io::IoSlice,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket},
    os::fd::{AsRawFd, BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use glib::translate::{FromGlibPtrFull, ToGlibPtr};
use gst::prelude::*;
use nix::{
    errno::Errno,
    sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, getsockopt, sendmsg, setsockopt, sockopt},
};

use super::batch::Batch;
use crate::ice::{CandidateKind, Transport, Way};

/// There is one component: RTCP goes over that of RTP.
const COMPONENT: u32 = 1;

/// What may wait in the socket while this process does not run, in bytes: some seconds of pictures and sound, as the kernel
/// counts 1 to 2 KiB for each packet. What finds no place is lost, and lost sound is not asked for again. The kernel gives
/// less where `net.core.rmem_max` says so (socket(7)).
const RECEIVE_BUFFER: usize = 1 << 20;

/// The numbers that libnice gives components' states: this one is over.
const FAILED: u32 = 5;

/// A socket and where to.
struct Route {
    /// Our own handle on libnice's socket: who closes that one does not close this one.
    socket: OwnedFd,
    remote: SockaddrStorage,
    /// This kernel, or what it sends over, can't take a picture in one call.
    refused: AtomicBool,
}

/// The way that is taken at the moment, and the route where it can be taken without libnice.
#[derive(Clone, Default)]
pub(in crate::peer) struct Routes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    way: Option<Way>,
    route: Option<Arc<Route>>,
    /// How many selections have begun: they come on several threads, and the last one counts.
    selections: u64,
    has_ended: bool,
}

impl Routes {
    /// Follows what the libnice agent selects.
    pub(in crate::peer) fn follow(agent: &glib::Object) -> Self {
        let routes = Self::default();
        let followed = routes.clone();
        agent.connect("new-selected-pair-full", false, move |arguments| {
            let selection = followed.begin();
            // Not while anything is locked: libnice may tell of the next selection from within.
            followed.take(selection, way(arguments), selected(arguments));
            None
        });
        let followed = routes.clone();
        agent.connect("component-state-changed", false, move |arguments| {
            if arguments.get(3).and_then(|state| state.get::<u32>().ok()) == Some(FAILED) {
                let selection = followed.begin();
                followed.take(selection, None, None);
            }
            None
        });
        routes
    }

    /// What is sent from now on goes through libnice.
    pub(in crate::peer) fn end(&self) {
        let mut state = self.state();
        (state.has_ended, state.route) = (true, None);
    }

    /// The way that is taken at the moment, once there is one.
    pub(in crate::peer) fn way(&self) -> Option<Way> {
        self.state().way
    }

    /// Sends packets. How many have left: the others have to go through libnice.
    pub(super) fn send(&self, batch: &Batch) -> usize {
        let route = self.state().route.clone();
        route.map_or(0, |route| route.send(batch))
    }

    /// A selection begins.
    fn begin(&self) -> u64 {
        let mut state = self.state();
        state.selections += 1;
        state.selections
    }

    /// A selection has led to this.
    fn take(&self, selection: u64, way: Option<Way>, route: Option<Route>) {
        let mut state = self.state();
        if !state.has_ended && selection == state.selections {
            tracing::debug!(in_one_call = route.is_some(), "how pictures are sent");
            (state.way, state.route) = (way, route.map(Arc::new));
        }
    }

    /// Nothing panics while it is locked.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses are nobody's business.
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

impl Route {
    fn new(socket: OwnedFd, remote: SocketAddr) -> Self {
        // A kernel that does not know the option would send a picture uncut.
        let refused = getsockopt(&socket, sockopt::UdpGsoSegment).is_err();
        Self { socket, remote: remote.into(), refused: AtomicBool::new(refused) }
    }

    fn send(&self, batch: &Batch) -> usize {
        let mut left = 0;
        if self.refused.load(Relaxed) {
            return left;
        }
        for run in batch.runs() {
            let cut = [ControlMessage::UdpGsoSegments(&run.length)];
            let control = if run.packets() > 1 { &cut[..] } else { &[] };
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            let sent = sendmsg(self.socket.as_raw_fd(), &[IoSlice::new(run.bytes)], control, flags, Some(&self.remote));
            match sent {
                Err(
                    error @ (Errno::EINVAL
                    | Errno::EIO
                    | Errno::EMSGSIZE
                    | Errno::EOPNOTSUPP
                    | Errno::ENOPROTOOPT
                    | Errno::EAFNOSUPPORT),
                ) => {
                    tracing::debug!(%error, "pictures can't be sent in one call: libnice sends them");
                    self.refused.store(true, Relaxed);
                    break;
                }
                // What finds no place, or no network, is lost, as on any way.
                Ok(_) | Err(_) => left += run.packets(),
            }
        }
        left
    }
}

/// The way of `new-selected-pair-full`, whose arguments are the agent, the stream, the component, our candidate, the peer's.
fn way(arguments: &[glib::Value]) -> Option<Way> {
    let [_, _, component, local, remote] = arguments else { return None };
    if component.get::<u32>().ok()? != COMPONENT {
        return None;
    }
    let (local, remote) = (candidate(local)?, candidate(remote)?);
    Some(Way { local: local.kind()?, remote: remote.kind()?, transport: local.transport() })
}

/// The route of the same.
fn selected(arguments: &[glib::Value]) -> Option<Route> {
    let [agent, stream, component, local, remote] = arguments else { return None };
    if component.get::<u32>().ok()? != COMPONENT {
        return None;
    }
    let (local, remote) = (candidate(local)?.base.get()?, candidate(remote)?.address.get()?);
    let socket = UdpSocket::from(selected_socket(&agent.get::<glib::Object>().ok()?, stream.get().ok()?)?);
    // Less than it should be is better than none.
    let _ = setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER);
    // It may be that of a later selection.
    (socket.local_addr().ok()? == local).then(|| Route::new(socket.into(), remote))
}

/// The beginning of a `NiceCandidate`, as in every version of libnice's ABI 10.
#[repr(C)]
#[derive(Clone, Copy)]
struct Candidate {
    kind: c_int,
    transport: c_int,
    address: Address,
    /// That of the socket behind it.
    base: Address,
}

/// A `NiceAddress`: a `sockaddr_in` or `sockaddr_in6`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Address {
    family: u16,
    port: [u8; 2],
    v4: [u8; 4],
    v6: [u8; 16],
    scope: u32,
}

fn candidate(value: &glib::Value) -> Option<Candidate> {
    let is_candidate = value.type_().name() == "NiceCandidate";
    if !is_candidate {
        return None;
    }
    // SAFETY: a boxed value of this type holds a `NiceCandidate` or nothing, and lives as long as `value`.
    unsafe { glib::gobject_ffi::g_value_get_boxed(value.to_glib_none().0).cast::<Candidate>().as_ref().copied() }
}

impl Candidate {
    /// By libnice's `NiceCandidateType`.
    const fn kind(&self) -> Option<CandidateKind> {
        match self.kind {
            0 => Some(CandidateKind::Host),
            1 => Some(CandidateKind::Srflx),
            2 => Some(CandidateKind::Prflx),
            3 => Some(CandidateKind::Relay),
            _ => None,
        }
    }

    /// By libnice's `NiceCandidateTransport`, where all but the first are some kind of TCP.
    const fn transport(&self) -> Transport {
        if self.transport == 0 { Transport::Udp } else { Transport::Tcp }
    }
}

impl Address {
    fn get(&self) -> Option<SocketAddr> {
        let port = u16::from_be_bytes(self.port);
        match i32::from(self.family) {
            nix::libc::AF_INET => Some((Ipv4Addr::from(self.v4), port).into()),
            nix::libc::AF_INET6 => Some(SocketAddrV6::new(Ipv6Addr::from(self.v6), port, 0, self.scope).into()),
            _ => None,
        }
    }
}

type GetSelectedSocket = unsafe extern "C" fn(*mut c_void, c_uint, c_uint) -> *mut gio::ffi::GSocket;

/// A handle of our own on the socket that the agent has selected; `None` where what is sent goes over TCP or a TURN server.
fn selected_socket(agent: &glib::Object, stream: u32) -> Option<OwnedFd> {
    static GET: OnceLock<Option<GetSelectedSocket>> = OnceLock::new();
    let get = GET.get_or_init(|| {
        // SAFETY: it is loaded already, for there is an agent. The function has had this signature in every version of libnice's
        // ABI 10, and the library stays.
        unsafe {
            let library = libloading::Library::new("libnice.so.10").ok()?;
            let get = library.get::<GetSelectedSocket>(b"nice_agent_get_selected_socket\0").ok().map(|get| *get);
            std::mem::forget(library);
            get
        }
    });
    // SAFETY: the agent is one: it has emitted a signal that only a `NiceAgent` has. A socket is given with a reference.
    let socket = unsafe {
        let socket = get.as_ref()?(agent.as_ptr().cast(), stream, COMPONENT);
        (!socket.is_null()).then(|| gio::Socket::from_glib_full(socket))?
    };
    // libnice may have closed it at this moment.
    let descriptor = socket.as_raw_fd();
    if descriptor < 0 {
        return None;
    }
    // SAFETY: it is no negative number, which is all that this relies on: that of a closed file is an error.
    unsafe { BorrowedFd::borrow_raw(descriptor) }.try_clone_to_owned().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DIRECT: Way = Way { local: CandidateKind::Host, remote: CandidateKind::Host, transport: Transport::Udp };
    const OVER_TURN: Way = Way { local: CandidateKind::Relay, ..DIRECT };

    fn batch(packets: &[&[u8]]) -> Batch {
        let mut batch = Batch::default();
        packets.iter().for_each(|packet| batch.push(packet));
        batch
    }

    #[test]
    fn packets_arrive_one_by_one_and_in_order() {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        there.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let route = Route::new(here.try_clone().unwrap().into(), there.local_addr().unwrap());
        let packets: [&[u8]; 5] = [b"head", &[1; 1200], &[2; 1200], &[3; 700], b"sound"];
        assert_eq!(route.send(&batch(&packets)), packets.len());
        for packet in packets {
            let mut got = [0; 2000];
            let (length, from) = there.recv_from(&mut got).unwrap();
            assert_eq!((&got[..length], from), (packet, here.local_addr().unwrap()));
        }
    }

    #[test]
    fn what_a_socket_can_not_take_is_left_to_libnice() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let route = Route::new(here.into(), "[::1]:9".parse().unwrap());
        assert_eq!(route.send(&batch(&[b"one"])), 0);
    }

    #[test]
    fn the_latest_selection_counts_until_the_end() {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let route = || Some(Route::new(here.try_clone().unwrap().into(), there.local_addr().unwrap()));
        let (routes, packet) = (Routes::default(), batch(&[b"one"]));
        assert_eq!(routes.send(&packet), 0, "nothing is selected yet");
        let (first, second) = (routes.begin(), routes.begin());
        routes.take(second, Some(OVER_TURN), None);
        routes.take(first, Some(DIRECT), route());
        assert_eq!((routes.send(&packet), routes.way()), (0, Some(OVER_TURN)), "the first was overtaken");
        let third = routes.begin();
        routes.take(third, Some(DIRECT), route());
        assert_eq!((routes.send(&packet), routes.way()), (1, Some(DIRECT)));
        routes.end();
        let fourth = routes.begin();
        routes.take(fourth, Some(DIRECT), route());
        assert_eq!(routes.send(&packet), 0, "it has ended");
    }
}
