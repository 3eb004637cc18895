//! Which roles the sums of roles are the sums of.
//!
//! A sum may select sums, and itself, so that sums that select each other in a circle have the same roles. Lists of roles
//! that are equal are one list, which all share that mean it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::kubernetes::roles::Requirement;

use super::circles::circles;
use super::role::Role;

/// Numbers of roles, in order, each once.
pub(super) type Leaves = Arc<Vec<usize>>;

/// What a sum asks of the labels of roles.
type Selectors = [Vec<Requirement>];

/// The sums among some roles.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By the number of a sum, the roles with rules of their own that it leads to.
    leaves: HashMap<usize, Leaves>,
    known: HashSet<Leaves>,
}

impl Sums {
    /// Those among all roles of a cluster.
    #[must_use]
    pub(super) fn of(roles: &[Arc<Role>]) -> Self {
        let mut chosen = Chosen::new(roles);
        let numbered = roles.iter().enumerate();
        let sums = numbered.filter_map(|(number, role)| Some((number, role.selectors.as_deref()?)));
        let sums: Vec<(usize, usize)> = sums
            .map(|(number, selectors)| (number, chosen.list(selectors)))
            .collect();
        let mut own = Self::default();
        let lists = own.leaves_of_lists(&chosen, &sums);
        own.leaves = sums
            .into_iter()
            .filter_map(|(number, list)| Some((number, lists.get(list)?.clone()?)))
            .collect();
        own
    }

    /// The roles that a sum leads to; none where the role is no sum.
    #[must_use]
    pub(super) fn leaves(&self, role: usize) -> Option<&Leaves> {
        self.leaves.get(&role)
    }

    /// The roles that have the rules of some roles: these themselves, or those that they are the sums of.
    pub(super) fn leaves_of(&mut self, roles: &[usize]) -> Leaves {
        if let [one] = roles
            && let Some(leaves) = self.leaves.get(one)
        {
            return Arc::clone(leaves);
        }
        let mut all: Vec<usize> = Vec::new();
        for role in roles {
            match self.leaves.get(role) {
                Some(leaves) => all.extend(leaves.iter()),
                None => all.push(*role),
            }
        }
        self.shared(all)
    }

    /// A list of roles, shared with all that are equal.
    fn shared(&mut self, mut list: Vec<usize>) -> Leaves {
        list.sort_unstable();
        list.dedup();
        if let Some(known) = self.known.get(&list) {
            return Arc::clone(known);
        }
        let list = Arc::new(list);
        self.known.insert(Arc::clone(&list));
        list
    }

    /// By the number of a list that is chosen, the roles with rules that it leads to.
    fn leaves_of_lists(
        &mut self,
        chosen: &Chosen<'_>,
        sums: &[(usize, usize)],
    ) -> Vec<Option<Leaves>> {
        let list_of: HashMap<usize, usize> = sums.iter().copied().collect();
        // By list, the lists of the sums that it holds.
        let further: Vec<Vec<usize>> = chosen
            .lists
            .iter()
            .map(|list| {
                let lists = list.iter().filter_map(|role| list_of.get(role));
                let lists: BTreeSet<usize> = lists.copied().collect();
                lists.into_iter().collect()
            })
            .collect();
        let next = |list: usize, gone: usize| further.get(list)?.get(gone).copied();
        let mut found: Vec<Option<Leaves>> = vec![None; further.len()];
        for circle in circles(further.len(), next) {
            let lists = circle.iter().filter_map(|list| chosen.lists.get(*list));
            let own = lists.flat_map(|list| list.iter().copied());
            let own: Vec<usize> = own.filter(|role| !list_of.contains_key(role)).collect();
            let more = circle.iter().filter_map(|list| further.get(*list));
            let more = more.flatten().filter_map(|list| found.get(*list)?.as_ref());
            let lists = distinct(more);
            let leaves = match lists.as_slice() {
                [one] if own.is_empty() => Arc::clone(one),
                _ => {
                    let more = lists.iter().flat_map(|list| list.iter().copied());
                    let all = own.into_iter().chain(more).collect();
                    self.shared(all)
                }
            };
            for list in circle {
                if let Some(slot) = found.get_mut(list) {
                    *slot = Some(Arc::clone(&leaves));
                }
            }
        }
        found
    }
}

/// Each list once.
pub(super) fn distinct<'l>(lists: impl Iterator<Item = &'l Leaves>) -> Vec<&'l Leaves> {
    let mut found: Vec<&Leaves> = Vec::new();
    for list in lists {
        if !found.iter().any(|known| Arc::ptr_eq(known, list)) {
            found.push(list);
        }
    }
    found
}

/// Which roles selectors choose: lists of them by number, each once.
struct Chosen<'r> {
    roles: &'r [Arc<Role>],
    /// Roles by the keys of their labels.
    labelled: HashMap<&'r str, Vec<usize>>,
    /// Roles by the keys and the values of their labels.
    valued: HashMap<(&'r str, &'r str), Vec<usize>>,
    /// `ClusterRoles` by their names.
    named: HashMap<&'r str, Vec<usize>>,
    lists: Vec<Leaves>,
    numbers: HashMap<Leaves, usize>,
    by_selectors: HashMap<&'r Selectors, usize>,
}

impl<'r> Chosen<'r> {
    fn new(roles: &'r [Arc<Role>]) -> Self {
        let mut chosen = Self {
            roles,
            labelled: HashMap::new(),
            valued: HashMap::new(),
            named: HashMap::new(),
            lists: Vec::new(),
            numbers: HashMap::new(),
            by_selectors: HashMap::new(),
        };
        if roles.iter().all(|role| role.selectors.is_none()) {
            return chosen;
        }
        let of_cluster = roles.iter().enumerate().filter(|it| it.1.is_of_cluster);
        for (number, role) in of_cluster {
            chosen.named.entry(&role.name).or_default().push(number);
            for (key, value, _) in &role.labels {
                chosen.labelled.entry(key).or_default().push(number);
                let of_value = chosen.valued.entry((key, value)).or_default();
                of_value.push(number);
            }
        }
        chosen
    }

    /// The number of the list that selectors choose.
    fn list(&mut self, selectors: &'r Selectors) -> usize {
        if let Some(known) = self.by_selectors.get(selectors) {
            return *known;
        }
        let list = Arc::new(self.choose(selectors));
        let next = self.lists.len();
        let number = *self.numbers.entry(Arc::clone(&list)).or_insert(next);
        if number == next {
            self.lists.push(list);
        }
        self.by_selectors.insert(selectors, number);
        number
    }

    fn choose(&self, selectors: &Selectors) -> Vec<usize> {
        let mut chosen: BTreeSet<usize> = BTreeSet::new();
        for requirements in selectors {
            let candidates = self.candidates(requirements).into_iter();
            chosen.extend(candidates.filter(|number| {
                let role = self.roles.get(*number);
                role.is_some_and(|role| role.is_selected(std::slice::from_ref(requirements)))
            }));
        }
        // A patch that sets the label has the object join that it patches.
        let patches = chosen.iter().filter_map(|number| self.roles.get(*number));
        let names: BTreeSet<&str> = patches
            .filter(|role| role.is_patch)
            .map(|role| &*role.name)
            .collect();
        let joined = names.iter().filter_map(|name| self.named.get(name));
        chosen.extend(joined.flatten());
        chosen.into_iter().collect()
    }

    /// The roles that may meet some requirements: those that meet the one that the fewest do, as far as that is known.
    fn candidates(&self, requirements: &[Requirement]) -> Vec<usize> {
        let some = |numbers: Option<&Vec<usize>>| numbers.cloned().unwrap_or_default();
        let known = requirements
            .iter()
            .filter_map(|requirement| match requirement {
                Requirement::In(key, values) => {
                    let all = values.iter();
                    let all = all.flat_map(|value| some(self.valued.get(&(key, value))));
                    Some(all.collect())
                }
                Requirement::Exists(key) => Some(some(self.labelled.get(key.as_str()))),
                _ => None,
            });
        let fewest = known.min_by_key(Vec::len);
        fewest.unwrap_or_else(|| (0..self.roles.len()).collect())
    }
}
