use crate::kubernetes::Object;
use crate::kubernetes::bindings::Binding;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding gives rights to everybody who is let in at all.
    ///
    /// ## Why it matters
    /// `system:authenticated` is everyone with any credential of the cluster, and `system:serviceaccounts` is every pod
    /// that has a token: whoever gets into any container has these rights. `system:serviceaccounts:shop` is every pod of
    /// one namespace, also those that nobody thought of when the rights were given.
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
    /// `system:public-info-viewer` and `system:service-account-issuer-discovery`, nor of `system:image-puller`, which
    /// `OpenShift` gives to the pods of a namespace. In one namespace it is medium, and of the pods of one namespace one
    /// level less.
    "rbac/authenticated-binding",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-266"],
    check: Check::Object(check),
}

/// Groups that everybody is in who is let in, or every pod.
const EVERYBODY: [&str; 2] = ["system:authenticated", "system:serviceaccounts"];

/// What the group of the pods of one namespace begins with.
const OF_NAMESPACE: &str = "system:serviceaccounts:";

/// The roles that every cluster gives to everybody, or to every pod of a namespace.
const HARMLESS: [&str; 5] = [
    "system:basic-user",
    "system:discovery",
    "system:image-puller",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
];

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object).filter(|it| !it.is_refused()) else {
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
        let namespace = name.strip_prefix(OF_NAMESPACE).filter(|it| !it.is_empty());
        if subject.kind() == Some("Group") && (EVERYBODY.contains(&name) || namespace.is_some()) {
            let who = match (name, namespace) {
                (_, Some(namespace)) => {
                    format!(
                        "every pod of namespace {} with a token",
                        shortened(namespace)
                    )
                }
                ("system:authenticated", _) => "everybody who is let in".to_owned(),
                _ => "every pod with a token".to_owned(),
            };
            let severity = match (namespace, severity) {
                (Some(_), Severity::High) => Severity::Medium,
                (Some(_), _) => Severity::Low,
                (None, severity) => severity,
            };
            sink.report_at(subject.span(), Some("/subjects".into()))
                .discriminator(name)
                .severity(severity)
                .say(&format!(
                    "subjects name {}, so that {who} has {role} in {place}; bind those who need it",
                    shortened(name)
                ));
        }
    }
}
