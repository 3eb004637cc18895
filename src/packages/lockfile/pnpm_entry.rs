//! One entry of `packages` in pnpm's lockfile.

use std::collections::HashSet;

use super::names::Names;
use super::pnpm_key::{self, Key, Notation};
use super::{Locked, Problem, Source, hosted, text};
use crate::syntax::{Entry, Node};

/// What an entry says, before its edges are read.
pub(super) struct Package<'a> {
    /// The entry.
    pub(super) locked: Locked,
    /// `dependencies` and `optionalDependencies`; 9.x has them in `snapshots`.
    pub(super) edges: Option<Node<'a>>,
    /// The packages that somebody else has to bring.
    pub(super) peers: Vec<Peer<'a>>,
}

/// A package that somebody else has to bring.
#[derive(Clone, Copy)]
pub(super) struct Peer<'a> {
    pub(super) name: &'a str,
    pub(super) specifier: &'a str,
    pub(super) is_optional: bool,
}

/// The fields that count.
#[derive(Default)]
struct Fields<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    resolution: Option<Node<'a>>,
    peers: Option<Node<'a>>,
    peers_meta: Option<Node<'a>>,
    engines: Option<Node<'a>>,
    deprecated: Option<&'a str>,
    requires_build: bool,
    dev: bool,
    optional: bool,
}

impl<'a> Fields<'a> {
    fn read(node: Node<'a>) -> Self {
        let mut fields = Self::default();
        for Entry { key, value } in node.written_entries() {
            match text::key(key) {
                "name" => fields.name = text::scalar(value),
                "version" => fields.version = text::scalar(value),
                "resolution" => fields.resolution = Some(value),
                "peerDependencies" => fields.peers = Some(value),
                "peerDependenciesMeta" => fields.peers_meta = Some(value),
                "engines" => fields.engines = Some(value),
                "deprecated" => fields.deprecated = text::scalar(value),
                "requiresBuild" => fields.requires_build = value.as_bool() == Some(true),
                "dev" => fields.dev = value.as_bool() == Some(true),
                "optional" => fields.optional = value.as_bool() == Some(true),
                _ => {}
            }
        }
        fields
    }
}

/// Reads an entry; where it cannot be understood, says why.
pub(super) fn read<'a>(
    entry: Entry<'a>,
    notation: Notation,
    names: &mut Names<'a>,
) -> Result<Package<'a>, Problem> {
    let at = entry.key.span();
    if !entry.value.is_mapping() {
        return Err(text::malformed(
            "what stands under the key of a package is no mapping",
            at,
        ));
    }
    let key = pnpm_key::parse(text::key(entry.key), notation);
    let fields = Fields::read(entry.value);
    let Some(name) = fields.name.or(key.name).filter(|name| !name.is_empty()) else {
        return Err(text::malformed(
            "neither the key nor a field names the package",
            at,
        ));
    };
    // An address has a version of its own only where a field says so.
    let of_key = if key.is_of_registry() {
        key.version
    } else {
        ""
    };
    let version = fields.version.unwrap_or(of_key);
    let mut locked = Locked::new(names.hold(name), names.hold(version), at);
    locked.source = read_resolution(&mut locked, &key, fields.resolution);
    locked.deprecated = fields.deprecated.map(Into::into);
    locked.engines_node = fields
        .engines
        .and_then(|engines| engines.get("node"))
        .and_then(text::scalar)
        .map(Into::into);
    // 9.x no longer says which packages run scripts.
    locked.has_install_script = (notation != Notation::Nine).then_some(fields.requires_build);
    locked.is_patched = key.is_patched;
    locked.marks.dev = fields.dev;
    locked.marks.optional = fields.optional;
    Ok(Package {
        locked,
        edges: (notation != Notation::Nine).then_some(entry.value),
        peers: peers(fields.peers, fields.peers_meta),
    })
}

fn read_resolution(locked: &mut Locked, key: &Key<'_>, resolution: Option<Node<'_>>) -> Source {
    let (mut kind, mut repository, mut commit, mut directory, mut url, mut hosted) =
        (None, None, None, None, None, false);
    for entry in resolution.iter().flat_map(|node| node.written_entries()) {
        let value = entry.value;
        match text::key(entry.key) {
            "integrity" => locked.integrity = text::placed(value),
            "tarball" => locked.resolved = text::placed(value),
            "type" => kind = text::scalar(value),
            "repo" => repository = text::scalar(value),
            "commit" => commit = text::scalar(value),
            "directory" => directory = text::scalar(value),
            "url" => url = text::scalar(value),
            "gitHosted" => hosted = value.as_bool() == Some(true),
            _ => {}
        }
    }
    match (kind, repository, directory) {
        (Some("git"), Some(repository), _) => return hosted::git(repository, commit),
        (Some("directory"), _, Some(directory)) => return Source::Folder(directory.into()),
        // What stands under the key of a registry and is fetched from somewhere else, as the runtimes are not.
        (Some(kind), ..) if key.is_of_registry() => {
            return match url {
                Some(url) => Source::Tarball(url.into()),
                None => Source::Other(kind.into()),
            };
        }
        (Some(_), _, _) => return Source::Other(key.version.into()),
        (None, ..) => {}
    }
    let resolved = locked.resolved.as_ref().map(|(address, _)| &**address);
    let address = resolved.unwrap_or(key.version);
    if let Some(path) = address.strip_prefix("file:") {
        let path = pnpm_key::split_suffix(path).0;
        return if hosted::is_archive(path) {
            Source::File(path.into())
        } else {
            Source::Folder(path.into())
        };
    }
    if key.is_of_registry() {
        return Source::Registry(key.registry.map(Into::into));
    }
    match hosted::source(address) {
        Source::Tarball(address) if hosted => Source::Git {
            repository: address,
            commit: None,
        },
        source => source,
    }
}

fn peers<'a>(peers: Option<Node<'a>>, meta: Option<Node<'a>>) -> Vec<Peer<'a>> {
    let mut optional: HashSet<&str> = HashSet::new();
    for entry in meta.iter().flat_map(|node| node.written_entries()) {
        let is_optional = entry.value.get("optional").and_then(Node::as_bool);
        if is_optional == Some(true) {
            optional.insert(text::key(entry.key));
        }
    }
    let peers = peers.iter().flat_map(|node| node.written_entries());
    peers
        .map(|entry| Peer {
            name: text::key(entry.key),
            specifier: text::scalar(entry.value).unwrap_or_default(),
            is_optional: optional.contains(text::key(entry.key)),
        })
        .collect()
}
