//! JSON patch operations (RFC 6902) of a kustomization, read as the part of an object that they write.
//!
//! What they take away, move or copy cannot be told without the object.

use std::collections::BTreeMap;

use crate::syntax::{Graft, Node, Span, Tree, unescape_segment};

use super::kinds::{self, Kind};
use super::patch::Target;

/// The longest path that is followed, in segments.
const DEEPEST: usize = 32;

/// Adds the object that a list of operations writes into to its tree, where that is a workload. True if nothing else is
/// written or taken away; none if the list holds anything but operations.
pub(super) fn put_together(tree: &mut Tree, list: u32, target: Option<&Target>) -> Option<bool> {
    let node = tree.node(list);
    let mut paths = Vec::new();
    for item in node.items() {
        let text = |key: &str| item.get(key).and_then(Node::as_str);
        paths.push((text("op")?, text("path")?));
    }
    let kind = written_kind(target, paths.iter().map(|(_, path)| *path));
    let Some(kind) = kind else {
        return Some(false);
    };
    let mut object = Graft::Mapping(BTreeMap::new());
    let (mut any, mut whole) = (false, true);
    for (item, (op, path)) in node.items().zip(paths) {
        let span = item.get("path").map(Node::span).unwrap_or_default();
        match (op, item.entry("value")) {
            ("add" | "replace", Some(value)) if path.starts_with("/spec/") => {
                let was_set = set(&mut object, path, span, value.key.span(), value.value.id());
                any |= was_set;
                whole &= was_set;
            }
            ("test", _) => {}
            _ => whole = false,
        }
    }
    let span = node.span();
    if any {
        name(&mut object, kind, target, span);
        tree.graft(&object, span);
    }
    Some(any && whole)
}

/// The workload that operations are for: what their target says, or else what their paths show.
fn written_kind<'a>(
    target: Option<&Target>,
    mut paths: impl Iterator<Item = &'a str>,
) -> Option<&'static Kind> {
    let pattern = target.and_then(Target::kind).unwrap_or(".*");
    let mut names = pattern
        .trim_matches(['^', '$', '(', ')'])
        .split('|')
        .map(str::trim);
    if let Some(kind) = names.find_map(kinds::built_in_workload) {
        return Some(kind);
    }
    if !pattern.contains('*') {
        return None;
    }
    let shown = paths.find_map(|path| {
        if path.starts_with("/spec/template/spec/") {
            Some("Deployment")
        } else if path.starts_with("/spec/jobTemplate/spec/") {
            Some("CronJob")
        } else {
            None
        }
    });
    shown.and_then(kinds::built_in_workload)
}

/// Writes what tells which object it is. A target that selects many has no name to give.
fn name(object: &mut Graft, kind: &Kind, target: Option<&Target>, span: Span) {
    let Graft::Mapping(fields) = object else {
        return;
    };
    let version = match kind.groups.first() {
        None | Some(&"") => "v1".to_owned(),
        Some(group) => format!("{group}/v1"),
    };
    let name = target.and_then(Target::plain_name).unwrap_or("*");
    let text = |text: &str| (span, Graft::Text(text.to_owned()));
    let metadata = BTreeMap::from([("name".to_owned(), text(name))]);
    fields.insert("apiVersion".to_owned(), text(&version));
    fields.insert("kind".to_owned(), text(kind.name));
    fields.insert("metadata".to_owned(), (span, Graft::Mapping(metadata)));
}

/// Puts a copy of a value at a path; false if something else stands on the way.
fn set(object: &mut Graft, path: &str, path_span: Span, key: Span, value: u32) -> bool {
    let steps: Vec<_> = path.split('/').skip(1).map(unescape_segment).collect();
    if steps.len() > DEEPEST {
        return false;
    }
    let last = steps.len().saturating_sub(1);
    let mut at = object;
    for (number, step) in steps.iter().enumerate() {
        let span = if number == last { key } else { path_span };
        let Some(below) = child(at, step, span) else {
            return false;
        };
        at = below;
    }
    *at = Graft::Copy(value);
    true
}

/// What a step of a path leads to. A step that is a number, or `-` for a new item, is one of a list.
fn child<'g>(at: &'g mut Graft, step: &str, span: Span) -> Option<&'g mut Graft> {
    /// Where new items begin: behind all that have a number.
    const NEW: u64 = 1 << 32;
    let number = match step {
        "-" => None,
        _ => step.parse::<u32>().ok().map(u64::from),
    };
    let is_item = step == "-" || number.is_some();
    if is_item && matches!(at, Graft::Mapping(entries) if entries.is_empty()) {
        *at = Graft::Sequence(BTreeMap::new());
    }
    let fresh = || Graft::Mapping(BTreeMap::new());
    match at {
        Graft::Sequence(items) if is_item => {
            let new = NEW + items.len() as u64;
            Some(items.entry(number.unwrap_or(new)).or_insert_with(fresh))
        }
        Graft::Mapping(entries) if !is_item => {
            let entry = entries.entry(step.to_owned());
            Some(&mut entry.or_insert_with(|| (span, fresh())).1)
        }
        _ => None,
    }
}
