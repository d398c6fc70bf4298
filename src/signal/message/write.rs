//! Messages as the library writes them.

use serde::Serialize;

use super::{DescriptionKind, Envelope, Signal};
use crate::ids::PeerId;

impl Envelope {
    /// The message as it goes over the wire.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (event, content) = match &self.body {
            Signal::Join => ("join", Content::default()),
            Signal::RequestConnect => ("requestConnect", Content::default()),
            Signal::Description(description) => {
                let kind = match description.kind {
                    DescriptionKind::Offer => "offer",
                    DescriptionKind::Answer => "answer",
                };
                let sdp = WireDescription { kind, sdp: &description.sdp };
                ("sdp", Content { sdp: Some(sdp), ..Content::default() })
            }
            Signal::Candidate(candidate) => {
                let candidate = WireCandidate {
                    candidate: &candidate.candidate,
                    sdp_mid: candidate.sdp_mid.as_deref(),
                    sdp_m_line_index: candidate.sdp_m_line_index,
                    username_fragment: candidate.username_fragment.as_deref(),
                };
                ("candidate", Content { candidate: Some(candidate), ..Content::default() })
            }
            Signal::Other(event) => (event.as_str(), Content::default()),
        };
        let data = WireData { sender: self.from.as_str(), receiver: self.to.as_ref().map(PeerId::as_str), content };
        serde_json::to_string(&WireMessage { event, data }).expect("texts and numbers are always JSON")
    }
}

/// The library's shape, field by field in its order.
#[derive(Serialize)]
struct WireMessage<'a> {
    event: &'a str,
    data: WireData<'a>,
}

#[derive(Serialize)]
struct WireData<'a> {
    sender: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver: Option<&'a str>,
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize, Default)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp: Option<WireDescription<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<WireCandidate<'a>>,
}

#[derive(Serialize)]
struct WireDescription<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sdp: &'a str,
}

/// `RTCIceCandidate.toJSON()`: all four fields, `null` for what there is not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireCandidate<'a> {
    candidate: &'a str,
    sdp_mid: Option<&'a str>,
    sdp_m_line_index: Option<u16>,
    username_fragment: Option<&'a str>,
}
