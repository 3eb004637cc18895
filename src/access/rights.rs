//! Sets of rights, symbolically: what a set allows is decided by its patterns, and two sets that allow the same are equal.
//!
//! A pattern is an API group, a resource, a name and verbs, each of which may be a word or every word. A pattern is
//! allowed by a set exactly if one pattern of the set is at least as wide in each part: the words of a set are finitely
//! many, so that a request with a word that none of them names is matched by wildcards alone. So the widest patterns of
//! a set are its normal form, and the difference of two sets is found pattern by pattern, without naming any object.
//!
//! Source of what matches: `pkg/apis/rbac/v1/evaluation_helpers.go` of Kubernetes 1.37 (facts, not code).

use std::collections::BTreeMap;

use super::outside::{OF_MANY, Place, place_of};
use super::symbols::{Symbol, Symbols};

/// What verbs are about: a group, a resource (with its subresource behind a slash) and the name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The API group, or every one.
    pub group: Symbol,
    /// The resource, `*/sub` or every one.
    pub resource: Symbol,
    /// The one name; none for all names, and for requests that have no name.
    pub name: Option<Symbol>,
}

/// A set of verbs. Those that are known are bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verbs {
    bits: u32,
    others: Vec<Symbol>,
}

/// Verbs whose requests carry no name, where they are about no subresource.
const NEVER_NAMED: [Symbol; 2] = [Symbol::CREATE, Symbol::DELETE_COLLECTION];

/// Every verb, as a bit.
const ANY: u32 = 1;

impl Verbs {
    /// Adds a verb.
    pub fn add(&mut self, verb: Symbol) {
        if verb.0 < u32::BITS {
            self.bits |= 1 << verb.0;
        } else if let Err(at) = self.others.binary_search(&verb) {
            self.others.insert(at, verb);
        }
    }

    fn add_all(&mut self, other: &Self) {
        self.bits |= other.bits;
        for verb in &other.others {
            self.add(*verb);
        }
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits == 0 && self.others.is_empty()
    }

    /// True if every verb is meant.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.bits & ANY != 0
    }

    /// True if a verb is among them, or all are.
    #[must_use]
    pub fn allows(&self, verb: Symbol) -> bool {
        self.is_any() || self.has(verb)
    }

    fn has(&self, verb: Symbol) -> bool {
        if verb.0 < u32::BITS {
            self.bits & 1 << verb.0 != 0
        } else {
            self.others.binary_search(&verb).is_ok()
        }
    }

    fn remove(&mut self, verbs: &[Symbol]) {
        for verb in verbs {
            if verb.0 < u32::BITS {
                self.bits &= !(1 << verb.0);
            }
        }
    }

    /// Those that others do not allow. Of every verb, nothing but every verb leaves nothing.
    fn beyond(&self, others: &Self) -> Self {
        if others.is_any() {
            return Self::default();
        }
        if self.is_any() {
            return Self {
                bits: ANY,
                others: Vec::new(),
            };
        }
        let unknown = self.others.iter().copied();
        Self {
            bits: self.bits & !others.bits,
            others: unknown.filter(|verb| !others.has(*verb)).collect(),
        }
    }

    /// The verbs, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = Symbol> {
        let bits = self.bits;
        let known = (0..u32::BITS).filter(move |bit| bits & 1 << bit != 0);
        known.map(Symbol).chain(self.others.iter().copied())
    }
}

impl FromIterator<Symbol> for Verbs {
    fn from_iter<T: IntoIterator<Item = Symbol>>(symbols: T) -> Self {
        let mut verbs = Self::default();
        for symbol in symbols {
            verbs.add(symbol);
        }
        verbs
    }
}

/// How many objects a right reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// None.
    Nothing,
    /// Those of these names.
    Named(Vec<Symbol>),
    /// All.
    All,
}

impl Reach {
    /// True if it is anything at all.
    #[must_use]
    pub fn is_some(&self) -> bool {
        *self != Self::Nothing
    }

    /// True if it reaches all.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// What both reach.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::All, other) => other.clone(),
            (own, Self::All) => own,
            (Self::Named(mut names), Self::Named(others)) => {
                names.retain(|name| others.contains(name));
                if names.is_empty() {
                    Self::Nothing
                } else {
                    Self::Named(names)
                }
            }
        }
    }

    /// Both together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Nothing, other) => other,
            (own, Self::Nothing) => own,
            (Self::Named(mut names), Self::Named(more)) => {
                names.extend(more);
                names.sort_unstable();
                names.dedup();
                Self::Named(names)
            }
        }
    }
}

/// A right that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The API group.
    pub group: Symbol,
    /// The resource.
    pub resource: Symbol,
    /// The verb.
    pub verb: Symbol,
    /// The name of the object; none where a right on any will do.
    pub name: Option<Symbol>,
}

/// A set of rights.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rights {
    resources: BTreeMap<Key, Verbs>,
    /// By path outside of resources; one that ends with `*` stands for all that begin with the rest.
    urls: BTreeMap<Symbol, Verbs>,
}

impl Rights {
    /// All rights that there are.
    #[must_use]
    pub fn everything() -> Self {
        let verbs: Verbs = [Symbol::ANY].into_iter().collect();
        let key = Key {
            group: Symbol::ANY,
            resource: Symbol::ANY,
            name: None,
        };
        Self {
            resources: BTreeMap::from([(key, verbs.clone())]),
            urls: BTreeMap::from([(Symbol::ANY, verbs)]),
        }
    }

    /// True if nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.urls.is_empty()
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resources.len() + self.urls.len()
    }

    /// Adds verbs on what a key means. Requests that cannot be made are left out: what is created or deleted as a
    /// collection has no name yet, or none.
    pub fn add(&mut self, key: Key, verbs: &Verbs, symbols: &Symbols) {
        let mut verbs = verbs.clone();
        let resource = symbols.text(key.resource);
        let is_nameless = key.name.is_none_or(|name| name == Symbol::EMPTY);
        if !is_nameless && key.resource != Symbol::ANY && !resource.contains('/') {
            verbs.remove(&NEVER_NAMED);
        }
        if !verbs.is_empty() && is_resource(resource) {
            self.resources.entry(key).or_default().add_all(&verbs);
        }
    }

    /// Adds verbs on a path outside of resources.
    pub fn add_url(&mut self, url: Symbol, verbs: &Verbs) {
        if !verbs.is_empty() {
            self.urls.entry(url).or_default().add_all(verbs);
        }
    }

    /// Adds all of another set.
    pub fn add_all(&mut self, other: &Self) {
        for (key, verbs) in &other.resources {
            self.resources.entry(*key).or_default().add_all(verbs);
        }
        for (url, verbs) in &other.urls {
            self.urls.entry(*url).or_default().add_all(verbs);
        }
    }

    /// The patterns about resources.
    pub fn resources(&self) -> impl Iterator<Item = (Key, &Verbs)> {
        self.resources.iter().map(|(key, verbs)| (*key, verbs))
    }

    /// The patterns about paths outside of resources.
    pub fn urls(&self) -> impl Iterator<Item = (Symbol, &Verbs)> {
        self.urls.iter().map(|(url, verbs)| (*url, verbs))
    }

    /// Leaves the patterns alone that nothing wider stands beside.
    pub fn normalise(&mut self, symbols: &Symbols) {
        let own = &self.resources;
        let mut widest = BTreeMap::new();
        for (key, verbs) in own {
            let mut wider = Verbs::default();
            for other in wider_keys(*key, symbols).filter(|other| other != key) {
                if let Some(verbs) = own.get(&other) {
                    wider.add_all(verbs);
                }
            }
            let left = verbs.beyond(&wider);
            if !left.is_empty() {
                widest.insert(*key, only_any(left));
            }
        }
        let mut widest_urls = BTreeMap::new();
        for (url, verbs) in &self.urls {
            let wider = self.urls_above(*url, symbols, |other| other != *url);
            let left = verbs.beyond(&wider);
            if !left.is_empty() {
                widest_urls.insert(*url, only_any(left));
            }
        }
        self.resources = widest;
        self.urls = widest_urls;
    }

    /// What of this set another one does not allow.
    #[must_use]
    pub fn beyond(&self, other: &Self, symbols: &Symbols) -> Self {
        let mut gained = Self::default();
        for (key, verbs) in &self.resources {
            let mut known = Verbs::default();
            for wider in wider_keys(*key, symbols) {
                if let Some(verbs) = other.resources.get(&wider) {
                    known.add_all(verbs);
                }
            }
            let left = verbs.beyond(&known);
            if !left.is_empty() {
                gained.resources.insert(*key, left);
            }
        }
        for (url, verbs) in &self.urls {
            let left = verbs.beyond(&other.urls_above(*url, symbols, |_| true));
            if !left.is_empty() {
                gained.urls.insert(*url, left);
            }
        }
        gained
    }

    fn urls_above(&self, url: Symbol, symbols: &Symbols, also: impl Fn(Symbol) -> bool) -> Verbs {
        let text = symbols.text(url);
        let mut found = Verbs::default();
        for (other, verbs) in &self.urls {
            if also(*other) && is_wider_url(symbols.text(*other), text) {
                found.add_all(verbs);
            }
        }
        found
    }

    /// True if a request is allowed: `name` is empty where it carries none.
    #[must_use]
    pub fn allows(
        &self,
        symbols: &Symbols,
        group: Symbol,
        resource: Symbol,
        (verb, name): (Symbol, Option<Symbol>),
    ) -> bool {
        let key = Key {
            group,
            resource,
            name: Some(name.unwrap_or(Symbol::EMPTY)),
        };
        let mut verbs = wider_keys(key, symbols).filter_map(|key| self.resources.get(&key));
        verbs.any(|verbs| verbs.allows(verb))
    }

    /// True if a path outside of resources may be asked for.
    #[must_use]
    pub fn allows_url(&self, symbols: &Symbols, url: &str, verb: Symbol) -> bool {
        let mut urls = self.urls.iter();
        urls.any(|(pattern, verbs)| verbs.allows(verb) && is_wider_url(symbols.text(*pattern), url))
    }

    /// Which objects of a resource one of some verbs reaches.
    #[must_use]
    pub fn reach(
        &self,
        symbols: &Symbols,
        group: Symbol,
        resource: Symbol,
        verbs: &[Symbol],
    ) -> Reach {
        if self.resources.is_empty() {
            return Reach::Nothing;
        }
        let is_nameless =
            |verb| NEVER_NAMED.contains(&verb) || [Symbol::LIST, Symbol::WATCH].contains(&verb);
        let mut names = Vec::new();
        let of_every = symbols.of_every(resource);
        let is_below = of_every.is_some();
        for group in [group, Symbol::ANY] {
            for resource in [Some(resource), of_every, Some(Symbol::ANY)] {
                let Some(resource) = resource else { continue };
                let first = Key {
                    group,
                    resource,
                    name: None,
                };
                let last = Key {
                    name: Some(Symbol(u32::MAX)),
                    ..first
                };
                for (key, granted) in self.resources.range(first..=last) {
                    let can_be = |verb: Symbol| match key.name {
                        None => true,
                        Some(Symbol::EMPTY) => is_nameless(verb),
                        Some(_) => is_below || !NEVER_NAMED.contains(&verb),
                    };
                    let mut asked = verbs.iter();
                    if !asked.any(|verb| granted.allows(*verb) && can_be(*verb)) {
                        continue;
                    }
                    match key.name {
                        None | Some(Symbol::EMPTY) => return Reach::All,
                        Some(name) => names.push(name),
                    }
                }
            }
        }
        if names.is_empty() {
            return Reach::Nothing;
        }
        names.sort_unstable();
        names.dedup();
        Reach::Named(names)
    }

    /// What of it counts in one namespace, by the words of each: nothing outside of resources, and of what lies outside
    /// of namespaces little.
    #[must_use]
    pub fn within(&self, namespace: Symbol, symbols: &Symbols) -> Self {
        let mut inside = Self::default();
        for (key, verbs) in &self.resources {
            let mut verbs = verbs.clone();
            match place_of(symbols.text(key.group), symbols.text(key.resource)) {
                Place::Inside => {}
                Place::Own => {
                    if key.resource == Symbol::NAMESPACES {
                        verbs.remove(&OF_MANY);
                    }
                    if key.name.is_some_and(|name| name != namespace) {
                        continue;
                    }
                }
                Place::Bound if verbs.allows(Symbol::BIND) => {
                    verbs = [Symbol::BIND].into_iter().collect();
                }
                Place::Bound | Place::Outside => continue,
            }
            if !verbs.is_empty() {
                inside.resources.insert(*key, verbs);
            }
        }
        inside
    }
}

/// Every verb makes the others needless.
fn only_any(verbs: Verbs) -> Verbs {
    if verbs.is_any() {
        return Verbs {
            bits: ANY,
            others: Vec::new(),
        };
    }
    verbs
}

/// True for a word that can be the resource of a request: no resource has a `*` in its name, so that `pods/*` is none.
fn is_resource(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let (resource, subresource) = match text.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource)),
        None => (text, None),
    };
    let is_word = |word: &str| !word.is_empty() && !word.contains('*');
    (is_word(resource) || resource == "*" && subresource.is_some())
        && subresource.is_none_or(is_word)
}

/// A key and all that are wider.
fn wider_keys(key: Key, symbols: &Symbols) -> impl Iterator<Item = Key> {
    let of_every = symbols.of_every(key.resource);
    let groups = [Some(key.group), other(key.group, Symbol::ANY)];
    let resources = [
        Some(key.resource),
        of_every,
        other(key.resource, Symbol::ANY),
    ];
    let names = [Some(key.name), key.name.map(|_| None)];
    groups.into_iter().flatten().flat_map(move |group| {
        resources.into_iter().flatten().flat_map(move |resource| {
            names.into_iter().flatten().map(move |name| Key {
                group,
                resource,
                name,
            })
        })
    })
}

fn other(own: Symbol, any: Symbol) -> Option<Symbol> {
    (own != any).then_some(any)
}

/// True if all that a pattern of paths stands for, another one stands for as well.
fn is_wider_url(wide: &str, narrow: &str) -> bool {
    if wide == "*" || wide == narrow {
        return true;
    }
    let prefix = wide.trim_end_matches('*');
    prefix.len() < wide.len() && narrow.trim_end_matches('*').starts_with(prefix)
}
