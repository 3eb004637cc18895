//! The examples of the rules' documentation, run: each bad one fires its own rule and no other, each good one none.
//!
//! An example is a fragment or whole files. A fragment is merged into a pod that is clean by every rule; what
//! it is follows from its top-level keys:
//!
//! * `spec` or `metadata`, without `apiVersion`: of the pod;
//! * anything else, such as `securityContext` or `ports`: of the pod's one container, `app`.
//!
//! Mappings merge key by key, lists of named items by name, and anything else is replaced. A block that holds
//! `apiVersion`, that begins with `# file: NAME`, or that cannot be parsed is whole files and taken as it is;
//! further `# file: NAME` lines begin further files. A line `# base: NAME` begins a file of the base instead: the
//! example is then a change, and what counts is what it introduces.
//!
//! A first line `# kubernetes: 1.33` says which versions are targeted, where these are not the supported ones.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tidegate::compare::{compare, join_changes};
use tidegate::config::value::Setting;
use tidegate::evaluate::{evaluate, evaluate_arrivals};
use tidegate::finding::{Finding, Status};
use tidegate::rule::{Context, Rule};
use tidegate::rules;
use tidegate::snapshot::Snapshot;
use tidegate::snapshot::pairs::Pairs;
use tidegate::syntax::{self, Format, Node};

use crate::reading::{
    context, facts, findings_of_change_with, packages, plain, registries, snapshot, targets,
};

/// The fenced blocks of a rule's documentation that are marked with a word, as far as they can be run: YAML, JSON,
/// INI and Dockerfiles.
fn blocks(rule: &Rule, mark: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut marked = false;
    let mut open: Option<(bool, String)> = None;
    for line in rule.markdown().lines() {
        if let Some(info) = line.strip_prefix("```") {
            match open.take() {
                None => {
                    let (language, of) = info.split_once(' ').unwrap_or((info, ""));
                    marked |= of == mark;
                    let start = match language {
                        "dockerfile" => "# file: Dockerfile\n",
                        _ => "",
                    };
                    let runs = ["yaml", "dockerfile", "json", "ini"].contains(&language);
                    open = Some((of == mark && runs, start.to_owned()));
                }
                // A file that says its own name needs no other.
                Some((true, block)) => blocks.push(
                    block
                        .strip_prefix("# file: Dockerfile\n# file: ")
                        .map_or(block.clone(), |rest| format!("# file: {rest}")),
                ),
                Some((false, _)) => {}
            }
        } else if let Some((_, block)) = &mut open {
            block.push_str(line);
            block.push('\n');
        }
    }
    assert!(open.is_none(), "{}: a block is left open", rule.id);
    assert!(marked, "{} has no {mark} example", rule.id);
    blocks
}

/// The ids of the rules that fire for an example.
fn fired(rule: &Rule, example: &str) -> Vec<&'static str> {
    let mut context = context();
    if rule.opt_in {
        let setting = Setting::Severity(rule.severity);
        context.settings.insert(rule.id, setting);
    }
    let (first, rest) = example.split_once('\n').unwrap_or_default();
    let targets = first.strip_prefix("# kubernetes: ");
    if let Some(versions) = targets {
        context.targets = self::targets(versions);
    }
    let (base, head) = files(targets.map_or(example, |_| rest));
    let read = |files: &[(String, String)]| {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        snapshot(&files)
    };
    let head = read(&head);
    context.registries = registries(&head);
    context.packages = packages(&head);
    context.facts = facts(rule);
    let findings = if base.is_empty() {
        let mut findings = evaluate(&head, &context).findings;
        findings.extend(evaluate_arrivals(&head, &context));
        findings
    } else {
        introduced(&read(&base), &head, &context)
    };
    let mut fired: Vec<_> = findings.iter().map(|found| found.rule).collect();
    fired.sort_unstable();
    fired.dedup();
    fired
}

/// What a change introduces.
fn introduced(base: &Snapshot, head: &Snapshot, context: &Context) -> Vec<Finding> {
    let [before, after] = [base, head].map(|side| evaluate(side, context).findings);
    let renames = BTreeMap::new();
    let pairs = Pairs::between(base, head, &renames);
    let mut findings = compare((base, before), (head, after), &renames, &pairs);
    join_changes(&mut findings, findings_of_change_with(base, head, context));
    findings.retain(|finding| finding.status == Status::Introduced);
    findings
}

type Files = Vec<(String, String)>;

/// The files of the base and of the head.
fn files(example: &str) -> (Files, Files) {
    let tree = syntax::parse(Format::Yaml, example.to_owned());
    let fragment = match tree.documents() {
        [document] if tree.problems().is_empty() => Some(tree.root(document)),
        _ => None,
    };
    let marked = example.starts_with("# file: ") || example.starts_with("# base: ");
    match fragment.filter(|root| root.is_mapping() && root.get("apiVersion").is_none() && !marked) {
        Some(fragment) => (
            Vec::new(),
            vec![("example.yaml".to_owned(), in_scaffold(fragment))],
        ),
        None => split(example),
    }
}

fn split(example: &str) -> (Files, Files) {
    let (mut base, mut head) = (Files::new(), Files::new());
    let mut in_base = false;
    for line in example.split_inclusive('\n') {
        let file_of_base = line.strip_prefix("# base: ");
        if let Some(name) = file_of_base.or_else(|| line.strip_prefix("# file: ")) {
            in_base = file_of_base.is_some();
            let files = if in_base { &mut base } else { &mut head };
            files.push((name.trim().to_owned(), String::new()));
            continue;
        }
        let files = if in_base { &mut base } else { &mut head };
        if files.is_empty() {
            files.push(("example.yaml".to_owned(), String::new()));
        }
        files.last_mut().unwrap().1.push_str(line);
    }
    (base, head)
}

/// A pod that no rule has anything to say about, with a fragment merged into it: one line of YAML.
fn in_scaffold(fragment: Node<'_>) -> String {
    let spec = json!({
        "securityContext": {
            "runAsNonRoot": true,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "serviceAccountName": "shop",
        "automountServiceAccountToken": false,
        "containers": [{
            "name": "app",
            "image": "registry.example.com/shop@sha256:\
                      8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e",
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": true,
            },
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"memory": "128Mi"},
            },
            "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        }],
    });
    let mut pod = Part::of(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": spec,
    }));
    let fragment = Part::read(fragment);
    if fragment.get("spec").is_some() || fragment.get("metadata").is_some() {
        pod.merge(fragment);
    } else {
        let app = Part::Map(vec![("name".to_owned(), Part::Leaf("app".into()))]).with(fragment);
        let containers = Part::Map(vec![("containers".to_owned(), Part::List(vec![app]))]);
        pod.merge(Part::Map(vec![("spec".to_owned(), containers)]));
    }
    pod.written()
}

/// A value in which a key may stand twice, as the examples of some rules have it.
enum Part {
    Leaf(Json),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Part {
    fn of(value: &Json) -> Self {
        match value {
            Json::Object(map) => {
                let entries = map.iter();
                Self::Map(
                    entries
                        .map(|(key, value)| (key.clone(), Self::of(value)))
                        .collect(),
                )
            }
            Json::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            leaf => Self::Leaf(leaf.clone()),
        }
    }

    fn read(node: Node<'_>) -> Self {
        if node.is_mapping() {
            let entries = node.written_entries();
            Self::Map(
                entries
                    .map(|entry| (entry.key.key_text().to_owned(), Self::read(entry.value)))
                    .collect(),
            )
        } else if node.is_sequence() {
            Self::List(node.items().map(Self::read).collect())
        } else {
            Self::Leaf(plain(node))
        }
    }

    fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, part)| part)
    }

    fn name(&self) -> Option<&str> {
        match self.get("name") {
            Some(Self::Leaf(name)) => name.as_str(),
            _ => None,
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.merge(other);
        self
    }

    fn merge(&mut self, from: Self) {
        match (self, from) {
            (Self::Map(into), Self::Map(from)) => {
                let mut merged = Vec::new();
                for (key, part) in from {
                    let known = into.iter_mut().find(|(name, _)| *name == key);
                    match known.filter(|_| !merged.contains(&key)) {
                        Some((_, known)) => known.merge(part),
                        None => into.push((key.clone(), part)),
                    }
                    merged.push(key);
                }
            }
            (Self::List(into), Self::List(from))
                if from.iter().all(|item| item.name().is_some()) =>
            {
                for item in from {
                    match into.iter_mut().find(|known| known.name() == item.name()) {
                        Some(known) => known.merge(item),
                        None => into.push(item),
                    }
                }
            }
            (into, from) => *into = from,
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Leaf(leaf) => leaf.to_string(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::written).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, part)| format!("{}: {}", Json::from(key.as_str()), part.written()))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

#[test]
fn the_scaffold_is_clean() {
    let any = rules::ALL.first().unwrap();
    assert_eq!(fired(any, "securityContext: {}"), [""; 0]);
    assert_eq!(fired(any, "spec: {}"), [""; 0]);
}

#[test]
fn bad_examples_fire_their_own_rule_alone() {
    for rule in rules::ALL {
        for example in blocks(rule, "bad") {
            assert_eq!(fired(rule, &example), [rule.id], "{}:\n{example}", rule.id);
        }
    }
}

#[test]
fn good_examples_fire_nothing() {
    for rule in rules::ALL {
        for example in blocks(rule, "good") {
            assert_eq!(fired(rule, &example), [""; 0], "{}:\n{example}", rule.id);
        }
    }
}
