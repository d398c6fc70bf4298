//! A peer's offer.

use super::{Outline, Place, SdpError, SectionKind, description::Description};

/// An offer that has passed the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteOffer {
    /// The SDP, in the form that is safe to hand on.
    pub text: String,
    /// What it says.
    pub outline: Outline,
}

impl RemoteOffer {
    /// Takes what a peer sent as an offer.
    ///
    /// # Errors
    /// When it is none, when it could do harm, when it wants more than one transport, or is not a connection's first.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let description = Description::parse(text)?;
        let outline = description.outline();
        // A first offer has no reason to hold one, and webrtcbin 1.22 answers as though it were wanted.
        if let Some(index) = outline.sections.iter().position(|section| section.rejected) {
            return Err(SdpError::RejectedInOffer { place: Place::Section(index) });
        }
        // webrtcbin takes RTP that no section announces as the first section's, and crashes where that has no RTP.
        let has_media = outline.sections.iter().any(|section| matches!(section.kind, SectionKind::Media(_)));
        let application_first = outline.sections.first().is_some_and(|first| first.kind == SectionKind::Application);
        if has_media && application_first {
            return Err(SdpError::ApplicationFirst);
        }
        Ok(Self { text: description.to_text(), outline })
    }
}
