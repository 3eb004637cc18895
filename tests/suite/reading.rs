//! Files written in a test, read as the program reads them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tidegate::kubernetes::manifest;
use tidegate::kubernetes::pod_security::{Version, VersionSet};
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::{Format, Node, Value};

/// A revision of the given files.
pub(crate) fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let mut files: Vec<_> = files
        .iter()
        .map(|(path, text)| {
            let format = match path.rsplit_once('.') {
                Some((_, "json")) => Format::Json,
                _ => Format::Yaml,
            };
            let kustomization = path.ends_with("kustomization.yaml");
            let reading = manifest::read(format, text.as_bytes().to_vec(), kustomization);
            (Arc::from(*path), Arc::new(State::Read(reading)))
        })
        .collect();
    files.sort_by(|a: &(Arc<str>, _), b| a.0.cmp(&b.0));
    let count = files.len();
    Snapshot::new(files, &BTreeSet::new(), count)
}

/// A value without its places: aliases and merge keys applied.
pub(crate) fn plain(node: Node<'_>) -> Json {
    match node.value() {
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Text(text) => text.into(),
        Value::Sequence => node.items().map(plain).collect(),
        Value::Mapping => {
            let entries = node.entries();
            let map: Map<_, _> = entries
                .map(|entry| (entry.key.key_text().to_owned(), plain(entry.value)))
                .collect();
            map.into()
        }
    }
}

/// Versions of Kubernetes as a fixture or an example writes them: `1.33, 1.34`.
pub(crate) fn targets(versions: &str) -> VersionSet {
    let parsed = versions.split(", ").map(|version| {
        let version = version.parse::<Version>();
        version.expect("a version of Kubernetes")
    });
    parsed.collect()
}
