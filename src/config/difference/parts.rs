//! The parts of the settings, and who begins anew where one of them differs.

use std::net::SocketAddr;

use super::super::{Http, Relay, Settings};
use crate::{logging, recording, relay, tls::Identity, token::Token};

/// A part of the settings in which two of them may differ.
pub(super) struct Part {
    /// Its table or key.
    pub(super) name: &'static str,
    pub(super) begins_anew: Anew,
    pub(super) is_same: bool,
}

/// Who begins anew where a part differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anew {
    /// Each member: they share it.
    Members,
    /// Each source: they share it.
    Sources,
    Nobody,
    /// A process has it for its life.
    Process,
}

/// Compares all but members and sources. Each field is taken by its name: one that is new does not compile before it is
/// decided who begins anew for it.
pub(super) fn all(old: &Settings, new: &Settings) -> [Part; 31] {
    let Settings {
        members: _,
        sources: _,
        encode,
        ice,
        channel,
        messages,
        jitter_buffer,
        limits,
        record,
        http: _,
        socket,
        relay: Relay { limits: relay, origins },
        log: logging::Settings { filter, format },
        warnings: _,
    } = old;
    let Port { listen, identity, control_token, hosts } = Port::of(old);
    let recording::Settings { dir, mount, container, segment, before, sync, keep } = record;
    let recording::Limits { time, bytes } = segment;
    let relay::Limits {
        message_bytes,
        messages_per_second,
        burst,
        queued_messages,
        queued_bytes,
        sockets_per_room,
        rooms,
        sockets,
    } = relay;
    let (new_port, new_record, new_relay) = (Port::of(new), &new.record, &new.relay.limits);
    let of = |begins_anew| move |name, is_same| Part { name, begins_anew, is_same };
    let (members, sources) = (of(Anew::Members), of(Anew::Sources));
    let (nobody, process) = (of(Anew::Nobody), of(Anew::Process));
    [
        members("ice", *ice == new.ice),
        members("channel", *channel == new.channel),
        members("receive", *jitter_buffer == new.jitter_buffer),
        members("limits", *limits == new.limits),
        sources("encode", encode.encodes_as(&new.encode)),
        nobody("encode.uplink", encode.uplink == new.encode.uplink),
        nobody("messages", *messages == new.messages),
        nobody("record.keep", *keep == new_record.keep),
        nobody("log.filter", *filter == new.log.filter),
        process("http.listen", listen == new_port.listen),
        // With its key. What is in their files is shown as soon as it changes.
        process("http.certificate", identity == new_port.identity),
        process("http.socket", *socket == new.socket),
        process("http.control_token_file", control_token == new_port.control_token),
        process("http.hosts", hosts == new_port.hosts),
        process("relay.message", *message_bytes == new_relay.message_bytes),
        process("relay.messages_per_second", *messages_per_second == new_relay.messages_per_second),
        process("relay.burst", *burst == new_relay.burst),
        process("relay.queued_messages", *queued_messages == new_relay.queued_messages),
        process("relay.queued", *queued_bytes == new_relay.queued_bytes),
        process("relay.sockets_per_room", *sockets_per_room == new_relay.sockets_per_room),
        process("relay.rooms", *rooms == new_relay.rooms),
        process("relay.sockets", *sockets == new_relay.sockets),
        process("relay.origins", *origins == new.relay.origins),
        process("record.dir", *dir == new_record.dir),
        process("record.mount", *mount == new_record.mount),
        process("record.container", *container == new_record.container),
        process("record.segment", *time == new_record.segment.time),
        process("record.segment_bytes", *bytes == new_record.segment.bytes),
        process("record.before", *before == new_record.before),
        process("record.sync", *sync == new_record.sync),
        process("log.format", *format == new.log.format),
    ]
}

/// What is of the port: nothing where there is none.
#[derive(Default)]
struct Port<'a> {
    listen: Option<SocketAddr>,
    identity: Option<&'a Identity>,
    control_token: Option<&'a Token>,
    hosts: &'a [String],
}

impl<'a> Port<'a> {
    fn of(settings: &'a Settings) -> Self {
        settings.http.as_ref().map_or_else(Self::default, |Http { listen, identity, control_token, hosts }| Self {
            listen: Some(*listen),
            identity: identity.as_ref(),
            control_token: control_token.as_ref(),
            hosts,
        })
    }
}
