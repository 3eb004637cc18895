//! The resources of Kubernetes itself, as addresses and roles name them.
//!
//! Source: the API reference of Kubernetes 1.37, and of the versions since 1.20 for what is gone; short names as
//! `kubectl api-resources` shows them. Some are no objects at all: authorisation alone asks for `users`, `groups`, `uids`,
//! `userextras` and `signers`. A custom resource is in no list: nobody knows where it lies.

/// The group of roles and bindings.
pub const RBAC: &str = "rbac.authorization.k8s.io";

/// A resource: its name, and its short names.
type Name = (&'static str, &'static [&'static str]);

/// A group: its name, its resources within namespaces, and those outside of them. Where several groups have a resource of
/// one name, the first is meant where none is named.
type Group = (&'static str, &'static [Name], &'static [Name]);

const GROUPS: &[Group] = &[
    (
        "",
        &[
            ("bindings", &[]),
            ("configmaps", &["cm"]),
            ("endpoints", &["ep"]),
            ("events", &["ev"]),
            ("limitranges", &["limits"]),
            ("persistentvolumeclaims", &["pvc"]),
            ("pods", &["po"]),
            ("podtemplates", &[]),
            ("replicationcontrollers", &["rc"]),
            ("resourcequotas", &["quota"]),
            ("secrets", &[]),
            ("serviceaccounts", &["sa"]),
            ("services", &["svc"]),
        ],
        &[
            ("componentstatuses", &["cs"]),
            ("groups", &[]),
            ("namespaces", &["ns"]),
            ("nodes", &["no"]),
            ("persistentvolumes", &["pv"]),
            ("users", &[]),
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &[],
        &[
            ("mutatingadmissionpolicies", &[]),
            ("mutatingadmissionpolicybindings", &[]),
            ("mutatingwebhookconfigurations", &[]),
            ("validatingadmissionpolicies", &[]),
            ("validatingadmissionpolicybindings", &[]),
            ("validatingwebhookconfigurations", &[]),
        ],
    ),
    (
        "apiextensions.k8s.io",
        &[],
        &[("customresourcedefinitions", &["crd", "crds"])],
    ),
    ("apiregistration.k8s.io", &[], &[("apiservices", &[])]),
    (
        "apps",
        &[
            ("controllerrevisions", &[]),
            ("daemonsets", &["ds"]),
            ("deployments", &["deploy"]),
            ("replicasets", &["rs"]),
            ("statefulsets", &["sts"]),
        ],
        &[],
    ),
    (
        "authentication.k8s.io",
        &[],
        &[
            ("selfsubjectreviews", &[]),
            ("tokenreviews", &[]),
            ("uids", &[]),
            ("userextras", &[]),
        ],
    ),
    (
        "authorization.k8s.io",
        &[("localsubjectaccessreviews", &[])],
        &[
            ("selfsubjectaccessreviews", &[]),
            ("selfsubjectrulesreviews", &[]),
            ("subjectaccessreviews", &[]),
        ],
    ),
    (
        "autoscaling",
        &[("horizontalpodautoscalers", &["hpa"])],
        &[],
    ),
    ("batch", &[("cronjobs", &["cj"]), ("jobs", &[])], &[]),
    (
        "certificates.k8s.io",
        &[("podcertificaterequests", &[])],
        &[
            ("certificatesigningrequests", &["csr"]),
            ("clustertrustbundles", &[]),
            ("signers", &[]),
        ],
    ),
    (
        "coordination.k8s.io",
        &[("leasecandidates", &[]), ("leases", &[])],
        &[],
    ),
    ("discovery.k8s.io", &[("endpointslices", &[])], &[]),
    ("events.k8s.io", &[("events", &["ev"])], &[]),
    (
        "flowcontrol.apiserver.k8s.io",
        &[],
        &[("flowschemas", &[]), ("prioritylevelconfigurations", &[])],
    ),
    (
        "internal.apiserver.k8s.io",
        &[],
        &[("storageversions", &[])],
    ),
    (
        "networking.k8s.io",
        &[("ingresses", &["ing"]), ("networkpolicies", &["netpol"])],
        &[
            ("ingressclasses", &[]),
            ("ipaddresses", &["ip"]),
            ("servicecidrs", &[]),
        ],
    ),
    ("metrics.k8s.io", &[("pods", &[])], &[("nodes", &[])]),
    ("node.k8s.io", &[], &[("runtimeclasses", &[])]),
    (
        "policy",
        &[("poddisruptionbudgets", &["pdb"])],
        &[("podsecuritypolicies", &["psp"])],
    ),
    (
        RBAC,
        &[("rolebindings", &[]), ("roles", &[])],
        &[("clusterrolebindings", &[]), ("clusterroles", &[])],
    ),
    (
        "resource.k8s.io",
        &[("resourceclaims", &[]), ("resourceclaimtemplates", &[])],
        &[
            ("deviceclasses", &[]),
            ("devicetaintrules", &[]),
            ("resourceslices", &[]),
        ],
    ),
    ("scheduling.k8s.io", &[], &[("priorityclasses", &["pc"])]),
    (
        "storage.k8s.io",
        &[("csistoragecapacities", &[])],
        &[
            ("csidrivers", &[]),
            ("csinodes", &[]),
            ("storageclasses", &["sc"]),
            ("volumeattachments", &[]),
            ("volumeattributesclasses", &["vac"]),
        ],
    ),
    (
        "storagemigration.k8s.io",
        &[],
        &[("storageversionmigrations", &[])],
    ),
    (
        "extensions",
        &[
            ("daemonsets", &["ds"]),
            ("deployments", &["deploy"]),
            ("ingresses", &["ing"]),
            ("networkpolicies", &["netpol"]),
            ("replicasets", &["rs"]),
        ],
        &[("podsecuritypolicies", &["psp"])],
    ),
];

/// The subresources that resources of Kubernetes have. The kubelet's parts of a node, and the keys of extra fields of a
/// user, stand behind a slash as well.
pub const SUBRESOURCES: [&str; 21] = [
    "approval",
    "attach",
    "binding",
    "checkpoint",
    "configz",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "finalize",
    "healthz",
    "log",
    "metrics",
    "pods",
    "portforward",
    "proxy",
    "resize",
    "rollback",
    "scale",
    "stats",
    "status",
    "token",
];

/// True for a group of Kubernetes itself, in contrast to those of custom resources, some of which have names like its own.
#[must_use]
pub fn is_group_of_kubernetes(group: &str) -> bool {
    GROUPS.iter().any(|(own, ..)| *own == group)
}

/// The group that is meant by the name of a resource alone; none where Kubernetes has no such resource.
#[must_use]
pub fn group_of(resource: &str) -> Option<&'static str> {
    let found = all().find(|(_, (name, _), _)| *name == resource);
    found.map(|(group, ..)| group)
}

/// True if a resource lies in namespaces; none where Kubernetes has no such resource in that group.
#[must_use]
pub fn is_namespaced(group: &str, resource: &str) -> Option<bool> {
    let of_group = GROUPS.iter().find(|(own, ..)| *own == group)?;
    let has = |names: &[Name]| names.iter().any(|(name, _)| *name == resource);
    if has(of_group.1) {
        return Some(true);
    }
    has(of_group.2).then_some(false)
}

/// The resource that a short name, a name in the singular, or a name in upper case is meant for.
#[must_use]
pub fn meant(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let found = all().find(|(_, (name, short), _)| {
        *name == word || short.contains(&&*word) || singular(name) == word
    });
    found.map(|(_, (name, _), _)| name)
}

/// The resource that a short name stands for, in whatever case.
#[must_use]
pub fn of_short_name(word: &str) -> Option<&'static str> {
    let is_it = |short: &&str| short.eq_ignore_ascii_case(word);
    let found = all().find(|(_, (_, short), _)| short.iter().any(is_it));
    found.map(|(_, (name, _), _)| name)
}

/// The names of all resources.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(_, (name, _), _)| name)
}

/// Every resource: its group, its names, and whether it lies in namespaces.
fn all() -> impl Iterator<Item = (&'static str, Name, bool)> {
    GROUPS.iter().flat_map(|(group, inside, outside)| {
        let inside = inside.iter().map(|name| (*group, *name, true));
        let outside = outside.iter().map(|name| (*group, *name, false));
        inside.chain(outside)
    })
}

/// `pod` for `pods`.
fn singular(plural: &str) -> String {
    let of_y = plural.strip_suffix("ies").map(|rest| format!("{rest}y"));
    let of_s = || {
        let rest = plural.strip_suffix("es")?;
        (rest.ends_with("ss") || rest.ends_with("us")).then(|| rest.to_owned())
    };
    let of_s = of_y.or_else(of_s);
    of_s.unwrap_or_else(|| plural.trim_end_matches('s').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_as_people_write_them() {
        for (word, name) in [
            ("po", "pods"),
            ("pod", "pods"),
            ("Pods", "pods"),
            ("svc", "services"),
            ("ingress", "ingresses"),
            ("networkpolicy", "networkpolicies"),
            ("storageclass", "storageclasses"),
            ("lease", "leases"),
            ("componentstatus", "componentstatuses"),
            ("csr", "certificatesigningrequests"),
            ("endpoint", "endpoints"),
            ("ev", "events"),
        ] {
            assert_eq!(meant(word), Some(name), "{word}");
        }
        assert_eq!(meant("gizmo"), None);
    }

    #[test]
    fn resources_have_their_groups_and_places() {
        for (name, group, is_inside) in [
            ("services", "", true),
            ("events", "", true),
            ("nodes", "", false),
            ("signers", "certificates.k8s.io", false),
            ("ingresses", "networking.k8s.io", true),
            ("deployments", "apps", true),
            ("podsecuritypolicies", "policy", false),
        ] {
            assert_eq!(group_of(name), Some(group), "{name}");
            assert_eq!(is_namespaced(group, name), Some(is_inside), "{name}");
        }
        assert_eq!(group_of("carts"), None);
        assert_eq!(is_namespaced("example.com", "nodes"), None);
        assert_eq!(is_namespaced("metrics.k8s.io", "nodes"), Some(false));
    }
}
