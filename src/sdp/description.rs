//! A whole description: its sections, and the one transport that they share.

use std::collections::HashMap;

use super::{
    Excerpt, Fingerprint, Outline, Place, SdpError,
    lines::{Attribute, Lines},
    section::{self, CheckedSection, Setup, TransportLines},
    source,
};

/// A description that has been understood, with all that is handed on of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    /// `o=`'s session id and version.
    pub(super) origin: (u64, u64),
    /// `a=ice-lite`: the sender only answers checks.
    pub(super) ice_lite: bool,
    /// How the sections that are wanted are reached.
    pub(super) transport: Transport,
    /// The mids of `a=group:BUNDLE`.
    pub(super) bundle: Vec<String>,
    /// The sections in order.
    pub(super) sections: Vec<CheckedSection>,
}

/// The one transport of all sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transport {
    pub(super) ufrag: String,
    pub(super) password: String,
    pub(super) setup: Setup,
    pub(super) fingerprint: Fingerprint,
}

impl Description {
    /// Reads `text`, whether offer or answer.
    pub(super) fn parse(text: &str) -> Result<Self, SdpError> {
        let lines = Lines::parse(text)?;
        limit_ssrcs(&lines)?;
        let direction = section::direction(Place::Session, &lines.session)?;
        let session = TransportLines::read(Place::Session, &lines.session)?;
        let (mut sections, mut transport) = (Vec::new(), None);
        for (index, section_lines) in lines.sections.iter().enumerate() {
            let (checked, found) = section::read(index, section_lines, direction)?;
            check_mid(index, &sections, &checked)?;
            if !checked.section.rejected {
                let found = Transport::of(index, found, &session)?;
                match &transport {
                    None => transport = Some(found),
                    Some(first) => found.check_same(index, first)?,
                }
            }
            sections.push(checked);
        }
        if sections.first().is_none_or(|first| first.section.rejected) {
            return Err(SdpError::FirstRejected);
        }
        check_payload_types(&sections)?;
        let bundle = bundle(&lines.session, &sections)?;
        Ok(Self {
            origin: origin(lines.origin),
            ice_lite: lines.session.iter().any(|attribute| attribute.name == "ice-lite"),
            transport: transport.ok_or(SdpError::FirstRejected)?,
            bundle,
            sections,
        })
    }

    /// What the description says.
    pub(super) fn outline(&self) -> Outline {
        Outline {
            sections: self.sections.iter().map(|checked| checked.section.clone()).collect(),
            bundle: self.bundle.clone(),
            fingerprint: self.transport.fingerprint.clone(),
        }
    }
}

impl Transport {
    fn of(index: usize, own: TransportLines, session: &TransportLines) -> Result<Self, SdpError> {
        let place = Place::Section(index);
        let missing = |attribute| SdpError::Missing { place, attribute };
        Ok(Self {
            ufrag: own.ufrag.or_else(|| session.ufrag.clone()).ok_or_else(|| missing("ice-ufrag"))?,
            password: own.password.or_else(|| session.password.clone()).ok_or_else(|| missing("ice-pwd"))?,
            setup: own.setup.or(session.setup).ok_or_else(|| missing("setup"))?,
            fingerprint: match (own.fingerprint, &session.fingerprint) {
                (Some(own), Some(session)) if own != *session => {
                    return Err(SdpError::Differs { place, attribute: "fingerprint" });
                }
                (own, session) => own.or_else(|| session.clone()).ok_or_else(|| missing("fingerprint"))?,
            },
        })
    }

    fn check_same(&self, index: usize, first: &Self) -> Result<(), SdpError> {
        let place = Place::Section(index);
        let differing = [
            ("ice-ufrag", self.ufrag != first.ufrag),
            ("ice-pwd", self.password != first.password),
            ("setup", self.setup != first.setup),
            ("fingerprint", self.fingerprint != first.fingerprint),
        ];
        match differing.into_iter().find(|(_, differs)| *differs) {
            Some((attribute, _)) => Err(SdpError::Differs { place, attribute }),
            None => Ok(()),
        }
    }
}

/// Before anything is made of them.
fn limit_ssrcs(lines: &Lines<'_>) -> Result<(), SdpError> {
    let attributes = lines.sections.iter().flat_map(|section| &section.attributes);
    let count = attributes.filter(|attribute| attribute.name == "ssrc").count();
    if count <= source::MAX_SSRC_LINES { Ok(()) } else { Err(SdpError::TooManySsrcs(count)) }
}

fn check_mid(index: usize, before: &[CheckedSection], checked: &CheckedSection) -> Result<(), SdpError> {
    let mid = &checked.section.mid;
    if before.iter().any(|other| other.section.mid == *mid) {
        return Err(SdpError::RepeatedMid { place: Place::Section(index), mid: Excerpt::new(mid) });
    }
    Ok(())
}

/// On one transport, a payload type alone may have to tell what a packet is (RFC 8843, section 10.1.2).
fn check_payload_types(sections: &[CheckedSection]) -> Result<(), SdpError> {
    let mut known = HashMap::new();
    for (index, checked) in sections.iter().enumerate() {
        for format in &checked.section.formats {
            let meaning = (checked.section.kind, format.encoding_name.as_str(), format.clock_rate);
            if *known.entry(format.payload_type).or_insert(meaning) != meaning {
                let (place, payload_type) = (Place::Section(index), format.payload_type);
                return Err(SdpError::PayloadTypeTwice { place, payload_type });
            }
        }
    }
    Ok(())
}

/// The mids of `a=group:BUNDLE`: those of all wanted sections, the first section's first. webrtcbin ends the process
/// where the two sides do not agree on whose transport it is.
fn bundle(session: &[Attribute<'_>], sections: &[CheckedSection]) -> Result<Vec<String>, SdpError> {
    let mut groups = session
        .iter()
        .filter(|attribute| attribute.name == "group")
        .map(|attribute| attribute.value.split_ascii_whitespace())
        .filter_map(|mut words| (words.next() == Some("BUNDLE")).then_some(words));
    let mids: Vec<&str> = groups.next().into_iter().flatten().collect();
    if groups.next().is_some() {
        return Err(SdpError::Repeated { place: Place::Session, attribute: "group:BUNDLE" });
    }
    for (at, mid) in mids.iter().enumerate() {
        let wanted = sections.iter().any(|checked| checked.section.mid == **mid && !checked.section.rejected);
        if !wanted || mids[..at].contains(mid) {
            return Err(SdpError::BundleMid { got: Excerpt::new(mid) });
        }
    }
    for (index, checked) in sections.iter().enumerate() {
        let mid = checked.section.mid.as_str();
        if !checked.section.rejected && !mids.contains(&mid) {
            return Err(SdpError::NotBundled { place: Place::Section(index), mid: Excerpt::new(mid) });
        }
    }
    match (mids.first(), sections.first()) {
        (Some(tag), Some(first)) if *tag != first.section.mid => {
            Err(SdpError::BundleTag { expected: Excerpt::new(&first.section.mid), got: Excerpt::new(tag) })
        }
        _ => Ok(mids.into_iter().map(str::to_owned).collect()),
    }
}

/// The id and the version of an `o=` line; zeros where it has none. They only come back in the answer.
fn origin(value: &str) -> (u64, u64) {
    let mut numbers = value.split_ascii_whitespace().skip(1).map(|word| word.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
