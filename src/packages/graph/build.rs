//! Makes graphs: joins what a lockfile says with what the `package.json` files say.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::edges::Edges;
use super::order::{compare, first_without};
use super::resolutions::Resolutions;
use super::walk::{Ground, Walk, code};
use super::{Declaration, Graph, Listing, Member, Scope, Want, Workspace};
use crate::packages::catalogs::Catalogs;
use crate::packages::dependencies::Declared;
use crate::packages::extensions::Addition;
use crate::packages::lockfile::{
    Importer, Locked, Lockfile, LockfileKind, Need, PackageIndex, Section, Source, Wanted,
};
use crate::packages::{Range as VersionRange, Specifier, Version};

/// How many steps all walks of one graph may take. 500 workspaces of 5,000 packages need half of it; what goes beyond
/// is walked together.
const MOST_STEPS: usize = 20_000_000;

/// Nodes by what they stand for.
struct Nodes<'a> {
    lockfile: &'a Lockfile,
    /// The entry of each node, by name, version and source.
    entries: Vec<PackageIndex>,
    /// The node of each entry.
    of_entry: Vec<u32>,
    /// The workspace of a name; none where several share it.
    by_name: HashMap<&'a str, Option<Named>>,
    /// The entry of a workspace by its path, where the lockfile lists no importers: what the workspace asks for may lie
    /// inside it.
    of_folder: HashMap<&'a str, &'a Locked>,
    /// What the root puts in the place of what is asked for.
    resolutions: Resolutions<'a>,
}

/// A workspace by what may stand for a package.
struct Named {
    number: usize,
    is_root: bool,
    version: Option<Version>,
}

pub(super) fn graph(
    path: &Arc<str>,
    lockfile: &Lockfile,
    members: &[Member<'_>],
    catalogs: Catalogs<'_>,
    additions: &[Addition<'_>],
) -> Graph {
    let nodes = Nodes::of(lockfile, members, catalogs);
    let (packages, package_of) = nodes.packages();
    let mut workspaces = Vec::with_capacity(members.len());
    let mut wants = Vec::new();
    let mut importers: BTreeMap<&str, Vec<&Importer>> = BTreeMap::new();
    for importer in &lockfile.importers {
        importers.entry(&importer.path).or_default().push(importer);
    }
    for (number, member) in members.iter().enumerate() {
        let start = wants.len();
        let listed = importers.get(&*member.path).map_or(&[][..], Vec::as_slice);
        wants.extend(Joining::new(number, member, listed, &nodes).wants());
        let own = wants.get_mut(start..).unwrap_or_default();
        own.sort_by(|one, other| {
            let key = |want: &Want| (Scope::of(want.section), want.target);
            let by_name = || one.name.cmp(&other.name);
            Scope::of(one.section)
                .cmp(&Scope::of(other.section))
                .then_with(by_name)
                .then_with(|| key(one).cmp(&key(other)))
        });
        let name = member.package.and_then(super::PackageJson::name);
        let name = name.or_else(|| listed.iter().find_map(|importer| importer.name.as_deref()));
        workspaces.push(Workspace {
            path: Arc::clone(&member.path),
            file: Arc::clone(&member.file),
            name: name.unwrap_or_default().into(),
            is_listed: !listed.is_empty(),
            direct: direct(start, own, &package_of),
            wants: start..wants.len(),
        });
    }
    let (edges, needs) = nodes.edges(additions);
    let parents = parents(&nodes, &edges, &wants, members.len());
    let wants_of: Vec<Range<usize>> = workspaces.iter().map(|own| own.wants.clone()).collect();
    let ground = Ground {
        entries: nodes.entries.len(),
        wants_of: &wants_of,
        wants: &wants,
        edges: &edges,
        needs: &needs,
    };
    let (walks, walk_of) = walks(&ground);
    let scopes = packages
        .iter()
        .map(|range| {
            let of_node = |node| walks.iter().map(move |walk: &Walk| walk.scope(node));
            let all = range.clone().flat_map(of_node);
            all.min().unwrap_or(Scope::Unreached)
        })
        .collect();
    Graph {
        lockfile: Arc::clone(path),
        workspaces,
        wants,
        nodes: nodes.entries,
        packages,
        package_of,
        edges,
        needs,
        parents,
        walks,
        walk_of,
        alone: OnceLock::new(),
        scopes,
    }
}

impl Graph {
    /// The walks of the workspaces that cross no other one, as far as they are not too many.
    pub(super) fn alone(&self) -> &[Walk] {
        if self.workspaces.len() < 2 {
            return &self.walks;
        }
        self.alone.get_or_init(|| {
            let wants_of: Vec<Range<usize>> = self
                .workspaces
                .iter()
                .map(|own| own.wants.clone())
                .collect();
            let ground = Ground {
                entries: self.nodes.len(),
                wants_of: &wants_of,
                wants: &self.wants,
                edges: &self.edges,
                needs: &self.needs,
            };
            let starts = 0..most_alone(&ground);
            starts
                .map(|start| Walk::from(start..start + 1, &ground, false))
                .collect()
        })
    }
}

/// How many workspaces are walked from one by one.
fn most_alone(ground: &Ground<'_>) -> usize {
    let workspaces = ground.wants_of.len();
    let cost = ground.entries + workspaces + ground.edges.len() + 1;
    let most = (MOST_STEPS / cost).max(1);
    if workspaces > most {
        most - 1
    } else {
        workspaces
    }
}

/// One walk for each workspace; the last one is for all that are too many.
fn walks(ground: &Ground<'_>) -> (Vec<Walk>, Vec<usize>) {
    let workspaces = ground.wants_of.len();
    let alone = most_alone(ground);
    let mut walks: Vec<Walk> = (0..alone)
        .map(|start| Walk::from(start..start + 1, ground, true))
        .collect();
    if alone < workspaces {
        walks.push(Walk::from(alone..workspaces, ground, true));
    }
    let walk_of = (0..workspaces).map(|number| number.min(alone));
    (walks, walk_of.collect())
}

fn direct(start: usize, wants: &[Want], package_of: &[u32]) -> Vec<(u32, u32)> {
    let numbered = wants.iter().enumerate();
    let mut direct: Vec<(u32, u32)> = numbered
        .filter_map(|(index, want)| {
            let package = package_of.get(want.target? as usize)?;
            Some((*package, u32::try_from(start + index).ok()?))
        })
        .collect();
    direct.sort_unstable();
    direct
}

/// Who depends on a node, by the numbers of those who do.
fn parents(nodes: &Nodes<'_>, edges: &Edges, wants: &[Want], workspaces: usize) -> Edges {
    let entries = nodes.entries.len();
    let of_entries = (0..number(entries)).flat_map(|node| {
        let targets = edges.of(node).iter();
        targets.map(move |target| (*target, node))
    });
    let of_workspaces = wants
        .iter()
        .filter(|want| Scope::of(want.section).is_shipped())
        .filter_map(|want| Some((want.target?, number(entries + want.workspace))));
    Edges::sorted(entries + workspaces, of_entries.chain(of_workspaces))
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'a> Nodes<'a> {
    fn of(lockfile: &'a Lockfile, members: &'a [Member<'_>], catalogs: Catalogs<'a>) -> Self {
        let by_path: HashMap<&str, usize> = members
            .iter()
            .enumerate()
            .map(|(number, member)| (&*member.path, number))
            .collect();
        let workspace = |locked: &Locked| match &locked.source {
            Source::Workspace(path) | Source::Folder(path) => by_path.get(&**path).copied(),
            _ => None,
        };
        let mut entries = Vec::with_capacity(lockfile.packages.len());
        let mut of_entry = vec![u32::MAX; lockfile.packages.len()];
        for (index, locked) in lockfile.packages.iter().enumerate() {
            match workspace(locked) {
                Some(member) => {
                    if let Some(slot) = of_entry.get_mut(index) {
                        // Numbered behind the entries, once it is known how many there are.
                        *slot = number(member);
                    }
                }
                None => entries.push((PackageIndex(number(index)), locked)),
            }
        }
        entries.sort_by(|(_, one), (_, other)| compare(one, other));
        let count = number(entries.len());
        for slot in &mut of_entry {
            *slot = slot.saturating_add(count);
        }
        for (node, (entry, _)) in entries.iter().enumerate() {
            if let Some(slot) = of_entry.get_mut(entry.0 as usize) {
                *slot = number(node);
            }
        }
        let root = members.iter().find(|member| member.path.is_empty());
        let mut by_name: HashMap<&str, Option<Named>> = HashMap::new();
        for (number, member) in members.iter().enumerate() {
            let Some(package) = member.package else {
                continue;
            };
            if let Some(name) = package.name() {
                let own = Named {
                    number,
                    is_root: member.path.is_empty(),
                    version: package.version().and_then(Version::parse),
                };
                by_name
                    .entry(name)
                    .and_modify(|known| *known = None)
                    .or_insert(Some(own));
            }
        }
        Self {
            lockfile,
            entries: entries.into_iter().map(|(entry, _)| entry).collect(),
            of_entry,
            by_name,
            of_folder: of_folder(lockfile),
            resolutions: Resolutions::of(lockfile, root.and_then(|root| root.package), catalogs),
        }
    }

    fn locked(&self, node: usize) -> Option<&'a Locked> {
        self.lockfile.package(*self.entries.get(node)?)
    }

    fn node(&self, entry: PackageIndex) -> Option<u32> {
        let node = self.of_entry.get(entry.0 as usize).copied();
        node.filter(|node| *node != u32::MAX)
    }

    /// The nodes of each package, and the package of each node.
    fn packages(&self) -> (Vec<Range<u32>>, Vec<u32>) {
        let mut packages: Vec<Range<u32>> = Vec::new();
        let mut package_of = Vec::with_capacity(self.entries.len());
        let mut before: Option<&Locked> = None;
        for node in 0..self.entries.len() {
            let Some(locked) = self.locked(node) else {
                continue;
            };
            let is_same = before.is_some_and(|before| compare(before, locked).is_eq());
            match packages.last_mut().filter(|_| is_same) {
                Some(range) => range.end = number(node) + 1,
                None => packages.push(number(node)..number(node) + 1),
            }
            package_of.push(number(packages.len() - 1));
            before = Some(locked);
        }
        (packages, package_of)
    }

    /// What each entry depends on, by the numbers of what it does, with how much beside it.
    fn edges(&self, additions: &[Addition<'_>]) -> (Edges, Edges) {
        let mut added: HashMap<&str, Vec<&Addition<'_>>> = HashMap::new();
        for addition in additions {
            added
                .entry(addition.package.name)
                .or_default()
                .push(addition);
        }
        let mut all: Vec<(u32, u32, u32)> = Vec::new();
        for node in 0..self.entries.len() {
            let start = all.len();
            let Some(locked) = self.locked(node) else {
                continue;
            };
            for dependency in &locked.dependencies {
                let by = (&*locked.name, &*locked.version);
                let asked = (&*dependency.name, &*dependency.specifier);
                let to = self
                    .resolutions
                    .find(self.lockfile, by, asked, dependency.to);
                if let Some(to) = to.and_then(|to| self.node(to)) {
                    all.push((number(node), to, code(dependency.need)));
                }
            }
            // Yarn from 2 on writes down what the package itself asks for, and what it leads to as if nobody did.
            let added = added.get(&*locked.name).into_iter().flatten();
            for addition in added.filter(|one| one.is_for(&locked.name, &locked.version)) {
                let known = addition.specifier;
                let to = known.and_then(|known| self.lockfile.described(addition.name, known));
                if let Some(to) = to.and_then(|to| self.node(to)) {
                    let need = if addition.is_required() {
                        Need::Required
                    } else {
                        Need::Optional
                    };
                    all.push((number(node), to, code(need)));
                }
            }
            if let Some(own) = all.get_mut(start..) {
                own.sort_unstable();
            }
        }
        // Of two edges to one package the stronger counts, which comes first.
        all.dedup_by_key(|(from, to, _)| (*from, *to));
        let targets = all.iter().map(|(from, to, _)| (*from, *to));
        let needs = all.iter().map(|(from, _, need)| (*from, *need));
        let count = self.entries.len();
        (Edges::sorted(count, targets), Edges::sorted(count, needs))
    }

    /// What a `package.json` gets where the lockfile lists no importers.
    fn described(
        &self,
        (number, path, owner): (usize, &str, &str),
        (name, specifier): (&str, &str),
    ) -> Option<u32> {
        let inside = || {
            let entry = self.of_folder.get(path)?;
            let mut dependencies = entry.dependencies.iter();
            dependencies
                .find(|dependency| &*dependency.name == name)?
                .to
        };
        let known = inside().or_else(|| self.lockfile.described(name, specifier));
        if let Some(entry) = self.resolved(owner, name, specifier, known) {
            return self.node(entry);
        }
        self.workspace(number, (name, specifier))
            .or_else(|| self.replaced(name, specifier))
    }

    /// What a workspace gets, by its name, where the lockfile alone leads to `known`.
    fn resolved(
        &self,
        owner: &str,
        name: &str,
        specifier: &str,
        known: Option<PackageIndex>,
    ) -> Option<PackageIndex> {
        let asked = (name, specifier);
        self.resolutions
            .find(self.lockfile, (owner, ""), asked, known)
    }

    /// The workspace that stands for a package without an entry that says so. pnpm always writes one, and npm and Yarn 1
    /// link neither the root nor what asks, nor a version that nobody asks for.
    fn workspace(&self, asking: usize, (name, specifier): (&str, &str)) -> Option<u32> {
        let named = self.by_name.get(name)?.as_ref()?;
        let is_of_berry =
            self.lockfile.kind == LockfileKind::Yarn && !self.lockfile.importers.is_empty();
        let is_linked = match self.lockfile.kind {
            LockfileKind::Pnpm => false,
            _ if is_of_berry => true,
            _ => !named.is_root && named.number != asking,
        };
        let fits = Specifier::parse(specifier).may_be(named.version.as_ref());
        (is_linked && fits).then(|| number(self.entries.len() + named.number))
    }

    /// A resolution can take the place of what was asked for: of the versions that fit the newest, else the only one.
    fn replaced(&self, name: &str, specifier: &str) -> Option<u32> {
        let parsed = Specifier::parse(specifier);
        let (name, range) = match &parsed {
            Specifier::Alias { name, specifier } => (*name, range(specifier)),
            own => (name, range(own)),
        };
        let named = |node: &usize| self.locked(*node).map(|locked| &*locked.name);
        let is_before = |node| named(&node).is_some_and(|known| known < name);
        let first = first_without(self.entries.len(), is_before);
        let candidates: Vec<usize> = (first..self.entries.len())
            .take_while(|node| named(node) == Some(name))
            .collect();
        let fitting = candidates.iter().filter_map(|node| {
            let version = Version::parse(&self.locked(*node)?.version)?;
            range
                .as_ref()?
                .satisfies(&version)
                .then_some((version, *node))
        });
        let newest = fitting.max().map(|(_, node)| node);
        let only = || {
            candidates
                .first()
                .filter(|_| candidates.len() == 1)
                .copied()
        };
        newest.or_else(only).map(number)
    }
}

/// The entries of folders, where the lockfile lists no importers.
fn of_folder(lockfile: &Lockfile) -> HashMap<&str, &Locked> {
    if lockfile.kind != LockfileKind::Npm || !lockfile.importers.is_empty() {
        return HashMap::new();
    }
    let folders = lockfile.packages.iter().filter_map(|locked| {
        let (Source::Workspace(path) | Source::Folder(path)) = &locked.source else {
            return None;
        };
        Some((&**path, locked))
    });
    folders.collect()
}

fn range(specifier: &Specifier<'_>) -> Option<VersionRange> {
    match specifier {
        Specifier::Any => VersionRange::parse("*"),
        Specifier::Range(range) => Some(range.clone()),
        Specifier::Exact(version) => VersionRange::parse(&version.to_string()),
        _ => None,
    }
}

/// One workspace as both sides know it.
struct Joining<'a, 'n> {
    number: usize,
    path: &'n str,
    /// Its name; empty where its `package.json` says none.
    name: &'a str,
    listed: &'n [&'n Importer],
    nodes: &'n Nodes<'n>,
    declared: Vec<Declared<'a>>,
    /// The places in `declared` by name.
    by_name: HashMap<&'a str, Vec<usize>>,
}

impl<'a, 'n> Joining<'a, 'n> {
    fn new(
        number: usize,
        member: &'n Member<'a>,
        listed: &'n [&'n Importer],
        nodes: &'n Nodes<'n>,
    ) -> Self {
        let declared = member
            .package
            .map(super::PackageJson::dependencies)
            .unwrap_or_default();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, declared) in declared.iter().enumerate() {
            by_name.entry(declared.name).or_default().push(index);
        }
        let name = member.package.and_then(super::PackageJson::name);
        Self {
            number,
            path: &member.path,
            name: name.unwrap_or_default(),
            listed,
            nodes,
            declared,
            by_name,
        }
    }

    fn wants(&self) -> Vec<Want> {
        let mut wants = Vec::with_capacity(self.declared.len());
        let mut used = vec![false; self.declared.len()];
        for wanted in self
            .listed
            .iter()
            .flat_map(|importer| &importer.dependencies)
        {
            let declared = self.declared_as(wanted);
            if let Some(slot) = declared.and_then(|index| used.get_mut(index)) {
                *slot = true;
            }
            wants.push(self.listed(wanted, declared));
        }
        let keeps_importers = !self.nodes.lockfile.importers.is_empty();
        for (declared, _) in self.declared.iter().zip(used).filter(|(_, used)| !used) {
            let target = if keeps_importers {
                None
            } else {
                let own = (self.number, self.path, self.name);
                let asked = (declared.name, declared.specifier());
                self.nodes.described(own, asked)
            };
            wants.push(Want {
                workspace: self.number,
                name: declared.name.into(),
                section: declared.section,
                declared: Some(declaration(declared)),
                listed: None,
                target,
            });
        }
        wants
    }

    /// The entry of `package.json` that an entry of the importer repeats: of the same section, else of the first.
    fn declared_as(&self, wanted: &Wanted) -> Option<usize> {
        let places = self.by_name.get(&*wanted.name)?;
        let section = |place: &usize| self.declared.get(*place).map(|declared| declared.section);
        let exact = places
            .iter()
            .find(|place| wanted.section.is_some() && section(place) == wanted.section);
        let weightiest = || {
            places
                .iter()
                .min_by_key(|place| section(place).map(installing))
        };
        exact.or_else(weightiest).copied()
    }

    fn listed(&self, wanted: &Wanted, declared: Option<usize>) -> Want {
        let declared = declared.and_then(|index| self.declared.get(index));
        let section = wanted
            .section
            .or_else(|| declared.map(|declared| declared.section))
            .unwrap_or(Section::Production);
        let specifier = wanted.specifier.as_deref().unwrap_or_default();
        let to = self
            .nodes
            .resolved(self.name, &wanted.name, specifier, wanted.to);
        let target = to.and_then(|to| self.nodes.node(to));
        Want {
            workspace: self.number,
            name: Arc::clone(&wanted.name),
            section,
            declared: declared.map(declaration),
            listed: Some(Listing {
                specifier: wanted.specifier.clone(),
                at: wanted.at,
            }),
            target: target.or_else(|| {
                let asked = (&*wanted.name, specifier);
                self.nodes.workspace(self.number, asked)
            }),
        }
    }
}

/// Which section installs a name that stands in several, where the lockfile does not say: what a workspace asks of
/// others who use it counts least.
fn installing(section: Section) -> u8 {
    match section {
        Section::Production | Section::Optional => 0,
        Section::Development => 1,
        Section::Peer | Section::Environment => 2,
    }
}

fn declaration(declared: &Declared<'_>) -> Declaration {
    Declaration {
        specifier: declared.specifier().into(),
        section: declared.section,
        at: declared.span(),
        value: declared.value.span(),
    }
}
