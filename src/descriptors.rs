//! How many file descriptors the process may have. GLib ends it where there is none left for a thread's wake-up, so as
//! many are taken as the system gives, and it is said when these may be too few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Of one connection, whatever the machine's addresses. Twice what `/proc/PID/fd` shows with 30 peers that negotiate and
/// libnice 0.1.21, as is the next: TURN servers, and TCP connections in use, take some more.
const OF_A_SESSION: usize = 8;
/// Of one connection for each address: UDP, and TCP both ways.
const OF_AN_ADDRESS: usize = 6;
/// Captures, encoders, the connections of the API over port and socket, and those to relays.
const OF_THE_REST: usize = 768;

/// Raises the limit, and says so where what a gateway with so many `sessions` and a relay with so many `sockets` may take is
/// not there all the same.
pub(crate) fn provide(sessions: usize, sockets: usize) {
    let needed = needed(sessions, sockets);
    if let Some(given) = raise().filter(|given| *given < needed) {
        tracing::warn!(
            given,
            needed,
            "the system gives fewer file descriptors than full rooms may need, and without them the process ends; raise \
             the hard limit: LimitNOFILE of a systemd unit, 'ulimit -Hn' of a shell"
        );
    }
}

/// Raises the limit as far as the system lets us, and gives it. `None`: there is none.
pub(crate) fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}

/// How many a gateway may need with so many `sessions`, and a relay with so many `sockets`.
pub(crate) fn needed(sessions: usize, sockets: usize) -> u64 {
    // Where the system does not list them, there is one at least.
    let addresses = if_addrs::get_if_addrs().unwrap_or_default().iter().filter(|one| !one.is_loopback()).count();
    of(sessions, addresses.max(1), sockets)
}

const fn of(sessions: usize, addresses: usize, sockets: usize) -> u64 {
    (sessions * (OF_A_SESSION + OF_AN_ADDRESS * addresses) + sockets + OF_THE_REST) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_what_was_counted_with_thirty_peers_is_needed() {
        for (addresses, counted) in [(1, 224), (4, 494)] {
            let without_peers = 14;
            assert_eq!(of(30, addresses, 0) - of(0, addresses, 0), 2 * (counted - without_peers));
        }
    }
}
