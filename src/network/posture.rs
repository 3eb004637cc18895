//! What a change opens and closes, in as few rows as say it all: ends that change alike stand in one row, and what a
//! wider end says is not said again of each workload.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Compared;
use super::connections::Connections;
use super::difference::{Both, Change, Other};
use super::notation::{Named, ranges};
use super::world::{Direction, Pods, Workload};

/// Ends between which the same becomes of connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// From each of these.
    pub from: BTreeSet<Named>,
    /// To each of these.
    pub to: BTreeSet<Named>,
    /// What passed.
    pub before: Connections,
    /// What passes.
    pub after: Connections,
}

impl Row {
    /// True if something passes that did not.
    #[must_use]
    pub fn opens(&self) -> bool {
        !self.after.is_within(&self.before)
    }
}

/// A change for pods that the repository does not hold.
struct Wide<'c> {
    /// The number of the pods.
    pods: usize,
    change: &'c Change,
    only_opens: bool,
}

impl Wide<'_> {
    /// True if it says of a pair what the pair says: the same change, or that as much passes now.
    fn says(&self, change: &Change, only_opens: bool) -> bool {
        Arc::ptr_eq(&self.change.after, &change.after)
            && (Arc::ptr_eq(&self.change.before, &change.before) || only_opens && self.only_opens)
    }
}

/// What becomes of connections: the direction, the other ends, what passed and what passes.
type Value<'c> = (Direction, BTreeSet<Named>, &'c Connections, &'c Connections);

/// Where nothing denies anything on either side, nothing but the ways in makes a difference.
fn has_policies(compared: &Compared) -> bool {
    let sides = [&compared.before, &compared.after];
    let mut sides = sides.iter().map(|side| &side.reach.world);
    sides.any(|world| !world.policies.is_empty())
}

/// The rows of a cluster, what opens first, as far as a workload of them is to be shown.
#[must_use]
pub fn rows(compared: &Compared, is_shown: &dyn Fn(&Named) -> bool) -> Vec<Row> {
    let difference = &compared.difference;
    let has_policies = has_policies(compared);
    let names: Vec<BTreeSet<Named>> = difference
        .workloads
        .iter()
        .map(|both| names(compared, both))
        .collect();
    let names_of = |at: usize| names.get(at).cloned().unwrap_or_default();
    // Which workloads are among which pods.
    let mut among: Vec<Vec<bool>> = Vec::new();
    let mut known: BTreeMap<&Pods, usize> = BTreeMap::new();
    let mut wide: HashMap<(usize, Direction), Vec<Wide<'_>>> = HashMap::new();
    for change in difference.changes.iter().filter(|_| has_policies) {
        if let Other::Pods { pods, .. } = &change.other {
            let number = *known.entry(pods).or_insert_with(|| {
                let workloads = difference.workloads.iter();
                let members = workloads.map(|both| is_among(compared, both, pods));
                among.push(members.collect());
                among.len() - 1
            });
            let all = wide.entry((change.own, change.direction)).or_default();
            all.push(Wide {
                pods: number,
                change,
                only_opens: change.only_opens(),
            });
        }
    }
    let mut of_own: BTreeMap<(usize, Direction, &Connections, &Connections), BTreeSet<Named>> =
        BTreeMap::new();
    for change in &difference.changes {
        let is_way_in = change.other == Other::Controller;
        if !has_policies && !is_way_in {
            continue;
        }
        let others: BTreeSet<Named> = match &change.other {
            Other::Workloads(sources) => {
                // A workload by itself is no pair.
                let count = names.get(change.own).map_or(0, BTreeSet::len);
                let only_opens = change.only_opens();
                let is_said = |at: usize, direction: Direction, other: usize| {
                    let wide = wide.get(&(at, direction));
                    wide.into_iter().flatten().any(|wide| {
                        among.get(wide.pods).and_then(|own| own.get(other)) == Some(&true)
                            && wide.says(change, only_opens)
                    })
                };
                let told = sources.iter().filter(|from| {
                    let is_itself = **from == change.own && count == 1;
                    !is_itself
                        && !is_said(change.own, Direction::Ingress, **from)
                        && !is_said(**from, Direction::Egress, change.own)
                });
                told.filter_map(|from| names.get(*from))
                    .flatten()
                    .cloned()
                    .collect()
            }
            Other::Pods { pods, .. } => BTreeSet::from([Named::Pods(pods.clone())]),
            Other::Addresses(set) => ranges(set).collect(),
            Other::Controller => BTreeSet::from([Named::Controller]),
        };
        if others.is_empty() {
            continue;
        }
        let key = (
            change.own,
            change.direction,
            &*change.before,
            &*change.after,
        );
        of_own.entry(key).or_default().extend(others);
    }
    let mut alike: BTreeMap<Value<'_>, BTreeSet<Named>> = BTreeMap::new();
    for ((own, direction, before, after), others) in of_own {
        let mut own = names_of(own);
        if !others.iter().any(is_shown) {
            own.retain(|own| is_shown(own));
        }
        if !own.is_empty() {
            let value = (direction, others, before, after);
            alike.entry(value).or_default().extend(own);
        }
    }
    in_order(alike)
}

/// The rows, what opens first.
fn in_order(alike: BTreeMap<Value<'_>, BTreeSet<Named>>) -> Vec<Row> {
    let rows = alike.into_iter();
    let rows = rows.map(|((direction, others, before, after), own)| {
        let (from, to) = match direction {
            Direction::Ingress => (others, own),
            Direction::Egress => (own, others),
        };
        Row {
            from,
            to,
            before: before.clone(),
            after: after.clone(),
        }
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by(|one, other| {
        let key = |row: &Row| {
            (
                !row.opens(),
                row.to.first().cloned(),
                row.from.first().cloned(),
            )
        };
        key(one).cmp(&key(other)).then_with(|| one.cmp(other))
    });
    rows
}

/// The workloads of both sides that nothing tells apart, each as it is in the head where it is there.
fn workloads<'c>(
    compared: &'c Compared,
    both: &'c Both,
) -> impl Iterator<Item = (&'c super::World, &'c Workload)> {
    let (before, after) = (&compared.before.reach.world, &compared.after.reach.world);
    both.workloads.iter().filter_map(move |(old, new)| {
        let new = new.and_then(|at| Some((after, after.workloads.get(at)?)));
        new.or_else(|| Some((before, before.workloads.get((*old)?)?)))
    })
}

fn names(compared: &Compared, both: &Both) -> BTreeSet<Named> {
    let all = workloads(compared, both);
    all.map(|(_, workload)| Named::workload(workload)).collect()
}

/// True if workloads are among some pods. No policy tells them apart, so that one of them speaks for all.
fn is_among(compared: &Compared, both: &Both, pods: &Pods) -> bool {
    workloads(compared, both)
        .next()
        .is_some_and(|(world, workload)| {
            let namespace = world.namespace(&workload.namespace);
            namespace.is_some_and(|it| pods.namespaces.selects(&it.labels))
                && pods.pods.selects(&workload.labels)
        })
}
