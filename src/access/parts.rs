//! What the files of a revision hold of roles, bindings, accounts and of the pods that run as these.

use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::accounts::CLOUD_IDENTITIES;
use crate::kubernetes::annotations::annotation;
use crate::kubernetes::pod_security::Level;
use crate::kubernetes::together::Filed;
use crate::kubernetes::{Namespace, Object, bindings, roles};

use super::role::{Binding, Role, landing, place};
use super::subject::Subject;
use super::symbols::Symbols;

/// A `ServiceAccount` object.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who it is.
    pub subject: Subject,
    /// Where its name stands.
    pub at: Location,
    /// The annotation that gives it an identity of a cloud: the identity, and where it stands.
    pub cloud: Option<(String, Location)>,
}

/// What makes pods that run as an account.
#[derive(Clone, Debug)]
pub struct Runner {
    /// What it is called: `Deployment shop/cart`.
    pub title: String,
    /// The account that its pods run as.
    pub account: Subject,
    /// Where it names the account, or where its name stands if it names none.
    pub at: Location,
}

/// A Namespace object, as far as it decides about pods.
#[derive(Clone, Debug)]
pub struct Enforced {
    /// Its name.
    pub name: Arc<str>,
    /// The level that it enforces; none where it says none.
    pub level: Option<Level>,
    /// Where it says so.
    pub at: Location,
}

/// What one file holds.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file.
    pub path: Arc<str>,
    /// Its roles.
    pub roles: Vec<Arc<Role>>,
    /// Its bindings.
    pub bindings: Vec<Arc<Binding>>,
    /// Its accounts.
    pub accounts: Vec<Arc<Account>>,
    /// What of it makes pods.
    pub runners: Vec<Arc<Runner>>,
    /// Its Namespaces.
    pub namespaces: Vec<Arc<Enforced>>,
}

/// What makes two objects the same one: whether it is of the cluster, whether it is a binding, namespace and name.
pub type Identity = (bool, bool, Arc<str>, Arc<str>);

impl Part {
    fn new(path: &Arc<str>) -> Self {
        Self {
            path: Arc::clone(path),
            roles: Vec::new(),
            bindings: Vec::new(),
            accounts: Vec::new(),
            runners: Vec::new(),
            namespaces: Vec::new(),
        }
    }
}

impl Filed for Part {
    type Identity = Identity;

    fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The roles and bindings that it holds whole, by what makes them the same ones as others.
    fn identities(&self) -> Vec<Identity> {
        let roles = self.roles.iter().filter(|role| !role.is_patch).map(|role| {
            let (namespace, name) = (Arc::clone(&role.namespace), Arc::clone(&role.name));
            (role.is_of_cluster, false, namespace, name)
        });
        let bindings = self.bindings.iter().filter(|binding| !binding.is_patch);
        let bindings = bindings.map(|binding| {
            let namespace = binding.scope.namespace().cloned();
            let namespace = namespace.unwrap_or_else(|| "".into());
            (
                binding.is_of_cluster,
                true,
                namespace,
                Arc::clone(&binding.name),
            )
        });
        roles.chain(bindings).collect()
    }
}

/// True if there is a role or a binding among some objects.
pub fn are_about_rights<'a>(mut objects: impl Iterator<Item = Object<'a>>) -> bool {
    objects.any(|object| {
        matches!(
            object.kind().name,
            "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding"
        )
    })
}

/// Reads the objects of a revision, which come file by file.
#[must_use]
pub fn read<'a>(objects: impl Iterator<Item = Object<'a>>, symbols: &mut Symbols) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for object in objects {
        let is_new = parts.last().is_none_or(|part| part.path != *object.path());
        if is_new {
            parts.push(Part::new(object.path()));
        }
        if let Some(part) = parts.last_mut() {
            add(part, object, symbols);
        }
    }
    parts.retain(|part| {
        !(part.roles.is_empty()
            && part.bindings.is_empty()
            && part.accounts.is_empty()
            && part.runners.is_empty()
            && part.namespaces.is_empty())
    });
    parts
}

fn add(part: &mut Part, object: Object<'_>, symbols: &mut Symbols) {
    if let Some(role) = roles::Role::of(object) {
        part.roles.push(Arc::new(Role::read(role, symbols)));
    } else if let Some(binding) = bindings::Binding::of(object) {
        part.bindings
            .push(Arc::new(Binding::read(binding, symbols)));
    } else if let Some(namespace) = Namespace::of(object) {
        let labels = namespace.enforce();
        part.namespaces.push(Arc::new(Enforced {
            name: namespace.name().into(),
            level: labels.level(),
            at: place(object, labels.level_field.span()),
        }));
    } else if object.kind().name == "ServiceAccount" {
        let name = &*object.resource().name;
        let mut clouds = CLOUD_IDENTITIES.iter();
        let cloud = clouds.find_map(|key| {
            let field = annotation(object, key)?;
            let identity = field.node()?.key_text();
            let at = place(object, field.span());
            (!identity.is_empty()).then(|| (identity.to_owned(), at))
        });
        symbols.intern(landing(object));
        symbols.intern(name);
        part.accounts.push(Arc::new(Account {
            subject: Subject::account(landing(object), name),
            at: place(object, object.name_span()),
            cloud,
        }));
    } else if object.kind().bears_pods() {
        let resource = object.resource();
        for pod in object.pods() {
            let Some(account) = pod.account() else {
                continue;
            };
            let field = pod.account_field();
            let span = if field.is_set() {
                field.span()
            } else {
                object.name_span()
            };
            symbols.intern(landing(object));
            symbols.intern(account);
            part.runners.push(Arc::new(Runner {
                title: format!("{} {}/{}", resource.kind, landing(object), resource.name),
                account: Subject::account(landing(object), account),
                at: place(object, span),
            }));
        }
    }
}
