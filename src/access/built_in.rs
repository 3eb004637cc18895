//! The roles that every cluster brings along.

use std::sync::{Arc, LazyLock};

use crate::kubernetes::manifest::{self, Reading};
use crate::kubernetes::{Completeness, Object, roles};
use crate::syntax::Format;

use super::goal::Goal;
use super::role::Role;
use super::subject::Subject;
use super::symbols::Symbols;

/// Manifests of the roles, written by `data/built_in_roles.py` from facts about the bootstrap policy of Kubernetes 1.37.
static ROLES: &str = include_str!("../../data/built_in_roles.yaml");

/// The role that may do everything.
pub const CLUSTER_ADMIN: &str = "cluster-admin";

/// The roles, with the words that they are written in. They are read once.
static READ: LazyLock<(Symbols, Vec<Arc<Role>>)> = LazyLock::new(|| {
    let mut symbols = Symbols::default();
    let roles = read(&mut symbols);
    (symbols, roles)
});

/// The roles that every cluster brings along, which stand in no file, and the words to go on with.
#[must_use]
pub fn roles() -> (Symbols, Vec<Arc<Role>>) {
    READ.clone()
}

fn read(symbols: &mut Symbols) -> Vec<Arc<Role>> {
    let bytes = ROLES.as_bytes().to_vec();
    let Reading::Manifest(manifest) = manifest::read(Format::Yaml, bytes, false, &[]) else {
        return Vec::new();
    };
    let path = Arc::from("");
    let objects = manifest.records.iter().filter_map(|record| {
        let complete = Completeness::Complete;
        let object = Object::new(&path, &manifest.tree, record, complete, None);
        roles::Role::of(object)
    });
    objects
        .map(|role| {
            let mut role = Role::read(role, symbols);
            role.at = None;
            Arc::new(role)
        })
        .collect()
}

/// True for a role that a cluster brings along though nothing is known here of what it grants.
#[must_use]
pub fn is_unmodelled(name: &str) -> bool {
    name.starts_with("system:")
}

/// What those reach that a cluster brings along and gives rights by bindings of its own. Source: the bootstrap policy of
/// Kubernetes 1.37, and the bindings that kubeadm makes.
const BROUGHT_ALONG: [(&str, &str, Goal); 5] = [
    // It mints tokens of every account.
    ("User", "system:kube-controller-manager", Goal::ClusterAdmin),
    ("Group", "kubeadm:cluster-admins", Goal::ClusterAdmin),
    // It may escalate.
    (
        "User",
        "system:serviceaccount:kube-system:clusterrole-aggregation-controller",
        Goal::ClusterAdmin,
    ),
    // They make pods in every namespace.
    (
        "User",
        "system:serviceaccount:kube-system:daemon-set-controller",
        Goal::Nodes,
    ),
    (
        "User",
        "system:serviceaccount:kube-system:job-controller",
        Goal::Nodes,
    ),
];

/// What somebody reaches whom a cluster brings along, if that is guarded.
#[must_use]
pub fn brought_along(subject: &Subject) -> Option<Goal> {
    let mut all = BROUGHT_ALONG.iter();
    let found = all.find(|(kind, name, _)| Subject::of(kind, name, None).as_ref() == Some(subject));
    found.map(|(_, _, goal)| *goal)
}
