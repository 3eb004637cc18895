//! `EncryptionConfiguration`: how the API server keeps what it stores.
//!
//! Source: `apiserver.config.k8s.io/v1` of Kubernetes 1.37. The first entry that covers a resource counts, and the
//! first provider of that entry writes; the others only read.

use crate::syntax::{Node, Span};

use super::field::{Field, anchor};
use super::object::Object;

/// How Secrets are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As they are sent: the provider `identity`, at this place, comes first.
    Plain(Span),
    /// As they are sent: no entry covers them.
    NotCovered,
    /// Encrypted.
    Encrypted,
}

/// The view of one configuration.
#[derive(Clone, Copy, Debug)]
pub struct Encryption<'a> {
    object: Object<'a>,
}

impl<'a> Encryption<'a> {
    /// The view, if the object is such a configuration.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        (object.kind().name == "EncryptionConfiguration").then_some(Self { object })
    }

    /// `resources`.
    #[must_use]
    pub fn resources(self) -> Field<'a> {
        self.object.field(&["resources"])
    }

    /// How Secrets are stored.
    #[must_use]
    pub fn of_secrets(self) -> Kept {
        let covers = |entry: &Node<'a>| {
            let mut names = Field::follow(*entry, &["resources"]).texts();
            names.any(|name| matches!(name, "secrets" | "*." | "*.*"))
        };
        let Some(entry) = self.resources().items().find(covers) else {
            return Kept::NotCovered;
        };
        let providers = Field::follow(entry, &["providers"]);
        let first = providers.items().next();
        match first.filter(|first| first.entry("identity").is_some()) {
            Some(identity) => Kept::Plain(anchor(identity)),
            None => Kept::Encrypted,
        }
    }
}
