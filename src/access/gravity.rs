//! How grave it is to gain rights: by what they are on, and by where they count.

use crate::finding::Severity;
use crate::kubernetes::api_resources::is_group_of_kubernetes;

use super::powers::{KUBE_SYSTEM, RBAC};
use super::rights::Rights;
use super::subject::Scope;
use super::symbols::{Symbol, Symbols};

const WRITE: &[Symbol] = &[Symbol::CREATE, Symbol::UPDATE, Symbol::PATCH];
const CHANGE: &[Symbol] = &[Symbol::UPDATE, Symbol::PATCH];
const READ: &[Symbol] = &[Symbol::GET, Symbol::LIST, Symbol::WATCH];
const CREATE: &[Symbol] = &[Symbol::CREATE];
const ALTER: &[Symbol] = &[
    Symbol::CREATE,
    Symbol::UPDATE,
    Symbol::PATCH,
    Symbol::DELETE,
    Symbol::DELETE_COLLECTION,
];

use Severity::{Critical, High, Low, Medium, Note};

/// Rights that matter more than others: group, resource, verbs, and how grave they are in the whole cluster and in one
/// namespace.
type Grave = (
    &'static str,
    &'static str,
    &'static [Symbol],
    Severity,
    Severity,
);

const GRAVE: &[Grave] = &[
    (
        RBAC,
        "clusterroles",
        &[Symbol::BIND, Symbol::ESCALATE],
        Critical,
        High,
    ),
    (
        RBAC,
        "roles",
        &[Symbol::BIND, Symbol::ESCALATE],
        Critical,
        High,
    ),
    ("", "users", &[Symbol::IMPERSONATE], Critical, Note),
    ("", "groups", &[Symbol::IMPERSONATE], Critical, Note),
    (
        "",
        "serviceaccounts",
        &[Symbol::IMPERSONATE],
        Critical,
        High,
    ),
    (
        "",
        "nodes/proxy",
        &[Symbol::GET, Symbol::CREATE],
        Critical,
        Note,
    ),
    (
        "certificates.k8s.io",
        "signers",
        &[Symbol::APPROVE, Symbol::SIGN],
        High,
        Note,
    ),
    ("", "serviceaccounts/token", CREATE, High, High),
    ("", "secrets", ALTER, High, Medium),
    ("", "secrets", READ, High, Medium),
    ("", "pods/exec", CREATE, High, High),
    ("", "pods/attach", CREATE, High, High),
    ("", "pods/ephemeralcontainers", CHANGE, High, High),
    ("", "pods", WRITE, High, Medium),
    ("apps", "deployments", WRITE, High, Medium),
    ("apps", "statefulsets", WRITE, High, Medium),
    ("apps", "daemonsets", WRITE, High, Medium),
    ("apps", "replicasets", WRITE, High, Medium),
    ("", "replicationcontrollers", WRITE, High, Medium),
    ("batch", "jobs", CREATE, High, Medium),
    ("batch", "cronjobs", WRITE, High, Medium),
    ("", "namespaces", CHANGE, High, Medium),
    (
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        WRITE,
        High,
        Note,
    ),
    (
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        WRITE,
        High,
        Note,
    ),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        WRITE,
        High,
        Note,
    ),
    ("apiregistration.k8s.io", "apiservices", WRITE, High, Note),
    ("", "persistentvolumes", CREATE, High, Note),
    (RBAC, "rolebindings", WRITE, Medium, Medium),
    (RBAC, "clusterrolebindings", WRITE, Medium, Note),
];

/// How grave it is to gain some rights in a scope. What reads is little, what writes is more, and what lets somebody
/// become somebody else is most.
#[must_use]
pub fn gravity(gained: &Rights, scope: &Scope, symbols: &Symbols) -> Severity {
    let is_wide = *scope == Scope::Cluster;
    let of_system = scope.namespace().is_some_and(|name| **name == *KUBE_SYSTEM);
    let mut grave = Note;
    for (group, resource, verbs, of_cluster, of_namespace) in GRAVE {
        let found = symbols.find(group).zip(symbols.find(resource));
        let Some((group, resource)) = found else {
            continue;
        };
        let reach = gained.reach(symbols, group, resource, verbs);
        if !reach.is_some() {
            continue;
        }
        let severity = if is_wide { *of_cluster } else { *of_namespace };
        let severity = match (of_system, severity) {
            (true, High) => Critical,
            (true, Medium) => High,
            (_, severity) => severity,
        };
        let severity = if reach.is_all() {
            severity
        } else {
            severity.min(Medium)
        };
        grave = grave.max(severity);
    }
    for (key, verbs) in gained.resources() {
        let is_all = key.group == Symbol::ANY && key.resource == Symbol::ANY;
        let severity = if is_all && verbs.is_any() && key.name.is_none() {
            if is_wide || of_system { Critical } else { High }
        } else if ALTER.iter().any(|verb| verbs.allows(*verb))
            && key.name.is_none()
            && !asks_only(symbols, key.group)
        {
            let is_known = is_of_kubernetes(symbols.text(key.group));
            match (is_known, is_wide) {
                (true, true) => Medium,
                (true, false) | (false, true) => Low,
                (false, false) => Note,
            }
        } else if is_wide && key.name.is_none() && is_of_kubernetes(symbols.text(key.group)) {
            Low
        } else {
            Note
        };
        grave = grave.max(severity);
    }
    grave
}

/// True for a group whose objects are questions: who somebody is, and what they may do. Nothing is kept of them.
fn asks_only(symbols: &Symbols, group: Symbol) -> bool {
    ["authentication.k8s.io", "authorization.k8s.io"].contains(&symbols.text(group))
}

/// True for a group of Kubernetes itself, in contrast to the groups of custom resources.
fn is_of_kubernetes(group: &str) -> bool {
    group == "*" || is_group_of_kubernetes(group)
}
