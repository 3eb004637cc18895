use crate::access::powers::Means;
use crate::rule::{Check, Right, Severity, declare_rule};
use crate::snapshot::granted::Granted;

declare_rule! {
    /// A role allows to make or change what runs pods.
    ///
    /// ## Why it matters
    /// Whoever makes pods chooses their image and their `ServiceAccount`: all accounts and secrets of the namespace are
    /// theirs. What deploys needs it; where it leads to the cluster, `rbac/escalation-path-added` tells.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: deployer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [create, patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: deployer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// `create` with `resourceNames` has no effect, as such a request has no name, and nothing is said of it. It is
    /// told once a role. It is high where it makes more of its holder than they are: where an account that the pods may
    /// run as leads to every right, to nodes or to the secrets of `kube-system` and the holder does not lead there by
    /// themselves, where a Namespace of the repository says that pods may be privileged, and in `kube-system`. A
    /// Namespace that says nothing, or that no file holds, counts for guarded: the configuration of admission may say
    /// what its labels do not. Where `resourceNames` say what is meant, it is one level less. A role that no binding of
    /// the repository gives to anybody is one level less grave.
    "rbac/workload-write",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.4", "OWASP K8s 2025: K02"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[
        ("", &["pods"], &["create"]),
        (
            "",
            &["replicationcontrollers"],
            &["create", "update", "patch"],
        ),
        (
            "apps",
            &["deployments", "daemonsets", "statefulsets", "replicasets"],
            &["create", "update", "patch"],
        ),
        ("batch", &["jobs"], &["create"]),
        ("batch", &["cronjobs"], &["create", "update", "patch"]),
        ("", &["pods"], CHANGE),
        ("batch", &["jobs"], CHANGE),
    ],
    by: &[Means::RunPods, Means::RunPrivileged, Means::ChangeImage],
    gravity: |it, goal| {
        if changes(it, "jobs") {
            return Some(Severity::Low);
        }
        let is_grave = goal.is_some() || it.given.is_confined_to_system();
        Some(if is_grave {
            it.or_named(Severity::High, Severity::Medium)
        } else {
            it.or_named(Severity::Medium, Severity::Low)
        })
    },
    lets: "which runs any image as any ServiceAccount of the namespace",
    lets_else: |it| {
        if changes(it, "jobs") {
            Some("which holds up, starts and multiplies the Jobs that are there")
        } else if changes(it, "pods") {
            Some(
                "which puts another image into pods that run, as the ServiceAccounts that these have",
            )
        } else {
            None
        }
    },
    instead: "leave it to what deploys, in the namespaces that it deploys to",
    ..Right::NONE
};

const CHANGE: &[&str] = &["update", "patch"];

/// True if it only changes what is there of a resource: of a pod little but its image can be changed, and of a Job nothing
/// that says what its pods are.
fn changes(granted: &Granted<'_>, resource: &str) -> bool {
    let verb = granted.named.verb.as_str().unwrap_or_default();
    CHANGE.contains(&verb) && granted.named.resource.as_str() == Some(resource)
}
