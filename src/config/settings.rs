//! A configuration, checked and typed.

use std::time::Duration;

use super::{
    http::{self, Http, Socket},
    members::{self, Member, Placed},
    outside::Outside,
    problem::{Notes, Place},
    section::{Section, Wrong},
    servers,
    sources::{self, Configured},
    tree::{Kind, Table, Value},
    units,
};
use crate::{
    codec::Codec,
    encoder,
    ice::IceSettings,
    logging, messages,
    peer::{ChannelSettings, MessageLimits},
    recording, relay, room, source,
    units::Bitrate,
};

const CODECS: [(&str, Codec); 4] =
    [("h264", Codec::H264), ("vp8", Codec::Vp8), ("vp9", Codec::Vp9), ("av1", Codec::Av1)];
/// What is received is recorded, and nobody waits to see it. Who sends is told within some 300 ms of what was lost.
const JITTER_BUFFER: Duration = Duration::from_millis(500);

/// All that a daemon is told. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Our appearances in rooms; at least one.
    pub members: Vec<Member>,
    /// What is captured, each under a name of its own.
    pub sources: Vec<source::Spec>,
    /// How everything is encoded.
    pub encode: encoder::Settings,
    /// How connections are found.
    pub ice: IceSettings,
    /// The data channel that we make.
    pub channel: Option<ChannelSettings>,
    /// What messages of data channels go to, and come from.
    pub messages: messages::Settings,
    /// How long received media waits for lost packets.
    pub jitter_buffer: Duration,
    /// What others in a room may take of us.
    pub limits: Limits,
    /// Where recordings go, and what is kept of them.
    pub record: recording::Settings,
    /// Page, relay and API; `None` for no port at all.
    pub http: Option<Http>,
    /// Where programs of this machine control the daemon; `None` for nowhere.
    pub socket: Option<Socket>,
    /// The embedded relay.
    pub relay: Relay,
    /// How logs are written.
    pub log: logging::Settings,
    /// What is odd but not wrong.
    pub warnings: Vec<String>,
}

/// What others in a room may take of us, beside the places of each member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Of their messages over data channels.
    pub messages: MessageLimits,
    /// How long who takes more is ignored, the first time.
    pub ignore: Duration,
}

/// What the embedded relay takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// From each socket, and from all.
    pub limits: relay::Limits,
    /// Pages of others that may use it.
    pub origins: Vec<String>,
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A daemon in its rooms.
    Daemon,
    /// The relay alone: nothing to control, no rooms to join.
    Relay,
}

/// Reads the whole. What is wrong is noted; the settings are then not to be used.
pub(super) fn read(table: Table, purpose: Purpose, outside: &Outside, notes: &Notes) -> Settings {
    let mut root = Section::new(String::new(), Place::Default, table, notes);
    let mut warnings = Vec::new();
    let mut sources = sources::read(&mut root, outside);
    let members = members::read(&mut root, &sources, outside);
    warnings.extend(untaken(&sources, &members));
    let (http, socket) = http::read(root.section("http"), purpose, &members, outside, &mut warnings);
    let settings = Settings {
        encode: encode(root.section("encode"), &mut sources, outside),
        ice: servers::read(root.section("ice"), outside, &mut warnings),
        channel: channel(root.section("channel")),
        messages: super::messages::read(root.section("messages"), outside),
        jitter_buffer: receive(root.section("receive")),
        limits: limits(root.section("limits")),
        record: super::recording::read(root.section("record"), outside),
        http,
        socket,
        relay: relay(root.section("relay")),
        log: log(root.section("log")),
        sources: sources.into_iter().filter_map(|source| source.spec).collect(),
        members: members.into_iter().map(|placed| placed.member).collect(),
        warnings,
    };
    root.finish("a configuration");
    settings
}

/// Sources that are configured in vain.
fn untaken(sources: &[Configured], members: &[Placed]) -> Vec<String> {
    let is_taken = |source: &Configured| {
        let name = Some(&source.name);
        members.iter().any(|placed| placed.member.video.as_ref() == name || placed.member.audio.as_ref() == name)
    };
    let untaken = sources.iter().filter(|source| source.place != Place::Default && !is_taken(source));
    untaken.map(|source| format!("no member takes [{}.{}]", source.media, source.name)).collect()
}

fn encode(mut section: Section<'_>, sources: &mut [Configured], outside: &Outside) -> encoder::Settings {
    let default = encoder::Settings::default();
    let (codecs, place) = section.take_placed("codec", codecs).unwrap_or((default.codecs, Place::Default));
    let element = match section.take_placed("encoder", element) {
        Some((encoder::ElementChoice::Named(name), place)) if name == sources::PASSTHROUGH => {
            if !sources::pass_cameras_through(sources) {
                let what = "expected a camera whose own H.264 is passed through ([video.NAME] source = \"camera\", --video \
                            camera), got none";
                section.wrong(place, "encoder", what);
            }
            default.element
        }
        Some((element, _)) => element,
        None => default.element,
    };
    let passed_through = |source: &Configured| source.spec.as_ref().is_some_and(source::Spec::is_passed_through);
    if matches!(&codecs, encoder::CodecChoice::Only(list) if !list.contains(&Codec::H264))
        && sources.iter().any(passed_through)
    {
        section.wrong(place, "codec", "expected h264 among them, as a camera's own H.264 is to be passed through");
    }
    let video_bitrate = section.take("bitrate", units::bitrate).unwrap_or(default.video_bitrate);
    let audio_bitrate = section.take("audio_bitrate", opus_bitrate).unwrap_or(default.audio_bitrate);
    let rungs =
        section.take("rungs", |value| units::integer(value, 1..=4_u32)).map_or(default.rungs, |count| count as usize);
    let uplink = section.take("uplink", units::bitrate);
    let longest = Duration::from_secs(60 * 60);
    let retry_after = section.take("retry_after", |value| units::duration(value, Duration::from_millis(100)..=longest));
    let catalogue = section.take("catalogue", |value| catalogue(value, outside));
    section.finish("[encode]");
    encoder::Settings {
        codecs,
        element,
        video_bitrate,
        audio_bitrate,
        rungs,
        uplink,
        catalogue: catalogue.unwrap_or(default.catalogue),
        retry_after: retry_after.unwrap_or(default.retry_after),
        cache: outside.cache(),
    }
}

/// The file of an operator's own encoders; their templates are beside it.
fn catalogue(value: &Value, outside: &Outside) -> Result<encoder::Catalogue, Wrong> {
    let file = outside.path(&units::text(value)?, value.place);
    let template = |name: &str| std::fs::read_to_string(file.with_file_name(format!("{name}.launch")));
    let catalogue = encoder::Catalogue::with_own(&outside.text(&file)?, template);
    catalogue.map_err(|error| Wrong(format!("{}: {error}", file.display())))
}

/// One codec is what comes first; a list is all that there is.
fn codecs(value: &Value) -> Result<encoder::CodecChoice, Wrong> {
    if let Kind::List(list) = &value.kind {
        return codec_list(list, value);
    }
    let auto = [("auto", encoder::CodecChoice::Auto)].into_iter();
    let words: Vec<_> = auto.chain(CODECS.map(|(word, codec)| (word, encoder::CodecChoice::First(codec)))).collect();
    units::word(value, &words)
}

fn codec_list(list: &[Value], whole: &Value) -> Result<encoder::CodecChoice, Wrong> {
    let mut codecs = Vec::new();
    for value in list {
        let codec = units::word(value, &CODECS)?;
        if codecs.contains(&codec) {
            return Err(Wrong(format!("expected each codec once, got {codec} twice")));
        }
        codecs.push(codec);
    }
    if codecs.is_empty() {
        return Err(Wrong::expected("at least one codec in the list", whole));
    }
    Ok(encoder::CodecChoice::Only(codecs))
}

fn element(value: &Value) -> Result<encoder::ElementChoice, Wrong> {
    let what = "the name of a GStreamer element like \"x264enc\", or \"auto\"";
    let text = units::text(value).map_err(|_| Wrong::expected(what, value))?;
    if text == "auto" {
        return Ok(encoder::ElementChoice::Auto);
    }
    let is_name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_name { Ok(encoder::ElementChoice::Named(text)) } else { Err(Wrong::expected(what, value)) }
}

/// Opus takes 6 to 510 kbit/s (RFC 6716, section 2.1.1).
fn opus_bitrate(value: &Value) -> Result<Bitrate, Wrong> {
    let bitrate = units::bitrate(value)?;
    if bitrate.bits() <= 510_000 { Ok(bitrate) } else { Err(Wrong::expected("at most \"510k\", as Opus", value)) }
}

fn channel(mut section: Section<'_>) -> Option<ChannelSettings> {
    let enabled = section.take("enabled", units::boolean).unwrap_or(true);
    let label = section.take("label", units::text);
    let ordered = section.take("ordered", units::boolean).unwrap_or(true);
    let max_retransmits = section.take("max_retransmits", |value| units::integer(value, 0..=u16::MAX));
    let life_time = section.take_placed("max_packet_life_time", |value| {
        units::duration(value, Duration::ZERO..=Duration::from_millis(u64::from(u16::MAX)))
    });
    let protocol = section.take("protocol", units::any_text).unwrap_or_default();
    if let (Some(_), Some((_, place))) = (max_retransmits, life_time) {
        section.wrong(place, "max_packet_life_time", "expected this or max_retransmits, got both; a channel takes one");
    }
    section.finish("[channel]");
    // Within u16, as the range above says.
    let max_packet_life_time = life_time.map(|(time, _)| time.as_millis() as u16);
    enabled.then_some(ChannelSettings { label, ordered, max_retransmits, max_packet_life_time, protocol })
}

fn receive(mut section: Section<'_>) -> Duration {
    let longest = Duration::from_secs(10);
    let jitter_buffer = section.take("jitter_buffer", |value| units::duration(value, Duration::ZERO..=longest));
    section.finish("[receive]");
    jitter_buffer.unwrap_or(JITTER_BUFFER)
}

fn limits(mut section: Section<'_>) -> Limits {
    let default = MessageLimits::default();
    let per_second = section.take("messages_per_second", |value| units::integer(value, 1..=100_000));
    let bytes = section.take("message_bytes_per_second", |value| units::bytes(value, 1024..=1 << 30));
    let longest = Duration::from_secs(24 * 60 * 60);
    let ignore = section.take("ignore", |value| units::duration(value, Duration::from_secs(1)..=longest));
    section.finish("[limits]");
    Limits {
        messages: MessageLimits {
            per_second: per_second.unwrap_or(default.per_second),
            // Within u32, as the range says.
            bytes_per_second: bytes.map_or(default.bytes_per_second, |bytes| bytes as u32),
        },
        ignore: ignore.unwrap_or(room::Limits::default().ignored),
    }
}

fn relay(mut section: Section<'_>) -> Relay {
    let default = relay::Limits::default();
    let mut count = |key, default: usize, most: usize| {
        section.take(key, |value| units::integer(value, 1..=most as u64)).map_or(default, |count| count as usize)
    };
    let rate = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let limits = relay::Limits {
        messages_per_second: rate(count("messages_per_second", default.messages_per_second as usize, 100_000)),
        burst: rate(count("burst", default.burst as usize, 1_000_000)),
        queued_messages: count("queued_messages", default.queued_messages, 1_000_000),
        sockets_per_room: count("sockets_per_room", default.sockets_per_room, 100_000),
        rooms: count("rooms", default.rooms, 100_000),
        sockets: count("sockets", default.sockets, 100_000),
        message_bytes: section
            .take("message", |value| units::bytes(value, 1024..=16 << 20))
            .unwrap_or(default.message_bytes),
        queued_bytes: section
            .take("queued", |value| units::bytes(value, 1024..=1 << 30))
            .unwrap_or(default.queued_bytes),
    };
    let origins = section.take_list("origins", origin).unwrap_or_default();
    section.finish("[relay]");
    Relay { limits, origins: origins.into_iter().map(|(origin, _)| origin).collect() }
}

/// `https://page.example`, or `*`.
fn origin(value: &Value) -> Result<String, Wrong> {
    let text = units::text(value)?;
    let what = "the origin of a page like \"https://page.example\", or \"*\" for all";
    let whole = || url::Url::parse(&text).ok().map(|url| url.origin().ascii_serialization());
    if text == "*" || whole().is_some_and(|origin| origin.eq_ignore_ascii_case(text.trim_end_matches('/'))) {
        Ok(text)
    } else {
        Err(Wrong::expected(what, value))
    }
}

fn log(mut section: Section<'_>) -> logging::Settings {
    let default = logging::Settings::default();
    let filter = section.take("filter", |value| {
        let what = "a log filter: a level (error, warn, info, debug, trace), or target=level with commas between";
        let text = units::text(value).map_err(|_| Wrong::expected(what, value))?;
        logging::Filter::new(&text).map_err(|_| Wrong::expected(what, value))
    });
    let formats = [("text", logging::Format::Text), ("json", logging::Format::Json)];
    let format = section.take("format", |value| units::word(value, &formats));
    section.finish("[log]");
    logging::Settings { filter: filter.unwrap_or(default.filter), format: format.unwrap_or(default.format) }
}
