//! What a patch, or a kustomization itself, does to the Pod Security labels of Namespaces.

use crate::syntax::{Format, Node, Span, parse};

use super::namespace::{LABEL_PREFIX, Mode};

/// A label that is set or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelChange {
    /// The Namespace; none for every one.
    pub of: Option<String>,
    /// The label.
    pub label: &'static str,
    /// Its value; none where it is taken away.
    pub value: Option<String>,
    /// What says so.
    pub by: &'static str,
    /// Where it is said.
    pub at: Span,
}

/// The labels of Pod Security admission that count.
pub(super) fn known_label(name: &str) -> Option<&'static str> {
    let mut labels = all_labels();
    labels.find(|label| *label == name)
}

fn all_labels() -> impl Iterator<Item = &'static str> {
    Mode::ALL
        .into_iter()
        .flat_map(|mode| [mode.level_label(), mode.version_label()])
}

/// What a strategic patch of a Namespace says of the labels: each with its value and the place.
#[must_use]
pub fn of_patch(patch: Node<'_>) -> Vec<(&'static str, Option<String>, Span)> {
    let mut found = Vec::new();
    let mut clear = |node: Node<'_>| {
        // The directive takes away what stood there before.
        let directive = node.entry("$patch");
        if let Some(entry) = directive
            && matches!(entry.value.as_str(), Some("delete" | "replace"))
        {
            let at = entry.key.span().to(entry.value.span());
            found.extend(all_labels().map(|label| (label, None, at)));
        }
    };
    clear(patch);
    let metadata = patch.present("metadata");
    if let Some(metadata) = metadata {
        clear(metadata);
        if let Some(labels) = metadata.present("labels") {
            clear(labels);
        }
    }
    let Some(labels) = metadata.and_then(|metadata| metadata.entry("labels")) else {
        return found;
    };
    if labels.value.is_null() {
        let at = labels.key.span();
        found.extend(all_labels().map(|label| (label, None, at)));
    }
    found.extend(written(labels.value));
    found
}

/// The labels that a mapping writes.
fn written(labels: Node<'_>) -> impl Iterator<Item = (&'static str, Option<String>, Span)> {
    labels.entries().filter_map(|entry| {
        let label = known_label(entry.key.key_text())?;
        let value =
            (!entry.value.is_null()).then(|| entry.value.as_str().unwrap_or_default().to_owned());
        let at = if entry.value.is_null() {
            entry.key.span()
        } else {
            entry.value.span()
        };
        Some((label, value, at))
    })
}

/// What a kustomization says itself, in the order in which it counts.
pub(super) fn of_kustomization(root: Node<'_>) -> Vec<LabelChange> {
    let mut found = Vec::new();
    if !root
        .tree()
        .text()
        .contains(LABEL_PREFIX.trim_end_matches('/'))
        && !root.tree().text().contains("$patch")
        && !root.tree().text().contains("/metadata/labels")
        && !root.tree().text().contains("Namespace")
    {
        return found;
    }
    for patch in items(root, "patchesStrategicMerge") {
        inline(patch, None, &mut found);
    }
    for patch in items(root, "patches") {
        if let Some(text) = patch.present("patch") {
            inline(text, patch.present("target"), &mut found);
        }
    }
    let mut set = |labels: Node<'_>, by: &'static str| {
        found.extend(written(labels).filter_map(|(label, value, at)| {
            Some(LabelChange {
                of: None,
                label,
                value: Some(value?),
                by,
                at,
            })
        }));
    };
    if let Some(labels) = root.present("commonLabels") {
        set(labels, "`commonLabels`");
    }
    for labels in items(root, "labels").filter_map(|entry| entry.present("pairs")) {
        set(labels, "`labels`");
    }
    for patch in items(root, "patchesJson6902") {
        if let Some(text) = patch.present("patch") {
            inline(text, patch.present("target"), &mut found);
        }
    }
    found
}

fn items<'a>(root: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> {
    root.present(key).into_iter().flat_map(Node::items)
}

/// A patch that is written into the kustomization.
fn inline(text: Node<'_>, target: Option<Node<'_>>, found: &mut Vec<LabelChange>) {
    let Some(patch) = text
        .as_str()
        .filter(|patch| patch.contains('\n') || patch.contains('{'))
    else {
        return;
    };
    let told = |key| target.and_then(|target| target.present(key)?.as_str());
    // A name may be a pattern, which can mean any.
    let exact = |name: &&str| {
        let mut bytes = name.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if told("kind").is_some_and(|kind| exact(&kind) && kind != "Namespace") {
        return;
    }
    let mut places = Places::of(text);
    let tree = parse(Format::Yaml, patch.to_owned());
    for document in tree.documents() {
        let root = tree.root(document);
        if root.is_sequence() {
            let of = told("name").filter(exact).map(str::to_owned);
            for operation in root.items() {
                for (label, value, shown) in of_operation(operation) {
                    found.push(LabelChange {
                        of: of.clone(),
                        label,
                        value,
                        by: "an inline patch",
                        at: places.next(&shown),
                    });
                }
                places.go_on();
            }
            continue;
        }
        let kind = root.present("kind").and_then(Node::as_str);
        if kind.is_some_and(|kind| kind != "Namespace") || kind.is_none() && told("kind").is_none()
        {
            continue;
        }
        let own = root
            .present("metadata")
            .and_then(|metadata| metadata.present("name")?.as_str());
        let of = match target {
            Some(_) => told("name").filter(exact),
            None => own,
        };
        for (label, value, at) in of_patch(root) {
            let shown = tree.text().get(at.range()).unwrap_or_default();
            let shown = if shown.contains("$patch") {
                "$patch"
            } else {
                label
            };
            found.push(LabelChange {
                of: of.map(str::to_owned),
                label,
                value,
                by: "an inline patch",
                at: places.next(shown),
            });
        }
        places.go_on();
    }
}

/// What the operations of a JSON patch of a Namespace do to the labels: each with its value and the place.
#[must_use]
pub fn of_operations(patch: Node<'_>) -> Vec<(&'static str, Option<String>, Span)> {
    let of = |operation: Node<'_>| {
        let at = operation.present("path").map(Node::span);
        let changes = of_operation(operation).into_iter();
        let changes = changes.filter_map(move |(label, value, _)| Some((label, value, at?)));
        changes.collect::<Vec<_>>()
    };
    patch.items().flat_map(of).collect()
}

/// What an operation of a JSON patch does, and the text that shows it.
fn of_operation(operation: Node<'_>) -> Vec<(&'static str, Option<String>, String)> {
    const LABELS: &str = "/metadata/labels";
    let text = |key| operation.present(key).and_then(Node::as_str);
    let (Some(op), Some(path)) = (text("op"), text("path")) else {
        return Vec::new();
    };
    let value = operation.present("value");
    let shown = path.to_owned();
    if path == LABELS || path == "/metadata" && op == "remove" {
        let cleared = all_labels().map(|label| (label, None, shown.clone()));
        let mut changes: Vec<_> = cleared.collect();
        if matches!(op, "add" | "replace") {
            let set = value.into_iter().flat_map(written);
            changes.extend(set.map(|(label, value, _)| (label, value, shown.clone())));
        }
        return changes;
    }
    let below = path
        .strip_prefix(LABELS)
        .and_then(|rest| rest.strip_prefix('/'));
    let name = below.map(|name| name.replace("~1", "/").replace("~0", "~"));
    let Some(label) = name.as_deref().and_then(known_label) else {
        return Vec::new();
    };
    match op {
        "remove" => vec![(label, None, shown)],
        "add" | "replace" => {
            let value = value.and_then(Node::as_str).unwrap_or_default();
            vec![(label, Some(value.to_owned()), shown)]
        }
        _ => Vec::new(),
    }
}

/// Where the words of an inline patch stand in its file, one after the other.
struct Places<'a> {
    source: &'a str,
    start: usize,
    from: usize,
    /// Behind what was found last.
    behind: usize,
    /// True once something could not be found: then what follows may be written otherwise as well.
    lost: bool,
    key: Span,
}

impl<'a> Places<'a> {
    fn of(text: Node<'a>) -> Self {
        Self {
            source: text.source(),
            start: text.span().range().start,
            from: 0,
            behind: 0,
            lost: false,
            key: text.key().map_or(text.span(), Node::span),
        }
    }

    /// Goes on behind what was found.
    fn go_on(&mut self) {
        self.from = self.behind;
    }

    /// The place of the next text like this; else the patch itself.
    fn next(&mut self, wanted: &str) -> Span {
        if self.lost {
            return self.key;
        }
        let rest = self.source.get(self.from..).unwrap_or_default();
        let mut found = rest.match_indices(wanted).map(|(at, _)| at);
        // A version's label begins with the one of its level.
        let whole = found.find(|at| {
            let behind = rest.get(at + wanted.len()..).unwrap_or_default();
            !behind.starts_with('-')
        });
        let Some(at) = whole else {
            self.lost = true;
            return self.key;
        };
        self.behind = self.behind.max(self.from + at + wanted.len());
        let begin = self.start + self.from + at;
        Span::new(begin, begin + wanted.len())
    }
}
