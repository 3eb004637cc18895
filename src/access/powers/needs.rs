//! What rights allow of what is looked for, remembered: many hold the same rights, and each of them is asked the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::access::rights::{Asked, Reach, Rights};
use crate::access::symbols::Symbol;

/// A right that is looked for: its resource, and verbs one of which will do, in order.
type Need = ((Symbol, Symbol), Vec<Symbol>);

/// What some rights allow together, as far as it was asked.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: RefCell<HashMap<Need, Option<(Reach, Asked)>>>,
}

impl Answers {
    /// What they allow of a right that is looked for.
    pub(super) fn of(
        &self,
        what: (Symbol, Symbol),
        verbs: &[Symbol],
        find: impl FnOnce() -> Option<(Reach, Asked)>,
    ) -> Option<(Reach, Asked)> {
        let need = (what, verbs.to_vec());
        if let Some(known) = self.known.borrow().get(&need) {
            return known.clone();
        }
        let found = find();
        self.known.borrow_mut().insert(need, found.clone());
        found
    }
}

/// What all rights of a cluster allow, as far as it was asked.
#[derive(Debug, Default)]
pub struct Needs<'c> {
    /// By the places of rights that are held together: these stay where they are.
    by_rights: HashMap<Vec<*const Rights>, Rc<Answers>>,
    /// The rights themselves are borrowed for as long.
    of: std::marker::PhantomData<&'c Rights>,
}

impl<'c> Needs<'c> {
    /// What some rights allow together.
    pub(super) fn of(&mut self, rights: &[&'c Rights]) -> Rc<Answers> {
        let key = rights.iter().map(|rights| std::ptr::from_ref(*rights));
        Rc::clone(self.by_rights.entry(key.collect()).or_default())
    }
}
