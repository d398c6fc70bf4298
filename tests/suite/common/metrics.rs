//! A gateway's metrics, as Prometheus' own client for Python reads them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::daemon::Daemon;

/// Prints each sample as JSON, one a line. Fails on what is no OpenMetrics.
const READ: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_fd_to_metric_families
for family in text_fd_to_metric_families(sys.stdin):
    for sample in family.samples:
        print(json.dumps({'name': sample.name, 'labels': sample.labels, 'value': sample.value, 'kind': family.type}))
";

/// What a gateway's `/metrics` says.
#[derive(Debug)]
pub(crate) struct Metrics(Vec<Value>);

impl Metrics {
    pub(crate) async fn scrape(gateway: &Daemon) -> Self {
        let response = reqwest::get(gateway.http("/metrics")).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
        let text = response.text().await.unwrap();
        // Debian's own, which has the package.
        let mut parser = Command::new("/usr/bin/python3");
        let mut parser = parser.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = parser.wait_with_output().unwrap();
        assert!(output.status.success(), "it is no OpenMetrics: {text}");
        let lines = String::from_utf8(output.stdout).unwrap();
        Self(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// The value of the one sample of that name and with these labels, whatever others it has.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits =
            |one: &&Value| one["name"] == name && labels.iter().all(|(name, value)| one["labels"][name] == *value);
        let found: Vec<_> = self.0.iter().filter(fits).collect();
        let [one] = found.as_slice() else { panic!("{name} {labels:?}: {found:?} of {self:#?}") };
        one["value"].as_f64().unwrap()
    }
}
