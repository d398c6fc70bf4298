//! What is said before the first frame.

use std::{io::Cursor, time::Duration};

use super::film;
use crate::{
    codec::{Codec, MediaKind},
    container::Shape,
    matroska::{DocType, Scan, scan},
};

#[test]
fn a_header_is_read_as_it_was_written() {
    let film = film(2);
    let Scan { doc_type, application, film: scan } = scan(Cursor::new(film.finished())).unwrap();
    assert_eq!((doc_type, application.as_str()), (DocType::WebM, "test"));
    assert_eq!(scan.begun, Some(Duration::from_secs(1_800_000_000)));
    assert_eq!(scan.duration, Some(Duration::from_millis(1907)));
    assert_eq!(scan.end(), Duration::from_millis(1907));
    assert_eq!((scan.parts, scan.is_finished), (2, true));
    let [video, audio, other] = scan.tracks.as_slice() else { panic!("{:?}", scan.tracks) };
    assert_eq!((video.number, video.kind, video.codec), (1, Some(MediaKind::Video), Some(Codec::Vp9)));
    assert_eq!(video.shape, Some(Shape::Video { width: 640, height: 480 }));
    assert_eq!((audio.codec_id.as_str(), audio.codec, audio.private.len()), ("A_OPUS", Some(Codec::Opus), 19));
    assert_eq!(audio.shape, Some(Shape::Audio { channels: 2, sample_rate: 48_000 }));
    assert_eq!(audio.name.as_deref(), Some("sound"));
    assert_eq!((other.frames, other.first, other.last), (0, None, None));
}
