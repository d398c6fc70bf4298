//! `peergate devices`: what can be captured here, as a list for people or as JSON.

use std::{
    fmt::Display,
    io::{self, Write},
};

use crate::source::survey::{FoundCamera, FoundScreen, FoundSound, Survey};

/// Prints what was found on `out`; what could not be looked for goes to stderr.
///
/// # Errors
/// When nobody reads.
pub fn list(survey: &Survey, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    for untold in &survey.untold {
        eprintln!("{untold}");
    }
    if as_json {
        serde_json::to_writer_pretty(&mut *out, survey)?;
        return writeln!(out);
    }
    out.write_all(text(survey).as_bytes())
}

fn text(survey: &Survey) -> String {
    let Survey { cameras, microphones, monitors, screens, untold: _ } = survey;
    let mut lines = Vec::new();
    section(&mut lines, "cameras", cameras, camera);
    section(&mut lines, "microphones", microphones, sound);
    section(&mut lines, "monitors (what is played)", monitors, sound);
    section(&mut lines, "screens", screens, screen);
    lines.push(String::new());
    lines.join("\n")
}

fn section<T>(lines: &mut Vec<String>, title: &str, found: &[T], tell: fn(&T, &mut Vec<String>)) {
    let none = if found.is_empty() { " none" } else { "" };
    lines.push(format!("{title}:{none}"));
    found.iter().for_each(|one| tell(one, lines));
}

fn camera(camera: &FoundCamera, lines: &mut Vec<String>) {
    lines.push(format!("  --video {}  {}, now {}", camera.spec, camera.name, camera.node.display()));
    detail(lines, &camera.formats);
    detail(lines, &camera.problem);
}

fn sound(sound: &FoundSound, lines: &mut Vec<String>) {
    lines.push(format!("  --audio {}  {}", sound.spec, sound.name));
}

fn screen(screen: &FoundScreen, lines: &mut Vec<String>) {
    let size = screen.size.map(|size| format!("  {size}")).unwrap_or_default();
    lines.push(format!("  --video {}{size}", screen.spec));
    detail(lines, &screen.problem);
}

fn detail<T: Display>(lines: &mut Vec<String>, details: impl IntoIterator<Item = T>) {
    lines.extend(details.into_iter().map(|detail| format!("      {detail}")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::{Format, Rates, Sizes},
        units::Size,
    };

    const HD: Size = Size { width: 1280, height: 720 };

    fn survey() -> Survey {
        let format = Format { encoding: "jpeg".to_owned(), size: Sizes::One(HD), fps: Rates::Each(vec![30.0, 15.0]) };
        let camera = FoundCamera {
            name: "HD Webcam".to_owned(),
            node: "/dev/video0".into(),
            selector: "usb-HD_Webcam-video-index0".to_owned(),
            spec: "camera:usb-HD_Webcam-video-index0".to_owned(),
            formats: vec![format],
            problem: None,
        };
        let screen = |selector: &str, size, problem: Option<&str>| FoundScreen {
            selector: selector.to_owned(),
            spec: format!("screen:{selector}"),
            size,
            problem: problem.map(ToOwned::to_owned),
        };
        let room = FoundSound { name: "Room".to_owned(), selector: "room".to_owned(), spec: "monitor:room".to_owned() };
        Survey {
            cameras: vec![camera],
            monitors: vec![room],
            screens: vec![screen(":0", Some(HD), None), screen(":1", None, Some("the server refuses us"))],
            ..Survey::default()
        }
    }

    #[test]
    fn the_list_begins_each_line_with_the_flag_to_write() {
        assert_eq!(
            text(&survey()),
            "cameras:\n\
             \x20 --video camera:usb-HD_Webcam-video-index0  HD Webcam, now /dev/video0\n\
             \x20     jpeg 1280x720 at 30, 15 frames/s\n\
             microphones: none\n\
             monitors (what is played):\n\
             \x20 --audio monitor:room  Room\n\
             screens:\n\
             \x20 --video screen::0  1280x720\n\
             \x20 --video screen::1\n\
             \x20     the server refuses us\n"
        );
    }

    #[test]
    fn json_has_the_same() {
        let mut out = Vec::new();
        list(&survey(), true, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let camera = &json["cameras"][0];
        assert_eq!(camera["selector"], "usb-HD_Webcam-video-index0");
        assert_eq!(
            camera["formats"][0],
            serde_json::json!({ "encoding": "jpeg", "size": { "width": 1280, "height": 720 }, "fps": [30.0, 15.0] })
        );
        assert!(camera.get("problem").is_none(), "{camera}");
        assert_eq!(json["screens"][1]["problem"], "the server refuses us");
    }
}
