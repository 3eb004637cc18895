//! The Pod Security labels that Namespaces have once a kustomization is built.
//!
//! Followed are the files and folders that a kustomization lists, patches in files and in the kustomization itself,
//! `labels` and `commonLabels`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kubernetes::kustomization::{self, Kustomization};
use crate::kubernetes::patch::PatchSource;
use crate::kubernetes::{Completeness, Mode, ModeValues, Namespace, Object, label_change};
use crate::syntax::Span;

use super::{Snapshot, SourceFile};

/// The most Namespaces that are kept, over all kustomizations.
const MOST: usize = 1 << 16;

/// What was said last of a label.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// The value; none where it was taken away.
    pub value: Option<Arc<str>>,
    /// The file that says so.
    pub path: &'a Arc<str>,
    /// Where.
    pub at: Span,
    /// Who.
    pub by: Speaker<'a>,
}

/// What can say something of a label.
#[derive(Clone, Copy, Debug)]
pub enum Speaker<'a> {
    /// The Namespace itself.
    Namespace(Object<'a>),
    /// A patch in a file.
    Patch(Object<'a>),
    /// A kustomization, in the part of it that is named.
    Kustomization(&'static str),
}

/// The labels of a Namespace as it is built.
#[derive(Clone, Debug, Default)]
pub struct Built<'a> {
    words: BTreeMap<&'static str, Word<'a>>,
    /// As it is written.
    object: Option<Object<'a>>,
}

impl<'a> Built<'a> {
    /// A Namespace as it stands.
    #[must_use]
    pub fn of(namespace: Namespace<'a>) -> Self {
        let object = namespace.object();
        let mut built = Self {
            words: BTreeMap::new(),
            object: Some(object),
        };
        for mode in Mode::ALL {
            let labels = namespace.mode(mode);
            for (label, field) in [
                (mode.level_label(), labels.level_field),
                (mode.version_label(), labels.version_field),
            ] {
                let Some(node) = field.node() else { continue };
                let word = Word {
                    value: Some(node.as_str().unwrap_or_default().into()),
                    path: object.path(),
                    at: field.span(),
                    by: Speaker::Namespace(object),
                };
                built.words.insert(label, word);
            }
        }
        built
    }

    /// The last word about a label.
    #[must_use]
    pub fn word(&self, label: &str) -> Option<&Word<'a>> {
        self.words.get(label)
    }

    /// The first word that is neither the Namespace's own nor that of a patch in a file.
    #[must_use]
    pub fn kustomized(&self) -> Option<&Word<'a>> {
        let mut words = self.words.values();
        words.find(|word| matches!(word.by, Speaker::Kustomization(_)))
    }

    fn text(&self, label: &str) -> Option<&str> {
        self.words.get(label)?.value.as_deref()
    }

    /// What the labels of a mode come to.
    #[must_use]
    pub fn mode(&self, mode: Mode) -> ModeValues {
        ModeValues::of(
            mode,
            self.text(mode.level_label()),
            self.text(mode.version_label()),
        )
    }

    /// True if a label of the mode is a template's.
    #[must_use]
    pub fn is_unrendered(&self, mode: Mode) -> bool {
        [mode.level_label(), mode.version_label()]
            .into_iter()
            .filter_map(|label| self.text(label))
            .any(|text| text.contains("{{"))
    }
}

/// The Namespaces of one kustomization by name.
type OfFolder<'a> = BTreeMap<Arc<str>, Built<'a>>;

/// The Namespaces that the kustomizations of a revision build, by the folders of these.
#[derive(Debug, Default)]
pub struct Builds<'a> {
    by_folder: BTreeMap<&'a str, OfFolder<'a>>,
    kept: usize,
}

impl<'a> Builds<'a> {
    /// Builds every kustomization once.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut builds = Self::default();
        let namespaces = snapshot.objects().filter_map(Namespace::of);
        let mut in_files: BTreeMap<&str, Vec<Namespace<'a>>> = BTreeMap::new();
        for namespace in namespaces {
            let path = &**namespace.object().path();
            in_files.entry(path).or_default().push(namespace);
        }
        if in_files.is_empty() {
            return builds;
        }
        let mut entered: BTreeSet<&'a str> = BTreeSet::new();
        for (root, _) in snapshot.kustomizations() {
            // The folders that are being built, each with what it still waits for.
            let mut open: Vec<(&'a str, Vec<&'a str>)> = Vec::new();
            if entered.insert(root) {
                open.push((root, children(snapshot, root)));
            }
            while let Some((folder, waits)) = open.last_mut() {
                if let Some(next) = waits.pop() {
                    if entered.insert(next) {
                        open.push((next, children(snapshot, next)));
                    }
                    continue;
                }
                let folder = *folder;
                open.pop();
                let built = builds.build(snapshot, folder, &in_files);
                builds.kept += built.len();
                if builds.kept > MOST {
                    return builds;
                }
                builds.by_folder.insert(folder, built);
            }
        }
        builds
    }

    /// The kustomizations with what they build.
    pub fn folders(&self) -> impl Iterator<Item = (&'a str, &OfFolder<'a>)> {
        self.by_folder
            .iter()
            .map(|(folder, built)| (*folder, built))
    }

    /// What a kustomization builds.
    #[must_use]
    pub fn of_folder(&self, folder: &str) -> Option<&OfFolder<'a>> {
        self.by_folder.get(folder)
    }

    fn build(
        &self,
        snapshot: &'a Snapshot,
        folder: &str,
        in_files: &BTreeMap<&str, Vec<Namespace<'a>>>,
    ) -> OfFolder<'a> {
        let mut built = OfFolder::new();
        let Some((file, kustomization)) = snapshot.kustomization_file(folder) else {
            return built;
        };
        let mut components = Vec::new();
        for path in resolved(folder, &kustomization.resources) {
            if let Some((file, listed)) = snapshot.kustomization_file(&path) {
                for (name, namespace) in self.by_folder.get(&*path).into_iter().flatten() {
                    built.insert(Arc::clone(name), namespace.clone());
                }
                if listed.is_component {
                    components.push((file, listed));
                }
                continue;
            }
            for namespace in in_files.get(&*path).into_iter().flatten() {
                if namespace.object().completeness() != Completeness::Template {
                    built.insert(namespace.name().into(), Built::of(*namespace));
                }
            }
        }
        for (file, kustomization) in components.into_iter().chain([(file, kustomization)]) {
            patch(&mut built, snapshot, (file, kustomization), in_files);
            change(&mut built, file, kustomization);
        }
        built
    }
}

/// The kustomizations that one lists.
fn children<'a>(snapshot: &'a Snapshot, folder: &str) -> Vec<&'a str> {
    let Some(kustomization) = snapshot.kustomization(folder) else {
        return Vec::new();
    };
    let listed = resolved(folder, &kustomization.resources);
    let files = listed.filter_map(|path| snapshot.kustomization_file(&path));
    files.map(|(file, _)| file.folder()).collect()
}

fn resolved<'k>(folder: &'k str, paths: &'k [String]) -> impl Iterator<Item = String> + 'k {
    let paths = paths.iter();
    paths.filter_map(move |path| kustomization::resolve(folder, path))
}

/// Applies the patches that stand in files.
fn patch<'a>(
    built: &mut OfFolder<'a>,
    snapshot: &'a Snapshot,
    (file, kustomization): (&'a SourceFile, &'a Kustomization),
    in_files: &BTreeMap<&str, Vec<Namespace<'a>>>,
) {
    for patch in &kustomization.changes {
        let PatchSource::File(path) = &patch.source else {
            continue;
        };
        let Some(path) = kustomization::resolve(file.folder(), path) else {
            continue;
        };
        if let Some(target) = &patch.target {
            let Some(file) = snapshot.file(&path) else {
                continue;
            };
            let changes = changes_of(file);
            if changes.is_empty() {
                continue;
            }
            for (name, namespace) in built.iter_mut() {
                let selects = namespace
                    .object
                    .is_none_or(|object| target.may_select_labels(object.node()));
                if selects && target.may_select("", "Namespace", Some(name)) {
                    let changes = changes.iter().cloned();
                    namespace.words.extend(changes);
                }
            }
            continue;
        }
        for patch in in_files.get(&*path).into_iter().flatten() {
            let object = patch.object();
            let Some(namespace) = built.get_mut(patch.name()) else {
                continue;
            };
            for (label, value, at) in label_change::of_patch(object.node()) {
                let word = Word {
                    value: value.map(Into::into),
                    path: object.path(),
                    at,
                    by: Speaker::Patch(object),
                };
                namespace.words.insert(label, word);
            }
        }
    }
}

/// What a file says to the Namespaces that something else names.
fn changes_of(file: &SourceFile) -> Vec<(&'static str, Word<'_>)> {
    let tree = file.manifest().map(|manifest| &manifest.tree);
    let roots = tree.into_iter().flat_map(|tree| {
        let documents = tree.documents().iter();
        documents.map(|document| tree.root(document))
    });
    let changes = roots.flat_map(|root| {
        if root.is_sequence() {
            label_change::of_operations(root)
        } else {
            label_change::of_patch(root)
        }
    });
    changes
        .map(|(label, value, at)| {
            let word = Word {
                value: value.map(Into::into),
                path: &file.path,
                at,
                by: Speaker::Kustomization("this patch"),
            };
            (label, word)
        })
        .collect()
}

/// Applies what a kustomization says itself.
fn change<'a>(built: &mut OfFolder<'a>, file: &'a SourceFile, kustomization: &'a Kustomization) {
    for change in &kustomization.labels {
        let word = Word {
            value: change.value.as_deref().map(Into::into),
            path: &file.path,
            at: change.at,
            by: Speaker::Kustomization(change.by),
        };
        match &change.of {
            Some(name) => {
                if let Some(namespace) = built.get_mut(name.as_str()) {
                    namespace.words.insert(change.label, word);
                }
            }
            None => {
                for namespace in built.values_mut() {
                    namespace.words.insert(change.label, word.clone());
                }
            }
        }
    }
}
