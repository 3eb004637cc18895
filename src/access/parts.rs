//! What the files of a revision hold of roles, bindings, accounts and of the pods that run as these.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::accounts::{automount, cloud_identities};
use crate::kubernetes::annotations::annotation;
use crate::kubernetes::pod_security::Level;
use crate::kubernetes::together::{Filed, part_of};
use crate::kubernetes::{Namespace, Object, Variant, bindings, roles};

use super::exposed::{Route, Served};
use super::role::{Binding, Role, landing, place};
use super::subject::Subject;
use super::symbols::Symbols;

/// A `ServiceAccount` object.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who it is.
    pub subject: Subject,
    /// True if something says in which namespace it lies.
    pub is_placed: bool,
    /// Where its name stands.
    pub at: Location,
    /// The annotation that gives it an identity of a cloud: the identity, and where it stands.
    pub cloud: Option<(String, Location)>,
    /// `automountServiceAccountToken`, where it is set.
    pub automount: Option<bool>,
    /// Where that is set, or where its name stands.
    pub automount_at: Location,
}

/// What the pods of something are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// It is a pod itself, of its own name.
    Exactly,
    /// By its name with a number behind it, as those of a `StatefulSet`.
    Numbered,
    /// By its name with something behind it that nobody knows beforehand.
    Generated,
}

/// What makes pods that run as an account.
#[derive(Clone, Debug)]
pub struct Runner {
    /// What it is called: `Deployment shop/cart`.
    pub title: String,
    /// Its name.
    pub name: Arc<str>,
    /// What its pods are called.
    pub called: Called,
    /// `automountServiceAccountToken` of its pods, where it is set.
    pub automount: Option<bool>,
    /// True if its pods mount a token by hand, whatever that says.
    pub mounts_token: bool,
    /// The namespace that it lands in.
    pub namespace: Arc<str>,
    /// True if something says so.
    pub is_placed: bool,
    /// The account that its pods run as.
    pub account: Subject,
    /// Where it names the account, or where its name stands if it names none.
    pub at: Location,
    /// The labels of its pods.
    pub labels: Vec<(String, String)>,
    /// True if its pods run on every node.
    pub is_on_every_node: bool,
    /// The file of the variant that builds it; none for what no kustomization takes in.
    pub variant: Option<Arc<str>>,
}

impl Runner {
    /// True if its pods run as an account, as far as is known: where nothing says in which namespace they do, it is known
    /// by its name.
    #[must_use]
    pub fn runs_as(&self, account: &Subject) -> bool {
        self.account == *account
            || !self.is_placed && self.account.account_name() == account.account_name()
    }

    /// True if one of its pods can have a name.
    #[must_use]
    pub fn may_be_called(&self, pod: &str) -> bool {
        let rest = pod.strip_prefix(&*self.name);
        match (self.called, rest) {
            (_, None) => false,
            (Called::Exactly, Some(rest)) => rest.is_empty(),
            (Called::Numbered, Some(rest)) => rest.strip_prefix('-').is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            }),
            (Called::Generated, Some(rest)) => rest.len() > 1 && rest.starts_with('-'),
        }
    }
}

/// A Secret that holds a token of an account: whoever reads it is the account.
#[derive(Clone, Debug)]
pub struct TokenSecret {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Whose token it holds.
    pub account: Subject,
    /// Where it names the account.
    pub at: Location,
}

/// What a Secret says that a token is put into, and whose, by the documentation of `ServiceAccounts` (1.37).
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";
const TOKEN_OF: &str = "kubernetes.io/service-account.name";

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
    /// The variant that builds it so; none for a file that no kustomization takes in.
    pub variant: Option<Arc<Variant>>,
    /// Its roles.
    pub roles: Vec<Arc<Role>>,
    /// Its bindings.
    pub bindings: Vec<Arc<Binding>>,
    /// Its accounts.
    pub accounts: Vec<Arc<Account>>,
    /// What of it makes pods.
    pub runners: Vec<Arc<Runner>>,
    /// Its Secrets with tokens of accounts.
    pub tokens: Vec<Arc<TokenSecret>>,
    /// Its Services.
    pub served: Vec<Arc<Served>>,
    /// What sends requests from outside on to Services.
    pub routes: Vec<Arc<Route>>,
    /// Its Namespaces.
    pub namespaces: Vec<Arc<Enforced>>,
}

/// What makes two objects the same one: whether it is of the cluster, whether it is a binding, namespace and name.
pub type Identity = (bool, bool, Arc<str>, Arc<str>);

impl Part {
    fn new(object: Object<'_>) -> Self {
        Self {
            path: Arc::clone(object.path()),
            variant: object.variant().cloned(),
            roles: Vec::new(),
            bindings: Vec::new(),
            accounts: Vec::new(),
            runners: Vec::new(),
            tokens: Vec::new(),
            served: Vec::new(),
            routes: Vec::new(),
            namespaces: Vec::new(),
        }
    }

    /// True if it holds anything that decides about rights.
    pub(super) fn is_told(&self) -> bool {
        !(self.roles.is_empty()
            && self.bindings.is_empty()
            && self.accounts.is_empty()
            && self.runners.is_empty()
            && self.tokens.is_empty()
            && self.namespaces.is_empty())
    }
}

impl Filed for Part {
    type Identity = Identity;

    fn path(&self) -> &Arc<str> {
        &self.path
    }

    fn variant(&self) -> Option<&Arc<Variant>> {
        self.variant.as_ref()
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

    /// Its accounts and what runs as accounts: neither role nor binding has such a name.
    fn twins(&self) -> Vec<Identity> {
        let accounts = self.accounts.iter().map(|it| it.subject.to_string());
        let runners = self.runners.iter().map(|it| it.title.clone());
        let names = accounts.chain(runners);
        names
            .map(|name| (false, false, "".into(), name.into()))
            .collect()
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
    let objects: Vec<Object<'a>> = objects.collect();
    let moved = Moved::of(&objects);
    let mut parts: Vec<Part> = Vec::new();
    for object in objects {
        if let Some(part) = part_of(&mut parts, object, || Part::new(object)) {
            add(part, object, &moved, symbols);
        }
    }
    parts.retain(|part| {
        let leads_there = !part.served.is_empty() || !part.routes.is_empty();
        part.is_told() || leads_there
    });
    parts
}

/// Where variants build the accounts that they take in: by the variant's file, and by the namespace and the name that are
/// written.
struct Moved<'a>(HashMap<(&'a str, &'a str, &'a str), &'a str>);

impl<'a> Moved<'a> {
    fn of(objects: &[Object<'a>]) -> Self {
        let accounts = objects
            .iter()
            .filter(|object| object.kind().name == "ServiceAccount");
        let moved = accounts.filter_map(|account| {
            let resource = account.resource();
            let namespace = resource.namespace.as_deref().unwrap_or("default");
            let key = (&*account.variant()?.at, namespace, &*resource.name);
            Some((key, landing(*account)))
        });
        Self(moved.collect())
    }

    /// The namespace in which the account lies that something of a variant names.
    fn namespace(&self, object: Object<'_>, namespace: &str, name: &str) -> Option<&'a str> {
        let variant = object.variant()?;
        self.0.get(&(&*variant.at, namespace, name)).copied()
    }
}

fn add(part: &mut Part, object: Object<'_>, moved: &Moved<'_>, symbols: &mut Symbols) {
    if let Some(role) = roles::Role::of(object) {
        part.roles.push(Arc::new(Role::read(role, symbols)));
    } else if let Some(binding) = bindings::Binding::of(object) {
        if !binding.is_refused() {
            let moved = |namespace: &str, name: &str| moved.namespace(object, namespace, name);
            let binding = Binding::read(binding, moved, symbols);
            part.bindings.push(Arc::new(binding));
        }
    } else if let Some(namespace) = Namespace::of(object) {
        let labels = namespace.enforce();
        part.namespaces.push(Arc::new(Enforced {
            name: namespace.name().into(),
            level: labels.level(),
            at: place(object, labels.level_field.span()),
        }));
    } else if object.kind().name == "ServiceAccount" {
        let name = &*object.resource().name;
        let cloud = cloud_identities(object).next();
        let cloud = cloud.map(|(identity, at)| (identity.to_owned(), place(object, at.span())));
        symbols.intern(landing(object));
        symbols.intern(name);
        part.accounts.push(Arc::new(Account {
            subject: Subject::account(landing(object), name),
            is_placed: object.stated_namespace().is_some(),
            at: place(object, object.name_span()),
            cloud,
            automount: automount(object).as_bool(),
            automount_at: place(
                object,
                if automount(object).is_set() {
                    automount(object).span()
                } else {
                    object.name_span()
                },
            ),
        }));
    } else if object.kind().name == "Secret" {
        part.tokens.extend(token(object).map(Arc::new));
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
                name: (&*resource.name).into(),
                called: match object.kind() {
                    kind if kind.is_pod() => Called::Exactly,
                    kind if kind.name == "StatefulSet" => Called::Numbered,
                    _ => Called::Generated,
                },
                automount: pod.automount().as_bool(),
                mounts_token: pod.mounts_token(),
                namespace: landing(object).into(),
                is_placed: object.stated_namespace().is_some(),
                account: Subject::account(landing(object), account),
                at: place(object, span),
                labels: pod
                    .labels()
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect(),
                is_on_every_node: object.kind().name == "DaemonSet",
                variant: object.variant().map(|variant| Arc::clone(&variant.at)),
            }));
        }
    } else {
        part.served.extend(Served::of(object).map(Arc::new));
        part.routes
            .extend(Route::all_of(object).into_iter().map(Arc::new));
    }
}

/// The token that a Secret is made for; none where it is made for something else.
fn token(object: Object<'_>) -> Option<TokenSecret> {
    if object.field(&["type"]).as_str() != Some(TOKEN_TYPE) {
        return None;
    }
    let account = annotation(object, TOKEN_OF)?;
    let name = account.node()?.key_text();
    Some(TokenSecret {
        namespace: landing(object).into(),
        name: (&*object.resource().name).into(),
        account: Subject::account(landing(object), name),
        at: place(object, account.span()),
    })
}
