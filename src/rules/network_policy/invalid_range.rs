use crate::kubernetes::Object;
use crate::network::written_ranges::refused;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A `NetworkPolicy` has a range of ports or of addresses that the API server refuses.
    ///
    /// ## Why it matters
    /// The whole policy is refused, not the range alone: what it should deny passes, or an older version of it stays in
    /// force. A range of ports ends no lower than it begins, and what is excepted lies within `cidr` and is smaller.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - ipBlock: {cidr: 192.0.2.0/24, except: [198.51.100.0/28]}
    ///       ports: [{port: 8090, endPort: 8080}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.16/28]}
    ///       ports: [{port: 8080, endPort: 8090}]
    /// ```
    ///
    /// ## Limits
    /// What is written as no number and no range at all is not told here.
    "network-policy/invalid-range",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _: &Context, sink: &mut Sink<'_>) {
    for range in refused(object) {
        let (what, instead) = (&range.what, range.instead);
        let draft = sink.report_at(range.span, None).discriminator(what);
        draft.say(&format!(
            "{what}, so that the API server refuses the policy and denies nothing by it; {instead}"
        ));
    }
}
