//! What is measured, in the words of OpenMetrics 1.0, which Prometheus reads: one table of names, filled from the state at
//! each scrape.
//!
//! No label has a value that strangers choose: a peer's id would make another series of each who ever came.

mod table;

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use crate::report::{ServerState, State};

/// What [`exposition`] is, as HTTP says it.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What metrics are read off.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// How the gateway does.
    pub gateway: State,
    /// How the HTTP servers do.
    pub servers: ServerState,
}

/// One row of the table.
struct Metric {
    /// Without what its unit and its kind add to it.
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    kind: Kind,
    /// Reads its samples off what is seen.
    read: fn(&Sight, &mut Samples),
}

/// How values are to be understood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It never falls, but for a restart.
    Counter,
    /// It is what it is now.
    Gauge,
}

/// What a metric has to say: values, each with its labels.
#[derive(Default)]
struct Samples(Vec<(Labels, f64)>);

type Labels = Vec<(&'static str, String)>;

impl Samples {
    fn add<const N: usize>(&mut self, labels: [(&'static str, &dyn fmt::Display); N], value: impl Into<f64>) {
        self.0.push((labels.iter().map(|(name, value)| (*name, value.to_string())).collect(), value.into()));
    }
}

/// What is seen, as metrics.
#[must_use]
pub fn exposition(sight: Sight) -> String {
    let mut registry = Registry::with_prefix("peergate");
    registry.register_collector(Box::new(Snapshot(sight)));
    let mut text = String::new();
    // Writing to a string does not fail, nor does the table hold what can't be written.
    let _ = text::encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct Snapshot(Sight);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        for metric in table::TABLE {
            let mut samples = Samples::default();
            (metric.read)(&self.0, &mut samples);
            if samples.0.is_empty() {
                continue;
            }
            let (kind, unit) = (metric.kind.as_metric_type(), metric.unit.as_ref());
            let mut family = encoder.encode_descriptor(metric.name, metric.help, unit, kind)?;
            for (labels, value) in &samples.0 {
                let mut sample = family.encode_family(labels)?;
                match metric.kind {
                    Kind::Counter => sample.encode_counter::<[(&str, &str); 0], _, f64>(value, None)?,
                    Kind::Gauge => sample.encode_gauge(value)?,
                }
            }
        }
        Ok(())
    }
}

impl Kind {
    const fn as_metric_type(self) -> MetricType {
        match self {
            Self::Counter => MetricType::Counter,
            Self::Gauge => MetricType::Gauge,
        }
    }
}

#[cfg(test)]
mod tests;
