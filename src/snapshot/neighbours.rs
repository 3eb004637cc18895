//! What stands beside the workloads of a revision and decides about them: the `ServiceAccount`s that they run as, the
//! bindings that give these rights, the `LimitRange`s that fill in resources, the Services that send them traffic.
//!
//! Nobody says which namespace an object lands in that names none. So such an object is taken for a neighbour of what
//! stands in its folder, or below it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::folders::folder;
use crate::kubernetes::accounts::{self, Bound, DEFAULT};
use crate::kubernetes::resources::Stated;
use crate::kubernetes::selector::service_selector;
use crate::kubernetes::{Object, Pod};

use super::Snapshot;
use super::near::{Near, above};

/// The most Services with one label in common that are told apart.
const MOST_SERVICES: usize = 64;

/// An account as its workloads see it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    /// What it says of its token.
    automount: Option<bool>,
    /// Its identities of clouds.
    clouds: Vec<Box<str>>,
}

/// A binding that gives an account rights.
#[derive(Clone, Debug)]
pub struct Binding {
    /// What it is called: `RoleBinding reader`.
    pub title: String,
    /// Where it names the account.
    pub location: Location,
}

/// A namespace, or for what names none the folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Scope {
    Namespace(Box<str>),
    Folder(Box<str>),
}

/// What stands beside the workloads.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// Accounts by name and written namespace, empty where none is written.
    accounts: HashMap<(Box<str>, Box<str>), Near<Account>>,
    /// The accounts of any namespace by name.
    named: HashMap<Box<str>, Near<Account>>,
    /// Names of accounts that some binding names.
    bound: HashSet<Box<str>>,
    /// Namespaces all of whose accounts some binding names.
    all_bound: HashSet<Box<str>>,
    /// The first binding of the default account of a namespace, or of what names none in a folder.
    default_bound: HashMap<Scope, Binding>,
    limits: HashMap<Scope, Stated>,
    /// The same for all of a folder, whatever namespace they name.
    limits_of_folder: HashMap<Box<str>, Stated>,
    /// Selectors of Services by one of their labels.
    services: HashMap<(Scope, Box<str>, Box<str>), Vec<Selector>>,
}

type Selector = BTreeMap<Box<str>, Box<str>>;

fn folder_of(object: Object<'_>) -> &str {
    folder(object.path())
}

fn scope_of(object: Object<'_>) -> Scope {
    match object.stated_namespace() {
        Some(namespace) => Scope::Namespace(namespace.into()),
        None => Scope::Folder(folder_of(object).into()),
    }
}

impl Neighbours {
    /// Gathers what stands beside the workloads of a revision.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut neighbours = Self::default();
        for object in snapshot.objects() {
            let kind = object.kind();
            match kind.name {
                "ServiceAccount" => neighbours.add_account(object),
                "RoleBinding" | "ClusterRoleBinding" => neighbours.add_binding(object),
                "LimitRange" => neighbours.add_limits(object),
                "Service" if !kind.bears_pods() => neighbours.add_service(object),
                _ => {}
            }
        }
        neighbours
    }

    fn add_account(&mut self, object: Object<'_>) {
        let name: Box<str> = (*object.resource().name).into();
        let namespace = object.stated_namespace().unwrap_or_default().into();
        let account = Account {
            automount: accounts::automount(object).as_bool(),
            clouds: accounts::cloud_identities(object)
                .map(|(identity, _)| identity.into())
                .collect(),
        };
        let (path, same) = (object.path(), Account::eq);
        let own = self.accounts.entry((name.clone(), namespace)).or_default();
        own.add(path, &account, same);
        self.named
            .entry(name)
            .or_default()
            .add(path, &account, same);
    }

    fn add_binding(&mut self, object: Object<'_>) {
        let own = object.stated_namespace();
        for (bound, span) in accounts::bound_accounts(object) {
            let (name, namespace) = match bound {
                Bound::Account(name, namespace) => (name, namespace),
                Bound::AllOf(namespace) => {
                    self.all_bound.insert(namespace.into());
                    continue;
                }
            };
            self.bound.insert(name.into());
            if name != DEFAULT {
                continue;
            }
            let binding = Binding {
                title: crate::kubernetes::field::shortened(&format!(
                    "{} {}",
                    object.resource().kind,
                    object.resource().name
                )),
                location: Location {
                    path: Arc::clone(object.path()),
                    span,
                },
            };
            let folder = Scope::Folder(folder_of(object).into());
            let scopes = [
                namespace.or(own).map(|name| Scope::Namespace(name.into())),
                Some(folder),
            ];
            for scope in scopes.into_iter().flatten() {
                let known = self.default_bound.entry(scope);
                known.or_insert_with(|| binding.clone());
            }
        }
    }

    fn add_limits(&mut self, object: Object<'_>) {
        let given = Stated::given_by(object);
        let own = self.limits.entry(scope_of(object)).or_default();
        *own = own.with(given);
        let folder = self.limits_of_folder.entry(folder_of(object).into());
        let folder = folder.or_default();
        *folder = folder.with(given);
    }

    fn add_service(&mut self, object: Object<'_>) {
        let selector: Selector = service_selector(object)
            .map(|(label, value)| (label.into(), value.into()))
            .collect();
        let Some((label, value)) = selector.first_key_value() else {
            return;
        };
        let key = (scope_of(object), label.clone(), value.clone());
        let services = self.services.entry(key).or_default();
        if services.len() < MOST_SERVICES && !services.contains(&selector) {
            services.push(selector);
        }
    }

    /// What the accounts of a name say that a workload may run as; empty where none is here.
    fn accounts_of(&self, workload: Object<'_>, account: &str) -> &[Account] {
        let of = |namespace: &str| {
            let copies = self.accounts.get(&(account.into(), namespace.into()));
            copies.map(|copies| copies.near(workload.path()))
        };
        let found = match workload.stated_namespace() {
            Some(namespace) => of(namespace).or_else(|| of("")),
            None => of("").or_else(|| Some(self.named.get(account)?.near(workload.path()))),
        };
        found.unwrap_or_default()
    }

    /// True if an account that a workload runs as stands in the revision.
    #[must_use]
    pub fn has_account(&self, workload: Object<'_>, account: &str) -> bool {
        !self.accounts_of(workload, account).is_empty()
    }

    /// True if a copy of the account keeps its token from being mounted where the pod does not say.
    #[must_use]
    pub fn account_keeps_token(&self, workload: Object<'_>, account: &str) -> bool {
        let mut copies = self.accounts_of(workload, account).iter();
        copies.any(|copy| copy.automount == Some(false))
    }

    /// The identities of clouds that the account gives a workload that runs as it, by any copy of it.
    pub fn cloud_identities(
        &self,
        workload: Object<'_>,
        account: &str,
    ) -> impl Iterator<Item = &str> {
        let copies = self.accounts_of(workload, account).iter();
        copies.flat_map(|copy| copy.clouds.iter().map(|identity| &**identity))
    }

    /// True if some binding may give the account of a workload rights. An account with a name of its own is known by
    /// that, whatever namespace a binding says: overlays often change it.
    #[must_use]
    pub fn has_rights(&self, workload: Object<'_>, account: &str) -> bool {
        let all = workload
            .stated_namespace()
            .is_some_and(|name| self.all_bound.contains(name));
        all || if account == DEFAULT {
            self.default_binding(workload).is_some()
        } else {
            self.bound.contains(account)
        }
    }

    /// A binding that gives the default account rights in the namespace of a workload.
    #[must_use]
    pub fn default_binding(&self, workload: Object<'_>) -> Option<&Binding> {
        self.default_bound.get(&scope_of(workload))
    }

    /// What `LimitRange`s give the containers of a workload that set nothing.
    #[must_use]
    pub fn limits(&self, workload: Object<'_>) -> Stated {
        let namespace = workload.stated_namespace();
        let mut given = Stated::default();
        if let Some(namespace) = namespace {
            let own = self.limits.get(&Scope::Namespace(namespace.into()));
            given = given.with(own.copied().unwrap_or_default());
        }
        if self.limits_of_folder.is_empty() {
            return given;
        }
        let mut at = &**workload.path();
        while let Some(folder) = above(at) {
            let here = if namespace.is_some() {
                self.limits.get(&Scope::Folder(folder.into()))
            } else {
                self.limits_of_folder.get(folder)
            };
            given = given.with(here.copied().unwrap_or_default());
            at = folder;
        }
        given
    }

    /// True if a Service sends traffic to the pods of a workload.
    #[must_use]
    pub fn is_served(&self, workload: Object<'_>, pod: Pod<'_>) -> bool {
        if self.services.is_empty() {
            return false;
        }
        let labels: Selector = pod
            .labels()
            .map(|(label, value)| (label.into(), value.into()))
            .collect();
        let scope = scope_of(workload);
        labels.iter().any(|(label, value)| {
            let key = (scope.clone(), label.clone(), value.clone());
            let selectors = self.services.get(&key).into_iter().flatten();
            selectors.into_iter().any(|selector| {
                selector
                    .iter()
                    .all(|(label, value)| labels.get(label) == Some(value))
            })
        })
    }
}
