//! Where an object shows what it says to whoever may read it: variables, commands, annotations, `ConfigMaps`, the
//! headers of probes. And what a Secret holds.

use std::collections::BTreeSet;

use crate::credential::{self, Found, is_telling, of_value};
use crate::finding::Severity;
use crate::syntax::{self, Format, Node, Span, Value};

use super::exposed_image::of_image;
use super::marked::all_entries;
use super::{
    Container, Field, Object, Pod, exposed_unknown, exposed_values, exposed_wrong_type, marked,
};

/// The annotation in which `kubectl apply` keeps the object as it was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A value in which credentials were found.
#[derive(Clone, Debug)]
pub struct Exposed<'a> {
    /// The value.
    pub node: Node<'a>,
    /// The container that it belongs to.
    pub container: Option<Container<'a>>,
    /// What to call the place: `env DB_PASSWORD`.
    pub place: String,
    /// What was found, never nothing.
    pub found: Vec<Found>,
}

impl Exposed<'_> {
    /// The first line of each that was found, or the key where the notation hides it.
    #[must_use]
    pub fn lines(&self) -> Vec<Span> {
        lines_of(self.node, &self.found)
    }

    /// What has the address: an item of a list would be called by what it is.
    #[must_use]
    pub fn addressed(&self) -> Node<'_> {
        addressed(self.node)
    }

    /// What tells one that was found from others at the same address; never the value.
    #[must_use]
    pub fn discriminator(&self, found: &Found) -> String {
        marked::discriminator(self.node, found)
    }

    /// The bytes that must not be shown.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        let ranges: Vec<_> = self.found.iter().map(|found| found.range.clone()).collect();
        let whole = self.node.span();
        let parts = self.node.parts(&ranges);
        parts.into_iter().map(move |part| part.unwrap_or(whole))
    }
}

/// The list for an item, and the node itself for any other.
fn addressed(node: Node<'_>) -> Node<'_> {
    node.key().and(Some(node)).or(node.parent()).unwrap_or(node)
}

/// The first line of each of the credentials in a text, in order, or the key where the notation hides it.
#[must_use]
pub fn lines_of(node: Node<'_>, found: &[Found]) -> Vec<Span> {
    let value = node.as_str().unwrap_or_default();
    let first = |found: &Found| {
        let part = value.get(found.range.clone()).unwrap_or_default();
        let blank = part.len() - part.trim_start().len();
        let first = part.trim_start().lines().next().unwrap_or_default();
        let start = found.range.start + blank;
        start..start + first.len()
    };
    let ranges: Vec<_> = found.iter().map(first).collect();
    let key = node.key().map_or_else(|| node.span(), Node::span);
    let lines = node.parts(&ranges).into_iter();
    lines.map(|line| line.unwrap_or(key)).collect()
}

/// What a credential means wherever it stands: one that opens little, or that is guessed anyway, weighs less.
#[must_use]
pub fn severity(found: &Found) -> Severity {
    if found.is_weak {
        Severity::Medium
    } else {
        Severity::High
    }
}

/// The fields of a Secret that hold none of its values.
const OPEN_FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];

/// True for a field of a Secret that may be shown.
#[must_use]
pub fn is_open_field(name: &str) -> bool {
    OPEN_FIELDS.contains(&name)
}

/// Visits the values of an object that show credentials. What a Secret holds is not among them.
pub fn exposed<'a>(object: Object<'a>, visit: &mut dyn FnMut(Exposed<'a>)) {
    let mut told = BTreeSet::new();
    in_places(object, &mut |exposed| {
        told.insert(exposed.node.id());
        visit(exposed);
    });
    let mut keep = |node: Node<'a>, key: &'a str, found: Vec<Found>| {
        visit(Exposed {
            node,
            container: None,
            place: format!("`{}`", short(key)),
            found,
        });
    };
    marked::encryption_keys(object, &mut keep);
    let kind = object.kind().name;
    for entry in all_entries(object.node()) {
        let key = entry.key.key_text();
        let is_told = match kind {
            "Secret" => !is_open_field(key),
            // Every value of it was looked into by itself.
            "ConfigMap" => key == "data" && holds_text_only(entry.value),
            _ => false,
        };
        if !is_told {
            marked::marked(entry.value, key, &mut told, &mut keep);
            marked::pairs(entry.value, &mut told, &mut keep);
        }
    }
    exposed_values::of_chart(object.node(), object.kind().name, &mut told, &mut keep);
}

fn holds_text_only(data: Node<'_>) -> bool {
    data.is_mapping() && all_entries(data).all(|entry| entry.value.as_str().is_some())
}

/// Visits what stands where less evidence serves: a key or a program says what it is.
pub fn in_places<'a>(object: Object<'a>, visit: &mut dyn FnMut(Exposed<'a>)) {
    let mut keep = |node: Node<'a>, place: &dyn Fn() -> String, found: Vec<Found>| {
        if !found.is_empty() {
            visit(Exposed {
                node,
                container: None,
                place: place(),
                found,
            });
        }
    };
    let own = object.field(&["metadata", "annotations"]).node();
    let of_pods = object.pods().filter_map(|pod| {
        let annotations = Field::follow(pod.root(), &["metadata", "annotations"]);
        annotations.node().filter(|node| Some(*node) != own)
    });
    for entry in own.into_iter().chain(of_pods).flat_map(all_entries) {
        let key = entry.key.key_text();
        if key == LAST_APPLIED {
            continue;
        }
        if let Some(value) = entry.value.as_str() {
            keep(
                entry.value,
                &|| format!("annotation `{}`", short(key)),
                of_value(key, value),
            );
        }
    }
    if object.kind().name == "ConfigMap" {
        for entry in all_values(object.node(), "data").flat_map(all_entries) {
            let key = entry.key.key_text();
            if let Some(value) = entry.value.as_str() {
                keep(
                    entry.value,
                    &|| format!("data `{}`", short(key)),
                    of_value(key, value),
                );
            }
        }
        for entry in all_values(object.node(), "binaryData").flat_map(all_entries) {
            let key = entry.key.key_text();
            if let Some(value) = entry.value.as_str() {
                let found = decoded_whole(key, value, of_value);
                keep(
                    entry.value,
                    &|| format!("binaryData `{}`", short(key)),
                    found,
                );
            }
        }
    }
    if object.kind().name == "ConfigMap" {
        for field in ["data", "binaryData"] {
            for node in all_values(object.node(), field) {
                exposed_wrong_type::in_data(node, field, visit);
            }
        }
    }
    for container in object.pods().flat_map(Pod::containers) {
        of_container(container, visit);
    }
    exposed_unknown::in_unknown_fields(object, &mut |node, key, found| {
        visit(Exposed {
            node,
            container: Container::around(node),
            place: format!("`{}`", short(key)),
            found,
        });
    });
}

pub(super) fn short(key: &str) -> String {
    super::field::shortened(key)
}

/// Where commands stand, and what to call the place.
const COMMANDS: [Place; 7] = [
    ("command", &["command"]),
    ("args", &["args"]),
    (
        "livenessProbe.exec.command",
        &["livenessProbe", "exec", "command"],
    ),
    (
        "readinessProbe.exec.command",
        &["readinessProbe", "exec", "command"],
    ),
    (
        "startupProbe.exec.command",
        &["startupProbe", "exec", "command"],
    ),
    (
        "lifecycle.postStart.exec.command",
        &["lifecycle", "postStart", "exec", "command"],
    ),
    (
        "lifecycle.preStop.exec.command",
        &["lifecycle", "preStop", "exec", "command"],
    ),
];

/// Where headers stand.
const HEADERS: [Place; 5] = [
    (
        "livenessProbe",
        &["livenessProbe", "httpGet", "httpHeaders"],
    ),
    (
        "readinessProbe",
        &["readinessProbe", "httpGet", "httpHeaders"],
    ),
    ("startupProbe", &["startupProbe", "httpGet", "httpHeaders"]),
    (
        "lifecycle.postStart",
        &["lifecycle", "postStart", "httpGet", "httpHeaders"],
    ),
    (
        "lifecycle.preStop",
        &["lifecycle", "preStop", "httpGet", "httpHeaders"],
    ),
];

type Place = (&'static str, &'static [&'static str]);

fn of_container<'a>(container: Container<'a>, visit: &mut dyn FnMut(Exposed<'a>)) {
    exposed_wrong_type::in_container(container, COMMANDS.map(|(_, path)| path), visit);
    let mut keep = |node: Node<'a>, place: &dyn Fn() -> String, found: Vec<Found>| {
        if !found.is_empty() {
            visit(Exposed {
                node,
                container: Some(container),
                place: place(),
                found,
            });
        }
    };
    for variable in container.field(&["env"]).items() {
        let name = variable.get("name").map_or("", Node::key_text);
        for node in all_values(variable, "value") {
            if let Some(value) = node.as_str() {
                // An operation may write the value alone.
                let place = || match name {
                    "" => "env".to_owned(),
                    name => format!("env {}", short(name)),
                };
                keep(node, &place, of_value(name, value));
            }
        }
    }
    for (place, path) in HEADERS {
        for header in container.field(path).items() {
            let name = header.get("name").map_or("", Node::key_text);
            let Some(node) = header.get("value") else {
                continue;
            };
            if let Some(value) = node.as_str() {
                let place = || format!("{place}, header {}", short(name));
                keep(node, &place, of_value(name, value));
            }
        }
    }
    if let Some(node) = container.field(&["image"]).node()
        && let Some(reference) = node.as_str()
    {
        keep(node, &|| "`image`".to_owned(), of_image(reference));
    }
    of_commands(container, visit);
}

fn of_commands<'a>(container: Container<'a>, visit: &mut dyn FnMut(Exposed<'a>)) {
    let mut words: Vec<&str> = Vec::new();
    for (name, path) in COMMANDS {
        // Arguments go on where the command ends.
        if name != "args" {
            words.clear();
        }
        for node in container.field(path).items() {
            let value = node.as_str().unwrap_or_default();
            let found = credential::of_word(&words, value);
            if !found.is_empty() {
                visit(Exposed {
                    node,
                    container: Some(container),
                    place: name.to_owned(),
                    found,
                });
            }
            words.push(value);
        }
    }
}

/// A value of a Secret that is a credential.
#[derive(Clone, Debug)]
pub struct Literal<'a> {
    /// The value.
    pub node: Node<'a>,
    /// `data`, `stringData`, or what somebody wrote for them.
    pub field: &'a str,
    /// True if it stands there in Base64.
    pub is_encoded: bool,
    /// Its key there.
    pub key: &'a str,
    /// What it is.
    pub found: Found,
    /// The line to point at.
    pub line: Span,
}

impl Literal<'_> {
    /// What tells it from others at the same address; never the value.
    #[must_use]
    pub fn discriminator(&self) -> String {
        marked::discriminator(self.node, &self.found)
    }
}

/// The credentials that a Secret holds, in the order of their keys. What SOPS has encrypted is none.
#[must_use]
pub fn literals(secret: Node<'_>) -> Vec<Literal<'_>> {
    let mut literals = Vec::new();
    for field in ["data", "stringData"] {
        for node in all_values(secret, field).filter(|node| !node.is_mapping()) {
            // Nothing in a text of lines stands in Base64.
            let (meant, called) = match node.as_str() {
                Some(_) => ("stringData", "the text behind"),
                None => (field, field),
            };
            in_another_type(node, field, meant, called, &mut literals);
        }
        for entry in all_values(secret, field).flat_map(all_entries) {
            let (key, node) = (entry.key.key_text(), entry.value);
            if node.is_mapping() || node.is_sequence() {
                in_another_type(node, key, field, field, &mut literals);
            }
            let number = matches!(node.value(), Value::Int(_));
            let text = match node.as_str() {
                Some(text) => text,
                // Nobody quotes a password of digits; the API server refuses it, and it was shown all the same.
                None if number && field == "stringData" => node.source(),
                None => continue,
            };
            if text.starts_with("ENC[") {
                continue;
            }
            let is_encoded = field == "data" && credential::decode(text).is_some();
            let all = if is_encoded {
                decoded(key, text, credential::of_secret)
            } else {
                // In `data` it is refused by the API server, and shown all the same.
                credential::of_secret(key, text)
            };
            let lines = if is_encoded {
                // None of its bytes stands there as it is.
                let whole = Found::new(0..text.len(), credential::What::Secret, false);
                lines_of(node, &vec![whole; all.len().min(1)]).repeat(all.len())
            } else {
                lines_of(node, &all)
            };
            for (found, line) in all.into_iter().zip(lines) {
                literals.push(Literal {
                    node,
                    field,
                    is_encoded,
                    key,
                    found,
                    line,
                });
            }
        }
    }
    in_unknown_fields(secret, &mut literals);
    literals
}

/// What stands in fields that a Secret does not have, as behind a misspelt `stringData`: the API server drops them, and
/// they were shown all the same.
fn in_unknown_fields<'a>(secret: Node<'a>, literals: &mut Vec<Literal<'a>>) {
    for entry in all_entries(secret) {
        let field = entry.key.key_text();
        if is_open_field(field) || matches!(field, "data" | "stringData" | "sops") {
            continue;
        }
        in_another_type(entry.value, field, field, field, literals);
    }
}

/// What stands below a value that a Secret cannot hold there, judged as in the field that is meant and called as what
/// stands there.
fn in_another_type<'a>(
    node: Node<'a>,
    key: &'a str,
    meant: &str,
    field: &'a str,
    literals: &mut Vec<Literal<'a>>,
) {
    exposed_unknown::in_field_of_secret(node, key, meant, &mut |node, key, found| {
        let lines = lines_of(node, &found);
        let all = found.into_iter().zip(lines);
        let node = addressed(node);
        literals.extend(all.map(|(found, line)| Literal {
            node,
            field,
            is_encoded: field == "data",
            key,
            found,
            line,
        }));
    });
}

/// The values of a key, one that a later one replaces among them.
fn all_values<'a>(node: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> {
    let own = all_entries(node).filter(move |entry| entry.key.key_text() == key);
    own.map(|entry| entry.value)
}

/// What stands in Base64 behind a key, where none of its bytes stands as it is.
pub(super) fn decoded_whole(
    key: &str,
    text: &str,
    of_text: fn(&str, &str) -> Vec<Found>,
) -> Vec<Found> {
    let mut found = decoded(key, text, of_text);
    for found in &mut found {
        found.range = 0..text.len();
    }
    found
}

/// What stands in Base64 behind a key, or in its place.
fn decoded(key: &str, text: &str, of_text: fn(&str, &str) -> Vec<Found>) -> Vec<Found> {
    let Some(bytes) = credential::decode(text) else {
        // Refused by the API server, and shown all the same.
        return credential::find(text);
    };
    match String::from_utf8(bytes) {
        Ok(plain) => of_text(key, &plain),
        Err(error) => {
            let is_key = is_telling(key) && matches!(error.as_bytes().len(), 12..=256);
            let is_store = credential::is_key_store(key, error.as_bytes());
            let what = if is_store {
                credential::What::Store
            } else {
                credential::What::Secret
            };
            let found = (is_key || is_store).then(|| Found::new(0..text.len(), what, false));
            let found = found.map(|found| found.marked(text));
            found.into_iter().collect()
        }
    }
}

/// What an object keeps in the annotation of `kubectl apply`, if it is a credential: the annotation, and what it is,
/// each with the key that it stands behind there.
#[must_use]
pub fn last_applied(object: Object<'_>) -> Option<(Node<'_>, Vec<(String, Found)>)> {
    let node = object
        .field(&["metadata", "annotations", LAST_APPLIED])
        .node()?;
    let tree = syntax::parse(Format::Json, node.as_str()?.to_owned());
    let root = tree.root(tree.documents().first()?);
    let mut all: Vec<(String, Found)> = Vec::new();
    if root.get("kind").and_then(Node::as_str) == Some("Secret") {
        let literals = literals(root).into_iter();
        all.extend(literals.map(|literal| (literal.key.to_owned(), literal.found)));
    } else {
        walk(root, &mut |key, value| {
            let found = of_value(key, value).into_iter();
            all.extend(found.map(|found| (key.to_owned(), found)));
        });
    }
    Some((node, all))
}

/// Visits the texts of a tree with the key, or the name, that says what each is. Depth is bounded by the reader.
fn walk<'t>(node: Node<'t>, visit: &mut dyn FnMut(&'t str, &'t str)) {
    for item in node.items() {
        match item.as_str() {
            Some(text) => visit("", text),
            None => walk(item, visit),
        }
    }
    if node.is_mapping() {
        let name = node.get("name").and_then(Node::as_str);
        for entry in node.entries() {
            let key = entry.key.key_text();
            match (entry.value.as_str(), name) {
                (Some(text), Some(name)) if key == "value" => visit(name, text),
                (Some(text), _) => visit(key, text),
                (None, _) => walk(entry.value, visit),
            }
        }
    }
}

/// Where a container takes variables from Secrets, one by one or all of one: what to call the place, and the field.
pub fn secrets_as_environment(
    container: Container<'_>,
) -> impl Iterator<Item = (String, Field<'_>)> {
    let variables = container.field(&["env"]).items().filter_map(|variable| {
        let field = Field::follow(variable, &["valueFrom", "secretKeyRef"]);
        let name = variable.get("name").map_or("", Node::key_text);
        field
            .is_set()
            .then(|| (format!("env {}", short(name)), field))
    });
    let whole = container.field(&["envFrom"]).items().filter_map(|source| {
        let field = Field::follow(source, &["secretRef"]);
        field.is_set().then_some(("envFrom".to_owned(), field))
    });
    variables.chain(whole)
}
