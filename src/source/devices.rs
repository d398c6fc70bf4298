//! What can be captured here: cameras, X displays, sound sources and sinks, with selectors that stay the same when a
//! device is plugged in elsewhere or comes back under another number.
//!
//! All of this reads the file system or asks the sound server, and may take a while: not for async code.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use gst::prelude::*;

/// What asks the sound server, in GStreamer.
pub(super) const PROVIDER: &str = "pulsedeviceprovider";

/// A V4L2 capture device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Camera {
    /// `/dev/video0`. Another one after it was unplugged.
    pub node: PathBuf,
    /// What its driver calls it.
    pub card: String,
    /// Its names in `/dev/v4l/by-id`: vendor, product, serial number.
    pub by_id: Vec<String>,
    /// Its names in `/dev/v4l/by-path`: the port that it is plugged into.
    pub by_path: Vec<String>,
    /// The serial number of the USB device.
    pub serial: Option<String>,
    /// Whether another one would have the same name in `/dev/v4l/by-id`, which is then that of whichever came last.
    pub has_twin: bool,
}

/// A PulseAudio source or sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Its name on the sound server.
    pub name: String,
    /// Its description, for people.
    pub description: String,
}

/// What a camera's pictures come from, in `/sys` and `/dev`.
#[derive(Debug, Clone)]
pub struct Roots {
    /// `/sys/class/video4linux`.
    pub class: PathBuf,
    /// `/dev`.
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { class: "/sys/class/video4linux".into(), dev: "/dev".into() }
    }
}

impl Camera {
    /// The selector to write into a configuration: the most stable there is.
    #[must_use]
    pub fn selector(&self) -> String {
        let node = || self.node.to_string_lossy().into_owned();
        let (first, second) = if self.has_twin { (&self.by_path, &self.by_id) } else { (&self.by_id, &self.by_path) };
        first.first().or_else(|| second.first()).cloned().unwrap_or_else(node)
    }

    /// What twins have in common.
    fn make(&self) -> (String, Option<String>) {
        (self.card.clone(), self.serial.clone())
    }

    /// Whether `selector` means this one: by-id or by-path name, serial number, card name, or a path to its node.
    fn answers_to(&self, selector: &str) -> bool {
        let path = Path::new(selector);
        let file = path.file_name().and_then(|name| name.to_str());
        let is_link = |folder: &str| path.parent().is_some_and(|parent| parent.ends_with(folder));
        self.node == path
            || self.by_id.iter().any(|name| name == selector || is_link("v4l/by-id") && file == Some(name))
            || self.by_path.iter().any(|name| name == selector || is_link("v4l/by-path") && file == Some(name))
            || self.serial.as_deref() == Some(selector)
            || self.card.eq_ignore_ascii_case(selector)
    }
}

impl fmt::Display for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.selector(), self.card)
    }
}

impl fmt::Display for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.description)
    }
}

/// The cameras, by node number.
#[must_use]
pub fn cameras() -> Vec<Camera> {
    cameras_below(&Roots::default())
}

/// The camera that `selector` means.
#[must_use]
pub fn find_camera<'a>(cameras: &'a [Camera], selector: &str) -> Option<&'a Camera> {
    cameras.iter().find(|camera| camera.answers_to(selector))
}

/// The X displays of this machine, as `:0`.
#[must_use]
pub fn displays() -> Vec<String> {
    let names = names(Path::new("/tmp/.X11-unix"));
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| name.strip_prefix('X')?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| format!(":{number}")).collect()
}

/// What the sound server can record from, monitors of sinks left out.
#[must_use]
pub fn sound_sources() -> Vec<Sound> {
    sounds("Audio/Source").into_iter().filter(|sound| !sound.name.ends_with(".monitor")).collect()
}

/// What the sound server can play to. What goes there can be recorded.
#[must_use]
pub fn sound_sinks() -> Vec<Sound> {
    sounds("Audio/Sink")
}

fn cameras_below(roots: &Roots) -> Vec<Camera> {
    let by_id = links(&roots.dev.join("v4l/by-id"));
    let by_path = links(&roots.dev.join("v4l/by-path"));
    let mut cameras: Vec<(u32, Camera)> = names(&roots.class)
        .into_iter()
        .filter_map(|name| {
            let number = name.strip_prefix("video")?.parse().ok()?;
            let entry = roots.class.join(&name);
            // A driver's further nodes carry metadata or go the other way.
            if text(&entry.join("index")).is_some_and(|index| index != "0") {
                return None;
            }
            let of = |links: &BTreeMap<String, String>| {
                links.iter().filter(|(_, node)| **node == name).map(|(link, _)| link.clone()).collect()
            };
            let camera = Camera {
                node: roots.dev.join(&name),
                card: text(&entry.join("name")).unwrap_or_default(),
                by_id: of(&by_id),
                by_path: of(&by_path),
                serial: serial(&entry),
                has_twin: false,
            };
            Some((number, camera))
        })
        .collect();
    cameras.sort_by_key(|(number, _)| *number);
    let mut cameras: Vec<_> = cameras.into_iter().map(|(_, camera)| camera).collect();
    mark_twins(&mut cameras);
    cameras
}

/// Of cameras of one make without serial numbers, or with the same, only one has the name in `by-id`.
fn mark_twins(cameras: &mut [Camera]) {
    let nameless: Vec<_> = cameras.iter().filter(|camera| camera.by_id.is_empty()).map(Camera::make).collect();
    for camera in cameras {
        camera.has_twin = nameless.contains(&camera.make());
    }
}

/// The serial number of the USB device that a class entry belongs to, which is the nearest parent with a vendor. The hubs and
/// the controller above it have numbers of their own.
fn serial(entry: &Path) -> Option<String> {
    let interface = fs::canonicalize(entry.join("device")).ok()?;
    let device = interface.ancestors().find(|parent| parent.join("idVendor").exists())?;
    text(&device.join("serial"))
}

/// The links of a folder, and the names of what they point to.
fn links(folder: &Path) -> BTreeMap<String, String> {
    let target = |name: &String| Some(fs::read_link(folder.join(name)).ok()?.file_name()?.to_str()?.to_owned());
    names(folder).into_iter().filter_map(|name| target(&name).map(|target| (name, target))).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

pub(super) fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An empty list where no server answers.
fn sounds(class: &str) -> Vec<Sound> {
    let Some(provider) = gst::DeviceProviderFactory::by_name(PROVIDER) else { return Vec::new() };
    // One that has not been started asks in another way, and leaves descriptors behind where nobody answers.
    if provider.start().is_err() {
        return Vec::new();
    }
    let devices = provider.devices();
    provider.stop();
    let sounds = devices.iter().filter(|device| device.has_classes(class)).filter_map(|device| {
        // The name on the server is only in the element that the device would make.
        let element = device.create_element(None).ok()?;
        let name: Option<String> = element.property("device");
        Some(Sound { name: name?, description: device.display_name().to_string() })
    });
    sounds.collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A webcam with a metadata node, and a capture card behind PCI.
    fn machine() -> (tempfile::TempDir, Roots) {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        let node = |name: &str, card: &str, index: &str, device: &str| {
            let entry = at("class").join(name);
            fs::create_dir_all(&entry).unwrap();
            fs::write(entry.join("name"), format!("{card}\n")).unwrap();
            fs::write(entry.join("index"), format!("{index}\n")).unwrap();
            symlink(at(device), entry.join("device")).unwrap();
        };
        fs::create_dir_all(at("devices/usb1/1-2/1-2:1.0")).unwrap();
        fs::create_dir_all(at("devices/pci/card")).unwrap();
        fs::write(at("devices/usb1/1-2/idVendor"), "046d\n").unwrap();
        fs::write(at("devices/usb1/1-2/serial"), "ABC123\n").unwrap();
        fs::write(at("devices/usb1/idVendor"), "1d6b\n").unwrap();
        fs::write(at("devices/usb1/serial"), "0000:00:14.0\n").unwrap();
        node("video0", "HD Pro Webcam C920", "0", "devices/usb1/1-2/1-2:1.0");
        node("video1", "HD Pro Webcam C920", "1", "devices/usb1/1-2/1-2:1.0");
        node("video10", "Grabber", "0", "devices/pci/card");
        fs::create_dir_all(at("dev/v4l/by-id")).unwrap();
        fs::create_dir_all(at("dev/v4l/by-path")).unwrap();
        symlink("../../video0", at("dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_ABC123-video-index0")).unwrap();
        symlink("../../video1", at("dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_ABC123-video-index1")).unwrap();
        symlink("../../video0", at("dev/v4l/by-path/pci-0000:00:14.0-usb-0:2:1.0-video-index0")).unwrap();
        let roots = Roots { class: at("class"), dev: at("dev") };
        (root, roots)
    }

    #[test]
    fn metadata_nodes_are_no_cameras() {
        let (_root, roots) = machine();
        let cards: Vec<_> = cameras_below(&roots).into_iter().map(|camera| camera.card).collect();
        assert_eq!(cards, ["HD Pro Webcam C920", "Grabber"]);
    }

    #[test]
    fn a_camera_answers_to_each_of_its_names() {
        let (_root, roots) = machine();
        let cameras = cameras_below(&roots);
        let by_id = "usb-046d_HD_Pro_Webcam_C920_ABC123-video-index0";
        let linked = roots.dev.join("v4l/by-id").join(by_id);
        for selector in [
            by_id,
            linked.to_str().unwrap(),
            "pci-0000:00:14.0-usb-0:2:1.0-video-index0",
            "ABC123",
            "hd pro webcam c920",
            roots.dev.join("video0").to_str().unwrap(),
        ] {
            let found = find_camera(&cameras, selector).unwrap_or_else(|| panic!("{selector} means a camera"));
            assert_eq!(found.node, roots.dev.join("video0"), "{selector}");
        }
        assert_eq!(find_camera(&cameras, "Grabber").unwrap().node, roots.dev.join("video10"));
        assert_eq!(find_camera(&cameras, "C921"), None);
    }

    #[test]
    fn the_number_of_a_controller_is_not_that_of_its_cameras() {
        let (_root, roots) = machine();
        let serials = || cameras_below(&roots).into_iter().map(|camera| camera.serial).collect::<Vec<_>>();
        assert_eq!(serials(), [Some("ABC123".to_owned()), None]);
        let device = roots.class.join("video0/device/..");
        fs::remove_file(device.join("serial")).unwrap();
        assert_eq!(serials(), [None, None]);
    }

    #[test]
    fn the_selector_to_paste_is_the_most_stable_one() {
        let (_root, roots) = machine();
        let selectors: Vec<_> = cameras_below(&roots).iter().map(Camera::selector).collect();
        assert_eq!(selectors[0], "usb-046d_HD_Pro_Webcam_C920_ABC123-video-index0");
        assert_eq!(selectors[1], roots.dev.join("video10").to_str().unwrap());
    }

    #[test]
    fn twins_are_told_apart_by_the_ports_they_are_plugged_into() {
        let camera = |node: &str, by_id: Option<&str>, by_path: &str| Camera {
            node: node.into(),
            card: "Cheap Camera".to_owned(),
            by_id: by_id.into_iter().map(ToOwned::to_owned).collect(),
            by_path: vec![by_path.to_owned()],
            ..Camera::default()
        };
        let other = Camera { card: "Another".to_owned(), ..camera("/dev/video4", Some("usb-another"), "port-3") };
        let mut cameras =
            [camera("/dev/video0", None, "port-1"), camera("/dev/video2", Some("usb-cheap"), "port-2"), other];
        mark_twins(&mut cameras);
        assert_eq!(cameras.each_ref().map(Camera::selector), ["port-1", "port-2", "usb-another"]);
        assert_eq!(find_camera(&cameras, "usb-cheap"), Some(&cameras[1]), "it answers to the other all the same");
    }
}
