//! Keys that are a slip away from a field without which an object looks like a patch, or like nothing at all: `Spec`,
//! `Containers`, `metdata`. They are read as what they are meant to be: whoever mends the word brings all that stands
//! behind it into the cluster.

use std::collections::BTreeSet;

use crate::syntax::Tree;

use super::{Oddity, What, is_slip};

/// The fields that tell which object it is, and lead to what it does. None of them protects anything: of a protection
/// that is misspelt it is right to say that it is missing.
const BEARING: [&str; 12] = [
    "containers",
    "image",
    "initContainers",
    "jobTemplate",
    "metadata",
    "name",
    "namespace",
    "roleRef",
    "rules",
    "spec",
    "subjects",
    "template",
];

/// What was read as something else than it is written as, in the order of the file.
#[derive(Debug, Default)]
pub(in crate::kubernetes) struct Respellings(Vec<Oddity>);

impl Respellings {
    /// Gives keys the names that they are meant to have; false if there are none to give.
    pub(in crate::kubernetes) fn add(&mut self, tree: &mut Tree, odd: &[Oddity]) -> bool {
        let mut given = BTreeSet::new();
        let before = self.0.len();
        for odd in odd.iter().filter(|odd| odd.what == What::NoField) {
            let node = tree.node(odd.node);
            let (Some(key), Some(within)) = (node.key(), node.parent()) else {
                continue;
            };
            let meant = BEARING.iter().find(|name| {
                is_slip(key.key_text(), name)
                    && odd
                        .within
                        .field(name)
                        .is_some_and(|shape| shape.takes(node))
                    && within.get(name).is_none()
            });
            if let Some(name) = meant
                && given.insert((within.id(), *name))
            {
                let key = key.id();
                tree.respell(key, name);
                let what = What::Respelt(name);
                self.0.push(Oddity { what, ..*odd });
            }
        }
        let is_new = self.0.len() > before;
        if is_new {
            self.0.sort_by_key(|odd| odd.node);
        }
        is_new
    }

    /// Those that lie in an object.
    pub(in crate::kubernetes) fn within(&self, tree: &Tree, root: u32) -> Vec<Oddity> {
        let start = self.0.partition_point(|odd| odd.node < root);
        let root = tree.node(root);
        let own = self.0.get(start..).unwrap_or_default().iter();
        let own = own.take_while(|odd| tree.node(odd.node).is_within(root));
        own.copied().collect()
    }

    /// True if nothing was read as something else.
    pub(in crate::kubernetes) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
