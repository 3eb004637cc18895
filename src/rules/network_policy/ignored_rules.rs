use crate::kubernetes::Object;
use crate::network::written_types::WrittenTypes;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A `NetworkPolicy` holds rules that are not in force.
    ///
    /// ## Why it matters
    /// `policyTypes` says which rules count. Rules for what goes out in a policy that names `Ingress` alone are
    /// ignored: nothing of what they leave out is denied.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress]
    ///   egress:
    ///     - to:
    ///         - podSelector: {matchLabels: {app: payments}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress, Egress]
    ///   egress:
    ///     - to:
    ///         - podSelector: {matchLabels: {app: payments}}
    /// ```
    ///
    /// ## Limits
    /// An empty list that is not in force is not told.
    "network-policy/ignored-rules",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _: &Context, sink: &mut Sink<'_>) {
    let Some(types) = WrittenTypes::of(object).filter(|types| !types.is_implicit()) else {
        return;
    };
    let directions = [
        (
            "Ingress",
            "ingress",
            types.ingress,
            types.has_ingress_rules(),
        ),
        ("Egress", "egress", types.egress, types.has_egress_rules()),
    ];
    for (name, key, field, has_rules) in directions {
        if has_rules && !types.names(name) {
            sink.report(field).say(&format!(
                "{key} has rules, and policyTypes does not name {name}, so that they are ignored and nothing is denied; add {name} to policyTypes, or take the rules away"
            ));
        }
    }
}
