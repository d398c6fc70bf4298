//! A link that loses packets.

use std::{net::Ipv4Addr, process::Command};

/// The share of UDP packets that are lost.
const SHARE: &str = "0.1";

/// Packets to one of our addresses are lost by chance, until this is dropped.
pub(crate) struct Loss(Ipv4Addr);

impl Loss {
    pub(crate) fn to(address: Ipv4Addr) -> Self {
        let loss = Self(address);
        loss.rule("--append");
        loss
    }

    fn rule(&self, change: &str) {
        let address = self.0.to_string();
        let which = ["INPUT", "--destination", &address, "--protocol", "udp"];
        let lost = ["--match", "statistic", "--mode", "random", "--probability", SHARE, "--jump", "DROP"];
        let status = Command::new("iptables").args(["--wait", change]).args(which).args(lost).status().unwrap();
        assert!(status.success(), "iptables {change}: {status}");
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        self.rule("--delete");
    }
}
