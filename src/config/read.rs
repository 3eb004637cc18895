//! Reads a configuration file, and says where and why it cannot be read.

use std::path::Path;

use serde_path_to_error::Segment;

use super::Config;
use crate::nearest::nearest;
use crate::syntax::{self, Encoding, Format, Lines, Node, ProblemKind, Span, Tree};

/// The largest configuration that is read: some 20,000 waivers.
pub const LARGEST: usize = 4 << 20;

/// A configuration file of one revision.
#[derive(Debug)]
pub struct ConfigFile {
    /// The tree of the file, which knows the places of what [`Config`] says. Empty where the file is no text.
    pub tree: Tree,
    /// What it says, or what keeps it from being read.
    pub config: Result<Config, Vec<ConfigProblem>>,
}

/// Something that keeps a configuration from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where.
    pub at: Span,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl ConfigFile {
    /// Why a file that was not even looked into cannot be read.
    #[must_use]
    pub fn refused(message: &str) -> Self {
        Self {
            tree: Tree::default(),
            config: Err(vec![ConfigProblem {
                at: Span::default(),
                message: message.to_owned(),
            }]),
        }
    }

    /// Reads a file.
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> Self {
        if bytes.len() > LARGEST {
            return Self::refused("the file is larger than 4 MiB");
        }
        let text = match syntax::decode(bytes) {
            Ok(text) => text,
            Err((Encoding::Utf16, _)) => {
                return Self::refused("the file is UTF-16; save it as UTF-8");
            }
            Err((Encoding::NotUtf8 { offset }, _)) => {
                return Self::refused(&format!("the file is not UTF-8 from byte {offset} on"));
            }
        };
        let tree = syntax::parse(Format::Yaml, text);
        let config = config(&tree);
        Self { tree, config }
    }

    /// The node of a setting, by its keys from the top.
    #[must_use]
    pub fn node(&self, keys: &[&str]) -> Option<Node<'_>> {
        let mut node = root(&self.tree)?;
        for key in keys {
            node = node.get(key)?;
        }
        Some(node)
    }

    /// The entries of `waivers`, in order.
    pub fn waiver_nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.node(&["waivers"]).into_iter().flat_map(Node::items)
    }

    /// Its problems, one a line, as `path:line:column: message`.
    #[must_use]
    pub fn describe(&self, path: &Path) -> String {
        let lines = Lines::new(self.tree.text());
        let problems = self.config.as_ref().err().into_iter().flatten();
        let described: Vec<String> = problems
            .map(|problem| {
                let at = lines.position(problem.at.start);
                let (line, column) = (at.line, at.column);
                format!("{}:{line}:{column}: {}", path.display(), problem.message)
            })
            .collect();
        described.join("\n")
    }
}

fn root(tree: &Tree) -> Option<Node<'_>> {
    let mut documents = tree.documents().iter().map(|document| tree.root(document));
    documents.find(|root| !root.is_null())
}

fn config(tree: &Tree) -> Result<Config, Vec<ConfigProblem>> {
    let mut problems: Vec<ConfigProblem> = tree
        .problems()
        .iter()
        .map(|problem| ConfigProblem {
            at: problem.at,
            message: match &problem.kind {
                ProblemKind::Syntax(why) => format!("this is no YAML: {why}"),
                ProblemKind::TooDeep => "this is nested too deeply".to_owned(),
                ProblemKind::AliasBomb => "these aliases stand for too much".to_owned(),
                ProblemKind::ComplexKey => "a key must be text".to_owned(),
            },
        })
        .collect();
    problems.extend(tree.duplicates().iter().map(|duplicate| ConfigProblem {
        at: duplicate.second,
        message: "this key stands twice; remove one of the two".to_owned(),
    }));
    let documents = tree.documents().iter();
    let filled: Vec<_> = documents
        .filter(|document| !tree.root(document).is_null())
        .collect();
    if let [_, second, ..] = filled.as_slice() {
        problems.push(ConfigProblem {
            at: second.span,
            message: "a configuration is one document; remove the `---` before this".to_owned(),
        });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let Some(document) = filled.first() else {
        return Ok(Config::default());
    };
    // Only the bytes of the document: an empty one before it would be one too many for the other reader.
    let text = tree.text().get(document.span.range()).unwrap_or_default();
    let text = if text.trim_start().starts_with("---") {
        text
    } else {
        tree.text()
    };
    let deserializer = serde_yaml::Deserializer::from_str(text);
    let config: Config = serde_path_to_error::deserialize(deserializer)
        .map_err(|error| vec![problem(tree, &error)])?;
    let mut problems = undeclarable(tree, &config);
    let versions = config.kubernetes.versions.as_ref();
    if versions.is_some_and(Vec::is_empty) {
        let versions = root(tree).and_then(|root| root.get("kubernetes")?.get("versions"));
        problems.push(ConfigProblem {
            at: versions.map(place).unwrap_or_default(),
            message: "kubernetes.versions: name a version, or leave the setting out".to_owned(),
        });
    }
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(problems)
    }
}

/// What is wrong with declared kinds.
fn undeclarable(tree: &Tree, config: &Config) -> Vec<ConfigProblem> {
    let kubernetes = root(tree).and_then(|root| root.get("kubernetes"));
    let nodes = kubernetes.and_then(|kubernetes| kubernetes.get("workloads"));
    let mut nodes = nodes.into_iter().flat_map(Node::items);
    let declared = config.kubernetes.declared();
    declared
        .map(|declared| (declared, nodes.next()))
        .filter_map(|(declared, node)| {
            let why = declared.err()?;
            Some(ConfigProblem {
                at: node.map(place).unwrap_or_default(),
                message: format!("kubernetes.workloads: {why}"),
            })
        })
        .collect()
}

/// Turns what the reader says into a place and a sentence.
fn problem(tree: &Tree, error: &serde_path_to_error::Error<serde_yaml::Error>) -> ConfigProblem {
    let node = resolve(tree, error.path());
    let at = node.map(place).unwrap_or_default();
    let text = sentence(error);
    if let Some((unknown, known)) = unknown_field(&text) {
        // The path ends with the key itself, or before it.
        let itself = node
            .and_then(Node::key)
            .filter(|key| key.key_text() == unknown);
        let key = itself.or_else(|| Some(node?.entry(unknown)?.key));
        let hint = match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
        return ConfigProblem {
            at: key.map_or(at, Node::span),
            message: format!("there is no setting `{unknown}`; {hint}"),
        };
    }
    let setting = error.path().to_string();
    let message = if setting == "." || setting.is_empty() {
        text
    } else {
        format!("{setting}: {text}")
    };
    ConfigProblem { at, message }
}

/// The deepest node on the path of an error.
fn resolve<'a>(tree: &'a Tree, path: &serde_path_to_error::Path) -> Option<Node<'a>> {
    let mut node = root(tree)?;
    for segment in path {
        let next = match segment {
            Segment::Map { key } => node.get(key),
            Segment::Seq { index } => node.items().nth(*index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    Some(node)
}

/// What a person would edit: a scalar itself, or what opens a block.
fn place(node: Node<'_>) -> Span {
    if node.is_mapping() || node.is_sequence() {
        let first = node.entries().next().map(|entry| entry.key.span());
        return node.key().map(Node::span).or(first).unwrap_or(node.span());
    }
    if node.is_null() {
        return node.key().map_or(node.span(), Node::span);
    }
    node.span()
}

/// What the reader said, without the place and the path, which we tell better.
fn sentence(error: &serde_path_to_error::Error<serde_yaml::Error>) -> String {
    let mut text = error.inner().to_string();
    if let Some(at) = text.rfind(" at line ") {
        text.truncate(at);
    }
    let path = error.path().to_string();
    if let Some(rest) = text.strip_prefix(&format!("{path}: ")) {
        return rest.to_owned();
    }
    // The other reader names a shorter or a longer path in some cases: all that is no sentence of its own goes.
    match text.split_once(": ") {
        Some((before, rest)) if !before.contains(' ') && before != "invalid" => rest.to_owned(),
        _ => text,
    }
}

/// The name and the known names in "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(text: &str) -> Option<(&str, Vec<&str>)> {
    let rest = text.split_once("unknown field `")?.1;
    let (unknown, expected) = rest.split_once("`, ")?;
    let known = expected.split('`').skip(1).step_by(2).collect();
    Some((unknown, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(text: &str) -> String {
        let file = ConfigFile::read(text.as_bytes().to_vec());
        assert!(file.config.is_err(), "{text}: {:?}", file.config);
        file.describe(Path::new("c"))
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "fial-on: high\n",
                "c:1:1: there is no setting `fial-on`; did you mean `fail-on`?",
            ),
            (
                "fail-on: severe\n",
                "c:1:10: fail-on: unknown variant `severe`, expected one of `critical`, `high`, `medium`, `low`, `never`",
            ),
            (
                "kubernetes:\n  versions: [\"1.30\", 1.30]\n",
                "c:2:22: kubernetes.versions[1]: a version needs quotes, as 1.30 without them is the number 1.3; this reads as 1.3",
            ),
            (
                "kubernetes:\n  versions: [\"1.36\", \"1.2\"]\n",
                "c:2:22: kubernetes.versions[1]: 1.2 is older than 1.23, the first version that enforces Pod Security labels; name the version of the cluster",
            ),
            (
                "kubernetes:\n  pod-securty: baseline\n",
                "c:2:3: there is no setting `pod-securty`; did you mean `pod-security`?",
            ),
            (
                "kubernetes:\n  pod-security: Baseline\n",
                "c:2:17: kubernetes.pod-security: a level is privileged, baseline or restricted, in lower case",
            ),
            (
                "waivers:\n- rule: pod-security/host-path\n  reason: x\n- rule: pod-security/host-path\n  resource: DaemonSet/a/b\n",
                "c:4:3: waivers[1]: missing field `reason`",
            ),
            (
                "waivers:\n- rule: pod-security/host-path\n  reason: ' '\n",
                "c:3:11: waivers[0].reason: a waiver needs a reason",
            ),
            (
                "waivers:\n- {rule: x, reason: y, until: 2027-02-30}\n",
                "c:2:31: waivers[0].until: a day is written as 2027-01-31",
            ),
            (
                "waivers:\n- {rule: x, reason: y, untill: 2027-02-20}\n",
                "c:2:24: there is no setting `untill`; did you mean `until`?",
            ),
            (
                "rules:\n  \"rbac/*\": hgih\n",
                "c:2:13: rules.rbac/*: write critical, high, medium, low, note or off",
            ),
            (
                "rules:\n  \"rbac/*\": true\n",
                "c:2:13: rules.rbac/*: write critical, high, medium, low, note or off",
            ),
            (
                "packages: {cooldown: 3}\n",
                "c:1:22: packages.cooldown: invalid type: integer `3`, expected a length of time such as 12h, 3d, 2w or 2y",
            ),
            (
                "fail-on: high\nfail-on: low\n",
                "c:2:1: this key stands twice; remove one of the two",
            ),
            (
                "a: 1\n---\nb: 2\n",
                "c:3:1: a configuration is one document; remove the `---` before this",
            ),
            (
                "kubernetes: {versions: []}\n",
                "c:1:14: kubernetes.versions: name a version, or leave the setting out",
            ),
            (
                "kubernetes:\n  workloads:\n  - {kind: A, pod-template: a..b}\n",
                "c:3:6: kubernetes.workloads: a pod template is a path of fields, such as spec.template",
            ),
            (
                "- a\n",
                "c:1:1: invalid type: sequence, expected struct Config",
            ),
        ] {
            assert_eq!(problem_of(text), expected, "{text}");
        }
        assert!(problem_of("a: [\n").contains("this is no YAML"));
        assert!(problem_of("manifests: {exclude: [\"a[\"]}\n").contains("not a path pattern"));
    }

    #[test]
    fn off_means_off_in_every_reader() {
        for off in ["off", "\"off\"", "Off", "OFF", "no", "false", "n"] {
            let text = format!("rules: {{\"image/unpinned\": {off}}}\n");
            let config = ConfigFile::read(text.into_bytes()).config.unwrap();
            let settings: Vec<_> = config.rules.values().copied().collect();
            assert_eq!(settings, [crate::config::value::Setting::Off], "{off}");
        }
    }

    #[test]
    fn nothing_is_a_configuration() {
        for text in [
            "",
            "\n",
            "# only a comment\n",
            "---\n",
            "---\n...\n",
            "rules:\nwaivers:\nkubernetes:\n",
        ] {
            let file = ConfigFile::read(text.as_bytes().to_vec());
            assert_eq!(file.config, Ok(Config::default()), "{text:?}");
        }
        assert!(problem_of("\u{0}").contains("c:1:1"));
        assert!(ConfigFile::read(vec![0xff, 0xfe, 0]).config.is_err());
        assert!(ConfigFile::read(vec![b'a', 0xff]).config.is_err());
        assert!(ConfigFile::read(vec![b' '; LARGEST + 1]).config.is_err());
    }
}
