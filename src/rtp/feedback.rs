//! What the other side says of our streams (RTCP): what arrived, what is missing, that it needs a keyframe.

use std::collections::BTreeSet;

use rtcp_types::{Compound, Fir, Nack, Packet, Pli, Twcc, TwccPacketStatus};

/// How many lost packets one packet of messages may ask for: more than half a second of video is better begun anew.
const MAX_LOST: usize = 128;

/// How many packets it may speak of: browsers report many times a second.
const MAX_ARRIVALS: usize = 2048;

/// How many messages it may hold. Browsers send a handful.
const MAX_MESSAGES: usize = 32;

/// One thing that it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feedback {
    /// How a stream arrives.
    Report(ReceptionReport),
    /// Packets of a stream are missing, and wanted again (RFC 4585, section 6.2.1).
    Lost {
        /// Which stream.
        ssrc: u32,
        /// Their sequence numbers.
        sequences: BTreeSet<u16>,
    },
    /// A stream can't be decoded without a keyframe (RFC 4585, section 6.3.1; RFC 5104, section 4.3.1).
    Keyframe {
        /// Which stream.
        ssrc: u32,
    },
    /// When which packets arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01), in order of their numbers.
    Arrivals(Vec<Arrival>),
}

/// How a stream arrives (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceptionReport {
    /// Which stream.
    pub ssrc: u32,
    /// The highest sequence number that has arrived, and how often they began anew before it, in the upper half.
    pub highest: u32,
    /// How many were lost in all; fewer than none where some arrived twice.
    pub lost: i32,
    /// The latest of our reports that it has seen, as [`Ntp::middle`](super::Ntp::middle); 0: none.
    pub last_report: u32,
    /// How long it has known that, in 1/65536 s.
    pub delay: u32,
}

/// Whether and when a packet arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its transport-wide sequence number.
    pub sequence: u16,
    /// When, in µs by the other side's clock, from anywhere; wraps around at 2^24 times 64 ms. `None`: it has not.
    pub at: Option<u64>,
}

impl Feedback {
    /// What an RTCP packet says. What is not known, or not as it should be, is left out.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Vec<Self> {
        let Ok(compound) = Compound::parse(packet) else { return Vec::new() };
        let mut said: Vec<Self> = Vec::new();
        let (mut lost, mut arrivals) = (MAX_LOST, MAX_ARRIVALS);
        for packet in compound.take(MAX_MESSAGES).map_while(Result::ok) {
            match packet {
                Packet::Rr(report) => said.extend(report.report_blocks().map(|block| reception(&block))),
                Packet::Sr(report) => said.extend(report.report_blocks().map(|block| reception(&block))),
                Packet::TransportFeedback(feedback) => {
                    if let Ok(nack) = feedback.parse_fci::<Nack<'_>>() {
                        let sequences: BTreeSet<u16> = nack.entries().take(lost).collect();
                        lost -= sequences.len();
                        said.push(Self::Lost { ssrc: feedback.media_ssrc(), sequences });
                    } else if let Ok(message) = feedback.parse_fci::<Twcc<'_>>() {
                        let told = read_arrivals(&message, arrivals);
                        arrivals -= told.len();
                        said.push(Self::Arrivals(told));
                    }
                }
                Packet::PayloadFeedback(feedback) => {
                    let ssrcs = if feedback.parse_fci::<Pli<'_>>().is_ok() {
                        vec![feedback.media_ssrc()]
                    } else {
                        let requests = feedback.parse_fci::<Fir<'_>>();
                        requests
                            .map(|requests| requests.entries().take(4).map(|entry| entry.ssrc()).collect())
                            .unwrap_or_default()
                    };
                    for ssrc in ssrcs {
                        let request = Self::Keyframe { ssrc };
                        if !said.contains(&request) {
                            said.push(request);
                        }
                    }
                }
                _ => {}
            }
        }
        said
    }
}

fn reception(block: &rtcp_types::ReportBlock<'_>) -> Feedback {
    Feedback::Report(ReceptionReport {
        ssrc: block.ssrc(),
        highest: block.extended_sequence_number(),
        // 24 bits, with a sign.
        lost: (block.cumulative_lost() << 8).cast_signed() >> 8,
        last_report: block.last_sender_report_timestamp(),
        delay: block.delay_since_last_sender_report_timestamp(),
    })
}

/// Each time is given as the difference to the one before, the first to the message's own (section 3.1.5).
fn read_arrivals(message: &Twcc<'_>, most: usize) -> Vec<Arrival> {
    let mut clock = i64::from(message.reference_time()) * 64_000;
    let mut arrivals = Vec::new();
    for (sequence, status) in message.packets().take(most).map_while(Result::ok) {
        let at = match status {
            TwccPacketStatus::NotReceived => None,
            TwccPacketStatus::Received { delta } => {
                clock += i64::from(delta) * 250;
                Some(clock.max(0).cast_unsigned())
            }
        };
        arrivals.push(Arrival { sequence, at });
    }
    arrivals
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtcp_types::{
        PayloadFeedback, ReceiverReport, ReportBlock, RtcpPacketWriter, RtcpPacketWriterExt, TransportFeedback,
    };

    use super::*;

    fn written(packet: impl RtcpPacketWriter) -> Vec<u8> {
        let mut bytes = vec![0; packet.calculate_size().unwrap()];
        packet.write_into(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_report_on_each_stream_is_read() {
        let block = |ssrc| {
            ReportBlock::builder(ssrc)
                .extended_sequence_number(0x1_0003)
                .cumulative_lost(0xff_fffe)
                .last_sender_report_timestamp(5)
                .delay_since_last_sender_report_timestamp(6)
        };
        let report = ReceiverReport::builder(1).add_report_block(block(7)).add_report_block(block(8));
        let on =
            |ssrc| Feedback::Report(ReceptionReport { ssrc, highest: 0x1_0003, lost: -2, last_report: 5, delay: 6 });
        assert_eq!(Feedback::parse(&written(report)), [on(7), on(8)]);
    }

    #[test]
    fn lost_packets_are_named() {
        let nack = Nack::builder().add_rtp_sequence(65_535).add_rtp_sequence(1);
        let packet = TransportFeedback::builder_owned(nack).sender_ssrc(1).media_ssrc(7);
        let expected = Feedback::Lost { ssrc: 7, sequences: BTreeSet::from([1, 65_535]) };
        assert_eq!(Feedback::parse(&written(packet)), [expected]);
    }

    #[test]
    fn keyframes_are_asked_for_in_two_ways() {
        let loss = PayloadFeedback::builder_owned(Pli::builder()).sender_ssrc(1).media_ssrc(7);
        assert_eq!(Feedback::parse(&written(loss)), [Feedback::Keyframe { ssrc: 7 }]);
        let request = PayloadFeedback::builder_owned(Fir::builder().add_ssrc(8, 1)).sender_ssrc(1).media_ssrc(0);
        assert_eq!(Feedback::parse(&written(request)), [Feedback::Keyframe { ssrc: 8 }]);
    }

    #[test]
    fn arrivals_are_told_with_their_times() {
        let list = [
            TwccPacketStatus::Received { delta: 4 },
            TwccPacketStatus::NotReceived,
            TwccPacketStatus::Received { delta: -2 },
        ];
        let twcc = Twcc::builder(65_535, 2, 0, &list, None);
        let packet = TransportFeedback::builder_owned(twcc).sender_ssrc(1).media_ssrc(7);
        let at = |sequence, at| Arrival { sequence, at };
        let expected = vec![at(65_535, Some(129_000)), at(0, None), at(1, Some(128_500))];
        assert_eq!(Feedback::parse(&written(packet)), [Feedback::Arrivals(expected)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let _ = Feedback::parse(&bytes);
        }

        #[test]
        fn any_feedback_is_read_without_harm(
            (kind, format) in prop_oneof![Just((205, 1)), Just((205, 15)), Just((206, 1)), Just((206, 4)), (200_u8..208, 0_u8..32)],
            mut body: Vec<u8>,
        ) {
            body.resize(body.len().next_multiple_of(4), 0);
            let mut packet = vec![0x80 | format, kind];
            packet.extend((body.len() as u16 / 4).to_be_bytes());
            packet.extend(body);
            prop_assert!(Feedback::parse(&packet).len() <= 31);
        }
    }

    #[test]
    fn many_messages_in_a_packet_are_no_more_work_than_one() {
        let all_lost = [TwccPacketStatus::NotReceived; 2000];
        let message = written(
            TransportFeedback::builder_owned(Twcc::builder(0, 2, 0, &all_lost, None)).sender_ssrc(1).media_ssrc(7),
        );
        let request = written(PayloadFeedback::builder_owned(Pli::builder()).sender_ssrc(1).media_ssrc(7));
        let said = Feedback::parse(&[message.repeat(20), request.repeat(100)].concat());
        let told = said.iter().map(|said| if let Feedback::Arrivals(told) = said { told.len() } else { 0 });
        assert_eq!(told.sum::<usize>(), MAX_ARRIVALS);
        assert_eq!(said.iter().filter(|said| matches!(said, Feedback::Keyframe { .. })).count(), 1);
    }
}
