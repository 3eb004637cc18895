use crate::kubernetes::admission::{Control, ControlKind, Effect};
use crate::kubernetes::pod_security::Level;
use crate::kubernetes::pod_security_policy::{allows_privileged, is_policy};
use crate::kubernetes::{Completeness, Namespace, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A change deletes `PodSecurityPolicies`, and nothing takes their place.
    ///
    /// ## Why it matters
    /// To delete them is right, as no cluster has known them since Kubernetes 1.25; but they stood for the wish to keep
    /// privileged pods out. Where nothing else does it, this change is the last trace of that wish, and on a cluster
    /// before 1.25 of the protection itself.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: policy.yaml
    /// apiVersion: policy/v1beta1
    /// kind: PodSecurityPolicy
    /// metadata:
    ///   name: hardened
    /// spec:
    ///   privileged: false
    /// # file: settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: settings
    ///   namespace: shop
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # base: policy.yaml
    /// apiVersion: policy/v1beta1
    /// kind: PodSecurityPolicy
    /// metadata:
    ///   name: hardened
    /// spec:
    ///   privileged: false
    /// # file: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    /// ```
    ///
    /// ## Limits
    /// As strong as such a policy counts whatever keeps privileged pods out: a Namespace that enforces `baseline` or
    /// `restricted`, or an admission policy, a Kyverno policy or a Gatekeeper constraint that refuses, whatever it looks
    /// at; anywhere in the repository. Other repositories are not seen. A policy that allowed `privileged` kept nothing
    /// out, and one of a Helm chart was the concern of whoever installs it: of these nothing is said. It is told once, of
    /// the first policy.
    "namespace/protection-removed",
    severity: Severity::High,
    references: &["OWASP K8s 2022: K04", "CWE-693"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let mut removed = pair.removed().into_iter().filter(|object| {
        is_policy(*object)
            && object.completeness() == Completeness::Complete
            && !allows_privileged(*object)
    });
    let Some(first) = removed.next() else { return };
    let kept = pair
        .head
        .objects()
        .any(|object| is_policy(object) && object.completeness() == Completeness::Complete);
    if kept || is_replaced(pair.head) {
        return;
    }
    let with = match removed.count() {
        0 => String::new(),
        1 => " with another one".to_owned(),
        more => format!(" with {more} others"),
    };
    sink.about(first).report_removed(pair).say(&format!(
        "it is deleted{with}, and no Namespace of this repository enforces baseline or restricted, nor does an admission policy refuse anything; set the label pod-security.kubernetes.io/enforce on the namespaces"
    ));
}

/// True if something keeps privileged pods out of some namespace.
fn is_replaced(head: &Snapshot) -> bool {
    let enforces = |object: Object<'_>| {
        Namespace::of(object)
            .and_then(|namespace| namespace.enforce().level())
            .is_some_and(|level| level >= Level::Baseline)
    };
    let refuses = |object: Object<'_>| {
        Control::of(object).is_some_and(|control| {
            matches!(
                control.kind(),
                ControlKind::Binding
                    | ControlKind::Kyverno
                    | ControlKind::KyvernoExpressions
                    | ControlKind::Constraint
            ) && control.validates()
                && control.effect() != Effect::Told
        })
    };
    head.objects()
        .any(|object| enforces(object) || refuses(object))
}
