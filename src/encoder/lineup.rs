//! Which of the known encoders encode here.

use super::{CodecChoice, ElementChoice, Encoder, Settings};
use crate::codec::{Codec, MediaKind};

/// The video codecs that peers are offered where nothing else is asked for.
const OFFERED: [Codec; 2] = [Codec::H264, Codec::Vp8];

/// What encodes here: for each codec the encoders that can be had, in order of preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineup {
    codecs: Vec<Candidates>,
}

/// The encoders for one codec. The first that works is used; the others take over when it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// What they encode to.
    pub codec: Codec,
    first: Encoder,
    others: Vec<Encoder>,
    /// The first was asked for by its name.
    named: bool,
}

/// Why the wanted encoding is not possible here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineupError {
    /// The configuration names an element that is not in the catalogue.
    #[error("encoder = {name:?} is none that is known here; installed here: {here}; known: {known}")]
    UnknownElement {
        /// The name.
        name: String,
        /// Those that are installed.
        here: String,
        /// Those of the catalogue.
        known: String,
    },
    /// The configuration names an element that is not installed.
    #[error("encoder = {name:?} is not installed; package {package} brings it; installed here: {here}")]
    MissingElement {
        /// The name.
        name: String,
        /// What brings it.
        package: String,
        /// Those that are installed.
        here: String,
    },
    /// The configuration names an element for another codec.
    #[error("encoder = {name:?} encodes {encodes}, and codec = {wanted} is wanted; give one of the two only")]
    OtherCodec {
        /// The element.
        name: String,
        /// What it encodes to.
        encodes: Codec,
        /// What is wanted.
        wanted: String,
    },
    /// Nothing that is installed encodes this codec.
    #[error("nothing here encodes {codec}; install one of: {packages}")]
    NoEncoder {
        /// The codec.
        codec: String,
        /// What brings an encoder for it.
        packages: String,
    },
}

impl Lineup {
    /// Chooses what `settings` ask for among what is installed.
    ///
    /// # Errors
    /// When it is not there, with what is.
    pub fn choose(settings: &Settings) -> Result<Self, LineupError> {
        Self::choose_among(settings, Encoder::is_installed)
    }

    fn choose_among(settings: &Settings, is_installed: impl Fn(&Encoder) -> bool) -> Result<Self, LineupError> {
        let all: Vec<_> = settings.catalogue.iter().cloned().collect();
        let here: Vec<_> = all.iter().filter(|encoder| is_installed(encoder)).cloned().collect();
        let named = match &settings.element {
            ElementChoice::Named(name) => Some(named(name, &all, &here, &settings.codecs)?),
            ElementChoice::Auto => None,
        };
        let mut codecs = Vec::new();
        for wanted in order(&settings.codecs, named.as_ref().map(|named| named.row.codec)) {
            let encoders = named.iter().chain(&here).filter(|encoder| encoder.row.codec == wanted.codec);
            match Candidates::of(encoders, named.as_ref()) {
                Some(candidates) => codecs.push(candidates),
                None if wanted.asked_for => return Err(no_encoder(&all, wanted.codec)),
                None => {}
            }
        }
        Ok(Self { codecs })
    }

    /// What encodes this kind of media, in order of preference.
    pub fn candidates(&self, kind: MediaKind) -> impl Iterator<Item = &Candidates> {
        self.codecs.iter().filter(move |candidates| candidates.codec.kind() == kind)
    }
}

impl Candidates {
    /// The one that is preferred.
    #[must_use]
    pub const fn first(&self) -> &Encoder {
        &self.first
    }

    /// All of them, in order of preference.
    pub fn iter(&self) -> impl Iterator<Item = &Encoder> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether the one at `index` is used without having been tried: software runs on any machine, and who asks for one
    /// by its name knows why.
    #[must_use]
    pub fn is_trusted(&self, index: usize) -> bool {
        let is_named = index == 0 && self.named;
        is_named || self.iter().nth(index).is_some_and(Encoder::is_software)
    }

    fn of<'a>(mut encoders: impl Iterator<Item = &'a Encoder>, named: Option<&Encoder>) -> Option<Self> {
        let first = encoders.next()?;
        let mut candidates =
            Self { codec: first.row.codec, first: first.clone(), others: Vec::new(), named: named == Some(first) };
        for encoder in encoders {
            if candidates.iter().all(|known| known.row.element != encoder.row.element) {
                candidates.others.push(encoder.clone());
            }
        }
        Some(candidates)
    }
}

/// A codec in the order of preference.
struct Wanted {
    codec: Codec,
    /// It is an error when nothing encodes it.
    asked_for: bool,
}

/// Pictures first; `named` is the codec of the element that is wanted.
fn order(choice: &CodecChoice, named: Option<Codec>) -> Vec<Wanted> {
    let (asked_for, others): (Vec<Codec>, &[Codec]) = match choice {
        CodecChoice::Auto => (named.into_iter().collect(), &OFFERED),
        CodecChoice::First(codec) => (vec![*codec], &OFFERED),
        CodecChoice::Only(codecs) => (codecs.clone(), &[]),
    };
    let others = others.iter().chain(&[Codec::Opus]).filter(|codec| !asked_for.contains(codec));
    let others: Vec<_> = others.map(|codec| Wanted { codec: *codec, asked_for: false }).collect();
    asked_for.into_iter().map(|codec| Wanted { codec, asked_for: true }).chain(others).collect()
}

fn named(name: &str, all: &[Encoder], here: &[Encoder], choice: &CodecChoice) -> Result<Encoder, LineupError> {
    let Some(known) = all.iter().find(|encoder| encoder.row.element == name) else {
        return Err(LineupError::UnknownElement { name: name.to_owned(), here: elements(here), known: elements(all) });
    };
    if !here.contains(known) {
        return Err(LineupError::MissingElement {
            name: name.to_owned(),
            package: known.row.package.clone(),
            here: elements(here),
        });
    }
    let wanted: &[Codec] = match choice {
        CodecChoice::Auto => return Ok(known.clone()),
        CodecChoice::First(codec) => std::slice::from_ref(codec),
        CodecChoice::Only(codecs) => codecs,
    };
    if wanted.contains(&known.row.codec) {
        return Ok(known.clone());
    }
    let wanted = wanted.iter().map(Codec::to_string).collect::<Vec<_>>().join(", ");
    Err(LineupError::OtherCodec { name: name.to_owned(), encodes: known.row.codec, wanted })
}

fn no_encoder(all: &[Encoder], codec: Codec) -> LineupError {
    let mut packages: Vec<&str> = Vec::new();
    for encoder in all.iter().filter(|encoder| encoder.row.codec == codec) {
        if !packages.contains(&encoder.row.package.as_str()) {
            packages.push(&encoder.row.package);
        }
    }
    let packages = if packages.is_empty() { "none is known".to_owned() } else { packages.join(", ") };
    LineupError::NoEncoder { codec: codec.to_string(), packages }
}

fn elements(encoders: &[Encoder]) -> String {
    let video: Vec<_> = encoders
        .iter()
        .filter(|encoder| encoder.row.codec.kind() == MediaKind::Video)
        .map(|encoder| encoder.row.element.as_str())
        .collect();
    if video.is_empty() { "none".to_owned() } else { video.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(codecs: CodecChoice, element: ElementChoice) -> Settings {
        Settings { codecs, element, ..Settings::default() }
    }

    /// The codecs' candidates, with `>` between them.
    fn lineup(settings: &Settings, installed: &[&str]) -> Result<Vec<String>, LineupError> {
        let lineup = Lineup::choose_among(settings, |encoder| installed.contains(&encoder.row.element.as_str()))?;
        let elements =
            |codec: &Candidates| codec.iter().map(|one| one.row.element.as_str()).collect::<Vec<_>>().join(" > ");
        Ok(lineup.codecs.iter().map(elements).collect())
    }

    #[test]
    fn h264_comes_first_where_it_can_be_encoded() {
        let settings = settings(CodecChoice::Auto, ElementChoice::Auto);
        assert_eq!(
            lineup(&settings, &["vp8enc", "x264enc", "openh264enc"]).unwrap(),
            ["x264enc > openh264enc", "vp8enc"]
        );
        assert_eq!(lineup(&settings, &["vp8enc", "openh264enc"]).unwrap(), ["openh264enc", "vp8enc"]);
        assert_eq!(lineup(&settings, &["vp8enc"]).unwrap(), ["vp8enc"]);
    }

    #[test]
    fn the_wanted_codec_comes_first_and_the_others_after_it() {
        let settings = settings(CodecChoice::First(Codec::Vp8), ElementChoice::Auto);
        assert_eq!(lineup(&settings, &["vp8enc", "x264enc"]).unwrap(), ["vp8enc", "x264enc"]);
    }

    #[test]
    fn the_wanted_element_is_used_and_its_codec_comes_first() {
        let settings = settings(CodecChoice::Auto, ElementChoice::Named("vp8enc".to_owned()));
        assert_eq!(lineup(&settings, &["vp8enc", "x264enc"]).unwrap(), ["vp8enc", "x264enc"]);
    }

    #[test]
    fn the_others_take_over_from_the_wanted_element() {
        let settings = settings(CodecChoice::Auto, ElementChoice::Named("openh264enc".to_owned()));
        assert_eq!(lineup(&settings, &["x264enc", "openh264enc"]).unwrap(), ["openh264enc > x264enc"]);
    }

    #[test]
    fn vp9_and_av1_are_there_when_asked_for() {
        let installed = ["x264enc", "vp9enc", "av1enc"];
        assert_eq!(
            lineup(&settings(CodecChoice::First(Codec::Av1), ElementChoice::Auto), &installed).unwrap(),
            ["av1enc", "x264enc"]
        );
        assert_eq!(lineup(&settings(CodecChoice::Auto, ElementChoice::Auto), &installed).unwrap(), ["x264enc"]);
    }

    #[test]
    fn a_list_is_all_that_is_offered_in_its_order() {
        let list = |codecs: &[Codec]| settings(CodecChoice::Only(codecs.to_vec()), ElementChoice::Auto);
        let all = ["vp8enc", "x264enc", "vp9enc", "av1enc", "opusenc"];
        let wanted = list(&[Codec::Av1, Codec::Vp8]);
        assert_eq!(lineup(&wanted, &all).unwrap(), ["av1enc", "vp8enc", "opusenc"]);
        let error = lineup(&wanted, &["vp8enc"]).unwrap_err();
        assert!(matches!(&error, LineupError::NoEncoder { codec, .. } if codec == "av1"), "{error}");
    }

    #[test]
    fn the_wanted_element_encodes_its_codec_of_a_list() {
        let codecs = CodecChoice::Only(vec![Codec::Vp8, Codec::H264]);
        let element = |name: &str| ElementChoice::Named(name.to_owned());
        let all = ["vp8enc", "x264enc", "openh264enc", "av1enc"];
        let chosen = lineup(&settings(codecs.clone(), element("openh264enc")), &all).unwrap();
        assert_eq!(chosen, ["vp8enc", "openh264enc > x264enc"]);
        let error = lineup(&settings(codecs, element("av1enc")), &all).unwrap_err();
        assert_eq!(
            error.to_string(),
            "encoder = \"av1enc\" encodes av1, and codec = vp8, h264 is wanted; give one of the two only"
        );
    }

    #[test]
    fn a_missing_element_is_named_with_its_package_and_what_is_there() {
        let settings = settings(CodecChoice::Auto, ElementChoice::Named("openh264enc".to_owned()));
        let error = lineup(&settings, &["x264enc", "vp8enc"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "encoder = \"openh264enc\" is not installed; package gstreamer1.0-plugins-bad brings it; \
             installed here: x264enc, vp8enc"
        );
    }

    #[test]
    fn a_codec_without_encoder_names_the_packages() {
        let error = lineup(&settings(CodecChoice::First(Codec::H264), ElementChoice::Auto), &["vp8enc"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing here encodes h264; install one of: gstreamer1.0-plugins-bad, nvidia-l4t-gstreamer, \
             gstreamer1.0-rockchip1, gstreamer1.0-plugins-good, gstreamer1.0-vaapi, gstreamer1.0-plugins-ugly"
        );
    }

    #[test]
    fn an_element_and_another_codec_contradict_each_other() {
        let error =
            lineup(&settings(CodecChoice::First(Codec::Vp8), ElementChoice::Named("x264enc".to_owned())), &["x264enc"]);
        assert!(matches!(error, Err(LineupError::OtherCodec { .. })));
    }
}
