//! Whether there is a place for recordings, and for how long it lasts.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use super::{Finding, account};
use crate::{
    config::Settings,
    recorder::{self, DiskError},
    recording::{
        Policy,
        retention::{Disk, Kept, forecast, unseen},
    },
    units::Bitrate,
};

const ABOUT: &str = "recordings";

/// Looks at the folder of recordings: not for async code.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let record = &settings.record;
    // Else only what somebody asks for over the API.
    let is_needed = settings.members.iter().any(|member| member.record.remote || member.record.local);
    let rate =
        Bitrate::from_bits(settings.encode.video_bitrate.bits().saturating_add(settings.encode.audio_bitrate.bits()));
    vec![match recorder::inspect(&record.dir, record.mount.as_deref()) {
        Ok(disk) => room(&record.dir, disk, record.keep, rate, is_needed),
        Err(error) => {
            let remedy = remedy(&error);
            Finding::wanting(ABOUT, is_needed, error.to_string()).mended_by(remedy)
        }
    }]
}

fn room(dir: &Path, disk: Disk, keep: Policy, rate: Bitrate, is_needed: bool) -> Finding {
    let dir = dir.display();
    if let Some(shortage) = unseen(keep, disk) {
        let what = format!("{dir}: {shortage}");
        return Finding::wanting(ABOUT, is_needed, what).mended_by(format!("df --human-readable {dir}"));
    }
    // What other limits say depends on what is kept already.
    let only_free = Policy { free: keep.free, ..Policy::default() };
    let left = forecast(rate, only_free, Kept::default(), disk);
    let hours = left.map_or(0, |left| left.as_secs() / 3600);
    let free = gigabytes(disk.free);
    let what =
        format!("{dir} can be written to; {free} GB are free: {hours} h of one picture with sound, as sent here");
    Finding::ok(ABOUT, what)
}

fn gigabytes(bytes: u64) -> f64 {
    (bytes as f64 / 1e8).floor() / 10.0
}

fn remedy(error: &DiskError) -> String {
    match error {
        DiskError::NotMounted { mount } => format!("sudo mount {}", mount.display()),
        DiskError::Folder { folder, error } if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            format!("sudo mount --options remount,rw {}", mount_point(folder).display())
        }
        DiskError::Folder { folder, .. } => {
            format!("sudo install --directory --owner={} {}", account::user(), folder.display())
        }
        DiskError::Taken { folder } | DiskError::Full { folder, .. } => format!("ls -l {}", folder.display()),
    }
}

/// The last of the folders that it is in, from within outwards, on the same device as the nearest that is there.
fn mount_point(folder: &Path) -> &Path {
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    let mut outwards = folder.ancestors().skip_while(|path| device(path).is_none());
    let Some(nearest) = outwards.next() else { return folder };
    outwards.take_while(|path| device(path) == device(nearest)).last().unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    const GIGABYTE: u64 = 1_000_000_000;

    fn found(free: u64, is_needed: bool) -> Finding {
        let disk = Disk { free, total: 100 * GIGABYTE, free_files: None };
        let keep = Policy { free: Some(GIGABYTE), ..Policy::default() };
        room(Path::new("/media/disk"), disk, keep, Bitrate::from_bits(2_000_000), is_needed)
    }

    #[test]
    fn free_space_is_told_in_hours() {
        // 9 GB may be written, at 0.9 GB an hour.
        assert_eq!(
            found(10 * GIGABYTE, true),
            Finding::ok(
                ABOUT,
                "/media/disk can be written to; 10 GB are free: 10 h of one picture with sound, as sent here"
            )
        );
    }

    #[test]
    fn a_full_disk_fails_who_records() {
        assert_eq!(found(GIGABYTE / 4, true).grade, Grade::Failure);
        let told = found(GIGABYTE / 4, false);
        assert_eq!(told.grade, Grade::Warning);
        assert!(told.what.contains("250000000 bytes are missing"), "{told}");
        assert_eq!(told.remedy.as_deref(), Some("df --human-readable /media/disk"));
    }
}
