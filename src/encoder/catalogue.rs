//! The encoders that are known here: `pipelines/encoders.toml` and a template for each.

use serde::Deserialize;

use super::{Encoder, entry::Row};

const ROWS: &str = include_str!("../../pipelines/encoders.toml");

/// The templates that the catalogue names. A new encoder is a line here, an entry in the catalogue and a file.
const TEMPLATES: &[(&str, &str)] = &[
    ("x264enc", include_str!("../../pipelines/encode/x264enc.launch")),
    ("openh264enc", include_str!("../../pipelines/encode/openh264enc.launch")),
    ("vp8enc", include_str!("../../pipelines/encode/vp8enc.launch")),
    ("vp9enc", include_str!("../../pipelines/encode/vp9enc.launch")),
    ("av1enc", include_str!("../../pipelines/encode/av1enc.launch")),
    ("svtav1enc", include_str!("../../pipelines/encode/svtav1enc.launch")),
    ("opusenc", include_str!("../../pipelines/encode/opusenc.launch")),
];

/// Every encoder of the catalogue, installed or not.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "a test reads the embedded catalogue")]
pub fn catalogue() -> Vec<Encoder> {
    #[derive(Deserialize)]
    struct File {
        encoder: Vec<Row>,
    }
    let rows = toml::from_str::<File>(ROWS).expect("the embedded catalogue is well-formed").encoder;
    rows.into_iter().map(|row| Encoder { template: template(&row.template).into(), row }).collect()
}

fn template(name: &str) -> &'static str {
    // A test looks every entry's template up.
    TEMPLATES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_its_template() {
        for encoder in catalogue() {
            assert!(encoder.template.contains(&encoder.row.element), "{}", encoder.row.element);
        }
    }
}
