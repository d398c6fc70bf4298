//! An X server that lets us see a screen of its.

use std::{fs::File, io, os::fd::OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags};
use x11rb::{
    connection::{Connection, RequestConnection},
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::{
        shm::{self, ConnectionExt as _},
        xfixes::{self, ConnectionExt as _},
        xproto::{ConnectionExt as _, ImageFormat, ImageOrder, Setup},
    },
    reexports::x11rb_protocol::xauth,
    rust_connection::{DefaultStream, RustConnection},
};

use super::{
    address::{Address, Socket},
    pixels::{Pixels, Pointer, Visual},
};
use crate::units::Size;

/// From this version on the server takes a descriptor for memory that is shared.
const SHARES_DESCRIPTORS: (u16, u16) = (1, 2);

/// From this version on it tells what the pointer looks like.
const SHOWS_POINTER: (u32, u32) = (1, 0);

/// A connection to a server, and one of its screens.
#[derive(Debug)]
pub(super) struct Server {
    connection: RustConnection,
    root: u32,
    pub(super) pixels: Pixels,
    has_shared_memory: bool,
}

/// A part of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) width: u16,
    pub(super) height: u16,
}

/// Memory that a server writes pictures into.
#[derive(Debug)]
pub(super) struct Shared {
    segment: shm::Seg,
    memory: File,
}

/// Why a server does not let us see its screen.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the server refuses us: {0}")]
    Setup(#[from] ConnectError),
    #[error("the connection breaks: {0}")]
    Lost(#[from] ConnectionError),
    #[error("the connection can't be used: {0}")]
    Socket(#[from] io::Error),
    #[error("expected pixels with 8 bits for each colour, or 5, 6 and 5, got a screen of depth {depth}")]
    Pixels { depth: u8 },
}

impl Server {
    /// Introduces itself. For as long as the server does not answer, it waits.
    pub(super) fn open(socket: Socket, address: &Address) -> Result<Self, Refusal> {
        let (stream, (family, host)) = match socket {
            Socket::Local(stream) => DefaultStream::from_unix_stream(stream)?,
            Socket::Remote(stream) => DefaultStream::from_tcp_stream(stream)?,
        };
        // Without a key, or one that can be read, the server may let us in all the same.
        let key = xauth::get_auth(family, &host, address.number).ok().flatten().unwrap_or_default();
        let connection = RustConnection::connect_to_stream_with_auth_info(stream, address.screen, key.0, key.1)?;
        let setup = connection.setup();
        // That it is there has been looked at.
        let screen = setup.roots.get(address.screen).ok_or(ConnectError::InvalidScreen)?;
        let (root, depth) = (screen.root, screen.root_depth);
        let pixels = visual(setup, address.screen).and_then(Pixels::of).ok_or(Refusal::Pixels { depth })?;
        let has_shared_memory = shares_memory(&connection)?;
        Ok(Self { connection, root, pixels, has_shared_memory })
    }

    /// How large the screen is now.
    pub(super) fn size(&self) -> Result<Size, ReplyError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        Ok(Size { width: geometry.width.into(), height: geometry.height.into() })
    }

    /// Whether it tells what its pointer looks like.
    pub(super) fn shows_pointer(&self) -> Result<bool, ConnectionError> {
        if self.connection.extension_information(xfixes::X11_EXTENSION_NAME)?.is_none() {
            return Ok(false);
        }
        let (major, minor) = SHOWS_POINTER;
        Ok(self.connection.xfixes_query_version(major, minor)?.reply().is_ok())
    }

    /// The pointer as it is now, seen from the upper left corner of `area`.
    pub(super) fn pointer(&self, area: Area) -> Result<Pointer, ReplyError> {
        let image = self.connection.xfixes_get_cursor_image()?.reply()?;
        Ok(Pointer {
            left: i32::from(image.x) - i32::from(image.xhot) - i32::from(area.x),
            top: i32::from(image.y) - i32::from(image.yhot) - i32::from(area.y),
            width: image.width.into(),
            pixels: image.cursor_image,
        })
    }

    /// Memory for a picture of so many bytes; `None` where the server does not share any with us.
    pub(super) fn share(&self, bytes: usize) -> Result<Option<Shared>, ConnectionError> {
        if !self.has_shared_memory {
            return Ok(None);
        }
        let Ok(memory) = shareable(bytes as u64) else { return Ok(None) };
        let Ok(theirs) = memory.try_clone().map(OwnedFd::from) else { return Ok(None) };
        let Ok(segment) = self.connection.generate_id() else { return Ok(None) };
        let attached = self.connection.shm_attach_fd(segment, theirs, false)?.check();
        Ok(attached.is_ok().then_some(Shared { segment, memory }))
    }

    /// Gives shared memory back.
    pub(super) fn give_back(&self, shared: &Shared) -> Result<(), ConnectionError> {
        self.connection.shm_detach(shared.segment)?.ignore_error();
        Ok(())
    }

    /// Copies what `area` shows into `picture`, which has its size.
    pub(super) fn take(&self, area: Area, shared: Option<&Shared>, picture: &mut [u8]) -> Result<(), ReplyError> {
        // Nobody asked for events, and errors of earlier pictures are old.
        while self.connection.poll_for_event()?.is_some() {}
        let Area { x, y, width, height } = area;
        // As in the protocol, where a screen begins at 0 and is not larger than this.
        let [x, y] = [x, y].map(u16::cast_signed);
        let format = ImageFormat::Z_PIXMAP;
        if let Some(Shared { segment, memory }) = shared {
            use std::os::unix::fs::FileExt;
            let request =
                self.connection.shm_get_image(self.root, x, y, width, height, u32::MAX, format.into(), *segment, 0)?;
            request.reply()?;
            memory.read_exact_at(picture, 0)?;
        } else {
            let request = self.connection.get_image(format, self.root, x, y, width, height, u32::MAX)?;
            let data = request.reply()?.data;
            let length = data.len().min(picture.len());
            picture[..length].copy_from_slice(&data[..length]);
        }
        Ok(())
    }
}

impl Area {
    /// The part of a screen of `size` that is in `wanted`: from the left, from the top, and how large; all of it where
    /// nothing is. `None` where it is beside the screen.
    pub(super) fn of(size: Size, wanted: Option<(u32, u32, Size)>) -> Option<Self> {
        let (x, y, part) = wanted.unwrap_or((0, 0, size));
        let width = part.width.min(size.width.checked_sub(x)?);
        let height = part.height.min(size.height.checked_sub(y)?);
        let fits = |length: u32| u16::try_from(length).ok();
        let area = Self { x: fits(x)?, y: fits(y)?, width: fits(width)?, height: fits(height)? };
        (area.width > 0 && area.height > 0).then_some(area)
    }
}

fn visual(setup: &Setup, screen: usize) -> Option<Visual> {
    let screen = setup.roots.get(screen)?;
    let format = setup.pixmap_formats.iter().find(|format| format.depth == screen.root_depth)?;
    let mut visuals = screen.allowed_depths.iter().flat_map(|depth| &depth.visuals);
    let visual = visuals.find(|visual| visual.visual_id == screen.root_visual)?;
    let masks = [visual.red_mask, visual.green_mask, visual.blue_mask];
    let is_big_endian = setup.image_byte_order == ImageOrder::MSB_FIRST;
    // Lines are padded so by every server there is.
    (format.scanline_pad == 32).then_some(Visual { bits: format.bits_per_pixel, masks, is_big_endian })
}

/// Whether a server takes memory of ours: it has to be on this machine.
fn shares_memory(connection: &RustConnection) -> Result<bool, ConnectionError> {
    if connection.extension_information(shm::X11_EXTENSION_NAME)?.is_none() {
        return Ok(false);
    }
    let version = connection.shm_query_version()?.reply();
    Ok(version.is_ok_and(|version| (version.major_version, version.minor_version) >= SHARES_DESCRIPTORS))
}

/// Memory that nobody can make smaller: whoever reads it would be ended for it.
fn shareable(bytes: u64) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = File::from(rustix::fs::memfd_create("screen", flags)?);
    memory.set_len(bytes)?;
    rustix::fs::fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Size = Size { width: 640, height: 480 };

    const fn area(x: u16, y: u16, width: u16, height: u16) -> Option<Area> {
        Some(Area { x, y, width, height })
    }

    #[test]
    fn a_part_is_as_much_as_is_on_the_screen() {
        assert_eq!(Area::of(SCREEN, None), area(0, 0, 640, 480));
        let part = Size { width: 320, height: 240 };
        assert_eq!(Area::of(SCREEN, Some((10, 20, part))), area(10, 20, 320, 240));
        assert_eq!(Area::of(SCREEN, Some((600, 400, part))), area(600, 400, 40, 80));
    }

    #[test]
    fn what_is_beside_the_screen_is_no_part_of_it() {
        let part = Size { width: 320, height: 240 };
        for (x, y) in [(640, 0), (0, 480), (641, 0), (u32::MAX, u32::MAX)] {
            assert_eq!(Area::of(SCREEN, Some((x, y, part))), None, "{x}, {y}");
        }
        assert_eq!(Area::of(Size { width: 0, height: 0 }, None), None);
    }
}
