#!/usr/bin/env python3
"""Writes data/built_in_roles.yaml: the roles that every cluster brings along.

    python3 data/built_in_roles.py > data/built_in_roles.yaml

The facts below are those of the bootstrap policy of Kubernetes 1.37 (plugin/pkg/auth/authorizer/rbac/bootstrappolicy,
Apache-2.0): which verbs on which resources each role has. They were written down by hand, in the short hand of this
file. A `system:` role that is not here is known to exist; what it grants is not modelled.
"""

READ = "get list watch"
WRITE = "create delete deletecollection patch update"
CREATE = "create"

SCALED = "deployments deployments/scale replicasets replicasets/scale"
OLD = (
    "daemonsets deployments deployments/scale ingresses networkpolicies replicasets replicasets/scale "
    "replicationcontrollers/scale"
)


def view_of(group, resources):
    return (group, resources, READ)


VIEW = [
    (
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers "
        "replicationcontrollers/scale serviceaccounts services services/status",
        READ,
    ),
    (
        "",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status "
        "resourcequotas resourcequotas/status",
        READ,
    ),
    ("", "namespaces", READ),
    ("discovery.k8s.io", "endpointslices", READ),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
        "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
        READ,
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
    ("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    (
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status "
        "networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
        READ,
    ),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies", READ),
    ("resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates", READ),
]

EDIT = [
    ("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", READ),
    ("", "serviceaccounts", "impersonate"),
    ("", "pods pods/attach pods/exec pods/portforward pods/proxy", WRITE),
    ("", "pods/eviction", CREATE),
    (
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets "
        "serviceaccounts services services/proxy",
        WRITE,
    ),
    ("", "serviceaccounts/token", CREATE),
    (
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets "
        "statefulsets/scale",
        WRITE,
    ),
    ("autoscaling", "horizontalpodautoscalers", WRITE),
    ("batch", "cronjobs jobs", WRITE),
    (
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets "
        "replicasets/scale replicationcontrollers/scale",
        WRITE,
    ),
    ("policy", "poddisruptionbudgets", WRITE),
    ("networking.k8s.io", "ingresses networkpolicies", WRITE),
    ("coordination.k8s.io", "leases", f"{READ} {WRITE}"),
    ("resource.k8s.io", "resourceclaims resourceclaimtemplates", WRITE),
]

ADMIN = [
    ("authorization.k8s.io", "localsubjectaccessreviews", CREATE),
    ("rbac.authorization.k8s.io", "rolebindings roles", f"{READ} {WRITE}"),
]

SELF = [
    ("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", CREATE),
    ("authentication.k8s.io", "selfsubjectreviews", CREATE),
]

DISCOVERY = "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"
PUBLIC = "/healthz /livez /readyz /version /version/"

ROLES = [
    ("cluster-admin", [], [("*", "*", "*"), (None, "*", "*")]),
    ("system:aggregate-to-admin", ["admin"], ADMIN),
    ("system:aggregate-to-edit", ["edit"], EDIT),
    ("system:aggregate-to-view", ["view"], VIEW),
    (
        "system:auth-delegator",
        [],
        [
            ("authentication.k8s.io", "tokenreviews", CREATE),
            ("authorization.k8s.io", "subjectaccessreviews", CREATE),
        ],
    ),
    ("system:basic-user", [], SELF),
    ("system:discovery", [], [(None, DISCOVERY, "get")]),
    ("system:public-info-viewer", [], [(None, PUBLIC, "get")]),
    ("system:heapster", [], [("", "events namespaces nodes pods", READ), ("extensions", "deployments", READ)]),
    ("system:kube-aggregator", [], [("", "endpoints services", READ)]),
    (
        "system:kube-dns",
        [],
        [("", "endpoints services", "list watch"), ("discovery.k8s.io", "endpointslices", "list watch")],
    ),
    (
        "system:kube-controller-manager",
        [],
        [
            ("", "events", "create patch update"),
            ("events.k8s.io", "events", "create patch update"),
            ("coordination.k8s.io", "leases", CREATE),
            ("", "secrets serviceaccounts", "create get update"),
            ("", "secrets", "delete"),
            ("", "configmaps namespaces", "get"),
            ("authentication.k8s.io", "tokenreviews", CREATE),
            ("authorization.k8s.io", "subjectaccessreviews", CREATE),
            ("*", "*", "list watch"),
            ("", "serviceaccounts/token", CREATE),
        ],
    ),
    (
        "system:kube-scheduler",
        [],
        [
            ("", "events", "create patch update"),
            ("events.k8s.io", "events", "create patch update"),
            ("coordination.k8s.io", "leases", CREATE),
            ("", "nodes", READ),
            ("", "pods", f"delete {READ}"),
            ("", "bindings pods/binding", CREATE),
            ("", "pods/status", "patch update"),
            ("", "replicationcontrollers services persistentvolumeclaims persistentvolumes namespaces", READ),
            ("apps", "replicasets statefulsets", READ),
            ("policy", "poddisruptionbudgets", READ),
            ("storage.k8s.io", "csidrivers csinodes csistoragecapacities volumeattachments", READ),
        ],
    ),
    ("system:node-proxier", [], [("", "endpoints services", "list watch"), ("", "nodes", READ)]),
    ("system:monitoring", [], [(None, "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*", "get")]),
    ("system:persistent-volume-provisioner", [], [
        ("", "persistentvolumes", f"create delete {READ}"),
        ("", "persistentvolumeclaims", f"update {READ}"),
        ("storage.k8s.io", "storageclasses", READ),
        ("", "events", f"create patch update {READ}"),
    ]),
    ("system:kubelet-api-admin", [], [
        ("", "nodes", f"{READ} proxy"),
        ("", "nodes/log nodes/metrics nodes/proxy nodes/stats", "*"),
    ]),
    ("system:volume-scheduler", [], [
        ("", "persistentvolumes", f"{READ} patch update"),
        ("storage.k8s.io", "storageclasses", READ),
        ("", "persistentvolumeclaims", f"{READ} patch update"),
    ]),
    ("system:certificates.k8s.io:kube-apiserver-client-approver", [], [
        ("certificates.k8s.io", "signers", "approve", "kubernetes.io/kube-apiserver-client"),
    ]),
    ("system:certificates.k8s.io:kubelet-serving-approver", [], [
        ("certificates.k8s.io", "signers", "approve", "kubernetes.io/kubelet-serving"),
    ]),
    ("system:certificates.k8s.io:kube-apiserver-client-kubelet-approver", [], [
        ("certificates.k8s.io", "signers", "approve", "kubernetes.io/kube-apiserver-client-kubelet"),
    ]),
]

SUMS = [("admin", "admin", []), ("edit", "edit", ["admin"]), ("view", "view", ["edit"])]

AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"


def quoted(words):
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


# The roles of single namespaces that applications bind.
OF_NAMESPACES = [
    (
        "kube-system",
        "extension-apiserver-authentication-reader",
        [("", "configmaps", READ, "extension-apiserver-authentication")],
    ),
]


def written(name, labels, rules, selector, namespace=None):
    print("---")
    print("apiVersion: rbac.authorization.k8s.io/v1")
    print("kind: Role" if namespace else "kind: ClusterRole")
    print("metadata:")
    print(f'  name: "{name}"')
    if namespace:
        print(f"  namespace: {namespace}")
    if labels:
        print("  labels:")
        for label in labels:
            print(f'    {AGGREGATE}{label}: "true"')
    if selector:
        print("aggregationRule:")
        print("  clusterRoleSelectors:")
        print(f'    - matchLabels: {{{AGGREGATE}{selector}: "true"}}')
    if rules:
        print("rules:")
    for group, resources, verbs, *names in rules:
        if group is None:
            print(f"  - nonResourceURLs: {quoted(resources.split())}")
        else:
            print(f"  - apiGroups: {quoted([group])}")
            print(f"    resources: {quoted(resources.split())}")
        if names:
            print(f"    resourceNames: {quoted(names)}")
        print(f"    verbs: {quoted(verbs.split())}")


print("# The roles that every cluster brings along. Written by data/built_in_roles.py; do not edit.")
print("# Source: the bootstrap policy of Kubernetes 1.37 (Apache-2.0): facts, in words of our own.")
for name, labels, rules in ROLES:
    written(name, labels, rules, None)
for namespace, name, rules in OF_NAMESPACES:
    written(name, [], rules, None, namespace)
for name, selector, labels in SUMS:
    written(name, labels, [], selector)
