//! What the patches of kustomizations make of the objects that they take in, variant by variant.
//!
//! Patches count from the inside out, as they are built. Roles and bindings are left to those who read them, to whom a
//! patch is one more object of the same name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::{Location, Resource};
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::manifest::Record;
use crate::kubernetes::patch::Target;
use crate::kubernetes::patched::{Patching, Written};
use crate::kubernetes::strategic::Failure;
use crate::kubernetes::{Completeness, Field, Object, Patched};
use crate::syntax::{Node, Span, Tree};

use super::landings::{Landed, Landing, components};
use super::patch_files::patch_text;
use super::{Snapshot, SourceFile};

/// The most comparisons of patches with objects, the most objects that are put together, and the most nodes of all of them.
const MOST_STEPS: usize = 1 << 22;
/// How many of these it counts for to put a patch on an object.
const STEPS_OF_PATCH: usize = 64;
const MOST_OBJECTS: usize = 1 << 14;
const MOST_NODES: usize = 1 << 22;

/// A patch of which it is not known what it makes of the object that it is for.
#[derive(Clone, Debug)]
pub struct Unapplied {
    /// Its file.
    pub path: Arc<str>,
    /// What it is for.
    pub resource: Arc<Resource>,
    /// A hash of all that it says.
    pub content: u64,
    /// The line that stands for it.
    pub at: Span,
    /// True if patches are more than are put together.
    pub is_beyond: bool,
}

impl Unapplied {
    /// What makes it the same on both sides of a change.
    #[must_use]
    pub fn key(&self) -> (&Arc<Resource>, u64, bool) {
        (&self.resource, self.content, self.is_beyond)
    }

    /// Why it is not known what it makes of its objects.
    #[must_use]
    pub fn why(&self) -> &'static str {
        if self.is_beyond {
            "as the patches of kustomizations and their objects are more than are put together"
        } else {
            "as the object that it changes was not found here, or this part of the patch is not known"
        }
    }
}

/// The patches of a revision.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The patches that are part of some object, by file and node.
    used: BTreeSet<(Arc<str>, u32)>,
    /// By file and object, the patches that delete it somewhere.
    deleted: BTreeMap<(Arc<str>, Arc<Resource>), BTreeSet<Location>>,
    /// The files whose objects a file patches.
    pub patching: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// The others that would matter.
    pub unapplied: Vec<Unapplied>,
}

impl Snapshot {
    /// The patches of which it is not known what they make of the objects that they are for.
    #[must_use]
    pub fn unapplied(&self) -> &[Unapplied] {
        &self.applied.unapplied
    }

    /// Where patches say that they delete an object of a file, in some variant.
    pub fn deleted_by(
        &self,
        path: &Arc<str>,
        resource: &Arc<Resource>,
    ) -> impl Iterator<Item = &Location> {
        let key = (Arc::clone(path), Arc::clone(resource));
        self.applied.deleted.get(&key).into_iter().flatten()
    }

    /// True if a document of a file is a patch that is put on some object.
    pub(super) fn is_put_on_others(&self, path: &str, root: u32) -> bool {
        self.applied.used.contains(&(Arc::from(path), root))
    }

    /// True for a patch that is part of the objects that it is for.
    pub(super) fn is_part_of_others(&self, object: Object<'_>) -> bool {
        let used = &self.applied.used;
        let key = || (Arc::clone(object.path()), object.node().id());
        object.completeness() == Completeness::Partial && !used.is_empty() && used.contains(&key())
    }
}

/// A patch in the form of an object.
#[derive(Clone, Copy)]
struct Source<'a> {
    path: &'a Arc<str>,
    tree: &'a Tree,
    record: &'a Record,
    target: Option<&'a Target>,
}

impl<'a> Source<'a> {
    fn key(&self) -> (Arc<str>, u32) {
        (Arc::clone(self.path), self.record.root)
    }

    /// The line that stands for it.
    fn at(&self) -> Span {
        let node = self.written().node();
        Field::follow(node, &["metadata", "name"]).span()
    }

    /// The line that says that it deletes its object.
    fn deletes_at(&self) -> Location {
        let word = self.written().node().entry("$patch");
        let word = word.map(|entry| entry.key.span().to(entry.value.span()));
        Location {
            path: Arc::clone(self.path),
            span: word.unwrap_or_else(|| self.at()),
        }
    }

    fn written(&self) -> Written<'a> {
        Written {
            path: self.path,
            tree: self.tree,
            root: self.record.root,
        }
    }

    /// True if it is for an object, which goes by some names and whose namespace does.
    fn is_for(&self, record: &Record, node: Node<'_>, (names, namespaces): &Called<'_>) -> bool {
        let resource = &record.resource;
        let mut names = names.iter();
        let mut namespaces = namespaces.iter().copied();
        if let Some(target) = self.target {
            let selects =
                |name: &String| target.may_select(&resource.group, &resource.kind, Some(name));
            return target.is_certain()
                && names.any(selects)
                && target.may_select_namespace(namespaces)
                && target.may_select_labels(node);
        }
        let own = &self.record.resource;
        let namespace = own.namespace.as_deref();
        own.group == resource.group
            && own.kind == resource.kind
            && names.any(|name| **name == *own.name)
            && namespace.is_none_or(|own| namespaces.any(|name| name == own))
    }
}

/// The names of an object as far as it is built, and those of its namespace.
type Called<'n> = (Vec<String>, Vec<&'n str>);

/// The name that a kustomization gives what it takes in, if it gives it another one. Source: the prefix transformer of
/// Kustomize 5, which leaves these kinds alone.
fn renamed(snapshot: &Snapshot, folder: &str, kind: &Kind, name: &str) -> Option<String> {
    const KEPT: [&str; 3] = ["APIService", "CustomResourceDefinition", "Namespace"];
    let (prefix, suffix) = &snapshot.kustomization(folder)?.affixes;
    let is_same = prefix.is_empty() && suffix.is_empty() || KEPT.contains(&kind.name);
    (!is_same).then(|| format!("{prefix}{name}{suffix}"))
}

/// The patches of a kustomization and of its components, in the order in which they count.
#[derive(Default)]
struct Patches<'a> {
    all: Vec<Source<'a>>,
    by_name: HashMap<(&'a str, &'a str), Vec<usize>>,
    targeted: Vec<usize>,
}

impl<'a> Patches<'a> {
    fn of(snapshot: &'a Snapshot, folder: &str) -> Self {
        let mut patches = Self::default();
        for at in components(snapshot, folder) {
            patches.all.extend(own(snapshot, &at));
        }
        patches.all.extend(own(snapshot, folder));
        for (number, source) in patches.all.iter().enumerate() {
            if source.target.is_some() {
                patches.targeted.push(number);
            } else {
                let resource = &source.record.resource;
                let key = (&*resource.kind, &*resource.name);
                patches.by_name.entry(key).or_default().push(number);
            }
        }
        patches
    }

    /// Those that may be for an object of some names, in their order.
    fn candidates(&self, record: &Record, names: &[String]) -> Vec<Source<'a>> {
        let kind = &*record.resource.kind;
        let by_name = names.iter();
        let by_name = by_name.filter_map(|name| self.by_name.get(&(kind, &**name)));
        let all = by_name.flatten().chain(&self.targeted);
        let mut numbers: Vec<usize> = all.copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let numbers = numbers.into_iter();
        numbers.filter_map(|at| self.all.get(at).copied()).collect()
    }
}

/// The patches of a kustomization itself.
fn own<'a>(snapshot: &'a Snapshot, folder: &str) -> Vec<Source<'a>> {
    let mut sources = Vec::new();
    let Some(kustomization) = snapshot.kustomization(folder) else {
        return sources;
    };
    for patch in &kustomization.changes {
        let Some(text) = patch_text(snapshot, folder, patch) else {
            continue;
        };
        // What is filled into a template may say anything.
        let is_file = text.roots.is_none();
        if is_file && text.file.manifest().is_some_and(|it| it.has_actions) {
            continue;
        }
        let is_own = |record: &&Record| text.roots.is_none_or(|own| own.contains(&record.root));
        let records = text.records.iter().filter(is_own);
        sources.extend(records.map(|record| Source {
            path: &text.file.path,
            tree: text.tree,
            record,
            target: patch.target.as_ref(),
        }));
    }
    sources.retain(|source| decides(source.record.kind));
    sources
}

/// True for what decides about what passes and who may do what, but for roles and bindings.
fn decides(kind: &Kind) -> bool {
    let is_policy = |group: &str| {
        matches!(
            group,
            "gateway.networking.k8s.io"
                | "policy.networking.k8s.io"
                | "cilium.io"
                | "crd.projectcalico.org"
                | "projectcalico.org"
        )
    };
    kind.bears_pods()
        || kind.groups.iter().any(|group| is_policy(group))
        || matches!(
            kind.name,
            "Ingress"
                | "Namespace"
                | "NetworkPolicy"
                | "Route"
                | "Secret"
                | "Service"
                | "ServiceAccount"
        )
}

/// True if a patch says something of what passes or of who may do what.
fn matters(source: &Source<'_>) -> bool {
    let kind = source.record.kind;
    let node = source.written().node();
    let says_of_spec = |fields: &[&str]| {
        let spec = node.present("spec");
        spec.is_some_and(|spec| fields.iter().any(|field| spec.get(field).is_some()))
    };
    // What of them opens a way in is judged wherever it stands.
    match kind.name {
        "Secret" => return false,
        "Service" => return says_of_spec(&["selector", "ports"]),
        "Ingress" => return says_of_spec(&["rules", "defaultBackend"]),
        _ if !kind.bears_pods() => return true,
        _ => {}
    }
    let mut pods = source.record.pods.iter().map(|pod| source.tree.node(*pod));
    node.get("$patch").is_some()
        || pods.any(|pod| {
            let spec = pod.present("spec");
            let says = |field: &str| spec.is_some_and(|spec| spec.get(field).is_some());
            let containers = spec.map(|spec| Field::follow(spec, &["containers"]));
            let mut containers = containers.into_iter().flat_map(Field::items);
            Field::follow(pod, &["metadata", "labels"]).is_set()
                || says("hostNetwork")
                || says("serviceAccountName")
                || says("serviceAccount")
                || says("automountServiceAccountToken")
                || containers.any(|it| it.get("ports").is_some())
        })
}

/// What is put together of one object, by it and the patches that are put on it.
type Known = HashMap<(Arc<str>, u32, Vec<(Arc<str>, u32)>), Option<Arc<Patched>>>;

/// Puts the patches of a revision on the objects that they are for.
pub(super) fn apply(snapshot: &Snapshot, landings: &mut BTreeMap<String, Landing>) -> Applied {
    let mut applying = Applying {
        snapshot,
        patches: HashMap::new(),
        known: Known::new(),
        steps_left: MOST_STEPS,
        nodes_left: MOST_NODES,
        failed: BTreeSet::new(),
        beyond: BTreeSet::new(),
        applied: Applied::default(),
    };
    for (path, landing) in landings.iter_mut() {
        let Some(file) = snapshot.file(path) else {
            continue;
        };
        for landed in &mut landing.landed {
            if !landed.way.is_empty() {
                applying.file(file, landed);
            }
        }
    }
    applying.finish()
}

struct Applying<'a> {
    snapshot: &'a Snapshot,
    patches: HashMap<Arc<str>, Patches<'a>>,
    known: Known,
    steps_left: usize,
    nodes_left: usize,
    /// Patches that could not be put on something.
    failed: BTreeSet<(Arc<str>, u32)>,
    /// Those of them for which there was no more time.
    beyond: BTreeSet<(Arc<str>, u32)>,
    applied: Applied,
}

impl<'a> Applying<'a> {
    fn file(&mut self, file: &'a SourceFile, landed: &mut Landed) {
        let Some(manifest) = file.manifest() else {
            return;
        };
        for (number, record) in manifest.records.iter().enumerate() {
            if !decides(record.kind) {
                continue;
            }
            let written = Written {
                path: &file.path,
                tree: &manifest.tree,
                root: record.root,
            };
            let sources = self.sources(written, record, landed);
            if !sources.is_empty() {
                let object = self.object(written, record, &sources);
                landed.patched.extend(object.map(|it| (number, it)));
            }
        }
    }

    /// The patches for an object, from the inside out.
    fn sources(
        &mut self,
        written: Written<'a>,
        record: &Record,
        landed: &Landed,
    ) -> Vec<Source<'a>> {
        let snapshot = self.snapshot;
        let own = record.resource.namespace.as_deref();
        let own =
            own.or((record.kind.namespaced && landed.namespace.is_none()).then_some("default"));
        let namespaces: Vec<&str> = own.into_iter().chain(landed.namespace.as_deref()).collect();
        // A patch may go by any name that the object had on the way.
        let mut called: Called<'_> = (vec![record.resource.name.to_string()], namespaces);
        let mut sources = Vec::new();
        for folder in landed.way.iter().rev() {
            let patches = self.patches.entry(Arc::clone(folder));
            let patches = patches.or_insert_with(|| Patches::of(snapshot, folder));
            for source in patches.candidates(record, &called.0) {
                let Some(left) = self.steps_left.checked_sub(1) else {
                    self.beyond.insert(source.key());
                    continue;
                };
                self.steps_left = left;
                if source.is_for(record, written.node(), &called) {
                    sources.push(source);
                }
            }
            let name = called.0.last().map(String::as_str).unwrap_or_default();
            let name = renamed(snapshot, folder, record.kind, name);
            called.0.extend(name);
        }
        sources
    }

    /// What patches make of an object; nothing where that is not known.
    #[expect(clippy::option_option, reason = "not known, gone, and there")]
    fn object(
        &mut self,
        written: Written<'a>,
        record: &'a Record,
        sources: &[Source<'a>],
    ) -> Option<Option<Arc<Patched>>> {
        let keys: Vec<_> = sources.iter().map(Source::key).collect();
        let key = (Arc::clone(written.path), written.root, keys.clone());
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        if self.known.len() >= MOST_OBJECTS {
            self.beyond.extend(keys);
            return None;
        }
        let mut patching = Patching::new(written, record);
        for source in sources {
            let Some(left) = self.steps_left.checked_sub(STEPS_OF_PATCH) else {
                self.beyond.insert(source.key());
                continue;
            };
            self.steps_left = left;
            let was_gone = patching.is_gone();
            if let Err(failure) = patching.patch(source.written(), record.kind) {
                let failed = match failure {
                    Failure::Unknown => &mut self.failed,
                    Failure::TooLarge => &mut self.beyond,
                };
                failed.insert(source.key());
                continue;
            }
            self.applied.used.insert(source.key());
            let of_file = self.applied.patching.entry(Arc::clone(source.path));
            of_file.or_default().insert(Arc::clone(written.path));
            if !was_gone && patching.is_gone() {
                let key = (Arc::clone(written.path), Arc::clone(&record.resource));
                let by = self.applied.deleted.entry(key).or_default();
                by.insert(source.deletes_at());
            }
        }
        let Ok(patched) = patching.result(self.nodes_left) else {
            self.beyond.extend(keys);
            return None;
        };
        let size = patched.as_ref().map_or(0, |it| it.tree.size());
        self.nodes_left = self.nodes_left.saturating_sub(size);
        let patched = patched.map(Arc::new);
        self.known.insert(key, patched.clone());
        Some(patched)
    }

    /// What is left over.
    fn finish(mut self) -> Applied {
        let mut seen = BTreeSet::new();
        self.failed.extend(self.beyond.iter().cloned());
        let folders = self.snapshot.kustomizations().map(|(folder, _)| folder);
        for source in folders.flat_map(|folder| own(self.snapshot, folder)) {
            let key = source.key();
            let is_used = self.applied.used.contains(&key) && !self.failed.contains(&key);
            let is_beyond = self.beyond.contains(&key);
            if is_used || !matters(&source) || !seen.insert(key) {
                continue;
            }
            let node = source.written().node();
            self.applied.unapplied.push(Unapplied {
                path: Arc::clone(source.path),
                resource: Arc::clone(&source.record.resource),
                content: node.content_hash(),
                at: source.at(),
                is_beyond,
            });
        }
        let failed = std::mem::take(&mut self.failed);
        self.applied.used.retain(|key| !failed.contains(key));
        self.applied
    }
}
