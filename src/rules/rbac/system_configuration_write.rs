use crate::rule::{Check, Right, Severity, declare_rule};

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
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["configmaps"], &["update", "patch"])],
    gravity: |it, _| {
        let names = it.rule.resource_names();
        let has = |name: &str| names.texts().any(|own| own == name);
        let severity = match it.is_named() {
            true if has("aws-auth") => Severity::Critical,
            true if has("coredns") => Severity::High,
            true => return None,
            false => Severity::Medium,
        };
        // Of what nobody has, only those that are named are told.
        let is_told = it.given.standing.is_some() || it.is_named();
        let reaches = it.is_of_cluster() || it.given.reaches_system();
        (is_told && reaches).then_some(severity)
    },
    lets: "which reaches the ConfigMaps of kube-system that say who is let in and where names lead",
    instead: "name other ConfigMaps in resourceNames, and give it outside of kube-system",
    ..Right::NONE
};
