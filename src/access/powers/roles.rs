//! What rights over roles and bindings let somebody make of themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::built_in::CLUSTER_ADMIN;
use crate::access::goal::Goal;
use crate::access::rights::{Asked, Reach};
use crate::access::subject::Scope;
use crate::access::symbols::Symbol;

use super::{Behaviour, CHANGE, Look, Means, Power, RBAC, Target, Then, WRITE};

/// The most namespaces whose `Roles` are looked at that one right lets somebody bind. Beyond that they count for every
/// right: what is too much to be looked at is never taken for harmless.
const MOST_NAMESPACES: usize = 8;

/// Roles that somebody may bind to themselves.
struct Bindable {
    /// The right to bind, and the one to write bindings.
    needs: [Asked; 2],
    /// The numbers of the roles.
    roles: BTreeSet<usize>,
    /// The namespace that the roles are bound in, where it is another one than that of the rights.
    namespace: Option<Arc<str>>,
    /// True if they are bound within namespaces, all of them.
    is_inside: bool,
}

impl Look<'_> {
    /// More is written into roles that are held. Writing roles alone gives nothing that is not held already.
    pub(super) fn escalate(&mut self) {
        for kind in ["clusterroles", "roles"] {
            let is_of_cluster = kind == "clusterroles";
            if is_of_cluster && !self.is_outside() {
                continue;
            }
            let both = self.need(RBAC, kind, &[Symbol::ESCALATE]);
            let both = both.zip(self.need(RBAC, kind, &CHANGE));
            let Some(((escalated, escalate), (written, write))) = both else {
                continue;
            };
            // Both must be held on one role, and what is written into it must come to its writer.
            let target = if is_of_cluster {
                Target::Goal(Goal::ClusterAdmin)
            } else {
                Target::Namespace
            };
            match escalated.and(&written) {
                Reach::Nothing => {}
                Reach::All => {
                    self.add(Means::Escalate, target, &[escalate, write]);
                    if self.is_guarded() {
                        let target = Target::Goal(Goal::Nodes);
                        self.add(Means::Escalate, target, &[escalate, write]);
                    }
                }
                Reach::Named(names) => {
                    for name in names {
                        self.escalate_one(is_of_cluster, name, [escalate, write]);
                    }
                }
            }
        }
    }

    /// More is written into one role: it comes to its writer where they are given the role, or may bind it while it is
    /// empty.
    fn escalate_one(&mut self, is_of_cluster: bool, role: Symbol, needs: [Asked; 2]) {
        let name = Some(role);
        let needs = needs.map(|asked| Asked { name, ..asked });
        let text = self.cluster.symbols.text(role);
        let given = self.cluster.given(self.subject, is_of_cluster, text);
        for (scope, binding) in given {
            let (namespace, target) = match scope {
                Scope::Cluster => (None, Target::Goal(Goal::ClusterAdmin)),
                Scope::Namespace(namespace) => (Some(namespace), Target::Namespace),
            };
            let is_here = self.namespace.is_none() || self.namespace == namespace;
            if is_here {
                self.powers.push(Power {
                    means: Means::Escalate,
                    namespace,
                    needs: needs.to_vec(),
                    target,
                    then: None,
                    given: Some(binding),
                });
            }
        }
        let mut bound = |bindings: &str, target: Target| {
            if let Some((_, create)) = self.need(RBAC, bindings, &[Symbol::CREATE]) {
                let [escalate, write] = needs;
                self.add(Means::Escalate, target, &[escalate, write, create]);
            }
        };
        if is_of_cluster {
            bound("clusterrolebindings", Target::Goal(Goal::ClusterAdmin));
        }
        bound("rolebindings", Target::Namespace);
    }

    /// Roles that are bound give what they hold: it takes the right to write bindings as well.
    pub(super) fn bind(&mut self, behaviour: Behaviour) {
        let bindable = self.bindable();
        // Every cluster has Roles of its own in the namespace of what runs it, some of which read its secrets.
        if let Some((Reach::All, bind)) = self.need(RBAC, "roles", &[Symbol::BIND])
            && let Some((Reach::All, write)) = self.need(RBAC, "rolebindings", &WRITE)
            && self.is_of_system()
        {
            let target = Target::Goal(Goal::KubeSystemSecrets);
            self.add(Means::Bind, target, &[bind, write]);
        }
        for bindable in bindable {
            self.use_bound(bindable, behaviour);
        }
    }

    /// What somebody can do who has bound some roles to themselves, and could not do before.
    fn use_bound(&mut self, bindable: Bindable, behaviour: Behaviour) {
        let cluster = self.cluster;
        let Bindable {
            needs,
            mut roles,
            namespace,
            is_inside,
        } = bindable;
        let moved = namespace.is_some() && namespace != self.namespace;
        let namespace = namespace.or_else(|| self.namespace.clone());
        let own = if moved {
            cluster.rights(self.subject, namespace.as_ref())
        } else {
            self.rights.clone()
        };
        let bound = roles.clone();
        // A role that is bound may let its holder bind more.
        let (gained, leaves) = loop {
            let leaves = cluster.leaves(&roles);
            let gained = cluster.rights_of(&leaves, namespace.as_ref(), is_inside);
            let with = Look {
                cluster,
                subject: self.subject,
                rights: own.iter().copied().chain([&gained]).collect(),
                namespace: namespace.clone(),
                is_inside,
                powers: Vec::new(),
                answers: None,
            };
            let before = roles.len();
            for further in with.bindable() {
                let is_same = further.is_inside == is_inside && further.namespace.is_none();
                roles.extend(further.roles.into_iter().filter(|_| is_same));
            }
            if roles.len() == before {
                break (gained, Arc::new(leaves));
            }
        };
        let mut with = Look {
            cluster,
            subject: self.subject,
            rights: own.iter().copied().chain([&gained]).collect(),
            namespace,
            is_inside,
            powers: Vec::new(),
            answers: None,
        };
        with.find(behaviour);
        for power in with.powers {
            let mut known = self.powers.iter();
            let is_known = known.any(|known| {
                known.target == power.target
                    && known.namespace == power.namespace
                    && !known.means.is_possession()
            });
            if is_known {
                continue;
            }
            let mut needs = needs.to_vec();
            if let Some(bind) = needs.first_mut().filter(|bind| bind.name.is_some()) {
                let asked = power.needs.first();
                let giving = asked.and_then(|asked| cluster.giving(&bound, *asked));
                bind.name = giving.or(bind.name);
            }
            self.powers.push(Power {
                means: Means::Bind,
                namespace: power.namespace,
                needs,
                target: power.target,
                then: Some(Then {
                    means: power.means,
                    needs: power.needs,
                    roles: Arc::clone(&leaves),
                }),
                given: None,
            });
        }
    }

    /// The roles that somebody may bind to themselves. The role of a binding that is there never changes, so that who may
    /// change some bindings alone binds the roles of these.
    fn bindable(&self) -> Vec<Bindable> {
        let of_cluster = self.need(RBAC, "clusterroles", &[Symbol::BIND]);
        let of_namespace = self.need(RBAC, "roles", &[Symbol::BIND]);
        if of_cluster.is_none() && of_namespace.is_none() {
            return Vec::new();
        }
        let everywhere = self.need(RBAC, "clusterrolebindings", &WRITE);
        let everywhere = everywhere.filter(|_| self.is_outside());
        let inside = self.need(RBAC, "rolebindings", &WRITE);
        let mut found = Vec::new();
        for (writes, is_everywhere) in [(&everywhere, true), (&inside, false)] {
            let Some((written, write)) = writes else {
                continue;
            };
            if let Some((bound, bind)) = &of_cluster {
                let bound = self.bound_by(written, bound, is_everywhere, true);
                let roles = self.cluster_roles(&bound);
                let is_inside = !is_everywhere && self.namespace.is_none();
                found.extend(bindable([*bind, *write], &bound, roles, None, is_inside));
            }
            if let Some((bound, bind)) = of_namespace.as_ref().filter(|_| !is_everywhere) {
                let bound = self.bound_by(written, bound, false, false);
                self.roles_of_namespaces(&bound, [*bind, *write], &mut found);
            }
        }
        found
    }

    /// What of the roles that may be bound is bound by the bindings that may be written.
    fn bound_by(
        &self,
        written: &Reach,
        bound: &Reach,
        are_everywhere: bool,
        are_of_cluster: bool,
    ) -> Reach {
        match written {
            Reach::Named(names) => {
                let held = self.roles_of_bindings(are_everywhere, are_of_cluster, names);
                held.and(bound)
            }
            _ => bound.clone(),
        }
    }

    fn cluster_roles(&self, bound: &Reach) -> BTreeSet<usize> {
        let symbols = &self.cluster.symbols;
        let of_name = |name: &str| self.cluster.roles_named("", name);
        match bound {
            Reach::Nothing => BTreeSet::new(),
            // It is the strongest, and every cluster has it.
            Reach::All => of_name(CLUSTER_ADMIN).collect(),
            Reach::Named(names) => {
                let names = names.iter().map(|name| symbols.text(*name));
                names.flat_map(of_name).collect()
            }
        }
    }

    /// The `Roles` that may be bound, each in its namespace.
    fn roles_of_namespaces(&self, bound: &Reach, needs: [Asked; 2], found: &mut Vec<Bindable>) {
        let symbols = &self.cluster.symbols;
        let here = self.cluster.namespaces_of_roles(self.namespace.as_deref());
        let mut looked_at = 0;
        for (own, roles) in here {
            let meant: BTreeSet<usize> = match bound {
                Reach::Nothing => return,
                Reach::All => roles.collect(),
                Reach::Named(names) => {
                    let names = names.iter().map(|name| symbols.text(*name));
                    names
                        .flat_map(|name| self.cluster.roles_named(own, name))
                        .collect()
                }
            };
            if meant.is_empty() {
                continue;
            }
            looked_at += 1;
            if looked_at > MOST_NAMESPACES && *bound == Reach::All {
                // Who may bind those of what runs the cluster needs no more.
                return;
            }
            if looked_at > MOST_NAMESPACES {
                let roles = self.cluster.roles_named("", CLUSTER_ADMIN).collect();
                found.extend(bindable(needs, bound, roles, None, true));
                return;
            }
            let own = Some(Arc::clone(own));
            found.extend(bindable(needs, bound, meant, own, false));
        }
    }

    /// The roles of the bindings of some names, as far as they are known.
    fn roles_of_bindings(
        &self,
        are_everywhere: bool,
        are_of_cluster: bool,
        names: &[Symbol],
    ) -> Reach {
        let symbols = &self.cluster.symbols;
        let mut roles = Vec::new();
        for name in names {
            let text = symbols.text(*name);
            // Every cluster has a binding of its own of that name, to the role of that name.
            if are_everywhere && text == CLUSTER_ADMIN {
                roles.push(*name);
            }
            let bindings = self.cluster.bindings_named(text).filter(|binding| {
                let is_here = self.namespace.is_none()
                    || binding.scope.namespace() == self.namespace.as_ref();
                binding.is_of_cluster == are_everywhere
                    && binding.names_cluster_role == are_of_cluster
                    && is_here
            });
            roles.extend(bindings.filter_map(|binding| symbols.find(&binding.role)));
        }
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            Reach::Nothing
        } else {
            Reach::Named(roles)
        }
    }
}

fn bindable(
    [bind, write]: [Asked; 2],
    bound: &Reach,
    roles: BTreeSet<usize>,
    namespace: Option<Arc<str>>,
    is_inside: bool,
) -> Option<Bindable> {
    let name = match bound {
        Reach::Named(names) => names.first().copied(),
        _ => None,
    };
    (!roles.is_empty()).then_some(Bindable {
        needs: [Asked { name, ..bind }, write],
        roles,
        namespace,
        is_inside,
    })
}
