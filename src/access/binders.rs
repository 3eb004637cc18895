//! Which bindings give each role.
//!
//! A sum gives all its roles by the same bindings. So roles are told apart by which lists of roles they are in, and those
//! that are in the same ones share what is known of their bindings.

use std::collections::HashMap;
use std::sync::Arc;

use super::meant::Meant;

/// By role, the bindings that give it.
#[derive(Debug, Default)]
pub struct Binders {
    /// By the number of a role, that of its bindings.
    of_role: Vec<usize>,
    /// The numbers of bindings, in order, each once.
    all: Vec<Arc<[usize]>>,
}

impl Binders {
    /// Finds them out from what each binding means.
    #[must_use]
    pub(super) fn of(roles: usize, meant: &[Meant]) -> Self {
        // By list of roles, the bindings that mean it.
        let mut lists: Vec<Vec<usize>> = Vec::new();
        let mut numbers: HashMap<*const Vec<usize>, usize> = HashMap::new();
        let mut lists_of: Vec<Vec<usize>> = vec![Vec::new(); roles];
        for (binding, meant) in meant.iter().enumerate() {
            let number = *numbers
                .entry(Arc::as_ptr(&meant.leaves))
                .or_insert(lists.len());
            if number == lists.len() {
                lists.push(Vec::new());
                for role in meant.leaves.iter() {
                    if let Some(own) = lists_of.get_mut(*role) {
                        own.push(number);
                    }
                }
            }
            if let Some(own) = lists.get_mut(number) {
                own.push(binding);
            }
        }
        let mut binders = Self::default();
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        for own in lists_of {
            let next = binders.all.len();
            let number = *known.entry(own).or_insert_with_key(|own| {
                let lists = own.iter().filter_map(|list| lists.get(*list));
                let mut bindings: Vec<usize> = lists.flatten().copied().collect();
                bindings.sort_unstable();
                binders.all.push(bindings.into());
                next
            });
            binders.of_role.push(number);
        }
        binders
    }

    /// The number of the bindings of a role: the same for roles that the same bindings give.
    #[must_use]
    pub fn number(&self, role: usize) -> Option<usize> {
        self.of_role.get(role).copied()
    }

    /// The bindings that give a role.
    #[must_use]
    pub fn of_role(&self, role: usize) -> &[usize] {
        let own = self.number(role).and_then(|number| self.all.get(number));
        own.map(|bindings| &**bindings).unwrap_or_default()
    }
}
