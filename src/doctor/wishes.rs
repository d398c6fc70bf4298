//! What the configuration asks of encoders, and whether those that are here meet it.

use super::{Encoders, Finding};
use crate::{
    codec::{Codec, MediaKind},
    config::Settings,
    encoder::{self, Candidates, CodecChoice, Device, ElementChoice, Encoder, Lineup, LineupError},
    source::Spec,
};

const ABOUT: &str = "encoders";

/// One of these is enough: each browser takes one of them (RFC 7742, section 5).
const EVERYBODY_PLAYS: [Codec; 2] = [Codec::H264, Codec::Vp8];

/// What is asked for, as the daemon would go about it.
#[derive(Debug)]
pub(super) struct Wishes(Result<Vec<Wish>, LineupError>);

/// Something that is asked for: one of its encoders has to work.
#[derive(Debug)]
pub(super) struct Wish {
    /// What is the matter where none does.
    unmet: String,
    /// In order of preference.
    encoders: Vec<Encoder>,
}

impl Wishes {
    /// What `settings` ask for. GStreamer has to be started.
    pub(super) fn of(settings: &Settings) -> Self {
        Self(Lineup::choose(&settings.encode).map(|lineup| wishes(settings, &lineup)))
    }

    /// Each that can be met at all.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Wish> {
        self.0.iter().flatten()
    }

    /// What is found, of each wish that is not met or of all.
    pub(super) fn findings(&self, found: &Encoders) -> Vec<Finding> {
        let wishes = match &self.0 {
            Ok(wishes) => wishes,
            Err(error) => {
                let what = format!("the daemon does not start with [encode] as it is: {error}");
                return vec![Finding::failure(ABOUT, what).mended_by("peergate doctor --encoders (says what is here)")];
            }
        };
        let unmet: Vec<_> = wishes.iter().filter_map(|wish| wish.unmet(found)).collect();
        if !unmet.is_empty() {
            return unmet;
        }
        let what = match wishes[..] {
            [] => "no member shows what has to be encoded".to_owned(),
            _ => format!("by trial there are {}", found.working()),
        };
        vec![Finding::ok(ABOUT, what)]
    }
}

impl Wish {
    /// Those that may be tried, in order.
    pub(super) fn encoders(&self) -> impl Iterator<Item = &Encoder> {
        self.encoders.iter()
    }

    fn unmet(&self, found: &Encoders) -> Option<Finding> {
        if self.encoders.iter().any(|encoder| found.has(encoder)) {
            return None;
        }
        let why: Vec<_> = self.encoders.iter().filter_map(|encoder| found.why_not(encoder)).collect();
        let why = if why.is_empty() { "none is installed that could".to_owned() } else { why.join("; ") };
        let finding = Finding::failure(ABOUT, format!("{}: {why}", self.unmet));
        Some(finding.mended_by("peergate doctor --encoders (tries all, and says what helps)"))
    }
}

fn wishes(settings: &Settings, lineup: &Lineup) -> Vec<Wish> {
    let is_shown = |source: &&Spec| {
        let name = Some(source.name());
        settings.members.iter().any(|member| member.video.as_ref() == name || member.audio.as_ref() == name)
    };
    let of_kind = |kind| settings.sources.iter().filter(is_shown).filter(move |source| source.media() == kind);
    let mut wishes = Vec::new();
    if of_kind(MediaKind::Video).next().is_some() {
        // A camera's own H.264 is passed on as it is.
        let are_encoded = !of_kind(MediaKind::Video).all(Spec::is_passed_through);
        wishes.extend(of_pictures(&settings.encode, lineup, are_encoded));
    }
    if of_kind(MediaKind::Audio).next().is_some() {
        let encoders = lineup.candidates(MediaKind::Audio).flat_map(Candidates::iter).cloned().collect();
        wishes.push(Wish { unmet: "no Opus can be encoded here".to_owned(), encoders });
    }
    wishes
}

/// What is named is one wish each; what is not is left to be chosen, and has to be for everybody.
fn of_pictures(encode: &encoder::Settings, lineup: &Lineup, are_encoded: bool) -> Vec<Wish> {
    let here: Vec<_> = lineup.candidates(MediaKind::Video).flat_map(Candidates::iter).collect();
    let of_codecs = |codecs: &[Codec]| {
        // One whose device is missing or another's is told of elsewhere.
        let can = |encoder: &&Encoder| codecs.contains(&encoder.row.codec) && encoder.device() == Device::Usable;
        here.iter().copied().filter(can).cloned().collect()
    };
    let mut wishes = Vec::new();
    if let ElementChoice::Named(name) = &encode.element {
        let encoders: Vec<_> = here.iter().copied().filter(|encoder| encoder.row.element == *name).cloned().collect();
        // One for sound is no wish of this kind.
        if !encoders.is_empty() {
            wishes.push(Wish { unmet: format!("encoder = {name:?} does not work here"), encoders });
        }
    }
    let (asked, is_whole): (&[Codec], bool) = match &encode.codecs {
        CodecChoice::Auto => (&[], false),
        CodecChoice::First(codec) => (std::slice::from_ref(codec), EVERYBODY_PLAYS.contains(codec)),
        CodecChoice::Only(codecs) => (codecs, true),
    };
    wishes.extend(asked.iter().map(|codec| Wish {
        unmet: format!("no {codec} can be encoded here, which [encode] codec asks for"),
        encoders: of_codecs(&[*codec]),
    }));
    if are_encoded && !is_whole {
        let unmet = "neither H.264 nor VP8 can be encoded here".to_owned();
        wishes.push(Wish { unmet, encoders: of_codecs(&EVERYBODY_PLAYS) });
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        doctor::Found,
        encoder::{Fault, Report},
    };

    const PICTURES: &str = "[video.picture]\nsource = 'test'\n";

    /// What is asked for by a configuration, on a machine with the encoders of GStreamer's usual plug-ins.
    fn wishes(configuration: &str) -> Wishes {
        gst::init().unwrap();
        Wishes::of(&config::parse(configuration).unwrap())
    }

    /// What is found where these work, and these are too slow.
    fn told(configuration: &str, works: &[&str], slow: &[&str]) -> Vec<String> {
        let wishes = wishes(configuration);
        let trials = |faults: Vec<Fault>| Some(vec![(None, Report { frames_per_second: 12.0, faults })]);
        let row = |encoder: &Encoder| {
            let is_one = |of: &[&str]| of.contains(&encoder.row.element.as_str());
            let trials = match (is_one(works), is_one(slow)) {
                (true, _) => trials(Vec::new()),
                (_, true) => trials(vec![Fault::Slow { wanted: 30 }]),
                _ => None,
            };
            Found { encoder: encoder.clone(), trials, device: Device::Usable, is_earlier: false }
        };
        let rows = wishes.iter().flat_map(Wish::encoders).map(row).collect();
        wishes.findings(&Encoders { rows }).iter().map(|finding| finding.to_string()).collect()
    }

    fn unmet(configuration: &str, works: &[&str]) -> Vec<String> {
        let told = told(configuration, works, &[]);
        let of_line =
            |line: &String| line.strip_prefix("failure  encoders: ")?.split_once(':').map(|(what, _)| what.to_owned());
        told.iter().filter_map(of_line).collect()
    }

    #[test]
    fn what_everybody_plays_suffices_where_nothing_is_named() {
        assert_eq!(unmet("", &["vp8enc", "opusenc"]), [""; 0]);
        assert_eq!(unmet("", &["x264enc", "opusenc"]), [""; 0]);
        assert_eq!(unmet("", &["av1enc", "opusenc"]), ["neither H.264 nor VP8 can be encoded here"]);
        assert_eq!(unmet("", &["x264enc"]), ["no Opus can be encoded here"]);
    }

    #[test]
    fn what_no_source_needs_is_no_wish() {
        assert_eq!(unmet("[[member]]\naudio = 'none'\n", &["x264enc"]), [""; 0]);
        assert_eq!(unmet("[[member]]\nvideo = 'none'\n", &["opusenc"]), [""; 0]);
    }

    #[test]
    fn each_codec_that_is_named_is_a_wish_and_those_of_a_list_are_all() {
        let named = |codec: &str, works: &[&str]| unmet(&format!("[encode]\ncodec = {codec}\n"), works);
        assert_eq!(named("'vp9'", &["vp9enc", "vp8enc", "opusenc"]), [""; 0]);
        assert_eq!(
            named("'vp9'", &["vp8enc", "opusenc"]),
            ["no vp9 can be encoded here, which [encode] codec asks for"]
        );
        assert_eq!(named("'vp9'", &["vp9enc", "opusenc"]), ["neither H.264 nor VP8 can be encoded here"]);
        assert_eq!(named("['vp9']", &["vp9enc", "opusenc"]), [""; 0]);
        assert_eq!(named("'vp8'", &["vp8enc", "opusenc"]), [""; 0]);
    }

    #[test]
    fn an_encoder_that_is_named_has_to_work_itself() {
        let named = "[encode]\nencoder = 'openh264enc'\n";
        assert_eq!(unmet(named, &["openh264enc", "opusenc"]), [""; 0]);
        assert_eq!(unmet(named, &["x264enc", "opusenc"]), ["encoder = \"openh264enc\" does not work here"]);
    }

    #[test]
    fn what_is_not_here_is_a_failure_with_what_is() {
        let told = told("[encode]\nencoder = 'nvv4l2h264enc'\n", &[], &[]);
        let [told] = &told[..] else { panic!("{told:?}") };
        assert!(
            told.starts_with("failure  encoders: the daemon does not start with [encode] as it is: encoder = "),
            "{told}"
        );
        assert!(told.contains("package nvidia-l4t-gstreamer brings it"), "{told}");
    }

    #[test]
    fn the_finding_names_what_works_or_why_nothing_does() {
        let both = told(PICTURES, &["x264enc", "opusenc"], &[]);
        assert_eq!(
            both,
            ["ok       encoders: by trial there are x264enc (h264, 12 frames/s), opusenc (opus, 12 frames/s)"]
        );
        let none = told(PICTURES, &["opusenc"], &["x264enc"]);
        assert!(
            none[0].ends_with("x264enc: it is too slow: 30 frames/s are wanted  ->  peergate doctor --encoders (tries all, and says what helps)"),
            "{none:?}"
        );
        let nothing = told(PICTURES, &["opusenc"], &[]);
        assert!(nothing[0].contains(": none is installed that could  ->  "), "{nothing:?}");
    }
}
