//! Workspaces that get with a change what others of their project had before: an affected package, of their own accord.
//!
//! What a workspace has only because it uses another workspace is that one's, so a link between two of them brings
//! nothing in. A workspace of the base is the same one in the head by its path, by a rename, by its name, or by what it
//! asks for; where the base does not know what a workspace installed, it had everything.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::{Finding, Location, Reach};
use crate::kubernetes::field::shortened;
use crate::packages::graph::{Installed, Step, Want, Workspace, shown};
use crate::packages::specifier::Specifier;

use super::Snapshot;
use super::installations::Installation;

/// A workspace by the numbers of its installation and its own.
type Number = (usize, usize);

/// A workspace that has what it had not.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The path of its `package.json`.
    pub file: Arc<str>,
    /// What a sentence calls it.
    pub called: String,
    /// The entry of its `package.json` that brings it.
    pub location: Location,
    /// From what it asks for to the package; empty where only the name is known.
    pub way: Vec<String>,
}

/// Finds newcomers in one change.
#[derive(Debug)]
pub struct Newcomers<'a> {
    base: &'a Snapshot,
    head: &'a Snapshot,
    /// The workspaces of the base that one of the head continues.
    before: HashMap<Number, Vec<Number>>,
}

impl<'a> Newcomers<'a> {
    /// `renames` names the base path of a head path.
    #[must_use]
    pub fn new(
        base: &'a Snapshot,
        head: &'a Snapshot,
        renames: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        Self {
            base,
            head,
            before: continued(base, head, renames),
        }
    }

    /// The workspaces that a finding of the head is newly about; `before` are the findings of the base that it continues.
    #[must_use]
    pub fn of(&self, finding: &Finding, before: &[&Finding]) -> Vec<Newcomer> {
        let (Some(subject), Some(seen)) = (&finding.subject.package, &finding.package) else {
            return Vec::new();
        };
        let name = &*subject.name;
        let mut versions = BTreeSet::new();
        let reaches = before.iter().filter_map(|before| before.package.as_ref());
        for seen in reaches.chain([seen]) {
            if let Reach::Versions(own) = &seen.reach {
                versions.extend(own.iter().map(|version| &**version));
            }
        }
        let installations = self.head.installations().iter().enumerate();
        let own = installations.filter(|(_, own)| *own.folder == *subject.project);
        let mut held: HashMap<usize, Vec<Installed<'a>>> = HashMap::new();
        let mut had = |number: Number| {
            let Some(installation) = self.base.installations().get(number.0) else {
                return true;
            };
            match &seen.reach {
                Reach::Name => asks_for(installation, number.1, name).is_some(),
                Reach::Versions(_) => {
                    let held = held
                        .entry(number.0)
                        .or_insert_with(|| affected(installation, name, &versions));
                    !installation.is_known()
                        || self.is_unread(installation, number.1)
                        || held
                            .iter()
                            .any(|one| one.is_of_own(number.1).unwrap_or(true))
                }
                Reach::Project => true,
            }
        };
        let mut found = Vec::new();
        for (index, installation) in own {
            let now: BTreeSet<&str> = match &seen.reach {
                Reach::Versions(own) => own.iter().map(|version| &**version).collect(),
                Reach::Name | Reach::Project => BTreeSet::new(),
            };
            let held = affected(installation, name, &now);
            for (number, workspace) in installation.graph().workspaces().iter().enumerate() {
                let own = match &seen.reach {
                    Reach::Project => None,
                    Reach::Name => asks_for(installation, number, name).map(|want| (want, vec![])),
                    Reach::Versions(_) => own_way(&held, number),
                };
                let Some((want, way)) = own else { continue };
                let continued = self.before.get(&(index, number));
                if continued.is_some_and(|before| before.iter().any(|before| had(*before))) {
                    continue;
                }
                if let Some(location) = installation.graph().location(want) {
                    found.push(Newcomer {
                        file: Arc::clone(&workspace.file),
                        called: called(workspace),
                        location,
                        way,
                    });
                }
            }
        }
        found
    }
}

impl Newcomers<'_> {
    /// True if a workspace of the base has a `package.json` that cannot be read.
    fn is_unread(&self, installation: &Installation, workspace: usize) -> bool {
        let own = installation.graph().workspaces().get(workspace);
        let file = own.and_then(|own| self.base.file(&own.file));
        file.is_some_and(|file| !file.is_wholly_read())
    }
}

/// The packages of a name in some versions.
fn affected<'a>(
    installation: &'a Installation,
    name: &str,
    versions: &BTreeSet<&str>,
) -> Vec<Installed<'a>> {
    let pinned = installation.unmet();
    let pinned = pinned.filter(|package| package.name() == name);
    let named = installation.named(name).chain(pinned);
    named
        .filter(|package| package.is_from_registry() && versions.contains(package.version()))
        .collect()
}

/// The shortest way on which a workspace gets one of some packages of its own accord.
fn own_way<'a>(held: &[Installed<'a>], workspace: usize) -> Option<(&'a Want, Vec<String>)> {
    let ways = held
        .iter()
        .filter_map(|package| package.own_way(workspace).ok().flatten());
    let shortest = ways.min_by_key(|own| own.way.len())?;
    let way = shown(shortest.way);
    Some((shortest.want, way.iter().map(Step::label).collect()))
}

/// The entry by which a workspace asks for a package, whatever it calls it.
fn asks_for<'a>(installation: &'a Installation, workspace: usize, name: &str) -> Option<&'a Want> {
    let wants = installation.graph().wants(workspace).iter();
    let mut declared = wants.filter(|want| want.declared.is_some());
    declared.find(|want| match Specifier::parse(want.specifier()) {
        Specifier::Alias { name: real, .. } => real == name,
        _ => *want.name == *name,
    })
}

fn called(workspace: &Workspace) -> String {
    match &*workspace.path {
        "" => "the root".to_owned(),
        path => format!("`{}`", shortened(path)),
    }
}

/// Which workspaces of the base each one of the head continues.
fn continued(
    base: &Snapshot,
    head: &Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> HashMap<Number, Vec<Number>> {
    let mut by_file: HashMap<&str, Vec<Number>> = HashMap::new();
    for (number, workspace) in all(base) {
        by_file.entry(&workspace.file).or_default().push(number);
    }
    // What has left its place may be at another one.
    let gone = |workspace: &Workspace| head.file(&workspace.file).is_none();
    let mut by_name: HashMap<&str, Vec<Number>> = HashMap::new();
    let mut by_wants: HashMap<Vec<(&str, &str)>, Vec<Number>> = HashMap::new();
    for (number, workspace) in all(base).filter(|(_, workspace)| gone(workspace)) {
        by_name.entry(&workspace.name).or_default().push(number);
        let wants = wants(base, number);
        by_wants.entry(wants).or_default().push(number);
    }
    by_name.remove("");
    by_wants.remove(&Vec::new());
    let mut found: HashMap<Number, Vec<Number>> = HashMap::new();
    for (number, workspace) in all(head) {
        let moved = || by_file.get(&**renames.get(&workspace.file)?);
        let same_name = || by_name.get(&*workspace.name);
        let same_wants = || by_wants.get(&wants(head, number));
        let before = by_file.get(&*workspace.file).or_else(moved);
        if let Some(before) = before.or_else(same_name).or_else(same_wants) {
            found.insert(number, before.clone());
        }
    }
    found
}

fn all(snapshot: &Snapshot) -> impl Iterator<Item = (Number, &Workspace)> {
    let installations = snapshot.installations().iter().enumerate();
    installations.flat_map(|(index, installation)| {
        let workspaces = installation.graph().workspaces().iter().enumerate();
        workspaces.map(move |(number, workspace)| ((index, number), workspace))
    })
}

/// What a workspace asks for, as it writes it.
fn wants(snapshot: &Snapshot, (index, number): Number) -> Vec<(&str, &str)> {
    let installation = snapshot.installations().get(index);
    let wants = installation.map_or(&[][..], |own| own.graph().wants(number));
    let mut written: Vec<(&str, &str)> = wants
        .iter()
        .map(|want| (&*want.name, want.specifier()))
        .collect();
    written.sort_unstable();
    written
}
