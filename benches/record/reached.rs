//! What was reached of what is to be.

use crate::{
    contest::Contest,
    goals::{Goals, line},
    overhead::Overhead,
    report::Report,
};

/// The goals, and the figures of `report`.
pub(crate) fn reached(report: &Report) -> Goals {
    let Overhead { files, frames, faults, dropped, unread, .. } = &report.overhead;
    let mut lines: Vec<_> = report
        .contests
        .iter()
        .map(|contest| {
            line(
                &format!("CPU for a recorded stream of {}, as a multiple of a bare pipeline's", contest.codec),
                "<= 1.3",
                format!("{:.2}", contest.ratio()),
            )
        })
        .collect();
    let each = report.overhead.each() * 100.0;
    lines.push(line("the same, over receiving it", "<= 0.5 % of a core", format!("{each:.2} %")));
    for Contest { codec, streams, pushed, recorded, .. } in &report.contests {
        let what = format!("frames of {streams} streams of {codec} in the files");
        lines.push(line(&what, "all", format!("{recorded} of {pushed}")));
    }
    lines.push(line(
        "peers recorded at once",
        "no packet lost to us, files complete",
        format!("{files} files, {frames} frames; {unread} packets, {dropped} frames lost; {} faults", faults.len()),
    ));
    lines.push(line("loss at kill -9", "<= 1 s", "`./dev test recording_survives_kill`".to_owned()));
    lines.push(line("flash and beep in a file", "<= 40 ms apart", "`./dev test recording_is_in_sync`".to_owned()));
    Goals::new(lines)
}
