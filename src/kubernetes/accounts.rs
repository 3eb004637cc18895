//! `ServiceAccount`s: whose token a pod gets, and who is given rights.

use crate::syntax::{Node, Span};

use super::annotations::annotation;
use super::container::Container;
use super::field::{Field, anchor};
use super::object::Object;
use super::pod::Pod;
use super::process::{Process, scalar};

/// The account of every pod that names none.
pub const DEFAULT: &str = "default";

/// Annotations by which injectors are asked for a container that uses the token of the pod.
const INJECTED: [&str; 3] = [
    "consul.hashicorp.com/connect-inject",
    "dapr.io/enabled",
    "vault.hashicorp.com/agent-inject",
];

/// Options of programs that watch the API server: controllers, operators, ingress controllers.
const OF_CONTROLLERS: [&str; 6] = [
    "--election-id",
    "--enable-leader-election",
    "--leader-elect",
    "--leader-election",
    "--publish-service",
    "--watch-namespace",
];

/// Annotations by which a `ServiceAccount` gets an identity of a cloud: of AWS (IRSA), of Google Cloud (Workload Identity)
/// and of Azure (Workload Identity), as their documentation names them.
pub const CLOUD_IDENTITIES: [&str; 3] = [
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/client-id",
];

/// The identities of clouds that a `ServiceAccount` gives its pods, with where they stand.
pub fn cloud_identities(account: Object<'_>) -> impl Iterator<Item = (&str, Field<'_>)> {
    CLOUD_IDENTITIES.iter().filter_map(move |key| {
        let field = annotation(account, key)?;
        let identity = field.node()?.key_text();
        (!identity.is_empty()).then_some((identity, field))
    })
}

/// `automountServiceAccountToken` of a `ServiceAccount`.
#[must_use]
pub fn automount(account: Object<'_>) -> Field<'_> {
    account.field(&["automountServiceAccountToken"])
}

impl<'a> Pod<'a> {
    /// The field that names the account: `serviceAccountName`, or the older `serviceAccount` where only that is set.
    #[must_use]
    pub fn account_field(self) -> Field<'a> {
        let name = self.field(&["serviceAccountName"]);
        let older = self.field(&["serviceAccount"]);
        if !name.is_set() && older.is_set() {
            older
        } else {
            name
        }
    }

    /// The name of the account; none where it is no text.
    #[must_use]
    pub fn account(self) -> Option<&'a str> {
        let field = self.account_field();
        match field.node() {
            None => Some(DEFAULT),
            Some(name) => name.as_str().map(|name| match name {
                "" => DEFAULT,
                name => name,
            }),
        }
    }

    /// `automountServiceAccountToken`.
    #[must_use]
    pub fn automount(self) -> Field<'a> {
        self.field(&["automountServiceAccountToken"])
    }

    /// True if the pod mounts a token by hand, which it has whatever `automountServiceAccountToken` says.
    #[must_use]
    pub fn mounts_token(self) -> bool {
        let by_hand = |source: Node<'a>| source.present("serviceAccountToken").is_some();
        self.volumes()
            .filter_map(|volume| volume.node().present("projected"))
            .flat_map(|projected| Field::follow(projected, &["sources"]).items())
            .any(by_hand)
    }

    /// True if the pod visibly wants a token: it mounts one by hand, has a container injected that uses its own, or
    /// starts a program with an option of controllers, or `kubectl`.
    #[must_use]
    pub fn wants_token(self) -> bool {
        let asks = |value: Node<'a>| value.as_bool() == Some(true) || value.key_text() == "true";
        let speaks = |container: Container<'a>| {
            Process::of(container).words().map(scalar).any(|word| {
                let (option, _) = word.split_once('=').unwrap_or((word, ""));
                let program = word.split_whitespace().next().unwrap_or_default();
                OF_CONTROLLERS.contains(&option) || program.rsplit('/').next() == Some("kubectl")
            })
        };
        self.mounts_token()
            || self.containers().any(speaks)
            || self
                .annotations()
                .any(|(name, value)| INJECTED.contains(&name) && asks(value))
    }
}

/// Whom a binding gives rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<'a> {
    /// One account, and its namespace where it is written.
    Account(&'a str, Option<&'a str>),
    /// All accounts of a namespace.
    AllOf(&'a str),
}

/// The accounts among the subjects of a binding, with where each stands.
pub fn bound_accounts(binding: Object<'_>) -> impl Iterator<Item = (Bound<'_>, Span)> {
    let subjects = binding.field(&["subjects"]).items();
    subjects.filter_map(|subject| {
        let text = |key: &str| subject.present(key).and_then(Node::as_str);
        let name = text("name")?;
        let bound = match text("kind")? {
            "ServiceAccount" => Bound::Account(name, text("namespace")),
            "User" => {
                let (namespace, name) = name
                    .strip_prefix("system:serviceaccount:")?
                    .split_once(':')?;
                Bound::Account(name, Some(namespace))
            }
            "Group" => Bound::AllOf(name.strip_prefix("system:serviceaccounts:")?),
            _ => return None,
        };
        Some((bound, anchor(subject)))
    })
}
