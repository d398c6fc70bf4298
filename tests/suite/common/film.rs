//! Films for sources that play files.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A named pipe in `folder` with 2 s of film, and what keeps it open: who reads on hangs in the system until that is
/// dropped.
pub(crate) fn that_hangs(folder: &Path) -> (PathBuf, File) {
    let pipe = folder.join("film.mkv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let film = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=30:duration=2"])
        .args(["-c:v", "libvpx", "-f", "matroska", "pipe:1"])
        .output()
        .expect("package ffmpeg is installed");
    assert!(film.status.success());
    // Opened both ways it never breaks, whoever comes and goes.
    let end = File::options().read(true).write(true).open(&pipe).unwrap();
    let mut writing = end.try_clone().unwrap();
    std::thread::spawn(move || writing.write_all(&film.stdout).unwrap());
    (pipe, end)
}
