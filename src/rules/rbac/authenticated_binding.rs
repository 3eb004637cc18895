use crate::kubernetes::Object;
use crate::kubernetes::bindings::Binding;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding gives rights to everybody who is let in at all.
    ///
    /// ## Why it matters
    /// `system:authenticated` is everyone with any credential of the cluster, and `system:serviceaccounts` is every pod
    /// that has a token: whoever gets into any container has these rights.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: readers
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: Group
    ///     apiGroup: rbac.authorization.k8s.io
    ///     name: system:authenticated
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: readers
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: Group
    ///     apiGroup: rbac.authorization.k8s.io
    ///     name: staff
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of the roles that every cluster gives to everybody: `system:basic-user`, `system:discovery`,
    /// `system:public-info-viewer` and `system:service-account-issuer-discovery`. In one namespace it is medium.
    "rbac/authenticated-binding",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2025: K02", "CWE-266"],
    check: Check::Object(check),
}

/// Groups that everybody is in who is let in, or every pod.
const EVERYBODY: [&str; 2] = ["system:authenticated", "system:serviceaccounts"];

/// The roles that every cluster gives to everybody.
const HARMLESS: [&str; 4] = [
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
];

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object) else {
        return;
    };
    let role = binding.role_name().as_str().unwrap_or_default();
    if HARMLESS.contains(&role) {
        return;
    }
    let (severity, place) = if binding.is_of_cluster() {
        (Severity::High, "the whole cluster")
    } else {
        (Severity::Medium, "the namespace")
    };
    for subject in binding.subjects() {
        let name = subject.name().unwrap_or_default();
        if subject.kind() == Some("Group") && EVERYBODY.contains(&name) {
            let who = if name == "system:authenticated" {
                "everybody who is let in"
            } else {
                "every pod with a token"
            };
            sink.report_at(subject.span(), Some("/subjects".into()))
                .discriminator(name)
                .severity(severity)
                .say(&format!(
                    "subjects name {name}, so that {who} has {role} in {place}; bind those who need it"
                ));
        }
    }
}
