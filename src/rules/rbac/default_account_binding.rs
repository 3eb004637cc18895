use crate::kubernetes::Object;
use crate::kubernetes::accounts::DEFAULT;
use crate::kubernetes::bindings::Binding;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding gives rights to the `ServiceAccount` that pods have without asking for any.
    ///
    /// ## Why it matters
    /// Every pod of the namespace that names no account runs as `default`, also those that nobody thought of when the
    /// rights were given.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: shop
    ///     name: default
    /// ```
    ///
    /// ## Instead
    /// Make an account for what needs the rights, and name it in its pods.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: shop
    ///     name: cart
    /// ```
    ///
    /// ## Limits
    /// Pods that run as `default` with rights are told by `workload/default-service-account`, so that this rule waits to
    /// be asked for.
    "rbac/default-account-binding",
    severity: Severity::Medium,
    opt_in: true,
    references: &["CIS 1.12: 5.1.5", "CWE-266"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object) else {
        return;
    };
    let role = binding.role_name().as_str().unwrap_or_default();
    for subject in binding.subjects() {
        if subject.kind() == Some("ServiceAccount") && subject.name() == Some(DEFAULT) {
            sink.report_at(subject.span(), Some("/subjects".into()))
                .discriminator(subject.namespace().unwrap_or_default())
                .say(&format!(
                    "subjects name the ServiceAccount default, so that every pod there that names no account has {role}; make an account for what needs it, and bind that one"
                ));
        }
    }
}
