//! What differs between the settings that run and others that are to: pure.

use super::{Http, Member, Settings};
use crate::{ids::SourceName, logging, recording, source::Spec};

/// What becomes of a member, or of a source, that is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is this one of those that run, and goes on.
    Kept(usize),
    /// It takes the place of this one of those that run, which ends.
    Restarted(usize),
    /// It is new.
    Added,
}

/// What differs. What runs and is nobody's past ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of each member that is to be.
    pub members: Vec<Fate>,
    /// Of each source that is to be.
    pub sources: Vec<Fate>,
    /// The tables and keys of what else is different and takes effect at once, for all that there is.
    pub applied: Vec<&'static str>,
    /// Those of what takes effect only in another process.
    pub needs_restart: Vec<&'static str>,
}

/// A part of the settings: its table or key, and whether it is the same in both.
type Part = (&'static str, fn(&Settings, &Settings) -> bool);

/// Whether one that is to be may take the place of one that is.
type Kinship<'a, T> = &'a dyn Fn(&T, &T) -> bool;

/// What members share: each of them begins anew where it differs.
const OF_MEMBERS: [Part; 4] = [
    ("ice", |old, new| old.ice == new.ice),
    ("channel", |old, new| old.channel == new.channel),
    ("receive", |old, new| old.jitter_buffer == new.jitter_buffer),
    ("limits", |old, new| old.limits == new.limits),
];

/// What sources share: each of them begins anew where it differs.
const OF_SOURCES: [Part; 1] = [("encode", |old, new| old.encode.encodes_as(&new.encode))];

/// What nothing begins anew for.
const OF_NOBODY: [Part; 4] = [
    ("encode.uplink", |old, new| old.encode.uplink == new.encode.uplink),
    ("messages", |old, new| old.messages == new.messages),
    ("record.keep", |old, new| old.record.keep == new.record.keep),
    ("log.filter", |old, new| old.log.filter == new.log.filter),
];

/// What a process has for its life.
const FIXED: [Part; 22] = [
    ("http.listen", |old, new| http(old, |http| Some(http.listen)) == http(new, |http| Some(http.listen))),
    // With its key. What is in their files is shown as soon as it changes.
    ("http.certificate", |old, new| {
        http(old, |http| http.identity.as_ref()) == http(new, |http| http.identity.as_ref())
    }),
    ("http.socket", |old, new| old.socket == new.socket),
    ("http.control_token_file", |old, new| {
        http(old, |http| http.control_token.as_ref()) == http(new, |http| http.control_token.as_ref())
    }),
    ("http.hosts", |old, new| hosts(old) == hosts(new)),
    ("relay.message", |old, new| old.relay.limits.message_bytes == new.relay.limits.message_bytes),
    ("relay.messages_per_second", |old, new| {
        old.relay.limits.messages_per_second == new.relay.limits.messages_per_second
    }),
    ("relay.burst", |old, new| old.relay.limits.burst == new.relay.limits.burst),
    ("relay.queued_messages", |old, new| old.relay.limits.queued_messages == new.relay.limits.queued_messages),
    ("relay.queued", |old, new| old.relay.limits.queued_bytes == new.relay.limits.queued_bytes),
    ("relay.sockets_per_room", |old, new| old.relay.limits.sockets_per_room == new.relay.limits.sockets_per_room),
    ("relay.rooms", |old, new| old.relay.limits.rooms == new.relay.limits.rooms),
    ("relay.sockets", |old, new| old.relay.limits.sockets == new.relay.limits.sockets),
    ("relay.origins", |old, new| old.relay.origins == new.relay.origins),
    ("record.dir", |old, new| old.record.dir == new.record.dir),
    ("record.mount", |old, new| old.record.mount == new.record.mount),
    ("record.container", |old, new| old.record.container == new.record.container),
    ("record.segment", |old, new| old.record.segment.time == new.record.segment.time),
    ("record.segment_bytes", |old, new| old.record.segment.bytes == new.record.segment.bytes),
    ("record.before", |old, new| old.record.before == new.record.before),
    ("record.sync", |old, new| old.record.sync == new.record.sync),
    ("log.format", |old, new| old.log.format == new.log.format),
];

impl Difference {
    /// What differs in `new` from what runs, which is `old`.
    #[must_use]
    pub fn between(old: &Settings, new: &Settings) -> Self {
        let anew = |parts: &[Part]| !differing(parts, old, new).is_empty();
        let (members_anew, sources_anew) = (anew(&OF_MEMBERS), anew(&OF_SOURCES));
        let same_name = |old: &Spec, new: &Spec| old.name() == new.name();
        let sources = fates(&old.sources, &new.sources, |old, new| !sources_anew && old == new, &[&same_name]);
        let goes_on = |name: Option<&SourceName>| {
            let of = new.sources.iter().zip(&sources).find(|(source, _)| Some(source.name()) == name);
            of.is_none_or(|(source, fate)| match fate {
                Fate::Kept(_) => true,
                Fate::Restarted(past) => {
                    let past = old.sources.get(*past).filter(|_| !sources_anew);
                    past.is_some_and(|past| past.has_form_of(source))
                }
                Fate::Added => false,
            })
        };
        let is_same = |old: &Member, new: &Member| {
            let shows_the_same = goes_on(new.video.as_ref()) && goes_on(new.audio.as_ref());
            !members_anew && shows_the_same && old == new
        };
        let same_place = |old: &Member, new: &Member| old.id == new.id && old.room == new.room;
        // In another room.
        let same_id = |old: &Member, new: &Member| old.id.is_some() && old.id == new.id;
        let members = fates(&old.members, &new.members, is_same, &[&same_place, &same_id]);
        let at_once = [&OF_MEMBERS[..], &OF_SOURCES, &OF_NOBODY].into_iter();
        Self {
            members,
            sources,
            applied: at_once.flat_map(|parts| differing(parts, old, new)).collect(),
            needs_restart: differing(&FIXED, old, new),
        }
    }
}

impl Fate {
    /// Which of so many that run have none of these fates before them, and end.
    pub fn ended(fates: &[Self], before: usize) -> impl Iterator<Item = usize> {
        let goes_on =
            |index| move |fate: &Self| matches!(fate, Self::Kept(past) | Self::Restarted(past) if *past == index);
        (0..before).filter(move |index| !fates.iter().any(goes_on(*index)))
    }
}

impl Settings {
    /// What runs once `new` is applied where this runs: what needs another process is as it was.
    #[must_use]
    pub fn changed_to(&self, new: Self) -> Self {
        // Each part by its name: what is added later is to be decided about.
        Self {
            members: new.members,
            sources: new.sources,
            encode: new.encode,
            ice: new.ice,
            channel: new.channel,
            messages: new.messages,
            jitter_buffer: new.jitter_buffer,
            limits: new.limits,
            record: recording::Settings { keep: new.record.keep, ..self.record.clone() },
            http: self.http.clone(),
            socket: self.socket.clone(),
            relay: self.relay.clone(),
            log: logging::Settings { filter: new.log.filter, format: self.log.format },
            warnings: new.warnings,
        }
    }
}

/// Finds a past for each that is to be: what is the same first, then by each kinship in turn. None has two futures.
fn fates<T>(old: &[T], new: &[T], is_same: impl Fn(&T, &T) -> bool, kinships: &[Kinship<'_, T>]) -> Vec<Fate> {
    let mut left: Vec<_> = old.iter().enumerate().collect();
    let mut fates = vec![Fate::Added; new.len()];
    let mut match_up = |is_kin: Kinship<'_, T>, fate: fn(usize) -> Fate| {
        for (new, found) in new.iter().zip(&mut fates).filter(|(_, found)| **found == Fate::Added) {
            if let Some(at) = left.iter().position(|(_, old)| is_kin(old, new)) {
                *found = fate(left.remove(at).0);
            }
        }
    };
    match_up(&is_same, Fate::Kept);
    for is_kin in kinships {
        match_up(is_kin, Fate::Restarted);
    }
    fates
}

fn differing(parts: &[Part], old: &Settings, new: &Settings) -> Vec<&'static str> {
    parts.iter().filter(|(_, is_same)| !is_same(old, new)).map(|(name, _)| *name).collect()
}

fn http<'a, T>(settings: &'a Settings, part: impl Fn(&'a Http) -> Option<T>) -> Option<T> {
    settings.http.as_ref().and_then(part)
}

fn hosts(settings: &Settings) -> &[String] {
    settings.http.as_ref().map_or(&[], |http| &http.hosts)
}

#[cfg(test)]
mod tests {
    use super::{
        super::parse,
        Fate::{Added, Kept, Restarted},
        *,
    };

    /// Two members and two sources of pictures.
    const BOX: &str = r#"
        [video.front]
        [video.back]
        [[member]]
        id = "front"
        room = "wss://relay.example/one"
        video = "front"
        [[member]]
        id = "back"
        room = "wss://relay.example/one"
        video = "back"
    "#;

    fn settings(text: &str) -> Settings {
        parse(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    /// What differs once each `from` in [`BOX`] is a `to`.
    fn after(changes: &[(&str, &str)]) -> Difference {
        let text = changes.iter().fold(BOX.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        Difference::between(&settings(BOX), &settings(&text))
    }

    /// What differs with this below.
    fn with(more: &str) -> Difference {
        Difference::between(&settings(BOX), &settings(&format!("{BOX}\n{more}")))
    }

    fn names(difference: &Difference) -> (Vec<&'static str>, Vec<&'static str>) {
        (difference.applied.clone(), difference.needs_restart.clone())
    }

    #[test]
    fn what_is_the_same_goes_on() {
        let Difference { members, sources, applied, needs_restart } = after(&[]);
        assert_eq!(members, [Kept(0), Kept(1)]);
        assert_eq!(sources, [Kept(0), Kept(1), Kept(2)], "the default sound is the third");
        assert!(applied.is_empty() && needs_restart.is_empty());
    }

    #[test]
    fn a_member_that_changes_begins_anew_and_no_other() {
        for change in [
            ("video = \"front\"", "video = \"front\"\npeers = 3"),
            ("video = \"front\"", "video = \"front\"\nrecord = \"remote\""),
            ("video = \"front\"", "video = \"none\""),
            ("room = \"wss://relay.example/one\"", "room = \"wss://relay.example/two\""),
        ] {
            assert_eq!(after(&[change]).members, [Restarted(0), Kept(1)], "{change:?}");
        }
    }

    #[test]
    fn members_come_go_and_change_places() {
        assert_eq!(with("[[member]]\nroom = 'embedded'\nvideo = 'none'").members, [Kept(0), Kept(1), Added]);
        let renamed = after(&[("id = \"front\"", "id = \"porch\"")]).members;
        assert_eq!(renamed, [Added, Kept(1)]);
        assert!(Fate::ended(&renamed, 2).eq([0]));
        let swapped =
            [("\"front\"\n        room", "\"x\"\n        room"), ("\"back\"\n        room", "\"front\"\n        room")];
        let swapped = after(&[&swapped[..], &[("\"x\"", "\"back\"")]].concat()).members;
        assert_eq!(swapped, [Restarted(1), Restarted(0)], "each shows what the other did");
    }

    #[test]
    fn members_without_an_id_are_known_by_their_room() {
        let member = |room: &str, more: &str| format!("[[member]]\nroom = 'embedded:{room}'\n{more}\n");
        let old = settings(&(member("a", "") + &member("a", "peers = 1") + &member("b", "")));
        let new = settings(&(member("b", "") + &member("a", "peers = 2") + &member("a", "")));
        assert_eq!(Difference::between(&old, &new).members, [Kept(2), Restarted(1), Kept(0)]);
    }

    #[test]
    fn a_source_that_changes_begins_anew_and_who_shows_it_too() {
        let difference = after(&[("[video.front]", "[video.front]\nfps = 15")]);
        let at = |name: &str| {
            let index = settings(BOX).sources.iter().position(|source| source.name().as_str() == name).unwrap();
            difference.sources[index]
        };
        assert!(matches!(at("front"), Restarted(_)) && matches!(at("back"), Kept(_)), "{difference:?}");
        assert_eq!(difference.members, [Restarted(0), Kept(1)], "pictures of another form");
        let difference = with("[video.yard]");
        assert_eq!(difference.sources.iter().filter(|fate| **fate == Added).count(), 1);
        assert_eq!(difference.members, [Kept(0), Kept(1)]);
    }

    #[test]
    fn a_source_that_captures_something_else_in_the_same_form_disturbs_no_member() {
        let difference = after(&[("[video.front]", "[video.front]\npattern = \"snow\"")]);
        assert_eq!(difference.sources.iter().filter(|fate| matches!(fate, Restarted(_))).count(), 1);
        assert_eq!(difference.members, [Kept(0), Kept(1)]);
        let difference = after(&[("[video.front]", "[video.front]\nsource = \"camera\"\nencoder = \"passthrough\"")]);
        assert_eq!(difference.members, [Restarted(0), Kept(1)], "it comes encoded");
    }

    #[test]
    fn what_members_share_restarts_them_all() {
        for (more, name) in [
            ("[ice]\nstun = \"none\"", "ice"),
            ("[channel]\nenabled = false", "channel"),
            ("[receive]\njitter_buffer = \"1s\"", "receive"),
            ("[limits]\nignore = \"1min\"", "limits"),
        ] {
            let difference = with(more);
            assert_eq!(difference.members, [Restarted(0), Restarted(1)], "{more}");
            assert_eq!(names(&difference), (vec![name], vec![]), "{more}");
            assert!(difference.sources.iter().all(|fate| matches!(fate, Kept(_))), "{more}");
        }
        let difference = with("[encode]\nbitrate = \"1M\"");
        assert_eq!(difference.members, [Restarted(0), Restarted(1)]);
        assert!(difference.sources.iter().all(|fate| matches!(fate, Restarted(_))));
    }

    #[test]
    fn what_nobody_begins_anew_for() {
        for (more, name) in [
            ("[encode]\nuplink = \"1M\"", "encode.uplink"),
            ("[messages]\nasks = [\"state\"]", "messages"),
            ("[record.keep]\nage = \"1d\"", "record.keep"),
            ("[log]\nfilter = \"debug\"", "log.filter"),
        ] {
            let difference = with(more);
            assert_eq!(difference.members, [Kept(0), Kept(1)], "{more}");
            assert_eq!(names(&difference), (vec![name], vec![]), "{more}");
        }
    }

    #[test]
    fn what_takes_another_process_is_named_until_there_is_one() {
        for (more, name) in [
            ("[http]\nlisten = \"127.0.0.1:1\"", "http.listen"),
            ("[http]\nlisten = \"none\"", "http.listen"),
            ("[http]\ncertificate = \"box.pem\"", "http.certificate"),
            ("[http]\ncertificate = \"box.pem\"\nkey = \"key.pem\"", "http.certificate"),
            ("[http]\nsocket = \"/run/x\"", "http.socket"),
            ("[http]\nhosts = [\"box.example\"]", "http.hosts"),
            ("[relay]\nrooms = 3", "relay.rooms"),
            ("[record]\ndir = \"/srv\"", "record.dir"),
            ("[record]\nsegment_bytes = \"2MB\"", "record.segment_bytes"),
            ("[log]\nformat = \"json\"", "log.format"),
        ] {
            let (old, new) = (settings(BOX), settings(&format!("{BOX}\n{more}")));
            let difference = Difference::between(&old, &new);
            assert_eq!(names(&difference), (vec![], vec![name]), "{more}");
            let runs = old.changed_to(new.clone());
            assert_eq!(Difference::between(&runs, &new).needs_restart, [name], "{more}: it is still to come");
        }
    }

    #[test]
    fn what_is_named_is_in_the_manual() {
        let manual: toml::Table = include_str!("../../config/default.toml").parse().unwrap();
        for (name, _) in [&OF_MEMBERS[..], &OF_SOURCES, &OF_NOBODY, &FIXED].concat() {
            let mut parts = name.split('.');
            let table = manual.get(parts.next().unwrap()).and_then(|table| table.as_table());
            let table = table.unwrap_or_else(|| panic!("no [{name}]"));
            // Those without a default stand there as comments.
            let is_there = |key: &str| {
                table.contains_key(key) || include_str!("../../config/default.toml").contains(&format!("\n#{key} = "))
            };
            assert!(parts.next().is_none_or(is_there), "{name}");
        }
    }
}
