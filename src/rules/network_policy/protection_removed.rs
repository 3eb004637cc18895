use crate::network::Direction;
use crate::network::causes::{Opened, Thing};
use crate::network::words::{ends, passing};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};

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
    /// A policy of another repository or of a network plugin (Cilium, Calico) may still select the workload. Nothing is
    /// said where what may pass stays the same, as where a policy that allows everything goes.
    "network-policy/protection-removed",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    covers: &["network-policy/selects-nothing", "network-policy/unprotected"],
    references: &["OWASP K8s 2025: K05", "CIS 1.12: 5.3.2", "CWE-923"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    for told in pair.network(&context.clusters).opened() {
        if told.opened.is_unprotected {
            tell(pair, &told.opened, sink);
        }
    }
}

fn tell(pair: &Pair<'_>, opened: &Opened, sink: &mut Sink<'_>) {
    let is_gone = opened.thing == Thing::GonePolicy;
    let side = if is_gone { pair.base } else { pair.head };
    let Some(object) = side.object_at(&opened.at) else {
        return;
    };
    let mut sink = sink.about(object);
    let draft = if is_gone {
        sink.report_removed(pair)
    } else {
        sink.report_at(opened.at.span, None)
    };
    let own = ends(&opened.workloads);
    let others = ends(&opened.others);
    let what = passing(&opened.connections);
    let direction = opened.direction.name().to_lowercase();
    let cause = match opened.thing {
        Thing::GonePolicy => {
            format!("is deleted, and no other policy selects {own} for {direction}")
        }
        Thing::Policy => {
            format!("no longer selects {own} for {direction}, and no other policy does")
        }
        Thing::Workload => {
            format!("no policy selects pods with these labels for {direction} any more")
        }
    };
    let (severity, opens) = match opened.direction {
        Direction::Ingress => (Severity::High, format!("{what} from {others} comes in")),
        Direction::Egress => (Severity::Medium, format!("{what} goes out to {others}")),
    };
    let related = opened.related.iter().take(8);
    let draft = draft.severity(severity).discriminator(&direction);
    let draft = related.fold(draft, |draft, (at, what)| {
        draft.related_in(at.clone(), what.clone())
    });
    draft.say(&format!(
        "{cause}, so that {opens}; keep a policy that selects all pods of the namespace"
    ));
}
