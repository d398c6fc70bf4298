//! The test picture and the test tone: what a gateway shows where there is no device.

use std::sync::OnceLock;

use gst::prelude::*;
use gst_video::prelude::*;

use super::{VideoSpec, marks, plan::Plan};
use crate::{
    media::{clockwork::Clockwork, pipeline::Pipeline},
    units::Size,
};

/// More than what timestamps lose by rounding, and less than a frame.
const ROUNDING: u64 = 1000;

pub(super) fn picture(video: &VideoSpec, pattern: &str, clockwork: &Clockwork) -> Plan {
    let (size, fps, clockwork) = (video.size, video.fps, clockwork.clone());
    Plan::new(
        include_str!("../../pipelines/source/test-picture.launch"),
        vec![
            ("pattern", pattern.into()),
            ("width", size.width.into()),
            ("height", size.height.into()),
            ("fps", fps.into()),
        ],
    )
    .prepare(move |pipeline| mark_picture(pipeline, size, fps, &clockwork))
}

pub(super) fn tone(wave: &str) -> Plan {
    Plan::new(include_str!("../../pipelines/source/test-tone.launch"), vec![("wave", wave.into())]).prepare(mark_tone)
}

fn mark_picture(pipeline: &Pipeline, size: Size, fps: u32, clockwork: &Clockwork) {
    let Ok(info) = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, size.width, size.height).build() else {
        return;
    };
    let (first, clockwork) = (OnceLock::new(), clockwork.clone());
    on_each_buffer(pipeline, move |buffer, time| {
        // The first is the one that should have come last, so that it need not wait. From there on videotestsrc goes on in
        // whole frames, each rounded to ns, and each waits for its time behind us.
        let first = *first.get_or_init(|| marks::frame_number(clockwork.running_time().nseconds(), fps));
        let number = first + marks::frame_number(time + ROUNDING, fps);
        buffer.set_pts(gst::ClockTime::from_nseconds(marks::frame_time(number, fps)));
        if let Ok(mut frame) = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, &info) {
            let stride = usize::try_from(frame.plane_stride()[0]).unwrap_or(0);
            if let Ok(luma) = frame.plane_data_mut(0) {
                marks::draw(luma, stride, size.width as usize, size.height as usize, number, fps);
            }
        }
    });
}

fn mark_tone(pipeline: &Pipeline) {
    on_each_buffer(pipeline, |buffer, time| {
        if let Ok(mut map) = buffer.map_writable() {
            let mut samples: Vec<i16> =
                map.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
            marks::tick(&mut samples, time);
            for (pair, sample) in map.chunks_exact_mut(2).zip(samples) {
                pair.copy_from_slice(&sample.to_le_bytes());
            }
        }
    });
}

/// Calls `work` with each buffer that leaves the element `marks`, and its timestamp in ns. The test sources' segment
/// begins at 0, so those of a live one are running times.
fn on_each_buffer(pipeline: &Pipeline, work: impl Fn(&mut gst::BufferRef, u64) + Send + Sync + 'static) {
    let Some(pad) = pipeline.element("marks").and_then(|element| element.static_pad("src")) else { return };
    // Lives as long as the pad, which lives as long as the pipeline.
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(buffer) = info.buffer_mut() {
            let time = buffer.pts().map_or(0, gst::ClockTime::nseconds);
            work(buffer.make_mut(), time);
        }
        gst::PadProbeReturn::Ok
    });
}
