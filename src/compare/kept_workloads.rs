//! A workload that runs as somebody who reaches less than it reached before is no news.
//!
//! The rule about powerful workloads tells what a workload reaches, so that one whose account is narrowed reaches something
//! else. It is news where it reaches something graver, or where others come to its pods who did not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::Access;
use crate::access::exposed::Entrances;
use crate::access::goal::Goal;
use crate::finding::{Finding, Fingerprint, Location, Status};
use crate::rule::{Context, Pair};

/// The rule that speaks of workloads by what they reach.
const RULE: &str = "rbac/powerful-workload";

/// What a pod reaches: the gravest goal, if any, and whether such pods are on every node or are led to from outside.
#[derive(Clone, Copy, Debug)]
struct Reached {
    goal: Option<Goal>,
    is_exposed: bool,
}

impl Reached {
    fn is_within(self, other: Self) -> bool {
        let is_less = self
            .goal
            .zip(other.goal)
            .is_some_and(|(own, other)| other <= own);
        is_less && other.is_exposed >= self.is_exposed
    }
}

/// Findings about workloads that reached as much before, and were as much reached, count as existing.
pub fn keep_workloads(findings: &mut Vec<Finding>, pair: &Pair<'_>, context: &Context) {
    let is_asked = |finding: &Finding| finding.rule == RULE && finding.status == Status::Introduced;
    if !findings.iter().any(is_asked) {
        return;
    }
    let (clusters, targets) = context.of_access();
    let before = reached(pair.base.access(clusters, targets));
    let after = reached(pair.head.access(clusters, targets));
    let mut moved: BTreeSet<(Arc<str>, Fingerprint)> = BTreeSet::new();
    for finding in findings.iter_mut().filter(|it| is_asked(it)) {
        let resource = finding.subject.resource.as_ref();
        let path = resource.and_then(|it| pair.pairs.base_path(it, &finding.location.path));
        // Several overlays may take it in, each into a namespace of its own, where it may reach nothing.
        let own = after.iter().filter_map(|((_, title), places)| {
            let own = places.get(&finding.location).copied()?;
            own.goal.is_some().then_some((title, own))
        });
        // An object may have several pods: none of them may have reached less.
        let mut own = own.peekable();
        let is_there = own.peek().is_some();
        let mut left = BTreeSet::new();
        let is_old = own.all(|(title, own)| {
            let same = path.map(|path| (Arc::clone(path), title.clone()));
            let same = same.and_then(|key| before.get_key_value(&key));
            // Where its account is said may move between its own file and patches, and not become more places.
            let is_move = same.is_none() && !is_copied(&before, &after, title);
            let gone = before
                .iter()
                .filter(|(key, _)| is_move && key.1 == *title && !after.contains_key(*key));
            let known: Vec<_> = same.into_iter().chain(gone).collect();
            left.extend(known.iter().map(|((path, _), _)| Arc::clone(path)));
            let mut known = known
                .iter()
                .flat_map(|(_, places)| places.values())
                .peekable();
            known.peek().is_some() && known.all(|known| own.is_within(*known))
        });
        if is_there && is_old {
            finding.status = Status::Existing;
            moved.extend(left.into_iter().map(|path| (path, finding.fingerprint)));
        }
    }
    findings.retain(|finding| {
        let key = || (Arc::clone(&finding.location.path), finding.fingerprint);
        finding.rule != RULE || finding.status != Status::Fixed || !moved.contains(&key())
    });
}

/// True if workloads of a title are in more places than before.
fn is_copied(before: &ByWorkload, after: &ByWorkload, title: &str) -> bool {
    let places = |of: &ByWorkload| of.keys().filter(|(_, own)| own == title).count();
    places(after) > places(before)
}

/// By the file and the title of workloads, what each of their pods reaches.
type ByWorkload = BTreeMap<(Arc<str>, String), BTreeMap<Location, Reached>>;

fn reached(access: &Access) -> ByWorkload {
    let mut found = ByWorkload::new();
    for (number, cluster) in access.clusters.iter().enumerate() {
        let entrances = Entrances::of(&cluster.served, &cluster.routes);
        let mut goals: BTreeMap<_, Option<Goal>> = BTreeMap::new();
        for runner in &cluster.runners {
            let goal = goals.entry(&runner.account).or_insert_with(|| {
                let way = access.gravest_way(number, &runner.account);
                way.map(|way| way.goal)
            });
            let own = Reached {
                goal: goal.filter(|_| cluster.has_token(runner)),
                is_exposed: entrances.to(runner).is_some() || runner.is_on_every_node,
            };
            let key = (Arc::clone(&runner.at.path), runner.title.clone());
            let places = found.entry(key).or_default();
            let known = places.entry(runner.at.clone()).or_insert(own);
            // Copies are alternatives: the gravest counts.
            known.goal = match (known.goal, own.goal) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            known.is_exposed |= own.is_exposed;
        }
    }
    found
}
