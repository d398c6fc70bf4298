//! A switch in a namespace of its own, with one line to the daemon and one to each viewer, who has a namespace and an
//! address, too. The daemon sees one interface, as on most boxes: libnice lists all there are, again and again.

use std::{net::Ipv4Addr, process::Command};

/// The daemon's address.
pub(crate) const DAEMON: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);

/// The namespace of the switch.
const HUB: &str = "fanhub";

/// The namespaces. Dropping it removes them.
pub(crate) struct Network {
    viewers: usize,
}

impl Network {
    /// Needs root in a network namespace of its own, as `lab/namespace` gives it.
    pub(crate) fn build(viewers: usize) -> Self {
        assert!(viewers < 200, "there are addresses for 200 viewers, not for {viewers}");
        ip(&format!("netns add {HUB}"));
        ip(&format!("-n {HUB} link add switch type bridge"));
        ip(&format!("-n {HUB} link set switch up"));
        ip(&format!("link add fan0 type veth peer name fan0 netns {HUB}"));
        ip(&format!("-n {HUB} link set fan0 master switch up"));
        ip(&format!("addr add {DAEMON}/24 dev fan0"));
        ip("link set fan0 up");
        for viewer in 0..viewers {
            let name = Self::namespace(viewer);
            ip(&format!("netns add {name}"));
            ip(&format!("-n {HUB} link add {name} type veth peer name eth0 netns {name}"));
            ip(&format!("-n {HUB} link set {name} master switch up"));
            ip(&format!("-n {name} addr add {}/24 dev eth0", Self::address(viewer)));
            ip(&format!("-n {name} link set eth0 up"));
        }
        Self { viewers }
    }

    /// How many viewers it has room for.
    pub(crate) const fn len(&self) -> usize {
        self.viewers
    }

    /// The name of a viewer's namespace.
    pub(crate) fn namespace(viewer: usize) -> String {
        format!("fan{}", viewer + 1)
    }

    /// The address of a viewer.
    pub(crate) fn address(viewer: usize) -> Ipv4Addr {
        let last = u8::try_from(viewer + 10).expect("fewer than 200 viewers");
        Ipv4Addr::new(10, 78, 0, last)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for viewer in 0..self.viewers {
            ip(&format!("netns del {}", Self::namespace(viewer)));
        }
        ip(&format!("netns del {HUB}"));
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("`ip` of iproute2 is there");
    assert!(status.success(), "ip {arguments}: {status}");
}
