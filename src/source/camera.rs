//! V4L2 cameras, raw or MJPEG.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gst::prelude::*;

use super::{
    SourceError, VideoSpec, caps,
    devices::{self, Camera},
    error::there,
    format::{self, Format},
    mode::{self, Encoding, Mode},
    passthrough::{self, Controls, Trust},
    plan::{Plan, Trouble},
};
use crate::media::{
    clockwork::Clockwork,
    device_node,
    pipeline::{BusEvent, Pipeline},
    template::{self, Value},
};

/// Finds the camera, asks it for its modes and takes the best. Where none is named, the first that can be used; when
/// none can, what is wrong with the first is said.
pub(super) async fn plan(
    video: &VideoSpec,
    selector: Option<&str>,
    clockwork: &Clockwork,
) -> Result<Plan, SourceError> {
    let (camera, mode) = choose(video, selector, clockwork, false).await?;
    let template = match mode.encoding {
        Encoding::Jpeg => include_str!("../../pipelines/source/camera-jpeg.launch"),
        Encoding::Raw | Encoding::H264 => include_str!("../../pipelines/source/camera-raw.launch"),
    };
    let size = [("width", video.size.width.into()), ("height", video.size.height.into())];
    Ok(capture(template, video, camera, mode, size))
}

/// The same for a camera's own H.264.
pub(super) async fn passthrough(
    video: &VideoSpec,
    selector: Option<&str>,
    clockwork: &Clockwork,
    trust: &Trust,
) -> Result<Plan, SourceError> {
    let (camera, mode) = choose(video, selector, clockwork, true).await?;
    if mode.size != video.size {
        tracing::info!(%camera, wanted = %video.size, is = %mode.size, "a camera's H.264 is passed on in its own size");
    }
    let (device, trust) = (camera.to_string(), trust.clone());
    let plan = capture(include_str!("../../pipelines/source/camera-h264.launch"), video, camera.clone(), mode, []);
    let node = camera.node.clone();
    let controls = blocking(move || Ok(Controls::of(&node))).await?;
    let fps = video.fps;
    let plan = plan.prepare(move |pipeline| passthrough::watch(pipeline, controls, fps, &trust));
    Ok(plan.explain(move |trouble| {
        let unfit = trouble.is(gst::StreamError::WrongType);
        let why = || trouble.error.message().to_owned();
        if unfit { Some(SourceError::Unfit { device: device.clone(), why: why() }) } else { explain(trouble, &camera) }
    }))
}

/// What a camera says that it delivers.
pub(super) async fn formats(camera: &Camera, clockwork: &Clockwork) -> Result<Vec<Format>, SourceError> {
    let (device, node) = (camera.to_string(), camera.node.clone());
    blocking(move || openable(&node, &device)).await?;
    let caps = modes_of(camera, clockwork).await?;
    Ok(format::all(&caps::offers(&caps)))
}

async fn choose(
    video: &VideoSpec,
    selector: Option<&str>,
    clockwork: &Clockwork,
    own_h264: bool,
) -> Result<(Camera, Mode), SourceError> {
    let wanted = selector.map(ToOwned::to_owned);
    let candidates = blocking(move || candidates(wanted.as_deref())).await?;
    let mut first_error = None;
    for camera in candidates {
        match best_mode(video, &camera, clockwork, own_h264).await {
            Ok(mode) => {
                tracing::debug!(%camera, ?mode, "a camera's mode is chosen");
                return Ok((camera, mode));
            }
            Err(error) => {
                tracing::debug!(%camera, %error, "a camera can't be used");
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or(SourceError::Ended))
}

async fn best_mode(
    video: &VideoSpec,
    camera: &Camera,
    clockwork: &Clockwork,
    own_h264: bool,
) -> Result<Mode, SourceError> {
    let (device, node) = (camera.to_string(), camera.node.clone());
    blocking(move || openable(&node, &device)).await?;
    let caps = modes_of(camera, clockwork).await?;
    let mut modes = mode::all(&caps::offers(&caps), video.size, video.fps);
    modes.retain(|mode| (mode.encoding == Encoding::H264) == own_h264);
    mode::best(&modes, video.size, video.fps).ok_or_else(|| {
        let (device, got) = (camera.to_string(), caps.to_string());
        if own_h264 {
            SourceError::Unfit { device, why: format!("it has no H.264 of its own, but {got}") }
        } else {
            SourceError::Unusable { device, got }
        }
    })
}

fn capture<const N: usize>(
    template: &'static str,
    video: &VideoSpec,
    camera: Camera,
    mode: Mode,
    more: [(&'static str, Value); N],
) -> Plan {
    let mut values = vec![
        ("device", camera.node.to_string_lossy().as_ref().into()),
        ("mode-width", mode.size.width.into()),
        ("mode-height", mode.size.height.into()),
        ("mode-rate", mode.rate.numerator.into()),
        ("mode-rate-of", mode.rate.denominator.into()),
        ("fps", video.fps.into()),
    ];
    values.extend(more);
    Plan::new(template, values).explain(move |trouble| explain(trouble, &camera))
}

/// The camera that is wanted, or all in order.
fn candidates(selector: Option<&str>) -> Result<Vec<Camera>, SourceError> {
    let cameras = devices::cameras();
    match selector {
        Some(selector) => match devices::find_camera(&cameras, selector) {
            Some(camera) => Ok(vec![camera.clone()]),
            None => Err(missing(format!("camera {selector:?}"), &cameras)),
        },
        None if cameras.is_empty() => Err(missing("a camera".to_owned(), &cameras)),
        None => Ok(cameras),
    }
}

fn missing(wanted: String, cameras: &[Camera]) -> SourceError {
    let help = if cameras.is_empty() { "; plug one in" } else { "" };
    SourceError::Missing { wanted, there: there(cameras.iter().map(ToString::to_string)), help: help.to_owned() }
}

fn openable(node: &Path, device: &str) -> Result<(), SourceError> {
    if device_node::is_forbidden(node) { Err(denied(device)) } else { Ok(()) }
}

fn denied(device: &str) -> SourceError {
    SourceError::Denied {
        device: device.to_owned(),
        help: "add the user to group video (usermod -aG video USER) and log in again".to_owned(),
    }
}

/// What the camera says that it delivers. It is opened for that, not started.
async fn modes_of(camera: &Camera, clockwork: &Clockwork) -> Result<gst::Caps, SourceError> {
    let values = [("device", camera.node.to_string_lossy().as_ref().into())];
    let description = template::fill(include_str!("../../pipelines/source/camera-modes.launch"), &values)?;
    let (pipeline, mut bus) = Pipeline::parse("camera-modes", &description, clockwork)
        .map_err(|error| SourceError::Pipeline(error.message().to_owned()))?;
    if let Err(refused) = pipeline.set_state(gst::State::Ready).await {
        let Ok(BusEvent::Error { error, debug, .. }) = bus.try_recv() else { return Err(refused.into()) };
        let (trouble, camera) = (Trouble::new(error, debug), camera.clone());
        let said = move || explain(&trouble, &camera).unwrap_or_else(|| trouble.in_gstreamers_words());
        return blocking(move || Err(said())).await;
    }
    let pad = pipeline.element("camera").and_then(|camera| camera.static_pad("src"));
    // Asks the driver for each size and rate, which takes USB round trips.
    let caps = tokio::task::spawn_blocking(move || pad.map(|pad| pad.query_caps(None))).await.ok().flatten();
    pipeline.stop().await?;
    Ok(caps.unwrap_or_else(gst::Caps::new_empty))
}

fn explain(trouble: &Trouble, camera: &Camera) -> Option<SourceError> {
    let device = camera.to_string();
    if trouble.debug.contains("Permission denied") {
        return Some(denied(&device));
    }
    if trouble.is(gst::ResourceError::Busy) || trouble.debug.contains("Device or resource busy") {
        let holder = holder(&camera.node).unwrap_or_else(|| "another program".to_owned());
        return Some(SourceError::Busy { device, holder });
    }
    if !camera.node.exists() {
        return Some(missing(format!("camera {device}"), &devices::cameras()));
    }
    // Its node outlives an unplugged camera by some milliseconds, so it may be that.
    trouble
        .is(gst::ResourceError::Read)
        .then(|| SourceError::Broken { device, why: trouble.in_gstreamers_words().to_string() })
}

/// The program that has a device node open, as far as this user may see.
fn holder(node: &Path) -> Option<String> {
    let has_open = |process: &PathBuf| {
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target == node)
    };
    let id = |process: &PathBuf| process.file_name()?.to_str()?.parse::<u32>().ok();
    let mut processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    let process = processes.find(|path| id(path).is_some_and(|id| id != std::process::id()) && has_open(path))?;
    let name = fs::read_to_string(process.join("comm")).ok()?;
    Some(format!("process {} ({})", id(&process)?, name.trim()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SourceError::Ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_file_open_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let opened = fs::File::open(file.path()).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").stdin(opened).spawn().unwrap();
        let holder = holder(file.path());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(holder, Some(format!("process {} (sleep)", child.id())));
    }
}
