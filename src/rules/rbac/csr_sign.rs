use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to sign certificates of users.
    ///
    /// ## Why it matters
    /// A client certificate names the user and the groups of whoever holds it: whoever signs one is anybody, also a
    /// controller of the cluster. Both halves are needed: the right on the signer, and the one on
    /// `certificatesigningrequests/status`.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: signr
    /// rules:
    ///   - apiGroups: [certificates.k8s.io]
    ///     resources: [signers, certificatesigningrequests/status]
    ///     verbs: [sign, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: signr
    /// rules:
    ///   - apiGroups: [certificates.k8s.io]
    ///     resources: [certificatesigningrequests]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Signers of other domains than `kubernetes.io` make no users of the cluster, and nothing is said of them. For the
    /// signer of kubelets it is high. Rights that come together from two roles are told by `rbac/escalation-path-
    /// added`. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/csr-sign",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium],
    references: &["CIS 1.12: 5.1.11", "CWE-295"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [("certificates.k8s.io", &["signers"][..], &["sign"][..])];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        if !granted.is_of_cluster() {
            continue;
        }
        let other = [(
            "certificates.k8s.io",
            &["certificatesigningrequests/status"][..],
            &["update", "patch"][..],
        )];
        let has = |name: &str| {
            let names = granted.rule.resource_names();
            names.texts().any(|own| own == name)
        };
        let makes_users = !granted.is_named()
            || has("kubernetes.io/*")
            || has("kubernetes.io/kube-apiserver-client");
        let makes_nodes = has("kubernetes.io/kube-apiserver-client-kubelet");
        if !granted.has_beside(&other) || !makes_users && !makes_nodes {
            continue;
        }
        let of_cluster = if makes_users {
            Severity::Critical
        } else {
            Severity::High
        };
        let namespaced = of_cluster;
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which together with certificatesigningrequests/status makes its holder any user; {}; name a signer of your own domain in resourceNames",
                named.told(),
                granted.holders()
            ));
    }
}
