use crate::kubernetes::pod_security::Level;
use crate::kubernetes::{Namespace, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A Namespace lets pods of any kind in: it enforces the level `privileged`.
    ///
    /// ## Why it matters
    /// At this level Pod Security admission refuses nothing. Whoever may create a pod in the namespace can take over
    /// the node that it runs on, with a privileged container or a volume of the host.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: privileged
    /// ```
    ///
    /// ## Instead
    /// Keep what needs the host in a namespace of its own, that few may deploy to, and waive this rule there.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of `kube-system`, `kube-public` and `kube-node-lease`, whose own components need it.
    "namespace/privileged",
    severity: Severity::High,
    references: &["CIS 1.12: 5.2.1", "OWASP K8s 2022: K04", "CWE-250"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(namespace) = Namespace::of(object).filter(|namespace| !namespace.is_system()) else {
        return;
    };
    let enforce = namespace.enforce();
    if enforce.written_level() == Some(Ok(Level::Privileged)) {
        sink.report(enforce.level_field)
            .say("the label pod-security.kubernetes.io/enforce is \"privileged\", so that no pod is refused; set it to restricted or baseline");
    }
}
