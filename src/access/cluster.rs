//! What one cluster is given: which roles each binding means, and what each subject may do where.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::pod_security::Level;
use crate::kubernetes::roles::{AGGREGATE_TO, Requirement};

use super::binders::Binders;
use super::built_in;
use super::by_name::ByName;
use super::exposed::{Route, Served};
use super::held::Held;
use super::meant::{Meant, meant};
use super::parts::{Account, Enforced, Part, Runner, TokenSecret};
use super::powers::KUBE_SYSTEM;
use super::rights::{Asked, Reach, Rights};
use super::role::{Binding, Role};
use super::subject::{MASTERS, Scope, Subject};
use super::sums::Sums;
use super::symbols::{Symbol, Symbols};

/// One cluster, as far as a revision shows it.
#[derive(Debug)]
pub struct Cluster {
    /// The words.
    pub symbols: Arc<Symbols>,
    /// Its files.
    pub paths: Vec<Arc<str>>,
    /// All roles, those that it brings along last.
    pub roles: Vec<Arc<Role>>,
    /// All bindings.
    pub bindings: Vec<Arc<Binding>>,
    /// What each of them means by its role.
    pub meant: Vec<Meant>,
    /// Its accounts, as far as they are objects.
    pub accounts: Vec<Arc<Account>>,
    /// What makes pods.
    pub runners: Vec<Arc<Runner>>,
    /// The Secrets that hold tokens of accounts.
    pub tokens: Vec<Arc<TokenSecret>>,
    /// Its Services.
    pub served: Vec<Arc<Served>>,
    /// What sends requests from outside on to these.
    pub routes: Vec<Arc<Route>>,
    /// Its Namespaces, as far as they are objects.
    pub namespaces: BTreeMap<Arc<str>, Arc<Enforced>>,
    /// Which bindings give each role.
    pub binders: Binders,
    /// Which roles the sums of roles are the sums of.
    pub(super) sums: Sums,
    /// The numbers of its roles by their names.
    pub(super) by_name: ByName,
    /// The accounts whose pods get no token unless they ask for one.
    tokenless: BTreeSet<Subject>,
    /// The numbers of the bindings of each name.
    named: HashMap<Arc<str>, Vec<usize>>,
    /// What everybody holds, by subject and scope.
    pub held: BTreeMap<Subject, BTreeMap<Scope, Held>>,
}

/// Where a right comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The number of the binding.
    pub binding: usize,
    /// The number of the subject in it.
    pub subject: usize,
    /// The number of the role.
    pub role: usize,
    /// The number of its rule.
    pub rule: usize,
}

impl Cluster {
    /// Puts a cluster together from the files that are applied to it, and from bindings of other files that bind its roles
    /// as well.
    #[must_use]
    pub fn of(
        symbols: &Arc<Symbols>,
        built_in: &[Arc<Role>],
        parts: &[&Part],
        borrowed: Vec<Arc<Binding>>,
    ) -> Self {
        let mut roles: Vec<Arc<Role>> = Vec::new();
        let mut bindings: Vec<Arc<Binding>> = Vec::new();
        for part in parts {
            roles.extend(last_of_each(&part.roles, |role| {
                let namespace = Arc::clone(&role.namespace);
                (
                    role.is_of_cluster,
                    role.is_patch,
                    namespace,
                    Arc::clone(&role.name),
                )
            }));
            bindings.extend(last_of_each(&part.bindings, |binding| {
                (
                    binding.is_of_cluster,
                    binding.is_patch,
                    (binding.scope.clone(), binding.moved_to.clone()),
                    Arc::clone(&binding.name),
                )
            }));
        }
        roles.extend(built_in.iter().cloned());
        bindings.extend(borrowed);
        let namespaces = parts.iter().flat_map(|part| &part.namespaces);
        let mut sums = Sums::of(&roles);
        let meant = meant(&roles, &bindings, &mut sums);
        let binders = Binders::of(roles.len(), &meant);
        let mut cluster = Self {
            symbols: Arc::clone(symbols),
            paths: parts
                .iter()
                .filter(|part| part.is_told())
                .map(|part| Arc::clone(&part.path))
                .collect(),
            served: parts.iter().flat_map(|part| part.served.clone()).collect(),
            routes: parts.iter().flat_map(|part| part.routes.clone()).collect(),
            meant,
            binders,
            sums,
            by_name: ByName::of(&roles),
            roles,
            bindings,
            accounts: parts
                .iter()
                .flat_map(|part| part.accounts.clone())
                .collect(),
            runners: parts.iter().flat_map(|part| part.runners.clone()).collect(),
            tokens: parts.iter().flat_map(|part| part.tokens.clone()).collect(),
            namespaces: namespaces
                .map(|namespace| (Arc::clone(&namespace.name), Arc::clone(namespace)))
                .collect(),
            tokenless: BTreeSet::new(),
            named: HashMap::new(),
            held: BTreeMap::new(),
        };
        // Several variants of one file may be part of it.
        cluster.paths.dedup();
        cluster.tokenless = tokenless(&cluster.accounts);
        for (number, binding) in cluster.bindings.iter().enumerate() {
            let of_name = cluster.named.entry(Arc::clone(&binding.name));
            of_name.or_default().push(number);
        }
        cluster.held = cluster.hold();
        cluster
    }

    /// What of some rights a subject does not have in a namespace, or in the whole cluster, however it is given them.
    #[must_use]
    pub fn lacking(
        &self,
        rights: Rights,
        subject: &Subject,
        namespace: Option<&Arc<str>>,
        symbols: &Symbols,
    ) -> Rights {
        let known = self.rights(subject, namespace).into_iter();
        known.fold(rights, |left, known| {
            if left.is_empty() {
                left
            } else {
                left.beyond(known, symbols)
            }
        })
    }

    /// What a subject is given in a scope itself, without what the groups give that it is in.
    #[must_use]
    pub fn held(&self, subject: &Subject, scope: &Scope) -> Option<&Held> {
        self.held.get(subject)?.get(scope)
    }

    /// All rights that count for a subject in a namespace, or outside of all: its own and those of its groups, those of
    /// the namespace and those of the cluster.
    #[must_use]
    pub fn rights(&self, subject: &Subject, namespace: Option<&Arc<str>>) -> Vec<&Rights> {
        let mut rights = Vec::new();
        let scope = namespace.map(|namespace| Scope::Namespace(Arc::clone(namespace)));
        for who in subject.with_groups() {
            let Some(scopes) = self.held.get(&who) else {
                continue;
            };
            let own = scopes.get(&Scope::Cluster);
            let here = scope.as_ref().and_then(|scope| scopes.get(scope));
            rights.extend([own, here].into_iter().flatten().map(|held| &*held.rights));
        }
        rights
    }

    /// Which objects of a resource the rights of somebody reach by one of some verbs.
    #[must_use]
    pub fn reach(
        &self,
        rights: &[&Rights],
        (group, resource): (&str, &str),
        verbs: &[Symbol],
    ) -> Reach {
        let (Some(group), Some(resource)) = (self.symbols.find(group), self.symbols.find(resource))
        else {
            return Reach::Nothing;
        };
        let reaches = rights
            .iter()
            .map(|rights| rights.reach(&self.symbols, group, resource, verbs));
        reaches.fold(Reach::Nothing, Reach::or)
    }

    /// True if the pods of something have a token of their account.
    #[must_use]
    pub fn has_token(&self, runner: &Runner) -> bool {
        let is_mounted = runner
            .automount
            .unwrap_or_else(|| !self.tokenless.contains(&runner.account));
        is_mounted || runner.mounts_token
    }

    /// The bindings of a name.
    pub fn bindings_named(&self, name: &str) -> impl Iterator<Item = &Arc<Binding>> {
        let numbers = self.named.get(name).into_iter().flatten();
        numbers.filter_map(|number| self.bindings.get(*number))
    }

    /// True if pods may take their node in a namespace, as far as anything is known: a Namespace says that it guards
    /// nothing, or it is the one of what runs the cluster.
    #[must_use]
    pub fn is_unguarded(&self, namespace: &str) -> bool {
        match self.namespaces.get(namespace).and_then(|it| it.level) {
            Some(level) => level == Level::Privileged,
            None => namespace == KUBE_SYSTEM,
        }
    }

    /// A namespace where pods may take their node; that of what runs the cluster before others.
    #[must_use]
    pub fn unguarded(&self) -> Option<&str> {
        let known = self.namespaces.keys().map(|name| &**name);
        let mut all = std::iter::once(KUBE_SYSTEM).chain(known);
        all.find(|name| self.is_unguarded(name))
    }

    /// True if it has a binding of the same name for the same role that binds a subject as well.
    #[must_use]
    pub fn binds(&self, binding: &Binding, subject: &Subject) -> bool {
        self.bindings_named(&binding.name).any(|own| {
            own.is_of_cluster == binding.is_of_cluster
                && own.scope == binding.scope
                && own.names() == binding.names()
                && own.subjects.iter().any(|bound| bound.subject == *subject)
        })
    }

    /// True if a subject may do everything, whatever roles say.
    #[must_use]
    pub fn is_master(subject: &Subject) -> bool {
        matches!(subject, Subject::Group(name) if &**name == MASTERS)
    }

    /// Where a right comes from that a subject has in a namespace, or outside of all.
    #[must_use]
    pub fn source(
        &self,
        subject: &Subject,
        namespace: Option<&Arc<str>>,
        asked: Asked,
    ) -> Option<Source> {
        let scope = namespace.map(|namespace| Scope::Namespace(Arc::clone(namespace)));
        for who in subject.with_groups() {
            let Some(scopes) = self.held.get(&who) else {
                continue;
            };
            let here = scope.as_ref().and_then(|scope| scopes.get(scope));
            let all = [here, scopes.get(&Scope::Cluster)];
            for grant in all.into_iter().flatten().flat_map(|held| &held.grants) {
                let meant = self.meant.get(grant.binding)?;
                for number in meant.leaves.iter() {
                    let role = self.roles.get(*number)?;
                    let mut rules = role.rules.iter();
                    let gives = |rule: &super::role::Rule| rule.gives(asked, &self.symbols);
                    if let Some(rule) = rules.position(gives) {
                        return Some(Source {
                            binding: grant.binding,
                            subject: grant.subject,
                            role: *number,
                            rule,
                        });
                    }
                }
            }
        }
        None
    }

    /// Where a right on a path outside of resources comes from, and where the path stands there; for what a cluster brings
    /// along, where the binding names the role.
    #[must_use]
    pub fn source_of_url(
        &self,
        subject: &Subject,
        url: Symbol,
        verb: Symbol,
    ) -> Option<(Source, Location)> {
        for who in subject.with_groups() {
            let grants = self.held(&who, &Scope::Cluster).into_iter();
            for grant in grants.flat_map(|held| &held.grants) {
                let meant = self.meant.get(grant.binding)?;
                for number in meant.leaves.iter() {
                    let role = self.roles.get(*number)?;
                    for (at, rule) in role.rules.iter().enumerate() {
                        let Some(word) = rule.gives_url(url, verb) else {
                            continue;
                        };
                        let source = Source {
                            binding: grant.binding,
                            subject: grant.subject,
                            role: *number,
                            rule: at,
                        };
                        let place = if let Some(own) = &role.at {
                            Location {
                                path: Arc::clone(&own.path),
                                span: word.span,
                            }
                        } else {
                            let binding = self.bindings.get(grant.binding)?;
                            binding.place(binding.role_at)
                        };
                        return Some((source, place));
                    }
                }
            }
        }
        None
    }

    /// Where the verb stands by which a rule gives a right; for what a cluster brings along, where the binding names the
    /// role.
    #[must_use]
    pub fn place(&self, source: Source, asked: Asked) -> Option<Location> {
        let binding = self.bindings.get(source.binding)?;
        let role = self.roles.get(source.role)?;
        let Some(at) = &role.at else {
            return Some(binding.place(binding.role_at));
        };
        let own = role.rules.get(source.rule)?;
        let mut verbs = own.verbs.iter();
        let verb = verbs.find(|word| [asked.verb, Symbol::ANY].contains(&word.symbol));
        Some(Location {
            path: Arc::clone(&at.path),
            span: verb.map_or(own.span, |word| word.span),
        })
    }

    /// The label by which the role of a right is part of the sum that its binding means, and where it stands.
    #[must_use]
    pub fn joining_label(&self, source: Source) -> Option<(String, Location)> {
        let meant = self.meant.get(source.binding)?;
        if meant.roles.contains(&source.role) {
            return None;
        }
        let role = self.roles.get(source.role)?;
        role.at.as_ref()?;
        let sums = meant
            .roles
            .iter()
            .filter_map(|number| self.roles.get(*number));
        let mut keys = sums
            .filter_map(|sum| sum.selectors.as_ref())
            .flatten()
            .flatten()
            .filter_map(|requirement| match requirement {
                Requirement::In(key, _) | Requirement::Exists(key) => Some(key.as_str()),
                _ => None,
            });
        let mut labels = role.labels.iter();
        let (label, _, at) = keys
            .find_map(|key| role.labels.iter().find(|(own, _, _)| own == key))
            .or_else(|| labels.find(|(key, _, _)| key.starts_with(AGGREGATE_TO)))?;
        Some((label.clone(), at.clone()))
    }

    /// The sum of roles that the role of a right is part of, and where it says of which ones it is the sum; none for what
    /// the cluster brings along.
    #[must_use]
    pub fn summed_at(&self, source: Source) -> Option<(String, Location)> {
        let meant = self.meant.get(source.binding)?;
        if meant.roles.contains(&source.role) {
            return None;
        }
        let mut sums = meant.roles.iter().filter_map(|at| self.roles.get(*at));
        sums.find_map(|sum| {
            let path = Arc::clone(&sum.at.as_ref()?.path);
            let span = sum.selectors_at?;
            Some((sum.title(), Location { path, span }))
        })
    }

    /// True if it holds a role or a binding beside what every cluster brings along.
    #[must_use]
    pub fn is_about_rights(&self) -> bool {
        !self.bindings.is_empty() || self.roles.iter().any(|role| role.at.is_some())
    }

    /// The bindings whose role nobody knows: it is neither in the repository nor one that every cluster brings along.
    pub fn unresolved(&self) -> impl Iterator<Item = &Binding> {
        let bindings = self.bindings.iter().zip(&self.meant);
        bindings
            .filter(|(binding, meant)| meant.roles.is_empty() && !binding.is_patch)
            .map(|(binding, _)| &**binding)
    }
}

/// Of copies in one file the last, which is the one that stays.
fn last_of_each<T, K: std::hash::Hash + Eq>(all: &[Arc<T>], key: impl Fn(&T) -> K) -> Vec<Arc<T>> {
    let mut last: HashMap<K, usize> = HashMap::new();
    for (number, one) in all.iter().enumerate() {
        last.insert(key(one), number);
    }
    let numbered = all.iter().enumerate();
    let kept = numbered.filter(|(number, one)| last.get(&key(one)) == Some(number));
    kept.map(|(_, one)| Arc::clone(one)).collect()
}

/// The accounts that say that their pods get no token, all copies of which agree.
fn tokenless(accounts: &[Arc<Account>]) -> BTreeSet<Subject> {
    let of = |wanted: bool| {
        let accounts = accounts.iter();
        let accounts = accounts.filter(move |account| account.automount == Some(wanted));
        accounts.map(|account| account.subject.clone())
    };
    let mut tokenless: BTreeSet<Subject> = of(false).collect();
    for subject in of(true) {
        tokenless.remove(&subject);
    }
    tokenless
}

/// True if a binding names a role of the cluster's own whose rules are not known here.
#[must_use]
pub fn is_unmodelled(binding: &Binding) -> bool {
    binding.names_cluster_role && built_in::is_unmodelled(&binding.role)
}
