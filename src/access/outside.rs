//! Resources that lie outside of namespaces: what a `RoleBinding` cannot give.
//!
//! Source: the API reference of Kubernetes 1.37, and of the versions since 1.20 for what is gone. A custom resource is
//! in no list: nobody knows where it lies, so that it is taken for one that lies within namespaces.

/// The group of roles and bindings.
const RBAC: &str = "rbac.authorization.k8s.io";

/// The resources of each group that lie outside of namespaces, by group. Namespaces are no part of it: the rights of a
/// namespace reach its own object.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("", &["componentstatuses", "nodes", "persistentvolumes"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ],
    ),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["apiservices"]),
    (
        "authentication.k8s.io",
        &["selfsubjectreviews", "tokenreviews", "uids", "userextras"],
    ),
    (
        "authorization.k8s.io",
        &[
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "subjectaccessreviews",
        ],
    ),
    (
        "certificates.k8s.io",
        &[
            "certificatesigningrequests",
            "clustertrustbundles",
            "signers",
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["flowschemas", "prioritylevelconfigurations"],
    ),
    ("internal.apiserver.k8s.io", &["storageversions"]),
    ("metrics.k8s.io", &["nodes"]),
    (
        "networking.k8s.io",
        &["ingressclasses", "ipaddresses", "servicecidrs"],
    ),
    ("node.k8s.io", &["runtimeclasses"]),
    ("policy", &["podsecuritypolicies"]),
    (RBAC, &["clusterrolebindings"]),
    (
        "resource.k8s.io",
        &["deviceclasses", "devicetaintrules", "resourceslices"],
    ),
    ("scheduling.k8s.io", &["priorityclasses"]),
    (
        "storage.k8s.io",
        &[
            "csidrivers",
            "csinodes",
            "storageclasses",
            "volumeattachments",
            "volumeattributesclasses",
        ],
    ),
    ("storagemigration.k8s.io", &["storageversionmigrations"]),
];

/// Where a resource lies, and what of it the rights of one namespace reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Within namespaces, as far as anybody knows.
    Inside,
    /// It is the namespace itself: reached as far as a request names it.
    Own,
    /// It is a `ClusterRole`: bound in a namespace, and reached in no other way.
    Bound,
    /// Outside of namespaces.
    Outside,
}

/// Where a resource lies. A subresource lies where its resource does. Where every group is meant, one of them may have a
/// resource of that name within namespaces.
#[must_use]
pub(super) fn place_of(group: &str, resource: &str) -> Place {
    let resource = resource.split_once('/').map_or(resource, |(own, _)| own);
    match (group, resource) {
        ("", "namespaces") => return Place::Own,
        ("", "users" | "groups") => return Place::Outside,
        (RBAC, "clusterroles") => return Place::Bound,
        _ => {}
    }
    let of_group = OUTSIDE.iter().find(|(name, _)| *name == group);
    match of_group {
        Some((_, resources)) if resources.contains(&resource) => Place::Outside,
        _ => Place::Inside,
    }
}
