//! `pnpm-lock.yaml`: 5.x, 6.x and 9.0, and the streams of two documents that pnpm writes since its version 11.
//!
//! Source: pnpm's own documentation and types of its lockfile (MIT), as facts. Documents are told apart by what they
//! hold, not by their order, and nothing of one leads into another.

use std::collections::{HashMap, HashSet};

use super::names::Names;
use super::pnpm_edges::{self, Peers, Targets};
use super::pnpm_entry;
use super::pnpm_key::{self, Notation};
use super::{
    Dependency, Importer, Lockfile, LockfileKind, PackageIndex, Problem, ProblemKind, Section,
    Wanted, pnpm_records, text,
};
use crate::syntax::{Format, Node, Span, Tree, parse};

/// Reads a lockfile of pnpm.
pub(super) fn read(text: String) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Pnpm, String::new());
    if let Some(problem) = text::conflict(&text) {
        lockfile.problems.push(problem);
    } else {
        let tree = parse(Format::Yaml, text.clone());
        lockfile.problems.extend(text::problems(&tree));
        lockfile.problems.extend(duplicates(&tree));
        let mut names = Names::default();
        for document in tree.documents() {
            let root = tree.root(document);
            if root.is_mapping() {
                Reading::new(root, &mut lockfile, &mut names).read();
            } else if !root.is_null() {
                let problem = text::broken("the document is no mapping", root.span());
                lockfile.problems.push(problem);
            }
        }
    }
    lockfile.text = text;
    lockfile
}

/// Keys that stand twice in one mapping: pnpm refuses such a file.
fn duplicates(tree: &Tree) -> impl Iterator<Item = Problem> {
    let written = |span: Span| {
        let text = tree.text().get(span.range()).unwrap_or_default();
        text.trim_matches(['\'', '"'])
    };
    let duplicates = tree.duplicates().iter();
    duplicates
        // `on` and `yes` are one key for Kubernetes, and two packages here.
        .filter(move |duplicate| written(duplicate.first) == written(duplicate.second))
        .map(|duplicate| text::broken("a key stands twice in one mapping", duplicate.second))
}

/// The section of an importer; none for what is no section.
fn section(name: &str) -> Option<Section> {
    match name {
        "dependencies" => Some(Section::Production),
        "optionalDependencies" => Some(Section::Optional),
        "devDependencies" => Some(Section::Development),
        "configDependencies" | "packageManagerDependencies" => Some(Section::Environment),
        _ => None,
    }
}

/// The sections that stand in an importer.
fn sections(importer: Node<'_>) -> impl Iterator<Item = Section> {
    importer
        .written_entries()
        .filter_map(|entry| section(text::key(entry.key)))
}

/// True if a document holds what pnpm needs for itself, and no project.
fn is_environment(root: Node<'_>) -> bool {
    let mut all = root
        .get("importers")
        .into_iter()
        .flat_map(Node::written_entries)
        .flat_map(|importer| sections(importer.value))
        .peekable();
    all.peek().is_some() && all.all(|section| section == Section::Environment)
}

/// The path of an importer as the model has it.
fn importer_path(key: &str) -> &str {
    let path = key.strip_prefix("./").unwrap_or(key);
    if path == "." { "" } else { path }
}

/// One document being read.
struct Reading<'a, 'b> {
    root: Node<'a>,
    notation: Notation,
    lockfile: &'b mut Lockfile,
    names: &'b mut Names<'a>,
    targets: Targets<'a>,
    peers: Peers<'a>,
}

impl<'a, 'b> Reading<'a, 'b> {
    fn new(root: Node<'a>, lockfile: &'b mut Lockfile, names: &'b mut Names<'a>) -> Self {
        let importers: HashSet<&str> = root
            .get("importers")
            .into_iter()
            .flat_map(Node::written_entries)
            .map(|entry| importer_path(text::key(entry.key)))
            .collect();
        let notation = notation(root, lockfile);
        Self {
            root,
            notation,
            lockfile,
            names,
            targets: Targets::new(notation, importers),
            peers: Peers::default(),
        }
    }

    fn read(mut self) {
        let edges = self.packages();
        // Before the edges: where a project links to a folder is where a person looks.
        self.importers();
        self.edges(edges);
        self.snapshots();
        self.missing_peers();
        pnpm_records::read(self.root, &mut self.lockfile.records);
    }

    fn refuse(&mut self, why: &'static str, at: Span) {
        self.lockfile.problems.push(text::malformed(why, at));
    }

    /// The mapping under a key of the document.
    fn section(&mut self, name: &str) -> Option<Node<'a>> {
        let entry = self.root.entry(name)?;
        if !entry.value.is_mapping() && !entry.value.is_null() {
            let problem = text::broken("a section is no mapping", entry.key.span());
            self.lockfile.problems.push(problem);
        }
        Some(entry.value)
    }

    /// Reads the entries; returns the nodes that hold their edges.
    fn packages(&mut self) -> Vec<(PackageIndex, Node<'a>)> {
        let mut edges = Vec::new();
        let Some(packages) = self.section("packages") else {
            return edges;
        };
        let patched = pnpm_records::patched(self.root);
        let times = times(self.root, self.notation);
        for entry in packages.written_entries() {
            let mut package = match pnpm_entry::read(entry, self.notation, self.names) {
                Ok(package) => package,
                Err(problem) => {
                    self.lockfile.problems.push(problem);
                    continue;
                }
            };
            let Ok(index) = u32::try_from(self.lockfile.packages.len()) else {
                return edges;
            };
            let index = PackageIndex(index);
            let locked = &mut package.locked;
            if !patched.is_empty() {
                let versioned = format!("{}@{}", locked.name, locked.version);
                locked.is_patched |=
                    patched.contains(&*locked.name) || patched.contains(versioned.as_str());
            }
            if !times.is_empty() {
                let published = times.get(&(&*locked.name, &*locked.version));
                locked.published = published.map(|time| (*time).into());
            }
            self.targets.add(text::key(entry.key), index);
            self.peers.add(index, package.peers);
            edges.extend(package.edges.map(|node| (index, node)));
            self.lockfile.packages.push(package.locked);
        }
        edges
    }

    fn edges(&mut self, edges: Vec<(PackageIndex, Node<'a>)>) {
        for (index, node) in edges {
            let all = self.edges_of(index, node);
            self.add(index, all);
        }
    }

    fn edges_of(&mut self, index: PackageIndex, node: Node<'a>) -> Vec<Dependency> {
        let packages = &mut self.lockfile.packages;
        self.targets
            .edges(index, node, &mut self.peers, packages, self.names)
    }

    fn add(&mut self, index: PackageIndex, edges: Vec<Dependency>) {
        if let Some(locked) = self.locked(index) {
            if locked.dependencies.is_empty() {
                locked.dependencies = edges;
            } else {
                locked.dependencies.extend(edges);
            }
        }
    }

    fn locked(&mut self, index: PackageIndex) -> Option<&mut super::Locked> {
        let index = usize::try_from(index.0).ok()?;
        self.lockfile.packages.get_mut(index)
    }

    /// 9.x: the edges, apart from the entries, once for each set of peers that a package was installed with.
    fn snapshots(&mut self) {
        let Some(snapshots) = self.section("snapshots") else {
            return;
        };
        let mut seen: HashSet<PackageIndex> = HashSet::new();
        let mut repeated: HashSet<PackageIndex> = HashSet::new();
        let mut united: Vec<PackageIndex> = Vec::new();
        for entry in snapshots.written_entries() {
            let key = text::key(entry.key);
            let Some(index) = self.targets.package(key) else {
                self.refuse(
                    "what was installed is missing in `packages`",
                    entry.key.span(),
                );
                continue;
            };
            let edges = self.edges_of(index, entry.value);
            let is_optional = entry.value.get("optional").and_then(Node::as_bool) == Some(true);
            let is_first = seen.insert(index);
            if !is_first && repeated.insert(index) {
                united.push(index);
            }
            let is_patched = pnpm_key::parse(key, self.notation).is_patched;
            if let Some(locked) = self.locked(index) {
                // One installation that is needed is enough.
                locked.marks.optional = is_optional && (is_first || locked.marks.optional);
                locked.is_patched |= is_patched;
            }
            self.add(index, edges);
        }
        for index in united {
            if let Some(locked) = self.locked(index) {
                pnpm_edges::unite(&mut locked.dependencies);
            }
        }
    }

    fn missing_peers(&mut self) {
        let missing: Vec<_> = self.peers.missing().collect();
        for (index, peer) in missing {
            let dependency = Dependency {
                name: self.names.hold(peer.name),
                need: pnpm_edges::need(peer),
                specifier: peer.specifier.into(),
                to: None,
                at: Span::default(),
            };
            if let Some(locked) = self.locked(index) {
                locked.dependencies.push(dependency);
            }
        }
    }

    fn importers(&mut self) {
        if let Some(importers) = self.section("importers") {
            for entry in importers.written_entries() {
                let path = importer_path(text::key(entry.key));
                self.importer(path, entry.key.span(), entry.value);
            }
        } else {
            // A repository of one project has its sections at the top.
            let first = self
                .root
                .written_entries()
                .find(|entry| section(text::key(entry.key)).is_some());
            if let Some(entry) = first {
                self.importer("", entry.key.span(), self.root);
            }
        }
    }

    fn importer(&mut self, path: &'a str, at: Span, node: Node<'a>) {
        // 5.x has the specifiers of all sections in one place.
        let specifiers: HashMap<&str, &str> = node
            .get("specifiers")
            .into_iter()
            .flat_map(Node::written_entries)
            .filter_map(|entry| Some((text::key(entry.key), text::scalar(entry.value)?)))
            .collect();
        let mut dependencies = Vec::new();
        for part in node.written_entries() {
            let Some(section) = section(text::key(part.key)) else {
                continue;
            };
            for entry in part.value.written_entries() {
                let name = text::key(entry.key);
                let (specifier, reference) = if entry.value.is_mapping() {
                    let field = |name| entry.value.get(name).and_then(text::scalar);
                    (field("specifier"), field("version"))
                } else {
                    (specifiers.get(name).copied(), text::scalar(entry.value))
                };
                let at = entry.key.span();
                let Some(reference) = reference else {
                    self.refuse("a dependency of a project has no version", at);
                    continue;
                };
                let packages = &mut self.lockfile.packages;
                let to = self
                    .targets
                    .find(path, name, reference, at, packages, self.names);
                dependencies.push(Wanted {
                    name: self.names.hold(name),
                    section: Some(section),
                    specifier: specifier.map(Into::into),
                    to,
                    at,
                });
            }
        }
        self.lockfile.importers.push(Importer {
            path: path.into(),
            name: None,
            at,
            dependencies,
        });
    }
}

/// The notation of a document, by the version that it states.
fn notation(root: Node<'_>, lockfile: &mut Lockfile) -> Notation {
    let entry = root.entry("lockfileVersion");
    let version = entry
        .and_then(|entry| text::scalar(entry.value))
        .unwrap_or_default();
    if lockfile.version.is_empty() || !is_environment(root) {
        lockfile.version = version.into();
    }
    let major: Option<u32> = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    match major {
        Some(5) => return Notation::Five,
        Some(6) => return Notation::Six,
        Some(9) => return Notation::Nine,
        _ => {}
    }
    let at = entry.map_or_else(
        || Span::new(root.span().range().start, root.span().range().start),
        |entry| entry.value.span(),
    );
    lockfile.problems.push(Problem {
        what: ProblemKind::Version,
        at,
    });
    // What is not known is read as what it looks like.
    match major {
        _ if root.get("snapshots").is_some() => Notation::Nine,
        Some(0..5) => Notation::Five,
        Some(7..9) => Notation::Six,
        _ => Notation::Nine,
    }
}

/// When versions were published, where the lockfile says so.
fn times(root: Node<'_>, notation: Notation) -> HashMap<(&str, &str), &str> {
    root.get("time")
        .into_iter()
        .flat_map(Node::written_entries)
        .filter_map(|entry| {
            let key = pnpm_key::parse(text::key(entry.key), notation);
            Some(((key.name?, key.version), text::scalar(entry.value)?))
        })
        .collect()
}
