//! What the log was not asked for is not in it, whoever writes it.

use std::time::Duration;

use crate::common::daemon::Daemon;

#[tokio::test]
async fn at_info_there_is_nothing_finer() {
    let daemon = Daemon::run(&[]).await;
    daemon.wait_for_log("connected", Duration::from_secs(10)).await;
    let finer: Vec<_> = daemon.log().lines().filter(|line| line.contains("DEBUG") || line.contains("TRACE")).map(str::to_owned).collect();
    assert!(finer.is_empty(), "{}", finer.join("\n"));
}
