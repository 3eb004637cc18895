//! What a selector most likely means that selects none of the workloads that are known.
//!
//! A repository rarely holds all pods of a namespace. So it counts what the selector looks like: the labels of a workload
//! that is there but for a slip, the labels by which its neighbours are known, or those of pods that come from elsewhere.

use std::sync::Arc;

use super::selector::{Asked, Labels, Selector};
use super::world::Workload;

/// What a selector means that selects nothing.
#[derive(Clone, Debug)]
pub enum Meant<'w> {
    /// A workload that has this label instead of the one that is asked for.
    Slip(&'w Workload, String),
    /// It asks for nothing but labels that neighbours have, with other values.
    Neighbour,
    /// Pods that the files need not hold: others make them, or say so by their labels.
    Elsewhere,
    /// Pods of workloads that are there, by labels that these get only in the cluster.
    Somebody,
}

/// How sure it is that a selector which selects nothing is a mistake.
#[derive(Clone, Debug)]
pub enum Mistake<'w> {
    /// It means somebody.
    No,
    /// What it means may be elsewhere.
    Unknown,
    /// A workload that is meant has this label instead.
    Slip(&'w Workload, String),
    /// All pods are known, and it means none.
    Certain,
    /// It asks for what no neighbour has, in the labels by which these are known.
    Likely,
}

impl<'w> Mistake<'w> {
    /// From what it means, as far as that is known; whether all pods are known; and whether something makes others where
    /// it looks for them.
    #[must_use]
    pub fn of(meant: Option<Meant<'w>>, is_closed: bool, are_made: impl FnOnce() -> bool) -> Self {
        match meant {
            Some(Meant::Somebody) => Self::No,
            Some(Meant::Slip(workload, label)) => Self::Slip(workload, label),
            _ if is_closed => Self::Certain,
            Some(Meant::Neighbour) if !are_made() => Self::Likely,
            _ => Self::Unknown,
        }
    }
}

/// Labels that a controller or the API server sets, so that no file has them. Source: well-known labels of the Kubernetes
/// reference, and the labels that `Deployment`, `DaemonSet`, `StatefulSet`, `Job` and `JobSet` write.
const SET_LATER: [&str; 12] = [
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "leaderworkerset.sigs.k8s.io/worker-index",
    "rollouts-pod-template-hash",
];

/// Domains all of whose labels are set in the cluster: where a pod runs, and which set of Jobs it is of.
const SET_LATER_BELOW: [&str; 4] = [
    "topology.kubernetes.io/",
    "failure-domain.beta.kubernetes.io/",
    "jobset.sigs.k8s.io/",
    "kubernetes.io/",
];

/// Labels that say which release or program a pod is of: where they differ, it is of another one.
const OF_RELEASES: [&str; 8] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/created-by",
    "helm.sh/chart",
    "release",
    "chart",
    "heritage",
    "operator",
];

/// Labels that say what a pod is called. Which of them is taken is a matter of habit.
const NAMES: [&str; 6] = [
    "app",
    "name",
    "k8s-app",
    "run",
    "app.kubernetes.io/name",
    "service",
];

fn is_set_later(key: &str) -> bool {
    SET_LATER.contains(&key) || SET_LATER_BELOW.iter().any(|below| key.starts_with(below))
}

/// True for labels of some program's own: what knows them makes the pods as well.
fn is_of_a_program(key: &str) -> bool {
    OF_RELEASES.contains(&key) || key.contains('/') && !key.starts_with("app.kubernetes.io/")
}

/// True for namespaces that a distribution fills with pods of its own.
#[must_use]
pub fn is_of_the_cluster(namespace: &str) -> bool {
    matches!(namespace, "kube-system" | "kube-public" | "kube-node-lease")
        || namespace == "openshift"
        || namespace.starts_with("openshift-")
}

/// What a selector means that selects none of some workloads, all of those that are known of its namespace.
#[must_use]
pub fn meant<'w>(selector: &Selector, neighbours: &[&'w Workload]) -> Meant<'w> {
    let later = selector.without(is_set_later);
    let is_asked_later = later != *selector;
    if is_asked_later && neighbours.iter().any(|it| later.selects(&it.labels)) {
        return Meant::Somebody;
    }
    let slip = neighbours.iter().find_map(|workload| {
        let label = slip(&later, &workload.labels)?;
        Some(Meant::Slip(workload, label))
    });
    if let Some(slip) = slip {
        return slip;
    }
    let unmet = || {
        later.asked().filter(|(key, asked)| {
            let mut labels = neighbours.iter().map(|it| it.labels.get(*key));
            !labels.any(|value| asked.holds(value))
        })
    };
    let is_carried = |key: &Arc<str>| neighbours.iter().any(|it| it.labels.contains_key(key));
    // But for one label, it asks for a workload that is there.
    let is_near = || {
        unmet().count() == 1
            && later.asked().count() > 1
            && unmet().all(|(unmet, _)| {
                let rest = later.without(|key| key == &**unmet);
                neighbours.iter().any(|it| rest.selects(&it.labels))
            })
    };
    let is_foreign = unmet().any(|(key, _)| is_of_a_program(key));
    // What lacks a label is most of what others bring along.
    let is_of_lack = unmet().any(|(_, asked)| matches!(asked, Asked::NotIn(_) | Asked::Absent));
    if is_asked_later
        || is_foreign
        || is_of_lack
        || !(unmet().all(|(key, _)| is_carried(key)) || is_near())
    {
        return Meant::Elsewhere;
    }
    Meant::Neighbour
}

/// The label that some labels have instead of the only one of a selector that they lack.
fn slip(selector: &Selector, labels: &Labels) -> Option<String> {
    let mut unmet = selector
        .asked()
        .filter(|(key, asked)| !asked.holds(labels.get(*key)));
    let (key, asked) = unmet.next()?;
    let Asked::In(values) = asked else {
        return None;
    };
    if unmet.next().is_some() {
        return None;
    }
    let written = |key: &str, value: &str| Some(format!("{key}={value}"));
    if let Some(own) = labels.get(key) {
        let is_slip = values.iter().any(|value| is_slip(value, own));
        return written(key, own).filter(|_| is_slip);
    }
    let is_key = |own: &str| {
        is_slip(key, own) || NAMES.contains(&own) && (NAMES.contains(&&**key) || key.contains(own))
    };
    let (own, value) = labels
        .iter()
        .find(|(own, value)| values.contains(*value) && is_key(own))?;
    written(own, value)
}

/// True if one word is the other but for its case, what stands between its parts, or one letter of one part. Other numbers
/// and other short parts are other things: `worker-a` and `worker-b`, `v1` and `v2`.
fn is_slip(one: &str, other: &str) -> bool {
    let letters = |word: &str| -> String {
        let letters = word.chars().filter(|it| it.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    if letters(one) == letters(other) {
        return true;
    }
    let (one, other) = (parts(one), parts(other));
    let mut differing = one.iter().zip(&other).filter(|(one, other)| one != other);
    let (Some((a, b)), None) = (differing.next(), differing.next()) else {
        return false;
    };
    one.len() == other.len() && is_one_letter_apart(a, b)
}

/// The parts of a word.
fn parts(word: &str) -> Vec<&str> {
    word.split(['-', '_', '.', '/']).collect()
}

/// True for two words of some length with one letter more, less, other or in another place, which is not the first one.
fn is_one_letter_apart(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let same = |it: &(&char, &char)| it.0 == it.1;
    let start = short.iter().zip(&long).take_while(same).count();
    let ends = short.iter().rev().zip(long.iter().rev());
    let end = ends.take_while(same).count().min(short.len() - start);
    let (lost, gained) = (short.len() - start - end, long.len() - start - end);
    let between = short.iter().skip(start).take(lost);
    let mut letters = between.chain(long.iter().skip(start).take(gained));
    let is_swapped = || {
        let turned = long.iter().skip(start).take(gained).rev();
        short.iter().skip(start).take(lost).eq(turned)
    };
    // Another letter makes another word of a short one.
    let is_alike = match (lost, gained) {
        (0, 1) => short.len() >= 4,
        (1, 1) => short.len() >= 6,
        (2, 2) => short.len() >= 4 && is_swapped(),
        _ => false,
    };
    start > 0 && is_alike && letters.all(|letter| !letter.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        for (one, other) in [
            ("cart", "carts"),
            ("payments", "payment"),
            ("Payments", "payments"),
            ("front-end", "frontend"),
            ("paymetns", "payments"),
            ("shop-paymints", "shop-payments"),
            ("app.kubernetes.io/nmae", "app.kubernetes.io/name"),
        ] {
            assert!(is_slip(one, other), "{one} {other}");
            assert!(is_slip(other, one), "{other} {one}");
        }
        for (one, other) in [
            ("web", "website"),
            ("web", "webs"),
            ("worker-a", "worker-b"),
            ("api-v1", "api-v2"),
            ("redis-cache1", "redis-cache2"),
            ("post", "port"),
            ("reader", "header"),
            ("auth", "oauth"),
            ("kafka", "kafka-exporter"),
            ("db0", "db"),
            ("shop-payments", "stop-payment"),
            ("", "payments"),
        ] {
            assert!(!is_slip(one, other), "{one} {other}");
            assert!(!is_slip(other, one), "{other} {one}");
        }
    }
}
