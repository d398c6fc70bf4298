//! Hosts of a test's own: network namespaces, each with one cable to the test's network (`lab/namespace`), which
//! routes between them.

use std::{
    ffi::OsStr,
    net::Ipv4Addr,
    process::Command,
    sync::atomic::{AtomicU8, Ordering},
};

/// The next host's number: each test is a process of its own.
static NEXT: AtomicU8 = AtomicU8::new(1);

/// A host with its own addresses, routes and firewall. Dropping it unplugs and forgets it.
#[derive(Debug)]
pub(crate) struct Host {
    name: String,
    /// Its one address.
    pub(crate) address: Ipv4Addr,
    /// Ours at the other end of its cable.
    pub(crate) router: Ipv4Addr,
}

impl Host {
    /// Makes one.
    pub(crate) fn new() -> Self {
        assert!(
            if_addrs::get_if_addrs().unwrap().iter().any(|interface| interface.name == "lab0"),
            "this test makes networks: run it with `./dev test`, or behind `./dev in-lab`"
        );
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let host = Self {
            name: format!("host{number}"),
            address: Ipv4Addr::new(10, 78, number, 2),
            router: Ipv4Addr::new(10, 78, number, 1),
        };
        let Self { name, address, router } = &host;
        ip(&format!("netns add {name}"));
        ip(&format!("link add {name} type veth peer name eth0 netns {name}"));
        // No link-local addresses: they are on trial for a second or two, and nobody's business here.
        ip(&format!("link set {name} addrgenmode none up"));
        ip(&format!("addr add {router}/24 dev {name}"));
        ip(&format!("-n {name} link set lo up"));
        // As a card does that knows no offloads: a picture that leaves in one call is lost and delayed packet by packet.
        ip(&format!("-n {name} link set eth0 addrgenmode none gso_max_segs 1 up"));
        ip(&format!("-n {name} addr add {address}/24 dev eth0"));
        ip(&format!("-n {name} route add default via {router}"));
        host
    }

    /// `program`, to be run on this host.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg(program);
        command
    }

    /// From now on it sends nothing but what one of `rules` says, in the words of iptables: `-p udp --dport 3478`.
    pub(crate) fn send_only(&self, rules: &[&str]) {
        for rule in ["-o lo"].iter().chain(rules) {
            self.firewall(&format!("-A OUTPUT {rule} -j ACCEPT"));
        }
        self.firewall("-P OUTPUT DROP");
    }

    /// From now on this `share` of the UDP packets that it sends to us is lost: 0.05 is one in twenty.
    pub(crate) fn lose(&self, share: f32) {
        self.lose_where("", share);
    }

    /// From now on this `share` of the UDP packets that it sends to `address`, one of ours, is lost.
    pub(crate) fn lose_to(&self, address: Ipv4Addr, share: f32) {
        self.lose_where(&format!("-d {address}"), share);
    }

    /// How many packets were lost so far.
    pub(crate) fn lost(&self) -> u64 {
        let rules = iptables(Command::new("iptables"), "-L INPUT -n -v -x");
        let is_ours = |line: &&str| line.contains("statistic mode random") && line.contains(&self.name);
        let rule = rules.lines().find(is_ours).expect("a rule that loses packets");
        rule.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// How many bytes it has sent so far, headers of Ethernet and all.
    pub(crate) fn sent(&self) -> u64 {
        let output = Command::new("ip").args(["-s", "-j", "link", "show", "dev", &self.name]).output().unwrap();
        let links: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        links[0]["stats64"]["rx"]["bytes"].as_u64().unwrap()
    }

    /// At our end of the cable: what it sends leaves its firewall in pictures, not in packets.
    fn lose_where(&self, to: &str, share: f32) {
        let rule =
            format!("-A INPUT -i {} -p udp {to} -m statistic --mode random --probability {share} -j DROP", self.name);
        iptables(Command::new("iptables"), &rule);
    }

    /// From now on what it sends to `network`, `ADDRESS/BITS`, goes over a link of its own, with a queue of 400 ms.
    pub(crate) fn link_to(&self, network: &str, kilobits: u32) {
        for line in [
            "qdisc add dev eth0 root handle 1: htb default 10".to_owned(),
            "class add dev eth0 parent 1: classid 1:10 htb rate 1gbit quantum 60000".to_owned(),
            "class add dev eth0 parent 1: classid 1:20 htb rate 1gbit quantum 60000".to_owned(),
            format!("filter add dev eth0 parent 1: protocol ip u32 match ip dst {network} flowid 1:20"),
        ] {
            self.traffic(&line);
        }
        self.traffic(&format!("qdisc add dev eth0 parent 1:20 handle 20: {}", bucket(kilobits)));
    }

    /// That link becomes better, or worse.
    pub(crate) fn set_link(&self, kilobits: u32) {
        self.traffic(&format!("qdisc change dev eth0 parent 1:20 handle 20: {}", bucket(kilobits)));
    }

    fn traffic(&self, arguments: &str) {
        let output = self.command("tc").args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "tc {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Pulls its cable.
    pub(crate) fn unplug(&self) {
        ip(&format!("link set {} down", self.name));
    }

    fn firewall(&self, rule: &str) {
        iptables(self.command("iptables"), rule);
    }
}

/// From now on this share of the UDP packets that come from `address`, one of ours, is lost, in place of what was.
pub(crate) fn lose_from(address: Ipv4Addr, share: f32) {
    let rule =
        |share: f32| format!("INPUT -s {address} -p udp -m statistic --mode random --probability {share} -j DROP");
    let rules = iptables(Command::new("iptables"), "-S INPUT");
    for old in rules.lines().filter(|rule| rule.contains(&format!("-s {address}/32"))) {
        iptables(Command::new("iptables"), &old.replacen("-A", "-D", 1));
    }
    if share > 0.0 {
        iptables(Command::new("iptables"), &format!("-A {}", rule(share)));
    }
}

/// How many packets that come from `address` were lost since that was said.
pub(crate) fn lost_from(address: Ipv4Addr) -> u64 {
    let rules = iptables(Command::new("iptables"), "-L INPUT -n -v -x");
    let rule = rules.lines().find(|rule| rule.contains(&address.to_string())).expect("a rule that loses packets");
    rule.split_whitespace().next().unwrap().parse().unwrap()
}

/// One more address in the test's network, for a viewer of its own.
pub(crate) fn another_address() -> Ipv4Addr {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let address = Ipv4Addr::new(10, 77, 0, number + 1);
    ip(&format!("addr add {address}/24 dev lab0"));
    address
}

/// Changes or lists a firewall's rules, in the words of `iptables`.
fn iptables(mut command: Command, rule: &str) -> String {
    let output = command.arg("-w").args(rule.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "iptables {rule}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn bucket(kilobits: u32) -> String {
    format!("tbf rate {kilobits}kbit burst 16kb latency 400ms")
}

impl Drop for Host {
    fn drop(&mut self) {
        // Our end of the cable goes at once, and the rest when its last process is gone.
        let _ = Command::new("ip").args(["link", "delete", &self.name]).status();
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
