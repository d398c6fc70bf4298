//! The test picture and the test tone: what a gateway shows where there is no device.

use super::{VideoSpec, capture::Plan};
use crate::media::{clockwork::Clockwork, template::Value};

pub(super) fn picture(video: &VideoSpec, pattern: &str, clockwork: &Clockwork) -> Plan {
    Plan {
        template: include_str!("../../pipelines/source/test-picture.launch"),
        values: vec![
            ("pattern", pattern.into()),
            ("width", video.size.width.into()),
            ("height", video.size.height.into()),
            ("fps", video.fps.into()),
            ("start", start(clockwork, video.fps)),
        ],
        prepare: |_, _| {},
    }
}

pub(super) fn tone(wave: &str, clockwork: &Clockwork) -> Plan {
    Plan {
        template: include_str!("../../pipelines/source/test-tone.launch"),
        values: vec![("wave", wave.into()), ("start", start(clockwork, 50))],
        prepare: |_, _| {},
    }
}

/// The running time of the next whole frame, so that a source that starts late starts in step.
fn start(clockwork: &Clockwork, fps: u32) -> Value {
    let frame = 1_000_000_000 / i64::from(fps.max(1));
    let now = i64::try_from(clockwork.running_time().nseconds()).unwrap_or(0);
    Value::Number((now / frame + 1) * frame)
}
