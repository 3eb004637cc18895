use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to write webhooks or policies of admission.
    ///
    /// ## Why it matters
    /// What admits objects sees all of them, secrets included, and may change each: whoever sets a webhook reads and
    /// rewrites the cluster, and whoever takes one away ends what it guards.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: injector
    /// rules:
    ///   - apiGroups: [admissionregistration.k8s.io]
    ///     resources: [mutatingwebhookconfigurations]
    ///     verbs: [create, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: injector
    /// rules:
    ///   - apiGroups: [admissionregistration.k8s.io]
    ///     resources: [mutatingwebhookconfigurations]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// To change those that are there is as good as to make one where it is done in bad faith. It is medium all the
    /// same, as everything that fills in certificates is written that way, and there is no narrower right for it but
    /// `resourceNames`, with which it is low. Webhooks lie outside of namespaces, so that a `Role` gives nothing of
    /// them. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/webhooks-write",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.12", "OWASP K8s 2025: K04"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[(
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ],
        &["create", "update", "patch"],
    )],
    gravity: |it, _| it.of_cluster_rules(),
    lets: "which decides what the cluster admits, and shows its holder each object that is written",
    instead: "name the webhooks that are meant in resourceNames, with update and patch alone",
    ..Right::NONE
};
