use crate::kubernetes::Object;
use crate::kubernetes::bindings::{Binding, BoundSubject};
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A binding gives a role of the control plane to somebody else.
    ///
    /// ## Why it matters
    /// The roles of the controllers, the scheduler and the nodes are made for these alone: that of
    /// `system:kube-controller-manager` reads every secret and mints tokens of every account, that of `system:node` reads
    /// what pods of any node need, and `system:controller:clusterrole-aggregation-controller` may write any right into a
    /// role. A new version of Kubernetes may widen them.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: backup
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: system:kube-controller-manager
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: ops
    ///     name: backup
    /// ```
    ///
    /// ## Instead
    /// Write a role with the rights that are needed.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: backup
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: backup
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: ops
    ///     name: backup
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of roles that are meant for what is installed, such as `system:auth-delegator` and
    /// `system:persistent-volume-provisioner`, nor of those that only read what everybody may know. The roles of the
    /// scheduler, which a second scheduler is documented to have, are medium. In one namespace it is one level less.
    "rbac/system-role-binding",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-250"],
    check: Check::Object(check),
}

/// What the roles begin with that the controllers of the control plane have, each an account of `kube-system`.
const OF_CONTROLLERS: &str = "system:controller:";

/// A role, how grave it is for others, and for whom it is.
type Own = (
    &'static str,
    Severity,
    &'static [(&'static str, &'static str)],
);

/// Roles of the control plane by name, how grave they are for others, and for whom they are: kind and name. Source: the
/// bootstrap policy of Kubernetes 1.37, and the users that kubeadm and the documentation of certificates name.
const ROLES: &[Own] = &[
    (
        "system:certificates.k8s.io:kube-apiserver-client-approver",
        Severity::High,
        &[],
    ),
    (
        "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
        Severity::High,
        &[],
    ),
    (
        "system:kube-controller-manager",
        Severity::High,
        &[("User", "system:kube-controller-manager")],
    ),
    (
        "system:kube-scheduler",
        Severity::Medium,
        &[("User", "system:kube-scheduler")],
    ),
    (
        "system:kubelet-api-admin",
        Severity::High,
        &[
            ("User", "kube-apiserver"),
            ("User", "kube-apiserver-kubelet-client"),
            ("User", "kubernetes"),
            ("User", "system:kube-apiserver"),
        ],
    ),
    ("system:node", Severity::High, &[("Group", "system:nodes")]),
    (
        "system:volume-scheduler",
        Severity::Medium,
        &[("User", "system:kube-scheduler")],
    ),
];

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(binding) = Binding::of(object).filter(|it| !it.is_refused()) else {
        return;
    };
    if binding.role_kind().as_str() == Some("Role") {
        return;
    }
    let field = binding.role_name();
    let role = field.as_str().unwrap_or_default();
    let controller = role
        .strip_prefix(OF_CONTROLLERS)
        .filter(|it| !it.is_empty());
    let known = ROLES.iter().find(|(name, ..)| *name == role);
    let severity = match (controller, known) {
        (Some(_), _) => Severity::High,
        (None, Some((_, severity, _))) => *severity,
        (None, None) => return,
    };
    let is_own = |subject: &BoundSubject<'_>| {
        let (kind, name) = (subject.kind(), subject.name());
        let of_controller = controller.is_some_and(|controller| {
            kind == Some("ServiceAccount")
                && name == Some(controller)
                && subject.namespace() == Some("kube-system")
        });
        let own = known.map(|(.., own)| *own).unwrap_or_default();
        of_controller
            || own
                .iter()
                .any(|(own, user)| (kind, name) == (Some(*own), Some(*user)))
    };
    let mut others = binding.subjects().filter(|subject| !is_own(subject));
    let Some(other) = others.next() else {
        return;
    };
    let severity = match (binding.is_of_cluster(), severity) {
        (true, severity) => severity,
        (false, Severity::High) => Severity::Medium,
        (false, _) => Severity::Low,
    };
    let kind = shortened(other.kind().unwrap_or("subject"));
    let name = shortened(other.name().unwrap_or_default());
    let who = match other.namespace() {
        Some(namespace) => format!("{kind} {}/{name}", shortened(namespace)),
        None => format!("{kind} {name}"),
    };
    sink.report(field)
        .severity(severity)
        .discriminator(role)
        .say(&format!(
            "roleRef gives {who} {}, which is made for the control plane alone; write a role with the rights that are needed",
            shortened(role)
        ));
}
