//! A workload that runs as somebody who reaches less than it reached before is no news.
//!
//! The rule about powerful workloads tells what a workload reaches, so that one whose account is narrowed reaches something
//! else. It is news where it reaches something graver, or where others come to its pods who did not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::access::Access;
use crate::access::exposed::Entrances;
use crate::access::goal::Goal;
use crate::access::subject::Subject;
use crate::finding::{Finding, Location, Status};
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

/// Findings about workloads that reached as much before, and were as much reached, count as existing. Of what a variant builds
/// it is what that variant built that counts, wherever the line stood: one that newly reaches so much is news, also where
/// another one did by what was moved.
pub fn keep_workloads(findings: &mut Vec<Finding>, pair: &Pair<'_>, context: &Context) {
    let is_asked = |finding: &Finding| finding.rule == RULE && finding.status != Status::Fixed;
    if !findings.iter().any(is_asked) {
        return;
    }
    let (clusters, targets) = context.of_access();
    let before = Runners::of(pair.base.access(clusters, targets));
    let after = Runners::of(pair.head.access(clusters, targets));
    let mut moved: BTreeSet<(Location, Arc<str>)> = BTreeSet::new();
    for finding in findings.iter_mut().filter(|it| is_asked(it)) {
        let own = after.at(&finding.location);
        let resource = finding.subject.resource.as_ref();
        let path = resource.and_then(|it| pair.pairs.base_path(it, &finding.location.path));
        if finding.status == Status::Existing {
            let path = path.filter(|path| **path != finding.location.path);
            let mut own = own.iter();
            if own.any(|own| before.is_news(own, path, &after, pair)) {
                finding.status = Status::Introduced;
            }
            continue;
        }
        let mut left = BTreeSet::new();
        // An object may have several pods: none of them may have reached less.
        let is_old = own.iter().all(|own| {
            let built = before.built(own, pair);
            let known = if built.is_empty() {
                before.continued(own, path, &after)
            } else {
                built
            };
            left.extend(known.iter().map(|known| known.at.clone()));
            !known.is_empty() && known.iter().all(|known| own.is_within(known))
        });
        if !own.is_empty() && is_old {
            finding.status = Status::Existing;
            let told = Arc::from(&*finding.subject.discriminator);
            moved.extend(left.into_iter().map(|at| (at, Arc::clone(&told))));
        }
    }
    findings.retain(|finding| {
        let told = || Arc::from(&*finding.subject.discriminator);
        finding.rule != RULE
            || finding.status != Status::Fixed
            || !moved.contains(&(finding.location.clone(), told()))
    });
}

/// What one pod reaches, as a variant builds it.
#[derive(Clone, Debug)]
struct Reaching {
    at: Location,
    title: String,
    variant: Option<Arc<str>>,
    /// Whose token the pod has, if any.
    who: Option<Subject>,
    reached: Reached,
}

impl Reaching {
    fn is_within(&self, other: &Self) -> bool {
        self.reached.is_within(other.reached)
    }
}

/// What the pods of a revision reach.
#[derive(Default)]
struct Runners {
    all: Vec<Reaching>,
    by_place: BTreeMap<Location, Vec<usize>>,
    by_title: HashMap<String, Vec<usize>>,
}

impl Runners {
    fn of(access: &Access) -> Self {
        type Key = (Location, String, Option<Arc<str>>);
        let mut found: BTreeMap<Key, Reaching> = BTreeMap::new();
        for (number, cluster) in access.clusters.iter().enumerate() {
            let entrances = Entrances::of(&cluster.served, &cluster.routes);
            let mut goals: BTreeMap<_, Option<Goal>> = BTreeMap::new();
            for runner in &cluster.runners {
                let goal = goals.entry(&runner.account).or_insert_with(|| {
                    let way = access.gravest_way(number, &runner.account);
                    way.map(|way| way.goal)
                });
                let has_token = cluster.has_token(runner);
                let own = Reached {
                    goal: goal.filter(|_| has_token),
                    is_exposed: entrances.to(runner).is_some() || runner.is_on_every_node,
                };
                let key = (
                    runner.at.clone(),
                    runner.title.clone(),
                    runner.variant.clone(),
                );
                let known = found.entry(key).or_insert_with(|| Reaching {
                    at: runner.at.clone(),
                    title: runner.title.clone(),
                    variant: runner.variant.clone(),
                    who: has_token.then(|| runner.account.clone()),
                    reached: own,
                });
                // Copies are alternatives: the gravest counts.
                let known = &mut known.reached;
                known.goal = match (known.goal, own.goal) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
                known.is_exposed |= own.is_exposed;
            }
        }
        let mut runners = Self::default();
        for own in found.into_values() {
            let number = runners.all.len();
            let at = runners.by_place.entry(own.at.clone()).or_default();
            at.push(number);
            let title = runners.by_title.entry(own.title.clone()).or_default();
            title.push(number);
            runners.all.push(own);
        }
        runners
    }

    fn numbered<'r>(
        &'r self,
        numbers: Option<&'r Vec<usize>>,
    ) -> impl Iterator<Item = &'r Reaching> {
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(|number| self.all.get(*number))
    }

    fn of_title(&self, title: &str) -> impl Iterator<Item = &Reaching> {
        self.numbered(self.by_title.get(title))
    }

    /// Those that reach something by a line. Several overlays may take it in, each into a namespace of its own, where it may
    /// reach nothing.
    fn at(&self, place: &Location) -> Vec<&Reaching> {
        let all = self.numbered(self.by_place.get(place));
        all.filter(|it| it.reached.goal.is_some()).collect()
    }

    /// The pods that the variant of one of the head built of the same workload.
    fn built(&self, own: &Reaching, pair: &Pair<'_>) -> Vec<&Reaching> {
        let Some(variant) = &own.variant else {
            return Vec::new();
        };
        let variant = pair.variant_before(variant);
        let all = self.of_title(&own.title);
        all.filter(|it| it.variant.as_ref() == Some(variant))
            .collect()
    }

    /// True if a variant that built the same workload has it run as somebody else, who reaches more, or if it is one more:
    /// what stood in the file that its own is said to continue is built as before.
    fn is_news(
        &self,
        own: &Reaching,
        path: Option<&Arc<str>>,
        after: &Self,
        pair: &Pair<'_>,
    ) -> bool {
        let built = self.built(own, pair);
        if !built.is_empty() {
            let mut known = built.iter();
            return known.all(|known| known.who != own.who && !own.is_within(known));
        }
        let goes_on = |known: &Reaching| {
            let variants = after.of_title(&known.title);
            let mut variants = variants.filter_map(|it| it.variant.as_ref());
            let variant = known.variant.as_ref();
            variant.is_some() && variants.any(|it| Some(pair.variant_before(it)) == variant)
        };
        let all = self.of_title(&own.title);
        let mut left = all.filter(|it| Some(&it.at.path) == path).peekable();
        left.peek().is_some() && left.all(goes_on)
    }

    /// The pods of the same workload in the file that its own continues; where there are none, those of files that have none
    /// of it any more, if it is not in more places: where its account is said may move between its own file and patches.
    fn continued(&self, own: &Reaching, path: Option<&Arc<str>>, after: &Self) -> Vec<&Reaching> {
        let paths = |of: &Self| -> BTreeSet<Arc<str>> {
            let all = of.of_title(&own.title);
            all.map(|it| Arc::clone(&it.at.path)).collect()
        };
        let all = || self.of_title(&own.title);
        let same: Vec<&Reaching> = all().filter(|it| Some(&it.at.path) == path).collect();
        let (old, new) = (paths(self), paths(after));
        if !same.is_empty() || new.len() > old.len() {
            return same;
        }
        all().filter(|it| !new.contains(&it.at.path)).collect()
    }
}
