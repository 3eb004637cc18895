use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::granted::Given;

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
    /// signer of kubelets it is high. The two rights count as well where they come from two roles; the one on the
    /// signer is told. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/csr-sign",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium],
    references: &["CIS 1.12: 5.1.11", "CWE-295"],
    check: Check::Role(check),
}

fn check(given: Given<'_>, _context: &Context, sink: &mut Sink<'_>) {
    const PART: &str = "certificatesigningrequests/status";
    if let Some((named, severity, who)) = given.signing("sign", PART) {
        sink.report_right(named)
            .severity(severity)
            .say(&format!(
                "verbs allow {}, which together with {PART} makes its holder {who}; {}; name a signer of your own domain in resourceNames",
                named.told(),
                given.told()
            ));
    }
}
