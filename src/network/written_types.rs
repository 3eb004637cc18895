//! What a `NetworkPolicy` says of the directions that it is about, as it is written.

use crate::kubernetes::{Field, Object};
use crate::syntax::Node;

use super::read::is_network_policy;

/// `policyTypes`, and what belongs to it.
#[derive(Clone, Debug)]
pub struct WrittenTypes<'a> {
    types: Vec<&'a str>,
    /// The rules for what comes in.
    pub ingress: Field<'a>,
    /// The rules for what goes out.
    pub egress: Field<'a>,
}

impl<'a> WrittenTypes<'a> {
    /// What the object says, if it is a `NetworkPolicy`.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let types = object.field(&["spec", "policyTypes"]).items();
        is_network_policy(object).then(|| Self {
            types: types.map(Node::key_text).collect(),
            ingress: object.field(&["spec", "ingress"]),
            egress: object.field(&["spec", "egress"]),
        })
    }

    /// True if the default says what it is about. An empty list is the same as none.
    #[must_use]
    pub fn is_implicit(&self) -> bool {
        self.types.is_empty()
    }

    /// True if it names a direction.
    #[must_use]
    pub fn names(&self, direction: &str) -> bool {
        self.types.contains(&direction)
    }

    /// True if there is a rule for what comes in.
    #[must_use]
    pub fn has_ingress_rules(&self) -> bool {
        self.ingress.items().next().is_some()
    }

    /// True if there is a rule for what goes out.
    #[must_use]
    pub fn has_egress_rules(&self) -> bool {
        self.egress.items().next().is_some()
    }
}
