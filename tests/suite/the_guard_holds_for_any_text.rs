//! Whatever comes, the guard does not panic, and what it hands on says what it understood.

use peergate::{
    sdp::{ParsedCandidate, RemoteAnswer, RemoteCandidate, RemoteOffer},
    signal::message::Candidate,
};
use proptest::{prelude::*, sample::Index};

use crate::common::recorded_sdp;

/// One change to a text: where, and what.
#[derive(Debug, Clone)]
enum Change {
    DropLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
    Cut(Index),
    Insert(Index, String),
    ReplaceWord(Index, String),
}

fn change() -> impl Strategy<Value = Change> {
    let word = prop_oneof![
        Just("0".to_owned()),
        Just("-1".to_owned()),
        Just("4294967296".to_owned()),
        Just("a=sendonly\r\n".to_owned()),
        Just("BUNDLE".to_owned()),
        "[ -~]{0,8}",
        any::<String>(),
    ];
    prop_oneof![
        any::<Index>().prop_map(Change::DropLine),
        any::<Index>().prop_map(Change::RepeatLine),
        any::<(Index, Index)>().prop_map(|(a, b)| Change::SwapLines(a, b)),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), word.clone()).prop_map(|(at, text)| Change::Insert(at, text)),
        (any::<Index>(), word).prop_map(|(at, text)| Change::ReplaceWord(at, text)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    match change {
        Change::DropLine(at) => {
            lines.remove(at.index(lines.len()));
        }
        Change::RepeatLine(at) => lines.insert(at.index(lines.len()), lines[at.index(lines.len())]),
        Change::SwapLines(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
        Change::Cut(at) => lines.truncate(at.index(lines.len())),
        Change::Insert(at, new) => {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = boundaries[at.index(boundaries.len())];
            return format!("{}{new}{}", &text[..at], &text[at..]);
        }
        Change::ReplaceWord(at, new) => {
            let mut words: Vec<&str> = text.split(' ').collect();
            let at = at.index(words.len());
            words[at] = new;
            return words.join(" ");
        }
    }
    lines.concat()
}

fn assert_offer_holds(text: &str) -> Result<(), TestCaseError> {
    match RemoteOffer::parse(text) {
        Ok(offer) => {
            prop_assert!(offer.text.is_ascii());
            let again = RemoteOffer::parse(&offer.text);
            prop_assert_eq!(again, Ok(offer));
        }
        Err(error) => prop_assert!(error.to_string().len() < 300, "{}", error),
    }
    Ok(())
}

proptest! {
    #[test]
    fn as_an_offer_or_an_answer(text in any::<String>()) {
        assert_offer_holds(&text)?;
        let _ = RemoteAnswer::parse(&text, &recorded_sdp::one("offer_webrtcbin_all"));
    }

    #[test]
    fn as_a_changed_real_offer(which in any::<Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let offers: Vec<String> = recorded_sdp::all("offer_").into_values().collect();
        let text = changes.iter().fold(which.get(&offers).clone(), |text, change| apply(&text, change));
        assert_offer_holds(&text)?;
    }

    #[test]
    fn as_a_changed_real_answer(which in any::<Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let answers: Vec<(String, String)> = recorded_sdp::all("answer_").into_iter().collect();
        let (name, text) = which.get(&answers).clone();
        let text = changes.iter().fold(text, |text, change| apply(&text, change));
        let offer = recorded_sdp::offer_of(&name);
        if let Ok(answer) = RemoteAnswer::parse(&text, &offer) {
            prop_assert!(answer.text.is_ascii());
            let again = RemoteAnswer::parse(&answer.text, &offer);
            prop_assert_eq!(again, Ok(answer));
        }
    }

    #[test]
    fn as_a_changed_candidate(changes in prop::collection::vec(change(), 0..4)) {
        let real = "candidate:1 1 udp 2122260223 192.0.2.7 50694 typ srflx raddr 10.0.0.1 rport 5 generation 0".to_owned();
        let candidate = changes.iter().fold(real, |text, change| apply(&text, change));
        let parse = |candidate: String| RemoteCandidate::parse(&Candidate { candidate, sdp_m_line_index: Some(0), ..Candidate::default() });
        if let Ok(ParsedCandidate::Usable(usable)) = parse(candidate) {
            prop_assert!(usable.text.starts_with("candidate:") && usable.text.is_ascii());
            prop_assert_eq!(parse(usable.text.clone()), Ok(ParsedCandidate::Usable(usable)));
        }
    }
}
