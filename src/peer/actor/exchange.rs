//! Descriptions and candidates: what is exchanged before media can flow.

use std::net::IpAddr;

use super::{Actor, Outcome, failed};
use crate::{
    connection::PeerEvent,
    peer::{channel::Channel, negotiation},
    sdp::{self, RemoteAnswer, RemoteCandidate, RemoteOffer},
    signal::message::{Candidate, Description, DescriptionKind},
};

/// Candidates that came before the remote description.
const CANDIDATE_LIMIT: usize = 64;

impl Actor {
    pub(super) async fn offer(&mut self) -> Outcome {
        self.warm_up();
        self.claimed = negotiation::plan_offer(self.webrtc.bin(), &self.tracks, &self.stream).map_err(failed)?;
        self.webrtc.pipeline().set_state(gst::State::Ready).await.map_err(failed)?;
        if let Some(settings) = &self.settings.channel {
            self.channel = Channel::create(self.webrtc.bin(), settings, &self.signals);
        }
        self.webrtc.pipeline().set_state(gst::State::Playing).await.map_err(failed)?;
        // An answer that comes late, to an offer of ours from before, then does not fit this one.
        let tag = format!("{:06x}", rand::random::<u32>() >> 8);
        let offer = self.webrtc.offer(|sdp| sdp::local::write_mids(sdp, &tag)).await.map_err(failed)?;
        self.description = offer;
        self.describe(DescriptionKind::Offer).await
    }

    pub(super) async fn accept_offer(&mut self, offer: &RemoteOffer) -> Outcome {
        self.warm_up();
        self.expect(&offer.outline);
        let plan = negotiation::plan_answer(self.webrtc.bin(), &self.tracks, &self.stream, &offer.outline, &offer.text)
            .map_err(failed)?;
        self.claimed = plan.claimed;
        self.webrtc.pipeline().set_state(gst::State::Playing).await.map_err(failed)?;
        self.webrtc.accept_offer(&plan.offer).await.map_err(failed)?;
        let ours = self.settings.certificate.fingerprint();
        let answer = self.webrtc.answer(|sdp| sdp::local::write_fingerprint(sdp, ours)).await.map_err(failed)?;
        self.description.clone_from(&answer);
        self.prepare(&answer).await?;
        self.describe(DescriptionKind::Answer).await?;
        self.add_early_candidates();
        Ok(())
    }

    pub(super) async fn accept_answer(&mut self, answer: &RemoteAnswer) -> Outcome {
        self.expect(&answer.outline);
        match negotiation::nothing_to_receive(&answer.outline, &answer.text) {
            Some(mended) => {
                self.webrtc.discard_reports();
                self.claimed.iter().for_each(|claim| claim.outbound.keep_from_webrtcbin());
                self.webrtc.accept_answer(&mended).await.map_err(failed)?;
                self.webrtc.end_reports().await;
            }
            None => self.webrtc.accept_answer(&answer.text).await.map_err(failed)?,
        }
        negotiation::agree(&mut self.claimed, &answer.outline);
        self.prepare(&answer.text).await?;
        self.add_early_candidates();
        Ok(())
    }

    fn expect(&mut self, remote: &sdp::Outline) {
        self.expected = Some(remote.fingerprint.clone());
    }

    /// Has captured what will probably be sent. What it is encoded to is not known yet.
    fn warm_up(&mut self) {
        self.warm = self.tracks.iter().filter_map(|track| track.studio.warm(&track.source)).collect();
    }

    /// Takes what is sent in each section that was agreed upon.
    async fn prepare(&mut self, answer: &str) -> Outcome {
        for claim in &mut self.claimed {
            if let Some(agreed) = claim.agreed {
                let repair = negotiation::repair(claim, agreed, &self.description, answer);
                claim.outbound.prepare(agreed, repair).await.map_err(failed)?;
            }
        }
        // What is sent is taken by now.
        self.warm.clear();
        Ok(())
    }

    /// Sends our description on its way. Candidates wait in the signals' queue until we are through here.
    async fn describe(&mut self, kind: DescriptionKind) -> Outcome {
        self.mids = negotiation::mids(&self.description);
        // webrtcbin names the certificate that it would have made itself.
        let sdp = sdp::local::write_fingerprint(&self.description, self.settings.certificate.fingerprint());
        let sdp = sdp::local::write_msids(&sdp, &self.stream);
        self.tell(PeerEvent::Description(Description { kind, sdp })).await
    }

    pub(super) fn add_candidate(&mut self, candidate: RemoteCandidate) {
        if self.expected.is_some() {
            self.webrtc.add_candidate(&candidate.text);
        } else if self.early_candidates.len() < CANDIDATE_LIMIT {
            self.early_candidates.push(candidate);
        }
    }

    fn add_early_candidates(&mut self) {
        for candidate in std::mem::take(&mut self.early_candidates) {
            self.webrtc.add_candidate(&candidate.text);
        }
    }

    pub(super) async fn local_candidate(&mut self, section: u32, text: String) -> Outcome {
        if !is_worth_sending(&text) {
            return Ok(());
        }
        let sdp_mid = self.mids.get(section as usize).cloned();
        let candidate = Candidate {
            candidate: text,
            sdp_mid,
            sdp_m_line_index: u16::try_from(section).ok(),
            username_fragment: None,
        };
        self.tell(PeerEvent::Candidate(candidate)).await
    }
}

/// Whether a candidate of ours can be of use to anybody else: not with a link-local or loopback address.
fn is_worth_sending(candidate: &str) -> bool {
    let address = candidate.split(' ').nth(4).and_then(|address| address.parse::<IpAddr>().ok());
    address.is_some_and(|address| match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_and_loopback_candidates_stay_here() {
        assert!(is_worth_sending("candidate:1 1 UDP 2015363327 192.0.2.2 54788 typ host"));
        assert!(is_worth_sending("candidate:1 1 UDP 2015363327 2001:db8::1 54788 typ host"));
        for address in ["127.0.0.1", "::1", "fe80::1", "169.254.3.4", "name.local"] {
            assert!(!is_worth_sending(&format!("candidate:1 1 UDP 2015363327 {address} 54788 typ host")), "{address}");
        }
    }
}
