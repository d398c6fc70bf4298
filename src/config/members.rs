//! `[[member]]`: our appearances in rooms.

use std::path::PathBuf;

use http::{HeaderName, HeaderValue};

use super::{
    outside::{Noted, Outside, secret_text},
    problem::{Place, nearest},
    recording,
    section::{Section, Wrong},
    sources::Configured,
    tree::{Kind, Table, Value},
    units,
};
use crate::{
    codec::MediaKind,
    ids::{PeerId, SourceName},
    recording::Wanted,
    redact::Redacted,
    room::Limits,
    signal::relay_url::RelayUrl,
    trust::Key,
};

/// The most places that a member can be given: some 8000 threads.
const MOST_PEERS: u64 = 1000;

/// One appearance in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Our id in the room; `None` for a random one.
    pub id: Option<PeerId>,
    /// The room.
    pub room: Room,
    /// Sub-protocols of the WebSocket.
    pub protocols: Vec<String>,
    /// Headers of the handshake.
    pub headers: Vec<(String, Redacted<String>)>,
    /// CAs that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The pictures we show.
    pub video: Option<SourceName>,
    /// The sound we make heard.
    pub audio: Option<SourceName>,
    /// Peers at a time.
    pub peers: usize,
    /// What peers have to prove before they get anything; `None`: nothing.
    pub trust: Option<Trust>,
    /// What is recorded from the start.
    pub record: Wanted,
}

/// What peers have to prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// That they have this key.
    pub key: Key,
    /// A name for the room, where one key serves several.
    pub room: String,
}

/// Where a room is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// On the relay of this process, under this name; `None` for the room without one.
    Embedded(Option<String>),
    /// On a relay elsewhere.
    Relay(RelayUrl),
}

impl Room {
    /// Whether both are shown as one address, and so are one for who looks: without user, password and query.
    fn looks_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Relay(one), Self::Relay(other)) => one.to_string() == other.to_string(),
            _ => self == other,
        }
    }
}

/// A member as it was configured, with where.
pub(super) struct Placed {
    pub(super) member: Member,
    pub(super) place: Place,
    pub(super) room_place: Place,
}

/// Every member; one in the embedded room where none is configured.
pub(super) fn read(root: &mut Section<'_>, sources: &[Configured], outside: &Outside) -> Vec<Placed> {
    let mut sections = root.listed_sections("member");
    if sections.is_empty() {
        sections.push(Section::new("member".to_owned(), Place::Default, Table::default(), root.notes()));
    }
    let members: Vec<_> = sections.into_iter().map(|section| read_one(section, sources, outside)).collect();
    for (index, one) in members.iter().enumerate() {
        let twin = |other: &&Placed| other.member.id == one.member.id && other.member.room.looks_like(&one.member.room);
        if one.member.id.is_some() && members[..index].iter().any(|other| twin(&other)) {
            root.notes().add(one.place, "member.id", "expected an id that is alone in its room, got one twice");
        }
    }
    members
}

fn read_one(mut section: Section<'_>, sources: &[Configured], outside: &Outside) -> Placed {
    let place = section.place();
    let id = section.take("id", |value| PeerId::new(units::any_text(value)?).map_err(|error| Wrong(error.to_string())));
    let (room, room_place) = section.take_placed("room", room).unwrap_or((Room::Embedded(None), Place::Default));
    let protocols = section.take_list("protocols", protocol).unwrap_or_default();
    let headers = headers(&mut section, outside);
    let ca_file = section.take("ca_file", |value| {
        let path = outside.path(&units::text(value)?, value.place);
        outside.readable(&path).map(|()| path)
    });
    let video = taken(&mut section, "video", MediaKind::Video, sources);
    let audio = taken(&mut section, "audio", MediaKind::Audio, sources);
    let peers = section.take("peers", |value| units::integer(value, 1..=MOST_PEERS));
    let peers = peers.map_or(Limits::default().peers, |peers| peers as usize);
    let trust = trust(&mut section, outside);
    let record = section.take("record", recording::wanted).unwrap_or(Wanted::NONE);
    section.finish("[[member]]");
    let protocols = protocols.into_iter().map(|(protocol, _)| protocol).collect();
    Placed {
        member: Member { id, room, protocols, headers, ca_file, video, audio, peers, trust, record },
        place,
        room_place,
    }
}

/// `{ key_file = "room-key", room = "yard" }`.
fn trust(section: &mut Section<'_>, outside: &Outside) -> Option<Trust> {
    let mut inner = section.section("trust");
    let file = inner.take_placed("key_file", units::text);
    let room = inner.take("room", units::any_text).unwrap_or_default();
    let key = file.map(|(name, place)| {
        let key = outside.secret_in_file(&name, place);
        key.and_then(|text| Key::new(text).map_err(|short| Wrong(short.to_string())))
            .map_err(|Wrong(what)| inner.wrong(place, "key_file", what))
            .ok()
    });
    if key.is_none() && inner.place() != Place::Default {
        inner.wrong_whole("expected key_file, the file with the room's key, got none");
    }
    inner.finish("trust");
    key.flatten().map(|key| Trust { key, room })
}

/// `"wss://relay.example/room"`, `"embedded"`, `"embedded:front"`.
fn room(value: &Value) -> Result<Room, Wrong> {
    let text = match &value.kind {
        Kind::Text(text) => text,
        _ => return Err(Wrong::expected_secret("a room like \"wss://relay.example/room\" or \"embedded\"", value)),
    };
    if text == "embedded" {
        return Ok(Room::Embedded(None));
    }
    if let Some(name) = text.strip_prefix("embedded:") {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let what = "a room's name of letters, digits, - _ and . behind \"embedded:\"";
        return if plain { Ok(Room::Embedded(Some(name.to_owned()))) } else { Err(Wrong::expected(what, value)) };
    }
    // Its errors show nothing of user, password or query.
    RelayUrl::parse(text).map(Room::Relay).map_err(|error| Wrong(error.to_string()))
}

/// The source under `key`: by its name, or the only one that there is.
fn taken(section: &mut Section<'_>, key: &'static str, media: MediaKind, sources: &[Configured]) -> Option<SourceName> {
    let names: Vec<_> = sources.iter().filter(|one| one.media == media).map(|one| &one.name).collect();
    let texts = || names.iter().map(|name| name.as_str());
    let Some((name, place)) = section.take_placed(key, units::text) else {
        if names.len() > 1 {
            let all = texts().collect::<Vec<_>>().join(", ");
            section.wrong_whole(format!("there are several {key} sources: expected {key} = one of {all}, or \"none\""));
        }
        return names.first().copied().cloned();
    };
    if name == "none" {
        return None;
    }
    if let Some(found) = names.iter().find(|known| known.as_str() == name) {
        return Some((*found).clone());
    }
    let near = nearest(&name, texts()).map(|near| format!("; the nearest is {near:?}")).unwrap_or_default();
    section.wrong(place, key, format!("expected the name of a source, [{key}.{name}] is not there{near}"));
    None
}

/// A sub-protocol's name: a token, as HTTP has them.
fn protocol(value: &Value) -> Result<String, Wrong> {
    let text = units::text(value)?;
    // The name of a header is the same kind of token.
    match HeaderName::try_from(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Wrong::expected("the name of a WebSocket sub-protocol", value)),
    }
}

/// `{ Authorization = "Bearer ...", X-Token = { file = "token" } }`.
fn headers(section: &mut Section<'_>, outside: &Outside) -> Vec<(String, Redacted<String>)> {
    let mut inner = section.section("headers");
    let mut headers = Vec::new();
    for (name, (place, value)) in inner.take_rest().0 {
        let secret = match value.kind {
            Kind::Table(table) => {
                let path = inner.name_of(&name);
                let mut table = Section::new(path, value.place, table, inner.notes());
                let secret = outside.secret(&mut table, ["value", "file", "env"]);
                table.finish("a header");
                match secret {
                    Ok(secret) => secret,
                    Err(Noted) => continue,
                }
            }
            _ => secret_text(&value).ok(),
        };
        let Some(secret) = secret else {
            inner.wrong(place, &name, "expected a text, { file = \"...\" } or { env = \"...\" }");
            continue;
        };
        if HeaderName::try_from(&name).is_err() {
            inner.wrong(place, &name, "expected the name of an HTTP header");
        } else if HeaderValue::try_from(secret.reveal()).is_err() {
            inner.wrong(place, &name, "expected the value of an HTTP header: no line ends, no control characters");
        } else {
            headers.push((name, secret));
        }
    }
    headers
}
