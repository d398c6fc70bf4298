//! Which sections a connection has: what we offer, and how we answer what is offered.

use super::{
    OutboundTrack, formats,
    outbound::{self, Agreed, Outbound, OutboundError},
};
use crate::{
    codec::{Codec, MediaKind},
    rtp::Repair,
    sdp::{self, Direction, Format, Outline, Section, SectionKind, resend},
};

/// A section in which we may send, and where it is.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) section: usize,
    pub(super) outbound: Outbound,
    /// What is sent there, where that is known before an answer.
    pub(super) agreed: Option<Agreed>,
}

/// What an offer is answered with.
#[derive(Debug)]
pub(super) struct AnswerPlan {
    pub(super) claimed: Vec<Claimed>,
    /// The offer with the sections switched off that hold nothing we know.
    pub(super) offer: String,
}

/// Sets up the sections of an offer of ours: audio, then video, each of which also receives. Media comes
/// before the data channel: with the channel first, an SSRC that no description names crashes webrtcbin.
pub(super) fn plan_offer(
    webrtcbin: &gst::Element,
    tracks: &[OutboundTrack],
    stream: &str,
) -> Result<Vec<Claimed>, OutboundError> {
    let mut claimed = Vec::new();
    for (section, kind) in [MediaKind::Audio, MediaKind::Video].into_iter().enumerate() {
        match track_of(tracks, kind) {
            Some(track) => {
                let preferences = outbound::offered(track);
                let outbound = Outbound::claim(webrtcbin, section, track.clone(), stream, preferences)?;
                claimed.push(Claimed { section, outbound, agreed: None });
            }
            None => outbound::receive_only(webrtcbin, kind, &formats::offer_caps(formats::receivable(kind), None)),
        }
    }
    Ok(claimed)
}

/// Reads from the answer what each section is sent as.
pub(super) fn agree(claimed: &mut [Claimed], answer: &Outline) {
    for claim in claimed {
        let section = answer.sections.get(claim.section);
        let taken = section.filter(|section| receives(section.direction)).and_then(formats::answered);
        claim.agreed = section.zip(taken).map(|(section, (codec, format))| agreed(section, codec, format));
    }
}

/// Sets up the sections that answer `offer`: in the first of each kind we send, if it wants that; the
/// others we receive, if we know their codec.
pub(super) fn plan_answer(
    webrtcbin: &gst::Element,
    tracks: &[OutboundTrack],
    stream: &str,
    offer: &Outline,
    text: &str,
) -> Result<AnswerPlan, OutboundError> {
    let mut plan = AnswerPlan { claimed: Vec::new(), offer: text.to_owned() };
    for (index, section) in offer.sections.iter().enumerate() {
        let SectionKind::Media(kind) = section.kind else { continue };
        let track = track_of(tracks, kind)
            .filter(|_| receives(section.direction))
            .filter(|_| plan.claimed.iter().all(|claim| claim.outbound.track.kind != kind));
        let sent = track.and_then(|track| Some((track, formats::choose(section, &track.codecs)?)));
        if let Some((track, (codec, format))) = sent {
            let preferences = |ssrc| formats::answer_caps(codec, section, format, Some(ssrc));
            let outbound = Outbound::claim(webrtcbin, index, track.clone(), stream, preferences)?;
            plan.claimed.push(Claimed { section: index, outbound, agreed: Some(agreed(section, codec, format)) });
        } else if let Some((codec, format)) = formats::choose(section, formats::receivable(kind)) {
            outbound::receive_only(webrtcbin, kind, &formats::answer_caps(codec, section, format, None));
        } else if !section.rejected {
            plan.offer = switched_off(&plan.offer, index);
        }
    }
    Ok(plan)
}

fn agreed(section: &Section, codec: Codec, format: &Format) -> Agreed {
    let transport_sequence = formats::transport_sequence(section, format);
    Agreed { codec, payload_type: format.payload_type, transport_sequence }
}

/// How what is lost of the stream in a section is sent again: as our own description says, and what was agreed upon.
pub(super) fn repair(claim: &Claimed, agreed: Agreed, ours: &str, answer: &str) -> Repair {
    if claim.outbound.track.kind == MediaKind::Audio {
        return Repair::None;
    }
    let ssrc = resend::ssrc(ours, claim.section, claim.outbound.ssrc);
    let payload_type = resend::payload_type(answer, claim.section, agreed.payload_type);
    match (ssrc, payload_type) {
        (Some(ssrc), Some(payload_type)) => Repair::Stream { ssrc, payload_type },
        _ => Repair::Repeat,
    }
}

/// An answer from which nothing will come but messages, with its media sections inactive. What we send goes past webrtcbin,
/// so it need not set up anything for them: a session, what sends again, and their threads. `None` where media will come,
/// or where there is no data channel: it alone keeps the transport then.
pub(super) fn nothing_to_receive(answer: &Outline, text: &str) -> Option<String> {
    let (data, media): (Vec<_>, Vec<_>) =
        answer.sections.iter().enumerate().partition(|(_, section)| section.kind == SectionKind::Application);
    let quiet = media.iter().all(|(_, section)| section.rejected || !section.direction.sends());
    let messages = data.iter().any(|(_, section)| !section.rejected);
    let inactive = || media.iter().fold(text.to_owned(), |text, (index, _)| switched_off(&text, *index));
    (quiet && messages).then(|| resend::without(&inactive()))
}

/// Whether a description's sender wants to receive in a section.
const fn receives(direction: Direction) -> bool {
    matches!(direction, Direction::SendRecv | Direction::RecvOnly)
}

/// The mids of a description's sections, in order.
pub(super) fn mids(sdp: &str) -> Vec<String> {
    sdp.lines().filter_map(|line| line.strip_prefix("a=mid:")).map(|mid| mid.trim().to_owned()).collect()
}

/// `sdp` with its `index`th section inactive. webrtcbin would answer a section that it has no transceiver
/// for with the first codec named there, whatever that is.
fn switched_off(sdp: &str, index: usize) -> String {
    let mut sections = 0;
    sdp::edit(sdp, |part| {
        if !part[0].starts_with("m=") {
            return;
        }
        if sections == index {
            let flows = |line: &&mut String| matches!(line.as_str(), "a=sendrecv" | "a=sendonly" | "a=recvonly");
            part.iter_mut().filter(flows).for_each(|line| "a=inactive".clone_into(line));
        }
        sections += 1;
    })
}

fn track_of(tracks: &[OutboundTrack], kind: MediaKind) -> Option<&OutboundTrack> {
    tracks.iter().find(|track| track.kind == kind && !track.codecs.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_section_is_switched_off() {
        let sdp = "v=0\r\nm=audio 9 x 1\r\na=sendrecv\r\nm=video 9 x 2\r\na=sendonly\r\n";
        assert_eq!(switched_off(sdp, 1), "v=0\r\nm=audio 9 x 1\r\na=sendrecv\r\nm=video 9 x 2\r\na=inactive\r\n");
    }

    #[test]
    fn mids_are_read_in_order() {
        assert_eq!(mids("m=audio\r\na=mid:audio0\r\nm=video\r\na=mid:video1\r\n"), ["audio0", "video1"]);
    }
}
