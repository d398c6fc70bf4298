//! What was reached of what is to be.

use crate::{
    goals::{Goals, line},
    report::{Each, Report},
};

/// The goals, and the figures of `report`.
pub(crate) fn reached(report: &Report) -> Goals {
    let each = report.levels.last().and_then(|last| report.each(last));
    let (whole, all) = report.whole();
    let (half, most) = report.joins();
    let (half_from_idle, most_from_idle) = report.idle_starts();
    let idle = report.levels.iter().find(|level| level.viewers == 0);
    let figure = |figure: Option<f64>, unit: &str| figure.map_or("-".to_owned(), |figure| format!("{figure:.2}{unit}"));
    let each_of = |part: fn(&Each) -> f64| each.as_ref().map(part);
    Goals::new(vec![
        line("CPU for each further viewer", "<= 0.37 % of a core", figure(each_of(|each| each.cores * 100.0), " %")),
        line("viewers at full rate without a gap", ">= 150", format!("{whole} of {all}")),
        line("join to first keyframe, p50", "<= 60 ms", format!("{half} ms")),
        line("join to first keyframe, p95", "<= 150 ms", format!("{most} ms")),
        line(
            "the same after an idle start, p50",
            "fast",
            format!("{half_from_idle} ms (the slowest {most_from_idle})"),
        ),
        line("capture to wire, p95", "<= 33 ms", figure(report.capture_to_wire, " ms")),
        line("threads for each viewer", "<= 8", figure(each_of(|each| each.threads), "")),
        line("memory for each viewer", "<= 1.2 MB", figure(each_of(|each| each.memory / 1024.0), " MB")),
        line("nobody in the room", "<= 0.5 % of a core", figure(idle.map(|idle| idle.cores * 100.0), " %")),
        line("start to joined", "<= 300 ms", format!("{} ms", report.start.as_millis())),
    ])
}
