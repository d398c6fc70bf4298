//! docs/openapi.json, and whether answers keep to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{LazyLock, Mutex},
};

use jsonschema::Validator;
use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&fs::read_to_string("docs/openapi.json").unwrap()).unwrap());

/// Those that were used, by their names.
static VALIDATORS: Mutex<BTreeMap<String, Validator>> = Mutex::new(BTreeMap::new());

/// The document.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// Each request that it describes: `GET /api/state`.
pub(crate) fn requests() -> BTreeSet<String> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let of = |(path, methods): (&String, &'static Value)| {
        let path = path.clone();
        methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    };
    paths.flat_map(of).collect()
}

/// What it says of a request.
pub(crate) fn operation(request: &str) -> &'static Value {
    let (method, path) = request.split_once(' ').unwrap();
    let operation = &DOCUMENT["paths"][path][method.to_lowercase()];
    assert!(operation.is_object(), "docs/openapi.json has no {request}");
    operation
}

/// The words of a tag in a schema, such as each `state` of a `Condition`.
pub(crate) fn words(schema: &str, tag: &str) -> BTreeSet<String> {
    let kinds = DOCUMENT["components"]["schemas"][schema]["oneOf"].as_array().unwrap();
    kinds.iter().map(|kind| kind["properties"][tag]["const"].as_str().unwrap().to_owned()).collect()
}

/// Panics unless `value` keeps to the schema of this name.
pub(crate) fn keeps_to(name: &str, value: &Value) {
    let errors = errors(name, value);
    assert!(errors.is_empty(), "no {name} as docs/openapi.json has it: {}\n{value:#}", errors.join("\n"));
}

/// What keeps `value` from keeping to the schema of this name.
pub(crate) fn errors(name: &str, value: &Value) -> Vec<String> {
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators.entry(name.to_owned()).or_insert_with(|| {
        let components = &DOCUMENT["components"];
        let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": components });
        jsonschema::validator_for(&schema).unwrap()
    });
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Panics unless this is an answer to `request` that is described. Gives its status; a stream is not read.
pub(crate) async fn is_described(request: &str, answer: Response) -> u16 {
    let status = answer.status().as_u16();
    let responses = &operation(request)["responses"];
    let described = match responses.get(status.to_string()) {
        Some(described) => described,
        None => &DOCUMENT["components"]["responses"]["Refused"],
    };
    let Some(content) = described.get("content") else {
        assert_eq!(answer.bytes().await.unwrap().len(), 0, "{request}: {status} has a body");
        return status;
    };
    let (kind, content) = content.as_object().unwrap().iter().next().unwrap();
    let sent = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    assert!(sent.starts_with(kind.trim_end_matches('*')), "{request}: {status} is {sent}, not {kind}");
    if kind == "application/json" {
        let body: Value = answer.json().await.unwrap();
        if let Some(schema) = content["schema"]["$ref"].as_str() {
            keeps_to(schema.rsplit('/').next().unwrap(), &body);
        }
    }
    status
}
