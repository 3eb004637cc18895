//! What a configuration says that cannot be read as a whole: setting by setting, as far as each can be read.

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use super::Config;
use super::read::ConfigFile;
use crate::nearest::nearest;
use crate::syntax::Node;

/// How deep settings lie.
const DEEPEST: usize = 5;

impl ConfigFile {
    /// What can be read of it, defaults for the rest. A mistyped key or word counts as the one that is nearest.
    #[must_use]
    pub fn legible(&self) -> Config {
        if let Ok(config) = &self.config {
            return config.clone();
        }
        let Some(root) = self.node(&[]) else {
            return Config::default();
        };
        let mut config = readable(value(root), &|value| value, DEEPEST)
            .and_then(|value| Config::deserialize(value).ok())
            .unwrap_or_default();
        let kubernetes = &mut config.kubernetes;
        // What makes no sense says nothing.
        kubernetes.versions = kubernetes
            .versions
            .take()
            .filter(|versions| !versions.is_empty());
        let mut sound: Vec<bool> = kubernetes.declared().map(|kind| kind.is_ok()).collect();
        sound.reverse();
        kubernetes
            .workloads
            .retain(|_| sound.pop().unwrap_or_default());
        config
    }
}

/// A node as the other reader takes it.
fn value(node: Node<'_>) -> Value {
    if node.is_mapping() {
        let mut mapping = Mapping::new();
        for entry in node.entries() {
            // Of two, the first.
            // Of two of a name the tree holds the last, as most readers take it.
            mapping.insert(
                Value::String(entry.key.key_text().to_owned()),
                value(entry.value),
            );
        }
        return Value::Mapping(mapping);
    }
    if node.is_sequence() {
        return Value::Sequence(node.items().map(value).collect());
    }
    let is_block = node.source().starts_with(['|', '>']);
    match node.as_str().filter(|_| is_block) {
        Some(text) => Value::String(text.to_owned()),
        None => serde_yaml::from_str(node.source()).unwrap_or(Value::Null),
    }
}

/// The part of a value that can be read in its place, which `within` puts around it.
fn readable(value: Value, within: &dyn Fn(Value) -> Value, depth: usize) -> Option<Value> {
    let Err(why) = Config::deserialize(within(value.clone())) else {
        return Some(value);
    };
    if depth == 0 {
        return None;
    }
    match value {
        Value::Mapping(mapping) => {
            let mut kept = Mapping::new();
            for (key, value) in mapping {
                let around = |key: &Value, value: Value| {
                    let mut mapping = Mapping::new();
                    mapping.insert(key.clone(), value);
                    within(Value::Mapping(mapping))
                };
                let unknown = Config::deserialize(around(&key, Value::Null)).err();
                let meant = unknown.and_then(|why| meant(&why.to_string(), "unknown field `"));
                let key = meant.map_or(key, Value::String);
                if kept.contains_key(&key) {
                    continue;
                }
                let value = readable(value, &|value| around(&key, value), depth - 1);
                if let Some(value) = value {
                    kept.insert(key, value);
                }
            }
            (!kept.is_empty()).then_some(Value::Mapping(kept))
        }
        Value::Sequence(items) => {
            let around = |value: Value| within(Value::Sequence(vec![value]));
            let items = items.into_iter();
            let kept: Vec<Value> = items
                .filter_map(|item| readable(item, &around, depth - 1))
                .collect();
            (!kept.is_empty()).then_some(Value::Sequence(kept))
        }
        Value::String(_) => {
            let meant = Value::String(meant(&why.to_string(), "unknown variant `")?);
            Config::deserialize(within(meant.clone())).ok()?;
            Some(meant)
        }
        _ => None,
    }
}

/// The known word that was meant, by what the reader says of the unknown one.
fn meant(why: &str, introduction: &str) -> Option<String> {
    let (_, rest) = why.split_once(introduction)?;
    let mut words = rest.split('`');
    let typed = words.next()?;
    let known = words.skip(1).step_by(2);
    nearest(typed, known).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sound_is_read_beside_what_is_not() {
        let read = |text: &str| ConfigFile::read(text.as_bytes().to_vec());
        for (broken, same_as) in [
            (
                "fail-on: medum\nnew-waivers: after-merge\n",
                "fail-on: medium\nnew-waivers: after-merge\n",
            ),
            ("fial-on: never\n", "fail-on: never\n"),
            (
                "kubernetes: {pod-securty: baseline, versions: ['1.35', 1.36], world: closd}\n",
                "kubernetes: {pod-security: baseline, versions: ['1.35'], world: closed}\n",
            ),
            (
                "kubernetes:\n  workloads:\n  - {kind: A, pod-template: a..b}\n  - {kind: B, pod-template: b}\n",
                "kubernetes: {workloads: [{kind: B, pod-template: b}]}\n",
            ),
            ("fail-on: low\nfail-on: never\n", "fail-on: never\n"),
            ("rules: {'a/*': off, b/c: hgih}\n", "rules: {'a/*': off}\n"),
            (
                "manifests: {exclude: ['a/**', '../b']}\nx: [{y: {z: 1}}]\n",
                "manifests: {exclude: ['a/**']}\n",
            ),
            ("kubernetes: {versions: []}\n", ""),
            ("- a\n", ""),
            ("fail-on: [\n", ""),
        ] {
            let file = read(broken);
            assert!(file.config.is_err(), "{broken}");
            assert_eq!(file.legible(), read(same_as).config.unwrap(), "{broken}");
        }
    }
}
