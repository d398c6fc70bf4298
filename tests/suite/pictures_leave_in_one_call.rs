//! What a picture costs does not depend on its packets, where the way to the viewer is plain UDP.

use std::{fs, time::Duration};

use peergate::codec::Codec;

use crate::common::{
    daemon::Daemon,
    str0m_peer::{Options, Viewer},
};

/// Datagrams that came to somebody in this test's network, and calls in which they were sent.
fn datagrams_and_calls() -> (u64, u64) {
    let counters = fs::read_to_string("/proc/self/net/snmp").unwrap();
    let [names, values] = ["Udp: In", "Udp: "].map(|head| {
        let mut lines = counters.lines().filter(|line| line.starts_with(head));
        lines.next_back().unwrap().split(' ').collect::<Vec<_>>()
    });
    let of = |name| values[names.iter().position(|one| *one == name).unwrap()].parse().unwrap();
    (of("InDatagrams"), of("OutDatagrams"))
}

#[tokio::test(flavor = "multi_thread")]
async fn and_arrive_as_packets() {
    let picture = ["--size", "960x540", "--bitrate", "2000k"];
    let gateway = Daemon::run(&[&picture[..], &["--stun", "none", "--log", "debug"]].concat()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").codecs(&[Codec::H264, Codec::Opus])).await;
    let before = viewer.video(30).await;
    gateway.wait_for_log("in_one_call=true", Duration::from_secs(1)).await;
    let (datagrams_before, calls_before) = datagrams_and_calls();
    let after = viewer.video(before.frames + 90).await;
    let (datagrams, calls) = datagrams_and_calls();
    let (datagrams, calls) = (datagrams - datagrams_before, calls - calls_before);
    // Seven packets for each of the 90 pictures; the sound and the viewer's reports leave one by one.
    assert!(datagrams > 2 * calls, "{datagrams} datagrams in {calls} calls");
    assert_eq!(after.gaps, 0, "{after:?}");
}
