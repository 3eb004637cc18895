//! What JSON patch operations write over: `add` at a place where something stands replaces it (RFC 6902, section 4.1), so
//! that of a security context only what the operation repeats is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::harmless_operation::takes_protection;
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

/// An operation that writes over protections.
#[derive(Clone, Debug)]
pub struct Overwritten<'a> {
    /// Where the operation names the place.
    pub at: Location,
    /// The place.
    pub path: &'a str,
    /// The first protection that stands there and that is not said again.
    pub lost: String,
    /// The kustomization that has it carried out.
    by: Arc<str>,
    /// What tells it from others there: what it says, and of what.
    content: (u64, String),
}

/// The operations of a change that write over protections, and that the same kustomization did not hold before for the same
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

/// The operations of a revision that write over protections of an object which a kustomization takes in.
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
            for (path, place, value) in additions(snapshot, folder, patch) {
                let builds = builds.get_or_insert_with(|| Builds::of(snapshot));
                let lost = snapshot.objects().find_map(|object| {
                    left = left.checked_sub(1)?;
                    let is_it =
                        is_for(target, object) && builds.taking(object.path()).contains(folder);
                    is_it.then(|| lost(object, place.text, value)).flatten()
                });
                found.extend(lost.map(|lost| Overwritten {
                    at: Location {
                        path: Arc::clone(path),
                        span: place.node.span(),
                    },
                    path: place.text,
                    lost,
                    by: Arc::clone(&file.path),
                    content: (place.content, format!("{target:?}")),
                }));
            }
        }
    }
    found
}

/// Where an operation writes.
#[derive(Clone, Copy)]
struct Place<'a> {
    node: Node<'a>,
    text: &'a str,
    content: u64,
}

/// The operations of a patch that add what holds protections, with their files.
fn additions<'a>(
    snapshot: &'a Snapshot,
    folder: &str,
    patch: &Patch,
) -> Vec<(&'a Arc<str>, Place<'a>, Node<'a>)> {
    let Some(text) = patch_text(snapshot, folder, patch) else {
        return Vec::new();
    };
    let all = text.tree.documents().iter();
    let roots: Vec<Node<'_>> = match text.roots {
        Some(own) => own.iter().map(|root| text.tree.node(*root)).collect(),
        None => all.map(|document| text.tree.root(document)).collect(),
    };
    let items = roots.into_iter().flat_map(Node::items);
    let additions = items.filter_map(addition);
    additions
        .map(|(place, value)| (&text.file.path, place, value))
        .collect()
}

fn addition(item: Node<'_>) -> Option<(Place<'_>, Node<'_>)> {
    let node = item.get("path")?;
    let text = node.as_str()?;
    // Of one that says nothing it is told without a look at the object.
    let value = item.get("value")?;
    value.written_entries().next()?;
    let last = text.rsplit('/').next()?;
    let is_one = item.get("op")?.as_str()? == "add" && HOLDERS.contains(&last);
    let place = Place {
        node,
        text,
        content: item.content_hash(),
    };
    is_one.then_some((place, value))
}

fn is_for(target: &Target, object: Object<'_>) -> bool {
    let resource = object.resource();
    object.kind().bears_pods()
        && object.completeness() == Completeness::Complete
        && target.may_select(&resource.group, &resource.kind, Some(&resource.name))
        && target.may_select_labels(object.node())
}

/// The first protection at a place of an object that a value put there does not say again.
fn lost(object: Object<'_>, path: &str, value: Node<'_>) -> Option<String> {
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
