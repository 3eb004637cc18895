use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to change the configuration that the cluster runs on.
    ///
    /// ## Why it matters
    /// `aws-auth` in `kube-system` says which roles of AWS are which groups, `system:masters` among them (critical),
    /// and `coredns` where every name of the cluster leads (high).
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: names
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [update]
    ///     resourceNames: [coredns]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: names
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [update]
    ///     resourceNames: [settings]
    /// ```
    ///
    /// ## Limits
    /// Where all `ConfigMaps` are meant, of `kube-system` or of the cluster, it is medium, as most that ask for it mean
    /// others. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/system-configuration-write",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [("", &["configmaps"][..], &["update", "patch"][..])];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        let names = granted.rule.resource_names();
        let has = |name: &str| names.texts().any(|own| own == name);
        let severity = match granted.rule.is_named() {
            true if has("aws-auth") => Severity::Critical,
            true if has("coredns") => Severity::High,
            true => continue,
            false => Severity::Medium,
        };
        // Of what nobody has, only those that are named are told.
        if granted.standing.is_none() && !granted.rule.is_named() {
            continue;
        }
        let reaches = granted.standing.is_none_or(|it| it.reaches("kube-system"));
        if !reaches || !granted.is_of_cluster() && !granted.is_confined_to("kube-system") {
            continue;
        }
        let (of_cluster, namespaced) = (severity, severity);
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which reaches the ConfigMaps of kube-system that say who is let in and where names lead; {}; name other ConfigMaps in resourceNames, and give it outside of kube-system",
                named.told(),
                granted.holders()
            ));
    }
}
