//! Takes pictures of a screen, one after the other, on a thread of its own.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use gst::prelude::*;
use x11rb::errors::{ConnectionError, ReplyError};

use super::{
    pixels::Pixels,
    server::{Area, Server, Shared},
};
use crate::{
    media::clockwork::Clockwork,
    source::{Region, marks},
    units::Size,
};

/// What is watched, and how.
pub(super) struct Watcher {
    pub(super) server: Server,
    /// A part of the screen; `None` for the whole.
    pub(super) region: Option<Region>,
    /// Whether the pointer is in the picture.
    pub(super) pointer: bool,
    pub(super) fps: u32,
    pub(super) clockwork: Clockwork,
}

/// What pictures are taken into, while their size stays the same.
struct Film {
    area: Area,
    shared: Option<Shared>,
    caps: gst::Caps,
    buffers: gst::BufferPool,
}

/// Why no more pictures come.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Lost(#[from] ConnectionError),
    #[error("its screen is {0}, and the region lies beside it")]
    Beside(Size),
    #[error("GStreamer has no name for the layout of its pixels")]
    Pixels,
    #[error("{0}")]
    Media(#[from] glib::BoolError),
    #[error("no memory for a picture: {0}")]
    Memory(#[from] gst::FlowError),
}

impl Watcher {
    /// Fills `out` with pictures until nobody takes them any more, `ended` says so by being closed, or it fails.
    pub(super) fn run(self, out: &gst_app::AppSrc, ended: &Receiver<()>) -> Result<(), Failure> {
        let shows_pointer = self.pointer && self.server.shows_pointer()?;
        let mut film = None;
        // The one that should have come last, so that the first need not wait.
        let mut number = marks::frame_number(self.now(), self.fps);
        loop {
            if let Some(sample) = self.shoot(&mut film, shows_pointer, number)?
                && out.push_sample(&sample).is_err()
            {
                return Ok(());
            }
            let now = self.now();
            number = marks::frame_number(now, self.fps).max(number + 1);
            let wait = marks::frame_time(number, self.fps).saturating_sub(now);
            if ended.recv_timeout(Duration::from_nanos(wait)) != Err(RecvTimeoutError::Timeout) {
                return Ok(());
            }
        }
    }

    /// The running time, in ns.
    fn now(&self) -> u64 {
        self.clockwork.running_time().nseconds()
    }

    /// Takes the picture of this number. `None` where the screen changes at this moment.
    fn shoot(&self, film: &mut Option<Film>, shows_pointer: bool, number: u64) -> Result<Option<gst::Sample>, Failure> {
        let Some(size) = answered(self.server.size())? else { return Ok(None) };
        let region = self.region.map(|region| (region.x, region.y, region.size));
        let area = Area::of(size, region).ok_or(Failure::Beside(size))?;
        if film.as_ref().is_none_or(|film| film.area != area) {
            if let Some(old) = film.take()
                && let Some(shared) = &old.shared
            {
                self.server.give_back(shared)?;
            }
            *film = Some(self.film(area)?);
        }
        let Some(Film { shared, caps, buffers, .. }) = film else { return Ok(None) };
        let mut buffer = buffers.acquire_buffer(None)?;
        {
            let buffer = buffer.make_mut();
            buffer.set_pts(gst::ClockTime::from_nseconds(marks::frame_time(number, self.fps)));
            buffer.set_duration(gst::ClockTime::SECOND / u64::from(self.fps.max(1)));
            let mut picture = buffer.map_writable()?;
            if answered(self.server.take(area, shared.as_ref(), &mut picture))?.is_none() {
                return Ok(None);
            }
            if shows_pointer && let Some(pointer) = answered(self.server.pointer(area))? {
                pointer.draw(&mut picture, area.width.into(), self.server.pixels);
            }
        }
        Ok(Some(gst::Sample::builder().buffer(&buffer).caps(caps).build()))
    }

    fn film(&self, area: Area) -> Result<Film, Failure> {
        let pixels = self.server.pixels;
        let caps = gst_video::VideoCapsBuilder::new()
            .format(format(pixels).ok_or(Failure::Pixels)?)
            .width(area.width.into())
            .height(area.height.into())
            .framerate(gst::Fraction::new(i32::try_from(self.fps).unwrap_or(i32::MAX), 1))
            .pixel_aspect_ratio(gst::Fraction::new(1, 1))
            .build();
        let bytes = pixels.stride(area.width.into()) * usize::from(area.height);
        let buffers = gst::BufferPool::new();
        let mut config = buffers.config();
        // From one to as many as are on their way.
        config.set_params(Some(&caps), u32::try_from(bytes).unwrap_or(u32::MAX), 1, 0);
        buffers.set_config(config)?;
        buffers.set_active(true)?;
        Ok(Film { area, shared: self.server.share(bytes)?, caps, buffers })
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        // Those that are on their way come back to it first.
        let _ = self.buffers.set_active(false);
    }
}

/// What the server says; `None` where it refused: the screen has just become another.
fn answered<T>(reply: Result<T, ReplyError>) -> Result<Option<T>, ConnectionError> {
    match reply {
        Ok(answer) => Ok(Some(answer)),
        Err(ReplyError::ConnectionError(error)) => Err(error),
        Err(ReplyError::X11Error(error)) => {
            tracing::debug!(?error, "an X request failed; there is no picture this time");
            Ok(None)
        }
    }
}

/// GStreamer's name for them; `None` where it has none.
const fn format(pixels: Pixels) -> Option<gst_video::VideoFormat> {
    use gst_video::VideoFormat;
    Some(match pixels {
        Pixels::Packed => VideoFormat::Rgb16,
        Pixels::Bytes { red: 0, green: 1, blue: 2, length: 4 } => VideoFormat::Rgbx,
        Pixels::Bytes { red: 1, green: 2, blue: 3, length: 4 } => VideoFormat::Xrgb,
        Pixels::Bytes { red: 2, green: 1, blue: 0, length: 4 } => VideoFormat::Bgrx,
        Pixels::Bytes { red: 3, green: 2, blue: 1, length: 4 } => VideoFormat::Xbgr,
        Pixels::Bytes { red: 0, green: 1, blue: 2, length: 3 } => VideoFormat::Rgb,
        Pixels::Bytes { red: 2, green: 1, blue: 0, length: 3 } => VideoFormat::Bgr,
        Pixels::Bytes { .. } => return None,
    })
}
