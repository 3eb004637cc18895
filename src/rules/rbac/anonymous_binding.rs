use crate::access::subject::{ANONYMOUS, UNAUTHENTICATED};
use crate::kubernetes::Object;
use crate::kubernetes::bindings::Binding;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding gives rights to whoever has not shown who they are.
    ///
    /// ## Why it matters
    /// `system:anonymous` and `system:unauthenticated` are everybody who reaches the API server, without a password, a
    /// certificate or a token.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: readers
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: Group
    ///     apiGroup: rbac.authorization.k8s.io
    ///     name: system:unauthenticated
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: readers
    ///   namespace: shop
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
    /// `system:public-info-viewer`, which every cluster gives to everybody, is health and version alone, and nothing is
    /// said of it.
    "rbac/anonymous-binding",
    severity: Severity::Critical,
    references: &["OWASP K8s 2025: K09", "CWE-306"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object).filter(|it| !it.is_refused()) else {
        return;
    };
    let role = binding.role_name().as_str().unwrap_or_default();
    if role == "system:public-info-viewer" {
        return;
    }
    for subject in binding.subjects() {
        let name = subject.name().unwrap_or_default();
        let is_anybody = matches!(
            (subject.kind(), name),
            (Some("User"), ANONYMOUS) | (Some("Group"), UNAUTHENTICATED)
        );
        if is_anybody {
            sink.report_at(subject.span(), Some("/subjects".into()))
                .discriminator(name)
                .say(&format!(
                    "subjects name {name}, so that everybody who reaches the API server has {role} without showing who they are; bind those who need it"
                ));
        }
    }
}
