//! The encoders that are known: `pipelines/encoders.toml` and a template for each, and what an operator adds.

use std::{collections::BTreeSet, io};

use serde::Deserialize;

use super::{Encoder, Picture, Target, entry::Row};
use crate::{
    codec::MediaKind,
    media::template::TemplateError,
    units::{Bitrate, Size},
};

const ROWS: &str = include_str!("../../pipelines/encoders.toml");

/// The templates of `pipelines/encode`, each by its own name.
macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../pipelines/encode/", $name, ".launch")))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "av1enc",
    "mpph264enc",
    "mppvp8enc",
    "nvav1enc",
    "nvh264enc",
    "nvv4l2h264enc",
    "openh264enc",
    "opusenc",
    "qsvav1enc",
    "qsvh264enc",
    "qsvvp9enc",
    "svtav1enc",
    "v4l2h264enc",
    "v4l2vp8enc",
    "vaapih264enc",
    "vaav1enc",
    "vaav1lpenc",
    "vah264enc",
    "vah264lpenc",
    "vavp8enc",
    "vavp8lpenc",
    "vavp9enc",
    "vavp9lpenc",
    "vp8enc",
    "vp9enc",
    "x264enc",
];

/// The encoders that are known, best first for each codec; an operator's own before all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    own: Vec<Encoder>,
    built_in: Vec<Encoder>,
}

/// What is wrong with an operator's own encoders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// It does not read as a catalogue.
    #[error("line {line}: {what}")]
    Row {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A template is not there.
    #[error("the template of {element} can't be read: expected a file {template}.launch beside the catalogue: {why}")]
    NoTemplate {
        /// The element.
        element: String,
        /// The template's name.
        template: String,
        /// What the system says.
        why: String,
    },
    /// A template asks for what there is not.
    #[error("{template}.launch: {source}")]
    Template {
        /// The template's name.
        template: String,
        /// What is wrong.
        source: TemplateError,
    },
    /// Two rows are about the same.
    #[error("{element} stands there twice for one codec; each has one row")]
    Twice {
        /// The element.
        element: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    encoder: Vec<Row>,
}

/// Those that are compiled in.
impl Default for Catalogue {
    fn default() -> Self {
        let rows = toml::from_str::<File>(ROWS).expect("the embedded catalogue is well-formed").encoder;
        let built_in = rows.into_iter().map(|row| Encoder { template: template(&row.template).into(), row });
        Self { own: Vec::new(), built_in: built_in.collect() }
    }
}

impl Catalogue {
    /// The catalogue with the rows in `text` before the others; one for an element that is known replaces what is
    /// known. `read` gives the template of a name.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn with_own(text: &str, read: impl Fn(&str) -> io::Result<String>) -> Result<Self, CatalogueError> {
        let rows = toml::from_str::<File>(text).map_err(|error| wrong_row(text, &error))?.encoder;
        let own: Vec<_> = rows.into_iter().map(|row| with_template(row, &read)).collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = own.iter().find(|encoder| !seen.insert(key(encoder))) {
            return Err(CatalogueError::Twice { element: twice.row.element.clone() });
        }
        let mut built_in = Self::default().built_in;
        built_in.retain(|encoder| !seen.contains(&key(encoder)));
        Ok(Self { own, built_in })
    }

    /// Every encoder, installed or not.
    pub fn iter(&self) -> impl Iterator<Item = &Encoder> {
        self.own.iter().chain(&self.built_in)
    }

    /// Those of the operator.
    #[must_use]
    pub fn own(&self) -> &[Encoder] {
        &self.own
    }
}

fn key(encoder: &Encoder) -> (String, String) {
    (encoder.row.codec.to_string(), encoder.row.element.clone())
}

fn wrong_row(text: &str, error: &toml::de::Error) -> CatalogueError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
    CatalogueError::Row { line, what: error.message().to_owned() }
}

fn with_template(row: Row, read: &impl Fn(&str) -> io::Result<String>) -> Result<Encoder, CatalogueError> {
    let name = row.template.clone();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) && !name.is_empty();
    let text = if is_name { read(&name) } else { Err(io::Error::other("it must be a plain name")) };
    let text = text.map_err(|error| CatalogueError::NoTemplate {
        element: row.element.clone(),
        template: name.clone(),
        why: error.to_string(),
    })?;
    let encoder = Encoder { row, template: text.into() };
    // Any values: only the placeholders' names are looked at.
    let picture = Picture { size: Size { width: 1280, height: 720 }, fps: 30 };
    let picture = (encoder.row.codec.kind() == MediaKind::Video).then_some(picture);
    let target = Target { bitrate: Bitrate::from_bits(1_000_000), picture };
    match encoder.description(&target) {
        Ok(_) => Ok(encoder),
        Err(source) => Err(CatalogueError::Template { template: name, source }),
    }
}

fn template(name: &str) -> &'static str {
    // A test looks every entry's template up.
    TEMPLATES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;

    const OWN: &str = "[[encoder]]\ncodec = 'h264'\nelement = 'omxh264enc'\ntemplate = 'omx'\npackage = 'omx'\n\
                       bitrate = { property = 'target-bitrate', unit = 'bit/s' }\n";

    fn own(rows: &str, template: &str) -> Result<Catalogue, String> {
        let read = |name: &str| match name {
            "omx" => Ok(template.to_owned()),
            _ => Err(io::Error::other("no such file")),
        };
        Catalogue::with_own(rows, read).map_err(|error| error.to_string())
    }

    #[test]
    fn every_entry_has_its_template() {
        let mut used = BTreeSet::new();
        for Encoder { row, template } in Catalogue::default().iter() {
            assert!(template.contains(&format!("! {} name=encoder", row.element)), "{}", row.element);
            assert!(row.hardware.is_none() || !row.package.is_empty());
            used.insert(row.template.clone());
        }
        assert_eq!(used.len(), TEMPLATES.len(), "each template is used");
    }

    #[test]
    fn hardware_comes_before_software() {
        for codec in Codec::ALL {
            let catalogue = Catalogue::default();
            let of_codec: Vec<_> = catalogue.iter().filter(|encoder| encoder.row.codec == codec).collect();
            assert!(of_codec.is_sorted_by_key(|encoder| encoder.is_software()), "{codec}");
            assert!(of_codec.last().is_some_and(|encoder| encoder.is_software()), "{codec}");
        }
    }

    #[test]
    fn an_operators_own_come_first_and_replace_what_is_known() {
        let catalogue = own(OWN, "queue name=in ! omxh264enc name=encoder ! appsink name=out").unwrap();
        assert_eq!(catalogue.iter().next().unwrap().row.element, "omxh264enc");
        assert_eq!(catalogue.iter().count(), Catalogue::default().iter().count() + 1);
        let other = own(&OWN.replace("omxh264enc", "x264enc"), "x264enc bitrate={bitrate}").unwrap();
        assert_eq!(other.iter().filter(|encoder| encoder.row.element == "x264enc").count(), 1);
        assert_eq!(&*other.iter().next().unwrap().template, "x264enc bitrate={bitrate}");
    }

    #[test]
    fn what_is_wrong_with_them_is_told_with_its_place() {
        let wrong = |rows: &str, template: &str| own(rows, template).unwrap_err();
        let unknown = wrong(&OWN.replace("package", "packet"), "");
        assert!(unknown.starts_with("line 5: unknown field `packet`, expected one of"), "{unknown}");
        let unit = wrong(&OWN.replace("bit/s", "baud"), "");
        assert!(unit.starts_with("line 6: unknown variant `baud`, expected `bit/s` or `kbit/s`"), "{unit}");
        let missing = wrong(&OWN.replace("'omx'\np", "'other'\np"), "");
        let expected = "the template of omxh264enc can't be read: expected a file other.launch beside the catalogue";
        assert!(missing.starts_with(expected), "{missing}");
        let outside = wrong(&OWN.replace("'omx'\np", "'../omx'\np"), "");
        assert!(outside.ends_with("it must be a plain name"), "{outside}");
        let placeholder = wrong(OWN, "omxh264enc target-bitrate={rate}");
        let expected = "omx.launch: the template asks for {rate}; it may ask for {bitrate}, {width}, {height}, {fps}";
        assert_eq!(placeholder, expected);
        assert!(wrong(&format!("{OWN}{OWN}"), "").starts_with("omxh264enc stands there twice"));
        let align = wrong(&format!("{OWN}align = [3, 2]\n"), "");
        assert!(align.contains("expected even numbers of pixels"), "{align}");
    }
}
