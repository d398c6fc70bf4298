//! An encoder that makes fewer pictures than come is told in the log, once, with what helps.

use std::{fs, time::Duration};

use crate::common::daemon::Daemon;

/// It is looked at for 10 s.
const LIMIT: Duration = Duration::from_secs(30);

/// Software that takes 60 ms for each picture.
const ROW: &str = r#"
[[encoder]]
codec = "h264"
element = "x264enc"
template = "slow"
package = "none"
bitrate = { property = "bitrate", unit = "kbit/s" }
"#;
const TEMPLATE: &str = "queue name=in leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0
    ! identity sleep-time=60000 ! x264enc name=encoder tune=zerolatency speed-preset=ultrafast bitrate={bitrate}
    ! video/x-h264,profile=constrained-baseline ! h264parse
    ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out";

#[tokio::test]
async fn once_and_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("encoders.toml"), ROW).unwrap();
    fs::write(folder.path().join("slow.launch"), TEMPLATE).unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, "[encode]\ncatalogue = \"encoders.toml\"\n[video.picture]\nkeep = true\n").unwrap();
    let daemon = Daemon::gateway(&["--config", config.to_str().unwrap()]).await;
    let told = daemon.wait_for_log("an encoder is too slow", LIMIT).await;
    assert!(told.contains("WARN") && told.contains("what=\"h264 of picture\" element=\"x264enc\""), "{told}");
    let figure = |name: &str| {
        let (_, behind) = told.split_once(name).unwrap_or_else(|| panic!("{name} in {told}"));
        behind.split_whitespace().next().unwrap().parse::<u32>().unwrap()
    };
    // Of 30 a second; on a busy machine fewer.
    let (made, wanted) = (figure(" made="), figure(" wanted="));
    assert!((1..=17).contains(&made) && (made + 1..=31).contains(&wanted), "{told}");
    assert!(told.contains("peergate doctor --encoders"), "{told}");
    let frames = daemon.state().await["encoders"][0]["frames"].as_u64().unwrap();
    daemon.encoder("h264", |encoder| encoder["frames"].as_u64() > Some(frames + 11 * u64::from(made))).await;
    assert_eq!(daemon.log().matches("an encoder is too slow").count(), 1);
}
