//! Everything that is known of one revision.

mod access;
pub mod applied;
pub mod asked_sources;
pub mod build_context;
pub mod builds;
pub mod built;
pub mod built_accounts;
pub mod built_before;
pub mod built_controls;
pub mod catalogued;
pub mod cooldowns;
pub mod credentials;
pub mod declared;
pub mod departures;
mod edited;
pub mod explained;
pub mod extended;
pub mod file_kind;
pub mod generated;
mod generator_inputs;
pub mod granted;
pub mod held;
pub mod hidden;
pub mod ignored_optional;
pub mod image_credentials;
pub mod image_pairs;
pub mod images;
pub mod injected;
pub mod install_code;
pub mod installation_pairs;
pub mod installations;
mod installed_folders;
pub mod labels;
mod landings;
mod linking;
pub mod load;
pub mod local_names;
pub mod locked;
pub mod lost;
pub mod makers;
pub mod namespaces;
mod near;
pub mod neighbours;
mod network;
pub mod newcomers;
pub mod node_starts;
pub mod node_versions;
pub mod overriding;
pub mod overwritten;
mod package_managers;
pub mod pairs;
pub mod patch_files;
pub mod patched;
mod pins;
pub mod predecessors;
pub mod projects;
pub mod remedies;
pub mod safeguards;
pub mod settings;
mod settings_pins;
pub mod substituted;
pub mod taken;
pub mod unlocked;
pub mod unmet_catalogs;
pub mod unmet_overrides;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::access::Access;
use crate::change::ContentId;
use crate::change::LeftOut;
use crate::config;
use crate::config::read::ConfigFile;
use crate::finding::Location;
use crate::folders::{folder, folders_up};
use crate::kubernetes::kustomization::{AddedLabel, Kustomization};
use crate::kubernetes::manifest::Record;
use crate::kubernetes::miswritten::Headless;
use crate::kubernetes::{Completeness, Manifest, NamespaceSource, Object, Reading};
use crate::network::Network;
use crate::packages::install;
use crate::packages::lockfile::Lockfile;
use crate::syntax::Tree;
use crate::syntax::dockerfile::Dockerfile;
use crate::workflow::Workflow;

use applied::Applied;
use file_kind::FileKind;
use installations::Installation;
use landings::Landing;
use neighbours::Neighbours;

/// What became of a file of this revision.
#[derive(Debug)]
pub enum State {
    /// Its bytes were read.
    Read(Reading),
    /// It is a workflow, and no manifest.
    Workflow(Workflow),
    /// It is a Dockerfile.
    Dockerfile(Dockerfile),
    /// It is a file that its name makes a tree: `package.json`, `.yarnrc.yml`.
    Tree(Tree),
    /// It is the lockfile of a package manager.
    Lockfile(Box<Lockfile>),
    /// It is a file of lines: `.nvmrc`, `.npmrc`, `.env` and the like.
    Text(String),
    /// It is the text of a file that a kustomization puts into an object.
    Generated {
        /// The text.
        text: String,
        /// The key that it gets there, where it is not the name of the file.
        key: Option<String>,
    },
    /// It is told from others by its bytes, and nothing in it is read.
    Opaque(ContentId),
    /// It is larger than what is parsed; its size in bytes.
    Oversized(u64),
    /// It is the configuration of this program.
    Configuration(Box<ConfigFile>),
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
    /// What it is by its name.
    kind: FileKind,
    /// What became of it. Equal blobs of base and head share this.
    pub state: Arc<State>,
    /// Whether absent fields of its objects are truly absent.
    pub completeness: Completeness,
    /// True if the file held objects in the base: it is one of ours even if it can no longer be read.
    pub was_manifest: bool,
    /// True if objects of the base no longer say in the head of which kind they are.
    lost_heads: bool,
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

    /// What it is by its name.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// The Dockerfile, if it is one.
    #[must_use]
    pub fn dockerfile(&self) -> Option<&Dockerfile> {
        match &*self.state {
            State::Dockerfile(dockerfile) => Some(dockerfile),
            _ => None,
        }
    }

    /// The tree of a `package.json` or a `.yarnrc.yml`.
    #[must_use]
    pub fn tree(&self) -> Option<&Tree> {
        match &*self.state {
            State::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    /// The lockfile, if it is one.
    #[must_use]
    pub fn lockfile(&self) -> Option<&Lockfile> {
        match &*self.state {
            State::Lockfile(lockfile) => Some(lockfile),
            _ => None,
        }
    }

    /// The text of a file of lines.
    #[must_use]
    pub fn lines(&self) -> Option<&str> {
        match &*self.state {
            State::Text(text) | State::Generated { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text of the file, where it could be read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &*self.state {
            State::Read(Reading::Manifest(manifest)) => Some(manifest.tree.text()),
            State::Read(Reading::Unrecognised(_, tree)) => Some(tree.text()),
            State::Configuration(file) => Some(file.tree.text()),
            State::Workflow(workflow) => workflow.text(),
            State::Dockerfile(dockerfile) => Some(dockerfile.text()),
            State::Tree(tree) => Some(tree.text()),
            State::Lockfile(lockfile) => Some(&lockfile.text),
            State::Text(text) | State::Generated { text, .. } => Some(text),
            _ => None,
        }
    }

    /// True if nothing of the file is hidden from the reader.
    #[must_use]
    pub fn is_wholly_read(&self) -> bool {
        match &*self.state {
            State::Read(Reading::Manifest(manifest)) => {
                manifest.unreadable.is_empty()
                    && manifest.templates == 0
                    && self.headless().next().is_none()
            }
            State::Tree(tree) => tree.problems().is_empty(),
            State::Lockfile(lockfile) => !lockfile.is_unreadable(),
            State::Read(Reading::Other)
            | State::Configuration(_)
            | State::Workflow(_)
            | State::Dockerfile(_)
            | State::Text(_)
            | State::Generated { .. }
            | State::Opaque(_) => true,
            State::Read(Reading::Unrecognised(..) | Reading::Encoding { .. })
            | State::Oversized(_)
            | State::LfsPointer
            | State::Missing(_) => false,
        }
    }

    /// What in it is an object that does not say of which kind it is. What is filled into a template, or into the target
    /// of a patch, may say it, and what was no object in the base may be of another program.
    pub fn headless(&self) -> impl Iterator<Item = &Headless> {
        let manifest = self.manifest().into_iter();
        manifest.flat_map(move |manifest| {
            let is_whole = !manifest.has_actions && self.completeness == Completeness::Complete;
            let all = manifest.headless.iter();
            all.filter(move |one| self.lost_heads || one.is_certain && is_whole)
        })
    }

    /// The folder of the file, without a slash behind it; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        folder(&self.path)
    }
}

/// True for the lockfile of a package manager.
fn is_lockfile(path: &str) -> bool {
    install::is_lockfile(path.rsplit('/').next().unwrap_or(path))
}

/// One revision: its files that matter, and what they say of each other.
#[derive(Debug, Default)]
pub struct Snapshot {
    files: Vec<SourceFile>,
    /// Kustomizations by folder.
    kustomizations: BTreeMap<String, usize>,
    /// What becomes of the files that kustomizations take in.
    landings: BTreeMap<String, Landing>,
    /// What became of the patches of kustomizations.
    applied: Applied,
    /// Kustomizations whose variants are more than are told apart.
    crowded: Vec<Arc<str>>,
    /// Folders that hold a Helm chart.
    charts: BTreeSet<String>,
    /// Files that were looked at, those without relevance included.
    pub files_read: usize,
    /// Paths that the revision has and that could not be looked into.
    pub left_out: Vec<LeftOut>,
    /// Files and folders that git ignores in a working tree, so that they were not read.
    pub ignored: BTreeSet<String>,
    /// Files that look like a configuration of this program, and that nobody reads.
    pub misnamed: Vec<Arc<str>>,
    /// The lockfiles of package managers, by path.
    pub lockfiles: BTreeSet<Arc<str>>,
    /// Files that the configuration keeps from being read.
    pub excluded: Vec<Arc<str>>,
    /// What stands beside its workloads, once somebody has asked.
    neighbours: OnceLock<Neighbours>,
    /// What package managers install from it, once somebody has asked.
    installations: OnceLock<Vec<Installation>>,
    /// Who may do what in it, once somebody has asked.
    access: OnceLock<Access>,
    /// Who can reach whom, once somebody has asked.
    network: OnceLock<Network>,
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
            landings: BTreeMap::new(),
            applied: Applied::default(),
            crowded: Vec::new(),
            charts: charts.clone(),
            files_read,
            left_out: Vec::new(),
            ignored: BTreeSet::new(),
            misnamed: Vec::new(),
            lockfiles: BTreeSet::new(),
            excluded: Vec::new(),
            neighbours: OnceLock::new(),
            installations: OnceLock::new(),
            access: OnceLock::new(),
            network: OnceLock::new(),
        };
        for (path, state) in files {
            let file = SourceFile {
                kind: FileKind::of(&path),
                path,
                state,
                completeness: Completeness::Complete,
                was_manifest: false,
                lost_heads: false,
            };
            if file
                .manifest()
                .is_some_and(|manifest| manifest.kustomization.is_some())
            {
                snapshot
                    .kustomizations
                    .insert(file.folder().to_owned(), snapshot.files.len());
            }
            if is_lockfile(&file.path) {
                snapshot.lockfiles.insert(Arc::clone(&file.path));
            }
            snapshot.files.push(file);
        }
        let landings = landings::landings(&snapshot);
        snapshot.crowded = landings.crowded;
        let mut landings = landings.of_files;
        snapshot.applied = applied::apply(&snapshot, &mut landings);
        snapshot.landings = landings;
        let patches = patch_files::patch_only(&snapshot);
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

    /// The kustomizations with their folders.
    pub fn kustomizations(&self) -> impl Iterator<Item = (&str, &Kustomization)> {
        self.kustomizations
            .keys()
            .filter_map(|folder| Some((folder.as_str(), self.kustomization(folder)?)))
    }

    /// True if a path is a template, or the values, of a Helm chart.
    #[must_use]
    pub fn feeds_chart(&self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let describes = name.starts_with("values") || name == "Chart.yaml";
        in_chart(path, &self.charts) || describes && self.charts.contains(folder)
    }

    /// The kustomization of a folder.
    #[must_use]
    pub fn kustomization(&self, folder: &str) -> Option<&Kustomization> {
        let (_, kustomization) = self.kustomization_file(folder)?;
        Some(kustomization)
    }

    /// The kustomization of a folder, with its file.
    #[must_use]
    pub fn kustomization_file(&self, folder: &str) -> Option<(&SourceFile, &Kustomization)> {
        let file = self.files.get(*self.kustomizations.get(folder)?)?;
        Some((file, file.manifest()?.kustomization.as_ref()?))
    }

    /// The kustomizations with their files.
    pub fn kustomization_files(&self) -> impl Iterator<Item = (&SourceFile, &Kustomization)> {
        let folders = self.kustomizations.keys();
        folders.filter_map(|folder| self.kustomization_file(folder))
    }

    /// Adds a file that only the comparison with a base has shown to matter. It holds no objects.
    fn insert(&mut self, path: Arc<str>, state: Arc<State>) {
        let at = self.files.partition_point(|file| *file.path < *path);
        for index in self
            .kustomizations
            .values_mut()
            .filter(|index| **index >= at)
        {
            *index += 1;
        }
        let completeness = Completeness::Complete;
        let file = SourceFile {
            kind: FileKind::of(&path),
            path,
            state,
            completeness,
            was_manifest: true,
            lost_heads: false,
        };
        self.files.insert(at, file);
    }

    /// Notes which files of this revision held objects in the other one.
    pub fn remember(&mut self, base: &Self, renames: &BTreeMap<Arc<str>, Arc<str>>) {
        for file in &mut self.files {
            let before = base
                .file(&file.path)
                .or_else(|| base.file(renames.get(&file.path)?));
            let held = before.and_then(SourceFile::manifest);
            file.was_manifest = held.is_some_and(|manifest| !manifest.records.is_empty());
            let headless = |manifest: Option<&Manifest>| {
                manifest.map_or(0, |manifest| manifest.headless.len())
            };
            file.lost_heads = file.was_manifest
                && file.completeness != Completeness::Template
                && headless(file.manifest()) > headless(held);
            // What was judged whole is judged whole: the change alone cannot make a patch of it.
            if file.completeness == Completeness::Partial
                && before.is_some_and(|before| before.completeness == Completeness::Complete)
            {
                file.completeness = Completeness::Complete;
            }
        }
    }

    /// The configuration that counts in this revision, with its file.
    #[must_use]
    pub fn configuration(&self) -> Option<(&SourceFile, &ConfigFile)> {
        let mut files = config::PATHS.iter().filter_map(|path| self.file(path));
        files.find_map(|file| match &*file.state {
            State::Configuration(config) => Some((file, &**config)),
            _ => None,
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
        self.files.get(self.index_of(path)?)
    }

    fn index_of(&self, path: &str) -> Option<usize> {
        let found = self.files.binary_search_by(|file| (*file.path).cmp(path));
        found.ok()
    }

    /// The objects of a file, those that patch others from within a kustomization behind its own.
    pub fn objects_of<'a>(&'a self, file: &'a SourceFile) -> impl Iterator<Item = Object<'a>> {
        let landing = self.landings.get(&*file.path);
        let namespace = landing.and_then(|landing| landing.namespace.as_deref());
        objects_in(file, namespace, added_labels(landing))
    }

    /// The same, once for each variant that takes them in, as it is built there.
    pub fn landed_objects_of<'a>(
        &'a self,
        file: &'a SourceFile,
    ) -> impl Iterator<Item = Object<'a>> {
        let landing = self.landings.get(&*file.path);
        let landed = landing.map_or(&[][..], |landing| &landing.landed);
        let apart = landed.iter().flat_map(move |landed| {
            let objects = objects_in(file, landed.namespace.as_deref(), &landed.labels);
            let objects = objects.map(move |object| {
                let name = landed.namespace.as_deref();
                object.within(Some(&landed.variant)).landing_in(name)
            });
            objects
                .enumerate()
                .filter_map(|(number, object)| match landed.patched.get(&number) {
                    Some(patched) => Some(object.patched(patched.as_deref()?)),
                    None => Some(object),
                })
        });
        let as_they_are = landed.is_empty().then(|| objects_in(file, None, &[]));
        let all = apart.chain(as_they_are.into_iter().flatten());
        // What is part of others is no object of its own.
        all.filter(|object| !self.is_part_of_others(*object))
    }

    /// All objects, by path, once for each variant that takes them in.
    pub fn landed_objects(&self) -> impl Iterator<Item = Object<'_>> {
        let files = self.files.iter();
        files.flat_map(|file| self.landed_objects_of(file))
    }

    /// The kustomizations that take in what more of them take in than are told apart.
    #[must_use]
    pub fn crowded(&self) -> &[Arc<str>] {
        &self.crowded
    }

    /// What stands beside its workloads.
    pub fn neighbours(&self) -> &Neighbours {
        self.neighbours.get_or_init(|| Neighbours::of(self))
    }

    /// What package managers install from it, by folder.
    pub fn installations(&self) -> &[Installation] {
        self.installations.get_or_init(|| installations::of(self))
    }

    /// All objects, by path and then in the order of their file.
    pub fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.files.iter().flat_map(|file| self.objects_of(file))
    }

    /// Where kustomizations say to which namespaces they move the objects of a file.
    pub fn namespaces_set_at(&self, path: &str) -> impl Iterator<Item = Location> {
        let folders = self.landings.get(path).into_iter();
        let folders = folders.flat_map(|landing| &landing.by);
        folders.filter_map(|folder| {
            let (file, _) = self.kustomization_file(folder)?;
            let tree = &file.manifest()?.tree;
            let mut documents = tree.documents().iter();
            let entry = documents.find_map(|document| tree.root(document).entry("namespace"))?;
            Some(Location {
                path: Arc::clone(&file.path),
                span: entry.key.span().to(entry.value.span()),
            })
        })
    }
}

fn added_labels(landing: Option<&Landing>) -> &[AddedLabel] {
    landing.map(|it| it.labels.as_slice()).unwrap_or_default()
}

/// The objects of a file, where that lands in a namespace.
fn objects_in<'a>(
    file: &'a SourceFile,
    namespace: Option<&'a str>,
    labels: &'a [AddedLabel],
) -> impl Iterator<Item = Object<'a>> {
    file.manifest().into_iter().flat_map(move |manifest| {
        let own = manifest.records.iter();
        let own = own.map(|record| (&manifest.tree, record));
        let patches = manifest.inline_patches.iter();
        let patches = patches.flat_map(|patches| {
            let records = patches.judged();
            records.map(|record| (&patches.tree, record))
        });
        own.chain(patches).map(move |(tree, record)| {
            let namespace = landing_namespace(record, namespace);
            let completeness = if record.complete {
                file.completeness
            } else {
                file.completeness.max(Completeness::Partial)
            };
            Object::new(&file.path, tree, record, completeness, namespace).labelled(labels)
        })
    })
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
    folders_up(folder(path)).any(|at| {
        let chart = at.strip_suffix("templates");
        chart.is_some_and(|chart| charts.contains(chart.trim_end_matches('/')))
    })
}
