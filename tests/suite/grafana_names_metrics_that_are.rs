//! The Grafana dashboard asks for the metrics in the table of docs/metrics.md, for all of them, by labels that they have.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

/// What Prometheus adds to each sample.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

/// The labels of each metric, as docs/metrics.md has them. `metrics::tests` compares that with the program.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("docs/metrics.md").unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `peergate_"));
    let rows = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let known = rows.map(|row| {
        let labels = row[3].split(", ").chain(OF_PROMETHEUS).map(|label| label.trim_matches('`').to_owned());
        (row[1].trim_matches('`').to_owned(), labels.collect())
    });
    known.collect()
}

/// The runs of letters, digits and underscores in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

fn metrics(text: &str) -> BTreeSet<&str> {
    words(text).filter(|word| word.starts_with("peergate_")).collect()
}

/// The labels that an expression selects by (`label="..."`) or sums by.
fn selected(expression: &str) -> Vec<&str> {
    let by = expression.split("by (").skip(1).flat_map(|rest| words(rest.split(')').next().unwrap()));
    let equals = expression.match_indices(['=', '!']).filter(|(at, _)| expression[at + 1..].starts_with(['"', '~']));
    let compared = equals.map(|(at, _)| words(&expression[..at]).last().unwrap());
    by.chain(compared).filter(|word| !word.is_empty()).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string("docs/grafana.json").unwrap()).unwrap()
}

#[test]
fn each_that_is_there_is_asked_for() {
    let dashboard = dashboard();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked: BTreeSet<&str> = targets.flat_map(|target| metrics(target["expr"].as_str().unwrap())).collect();
    for name in table().keys() {
        assert!(asked.contains(name.as_str()), "no panel shows {name}");
    }
}

#[test]
fn no_two_panels_say_the_same() {
    let dashboard = dashboard();
    let mut said = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        if let Some(description) = panel["description"].as_str() {
            assert!(said.insert(description), "{} has the description of another", panel["title"]);
        }
    }
    assert!(said.len() > 3, "the descriptions were found");
}

#[test]
fn each_that_it_asks_for_is_there() {
    let table = table();
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 10, "the panels were found");
    for panel in panels {
        for target in panel["targets"].as_array().unwrap() {
            let (expression, legend) = (target["expr"].as_str().unwrap(), target["legendFormat"].as_str().unwrap());
            let named = metrics(expression);
            assert!(!named.is_empty(), "{} asks for nothing: {expression}", panel["title"]);
            for name in named {
                let labels =
                    table.get(name).unwrap_or_else(|| panic!("{} asks for {name}, which is none", panel["title"]));
                let shown = legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap());
                for label in shown.chain(selected(expression)) {
                    assert!(labels.contains(label), "{}: {name} has no label {label}", panel["title"]);
                }
            }
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        for name in metrics(variable["query"].as_str().unwrap()) {
            assert!(table.contains_key(name), "{} is chosen by {name}, which is none", variable["name"]);
        }
    }
}
