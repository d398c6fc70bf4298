//! What differs between the settings that run and others that are to: pure.

mod parts;

use self::parts::{Anew, Part};
use super::{Member, Settings};
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

/// Whether one that is to be may take the place of one that is.
type Kinship<'a, T> = &'a dyn Fn(&T, &T) -> bool;

impl Difference {
    /// What differs in `new` from what runs, which is `old`.
    #[must_use]
    pub fn between(old: &Settings, new: &Settings) -> Self {
        let differing: Vec<_> = parts::all(old, new).into_iter().filter(|part| !part.is_same).collect();
        let (of_process, at_once): (Vec<_>, Vec<_>) =
            differing.iter().partition(|part| part.begins_anew == Anew::Process);
        let anew = |whose| differing.iter().any(|part| part.begins_anew == whose);
        let (members_anew, sources_anew) = (anew(Anew::Members), anew(Anew::Sources));
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
        let names = |parts: Vec<&Part>| parts.into_iter().map(|part| part.name).collect();
        Self { members, sources, applied: names(at_once), needs_restart: names(of_process) }
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
            let (old, new) = (settings(BOX), settings(&format!("{BOX}\n{more}")));
            let difference = Difference::between(&old, &new);
            assert_eq!(difference.members, [Kept(0), Kept(1)], "{more}");
            assert_eq!(names(&difference), (vec![name], vec![]), "{more}");
            assert_eq!(old.changed_to(new.clone()), new, "{more}");
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
        let manual: toml::Table = include_str!("../../../config/default.toml").parse().unwrap();
        let settings = settings(BOX);
        for Part { name, .. } in parts::all(&settings, &settings) {
            let mut parts = name.split('.');
            let table = manual.get(parts.next().unwrap()).and_then(|table| table.as_table());
            let table = table.unwrap_or_else(|| panic!("no [{name}]"));
            // Those without a default stand there as comments.
            let is_there = |key: &str| {
                table.contains_key(key)
                    || include_str!("../../../config/default.toml").contains(&format!("\n#{key} = "))
            };
            assert!(parts.next().is_none_or(is_there), "{name}");
        }
    }
}
