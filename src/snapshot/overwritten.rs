//! What JSON patch operations change of the objects that they reach and that they do not name by kind: `add` at a place
//! where something stands replaces it (RFC 6902, section 4.1), so that of a security context only what the operation
//! repeats is left; and a label of a Namespace decides which policies select it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::harmless_operation::{is_free_key, takes_protection};
use crate::kubernetes::patch::{Patch, Target};
use crate::kubernetes::{Completeness, Object};
use crate::syntax::{Node, escape_segment, unescape_segment};

use super::Snapshot;
use super::built::Builds;
use super::patch_files::patch_text;

/// The most comparisons of operations with objects.
const MOST: usize = 1 << 16;

/// What holds protections, and is written as a whole.
const HOLDERS: [&str; 3] = ["securityContext", "capabilities", "seccompProfile"];

/// An operation that changes what protects.
#[derive(Clone, Debug)]
pub struct Overwritten<'a> {
    /// Where the operation names the place.
    pub at: Location,
    /// The place.
    pub path: &'a str,
    /// What it changes there.
    pub what: Lost,
    /// The kustomization that has it carried out.
    by: Arc<str>,
    /// What tells it from others there: what it says, and of what.
    content: (u64, String),
}

/// What an operation changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The first protection that stands at the place and that is not said again.
    Protection(String),
    /// A label of the Namespace of this name.
    Label(String),
}

/// The operations of a change that change what protects, and that the same kustomization did not hold before for the same
/// objects. `renames` names the base path of a head path.
#[must_use]
pub fn newly_overwritten<'a>(
    base: &Snapshot,
    head: &'a Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<Overwritten<'a>> {
    let mut found = overwritten(head);
    if !found.is_empty() {
        let before = overwritten(base);
        let before: BTreeSet<_> = before.iter().map(|it| (&*it.by, &it.content)).collect();
        found.retain(|new| {
            let by = renames.get(&new.by).unwrap_or(&new.by);
            !before.contains(&(&**by, &new.content))
        });
    }
    found
}

/// The operations of a revision that change what protects of an object which a kustomization takes in.
fn overwritten(snapshot: &Snapshot) -> Vec<Overwritten<'_>> {
    let mut found = Vec::new();
    let mut builds = None;
    let mut left = MOST;
    for (file, kustomization) in snapshot.kustomization_files() {
        let folder = file.folder();
        for patch in &kustomization.changes {
            let Some(target) = &patch.target else {
                continue;
            };
            let operations = operations(snapshot, folder, patch);
            if operations.is_empty() {
                continue;
            }
            let builds = builds.get_or_insert_with(|| Builds::of(snapshot));
            let changed = builds.changed_by(folder);
            for (path, operation) in operations {
                let what = snapshot.objects().find_map(|object| {
                    left = left.checked_sub(1)?;
                    let is_it = operation.is_about(object)
                        && is_kind(target, object)
                        && !builds.taking(object.path()).is_disjoint(&changed)
                        && is_named(target, object, builds.renames(object.path(), &changed));
                    is_it.then(|| lost(object, target, operation)).flatten()
                });
                found.extend(what.map(|what| Overwritten {
                    at: Location {
                        path: Arc::clone(path),
                        span: operation.node.span(),
                    },
                    path: operation.path,
                    what,
                    by: Arc::clone(&file.path),
                    content: (operation.content, format!("{target:?}")),
                }));
            }
        }
    }
    found
}

/// An operation that may change what protects.
#[derive(Clone, Copy)]
struct Operation<'a> {
    /// Where it names its place.
    node: Node<'a>,
    path: &'a str,
    /// What it adds where protections are held; nothing for one on a label.
    value: Option<Node<'a>>,
    content: u64,
}

impl Operation<'_> {
    /// True for an object of a kind that has what it changes.
    fn is_about(&self, object: Object<'_>) -> bool {
        match self.value {
            Some(_) => object.kind().bears_pods(),
            None => object.kind().name == "Namespace",
        }
    }
}

/// The operations of a patch that may change what protects, with their files.
fn operations<'a>(
    snapshot: &'a Snapshot,
    folder: &str,
    patch: &Patch,
) -> Vec<(&'a Arc<str>, Operation<'a>)> {
    let Some(text) = patch_text(snapshot, folder, patch) else {
        return Vec::new();
    };
    let all = text.tree.documents().iter();
    let roots: Vec<Node<'_>> = match text.roots {
        Some(own) => own.iter().map(|root| text.tree.node(*root)).collect(),
        None => all.map(|document| text.tree.root(document)).collect(),
    };
    let items = roots.into_iter().flat_map(Node::items);
    let operations = items.filter_map(operation);
    operations
        .map(|operation| (&text.file.path, operation))
        .collect()
}

fn operation(item: Node<'_>) -> Option<Operation<'_>> {
    let node = item.get("path")?;
    let path = node.as_str()?;
    let kind = item.get("op")?.as_str()?;
    let last = path.rsplit('/').next()?;
    let taken = item.get("from").filter(|_| kind == "move");
    let taken = taken.and_then(Node::as_str).unwrap_or_default();
    let value = if is_free_label(path) || is_free_label(taken) {
        // A test changes nothing.
        (kind != "test").then_some(None)?
    } else {
        // Of one that says nothing it is told without a look at the object.
        let value = item.get("value")?;
        value.written_entries().next()?;
        (kind == "add" && HOLDERS.contains(&last)).then_some(Some(value))?
    };
    Some(Operation {
        node,
        path,
        value,
        content: item.content_hash(),
    })
}

/// True for a place of a label that decides nothing but what is selected; what is done to others is told without a look
/// at the object.
fn is_free_label(path: &str) -> bool {
    let key = path.strip_prefix("/metadata/labels/");
    key.is_some_and(|key| is_free_key(&unescape_segment(key)))
}

fn is_kind(target: &Target, object: Object<'_>) -> bool {
    let resource = object.resource();
    object.completeness() == Completeness::Complete
        && target.may_select(&resource.group, &resource.kind, None)
        && target.may_select_labels(object.node())
}

fn is_named(target: &Target, object: Object<'_>, is_renamed: bool) -> bool {
    let resource = object.resource();
    if is_renamed {
        target.may_select_renamed(&resource.name)
    } else {
        target.may_select(&resource.group, &resource.kind, Some(&resource.name))
    }
}

/// What an operation changes of an object that it is for.
fn lost(object: Object<'_>, target: &Target, operation: Operation<'_>) -> Option<Lost> {
    if let Some(value) = operation.value {
        return protection(object, operation.path, value).map(Lost::Protection);
    }
    // Where a target says exactly that it is for Namespaces, all that is done to their labels is told.
    let is_told = target.kind() == Some("Namespace");
    (!is_told).then(|| Lost::Label(object.resource().name.to_string()))
}

/// The first protection at a place of an object that a value put there does not say again.
fn protection(object: Object<'_>, path: &str, value: Node<'_>) -> Option<String> {
    let mut at = object.node();
    for step in path.split('/').skip(1) {
        at = match step.parse::<usize>() {
            Ok(number) if at.is_sequence() => at.items().nth(number)?,
            _ => at.present(&unescape_segment(step))?,
        };
    }
    not_repeated(at, value, path)
}

/// Depth is bounded by the reader.
fn not_repeated(old: Node<'_>, new: Node<'_>, path: &str) -> Option<String> {
    old.entries().find_map(|entry| {
        let key = entry.key.key_text();
        if entry.value.is_null() {
            return None;
        }
        let path = format!("{path}/{}", escape_segment(key));
        match new.present(key) {
            None => takes_protection(&path).then(|| key.to_owned()),
            Some(new) if new.is_mapping() && entry.value.is_mapping() => {
                not_repeated(entry.value, new, &path)
            }
            // What stands there now is judged.
            Some(_) => None,
        }
    })
}
