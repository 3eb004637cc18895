//! What is allowed on the objects of one resource: verbs on all of them, and verbs on those of some names.
//!
//! Names that the same verbs are on are one list, which sets of rights share: a role that names a thousand objects is
//! one list wherever it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::symbols::Symbol;
use super::verbs::Verbs;

/// Names of objects, in order, each once.
pub type Names = Arc<[Symbol]>;

/// Verbs on the objects of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Patterns {
    /// On all of them, and in requests that carry no name.
    all: Verbs,
    /// By verbs, in order, the names of the objects that these are on. A name is in one list alone.
    named: Box<[(Verbs, Names)]>,
}

impl Patterns {
    /// What some verbs come to together, each on all objects or on those of some names.
    pub(super) fn of(parts: impl IntoIterator<Item = (Option<Names>, Verbs)>) -> Self {
        let mut all = Verbs::default();
        let mut lists: Vec<(Verbs, Names)> = Vec::new();
        for (names, verbs) in parts {
            match names {
                None => all.add_all(&verbs),
                Some(names) => lists.push((verbs, names)),
            }
        }
        lists.retain(|(verbs, names)| !verbs.is_empty() && !names.is_empty());
        Self {
            all,
            named: disjoint(lists),
        }
    }

    /// What several of them come to together.
    pub(super) fn union(all: &[&Self]) -> Self {
        if let [one] = all {
            return (*one).clone();
        }
        Self::of(all.iter().flat_map(|own| {
            let named = own.named.iter();
            let named = named.map(|(verbs, names)| (Some(Arc::clone(names)), verbs.clone()));
            named.chain([(None, own.all.clone())])
        }))
    }

    /// The verbs on all objects.
    #[must_use]
    pub fn all(&self) -> &Verbs {
        &self.all
    }

    /// By verbs, the names of the objects that these are on.
    #[must_use]
    pub fn named(&self) -> &[(Verbs, Names)] {
        &self.named
    }

    /// True if nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.named.is_empty()
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let names = self.named.iter().map(|(_, names)| names.len());
        usize::from(!self.all.is_empty()) + names.sum::<usize>()
    }

    /// The verbs on the object of a name beside those on all.
    #[must_use]
    pub fn of_name(&self, name: Symbol) -> Option<&Verbs> {
        let mut named = self.named.iter();
        let own = named.find(|(_, names)| names.binary_search(&name).is_ok());
        own.map(|(verbs, _)| verbs)
    }

    /// What is left of them without what is allowed on all objects, which is `for_all` for what they say of all objects
    /// themselves and `for_named` for what they say of some, and without what others allow on objects by their names.
    pub(super) fn beyond(&self, for_all: &Verbs, for_named: &Verbs, others: &[&Self]) -> Self {
        let others: Vec<&Self> = others
            .iter()
            .copied()
            .filter(|other| !other.named.is_empty())
            .collect();
        let mut left: Vec<(Verbs, Names)> = Vec::new();
        for (verbs, names) in &self.named {
            let verbs = verbs.beyond(for_named);
            if !verbs.is_empty() {
                beyond_named(verbs, names, &others, &mut left);
            }
        }
        Self {
            all: self.all.beyond(for_all),
            named: grouped(left),
        }
    }

    /// The same where every verb makes the others needless.
    pub(super) fn settled(self) -> Self {
        let named = self.named.into_iter();
        Self {
            all: self.all.settled(),
            named: grouped(
                named
                    .map(|(verbs, names)| (verbs.settled(), names))
                    .collect(),
            ),
        }
    }

    /// The same with other verbs.
    pub(super) fn with_verbs(&self, change: impl Fn(&Verbs) -> Verbs) -> Self {
        let named = self.named.iter();
        let mut named: Vec<(Verbs, Names)> = named
            .map(|(verbs, names)| (change(verbs), Arc::clone(names)))
            .collect();
        named.retain(|(verbs, _)| !verbs.is_empty());
        Self {
            all: change(&self.all),
            named: grouped(named),
        }
    }

    /// The same on one object alone, beside what is said of all.
    pub(super) fn on_one(&self, name: Symbol) -> Self {
        let own = self.of_name(name).cloned();
        let named = own.map(|verbs| (verbs, Names::from([name])));
        Self {
            all: self.all.clone(),
            named: named.into_iter().collect(),
        }
    }
}

/// Names with verbs, without what others allow on the objects of these names.
fn beyond_named(verbs: Verbs, names: &Names, others: &[&Patterns], left: &mut Vec<(Verbs, Names)>) {
    let mut verbs = verbs;
    let mut by_name: Vec<&Patterns> = Vec::new();
    for other in others {
        // The same list elsewhere is held against as a whole.
        let same = other.named.iter().find(|(_, own)| own == names);
        match same {
            Some((known, _)) => verbs = verbs.beyond(known),
            None => by_name.push(other),
        }
    }
    if verbs.is_empty() {
        return;
    }
    if by_name.is_empty() {
        left.push((verbs, Arc::clone(names)));
        return;
    }
    let mut found: BTreeMap<Verbs, Vec<Symbol>> = BTreeMap::new();
    for name in names.iter() {
        let mut own = verbs.clone();
        for known in by_name.iter().filter_map(|other| other.of_name(*name)) {
            own = own.beyond(known);
        }
        if !own.is_empty() {
            found.entry(own).or_default().push(*name);
        }
    }
    left.extend(found.into_iter().map(|(verbs, own)| {
        let is_whole = own.len() == names.len();
        let own = if is_whole {
            Arc::clone(names)
        } else {
            own.into()
        };
        (verbs, own)
    }));
}

/// Lists of names that may have names in common, so that each name is in one.
fn disjoint(lists: Vec<(Verbs, Names)>) -> Box<[(Verbs, Names)]> {
    let is_one = lists.len() < 2
        || lists
            .windows(2)
            .all(|pair| matches!(pair, [one, other] if one.1.last() < other.1.first()));
    if is_one {
        return grouped(lists);
    }
    let mut by_name: BTreeMap<Symbol, Verbs> = BTreeMap::new();
    for (verbs, names) in &lists {
        for name in names.iter() {
            by_name.entry(*name).or_default().add_all(verbs);
        }
    }
    let mut by_verbs: BTreeMap<Verbs, Vec<Symbol>> = BTreeMap::new();
    for (name, verbs) in by_name {
        by_verbs.entry(verbs).or_default().push(name);
    }
    let lists = by_verbs.into_iter();
    lists.map(|(verbs, names)| (verbs, names.into())).collect()
}

/// Lists that have no name in common, one for each set of verbs.
fn grouped(lists: Vec<(Verbs, Names)>) -> Box<[(Verbs, Names)]> {
    if lists.len() < 2 {
        return lists.into();
    }
    let mut by_verbs: BTreeMap<Verbs, Vec<Names>> = BTreeMap::new();
    for (verbs, names) in lists {
        by_verbs.entry(verbs).or_default().push(names);
    }
    let lists = by_verbs.into_iter().map(|(verbs, lists)| {
        if let [one] = lists.as_slice() {
            return (verbs, Arc::clone(one));
        }
        let mut names: Vec<Symbol> = lists
            .iter()
            .flat_map(|names| names.iter().copied())
            .collect();
        names.sort_unstable();
        (verbs, names.into())
    });
    lists.collect()
}
