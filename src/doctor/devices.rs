//! Whether this user may open the devices that there are.

use std::path::{Path, PathBuf};

use super::{Finding, account};
use crate::{
    config::Settings,
    encoder::Device,
    source::{Spec, VideoKind, devices},
};

const ABOUT: &str = "devices";

/// Looks at cameras and at what encodes. Opens them: not for async code.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let takes_cameras = settings.sources.iter().any(is_camera);
    let cameras = devices::cameras();
    let refused = cameras.iter().filter(|camera| devices::is_forbidden(&camera.node));
    let mut findings: Vec<_> =
        refused.map(|camera| refusal(takes_cameras, &camera.node, &format!("camera {camera}"))).collect();
    let mut nodes: Vec<_> =
        settings.encode.catalogue.iter().filter_map(|encoder| forbidden(encoder.device())).collect();
    nodes.sort_unstable();
    nodes.dedup();
    findings.extend(nodes.iter().map(|node| refusal(false, node, "a device that encodes")));
    if findings.is_empty() {
        findings.push(Finding::ok(
            ABOUT,
            format!("{} may open all cameras ({}) and encoders that are here", account::user(), cameras.len()),
        ));
    }
    findings
}

const fn is_camera(spec: &Spec) -> bool {
    match spec {
        Spec::Video(video) => matches!(video.kind, VideoKind::Camera { .. } | VideoKind::H264Camera { .. }),
        Spec::Audio(_) => false,
    }
}

fn forbidden(device: Device) -> Option<PathBuf> {
    match device {
        Device::Forbidden { node } => Some(node),
        Device::Usable | Device::Missing { .. } => None,
    }
}

fn refusal(is_needed: bool, node: &Path, what: &str) -> Finding {
    let what = format!("{what}: {} may not open {}", account::user(), node.display());
    let finding = Finding::wanting(ABOUT, is_needed, what);
    match account::join_group_of(node) {
        Some(remedy) => finding.mended_by(remedy),
        None => finding,
    }
}
