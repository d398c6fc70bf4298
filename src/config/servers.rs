//! `[ice]`: STUN and TURN servers, and what else decides how connections are found.

use super::{
    outside::{Noted, Outside, secret_text},
    problem::Place,
    section::{Section, Wrong},
    tree::{Kind, Value},
    units,
};
use crate::{
    ice::{HostPort, IceSettings, TransportPolicy, TurnServer},
    redact::Redacted,
};

/// The `peer-connector` library's own.
const STUN_HOST: &str = "stun.l.google.com";
const STUN_PORT: u16 = 19302;

/// Linux's limit, less the terminating NUL.
const MAX_INTERFACE_BYTES: usize = 15;

pub(super) fn read(mut section: Section<'_>, outside: &Outside, warnings: &mut Vec<String>) -> IceSettings {
    let stun = section.take_list("stun", stun_server);
    let turn = turn_servers(&mut section, outside);
    let policy = section
        .take_placed("policy", |value| {
            units::word(value, &[("all", TransportPolicy::All), ("relay", TransportPolicy::Relay)])
        })
        .unwrap_or((TransportPolicy::All, Place::Default));
    let interfaces = |list: Option<Vec<(String, Place)>>| list.unwrap_or_default().into_iter().map(|(name, _)| name);
    let allow = interfaces(section.take_list("allow", interface)).collect();
    let deny = interfaces(section.take_list("deny", interface)).collect();
    let ports = section.take("ports", units::ports);
    let tcp = section.take("tcp", units::boolean).unwrap_or(false);
    if policy.0 == TransportPolicy::Relay && turn.as_ref().is_some_and(Vec::is_empty) {
        section.wrong(policy.1, "policy", "\"relay\" lets connections through TURN servers only, and turn names none");
    }
    section.finish("[ice]");
    IceSettings {
        stun: the_stun_server(stun, warnings),
        turn: turn.unwrap_or_default(),
        policy: policy.0,
        allow,
        deny,
        ports,
        tcp,
    }
}

fn the_stun_server(servers: Option<Vec<(Option<HostPort>, Place)>>, warnings: &mut Vec<String>) -> Option<HostPort> {
    let Some(servers) = servers else {
        return Some(HostPort { host: STUN_HOST.to_owned(), port: STUN_PORT });
    };
    let mut servers = servers.into_iter().filter_map(|(server, _)| server);
    let first = servers.next();
    if servers.next().is_some() {
        warnings.push("GStreamer takes one STUN server: the first is used, the others are not".to_owned());
    }
    first
}

fn stun_server(value: &Value) -> Result<Option<HostPort>, Wrong> {
    match &value.kind {
        Kind::Text(text) if text == "none" => Ok(None),
        Kind::Text(text) => HostPort::parse_stun(text).map(Some).map_err(|error| Wrong(error.to_string())),
        _ => Err(Wrong::expected_secret("stun:HOST:PORT or \"none\"", value)),
    }
}

/// `None` when one is wrong (and noted).
fn turn_servers(section: &mut Section<'_>, outside: &Outside) -> Option<Vec<TurnServer>> {
    let path = section.name_of("turn");
    let Some(value) = section.take_value("turn") else { return Some(Vec::new()) };
    let list = match value.kind {
        Kind::List(list) => list,
        _ => vec![value],
    };
    let mut servers = Vec::new();
    let mut all_right = true;
    for value in list {
        let place = value.place;
        let server = match value.kind {
            Kind::Text(text) if text == "none" => continue,
            Kind::Text(text) => TurnServer::parse(&text).map_err(|error| Some(error.to_string())),
            Kind::Table(table) => {
                let mut inner = Section::new(path.clone(), place, table, section.notes());
                let server = turn_table(&mut inner, outside);
                inner.finish("a TURN server");
                server
            }
            _ => Err(Some(
                Wrong::expected_secret(
                    "\"turn:USER:PASSWORD@HOST:PORT?transport=udp\" or { url = ..., user = ..., password_file = ... }",
                    &value,
                )
                .0,
            )),
        };
        match server {
            Ok(server) => servers.push(server),
            Err(what) => {
                all_right = false;
                if let Some(what) = what {
                    section.wrong(place, "turn", what);
                }
            }
        }
    }
    all_right.then_some(servers)
}

/// What is wrong, unless it is noted already.
fn turn_table(section: &mut Section<'_>, outside: &Outside) -> Result<TurnServer, Option<String>> {
    let url = section.take("url", secret_text);
    let user = outside.secret(section, ["user", "user_file", "user_env"]).map_err(|Noted| None)?;
    let password = outside.secret(section, ["password", "password_file", "password_env"]).map_err(|Noted| None)?;
    let missing = |what: &str| Some(format!("a TURN server as a table needs url, user and a password: no {what}"));
    let reveal = |secret: Option<Redacted<String>>, what: &str| {
        secret.map(|secret| secret.reveal().clone()).ok_or_else(|| missing(what))
    };
    let url = reveal(url, "url")?;
    let user = reveal(user, "user")?;
    let password = reveal(password, "password")?;
    TurnServer::at(&url, &user, &password).map_err(|error| Some(error.to_string()))
}

/// The name of a network interface, perhaps with a `*` at its end.
fn interface(value: &Value) -> Result<String, Wrong> {
    let what = "the name of a network interface like \"eth0\" or \"docker*\"";
    let text = units::text(value).map_err(|_| Wrong::expected(what, value))?;
    let name = text.strip_suffix('*').unwrap_or(&text);
    let is_name = name.bytes().all(|b| b.is_ascii_graphic() && !b"/*:".contains(&b));
    if is_name && name.len() <= MAX_INTERFACE_BYTES { Ok(text) } else { Err(Wrong::expected(what, value)) }
}
