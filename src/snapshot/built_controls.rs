//! The admission policies that a revision has once its kustomizations are built: what patches make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::kubernetes::admission::{Control, ControlKind};
use crate::kubernetes::kustomization::{self, Kustomization};
use crate::kubernetes::patch::{PatchSource, Target};
use crate::kubernetes::{Completeness, Manifest, Object, Reading, manifest, merge};
use crate::syntax::{Format, Node, Span, Tree, parse};

use super::built::inside_out;
use super::pairs::Identity;
use super::{Snapshot, SourceFile};

/// The most policies that are kept, over all kustomizations.
const MOST: usize = 1 << 16;

/// A policy as a kustomization builds it.
#[derive(Clone, Debug)]
pub struct BuiltControl<'a> {
    /// The policy as it is written.
    pub object: Object<'a>,
    /// What it comes to, once patched; none where a patch deletes it.
    pub value: Option<Arc<Value>>,
    /// The patches that changed it, in the order in which they count.
    pub patches: Vec<Place<'a>>,
}

/// Where a patch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file.
    pub path: &'a Arc<str>,
    /// The part of it.
    pub at: Span,
}

impl<'a> BuiltControl<'a> {
    /// A policy as it stands.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        Some(Self {
            object,
            value: Some(Arc::new(merge::value(object.node())?)),
            patches: Vec::new(),
        })
    }

    /// The policy as it would be written; none where it is deleted.
    #[must_use]
    pub fn manifest(&self) -> Option<Box<Manifest>> {
        let bytes = serde_json::to_vec(self.value.as_deref()?).ok()?;
        match manifest::read(Format::Json, bytes, false, &[]) {
            Reading::Manifest(manifest) => Some(manifest),
            _ => None,
        }
    }

    fn change(&mut self, document: Node<'_>, change: &Value, place: Place<'a>) {
        let Some(old) = self.value.take() else {
            return;
        };
        let new = if document.is_sequence() {
            merge::operated((*old).clone(), change)
        } else {
            merge::merged((*old).clone(), change)
        };
        // The names are those of the object that is changed.
        let new = new.map(|mut new| {
            for key in ["apiVersion", "kind", "metadata"] {
                if let (Some(map), Some(kept)) = (new.as_object_mut(), old.get(key)) {
                    map.insert(key.to_owned(), kept.clone());
                }
            }
            new
        });
        if new.as_ref() == Some(&*old) {
            self.value = Some(old);
            return;
        }
        self.value = new.map(Arc::new);
        self.patches.push(place);
    }
}

/// The policies of one kustomization.
pub type OfFolder<'a> = BTreeMap<Identity<'a>, BuiltControl<'a>>;

/// What the kustomizations of a revision make of its policies, by their folders; nothing where none holds a patch.
#[must_use]
pub fn built_controls(snapshot: &Snapshot) -> BTreeMap<&str, OfFolder<'_>> {
    let mut by_folder = BTreeMap::new();
    let mut patches = snapshot
        .kustomizations()
        .map(|(_, kustomization)| &kustomization.changes);
    if patches.all(Vec::is_empty) {
        return by_folder;
    }
    let mut in_files: BTreeMap<&str, Vec<BuiltControl<'_>>> = BTreeMap::new();
    for object in snapshot.objects() {
        let whole = object.completeness() == Completeness::Complete;
        let control = Control::of(object).filter(|_| whole);
        let refuses = |control: Control<'_>| {
            let kind = control.kind();
            !matches!(kind, ControlKind::Exception | ControlKind::Settings)
        };
        if control.is_some_and(refuses)
            && let Some(built) = BuiltControl::of(object)
        {
            in_files.entry(object.path()).or_default().push(built);
        }
    }
    if in_files.is_empty() {
        return by_folder;
    }
    let order = inside_out(snapshot, |_| true);
    let mut kept = 0;
    for part in &order {
        let mut built = OfFolder::new();
        for below in &part.parts {
            let below = order
                .get(*below)
                .and_then(|below| by_folder.get(below.folder));
            let below: Option<&OfFolder<'_>> = below;
            for (identity, control) in below.into_iter().flatten() {
                built.insert(*identity, control.clone());
            }
        }
        for file in part.files.iter().filter_map(|at| snapshot.files().get(*at)) {
            for control in in_files.get(&*file.path).into_iter().flatten() {
                let identity = control.object.resource().identity();
                built.insert(identity, control.clone());
            }
        }
        if built.is_empty() {
            continue;
        }
        kept += built.len();
        if kept > MOST {
            break;
        }
        let mut seen = BTreeSet::new();
        patch_with(snapshot, part.folder, &mut seen, &mut built);
        by_folder.insert(part.folder, built);
    }
    by_folder
}

/// Applies the patches of a kustomization, behind those of the components that it lists.
fn patch_with<'a>(
    snapshot: &'a Snapshot,
    folder: &'a str,
    seen: &mut BTreeSet<&'a str>,
    built: &mut OfFolder<'a>,
) {
    // Components may list components, and a chain of them may be longer than a thread can call itself.
    let mut open = vec![folder];
    let mut order = Vec::new();
    while let Some(at) = open.pop() {
        let Some((file, kustomization)) = snapshot.kustomization_file(at) else {
            continue;
        };
        if !seen.insert(file.folder()) {
            continue;
        }
        order.push((file, kustomization));
        for path in &kustomization.resources {
            let path = kustomization::resolve(at, path);
            let listed = path.and_then(|path| snapshot.kustomization_file(&path));
            if let Some((file, _)) = listed.filter(|(_, listed)| listed.is_component) {
                open.push(file.folder());
            }
        }
    }
    for (file, kustomization) in order.into_iter().rev() {
        apply(snapshot, file, kustomization, built);
    }
}

fn apply<'a>(
    snapshot: &'a Snapshot,
    file: &'a SourceFile,
    kustomization: &'a Kustomization,
    built: &mut OfFolder<'a>,
) {
    for patch in &kustomization.changes {
        let target = patch.target.as_ref();
        match &patch.source {
            PatchSource::File(path) => {
                let path = kustomization::resolve(file.folder(), path);
                let found = path.and_then(|path| snapshot.file(&path));
                let Some(found) = found else { continue };
                if let Some(manifest) = found.manifest() {
                    apply_documents(&manifest.tree, target, built, |root| Place {
                        path: &found.path,
                        at: telling(root),
                    });
                }
            }
            PatchSource::Inline(text) => {
                let Some(manifest) = file.manifest() else {
                    continue;
                };
                let node = manifest.tree.node(*text);
                let Some(text) = node.as_str() else { continue };
                let at = node.key().map_or(node.span(), Node::span);
                let tree = parse(Format::Yaml, text.to_owned());
                apply_documents(&tree, target, built, |_| Place {
                    path: &file.path,
                    at,
                });
            }
        }
    }
}

fn apply_documents<'a>(
    tree: &Tree,
    target: Option<&Target>,
    built: &mut OfFolder<'a>,
    place: impl Fn(Node<'_>) -> Place<'a>,
) {
    for document in tree.documents() {
        let root = tree.root(document);
        let named = (text(root, "apiVersion"), text(root, "kind"), name(root));
        let fits = |object: Object<'_>| {
            let resource = object.resource();
            match (target, named) {
                (Some(target), _) => {
                    target.may_select(&resource.group, &resource.kind, Some(&resource.name))
                        && target.may_select_labels(object.node())
                }
                (None, (Some(version), Some(kind), Some(name))) => {
                    let group = version.split_once('/').map_or("", |(group, _)| group);
                    (group, kind, name) == (&*resource.group, &*resource.kind, &*resource.name)
                }
                _ => false,
            }
        };
        let mut value = None;
        for control in built.values_mut().filter(|built| fits(built.object)) {
            let value = value.get_or_insert_with(|| merge::value(root));
            if let Some(value) = value {
                control.change(root, value, place(root));
            }
        }
    }
}

fn text<'n>(root: Node<'n>, key: &str) -> Option<&'n str> {
    root.present(key).and_then(Node::as_str)
}

fn name(root: Node<'_>) -> Option<&str> {
    text(root.present("metadata")?, "name")
}

/// The part of a patch that says what it does.
fn telling(root: Node<'_>) -> Span {
    let entry = ["$patch", "spec", "webhooks", "kind"]
        .into_iter()
        .find_map(|key| root.entry(key));
    match (entry, root.items().next()) {
        (Some(entry), _) => entry.key.span(),
        (None, Some(operation)) => operation.present("path").unwrap_or(operation).span(),
        (None, None) => Span::default(),
    }
}
