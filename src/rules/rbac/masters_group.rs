use crate::access::subject::MASTERS;
use crate::kubernetes::Object;
use crate::kubernetes::bindings::Binding;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding names the group `system:masters`.
    ///
    /// ## Why it matters
    /// Members of `system:masters` may do everything, whatever roles say: no binding gives them more, and none takes
    /// anything away. Whoever writes such a binding counts on certificates of that group, which cannot be revoked.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: staff
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: Group
    ///     apiGroup: rbac.authorization.k8s.io
    ///     name: system:masters
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: staff
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
    /// The binding `cluster-admin`, which every cluster has for this group, is no news, and nothing is said of it.
    "rbac/masters-group",
    severity: Severity::Critical,
    references: &["CIS 1.12: 5.1.7", "CWE-250"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object) else {
        return;
    };
    let role = binding.role_name().as_str();
    let is_built_in = &*object.resource().name == "cluster-admin" && role == Some("cluster-admin");
    if is_built_in && binding.is_of_cluster() {
        return;
    }
    for subject in binding.subjects() {
        if subject.kind() == Some("Group") && subject.name() == Some(MASTERS) {
            sink.report_at(subject.span(), Some("/subjects".into()))
                .discriminator(MASTERS)
                .say(
                    "subjects name system:masters, whose members may do everything without it, by certificates that nobody can revoke; bind a group of your own, and issue no certificates of this one",
                );
        }
    }
}
