//! Drives one str0m connection over one UDP socket.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use gst::prelude::*;
use peergate::codec::Codec;
use serde_json::{Value, json};
use str0m::{
    Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig, RtcError,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    channel::ChannelId,
    media::{Direction, KeyframeRequestKind, MediaKind, Mid},
    net::{Protocol, Receive},
};
use tokio::{
    net::UdpSocket,
    sync::{broadcast, mpsc, watch},
};

use super::{
    Order, media,
    options::{Candidates, Encoded, Options},
    view::{Connection, Message, State, View},
};

/// How many packets of video a lost one is waited for: as long as str0m asks for it.
const PATIENCE: usize = 100;

/// How old its counts of requests are at most.
const STATS_EVERY: Duration = Duration::from_secs(1);

/// How many packets are taken before orders and timers have their turn.
const AT_ONCE: usize = 32;

/// Larger than any packet on an Ethernet.
const DATAGRAM: usize = 2000;

/// How a connection begins.
pub(super) enum Beginning {
    Offer,
    Answer(String),
}

/// What a connection is told, by the room or by the test.
pub(super) enum DriverOrder {
    Answer(String),
    Candidate(String),
    Test(Order),
}

pub(super) struct Driver {
    pub(super) options: Arc<Options>,
    peer: String,
    /// Its place in the view.
    index: usize,
    pub(super) joined: Instant,
    view: watch::Sender<View>,
    out: mpsc::UnboundedSender<Value>,
    inbox: mpsc::UnboundedReceiver<DriverOrder>,
    pub(super) rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    pending: Option<SdpPendingOffer>,
    channels: Vec<ChannelId>,
    pub(super) medias: Vec<(Mid, MediaKind)>,
    /// The last RTP sequence number of each track.
    pub(super) last_sequence: Vec<(Mid, u64)>,
    media: Vec<broadcast::Receiver<Encoded>>,
}

enum Wake {
    Packet(usize, SocketAddr),
    Order(DriverOrder),
    Media(Encoded),
    Time,
    Orphaned,
}

impl Driver {
    pub(super) async fn new(
        options: Arc<Options>,
        peer: String,
        index: usize,
        joined: Instant,
        view: watch::Sender<View>,
        out: mpsc::UnboundedSender<Value>,
        inbox: mpsc::UnboundedReceiver<DriverOrder>,
    ) -> Self {
        let socket = UdpSocket::bind((options.address, 0)).await.expect("the viewer's address is on this machine");
        let address = socket.local_addr().expect("it is bound");
        let mut config = RtcConfig::new().clear_codecs().set_reordering_size_video(PATIENCE);
        config = config.set_reordering_timeout_video(Some(options.patience)).set_stats_interval(Some(STATS_EVERY));
        // In this order it prefers them.
        for codec in &options.codecs {
            config = match codec {
                Codec::Opus => config.enable_opus(true, false),
                Codec::Vp8 => config.enable_vp8(true),
                Codec::H264 => config.enable_h264(true),
                Codec::Vp9 => config.enable_vp9(true),
                Codec::Av1 => config.enable_av1(true),
            };
        }
        let rtc = config.build(Instant::now());
        Self {
            options,
            peer,
            index,
            joined,
            view,
            out,
            inbox,
            rtc,
            socket,
            address,
            pending: None,
            channels: Vec::new(),
            medias: Vec::new(),
            last_sequence: Vec::new(),
            media: Vec::new(),
        }
    }

    /// Until the connection is over or nobody is left to give orders.
    pub(super) async fn run(mut self, beginning: Beginning) {
        if let Err(error) = self.begin(beginning) {
            return self.failed(&error.to_string());
        }
        let mut buffer = vec![0; DATAGRAM];
        loop {
            let deadline = match self.drain() {
                Ok(deadline) => deadline,
                Err(error) => return self.failed(&error.to_string()),
            };
            if !self.rtc.is_alive() {
                return self.see(|one| one.state = State::Closed);
            }
            let done = match self.wake(deadline, &mut buffer).await {
                Wake::Packet(length, source) => self.packets(length, source, &mut buffer),
                Wake::Time => self.rtc.handle_input(Input::Timeout(Instant::now())),
                Wake::Media(frame) => self.write(&frame),
                Wake::Order(DriverOrder::Test(Order::GoSilent)) => return std::future::pending().await,
                Wake::Order(order) => self.obey(order),
                Wake::Orphaned => return,
            };
            if let Err(error) = done {
                return self.failed(&error.to_string());
            }
        }
    }

    fn begin(&mut self, beginning: Beginning) -> Result<(), RtcError> {
        let local = Candidate::host(self.address, "udp").expect("a bound address is a candidate");
        if self.options.candidates == Candidates::InDescription {
            self.rtc.add_local_candidate(local.clone());
        }
        let (kind, text) = match beginning {
            Beginning::Offer => ("offer", self.offer()),
            Beginning::Answer(offer) => ("answer", self.answer(offer)?),
        };
        let text = self.options.rewrite.map_or_else(|| text.clone(), |rewrite| rewrite(&text));
        let mid = text.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap_or("0").to_owned();
        self.say("sdp", "sdp", json!({ "type": kind, "sdp": text }));
        self.see(|one| one.local_sdp = text);
        if self.options.candidates == Candidates::Trickled {
            let candidate = local.to_sdp_string();
            self.rtc.add_local_candidate(local);
            let candidate = candidate.trim_start_matches("a=").trim_end();
            self.say("candidate", "candidate", json!({ "candidate": candidate, "sdpMid": mid, "sdpMLineIndex": 0 }));
        }
        Ok(())
    }

    fn offer(&mut self) -> String {
        let takes_video = self.options.codecs.iter().any(|codec| *codec != Codec::Opus);
        let takes_audio = self.options.codecs.contains(&Codec::Opus);
        let direction = if self.options.sends.is_empty() { Direction::RecvOnly } else { Direction::SendRecv };
        let mut api = self.rtc.sdp_api();
        let stream = Some(format!("stream-of-{}", self.options.id));
        if takes_audio {
            let mid = api.add_media(MediaKind::Audio, direction, stream.clone(), None, None);
            self.medias.push((mid, MediaKind::Audio));
        }
        if takes_video {
            let mid = api.add_media(MediaKind::Video, direction, stream, None, None);
            self.medias.push((mid, MediaKind::Video));
        }
        if let Some(label) = &self.options.channel {
            api.add_channel(label.clone());
        }
        let (offer, pending) = api.apply().expect("the offer has something in it");
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    fn answer(&mut self, offer: String) -> Result<String, RtcError> {
        let offer = self.remote(offer);
        let answer = self.rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(&offer)?)?.to_sdp_string();
        // str0m has no way to say it before it answers.
        Ok(if self.options.sends.is_empty() { answer.replace("a=sendrecv", "a=recvonly") } else { answer })
    }

    fn remote(&self, text: String) -> String {
        let text = self.options.rewrite_remote.map_or_else(|| text.clone(), |rewrite| rewrite(&text));
        self.see(|one| one.remote_sdp.clone_from(&text));
        text
    }

    async fn wake(&mut self, deadline: Instant, buffer: &mut [u8]) -> Wake {
        let media = async {
            let frames = self.media.iter_mut().map(|media| Box::pin(media::next(media)));
            match frames.len() {
                0 => std::future::pending().await,
                _ => futures_util::future::select_all(frames).await.0,
            }
        };
        tokio::select! {
            packet = self.socket.recv_from(buffer) => match packet {
                Ok((length, source)) => Wake::Packet(length, source),
                // An ICMP error of an earlier packet: the other side is gone, and ICE will notice.
                Err(_) => Wake::Time,
            },
            order = self.inbox.recv() => order.map_or(Wake::Orphaned, Wake::Order),
            frame = media => Wake::Media(frame),
            () = tokio::time::sleep_until(deadline.into()) => Wake::Time,
        }
    }

    /// The packet that woke us, and those that came with it: a picture is many, and each wake costs as much as a packet.
    fn packets(&mut self, length: usize, source: SocketAddr, buffer: &mut [u8]) -> Result<(), RtcError> {
        self.packet(&buffer[..length], source)?;
        for _ in 0..AT_ONCE {
            let Ok((length, source)) = self.socket.try_recv_from(buffer) else { break };
            self.drain()?;
            self.packet(&buffer[..length], source)?;
        }
        Ok(())
    }

    fn packet(&mut self, bytes: &[u8], source: SocketAddr) -> Result<(), RtcError> {
        let Ok(contents) = bytes.try_into() else { return Ok(()) };
        let packet = Receive { proto: Protocol::Udp, source, destination: self.address, contents };
        self.rtc.handle_input(Input::Receive(Instant::now(), packet))
    }

    fn obey(&mut self, order: DriverOrder) -> Result<(), RtcError> {
        match order {
            DriverOrder::Answer(text) => {
                let text = self.remote(text);
                if let Some(pending) = self.pending.take() {
                    self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&text)?)?;
                }
            }
            DriverOrder::Candidate(text) => {
                self.see(|one| one.candidates.push(text.clone()));
                // Of another component or transport: nothing to this socket.
                if let Ok(candidate) = Candidate::from_sdp_string(&text) {
                    self.rtc.add_remote_candidate(candidate);
                }
            }
            DriverOrder::Test(Order::SendText(text)) => self.send(false, &text)?,
            DriverOrder::Test(Order::SendBinary(bytes)) => self.send(true, &bytes)?,
            DriverOrder::Test(Order::OpenChannel(config)) => {
                self.rtc.direct_api().create_data_channel(config);
            }
            DriverOrder::Test(Order::CloseFirstChannel) => {
                let first = self.channels.remove(0);
                self.rtc.direct_api().close_data_channel(first);
            }
            DriverOrder::Test(Order::RequestKeyframe) => {
                let video = self.medias.iter().find(|(_, kind)| *kind == MediaKind::Video);
                if let Some(mut writer) = video.and_then(|(mid, _)| self.rtc.writer(*mid)) {
                    writer.request_keyframe(None, KeyframeRequestKind::Pli)?;
                }
            }
            DriverOrder::Test(Order::FloodSsrcs(count)) => self.flood_ssrcs(count)?,
            DriverOrder::Test(Order::Close) => self.rtc.close()?,
            DriverOrder::Test(Order::GoSilent) => unreachable!("the loop takes it"),
        }
        Ok(())
    }

    fn send(&mut self, binary: bool, bytes: &[u8]) -> Result<(), RtcError> {
        for id in &self.channels {
            if let Some(mut channel) = self.rtc.channel(*id) {
                let taken = channel.write(binary, bytes)?;
                assert!(taken, "the viewer's send buffer is full: send less at once");
            }
        }
        Ok(())
    }

    /// Takes all output; gives the time at which str0m wants to be woken.
    pub(super) fn drain(&mut self) -> Result<Instant, RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(deadline) => return Ok(deadline),
                Output::Transmit(packet) => {
                    // A full socket buffer or an unreachable candidate: what UDP does, it loses.
                    let _ = self.socket.try_send_to(&packet.contents, packet.destination);
                }
                Output::Event(event) => self.event(event),
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => {
                self.answer_every_request();
                let after = self.joined.elapsed();
                self.media = self.options.sends.iter().map(broadcast::Sender::subscribe).collect();
                self.see(|one| {
                    one.state = State::Connected;
                    one.connected_after = Some(after);
                });
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.see(|one| one.state = State::Disconnected);
            }
            Event::MediaAdded(added) => {
                self.medias.push((added.mid, added.kind));
                self.answer_every_request();
            }
            Event::MediaData(data) => self.frame(data),
            Event::MediaEgressStats(stats) => self.count_requests(&stats),
            Event::ChannelOpen(id, _) => {
                self.channels.push(id);
                let channel = self.rtc.channel(id);
                let config = channel.and_then(|channel| channel.config().cloned()).expect("an open channel's settings");
                self.see(|one| one.channels.push(config));
            }
            Event::ChannelData(data) => {
                let message = match String::from_utf8(data.data) {
                    Ok(text) if !data.binary => Message::Text(text),
                    Ok(text) => Message::Binary(text.into_bytes()),
                    Err(bytes) => Message::Binary(bytes.into_bytes()),
                };
                self.see(|one| one.messages.push(message));
            }
            Event::ChannelClose(id) => self.channels.retain(|open| *open != id),
            Event::KeyframeRequest(_) => {
                self.see(|one| one.keyframe_requests += 1);
                if let Some(encoder) = &self.options.encoder {
                    encoder.push_event(gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build());
                }
            }
            Event::Closed => self.see(|one| one.state = State::Closed),
            _ => {}
        }
    }

    fn say(&self, event: &str, key: &str, value: Value) {
        let message = json!({
            "event": event,
            "data": { "sender": self.options.id, "receiver": self.peer, key: value },
        });
        let _ = self.out.send(message);
    }

    pub(super) fn see(&self, change: impl FnOnce(&mut Connection)) {
        self.view.send_modify(|view| change(&mut view.connections[self.index]));
    }

    fn failed(&self, why: &str) {
        self.see(|one| {
            one.state = State::Closed;
            one.error = Some(why.to_owned());
        });
    }
}
