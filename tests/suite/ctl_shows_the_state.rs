//! What `peergate ctl` makes of a state: word for word, with and without an earlier one, and in a small window.

use std::time::Duration;

use peergate::{
    ctl::overview::{self, Earlier, Line, Look, Tone},
    report::State,
};

use crate::common::reports;

fn text(lines: &[Line]) -> String {
    let mark = |tone| match tone {
        Tone::Heading => '#',
        Tone::Plain => ' ',
        Tone::Warning => '!',
        Tone::Bad => 'X',
    };
    let lines: Vec<_> = lines.iter().map(|line| format!("{} {}", mark(line.tone), line.text).trim_end().to_owned()).collect();
    lines.join("\n")
}

#[test]
fn at_one_moment() {
    let state = reports::full();
    insta::assert_snapshot!(text(&overview::whole(&Look { state: &state, earlier: None, now: reports::now() })));
}

#[test]
fn with_what_is_counted_a_second() {
    let (before, state) = (reports::full(), reports::a_second_later());
    let earlier = Some(Earlier { state: &before, ago: Duration::from_secs(1) });
    insta::assert_snapshot!(text(&overview::whole(&Look { state: &state, earlier, now: reports::now() })));
}

#[test]
fn in_a_small_window() {
    let state = reports::full();
    let lines = overview::whole(&Look { state: &state, earlier: None, now: reports::now() });
    insta::assert_snapshot!(text(&overview::fit(lines, 60, 12)));
}

#[test]
fn of_a_daemon_that_does_nothing() {
    let state = State::default();
    assert!(overview::whole(&Look { state: &state, earlier: None, now: reports::now() }).is_empty());
}

#[test]
fn a_state_is_read_again_as_it_was_written() {
    let written = serde_json::to_value(reports::full()).unwrap();
    let read: State = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), written);
}
