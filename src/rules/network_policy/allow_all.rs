use std::cell::LazyCell;

use crate::network::Direction;
use crate::network::in_cluster::allows_all;
use crate::network::ways_in::fronted;
use crate::network::world::Policy;
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::built::Builds;

declare_rule! {
    /// A `NetworkPolicy` allows everything.
    ///
    /// ## Why it matters
    /// A rule without peers and ports means everybody and every port: `ingress: [{}]` protects nothing, and one dash
    /// tells it from `ingress: []`, which denies everything. Policies add up, so that it undoes what other policies of
    /// the same pods deny. It is high for what comes in. For what goes out it is medium, as every address is in
    /// `network-policy/any-address`: nobody comes in by it, and it matters once the pods are in other hands.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: open, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - {}
    /// ```
    ///
    /// ## Instead
    /// Say who may come in, and where.
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: open, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {}
    ///       ports: [{port: 8080}]
    /// ```
    ///
    /// ## Limits
    /// Nothing is said where a load balancer, a node port or an Ingress leads to all ports of the workloads, nor of
    /// what goes out, unless another policy lets something out of the same pods, and not everything: beside a policy
    /// that denies by default, it is how pods are let out. Another policy counts where it is likely installed with this one:
    /// in one of their folders the other stands, or both name the namespace and the other's folder has no workloads of
    /// its own there; and not where kustomizations build them apart.
    "network-policy/allow-all",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2025: K05", "CIS 1.12: 5.3.2", "CWE-923"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    let builds = LazyCell::new(|| Builds::of(snapshot));
    for cluster in &snapshot.network(&context.clusters).clusters {
        let ways = fronted(&cluster.reach.world);
        for own in cluster.policies() {
            for direction in Direction::BOTH {
                let field = direction.name().to_lowercase();
                let rules = own.policy.rules(direction).unwrap_or_default();
                let Some(rule) = allows_all(rules) else {
                    continue;
                };
                // A load balancer or an Ingress leads to all that they serve: they are meant to be open. And beside a
                // policy that denies what goes out by default, this is how pods are let out.
                let is_meant = match direction {
                    Direction::Ingress => {
                        own.classes().next().is_some() && own.beyond(rule, &ways).is_empty()
                    }
                    Direction::Egress => true,
                };
                let is_together = |other: &&Policy| {
                    let (one, other) = (&*own.policy.at.path, &*other.at.path);
                    one == other || cluster.is_configured || !builds.are_apart(one, other)
                };
                let undone = own.companions(direction).into_iter().find(is_together);
                if is_meant && undone.is_none() {
                    sayings.refute(&rule.at, &field);
                    continue;
                }
                let (severity, passes, who) = match direction {
                    Direction::Ingress => (Severity::High, "comes in", "who may come in"),
                    Direction::Egress => (Severity::Medium, "goes out", "where they may go"),
                };
                let undoes = undone.map_or_else(
                    || format!("so that the policy denies nothing of what {passes}"),
                    |other| format!("which undoes what {} leaves out", other.title()),
                );
                let related =
                    undone.map(|other| (other.at.clone(), "the policy that it undoes".to_owned()));
                let sentence =
                    format!("{field} allows everything with everybody, {undoes}; name {who}");
                sayings.add(
                    &rule.at,
                    &field,
                    severity,
                    sentence,
                    related.into_iter().collect(),
                );
            }
        }
    }
    sayings.tell(snapshot, sink);
}
