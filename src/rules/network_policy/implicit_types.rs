use crate::kubernetes::Object;
use crate::network::written_types::WrittenTypes;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A `NetworkPolicy` leaves it to the default what it is about.
    ///
    /// ## Why it matters
    /// Without `policyTypes` a policy is about what comes in, and about what goes out only if it holds a rule for that.
    /// So a policy with rules for what goes out alone denies everything that comes in as well, and an empty `egress`
    /// denies nothing (medium).
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
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
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - podSelector: {matchLabels: {app: payments}}
    /// ```
    ///
    /// ## Limits
    /// Nothing is said where the default is what the rules say: with rules for what comes in, and with no rules at all,
    /// which denies what comes in.
    "network-policy/implicit-types",
    severity: Severity::Low,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2025: K05"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _: &Context, sink: &mut Sink<'_>) {
    let Some(types) = WrittenTypes::of(object).filter(WrittenTypes::is_implicit) else {
        return;
    };
    if types.has_egress_rules() && !types.ingress.is_set() {
        sink.report(types.egress).say(
            "egress is all that the policy speaks of, and without policyTypes it denies everything that comes in as well; write policyTypes: [Egress], or [Ingress, Egress] if that is meant",
        );
    } else if types.egress.is_set() && !types.has_egress_rules() {
        sink.report(types.egress).severity(Severity::Medium).say(
            "egress is empty, and without policyTypes that denies nothing; write policyTypes: [Ingress, Egress] to deny what goes out",
        );
    }
}
