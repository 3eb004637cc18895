//! What a finding about rights is about: the rights, and who has them by what and where.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::cluster::Cluster;
use crate::access::rights::Rights;
use crate::access::role::{Binding, Role, RoleName};
use crate::access::subject::{Scope, Subject};
use crate::access::symbols::Symbol;
use crate::finding::Finding;
use crate::syntax::Span;

use super::found_rights::{has_word, rights_of};

/// A file, whether it is a binding, whether it is one of the cluster, and the name.
type Place<'c> = (&'c str, bool, bool, &'c str);

/// Where the roles and bindings of one side of a cluster stand.
pub(super) struct Places<'c> {
    pub(super) cluster: &'c Cluster,
    pub(super) is_new_copy: bool,
    numbers: HashMap<Place<'c>, Vec<usize>>,
    roles: HashMap<RoleName<'c>, Vec<usize>>,
}

impl<'c> Places<'c> {
    pub(super) fn of(cluster: &'c Cluster, is_new_copy: bool) -> Self {
        let mut places = Self {
            cluster,
            is_new_copy,
            numbers: HashMap::new(),
            roles: HashMap::new(),
        };
        for (number, role) in cluster.roles.iter().enumerate() {
            let Some(at) = &role.at else { continue };
            let place = (&*at.path, false, role.is_of_cluster, &*role.name);
            places.numbers.entry(place).or_default().push(number);
            places
                .roles
                .entry(role.known_as())
                .or_default()
                .push(number);
        }
        for (number, binding) in cluster.bindings.iter().enumerate() {
            let place = (
                &*binding.at.path,
                true,
                binding.is_of_cluster,
                &*binding.name,
            );
            places.numbers.entry(place).or_default().push(number);
        }
        places
    }

    /// The roles that are called as another one.
    pub(super) fn named(&self, role: &Role) -> Vec<&'c Arc<Role>> {
        let numbers = self.roles.get(&role.known_as()).into_iter().flatten();
        let roles = numbers.filter_map(|number| self.cluster.roles.get(*number));
        roles.collect()
    }
}

/// Somebody who has what a finding is about.
pub(super) struct Holder<'c> {
    pub(super) subject: &'c Subject,
    /// Where they have it.
    pub(super) scope: &'c Scope,
    /// By what.
    pub(super) binding: &'c Binding,
    /// Where that names them.
    pub(super) span: Span,
}

impl<'c> Holder<'c> {
    fn all_of(binding: &'c Binding) -> impl Iterator<Item = Self> {
        binding.subjects.iter().map(move |bound| Self {
            subject: &bound.subject,
            scope: &binding.scope,
            binding,
            span: bound.span,
        })
    }
}

/// What a finding is about in one cluster.
pub(super) struct About<'c> {
    /// The rights that it names.
    pub(super) rights: Arc<Rights>,
    /// Who has them by its object, and where.
    pub(super) holders: Vec<Holder<'c>>,
    /// If it is about a role, the number of the bindings by which they have it.
    pub(super) binders: Option<usize>,
    /// The role, if it is about one.
    pub(super) role: Option<&'c Arc<Role>>,
    /// The name of the role of a binding, where it is not known what that gives; else empty.
    pub(super) what: &'c str,
}

impl<'c> About<'c> {
    /// None where its object is no part of the cluster.
    pub(super) fn of(places: &Places<'c>, finding: &Finding) -> Option<Self> {
        let resource = finding.subject.resource.as_ref()?;
        let (_, kind, _, name) = resource.identity();
        let (is_binding, is_of_cluster) = match kind {
            "Role" => (false, false),
            "ClusterRole" => (false, true),
            "RoleBinding" => (true, false),
            "ClusterRoleBinding" => (true, true),
            _ => return None,
        };
        let place = (&*finding.location.path, is_binding, is_of_cluster, name);
        let numbers = places.numbers.get(&place)?;
        let span = finding.location.span;
        let cluster = places.cluster;
        if is_binding {
            let bindings = numbers
                .iter()
                .filter_map(|it| Some((*it, cluster.bindings.get(*it)?)));
            let mut bindings = bindings.collect::<Vec<_>>().into_iter();
            let holds = |binding: &Binding| {
                binding.role_at == span || binding.subjects.iter().any(|it| it.span == span)
            };
            let first = bindings.as_slice().first().copied();
            let (number, binding) = bindings.find(|(_, it)| holds(it)).or(first)?;
            let own = Holder::all_of(binding).filter(|holder| holder.span == span);
            let mut holders: Vec<_> = own.collect();
            if holders.is_empty() {
                holders = Holder::all_of(binding).collect();
            }
            let meant = cluster.meant.get(number)?;
            let roles = meant.leaves.iter().filter_map(|it| cluster.roles.get(*it));
            let rights = cluster.rights_by(roles.map(|role| &**role), &Scope::Cluster);
            let is_known = !meant.roles.is_empty();
            let what = if is_known { "" } else { &*binding.role };
            return Some(Self {
                rights,
                holders,
                binders: None,
                role: None,
                what,
            });
        }
        let roles = numbers
            .iter()
            .filter_map(|it| Some((*it, cluster.roles.get(*it)?)));
        let mut roles = roles.collect::<Vec<_>>().into_iter();
        let first = roles.as_slice().first().copied();
        let (number, role) = roles
            .find(|(_, role)| role.rules.iter().any(|rule| has_word(rule, finding)))
            .or(first)?;
        let bindings = cluster.binders.of_role(number).iter();
        let bindings = bindings.filter_map(|binding| cluster.bindings.get(*binding));
        let holders = bindings.flat_map(|binding| Holder::all_of(binding));
        Some(Self {
            rights: rights_of(cluster, role, finding),
            holders: holders.collect(),
            binders: cluster.binders.number(number),
            role: Some(role),
            what: "",
        })
    }
}

/// True if somebody holds rights in a scope, however they are given.
pub(super) fn holds(cluster: &Cluster, subject: &Subject, scope: &Scope, rights: &Rights) -> bool {
    let symbols = &cluster.symbols;
    let rights = match scope.namespace() {
        Some(namespace) => {
            let namespace = symbols.find(namespace).unwrap_or(Symbol::EMPTY);
            rights.within(namespace, symbols)
        }
        None => rights.clone(),
    };
    let left = cluster.lacking(rights, subject, scope.namespace(), symbols);
    left.is_empty()
}
