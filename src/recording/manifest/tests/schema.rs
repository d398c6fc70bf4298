//! The schema in `docs/` says what the types say.

use std::collections::BTreeSet;

use super::*;

/// The schema, whose documentation people and programs go by.
struct Schema(Value);

impl Schema {
    fn load() -> Self {
        let text = include_str!("../../../../docs/recording-manifest.schema.json");
        Self(serde_json::from_str(text).unwrap())
    }

    /// The schemas that a value may keep to, with references followed.
    fn kinds<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            let definition = self.0.pointer(reference.trim_start_matches('#'));
            return vec![definition.unwrap_or_else(|| panic!("{reference} is not there"))];
        }
        match schema["anyOf"].as_array() {
            Some(kinds) => kinds.iter().flat_map(|kind| self.kinds(kind)).collect(),
            None => vec![schema],
        }
    }

    /// Every field, as `tracks[].codec`, with the schemas that its value may keep to.
    fn fields(&self) -> Vec<Field<'_>> {
        let mut fields = Vec::new();
        self.add_fields(&self.0, "", &mut fields);
        fields
    }

    fn add_fields<'a>(&'a self, schema: &'a Value, path: &str, fields: &mut Vec<Field<'a>>) {
        for kind in self.kinds(schema) {
            for (name, value) in kind["properties"].as_object().into_iter().flatten() {
                let path = format!("{path}/{name}");
                let is_required = kind["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
                fields.push(Field { path: path.clone(), is_required, kinds: self.kinds(value) });
                self.add_fields(value, &path, fields);
            }
            if kind["items"].is_object() {
                self.add_fields(&kind["items"], &format!("{path}/0"), fields);
            }
        }
    }
}

/// A field, by the JSON pointer to it in [`full`]'s JSON.
struct Field<'a> {
    path: String,
    is_required: bool,
    kinds: Vec<&'a Value>,
}

impl Field<'_> {
    fn words(&self) -> Option<BTreeSet<&str>> {
        let words = self.kinds.iter().find_map(|kind| kind["enum"].as_array())?;
        Some(words.iter().map(|word| word.as_str().unwrap()).collect())
    }

    fn is_of(&self, value: &Value) -> bool {
        self.kinds.iter().any(|kind| match kind["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64(),
            Some("boolean") => value.is_boolean(),
            Some("null") => value.is_null(),
            Some(other) => panic!("{other}"),
            None => {
                kind.get("const") == Some(value) || kind["enum"].as_array().is_some_and(|words| words.contains(value))
            }
        })
    }
}

/// Samples that have each field between them.
fn samples() -> [Value; 2] {
    let incomplete = Manifest { state: State::incomplete("the disk was full"), ..full() };
    [full(), incomplete].map(|manifest| serde_json::from_slice(&manifest.to_json()).unwrap())
}

fn pointers(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        found.insert(format!("{path}/{name}"));
        pointers(value, &format!("{path}/{name}"), found);
    }
    // The other entries of a list have the same fields.
    value.get(0).into_iter().for_each(|value| pointers(value, &format!("{path}/0"), found));
}

#[test]
fn it_has_the_fields_that_are_written_and_no_others() {
    let schema = Schema::load();
    let described: BTreeSet<String> = schema.fields().into_iter().map(|field| field.path).collect();
    let mut written = BTreeSet::new();
    samples().iter().for_each(|sample| pointers(sample, "", &mut written));
    assert_eq!(described, written);
    for field in schema.fields() {
        for value in samples().iter().filter_map(|sample| sample.pointer(&field.path)) {
            assert!(field.is_of(value), "{}: {value}", field.path);
        }
    }
}

#[test]
fn it_says_what_may_be_null_and_what_may_be_missing() {
    let read = |json: &Value| Manifest::read(json.to_string().as_bytes());
    for field in Schema::load().fields() {
        let Some(mut sample) = samples().into_iter().rfind(|sample| sample.pointer(&field.path).is_some()) else {
            panic!("{}", field.path)
        };
        *sample.pointer_mut(&field.path).unwrap() = Value::Null;
        let may_be_null = field.is_of(&Value::Null);
        // A remote one has a peer.
        if field.path == "/peer" {
            sample["direction"] = json!("local");
        }
        assert_eq!(read(&sample).is_ok(), may_be_null, "{} as null", field.path);
        let (parent, name) = field.path.rsplit_once('/').unwrap();
        sample.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(read(&sample).is_ok(), !field.is_required, "without {}", field.path);
    }
}

#[test]
fn it_has_the_words_that_are_known_and_no_others() {
    for field in Schema::load().fields() {
        let Some(words) = field.words() else { continue };
        let [mut sample, _] = samples();
        *sample.pointer_mut(&field.path).unwrap() = json!("no such word");
        let told = Manifest::read(sample.to_string().as_bytes()).unwrap_err().to_string();
        // "unknown variant `no such word`, expected one of `remote`, `local` at line 1 column 2"
        let mut known: BTreeSet<&str> = told.split('`').skip(3).step_by(2).collect();
        // It is an object, not a word.
        known.remove("incomplete");
        assert_eq!(known, words, "{}: {told}", field.path);
    }
}

#[test]
fn it_has_the_bounds_of_the_types() {
    let schema = Schema::load();
    for field in schema.fields() {
        let Some(most) = field.kinds.iter().find_map(|kind| kind["maxItems"].as_u64()) else { continue };
        let [_, mut sample] = samples();
        let list = sample.pointer_mut(&field.path).unwrap();
        *list = json!(vec![list[0].clone(); most as usize]);
        assert!(Manifest::read(sample.to_string().as_bytes()).is_ok(), "{} with {most}", field.path);
        let list = sample.pointer_mut(&field.path).unwrap().as_array_mut().unwrap();
        list.push(list[0].clone());
        assert!(Manifest::read(sample.to_string().as_bytes()).is_err(), "{} with more than {most}", field.path);
    }
}
