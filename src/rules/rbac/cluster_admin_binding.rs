use crate::kubernetes::Object;
use crate::kubernetes::bindings::Binding;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding gives somebody every right, or in the whole cluster those of the administrator of a namespace.
    ///
    /// ## Why it matters
    /// Whoever is `cluster-admin` can read every secret, take every node and remove every trace; with a `RoleBinding`, of
    /// one namespace (high). `admin` and `edit` are meant for one namespace: bound in the whole cluster (high) they reach
    /// the secrets and the pods of `kube-system`.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: deployer
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: cluster-admin
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: ci
    ///     name: deployer
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: deployer
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: edit
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: ci
    ///     name: deployer
    /// ```
    ///
    /// ## Limits
    /// A role of another name that comes to the same is told by `rbac/wildcard`. A binding without subjects is one level
    /// less grave. Nothing is said of the group `system:masters`, which needs no binding.
    "rbac/cluster-admin-binding",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium],
    references: &["CIS 1.12: 5.1.1", "OWASP K8s 2025: K02", "CWE-250"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object).filter(|it| !it.is_refused()) else {
        return;
    };
    let of_cluster = binding.is_of_cluster();
    if binding.role_kind().as_str() == Some("Role") {
        return;
    }
    let role = binding.role_name();
    let (severity, what) = match (role.as_str(), of_cluster) {
        (Some("cluster-admin"), true) => (Severity::Critical, "every right in the whole cluster"),
        (Some("cluster-admin"), false) => (Severity::High, "every right in the namespace"),
        (Some("admin" | "edit"), true) => (
            Severity::High,
            "the secrets and the pods of every namespace, kube-system included",
        ),
        _ => return,
    };
    let mut subjects = binding.subjects();
    let first = subjects.next();
    let is_masters = |name: Option<&str>| name == Some("system:masters");
    let only_masters =
        first.is_some_and(|it| is_masters(it.name())) && subjects.all(|it| is_masters(it.name()));
    if only_masters {
        return;
    }
    let severity = match (first.is_some(), severity) {
        (true, severity) => severity,
        (false, Severity::Critical) => Severity::High,
        (false, _) => Severity::Medium,
    };
    let who = first.map_or_else(
        || "whoever it will bind".to_owned(),
        |it| {
            let kind = it.kind().unwrap_or("subject");
            let name = shortened(it.name().unwrap_or_default());
            match it.namespace() {
                Some(namespace) => format!("{kind} {}/{name}", shortened(namespace)),
                None => format!("{kind} {name}"),
            }
        },
    );
    let name = role.as_str().unwrap_or_default();
    sink.report(role)
        .severity(severity)
        .discriminator(name)
        .say(&format!(
            "roleRef gives {who} {what} ({name}); bind a role with the rights that are needed, in the namespace where they are"
        ));
}
