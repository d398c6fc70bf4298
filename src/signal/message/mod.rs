//! The room's wire messages (docs/signalling.md). Pure: text in, types out.
//!
//! A message is a JSON object: `{"event": E, "data": {"sender": ID, "receiver": ID?, ...}}`. Fields that
//! are not known are left alone: applications put their own into the same messages.

mod error;
mod fields;
mod write;

use serde_json::Value;

pub use self::error::MessageError;
use self::fields::{Fields, shortened};
use crate::ids::PeerId;

/// The longest message that is taken, in bytes. A description with every codec of a browser has about 10 KiB.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// A message of the room: who sent it, to whom, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Who says that they sent it. The relay does not check.
    pub from: PeerId,
    /// Whom it is for; `None` for all.
    pub to: Option<PeerId>,
    /// What it says.
    pub body: Signal,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// `join`: the sender has entered the room.
    Join,
    /// `requestConnect`: 'make me an offer'.
    RequestConnect,
    /// `sdp`: an offer or an answer.
    Description(Description),
    /// `candidate`: one ICE candidate.
    Candidate(Candidate),
    /// Any other event, by its name. Applications send their own through the same relay.
    Other(String),
}

/// A session description as it travels: not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Offer or answer.
    pub kind: DescriptionKind,
    /// The SDP.
    pub sdp: String,
}

/// Which half of a negotiation a description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptionKind {
    /// The first half.
    Offer,
    /// The second half.
    Answer,
}

/// An ICE candidate as it travels (RFC 8839; `RTCIceCandidateInit`): not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// `candidate:...`; empty at the end of candidates.
    pub candidate: String,
    /// The media section by its mid.
    pub sdp_mid: Option<String>,
    /// The media section by its index.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE user fragment it belongs to.
    pub username_fragment: Option<String>,
}

impl Candidate {
    /// How long its texts are together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let names = [&self.sdp_mid, &self.username_fragment].into_iter().flatten();
        self.candidate.len() + names.map(String::len).sum::<usize>()
    }
}

impl Envelope {
    /// Reads a message as it came over the wire, in a text frame or in a binary one.
    ///
    /// # Errors
    /// When it is not a message of the room.
    pub fn parse(wire: &[u8]) -> Result<Self, MessageError> {
        if wire.len() > MAX_MESSAGE_BYTES {
            return Err(MessageError::TooLong(wire.len()));
        }
        let text = std::str::from_utf8(wire).map_err(|error| MessageError::NotText(error.valid_up_to()))?;
        let message: Value = serde_json::from_str(text).map_err(|error| MessageError::NotJson(error.to_string()))?;
        let message = Fields::of("the message", Some(&message))?;
        let event = message.text("event")?;
        let data = message.fields("data");
        let (data, body) = match event {
            "join" => (data?, Signal::Join),
            "requestConnect" => (data?, Signal::RequestConnect),
            "sdp" => data.and_then(|data| Ok((data, Signal::Description(description(data)?))))?,
            "candidate" => data.and_then(|data| Ok((data, Signal::Candidate(candidate(data)?))))?,
            other => match data {
                Ok(data) if data.has("data.sender") => (data, Signal::Other(other.to_owned())),
                _ => return Err(MessageError::Foreign(shortened(other))),
            },
        };
        let from = id("data.sender", data.text("data.sender")?)?;
        let to = data.optional_text("data.receiver")?.map(|text| id("data.receiver", text)).transpose()?;
        Ok(Self { from, to, body })
    }
}

fn description(data: Fields) -> Result<Description, MessageError> {
    let sdp = data.fields("data.sdp")?;
    let kind = match sdp.text("data.sdp.type")? {
        "offer" => DescriptionKind::Offer,
        "answer" => DescriptionKind::Answer,
        other => {
            let (field, expected) = ("data.sdp.type", "\"offer\" or \"answer\"");
            return Err(MessageError::Wrong { field, expected, got: shortened(other) });
        }
    };
    Ok(Description { kind, sdp: sdp.text("data.sdp.sdp")?.to_owned() })
}

fn candidate(data: Fields) -> Result<Candidate, MessageError> {
    let candidate = data.fields("data.candidate")?;
    Ok(Candidate {
        candidate: candidate.text("data.candidate.candidate")?.to_owned(),
        sdp_mid: candidate.optional_text("data.candidate.sdpMid")?.map(str::to_owned),
        sdp_m_line_index: candidate.optional_index("data.candidate.sdpMLineIndex")?,
        username_fragment: candidate.optional_text("data.candidate.usernameFragment")?.map(str::to_owned),
    })
}

fn id(field: &'static str, text: &str) -> Result<PeerId, MessageError> {
    PeerId::new(text).map_err(|error| MessageError::Id { field, error })
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};

    use super::*;

    fn peer(id: &str) -> PeerId {
        PeerId::new(id).unwrap()
    }

    fn refused(wire: &str) -> String {
        Envelope::parse(wire.as_bytes()).unwrap_err().to_string()
    }

    /// What the library puts on the wire, and what it means.
    fn golden() -> Vec<(&'static str, Envelope)> {
        let (from, to) = (peer("Zk3vPq81LmXy0aBcDeFg"), Some(peer("front-door")));
        let offer = Description { kind: DescriptionKind::Offer, sdp: "v=0\r\n".into() };
        let answer = Description { kind: DescriptionKind::Answer, sdp: "v=0\r\n".into() };
        let candidate = Candidate {
            candidate: "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host".into(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some("EsAw".into()),
        };
        let bare = Candidate { candidate: String::new(), ..Candidate::default() };
        vec![
            (
                r#"{"event":"join","data":{"sender":"Zk3vPq81LmXy0aBcDeFg"}}"#,
                Envelope { from: from.clone(), to: None, body: Signal::Join },
            ),
            (
                r#"{"event":"requestConnect","data":{"sender":"Zk3vPq81LmXy0aBcDeFg","receiver":"front-door"}}"#,
                Envelope { from: from.clone(), to: to.clone(), body: Signal::RequestConnect },
            ),
            (
                r#"{"event":"sdp","data":{"sender":"Zk3vPq81LmXy0aBcDeFg","receiver":"front-door","sdp":{"type":"offer","sdp":"v=0\r\n"}}}"#,
                Envelope { from: from.clone(), to: to.clone(), body: Signal::Description(offer) },
            ),
            (
                r#"{"event":"sdp","data":{"sender":"Zk3vPq81LmXy0aBcDeFg","receiver":"front-door","sdp":{"type":"answer","sdp":"v=0\r\n"}}}"#,
                Envelope { from: from.clone(), to: to.clone(), body: Signal::Description(answer) },
            ),
            (
                r#"{"event":"candidate","data":{"sender":"Zk3vPq81LmXy0aBcDeFg","receiver":"front-door","candidate":{"candidate":"candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"EsAw"}}}"#,
                Envelope { from: from.clone(), to: to.clone(), body: Signal::Candidate(candidate) },
            ),
            (
                r#"{"event":"candidate","data":{"sender":"Zk3vPq81LmXy0aBcDeFg","receiver":"front-door","candidate":{"candidate":"","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}}}"#,
                Envelope { from: from.clone(), to: to.clone(), body: Signal::Candidate(bare) },
            ),
            (
                r#"{"event":"chat","data":{"sender":"Zk3vPq81LmXy0aBcDeFg"}}"#,
                Envelope { from, to: None, body: Signal::Other("chat".into()) },
            ),
        ]
    }

    #[test]
    fn the_library_s_messages_are_read() {
        for (wire, envelope) in golden() {
            assert_eq!(Envelope::parse(wire.as_bytes()), Ok(envelope), "{wire}");
        }
    }

    #[test]
    fn messages_are_written_as_the_library_writes_them() {
        for (wire, envelope) in golden() {
            assert_eq!(envelope.to_text(), wire);
        }
    }

    #[test]
    fn fields_of_an_application_and_absent_ones_are_no_error() {
        let wire = r#"{"event":"candidate","room":7,"data":{"sender":"a","receiver":null,"name":"Ann","candidate":{"candidate":"","foundation":"1"}}}"#;
        let body = Signal::Candidate(Candidate::default());
        assert_eq!(Envelope::parse(wire.as_bytes()), Ok(Envelope { from: peer("a"), to: None, body }));
    }

    #[test]
    fn an_application_s_event_without_a_sender_is_foreign() {
        for wire in
            [r#"{"event":"ping"}"#, r#"{"event":"ping","data":[1]}"#, r#"{"event":"ping","data":{"text":"hi"}}"#]
        {
            assert_eq!(Envelope::parse(wire.as_bytes()), Err(MessageError::Foreign("\"ping\"".into())), "{wire}");
        }
    }

    #[test]
    fn an_error_says_what_was_expected_and_what_came() {
        let long =
            format!(r#"{{"event":"sdp","data":{{"sender":"a","sdp":{{"type":"{}","sdp":""}}}}}}"#, "x".repeat(100));
        for (wire, error) in [
            ("[]", "expected an object in `the message`, got a list of 0"),
            ("{}", "expected a text in `event`, got nothing"),
            (r#"{"event":1,"data":{}}"#, "expected a text in `event`, got 1"),
            (r#"{"event":"join"}"#, "expected an object in `data`, got nothing"),
            (r#"{"event":"join","data":{}}"#, "expected a text in `data.sender`, got nothing"),
            (
                r#"{"event":"join","data":{"sender":""}}"#,
                "`data.sender` is not an id: expected an id, got an empty text",
            ),
            (
                r#"{"event":"join","data":{"sender":".."}}"#,
                "`data.sender` is not an id: expected an id that a URL can name, got \"..\": browsers and other programs take it out of a path",
            ),
            (
                r#"{"event":"join","data":{"sender":"a","receiver":{}}}"#,
                "expected a text or null in `data.receiver`, got an object of 0 fields",
            ),
            (r#"{"event":"sdp","data":{"sender":"a","sdp":"v=0"}}"#, "expected an object in `data.sdp`, got \"v=0\""),
            (
                r#"{"event":"sdp","data":{"sender":"a","sdp":{"type":"pranswer","sdp":""}}}"#,
                "expected \"offer\" or \"answer\" in `data.sdp.type`, got \"pranswer\"",
            ),
            (
                r#"{"event":"sdp","data":{"sender":"a","sdp":{"type":"rollback"}}}"#,
                "expected \"offer\" or \"answer\" in `data.sdp.type`, got \"rollback\"",
            ),
            (
                r#"{"event":"sdp","data":{"sender":"a","sdp":{"type":"offer"}}}"#,
                "expected a text in `data.sdp.sdp`, got nothing",
            ),
            (
                &long,
                "expected \"offer\" or \"answer\" in `data.sdp.type`, got \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" and 60 bytes more",
            ),
            (
                r#"{"event":"candidate","data":{"sender":"a","candidate":{"candidate":"","sdpMLineIndex":-1}}}"#,
                "expected a number from 0 to 65535 or null in `data.candidate.sdpMLineIndex`, got -1",
            ),
            (
                r#"{"event":"candidate","data":{"sender":"a","candidate":{"candidate":"","sdpMid":0}}}"#,
                "expected a text or null in `data.candidate.sdpMid`, got 0",
            ),
        ] {
            assert_eq!(refused(wire), error, "{wire}");
        }
        assert_eq!(refused("nonsense"), "expected JSON, got something else: expected ident at line 1 column 2");
        assert_eq!(Envelope::parse(b"{\"event\":\xff}"), Err(MessageError::NotText(9)));
    }

    #[test]
    fn a_message_has_a_limit() {
        let wire = vec![b' '; MAX_MESSAGE_BYTES + 1];
        assert_eq!(Envelope::parse(&wire), Err(MessageError::TooLong(MAX_MESSAGE_BYTES + 1)));
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert!(refused(&"[".repeat(100_000)).contains("recursion limit"));
    }

    fn peer_ids() -> impl Strategy<Value = PeerId> {
        "[^\\p{Cc}]{1,20}".prop_filter_map("an id", |id| PeerId::new(id).ok())
    }

    fn signals() -> impl Strategy<Value = Signal> {
        let kind = prop_oneof![Just(DescriptionKind::Offer), Just(DescriptionKind::Answer)];
        let known = ["join", "requestConnect", "sdp", "candidate"];
        prop_oneof![
            Just(Signal::Join),
            Just(Signal::RequestConnect),
            (kind, any::<String>()).prop_map(|(kind, sdp)| Signal::Description(Description { kind, sdp })),
            (any::<String>(), option::of(any::<String>()), option::of(any::<u16>()), option::of(any::<String>()))
                .prop_map(|(candidate, sdp_mid, sdp_m_line_index, username_fragment)| {
                    Signal::Candidate(Candidate { candidate, sdp_mid, sdp_m_line_index, username_fragment })
                }),
            any::<String>()
                .prop_filter("an event of its own", move |e| !known.contains(&e.as_str()))
                .prop_map(Signal::Other),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(from in peer_ids(), to in option::of(peer_ids()), body in signals()) {
            let envelope = Envelope { from, to, body };
            prop_assert_eq!(Envelope::parse(envelope.to_text().as_bytes()), Ok(envelope));
        }

        #[test]
        fn any_bytes_are_read_without_panic(wire in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Envelope::parse(&wire);
        }

        #[test]
        fn a_damaged_message_is_read_without_panic(body in signals(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut wire = Envelope { from: peer("a"), to: None, body }.to_text().into_bytes();
            let at = at.index(wire.len());
            wire[at] = byte;
            let _ = Envelope::parse(&wire);
        }
    }
}
