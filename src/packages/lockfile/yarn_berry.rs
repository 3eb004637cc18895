//! `yarn.lock` of Yarn 2 and later: YAML, in which `resolution` tells what was installed.

use std::borrow::Cow;
use std::collections::HashSet;

use super::names::Names;
use super::yarn_descriptors::Descriptors;
use super::yarn_locator::{self, Located};
use super::{
    Dependency, Importer, Locked, Lockfile, Need, PackageIndex, Problem, ProblemKind, Section,
    Source, Wanted, text,
};
use crate::packages::percent::decode;
use crate::syntax::{Entry, Format, Node, Span, parse};

/// The newest version of the notation that is known: that of Yarn 4.18.
const NEWEST: u32 = 10;

const METADATA: &str = "__metadata";

/// Reads a lockfile.
pub(super) fn read(text: &str, lockfile: &mut Lockfile) {
    let tree = parse(Format::Yaml, text.to_owned());
    lockfile.problems.extend(text::problems(&tree));
    let mut documents = tree.documents().iter();
    let Some(document) = documents.next() else {
        return;
    };
    if let Some(more) = documents.next() {
        let problem = text::broken("there is more than one document", more.span);
        lockfile.problems.push(problem);
    }
    let root = tree.root(document);
    if !root.is_mapping() {
        lockfile
            .problems
            .push(text::broken("the document is no mapping", root.span()));
        return;
    }
    version(root, lockfile);
    let mut reading = Reading {
        lockfile,
        names: Names::default(),
        descriptors: Descriptors::default(),
    };
    let mut entries = Vec::new();
    for entry in root.entries() {
        if text::key(entry.key) != METADATA {
            entries.extend(reading.entry(entry));
        }
    }
    reading.edges(entries);
    let descriptors = reading.descriptors.sorted();
    lockfile.descriptors = descriptors;
    // What is left out of a notation that is not known need not be all that was misread.
    if lockfile.is_newer && !lockfile.problems.is_empty() {
        lockfile.problems.push(unknown_version(root));
    }
}

fn version(root: Node<'_>, lockfile: &mut Lockfile) {
    let metadata = root.entry(METADATA);
    let version = metadata.and_then(|entry| entry.value.get("version"));
    let written = version.and_then(text::scalar).unwrap_or_default();
    lockfile.version = written.into();
    match written.parse::<u32>() {
        Ok(1..=NEWEST) => {}
        Ok(1..) => lockfile.is_newer = true,
        _ => lockfile.problems.push(unknown_version(root)),
    }
}

fn unknown_version(root: Node<'_>) -> Problem {
    let metadata = root.entry(METADATA);
    let version = metadata.and_then(|entry| entry.value.get("version"));
    let at = version.or(metadata.map(|entry| entry.key));
    Problem {
        what: ProblemKind::Version,
        at: at.map_or_else(Span::default, Node::span),
    }
}

/// An entry whose edges are still to come.
struct Unlinked<'a> {
    index: PackageIndex,
    fields: Fields<'a>,
    at: Span,
}

/// The fields that count.
#[derive(Clone, Copy, Default)]
struct Fields<'a> {
    version: Option<&'a str>,
    resolution: Option<Node<'a>>,
    checksum: Option<Node<'a>>,
    dependencies: Option<Node<'a>>,
    dependencies_meta: Option<Node<'a>>,
    peers: Option<Node<'a>>,
    peers_meta: Option<Node<'a>>,
    is_conditional: bool,
}

impl<'a> Fields<'a> {
    fn read(node: Node<'a>) -> Self {
        let mut fields = Self::default();
        for Entry { key, value } in node.entries() {
            match text::key(key) {
                "version" => fields.version = text::scalar(value),
                "resolution" => fields.resolution = Some(value),
                "checksum" => fields.checksum = Some(value),
                "dependencies" => fields.dependencies = Some(value),
                "dependenciesMeta" => fields.dependencies_meta = Some(value),
                "peerDependencies" => fields.peers = Some(value),
                "peerDependenciesMeta" => fields.peers_meta = Some(value),
                "conditions" => fields.is_conditional = true,
                _ => {}
            }
        }
        fields
    }
}

struct Reading<'a, 'b> {
    lockfile: &'b mut Lockfile,
    names: Names<'a>,
    descriptors: Descriptors<'a>,
}

impl<'a> Reading<'a, '_> {
    fn refuse(&mut self, why: &'static str, at: Span) {
        self.lockfile.problems.push(text::malformed(why, at));
    }

    fn entry(&mut self, entry: Entry<'a>) -> Option<Unlinked<'a>> {
        let at = entry.key.span();
        let fields = Fields::read(entry.value);
        let Some(resolution) = fields.resolution else {
            self.refuse("an entry has no resolution", at);
            return None;
        };
        let located = text::scalar(resolution).and_then(yarn_locator::locate);
        let Some(located) = located else {
            self.refuse(
                "the resolution of an entry is no locator",
                resolution.span(),
            );
            return None;
        };
        let index = PackageIndex(u32::try_from(self.lockfile.packages.len()).ok()?);
        let locked = locked(located, &fields, resolution.span(), at);
        self.lockfile.packages.push(locked);
        if let Some(locator) = text::scalar(resolution) {
            self.descriptors.locate(locator, index);
        }
        for descriptor in text::key(entry.key).split(", ") {
            self.descriptors
                .add(Cow::Borrowed(descriptor.trim()), index);
        }
        Some(Unlinked { index, fields, at })
    }

    fn edges(&mut self, entries: Vec<Unlinked<'a>>) {
        let mut buffer = String::new();
        for entry in entries {
            let workspace = self.lockfile.package(entry.index).and_then(workspace);
            if let Some((name, path)) = workspace {
                let dependencies = self.wanted(&entry.fields, &mut buffer);
                self.lockfile.importers.push(Importer {
                    path,
                    name: Some(name),
                    at: entry.at,
                    dependencies,
                });
                continue;
            }
            let dependencies = self.dependencies(&entry.fields, &mut buffer);
            let index = usize::try_from(entry.index.0).unwrap_or(usize::MAX);
            if let Some(locked) = self.lockfile.packages.get_mut(index) {
                locked.dependencies = dependencies;
            }
        }
    }

    fn wanted(&mut self, fields: &Fields<'a>, buffer: &mut String) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        let mut own = HashSet::new();
        for entry in entries(fields.dependencies) {
            let name = text::key(entry.key);
            let specifier = text::scalar(entry.value).unwrap_or_default();
            own.insert(name);
            wanted.push(Wanted {
                name: self.names.hold(name),
                section: None,
                specifier: Some(specifier.into()),
                to: self.descriptors.find(name, specifier, buffer),
                at: entry.key.span(),
            });
        }
        for entry in entries(fields.peers) {
            let name = text::key(entry.key);
            if own.contains(name) {
                continue;
            }
            // Yarn installs nothing for them.
            wanted.push(Wanted {
                name: self.names.hold(name),
                section: Some(Section::Peer),
                specifier: Some(text::scalar(entry.value).unwrap_or_default().into()),
                to: None,
                at: entry.key.span(),
            });
        }
        wanted
    }

    fn dependencies(&mut self, fields: &Fields<'a>, buffer: &mut String) -> Vec<Dependency> {
        let mut dependencies = Vec::new();
        let optional = optional(fields.dependencies_meta);
        for entry in entries(fields.dependencies) {
            let name = text::key(entry.key);
            let specifier = text::scalar(entry.value).unwrap_or_default();
            dependencies.push(Dependency {
                name: self.names.hold(name),
                need: if optional.contains(name) {
                    Need::Optional
                } else {
                    Need::Required
                },
                specifier: specifier.into(),
                to: self.descriptors.find(name, specifier, buffer),
                at: entry.key.span(),
            });
        }
        let optional = self::optional(fields.peers_meta);
        for entry in entries(fields.peers) {
            let name = text::key(entry.key);
            dependencies.push(Dependency {
                name: self.names.hold(name),
                need: if optional.contains(name) {
                    Need::OptionalPeer
                } else {
                    Need::Peer
                },
                specifier: text::scalar(entry.value).unwrap_or_default().into(),
                to: None,
                at: entry.key.span(),
            });
        }
        dependencies.extend(self.patched(fields));
        dependencies
    }

    /// The edge from a patched package to what it is made of: that is fetched as well.
    fn patched(&mut self, fields: &Fields<'a>) -> Option<Dependency> {
        let (name, reference) = yarn_locator::split(fields.resolution.and_then(text::scalar)?)?;
        let (inner, _) = reference.strip_prefix("patch:")?.split_once('#')?;
        let inner = decode(inner);
        Some(Dependency {
            name: self.names.hold(name),
            need: Need::Required,
            specifier: yarn_locator::split(&inner)?.1.into(),
            to: self.descriptors.located(&inner),
            at: fields.resolution.map(Node::span).unwrap_or_default(),
        })
    }
}

fn locked(located: Located, fields: &Fields<'_>, resolution: Span, at: Span) -> Locked {
    let version = match &located.version {
        Some(version) => version,
        None => fields.version.unwrap_or_default(),
    };
    let mut locked = Locked::new(located.name, version, at);
    locked.source = located.source;
    locked.is_patched = located.is_patched;
    locked.is_conditional = fields.is_conditional;
    locked.resolved = located.archive.map(|address| (address.into(), resolution));
    locked.integrity = fields.checksum.and_then(text::placed);
    locked
}

/// The name and the path of a workspace.
fn workspace(locked: &Locked) -> Option<(Box<str>, Box<str>)> {
    match &locked.source {
        Source::Workspace(path) => Some(((&*locked.name).into(), path.clone())),
        _ => None,
    }
}

fn entries(node: Option<Node<'_>>) -> impl Iterator<Item = Entry<'_>> {
    node.into_iter().flat_map(Node::entries)
}

/// The names that a `…Meta` mapping calls optional.
fn optional(meta: Option<Node<'_>>) -> HashSet<&str> {
    entries(meta)
        .filter(|entry| entry.value.get("optional").and_then(Node::as_bool) == Some(true))
        .map(|entry| text::key(entry.key))
        .collect()
}
