//! GitHub's own description of its API, trimmed: which requests it allows, and what answers look like.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::loopback_github::record::Recorded;

/// One description, with the validators that were made from it so far.
pub(super) struct Description {
    whole: Value,
    validators: Mutex<BTreeMap<String, Validator>>,
}

/// The names of the committed descriptions.
pub(super) const NAMES: [&str; 2] = ["github.com", "ghes-3.19"];

/// Reads a committed description, once.
pub(super) fn description(name: &str) -> &'static Description {
    static ALL: OnceLock<BTreeMap<&str, Description>> = OnceLock::new();
    let all = ALL.get_or_init(|| NAMES.map(|name| (name, read(name))).into());
    &all[name]
}

fn read(name: &str) -> Description {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/github");
    let text = fs::read(folder.join(format!("openapi-{name}.json"))).expect("it is committed");
    let mut whole: Value = serde_json::from_slice(&text).expect("it is JSON");
    plain(&mut whole);
    Description {
        whole,
        validators: Mutex::default(),
    }
}

/// `OpenAPI` 3.0 says `nullable` where JSON Schema has a type.
fn plain(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(plain),
        Value::Object(object) => {
            object.values_mut().for_each(plain);
            if object.get("nullable").is_some_and(Value::is_boolean) {
                object.remove("nullable");
                let bare = Value::Object(std::mem::take(object));
                object.insert("anyOf".to_owned(), json!([bare, {"type": "null"}]));
            }
        }
        _ => {}
    }
}

impl Description {
    /// The operation that a request is, with the values in its path.
    fn operation(&self, method: &str, path: &str) -> Option<(&Value, Map<String, Value>)> {
        let paths = self.whole["paths"].as_object()?;
        // A path that is written out goes before one with a gap in the same place.
        let mut found: Vec<_> = paths
            .iter()
            .filter_map(|(template, operations)| {
                let operation = operations.get(method.to_lowercase())?;
                Some((matched(template, path)?, operation))
            })
            .collect();
        found.sort_by_key(|(values, _)| values.len());
        let (values, operation) = found.into_iter().next()?;
        Some((operation, values))
    }

    /// What is wrong with a request; nothing if it is one that GitHub describes.
    pub(super) fn problems(&self, request: &Recorded) -> Vec<String> {
        let Some((operation, values)) = self.operation(&request.method, &request.path) else {
            return vec!["no such operation".to_owned()];
        };
        let mut problems = Vec::new();
        let mut known = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolved(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            known.push(name);
            let mut asked = request.query.iter();
            let value = match parameter["in"].as_str() {
                Some("path") => values.get(name).cloned(),
                Some("query") => asked
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value.as_str().into()),
                _ => continue,
            };
            match value {
                Some(value) => {
                    let wanted = self.misfits(&parameter["schema"], &read_as(&value));
                    let found = wanted.into_iter().map(|told| format!("{name}: {told}"));
                    // Digits may be meant as text.
                    if !self.misfits(&parameter["schema"], &value).is_empty() {
                        problems.extend(found);
                    }
                }
                None if parameter["required"] == true => {
                    problems.push(format!("{name} is missing"));
                }
                None => {}
            }
        }
        for (name, _) in &request.query {
            if !known.contains(&name.as_str()) {
                problems.push(format!("there is no parameter {name}"));
            }
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            if !request.body.is_empty() {
                problems.push("it takes no body".to_owned());
            }
        } else if request.body.is_empty() {
            if operation["requestBody"]["required"] == true {
                problems.push("the body is missing".to_owned());
            }
        } else {
            problems.extend(self.misfits(schema, &request.json()));
        }
        problems
    }

    /// What is wrong with an answer. Fields may be missing: a double need not have all of them.
    pub(super) fn problems_of_answer(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: &Value,
    ) -> Vec<String> {
        let Some((operation, _)) = self.operation(method, path) else {
            return vec!["no such operation".to_owned()];
        };
        let Some(answer) = operation["responses"].get(status.to_string()) else {
            return vec![format!("it never answers {status}")];
        };
        match answer["content"]["application/json"].get("schema") {
            Some(schema) => {
                let mut whole = json!({"schema": schema, "components": self.whole["components"]});
                without_required(&mut whole);
                validator(&whole["schema"], &whole["components"])
                    .iter_errors(body)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect()
            }
            None => Vec::new(),
        }
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self
                .whole
                .pointer(reference.trim_start_matches('#'))
                .expect("a reference leads somewhere"),
            None => value,
        }
    }

    fn misfits(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().expect("no test failed in here");
        let validator = validators
            .entry(schema.to_string())
            .or_insert_with(|| validator(schema, &self.whole["components"]));
        validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

fn validator(schema: &Value, components: &Value) -> Validator {
    let whole = json!({"allOf": [schema], "components": components});
    jsonschema::draft4::new(&whole).expect("it is a schema")
}

/// The values in the gaps of a path; none if it is another path.
fn matched(template: &str, path: &str) -> Option<Map<String, Value>> {
    let (wanted, found): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != found.len() {
        return None;
    }
    let mut values = Map::new();
    for (wanted, found) in wanted.into_iter().zip(found) {
        match wanted
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) if !found.is_empty() => {
                values.insert(name.to_owned(), found.into());
            }
            None if wanted == found => {}
            _ => return None,
        }
    }
    Some(values)
}

/// A parameter comes as text, whatever it is.
fn read_as(value: &Value) -> Value {
    let text = value.as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|_| value.clone())
}

fn without_required(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(without_required),
        Value::Object(object) => {
            if object.get("required").is_some_and(Value::is_array) {
                object.remove("required");
            }
            object.values_mut().for_each(without_required);
        }
        _ => {}
    }
}
