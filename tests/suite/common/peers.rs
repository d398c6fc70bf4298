//! Two of our own peers, connected to each other without a room: what one tells goes to the other, through
//! the guard, as a room would pass it on.

use std::{sync::Arc, time::Duration};

use peergate::{
    connection::{CloseReason, PeerCommand, PeerEvent},
    encoder::{CodecChoice, Settings as EncodeSettings},
    ice::IceSettings,
    ids::{PeerId, PeerKey, Session, SourceName},
    media::clockwork::Clockwork,
    peer::{Certificate, ChannelSettings, MessageLimits, OutboundTrack, Peer, Reporter, Reports, Settings},
    report::PeerState,
    sdp::{ParsedCandidate, RemoteAnswer, RemoteCandidate, RemoteOffer},
    signal::message::{Description, DescriptionKind},
    source::{AudioKind, AudioSpec, Spec, VideoKind, VideoSpec},
    studio::Studio,
    units::{Bitrate, Size},
};
use tokio::time::timeout;

/// Longer than anything here takes, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// One end, as its owner sees it.
pub(crate) struct End {
    pub(crate) peer: Peer,
    pub(crate) events: Reports,
    pub(crate) state: Option<PeerState>,
    offer: Option<String>,
}

/// What an end is set up with.
pub(crate) struct Setup {
    pub(crate) tracks: Vec<OutboundTrack>,
    pub(crate) settings: Settings,
}

/// A studio with a test picture `picture` and a test tone `tone`.
pub(crate) fn studio(clockwork: &Clockwork) -> Studio {
    studio_of(CodecChoice::Auto, clockwork)
}

/// The same, with these codecs.
pub(crate) fn studio_of(codecs: CodecChoice, clockwork: &Clockwork) -> Studio {
    let video = VideoSpec {
        name: source("picture"),
        kind: VideoKind::Test { pattern: "smpte".to_owned() },
        size: Size { width: 320, height: 240 },
        fps: 30,
        keep: false,
    };
    let kind = AudioKind::Test { wave: "sine".to_owned() };
    let audio = AudioSpec { name: source("tone"), kind, keep: false };
    let encode = EncodeSettings { codecs, video_bitrate: Bitrate::from_bits(500_000), ..EncodeSettings::default() };
    Studio::start(vec![Spec::Video(video), Spec::Audio(audio)], encode, clockwork.clone()).unwrap()
}

pub(crate) fn source(name: &str) -> SourceName {
    SourceName::new(name).unwrap()
}

/// Both tracks of [`studio`].
pub(crate) fn tracks(studio: &Studio) -> Vec<OutboundTrack> {
    ["tone", "picture"]
        .into_iter()
        .map(|name| {
            let codecs = studio.codecs(&source(name));
            OutboundTrack { kind: codecs[0].kind(), source: source(name), codecs, studio: studio.clone() }
        })
        .collect()
}

impl Setup {
    pub(crate) fn new(tracks: Vec<OutboundTrack>) -> Self {
        let settings = Settings {
            ice: IceSettings::default(),
            channel: Some(ChannelSettings::default()),
            certificate: Arc::new(Certificate::generate().unwrap()),
            jitter_buffer: Duration::from_millis(100),
            messages: MessageLimits::default(),
            trust: None,
        };
        Self { tracks, settings }
    }

    pub(crate) fn start(self, id: &str, session: u64, clockwork: &Clockwork) -> End {
        let (reporter, events) = Reporter::new(256);
        let key = PeerKey { id: PeerId::new(id).unwrap(), session: Session(session) };
        let peer = Peer::spawn(key, Arc::new(self.settings), self.tracks, None, clockwork.clone(), reporter);
        End { peer, events, state: None, offer: None }
    }
}

fn command(description: &Description, offer: Option<&str>) -> PeerCommand {
    match description.kind {
        DescriptionKind::Offer => PeerCommand::AcceptOffer(Box::new(RemoteOffer::parse(&description.sdp).unwrap())),
        DescriptionKind::Answer => {
            let offer = offer.expect("an offer before the answer");
            PeerCommand::AcceptAnswer(Box::new(RemoteAnswer::parse(&description.sdp, offer).unwrap()))
        }
    }
}

/// A pair, with everything that both have told since, in order.
pub(crate) struct Pair {
    pub(crate) offerer: End,
    pub(crate) answerer: End,
    pub(crate) from_offerer: Vec<PeerEvent>,
    pub(crate) from_answerer: Vec<PeerEvent>,
}

impl Pair {
    /// `offerer` offers to `answerer`.
    pub(crate) fn new(offerer: End, answerer: End) -> Self {
        offerer.peer.tell(PeerCommand::Offer).unwrap();
        Self { offerer, answerer, from_offerer: Vec::new(), from_answerer: Vec::new() }
    }

    /// Passes on what both tell until `done` says so.
    pub(crate) async fn run_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let work = async {
            while !done(self) {
                self.step().await;
            }
        };
        if timeout(LIMIT, work).await.is_err() {
            panic!(
                "not within {LIMIT:?}: {what}\nofferer: {:?}\n{:?}\nanswerer: {:?}\n{:?}",
                self.from_offerer, self.offerer.state, self.from_answerer, self.answerer.state
            );
        }
    }

    async fn step(&mut self) {
        tokio::select! {
            Some((_, event)) = self.offerer.events.recv() => {
                self.from_offerer.extend(pass_on(event, &mut self.offerer.state, &mut self.offerer.offer, &self.answerer.peer, None));
            }
            Some((_, event)) = self.answerer.events.recv() => {
                let offer = self.offerer.offer.clone();
                self.from_answerer.extend(pass_on(event, &mut self.answerer.state, &mut self.answerer.offer, &self.offerer.peer, offer.as_deref()));
            }
            else => panic!("both are over: {:?}, {:?}", self.from_offerer, self.from_answerer),
        }
    }

    pub(crate) async fn connect(&mut self) {
        self.run_until("both are connected", |pair| {
            is_connected(&pair.from_offerer) && is_connected(&pair.from_answerer)
        })
        .await;
    }
}

fn is_connected(events: &[PeerEvent]) -> bool {
    events.iter().any(|event| matches!(event, PeerEvent::Connected))
}

/// Why an end has closed, if it has.
pub(crate) fn closed(events: &[PeerEvent]) -> Option<&CloseReason> {
    events.iter().find_map(|event| match event {
        PeerEvent::Closed(reason) => Some(reason),
        _ => None,
    })
}

fn pass_on(
    event: PeerEvent,
    state: &mut Option<PeerState>,
    own_offer: &mut Option<String>,
    other: &Peer,
    other_offer: Option<&str>,
) -> Option<PeerEvent> {
    match event {
        PeerEvent::Description(description) => {
            // The other one may be closed already; then nobody is waiting.
            let _ = other.tell(command(&description, other_offer));
            if description.kind == DescriptionKind::Offer {
                *own_offer = Some(description.sdp);
            }
            None
        }
        PeerEvent::Candidate(candidate) => {
            match RemoteCandidate::parse(&candidate) {
                Ok(ParsedCandidate::Usable(candidate)) => {
                    let _ = other.tell(PeerCommand::AddCandidate(candidate));
                }
                other => panic!("our own candidate does not pass the guard: {other:?}"),
            }
            None
        }
        PeerEvent::State(new) => {
            *state = Some(*new);
            None
        }
        event => Some(event),
    }
}
