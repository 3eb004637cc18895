//! What an object that some variant builds was before the change: the same object of the same variant, wherever the lines
//! stand that say what it is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::kubernetes::{Object, Variant};

use super::pairs::{Identity, Pair};

/// The objects of the base as they were built, by what they are there.
pub struct BuiltBefore<'a> {
    pair: Pair<'a>,
    /// By the file of the variant and the identity; no variant for what no kustomization takes in.
    known: HashMap<(Option<&'a str>, Identity<'a>), Vec<Object<'a>>>,
    /// The variants by identity.
    variants: HashMap<Identity<'a>, Vec<Option<&'a str>>>,
    /// What the variants of the head build, by their names in the base.
    continued: BTreeSet<(Option<&'a str>, Identity<'a>)>,
}

impl<'a> BuiltBefore<'a> {
    /// Those objects of both sides that are wanted.
    #[must_use]
    pub fn of(pair: &Pair<'a>, is_wanted: impl Fn(Object<'a>) -> bool) -> Self {
        let mut before = Self {
            pair: *pair,
            known: HashMap::new(),
            variants: HashMap::new(),
            continued: BTreeSet::new(),
        };
        for object in pair.base.landed_objects().filter(|it| is_wanted(*it)) {
            let variant = object.variant().map(|variant| &*variant.at);
            let identity = object.resource().identity();
            let copies = before.known.entry((variant, identity)).or_default();
            if copies.is_empty() {
                before.variants.entry(identity).or_default().push(variant);
            }
            copies.push(object);
        }
        for object in pair.head.landed_objects().filter(|it| is_wanted(*it)) {
            let variant = before.variant_before(object.variant());
            let identity = object.resource().identity();
            before.continued.insert((variant, identity));
        }
        before
    }

    /// The name in the base of a variant of the head.
    fn variant_before(&self, variant: Option<&'a Arc<Variant>>) -> Option<&'a str> {
        Some(self.pair.variant_before(&variant?.at))
    }

    /// What an object of the head was: several where it was there more than once. Where its variant did not build it, it
    /// is what built it that does so no longer; none where all go on, so that this is one more.
    #[must_use]
    pub fn of_object(&self, object: Object<'a>) -> Vec<Object<'a>> {
        let identity = object.resource().identity();
        let before = self.pair.pairs.base_path(object.resource(), object.path());
        let nearest = |copies: &[Object<'a>]| {
            let own = copies.iter().filter(|copy| Some(copy.path()) == before);
            let own: Vec<Object<'a>> = own.copied().collect();
            if own.is_empty() { copies.to_vec() } else { own }
        };
        let variant = self.variant_before(object.variant());
        if let Some(copies) = self.known.get(&(variant, identity)) {
            return nearest(copies);
        }
        let others = self.variants.get(&identity).into_iter().flatten();
        let left = others.filter(|other| !self.continued.contains(&(**other, identity)));
        let copies = left.filter_map(|other| self.known.get(&(*other, identity)));
        nearest(&copies.flatten().copied().collect::<Vec<_>>())
    }
}
