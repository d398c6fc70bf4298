//! The USB device that a camera is a part of. Where it has stopped, and starting it again does not help, a reset is what
//! comes next to pulling its plug.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::ioctl::{self, NoArg, Opcode, opcode};

use super::{
    Spec, VideoKind, VideoSpec,
    devices::{self, Camera, Roots, text},
};

/// `USBDEVFS_RESET` of linux/usbdevice_fs.h
const USBDEVFS_RESET: Opcode = opcode::none(b'U', 20);

/// How far above a camera its USB device is looked for: interface, device, and what may be between.
const LEVELS: usize = 4;

/// A USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsbDevice {
    /// `/dev/bus/usb/001/004`.
    node: PathBuf,
    vendor: String,
    product: String,
}

/// Why a USB device is not reset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// The system does not let us.
    #[error(
        "this user may not reset {node}; docs/troubleshooting.md has the udev rule that permits it, here with \
         ATTR{{idVendor}}==\"{vendor}\", ATTR{{idProduct}}==\"{product}\""
    )]
    Denied {
        /// The USB device's node.
        node: String,
        /// Who made it.
        vendor: String,
        /// What it is.
        product: String,
    },
    /// It can't be done.
    #[error("{node} can't be reset: {source}")]
    Failed {
        /// The USB device's node.
        node: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Resets the USB device of the camera that `spec` captures: the one that it names, or the only one there is. Gives the
/// camera; `None` where that is not there, or behind no USB. Within a tokio runtime.
///
/// # Errors
/// When the system does not let us, or can't.
pub async fn reset(spec: &Spec) -> Option<Result<String, ResetError>> {
    let Spec::Video(VideoSpec { kind: VideoKind::Camera { device } | VideoKind::H264Camera { device }, .. }) = spec
    else {
        return None;
    };
    let selector = device.clone();
    let reset = tokio::task::spawn_blocking(move || {
        let cameras = devices::cameras();
        let camera = match (selector, cameras.as_slice()) {
            (Some(selector), cameras) => devices::find_camera(cameras, &selector)?,
            (None, [only]) => only,
            // Which of them it was can't be told any more.
            (None, _) => return None,
        };
        let device = UsbDevice::of(camera, &Roots::default())?;
        Some(device.reset().map(|()| camera.to_string()))
    });
    reset.await.ok().flatten()
}

impl UsbDevice {
    /// That of a camera; `None` where it is behind no USB, or gone.
    pub(super) fn of(camera: &Camera, roots: &Roots) -> Option<Self> {
        let entry = roots.class.join(camera.node.file_name()?).join("device");
        let interface = fs::canonicalize(entry).ok()?;
        interface.ancestors().take(LEVELS).find_map(|folder| Self::described_in(folder, roots))
    }

    fn described_in(folder: &Path, roots: &Roots) -> Option<Self> {
        let number = |name: &str| text(&folder.join(name))?.parse::<u32>().ok();
        let (bus, device) = (number("busnum")?, number("devnum")?);
        let id = |name: &str| text(&folder.join(name)).unwrap_or_default();
        Some(Self {
            node: roots.dev.join(format!("bus/usb/{bus:03}/{device:03}")),
            vendor: id("idVendor"),
            product: id("idProduct"),
        })
    }

    /// Resets its port, as if it was plugged in anew: its nodes go and come again, under other numbers where somebody holds
    /// them. It may take a second: not for async code.
    pub(super) fn reset(&self) -> Result<(), ResetError> {
        let opened = fs::File::options().write(true).open(&self.node);
        // SAFETY: the request takes no argument. What is no USB device refuses it.
        let reset = opened.and_then(|device| unsafe {
            ioctl::ioctl(&device, NoArg::<USBDEVFS_RESET>::new()).map_err(io::Error::from)
        });
        let node = self.node.display().to_string();
        reset.map_err(|source| match source.kind() {
            io::ErrorKind::PermissionDenied => {
                ResetError::Denied { node, vendor: self.vendor.clone(), product: self.product.clone() }
            }
            _ => ResetError::Failed { node, source },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::{PermissionsExt, symlink},
        thread,
    };

    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

    use super::*;

    /// A webcam behind a hub, and a grabber behind PCI.
    fn machine() -> (tempfile::TempDir, Roots) {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for (name, device) in [("video0", "usb1/1-2/1-2.4/1-2.4:1.0"), ("video10", "pci/card")] {
            fs::create_dir_all(at("devices").join(device)).unwrap();
            fs::create_dir_all(at("class").join(name)).unwrap();
            symlink(at("devices").join(device), at("class").join(name).join("device")).unwrap();
        }
        let describe = |device: &str, values: [(&str, &str); 4]| {
            for (name, value) in values {
                fs::write(at("devices").join(device).join(name), format!("{value}\n")).unwrap();
            }
        };
        describe("usb1/1-2", [("busnum", "1"), ("devnum", "2"), ("idVendor", "1d6b"), ("idProduct", "0002")]);
        describe("usb1/1-2/1-2.4", [("busnum", "1"), ("devnum", "17"), ("idVendor", "046d"), ("idProduct", "082d")]);
        let roots = Roots { class: at("class"), dev: at("dev") };
        (root, roots)
    }

    fn camera(roots: &Roots, name: &str) -> Camera {
        Camera { node: roots.dev.join(name), ..Camera::default() }
    }

    #[test]
    fn a_webcam_is_its_own_device_and_not_the_hub() {
        let (_root, roots) = machine();
        let device = UsbDevice::of(&camera(&roots, "video0"), &roots).unwrap();
        assert_eq!(device.node, roots.dev.join("bus/usb/001/017"));
        assert_eq!((device.vendor.as_str(), device.product.as_str()), ("046d", "082d"));
    }

    #[test]
    fn what_is_behind_no_usb_has_none() {
        let (_root, roots) = machine();
        assert_eq!(UsbDevice::of(&camera(&roots, "video10"), &roots), None);
        assert_eq!(UsbDevice::of(&camera(&roots, "video7"), &roots), None, "gone");
    }

    #[test]
    fn a_number_that_is_none_makes_no_device() {
        let (root, roots) = machine();
        fs::write(root.path().join("devices/usb1/1-2/1-2.4/devnum"), "many\n").unwrap();
        fs::write(root.path().join("devices/usb1/1-2/busnum"), "").unwrap();
        assert_eq!(UsbDevice::of(&camera(&roots, "video0"), &roots), None);
    }

    #[test]
    fn what_is_no_usb_device_refuses() {
        let device = UsbDevice { node: "/dev/null".into(), vendor: String::new(), product: String::new() };
        assert!(matches!(device.reset(), Err(ResetError::Failed { .. })), "it has no such request");
        let gone = UsbDevice { node: "/dev/bus/usb/000/000".into(), ..device };
        assert!(matches!(gone.reset(), Err(ResetError::Failed { .. })));
    }

    #[test]
    fn who_may_not_write_to_it_is_told_which_one_to_permit() {
        let (_root, roots) = machine();
        let device = UsbDevice::of(&camera(&roots, "video0"), &roots).unwrap();
        fs::create_dir_all(device.node.parent().unwrap()).unwrap();
        fs::write(&device.node, "").unwrap();
        fs::set_permissions(&device.node, fs::Permissions::from_mode(0o000)).unwrap();
        // On a thread of its own, which gives up what root may: what is asked for is up to the node.
        let reset = thread::spawn(move || {
            let mut ours = capabilities(None).unwrap();
            ours.effective -= CapabilitySet::DAC_OVERRIDE;
            set_capabilities(None, ours).unwrap();
            device.reset()
        });
        let denied = reset.join().unwrap().unwrap_err();
        assert!(matches!(denied, ResetError::Denied { .. }), "{denied}");
        let told = denied.to_string();
        assert!(told.contains("/dev/bus/usb/001/017;") && told.contains("docs/troubleshooting.md"), "{told}");
        assert!(told.ends_with("ATTR{idVendor}==\"046d\", ATTR{idProduct}==\"082d\""), "{told}");
    }

    #[test]
    fn the_request_is_the_kernels() {
        assert_eq!(USBDEVFS_RESET, 0x5514);
    }
}
