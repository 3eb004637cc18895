use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Location;
use crate::kubernetes::Object;
use crate::kubernetes::field::shortened;
use crate::network::causes::{Opened, Thing};
use crate::network::notation::Named;
use crate::network::words::{ends, listed, passing};
use crate::network::{Comparison, Direction};
use crate::rule::{Check, Context, Draft, Pair, Severity, Sink, declare_rule};
use crate::snapshot::taken::Takers;

declare_rule! {
    /// A change takes workloads out of the last policy that selected them.
    ///
    /// ## Why it matters
    /// A pod that no policy selects takes everything from everywhere. That happens when the policy is deleted or its
    /// selector narrowed, and as well when somebody edits a label of the pod and never sees the policy. The finding stands
    /// where that was done. It is high where everything may come in, and medium where everything may go out, by which nobody
    /// comes in.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments, tier: data}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: database, namespace: shop, labels: {tier: data}}
    /// spec: {containers: [{name: database, image: "registry.example.com/database:2.0.1"}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: data, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {tier: data}}
    ///   policyTypes: [Ingress]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments, tier: backend}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: database, namespace: shop, labels: {tier: data}}
    /// spec: {containers: [{name: database, image: "registry.example.com/database:2.0.1"}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: data, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {tier: data}}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Instead
    /// Keep a policy for all pods of the namespace, which no label escapes.
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments, tier: data}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: data, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {tier: data}}
    ///   policyTypes: [Ingress]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments, tier: backend}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: default-deny, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Limits
    /// A policy of another repository may still select the workload. Where a policy of a network plugin (Cilium, Calico)
    /// of these files may, it is one step less grave: what such a policy says is not analysed. Nothing is said where what
    /// may pass stays the same, as where a policy that allows everything goes.
    "network-policy/protection-removed",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    covers: &["network-policy/selects-nothing", "network-policy/unprotected"],
    references: &["OWASP K8s 2025: K05", "CIS 1.12: 5.3.2", "CWE-923"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let comparison = pair.network(&context.clusters);
    let takers = LazyCell::new(|| Takers::of(pair.base, pair.head, pair.renames));
    let opened = comparison.opened().into_iter();
    for opened in opened.filter(|it| it.is_unprotected) {
        let mut naked = BTreeSet::new();
        let mut held: BTreeMap<BTreeSet<&str>, BTreeSet<Named>> = BTreeMap::new();
        for workload in &opened.workloads {
            let by = holders(comparison, workload, opened.direction);
            if by.is_empty() {
                naked.insert(workload.clone());
            } else {
                held.entry(by).or_default().insert(workload.clone());
            }
        }
        if !naked.is_empty() {
            tell(pair, &takers, (&opened, &naked), &BTreeSet::new(), sink);
        }
        for (by, workloads) in &held {
            tell(pair, &takers, (&opened, workloads), by, sink);
        }
    }
}

/// The policies of network plugins that may say what passes to or from a workload after the change; none where in one of
/// the clusters that have it there are none.
fn holders<'c>(
    comparison: &'c Comparison,
    named: &Named,
    direction: Direction,
) -> BTreeSet<&'c str> {
    let mut all = BTreeSet::new();
    for compared in &comparison.clusters {
        let mut workloads = compared.after.reach.world.workloads.iter();
        let Some(own) = workloads.find(|it| Named::workload(it) == *named) else {
            continue;
        };
        let policies = compared.after.unanalysed.iter();
        let mut titles = policies.filter(|it| it.extent.may_hold(own, direction));
        let Some(first) = titles.next() else {
            return BTreeSet::new();
        };
        all.insert(&*first.title);
        all.extend(titles.map(|policy| &*policy.title));
    }
    all
}

/// A policy that stands where it stood and is taken in no longer, and what there is to say of that.
fn left(pair: &Pair<'_>, takers: &Takers<'_>, policy: Object<'_>) -> Option<(Location, String)> {
    let path = pair.continued(policy.path());
    let mut objects = pair.head.objects_of(pair.head.file(&path)?);
    let own = policy.resource();
    let object = objects.find(|it| it.resource() == own)?;
    let left = takers.no_longer(&path).into_iter();
    let left: Vec<String> = left.map(|taking| shortened(&taking.folder)).collect();
    let by = match left.as_slice() {
        [] => return None,
        [root] if root.is_empty() => "the kustomization of the root".to_owned(),
        folders => listed(folders),
    };
    let at = object.location(object.name_span());
    Some((at, format!("is no longer taken in by {by}")))
}

fn tell<'a>(
    pair: &Pair<'a>,
    takers: &LazyCell<Takers<'a>, impl FnOnce() -> Takers<'a>>,
    (opened, workloads): (&Opened, &BTreeSet<Named>),
    held_by: &BTreeSet<&str>,
    sink: &mut Sink<'_>,
) {
    let is_gone = opened.thing == Thing::GonePolicy;
    let side = if is_gone { pair.base } else { pair.head };
    let Some(object) = side.object_at(&opened.at) else {
        return;
    };
    let left = is_gone.then(|| left(pair, takers, object)).flatten();
    let mut sink = sink.about(object);
    let draft = match &left {
        Some((at, _)) => sink.report_left(at),
        None if is_gone => sink.report_removed(pair),
        None => sink.report_at(opened.at.span, None),
    };
    let own = ends(workloads);
    let others = ends(&opened.others);
    let what = passing(&opened.connections);
    let direction = opened.direction.name().to_lowercase();
    let other = if held_by.is_empty() {
        "policy"
    } else {
        "NetworkPolicy"
    };
    let cause = match opened.thing {
        Thing::GonePolicy => {
            let gone = left.map_or_else(|| "is deleted".to_owned(), |(_, words)| words);
            format!("{gone}, and no other {other} selects {own} for {direction}")
        }
        Thing::Policy => {
            format!("no longer selects {own} for {direction}, and no other {other} does")
        }
        Thing::Workload => {
            format!("no {other} selects {own} with these labels for {direction} any more")
        }
    };
    let (severity, opens) = match opened.direction {
        Direction::Ingress => (Severity::High, format!("{what} from {others} comes in")),
        Direction::Egress => (Severity::Medium, format!("{what} goes out to {others}")),
    };
    let related = opened.related.iter().take(8);
    let related = |draft| {
        related.fold(draft, |draft: Draft<'_, '_>, (at, what)| {
            draft.related_in(at.clone(), what.clone())
        })
    };
    if held_by.is_empty() {
        let draft = draft.severity(severity).discriminator(&direction);
        related(draft).say(&format!(
            "{cause}, so that {opens}; keep a policy that selects all pods of the namespace"
        ));
        return;
    }
    let lower = match severity {
        Severity::High => Severity::Medium,
        _ => Severity::Low,
    };
    let titles: Vec<String> = held_by.iter().map(ToString::to_string).collect();
    let discriminator = format!("{direction} {}", titles.join(","));
    let draft = draft.severity(lower).discriminator(&discriminator);
    related(draft).say(&format!(
        "{cause}; whether {} lets through no more than it did is not known, as tidegate does not analyse policies of network plugins; compare the two",
        listed(&titles)
    ));
}
