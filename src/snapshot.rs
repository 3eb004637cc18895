//! Everything that is known of one revision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kubernetes::kustomization::{self, Kustomization};
use crate::kubernetes::manifest::Record;
use crate::kubernetes::{Completeness, Manifest, NamespaceSource, Object, Reading};

/// What became of a file of this revision.
#[derive(Debug)]
pub enum State {
    /// Its bytes were read.
    Read(Reading),
    /// It is larger than what is parsed; its size in bytes.
    Oversized(u64),
    /// A Git LFS pointer stands in its place.
    LfsPointer,
    /// Its bytes could not be had; why, with the remedy.
    Missing(String),
}

/// A file that matters: it has to do with Kubernetes, or it could not be told whether it has.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path below the root.
    pub path: Arc<str>,
    /// What became of it. Equal blobs of base and head share this.
    pub state: Arc<State>,
    /// Whether absent fields of its objects are truly absent.
    pub completeness: Completeness,
}

impl SourceFile {
    /// The manifest, if it is one.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        match &*self.state {
            State::Read(Reading::Manifest(manifest)) => Some(manifest),
            _ => None,
        }
    }

    /// The text of the file, where it could be read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.manifest().map(|manifest| manifest.tree.text())
    }

    /// The folder of the file, without a slash behind it; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        folder(&self.path)
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// One revision: its files that matter, and what they say of each other.
#[derive(Debug, Default)]
pub struct Snapshot {
    files: Vec<SourceFile>,
    /// Kustomizations by folder.
    kustomizations: BTreeMap<String, usize>,
    /// Files that were looked at, those without relevance included.
    pub files_read: usize,
}

impl Snapshot {
    /// Puts a revision together. `files` are in path order; `charts` are the folders that hold a Helm chart.
    #[must_use]
    pub fn new(
        files: Vec<(Arc<str>, Arc<State>)>,
        charts: &BTreeSet<String>,
        files_read: usize,
    ) -> Self {
        let mut snapshot = Self {
            files: Vec::with_capacity(files.len()),
            kustomizations: BTreeMap::new(),
            files_read,
        };
        for (path, state) in files {
            let file = SourceFile {
                path,
                state,
                completeness: Completeness::Complete,
            };
            if file
                .manifest()
                .is_some_and(|manifest| manifest.kustomization.is_some())
            {
                snapshot
                    .kustomizations
                    .insert(file.folder().to_owned(), snapshot.files.len());
            }
            snapshot.files.push(file);
        }
        let patches = snapshot.patch_only_files();
        for file in &mut snapshot.files {
            let template = file.manifest().is_some_and(|manifest| manifest.has_actions)
                && in_chart(&file.path, charts);
            if template {
                file.completeness = Completeness::Template;
            } else if patches.contains(&*file.path) {
                file.completeness = Completeness::Partial;
            }
        }
        snapshot
    }

    /// Files that some kustomization names as a patch and none names as a resource.
    fn patch_only_files(&self) -> BTreeSet<String> {
        let named = |list: fn(&Kustomization) -> &Vec<String>| {
            self.kustomizations()
                .flat_map(|(folder, kustomization)| {
                    list(kustomization)
                        .iter()
                        .filter_map(move |path| kustomization::resolve(folder, path))
                })
                .collect::<BTreeSet<_>>()
        };
        let resources = named(|kustomization| &kustomization.resources);
        let mut patches = named(|kustomization| &kustomization.patches);
        patches.retain(|path| !resources.contains(path));
        patches
    }

    /// The kustomizations with their folders.
    pub fn kustomizations(&self) -> impl Iterator<Item = (&str, &Kustomization)> {
        self.kustomizations.iter().filter_map(|(folder, index)| {
            let file = self.files.get(*index)?;
            Some((folder.as_str(), file.manifest()?.kustomization.as_ref()?))
        })
    }

    /// The files that matter, in path order.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// A file by path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        let index = self
            .files
            .binary_search_by(|file| (*file.path).cmp(path))
            .ok()?;
        self.files.get(index)
    }

    /// The objects of a file.
    pub fn objects_of<'a>(&'a self, file: &'a SourceFile) -> impl Iterator<Item = Object<'a>> {
        let namespace = self.kustomized_namespace(file);
        file.manifest().into_iter().flat_map(move |manifest| {
            manifest.records.iter().map(move |record| {
                let namespace = landing_namespace(record, namespace);
                let completeness = if record.complete {
                    file.completeness
                } else {
                    file.completeness.max(Completeness::Partial)
                };
                Object::new(&file.path, &manifest.tree, record, completeness, namespace)
            })
        })
    }

    /// All objects, by path and then in the order of their file.
    pub fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.files.iter().flat_map(|file| self.objects_of(file))
    }

    /// The namespace that the kustomization of the file's own folder moves it to.
    fn kustomized_namespace<'a>(&'a self, file: &SourceFile) -> Option<&'a str> {
        let index = self.kustomizations.get(file.folder())?;
        let kustomization = self.files.get(*index)?.manifest()?.kustomization.as_ref()?;
        kustomization.namespace.as_deref()
    }
}

fn landing_namespace<'a>(
    record: &'a Record,
    kustomized: Option<&'a str>,
) -> Option<(&'a str, NamespaceSource)> {
    if !record.kind.namespaced {
        return None;
    }
    Some(match (kustomized, &record.resource.namespace) {
        (Some(namespace), _) => (namespace, NamespaceSource::Kustomization),
        (None, Some(namespace)) => (namespace, NamespaceSource::Written),
        (None, None) => ("default", NamespaceSource::Default),
    })
}

/// True if the file lies in the `templates` folder of a chart.
fn in_chart(path: &str, charts: &BTreeSet<String>) -> bool {
    let mut at = folder(path);
    loop {
        if let Some(chart) = at
            .strip_suffix("templates")
            .map(|chart| chart.trim_end_matches('/'))
            && charts.contains(chart)
        {
            return true;
        }
        if at.is_empty() {
            return false;
        }
        at = folder(at);
    }
}
