//! What is held against what: workspaces, names, and the versions of one name.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::{Side, What, WorkspacePair, hashes};
use crate::packages::Version;
use crate::packages::graph::{Graph, Installed, Scope};

/// A change by numbers, in the order in which changes of one name are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) what: What,
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
}

/// A package before and now.
pub(super) type Pair = (Option<usize>, Option<usize>);

/// All packages of one name on both sides.
#[derive(Debug)]
pub(super) struct Group {
    base: Range<usize>,
    head: Range<usize>,
    /// The pairs of equal version and place, with what happened to their hashes.
    equal: Vec<(usize, usize, Option<What>)>,
    /// How the versions are ordered, by number; only where something differs.
    versions: HashMap<(bool, usize), Release>,
}

/// A version as far as two of them can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Release {
    version: Option<Version>,
    written: Box<str>,
    /// A number for where it comes from, which both sides share.
    place: usize,
}

impl Release {
    fn order(&self, other: &Self) -> Ordering {
        match (&self.version, &other.version) {
            (Some(one), Some(two)) => one.cmp(two).then_with(|| self.written.cmp(&other.written)),
            (one, two) => one
                .is_some()
                .cmp(&two.is_some())
                .then_with(|| self.written.cmp(&other.written)),
        }
    }
}

/// Which workspace is which: by path, then by rename, then by a name that only one has.
pub(super) fn workspaces(
    base: Option<Side<'_>>,
    head: Option<Side<'_>>,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<WorkspacePair> {
    let of = |side: Option<Side<'_>>| side.map_or(0, |side| side.graph.workspaces().len());
    let mut free: BTreeSet<usize> = (0..of(base)).collect();
    let mut pairs: Vec<WorkspacePair> = (0..of(head))
        .map(|head| WorkspacePair {
            base: None,
            head: Some(head),
        })
        .collect();
    if let (Some(base), Some(head)) = (base, head) {
        let by_path = index(base.graph, |own| Some(Arc::clone(&own.path)));
        let by_file = index(base.graph, |own| Some(Arc::clone(&own.file)));
        let named = |own: &crate::packages::graph::Workspace| {
            (!own.name.is_empty()).then(|| Arc::clone(&own.name))
        };
        let by_name = index(base.graph, named);
        let in_head = index(head.graph, named);
        for round in 0..3 {
            for (pair, own) in pairs.iter_mut().zip(head.graph.workspaces()) {
                if pair.base.is_some() {
                    continue;
                }
                let found = match round {
                    0 => by_path.get(&own.path),
                    1 => renames.get(&own.file).and_then(|old| by_file.get(old)),
                    _ => in_head
                        .get(&own.name)
                        .filter(|only| only.is_some())
                        .and_then(|_| by_name.get(&own.name)),
                };
                pair.base = found.copied().flatten().filter(|found| free.remove(found));
            }
        }
    }
    pairs.extend(free.into_iter().map(|base| WorkspacePair {
        base: Some(base),
        head: None,
    }));
    pairs
}

/// Workspaces by a text; none where several share it.
fn index(
    graph: &Graph,
    text: impl Fn(&crate::packages::graph::Workspace) -> Option<Arc<str>>,
) -> HashMap<Arc<str>, Option<usize>> {
    let mut all: HashMap<Arc<str>, Option<usize>> = HashMap::new();
    for (number, workspace) in graph.workspaces().iter().enumerate() {
        if let Some(text) = text(workspace) {
            all.entry(text)
                .and_modify(|known| *known = None)
                .or_insert(Some(number));
        }
    }
    all
}

/// The names of both sides, in order.
pub(super) fn groups(base: Option<Side<'_>>, head: Option<Side<'_>>) -> Vec<Group> {
    let (mut at_base, mut at_head) = (0, 0);
    let mut groups = Vec::new();
    loop {
        let name = |side: Option<Side<'_>>, at: usize| -> Option<Arc<str>> {
            Some(side?.package(at)?.shared_name())
        };
        let (one, other) = (name(base, at_base), name(head, at_head));
        let least = match (one, other) {
            (Some(one), Some(other)) => one.min(other),
            (Some(one), None) => one,
            (None, Some(other)) => other,
            (None, None) => return groups,
        };
        let end = |side: Option<Side<'_>>, start: usize| {
            let same = |number: &usize| {
                let package = side.and_then(|side| side.package(*number));
                package.is_some_and(|package| package.name() == &*least)
            };
            start + (start..).take_while(same).count()
        };
        let (next_base, next_head) = (end(base, at_base), end(head, at_head));
        groups.push(group(base, head, at_base..next_base, at_head..next_head));
        (at_base, at_head) = (next_base, next_head);
    }
}

fn group(
    base: Option<Side<'_>>,
    head: Option<Side<'_>>,
    of_base: Range<usize>,
    of_head: Range<usize>,
) -> Group {
    let mut group = Group {
        base: of_base.clone(),
        head: of_head.clone(),
        equal: Vec::new(),
        versions: HashMap::new(),
    };
    // The numbers of one name are in the order of version and place on both sides, so that one pass finds what is equal.
    let is_same_notation = base
        .zip(head)
        .is_some_and(|(base, head)| base.notation() == head.notation());
    let (mut one, mut other) = (of_base.start, of_head.start);
    while one < of_base.end && other < of_head.end {
        let (Some(before), Some(after)) = (installed(base, one), installed(head, other)) else {
            break;
        };
        let order = (before.version(), before.place()).cmp(&(after.version(), after.place()));
        match order {
            Ordering::Less => one += 1,
            Ordering::Greater => other += 1,
            Ordering::Equal => {
                let hashes = hashes::change(before, after, is_same_notation);
                group.equal.push((one, other, hashes));
                one += 1;
                other += 1;
            }
        }
    }
    if !group.is_equal() {
        group.read_versions(base, head);
    }
    group
}

fn installed(side: Option<Side<'_>>, number: usize) -> Option<Installed<'_>> {
    side?.package(number)
}

impl Group {
    /// True if both sides have the same versions from the same places.
    fn is_equal(&self) -> bool {
        self.equal.len() == self.base.len() && self.equal.len() == self.head.len()
    }

    fn read_versions(&mut self, base: Option<Side<'_>>, head: Option<Side<'_>>) {
        let of_base = self.base.clone().map(|number| (false, number));
        let of_head = self.head.clone().map(|number| (true, number));
        let all: Vec<_> = of_base
            .chain(of_head)
            .filter_map(|(is_head, number)| {
                let package = installed(if is_head { head } else { base }, number)?;
                Some((is_head, number, package))
            })
            .collect();
        let places: BTreeSet<_> = all.iter().map(|(_, _, package)| package.place()).collect();
        let places: Vec<_> = places.into_iter().collect();
        for (is_head, number, package) in all {
            let release = Release {
                version: Version::parse(package.version()),
                written: package.version().into(),
                place: places.partition_point(|place| *place < package.place()),
            };
            self.versions.insert((is_head, number), release);
        }
    }

    fn release(&self, is_head: bool, number: usize) -> Option<&Release> {
        self.versions.get(&(is_head, number))
    }
}

/// What one workspace has on both sides.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) pair: WorkspacePair,
    base: Vec<Scope>,
    head: Vec<Scope>,
    /// For what no workspace reaches: a package counts where the other side has none of its kind at all.
    is_unreached: bool,
}

impl Held {
    pub(super) fn of(base: Option<Side<'_>>, head: Option<Side<'_>>, pair: WorkspacePair) -> Self {
        let is_unreached = pair.base.is_none() && pair.head.is_none();
        let scopes = |side: Option<Side<'_>>, workspace: Option<usize>| match side {
            Some(side) if is_unreached => side.packages().map(|package| package.scope()).collect(),
            Some(side) => side.scopes(workspace),
            None => Vec::new(),
        };
        Self {
            pair,
            base: scopes(base, pair.base),
            head: scopes(head, pair.head),
            is_unreached,
        }
    }

    pub(super) fn before(&self, number: usize) -> Scope {
        let scope = self.base.get(number);
        scope.copied().unwrap_or(Scope::Unreached)
    }

    pub(super) fn after(&self, number: usize) -> Scope {
        let scope = self.head.get(number);
        scope.copied().unwrap_or(Scope::Unreached)
    }

    /// True if there is nothing to be said of a name, at one glance.
    pub(super) fn is_quiet(&self, group: &Group) -> bool {
        let before = self.base.get(group.base.clone()).unwrap_or_default();
        let after = self.head.get(group.head.clone()).unwrap_or_default();
        if self.is_unreached {
            return group.is_equal() && group.equal.iter().all(|(_, _, hashes)| hashes.is_none());
        }
        let mut both = before.iter().chain(after);
        if both.all(|scope| *scope == Scope::Unreached) {
            return true;
        }
        group.is_equal()
            && group.equal.iter().all(|(_, _, hashes)| hashes.is_none())
            && before
                .iter()
                .map(|scope| class(*scope))
                .eq(after.iter().map(|scope| class(*scope)))
    }

    /// True if the workspace has a package of the base; for what none reaches, if none does.
    fn has_before(&self, number: usize) -> bool {
        (self.before(number) == Scope::Unreached) == self.is_unreached
    }

    fn has_after(&self, number: usize) -> bool {
        (self.after(number) == Scope::Unreached) == self.is_unreached
    }

    /// Which package of a name took the place of which: first what is equal, then what has one version from two places,
    /// then the versions of one major line, then the rest, the newest with the newest.
    pub(super) fn pairs(&self, group: &Group) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut gone: Vec<usize> = group
            .base
            .clone()
            .filter(|number| self.has_before(*number))
            .collect();
        let mut new: Vec<usize> = group
            .head
            .clone()
            .filter(|number| self.has_after(*number))
            .collect();
        for (before, after, _) in &group.equal {
            let both = gone.contains(before) && new.contains(after);
            // What a workspace reaches on the other side is no longer, or not yet, nobody's: that is told there.
            if both || self.is_unreached {
                gone.retain(|number| number != before);
                new.retain(|number| number != after);
            }
            if both {
                pairs.push((Some(*before), Some(*after)));
            }
        }
        if !gone.is_empty() && !new.is_empty() {
            let release = |is_head: bool, number: usize| group.release(is_head, number);
            gone.sort_by(|one, other| order(release(false, *one), release(false, *other)));
            new.sort_by(|one, other| order(release(true, *one), release(true, *other)));
            let same_version = |one: &Release, other: &Release| one.written == other.written;
            let same_line = |one: &Release, other: &Release| {
                let line = |of: &Release| of.version.as_ref().map(|own| (own.major(), minor(own)));
                line(one).is_some() && line(one) == line(other)
            };
            let any = |_: &Release, _: &Release| true;
            let rounds: [&dyn Fn(&Release, &Release) -> bool; 3] =
                [&same_version, &same_line, &any];
            for fits in rounds {
                let mut left = Vec::new();
                for before in gone.into_iter().rev() {
                    let old = release(false, before);
                    let found = new.iter().rposition(|after| {
                        old.zip(release(true, *after))
                            .is_some_and(|(old, new)| fits(old, new))
                    });
                    match found {
                        Some(place) => pairs.push((Some(before), Some(new.remove(place)))),
                        None => left.push(before),
                    }
                }
                left.reverse();
                gone = left;
            }
        }
        pairs.extend(gone.into_iter().map(|before| (Some(before), None)));
        pairs.extend(new.into_iter().map(|after| (None, Some(after))));
        pairs
    }

    /// What happened between the two of a pair.
    pub(super) fn changes(&self, group: &Group, pair: Pair) -> Vec<What> {
        let (before, after) = match pair {
            (Some(before), Some(after)) => (before, after),
            (Some(_), None) => return vec![What::Removed],
            (None, Some(_)) => return vec![What::Added],
            (None, None) => return Vec::new(),
        };
        let mut all = Vec::new();
        if let (Some(old), Some(new)) = (group.release(false, before), group.release(true, after)) {
            match old.order(new) {
                Ordering::Less => all.push(What::Upgraded),
                Ordering::Greater => all.push(What::Downgraded),
                Ordering::Equal => {}
            }
            if old.place != new.place {
                all.push(What::SourceChanged);
            }
        }
        let hashes = group
            .equal
            .iter()
            .find(|(one, other, _)| (*one, *other) == (before, after));
        all.extend(hashes.and_then(|(_, _, hashes)| *hashes));
        if !self.is_unreached {
            match (
                self.before(before).is_shipped(),
                self.after(after).is_shipped(),
            ) {
                (false, true) => all.push(What::MovedToProduction),
                (true, false) => all.push(What::MovedToDevelopment),
                _ => {}
            }
        }
        all
    }
}

fn order(one: Option<&Release>, other: Option<&Release>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.order(other).then_with(|| one.place.cmp(&other.place)),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// Below 1 each minor version is a line.
fn minor(version: &Version) -> u64 {
    if version.major() == 0 {
        version.minor()
    } else {
        0
    }
}

/// What a move is told of: production, what else is installed, and nothing.
fn class(scope: Scope) -> u8 {
    match scope {
        Scope::Production | Scope::Peer | Scope::Optional => 0,
        Scope::Development | Scope::Environment => 1,
        Scope::Unreached => 2,
    }
}
