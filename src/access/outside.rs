//! Resources that lie outside of namespaces: what a `RoleBinding` cannot give.
//!
//! A custom resource is in no list: nobody knows where it lies, so that it is taken for one that lies within namespaces.

use crate::kubernetes::api_resources::{RBAC, is_namespaced};

use super::subject::Scope;
use super::symbols::Symbol;

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
    match is_namespaced(group, resource) {
        Some(false) => Place::Outside,
        Some(true) | None => Place::Inside,
    }
}

/// Verbs whose requests are about many objects, or about one that is not there yet: a namespace is not asked for by its
/// name in these.
pub(super) const OF_MANY: [Symbol; 4] = [
    Symbol::CREATE,
    Symbol::DELETE_COLLECTION,
    Symbol::LIST,
    Symbol::WATCH,
];

/// True if what counts in one namespace can reach a resource by a verb.
#[must_use]
pub fn is_reached_within(group: &str, resource: &str, verb: &str) -> bool {
    const OF_MANY: [&str; 4] = ["create", "deletecollection", "list", "watch"];
    match place_of(group, resource) {
        Place::Inside => true,
        Place::Own => resource.contains('/') || !OF_MANY.contains(&verb),
        Place::Bound => verb == "bind",
        Place::Outside => false,
    }
}

/// Which requests the rights of a scope are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks<'s> {
    /// Those for all objects.
    All,
    /// Those for the one object that is the namespace itself.
    Own(&'s str),
    /// None.
    Nothing,
}

/// Which requests for a resource by a verb the rights of a scope are asked about, whatever these say.
#[must_use]
pub(super) fn asks<'s>(
    scope: &'s Scope,
    (group, resource): (&str, &str),
    verb: Symbol,
) -> Asks<'s> {
    let Some(namespace) = scope.namespace() else {
        return Asks::All;
    };
    match place_of(group, resource) {
        Place::Inside => Asks::All,
        Place::Own if !resource.contains('/') && OF_MANY.contains(&verb) => Asks::Nothing,
        Place::Own => Asks::Own(namespace),
        Place::Bound if verb == Symbol::BIND => Asks::All,
        Place::Bound | Place::Outside => Asks::Nothing,
    }
}
