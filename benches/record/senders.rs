//! The peers that send: one process for all, so that what they cost is not the daemon's, and one encode.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::Ipv4Addr,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use peergate::codec::Codec;

use crate::{
    daemon,
    encoded_media::EncodedMedia,
    network::Network,
    scene,
    str0m_peer::{Options, Order, Viewer},
};

/// Between one join and the next.
const BETWEEN_JOINS: Duration = Duration::from_millis(100);

/// Their process.
pub(crate) struct Senders {
    process: Child,
    says: BufReader<ChildStdout>,
}

impl Senders {
    /// Lets so many join behind `relay`, in the first namespace of a [`Network`], and waits until all are connected.
    pub(crate) async fn start(relay: &str, count: usize) -> Self {
        let mut process = Command::new("ip")
            .args(["netns", "exec", &Network::namespace(0)])
            // On machines of their own they would be on time: who sends too late has lost frames, whoever records.
            .args(["nice", "--adjustment=-5"])
            .arg(std::env::current_exe().unwrap())
            .args(["senders", relay, &Network::address(0).to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(process.stdout.take().unwrap());
        // On a thread of its own: the relay runs on this one.
        let waiting = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            says.read_line(&mut line).unwrap();
            assert_eq!(line, "ready\n", "what went wrong is above");
            says
        });
        Self { process, says: waiting.await.unwrap() }
    }

    /// All leave.
    pub(crate) async fn leave(mut self) {
        drop(self.process.stdin.take());
        tokio::task::spawn_blocking(move || {
            self.says.read_to_end(&mut Vec::new()).unwrap();
            self.process.wait().unwrap();
        })
        .await
        .unwrap();
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Their process's own: sends until its input ends.
pub(crate) async fn send(relay: &str, address: Ipv4Addr, count: usize) {
    let picture = EncodedMedia::of(Codec::H264, &scene::launch(Codec::H264, None, "")).await;
    let sound = EncodedMedia::of(Codec::Opus, &scene::launch(Codec::Opus, None, "")).await;
    let mut senders = Vec::new();
    for number in 0..count {
        let options = Options { address: address.into(), ..Options::new(&format!("sender-{number}")) };
        let options = options.codecs(&[Codec::H264, Codec::Opus]).meeting(daemon::ID);
        senders.push(Viewer::join(relay, options.sending(picture.frames()).sending(sound.frames())).await);
        tokio::time::sleep(BETWEEN_JOINS).await;
    }
    for sender in &senders {
        sender.connected().await;
    }
    println!("ready");
    std::io::stdout().flush().unwrap();
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()).unwrap()).await.unwrap();
    senders.iter().for_each(|sender| sender.order(Order::Close));
    tokio::time::sleep(BETWEEN_JOINS).await;
}
