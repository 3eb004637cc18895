//! The edges of one document of pnpm's lockfile: from importers and packages to packages.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::names::Names;
use super::pnpm_entry::Peer;
use super::pnpm_key::{self, Notation};
use super::{Dependency, Locked, Need, PackageIndex, Source, text};
use crate::packages::relative_path::joined;
use crate::syntax::{Node, Span};

/// Finds what references lead to.
pub(super) struct Targets<'a> {
    notation: Notation,
    keys: HashMap<&'a str, PackageIndex>,
    /// The folders that links lead to, each with its entry.
    links: BTreeMap<String, PackageIndex>,
    /// The paths of the importers.
    importers: HashSet<&'a str>,
    buffer: String,
}

/// Who has to bring what, by the package that asks for it.
#[derive(Default)]
pub(super) struct Peers<'a> {
    all: Vec<(PackageIndex, Peer<'a>, bool)>,
    places: HashMap<(PackageIndex, &'a str), usize>,
}

impl<'a> Peers<'a> {
    pub(super) fn add(&mut self, of: PackageIndex, peers: Vec<Peer<'a>>) {
        for peer in peers {
            self.places.insert((of, peer.name), self.all.len());
            self.all.push((of, peer, false));
        }
    }

    /// What a package says of a peer; from here on it counts as brought.
    fn take(&mut self, of: PackageIndex, name: &str) -> Option<Peer<'a>> {
        if self.all.is_empty() {
            return None;
        }
        let place = *self.places.get(&(of, name))?;
        let (_, peer, is_brought) = self.all.get_mut(place)?;
        *is_brought = true;
        Some(*peer)
    }

    /// The peers that nobody brings.
    pub(super) fn missing(&self) -> impl Iterator<Item = (PackageIndex, Peer<'a>)> {
        let missing = self.all.iter().filter(|(_, _, is_brought)| !is_brought);
        missing.map(|(of, peer, _)| (*of, *peer))
    }
}

impl<'a> Targets<'a> {
    pub(super) fn new(notation: Notation, importers: HashSet<&'a str>) -> Self {
        Self {
            notation,
            keys: HashMap::new(),
            links: BTreeMap::new(),
            importers,
            buffer: String::new(),
        }
    }

    /// The key of a package as references lead to it.
    fn bare<'k>(&self, key: &'k str) -> &'k str {
        match self.notation {
            Notation::Nine => pnpm_key::split_suffix(key).0,
            Notation::Five | Notation::Six => key,
        }
    }

    pub(super) fn add(&mut self, key: &'a str, index: PackageIndex) {
        self.keys.insert(self.bare(key), index);
    }

    /// The package of a key, which may be that of a snapshot.
    pub(super) fn package(&self, key: &str) -> Option<PackageIndex> {
        self.keys.get(self.bare(key)).copied()
    }

    /// What the reference of a dependency leads to. A link leads to a folder, for which there is no entry: it is
    /// made where the first link to it stands.
    pub(super) fn find(
        &mut self,
        from: &str,
        name: &'a str,
        reference: &str,
        at: Span,
        packages: &mut Vec<Locked>,
        names: &mut Names<'a>,
    ) -> Option<PackageIndex> {
        let Some(link) = reference.strip_prefix("link:") else {
            let key = pnpm_key::target(name, reference, self.notation, &mut self.buffer);
            return self.keys.get(key).copied();
        };
        let path = joined(from, link);
        if let Some(index) = self.links.get(&path) {
            return Some(*index);
        }
        let index = PackageIndex(u32::try_from(packages.len()).ok()?);
        let mut locked = Locked::new(names.hold(name), names.hold(""), at);
        locked.source = if self.importers.contains(&*path) {
            Source::Workspace(path.as_str().into())
        } else {
            Source::Folder(path.as_str().into())
        };
        packages.push(locked);
        self.links.insert(path, index);
        Some(index)
    }

    /// The edges that stand in `dependencies` and `optionalDependencies` of a node.
    pub(super) fn edges(
        &mut self,
        of: PackageIndex,
        node: Node<'a>,
        peers: &mut Peers<'a>,
        packages: &mut Vec<Locked>,
        names: &mut Names<'a>,
    ) -> Vec<Dependency> {
        let mut edges = Vec::new();
        for section in node.written_entries() {
            let is_optional = match text::key(section.key) {
                "dependencies" => false,
                "optionalDependencies" => true,
                _ => continue,
            };
            for entry in section.value.written_entries() {
                let name = text::key(entry.key);
                let Some(reference) = text::scalar(entry.value) else {
                    continue;
                };
                let peer = peers.take(of, name);
                let need = match peer {
                    _ if is_optional => Need::Optional,
                    Some(peer) => need(peer),
                    None => Need::Required,
                };
                let at = entry.key.span();
                edges.push(Dependency {
                    name: names.hold(name),
                    need,
                    specifier: peer.map_or("", |peer| peer.specifier).into(),
                    to: self.find("", name, reference, at, packages, names),
                    at,
                });
            }
        }
        edges
    }
}

/// How much a peer is needed.
pub(super) fn need(peer: Peer<'_>) -> Need {
    if peer.is_optional {
        Need::OptionalPeer
    } else {
        Need::Peer
    }
}

/// Drops edges that stand twice, as they do where a package was installed with several sets of peers.
pub(super) fn unite(edges: &mut Vec<Dependency>) {
    let mut seen: HashSet<(Arc<str>, Need, Option<PackageIndex>)> = HashSet::new();
    edges.retain(|edge| seen.insert((Arc::clone(&edge.name), edge.need, edge.to)));
}
