use crate::network::Direction;
use crate::network::causes::{Opened, Thing};
use crate::network::escaped::Escaped;
use crate::network::words::{ends, passing};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};

declare_rule! {
    /// A change lets through connections that did not pass before.
    ///
    /// ## Why it matters
    /// What may reach a workload is the sum of all policies that select it, so that one line of one of them, or one label of
    /// a pod or a namespace, opens it to many. There is one finding for each end of connections that a line opens, and one
    /// for `hostNetwork: true`, by which pods escape most policies and reach others on their node, whoever these are. It is
    /// high where what comes in is from outside of the cluster or from another namespace, else medium.
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
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: web}}
    ///       ports: [{port: 5432}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector: {}
    ///       ports: [{port: 5432}]
    /// ```
    ///
    /// ## Instead
    /// Name the pods and the ports that need it. The same rule in another policy, or written in another way, opens nothing.
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: web, image: "registry.example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: web}}
    ///       ports: [{port: 5432}, {port: 5433}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: web, image: "registry.example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: from-web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   ingress:
    ///     - from:
    ///         - podSelector:
    ///             matchExpressions: [{key: app, operator: In, values: [web]}]
    ///       ports: [{port: 5432, endPort: 5433}]
    /// ```
    ///
    /// ## Limits
    /// Only ends that were there before the change count: what is wholly new is judged by what it is. So it is with a port
    /// that no container declared: where the name of a port goes to it, the same peers reach the same name. Policies of
    /// other repositories and of network plugins (Cilium, Calico) are not seen.
    "network-policy/connectivity-added",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    covers: &["network-policy/allow-all", "network-policy/any-address", "network-policy/any-namespace"],
    references: &["OWASP K8s 2025: K05", "CWE-923"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let comparison = pair.network(&context.clusters);
    for opened in comparison.opened() {
        if !opened.is_unprotected {
            tell(pair, &opened, sink);
        }
    }
    for escaped in comparison.escaped() {
        tell_of_escaped(pair, &escaped, sink);
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
    let draft = draft
        .severity(severity(opened.is_from_afar))
        .discriminator(&discriminator(opened));
    let related = opened.related.iter().take(8);
    let draft = related.fold(draft, |draft, (at, what)| {
        draft.related_in(at.clone(), what.clone())
    });
    let (own, others) = (ends(&opened.workloads), ends(&opened.others));
    let what = passing(&opened.connections);
    draft.say(&match opened.direction {
        Direction::Ingress => format!(
            "lets {what} reach {own} from {others}, which did not pass before; name the pods and the ports that need it"
        ),
        Direction::Egress => format!(
            "lets {own} reach {others} by {what}, which did not pass before; name the pods and the ports that it needs"
        ),
    });
}

fn severity(is_from_afar: bool) -> Severity {
    if is_from_afar {
        Severity::High
    } else {
        Severity::Medium
    }
}

fn tell_of_escaped(pair: &Pair<'_>, escaped: &Escaped, sink: &mut Sink<'_>) {
    let Some(object) = pair.head.object_at(&escaped.at) else {
        return;
    };
    let own = &escaped.workload;
    let what = passing(&escaped.connections);
    let mut opens: Vec<String> = Vec::new();
    if !escaped.comes_in.is_empty() {
        opens.push(format!("{what} comes in from {}", ends(&escaped.comes_in)));
    }
    if !escaped.goes_out.is_empty() {
        opens.push(format!("it may go out to {}", ends(&escaped.goes_out)));
    }
    match escaped.reached.len() {
        0 => {}
        1 => opens.push(format!(
            "it reaches {} past its own policies where both run on the same node",
            ends(&escaped.reached)
        )),
        count => opens.push(format!(
            "it reaches {count} workloads past their own policies where they run on the same node: {}",
            ends(&escaped.reached)
        )),
    }
    let mut sink = sink.about(object);
    let draft = sink
        .report_at(escaped.at.span, None)
        .severity(severity(escaped.is_from_afar()))
        .discriminator("hostNetwork");
    draft.say(&format!(
        "hostNetwork: true takes {own} out of what policies apply to on most network plugins, so that {}; take away hostNetwork, or guard the ports of the node",
        opens.join(", and ")
    ));
}

/// What tells what one object opens from what else it opens.
fn discriminator(opened: &Opened) -> String {
    let all = |set: &std::collections::BTreeSet<crate::network::notation::Named>| {
        let names: Vec<String> = set.iter().map(ToString::to_string).collect();
        names.join(",")
    };
    format!(
        "{} {} {} {}",
        opened.direction.name(),
        all(&opened.workloads),
        all(&opened.others),
        opened.connections
    )
}
