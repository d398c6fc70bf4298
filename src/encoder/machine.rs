//! What the machine has for an encoder: its device, and the versions of all that it runs on.

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use gst::prelude::*;
use sha2::{Digest, Sha256};

use super::{Encoder, Pattern, Picture};
use crate::source::devices;

/// Whether the device of an encoder can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// It needs none, or it is there and opens.
    Usable,
    /// None of its nodes is there.
    Missing {
        /// The patterns of their names.
        patterns: String,
    },
    /// It is there, and not for us.
    Forbidden {
        /// The node.
        node: PathBuf,
    },
}

impl Encoder {
    /// Whether its element is installed.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        gst::ElementFactory::find(&self.row.element).is_some()
    }

    /// Whether its device can be used.
    #[must_use]
    pub fn device(&self) -> Device {
        let Some(hardware) = self.row.hardware.as_ref().filter(|hardware| !hardware.devices.is_empty()) else {
            return Device::Usable;
        };
        let nodes = files(&hardware.devices);
        if nodes.is_empty() {
            let patterns: Vec<_> = hardware.devices.iter().map(Pattern::to_string).collect();
            return Device::Missing { patterns: patterns.join(", ") };
        }
        match nodes.iter().find(|node| devices::is_forbidden(node)) {
            Some(node) if nodes.iter().all(|node| devices::is_forbidden(node)) => {
                Device::Forbidden { node: node.clone() }
            }
            _ => Device::Usable,
        }
    }

    /// A text that changes with all that a trial of it depends on: the element, its template, its plugin, the driver,
    /// the kernel, GStreamer, and the pictures.
    pub(super) fn fingerprint(&self, picture: Option<Picture>) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        add(env!("CARGO_PKG_VERSION"));
        add(&gst::version_string());
        add(&fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default());
        add(&format!("{:?}", self.row));
        add(&self.template);
        let plugin = gst::ElementFactory::find(&self.row.element).and_then(|factory| factory.plugin());
        if let Some(plugin) = plugin {
            add(&plugin.version());
            plugin.filename().iter().for_each(|path| add(&version(path)));
        }
        let drivers = self.row.hardware.as_ref().map(|hardware| files(&hardware.drivers));
        drivers.iter().flatten().for_each(|path| add(&version(path)));
        let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        match picture {
            Some(Picture { size, fps }) => format!("{} {size}@{fps} {hash}", self.row.element),
            None => format!("{} {hash}", self.row.element),
        }
    }
}

/// The files that fit the patterns, in a fixed order.
fn files(patterns: &[Pattern]) -> Vec<PathBuf> {
    let mut files: Vec<_> = patterns.iter().flat_map(Pattern::files).collect();
    files.sort_unstable();
    files
}

/// Its name, size and time: a package that brings another one changes them. What the kernel shows under `/sys` has the
/// same size always, and the time of the first look at it: there, it is what it says.
fn version(path: &Path) -> String {
    if path.starts_with("/sys") {
        let says = fs::read(path).unwrap_or_default();
        return format!("{} {}", path.display(), String::from_utf8_lossy(&says));
    }
    let Ok(file) = fs::metadata(path) else { return path.display().to_string() };
    let written = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {} {}", path.display(), file.len(), written.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoder::{Catalogue, entry::Hardware},
        units::Size,
    };

    fn encoder(devices: &[&str], drivers: &[&str]) -> Encoder {
        gst::init().unwrap();
        let texts = |list: &[&str]| list.iter().map(|text| Pattern::try_from((*text).to_owned()).unwrap()).collect();
        let mut encoder = Catalogue::default().iter().find(|one| one.row.element == "x264enc").unwrap().clone();
        let hardware = Hardware { devices: texts(devices), drivers: texts(drivers), ..Hardware::default() };
        encoder.row.hardware = Some(hardware);
        encoder
    }

    #[test]
    fn a_device_is_there_when_one_of_its_nodes_is() {
        assert_eq!(encoder(&["/dev/nothing*", "/dev/nul?"], &[]).device(), Device::Usable);
        let missing = Device::Missing { patterns: "/dev/nothing*".to_owned() };
        assert_eq!(encoder(&["/dev/nothing*"], &[]).device(), missing);
        assert_eq!(encoder(&[], &[]).device(), Device::Usable);
    }

    #[test]
    fn a_name_in_sysfs_counts_by_what_it_says() {
        let address = Path::new("/sys/class/net/lo/address");
        let says = fs::read_to_string(address).unwrap();
        assert_eq!(version(address), format!("/sys/class/net/lo/address {says}"));
    }

    #[test]
    fn another_driver_or_size_is_another_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let driver = folder.path().join("a_drv_video.so");
        fs::write(&driver, "1").unwrap();
        let pattern = format!("{}/*_drv_video.so", folder.path().display());
        let picture = |width| Some(Picture { size: Size { width, height: 720 }, fps: 30 });
        let print = |width| encoder(&[], &[&pattern]).fingerprint(picture(width));
        let before = print(1280);
        assert_eq!(before, print(1280));
        assert!(before.starts_with("x264enc 1280x720@30 "));
        assert_ne!(before, print(640));
        fs::write(&driver, "a newer one").unwrap();
        assert_ne!(before, print(1280));
    }
}
