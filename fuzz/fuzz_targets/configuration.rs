#![no_main]
//! Any two texts as the configurations of base and head, and any comment as a waiver: nothing panics, problems
//! point into the text, reading is repeatable, and both readers of an accepted file see the same.

use libfuzzer_sys::fuzz_target;
use serde_yaml::Value;
use tidegate::config::read::ConfigFile;
use tidegate::config::weakening::{KnownRule, weakenings};
use tidegate::finding::Severity;
use tidegate::kubernetes::pod_security::Version;
use tidegate::syntax::Node;
use tidegate::waivers::Inline;
use tidegate_fuzz::{lies_within, parts};

const RULES: [KnownRule; 2] = [
    KnownRule { id: "pod-security/host-path", gravest: Severity::Critical, opt_in: false },
    KnownRule { id: "gate/unused-waiver", gravest: Severity::Low, opt_in: true },
];

fn same(ours: Node<'_>, theirs: &Value) {
    match theirs {
        Value::Mapping(entries) => {
            let keys: Vec<&str> = ours.entries().map(|entry| entry.key.key_text()).collect();
            let their_keys: Vec<&str> = entries.keys().filter_map(Value::as_str).collect();
            assert_eq!(keys, their_keys);
            for (entry, (_, value)) in ours.entries().zip(entries) {
                same(entry.value, value);
            }
        }
        Value::Sequence(items) => {
            assert_eq!(ours.items().count(), items.len());
            ours.items().zip(items).for_each(|(ours, theirs)| same(ours, theirs));
        }
        Value::String(text) => {
            // What one reader takes for a word may be a truth to the other, which is known of `off`.
            assert!(ours.as_bool().is_some() || ours.as_str() == Some(text), "{ours:?} is {text:?}");
        }
        Value::Bool(value) => assert_eq!(ours.as_bool(), Some(*value)),
        Value::Null => assert!(ours.is_null()),
        Value::Number(_) | Value::Tagged(_) => {}
    }
}

fn read(text: &str) -> ConfigFile {
    let file = ConfigFile::read(text.as_bytes().to_vec());
    let again = ConfigFile::read(text.as_bytes().to_vec());
    assert_eq!(file.config, again.config);
    let _ = file.describe("c".as_ref());
    match &file.config {
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.iter().for_each(|problem| lies_within(problem.at, file.tree.text()));
        }
        Ok(config) => {
            assert_eq!(config.waivers.len(), file.waiver_nodes().count());
            for (waiver, node) in config.waivers.iter().zip(file.waiver_nodes()) {
                let rule = node.get("rule").and_then(Node::as_str);
                assert_eq!(rule, Some(waiver.rule.as_str()));
            }
            let root = file.node(&[]);
            let theirs = serde_yaml::from_str::<Value>(file.tree.text());
            if let (Some(root), Ok(theirs)) = (root, theirs) {
                same(root, &theirs);
            }
        }
    }
    file
}

fuzz_target!(|text: &str| {
    let [before, after, comment] = parts(text);
    let (before, after) = (read(before), read(after));
    if let (Ok(before), Ok(after)) = (&before.config, &after.config) {
        let supported = [Version(35), Version(36)];
        let _ = weakenings(before, after, &RULES, &supported);
        assert!(weakenings(after, after, &RULES, &supported).is_empty());
    }
    let _ = Inline::parse(comment);
});
