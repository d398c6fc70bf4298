//! A peer's answer, held against our offer.

use super::{
    Excerpt, Outline, Place, SdpError, Section, SectionKind,
    description::Description,
    section::{CheckedSection, Setup},
};

/// An answer that has passed the guard, and fits the offer it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteAnswer {
    /// The SDP, in the form that is safe to hand on.
    pub text: String,
    /// What it says.
    pub outline: Outline,
}

impl RemoteAnswer {
    /// Takes what a peer sent as the answer to `offer`, the text of ours.
    ///
    /// # Errors
    /// When it is none, when it could do harm, or when it does not answer `offer`.
    pub fn parse(text: &str, offer: &str) -> Result<Self, SdpError> {
        let offer = Description::parse(offer).map_err(|error| SdpError::OurOffer(Box::new(error)))?;
        let answer = Description::parse(text)?;
        if answer.transport.setup == Setup::Actpass {
            return Err(SdpError::ActpassAnswer);
        }
        let (offered, answered) = (offer.sections.len(), answer.sections.len());
        if offered != answered {
            return Err(SdpError::SectionCount { offered, answered });
        }
        for (index, (ours, theirs)) in offer.sections.iter().zip(&answer.sections).enumerate() {
            check_section(Place::Section(index), ours, theirs)?;
        }
        Ok(Self { text: answer.to_text(), outline: answer.outline() })
    }
}

fn check_section(place: Place, ours: &CheckedSection, theirs: &CheckedSection) -> Result<(), SdpError> {
    let (ours, theirs) = (&ours.section, &theirs.section);
    if ours.kind != theirs.kind {
        return Err(SdpError::KindChanged { place, offered: ours.kind, answered: theirs.kind });
    }
    if ours.mid != theirs.mid {
        let (offered, answered) = (Excerpt::new(&ours.mid), Excerpt::new(&theirs.mid));
        return Err(SdpError::MidChanged { place, offered, answered });
    }
    match (ours.rejected, theirs.rejected) {
        (_, true) => Ok(()),
        (true, false) => Err(SdpError::NotRejected { place }),
        (false, false) => check_wanted(place, ours, theirs),
    }
}

fn check_wanted(place: Place, ours: &Section, theirs: &Section) -> Result<(), SdpError> {
    let (offered, answered) = (ours.direction, theirs.direction);
    if ours.kind != SectionKind::Application && !answered.may_answer(offered) {
        return Err(SdpError::DirectionConflict { place, offered, answered });
    }
    for format in &theirs.formats {
        let payload_type = format.payload_type;
        let offered = ours.format(payload_type).ok_or(SdpError::NotOffered { place, payload_type })?;
        if (&offered.encoding_name, offered.clock_rate) != (&format.encoding_name, format.clock_rate) {
            let (offered, answered) = (Excerpt::new(&offered.encoding_name), Excerpt::new(&format.encoding_name));
            return Err(SdpError::FormatChanged { place, payload_type, offered, answered });
        }
    }
    Ok(())
}
