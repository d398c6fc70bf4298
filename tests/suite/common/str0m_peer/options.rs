//! What kind of room member a viewer is.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use peergate::codec::Codec;
use tokio::sync::broadcast;

/// The address of `lab0` in the network that the tests run in.
const LAB_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 1));

/// How a viewer behaves.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Its id in the room.
    pub(crate) id: String,
    /// Where its sockets are bound.
    pub(crate) address: IpAddr,
    /// The codecs that it takes and sends, in its order of preference.
    pub(crate) codecs: Vec<Codec>,
    /// The only member that it has to do with; `None` for everybody.
    pub(crate) meets: Option<&'static str>,
    /// What it does when another member joins.
    pub(crate) on_join: OnJoin,
    /// Whether it makes an offer when it is asked for one.
    pub(crate) offers_on_request: bool,
    /// Whether it answers offers.
    pub(crate) answers: bool,
    /// How its candidates travel.
    pub(crate) candidates: Candidates,
    /// The label of the data channel in its own offers.
    pub(crate) channel: Option<String>,
    /// What it sends; without any, it only receives.
    pub(crate) sends: Vec<broadcast::Sender<Encoded>>,
    /// The end of an encoder that requests for keyframes go to.
    pub(crate) encoder: Option<gst::Pad>,
    /// Rewrites each of its descriptions before it travels.
    pub(crate) rewrite: Option<fn(&str) -> String>,
    /// Rewrites each description that comes, before it is looked at.
    pub(crate) rewrite_remote: Option<fn(&str) -> String>,
    /// How long a lost packet of video is waited for.
    pub(crate) patience: Duration,
    /// How many frames of each track are kept whole.
    pub(crate) keeps: usize,
}

/// What a member does when another joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnJoin {
    /// Asks it for an offer, as the library does.
    RequestConnect,
    /// Makes it an offer, as a gateway does.
    Offer,
    /// Nothing.
    Ignore,
}

/// How candidates travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Candidates {
    /// One by one, after the description.
    Trickled,
    /// In the description.
    InDescription,
    /// Not at all.
    Withheld,
}

/// An encoded frame on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    /// How it is encoded.
    pub(crate) codec: Codec,
    /// Its time, in units of the codec's RTP clock.
    pub(crate) time: u64,
    /// When that was. RTCP's sender reports say it.
    pub(crate) captured: Instant,
    /// Whether it can be decoded by itself.
    pub(crate) keyframe: bool,
    /// The frame: H.264 in Annex B.
    pub(crate) data: Arc<[u8]>,
}

impl Options {
    /// A member that behaves as the library does: it takes H.264, VP8 and Opus, receives only, and makes a data channel.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            address: LAB_ADDRESS,
            codecs: vec![Codec::H264, Codec::Vp8, Codec::Opus],
            meets: None,
            on_join: OnJoin::RequestConnect,
            offers_on_request: true,
            answers: true,
            candidates: Candidates::Trickled,
            channel: Some("from-the-viewer".to_owned()),
            // As str0m has it.
            patience: Duration::from_secs(2),
            sends: Vec::new(),
            encoder: None,
            rewrite: None,
            rewrite_remote: None,
            keeps: 0,
        }
    }

    /// The same, among others that it leaves alone: a mesh of viewers costs more than what is tested.
    pub(crate) fn meeting(self, id: &'static str) -> Self {
        Self { meets: Some(id), ..self }
    }

    /// The same, taking these codecs only.
    pub(crate) fn codecs(self, codecs: &[Codec]) -> Self {
        Self { codecs: codecs.to_vec(), ..self }
    }

    /// The same, keeping `frames` frames of each track.
    pub(crate) fn keeping(self, frames: usize) -> Self {
        Self { keeps: frames, ..self }
    }

    /// The same, sending what comes from `media`.
    pub(crate) fn sending(mut self, media: &broadcast::Sender<Encoded>) -> Self {
        self.sends.push(media.clone());
        self
    }
}
