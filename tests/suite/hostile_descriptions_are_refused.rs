//! Each hostile description stops at the guard, with an error that says what was wrong with it.

use peergate::sdp::{RemoteAnswer, RemoteOffer, SdpError};

use crate::common::{
    hostile::{self, Hostile},
    recorded_sdp,
};

const OFFER: &str = "offer_webrtcbin_all";
const ANSWER: &str = "answer_chromium_camera_to_webrtcbin_all";

fn offer_error(mutate: fn(&str) -> String) -> SdpError {
    RemoteOffer::parse(&mutate(&recorded_sdp::one("offer_chromium_camera"))).unwrap_err()
}

fn answer_error(mutate: fn(&str) -> String) -> SdpError {
    RemoteAnswer::parse(&mutate(&recorded_sdp::one(ANSWER)), &recorded_sdp::one(OFFER)).unwrap_err()
}

/// A test for each row, and one that no row is left out.
macro_rules! refused {
    ($list:expr, $errors:expr, { $($name:ident => $error:pat,)* }) => {
        $(
            #[test]
            fn $name() {
                let errors: &[fn(fn(&str) -> String) -> SdpError] = $errors;
                for error in errors {
                    let error = error(hostile::$name);
                    assert!(matches!(error, $error), "{error}");
                    assert!(error.to_string().starts_with("expected "), "{error}");
                }
            }
        )*

        #[test]
        fn each_has_a_test() {
            let list: &[Hostile] = $list;
            assert_eq!(list.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [$(stringify!($name)),*]);
        }
    };
}

mod as_offer_and_as_answer {
    use super::*;
    refused!(hostile::DESCRIPTIONS, &[offer_error, answer_error], {
        no_text => SdpError::NotSdp,
        no_sdp => SdpError::NotALine { line: 1, .. },
        no_sections => SdpError::NoSections,
        two_hundred_sections => SdpError::TooManySections,
        seventy_kibibytes => SdpError::TooLong(_),
        an_endless_line => SdpError::LineTooLong { bytes: 5011, .. },
        a_nul_byte => SdpError::Control { .. },
        an_unknown_kind => SdpError::Kind { .. },
        plain_rtp => SdpError::Protocol { .. },
        no_mid => SdpError::Missing { attribute: "mid", .. },
        a_long_mid => SdpError::Invalid { attribute: "mid", .. },
        the_same_mid_twice => SdpError::RepeatedMid { .. },
        no_fingerprint => SdpError::Missing { attribute: "fingerprint", .. },
        a_sha1_fingerprint => SdpError::Invalid { attribute: "fingerprint", .. },
        a_short_fingerprint => SdpError::Invalid { attribute: "fingerprint", .. },
        fingerprints_that_differ => SdpError::Differs { attribute: "fingerprint", .. },
        no_setup => SdpError::Missing { attribute: "setup", .. },
        an_unknown_setup => SdpError::Invalid { attribute: "setup", .. },
        no_ufrag => SdpError::Missing { attribute: "ice-ufrag", .. },
        a_short_ufrag => SdpError::Invalid { attribute: "ice-ufrag", .. },
        a_ufrag_with_a_space => SdpError::Invalid { attribute: "ice-ufrag", .. },
        ufrags_that_differ => SdpError::Differs { attribute: "ice-ufrag", .. },
        a_short_password => SdpError::Invalid { attribute: "ice-pwd", .. },
        two_directions => SdpError::Repeated { .. },
        payload_type_200 => SdpError::MediaLine { .. },
        a_payload_type_in_words => SdpError::MediaLine { .. },
        a_codec_under_two_names => SdpError::Invalid { attribute: "rtpmap", .. },
        caps_through_fmtp => SdpError::ReservedParameter { .. },
        a_flood_of_ssrcs => SdpError::TooManySsrcs(399..),
        no_bundle => SdpError::NotBundled { .. },
        a_section_outside_of_the_bundle => SdpError::NotBundled { .. },
        a_bundle_of_strangers => SdpError::BundleMid { .. },
        another_section_leads_the_bundle => SdpError::BundleTag { .. },
        all_rejected => SdpError::FirstRejected,
    });
}

mod as_offer {
    use super::*;
    refused!(hostile::OFFERS, &[offer_error], {
        the_channel_before_the_media => SdpError::ApplicationFirst,
        a_rejected_section => SdpError::RejectedInOffer { .. },
    });
}

mod as_answer {
    use super::*;
    refused!(hostile::ANSWERS, &[answer_error], {
        the_channel_becomes_audio => SdpError::KindChanged { .. },
        audio_becomes_video => SdpError::KindChanged { .. },
        mids_change_places => SdpError::MidChanged { .. },
        sections_change_places => SdpError::KindChanged { .. },
        one_section_more => SdpError::SectionCount { .. },
        one_section_less => SdpError::SectionCount { .. },
        actpass => SdpError::ActpassAnswer,
        a_payload_type_that_was_not_offered => SdpError::NotOffered { .. },
        a_payload_type_that_means_another_codec => SdpError::FormatChanged { .. },
    });
}

#[test]
fn an_answer_does_not_send_where_we_do_not_receive() {
    let offer = recorded_sdp::one(OFFER).replacen("a=sendrecv", "a=sendonly", 1);
    let error = RemoteAnswer::parse(&recorded_sdp::one(ANSWER), &offer).unwrap_err();
    assert_eq!(error.to_string(), "expected a direction in section 0 that fits sendonly in our offer, got sendrecv");
}

#[test]
fn a_bad_offer_of_ours_is_not_blamed_on_the_peer() {
    let error = RemoteAnswer::parse(&recorded_sdp::one(ANSWER), "nonsense").unwrap_err();
    assert!(matches!(error, SdpError::OurOffer(_)), "{error}");
}

#[test]
fn another_certificate_passes_here_and_is_known_for_the_check_that_follows() {
    let offer = recorded_sdp::one(OFFER);
    let honest = RemoteAnswer::parse(&recorded_sdp::one(ANSWER), &offer).unwrap();
    let text = hostile::the_fingerprint_of_another_certificate(&recorded_sdp::one(ANSWER));
    let tampered = RemoteAnswer::parse(&text, &offer).unwrap();
    assert_ne!(tampered.outline.fingerprint, honest.outline.fingerprint);
}
