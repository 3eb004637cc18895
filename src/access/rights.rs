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
use super::patterns::{Names, Patterns};
use super::symbols::{Symbol, Symbols};

pub use super::reach::Reach;
pub use super::verbs::Verbs;

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

/// Verbs whose requests carry no name, where they are about no subresource.
const NEVER_NAMED: [Symbol; 2] = [Symbol::CREATE, Symbol::DELETE_COLLECTION];

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
    /// By API group and resource.
    resources: BTreeMap<(Symbol, Symbol), Patterns>,
    /// By path outside of resources; one that ends with `*` stands for all that begin with the rest.
    urls: BTreeMap<Symbol, Verbs>,
}

/// Verbs on all objects of a resource, or on those of some names.
type Part = (Option<Names>, Verbs);

/// Rights that are put together.
#[derive(Debug, Default)]
pub struct Gathering {
    resources: BTreeMap<(Symbol, Symbol), Vec<Part>>,
    urls: BTreeMap<Symbol, Verbs>,
}

impl Gathering {
    /// Adds verbs on a resource, on the objects of some names alone where there are names. Requests that cannot be made
    /// are left out: what is created or deleted as a collection has no name yet, or none.
    pub fn add(
        &mut self,
        (group, resource): (Symbol, Symbol),
        names: Option<&Names>,
        verbs: &Verbs,
        symbols: &Symbols,
    ) {
        let text = symbols.text(resource);
        if verbs.is_empty() || !is_resource(text) {
            return;
        }
        let own = self.resources.entry((group, resource)).or_default();
        let Some(names) = names else {
            own.push((None, verbs.clone()));
            return;
        };
        if resource == Symbol::ANY || text.contains('/') {
            own.push((Some(names.clone()), verbs.clone()));
            return;
        }
        if names.binary_search(&Symbol::EMPTY).is_ok() {
            own.push((Some(Names::from([Symbol::EMPTY])), verbs.clone()));
        }
        own.push((Some(names.clone()), verbs.without(&NEVER_NAMED)));
    }

    /// Adds verbs on a path outside of resources.
    pub fn add_url(&mut self, url: Symbol, verbs: &Verbs) {
        if !verbs.is_empty() {
            self.urls.entry(url).or_default().add_all(verbs);
        }
    }

    /// What they come to together.
    #[must_use]
    pub fn rights(self) -> Rights {
        let resources = self.resources.into_iter();
        let resources = resources.map(|(key, parts)| (key, Patterns::of(parts)));
        Rights {
            resources: resources.filter(|(_, own)| !own.is_empty()).collect(),
            urls: self.urls,
        }
    }
}

impl Rights {
    /// All rights that there are.
    #[must_use]
    pub fn everything() -> Self {
        let all = Patterns::of([(None, Verbs::EVERY)]);
        Self {
            resources: BTreeMap::from([((Symbol::ANY, Symbol::ANY), all)]),
            urls: BTreeMap::from([(Symbol::ANY, Verbs::EVERY)]),
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
        self.resources.values().map(Patterns::len).sum::<usize>() + self.urls.len()
    }

    /// What several sets come to together.
    #[must_use]
    pub fn union<'r>(all: impl IntoIterator<Item = &'r Self>) -> Self {
        let mut all = all.into_iter();
        let Some(first) = all.next() else {
            return Self::default();
        };
        let Some(second) = all.next() else {
            return first.clone();
        };
        let mut resources: BTreeMap<(Symbol, Symbol), Vec<&Patterns>> = BTreeMap::new();
        let mut urls: BTreeMap<Symbol, Verbs> = BTreeMap::new();
        for one in [first, second].into_iter().chain(all) {
            for (key, patterns) in &one.resources {
                resources.entry(*key).or_default().push(patterns);
            }
            for (url, verbs) in &one.urls {
                urls.entry(*url).or_default().add_all(verbs);
            }
        }
        let resources = resources.into_iter();
        Self {
            resources: resources
                .map(|(key, all)| (key, Patterns::union(&all)))
                .collect(),
            urls,
        }
    }

    /// The patterns about resources.
    pub fn resources(&self) -> impl Iterator<Item = (Key, &Verbs)> {
        self.resources.iter().flat_map(|((group, resource), own)| {
            let key = |name| Key {
                group: *group,
                resource: *resource,
                name,
            };
            let all = (!own.all().is_empty()).then(|| (key(None), own.all()));
            let named = own.named().iter().flat_map(move |(verbs, names)| {
                let names = names.iter();
                names.map(move |name| (key(Some(*name)), verbs))
            });
            all.into_iter().chain(named)
        })
    }

    /// The patterns about paths outside of resources.
    pub fn urls(&self) -> impl Iterator<Item = (Symbol, &Verbs)> {
        self.urls.iter().map(|(url, verbs)| (*url, verbs))
    }

    /// The patterns of a resource and of all that are wider.
    fn wider(
        &self,
        (group, resource): (Symbol, Symbol),
        symbols: &Symbols,
    ) -> impl Iterator<Item = ((Symbol, Symbol), &Patterns)> {
        let keys = wider_keys((group, resource), symbols);
        keys.filter_map(|key| Some((key, self.resources.get(&key)?)))
    }

    /// Leaves the patterns alone that nothing wider stands beside.
    pub fn normalise(&mut self, symbols: &Symbols) {
        let mut widest = BTreeMap::new();
        for (key, own) in &self.resources {
            let wider = self.wider(*key, symbols).filter(|(other, _)| other != key);
            let wider: Vec<&Patterns> = wider.map(|(_, patterns)| patterns).collect();
            let for_all = allowed_on_all(&wider);
            let mut for_named = for_all.clone();
            for_named.add_all(own.all());
            let left = own.beyond(&for_all, &for_named, &wider).settled();
            if !left.is_empty() {
                widest.insert(*key, left);
            }
        }
        let mut widest_urls = BTreeMap::new();
        for (url, verbs) in &self.urls {
            let wider = self.urls_above(*url, symbols, |other| other != *url);
            let left = verbs.beyond(&wider);
            if !left.is_empty() {
                widest_urls.insert(*url, left.settled());
            }
        }
        self.resources = widest;
        self.urls = widest_urls;
    }

    /// What of this set another one does not allow.
    #[must_use]
    pub fn beyond(&self, other: &Self, symbols: &Symbols) -> Self {
        let mut gained = Self::default();
        for (key, own) in &self.resources {
            let known: Vec<&Patterns> = other.wider(*key, symbols).map(|(_, it)| it).collect();
            let allowed = allowed_on_all(&known);
            let left = own.beyond(&allowed, &allowed, &known);
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
        let name = name.unwrap_or(Symbol::EMPTY);
        let mut wider = self.wider((group, resource), symbols);
        wider.any(|(_, own)| {
            own.all().allows(verb) || own.of_name(name).is_some_and(|verbs| verbs.allows(verb))
        })
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
        let is_nameless =
            |verb| NEVER_NAMED.contains(&verb) || [Symbol::LIST, Symbol::WATCH].contains(&verb);
        let is_below = symbols.of_every(resource).is_some();
        let mut reached: Vec<Symbol> = Vec::new();
        for (_, own) in self.wider((group, resource), symbols) {
            if verbs.iter().any(|verb| own.all().allows(*verb)) {
                return Reach::All;
            }
            for (granted, names) in own.named() {
                let mut allowed = verbs.iter().filter(|verb| granted.allows(**verb));
                let has_empty = names.binary_search(&Symbol::EMPTY).is_ok();
                if has_empty && allowed.clone().any(|verb| is_nameless(*verb)) {
                    return Reach::All;
                }
                if allowed.any(|verb| is_below || !NEVER_NAMED.contains(verb)) {
                    let names = names.iter().filter(|name| **name != Symbol::EMPTY);
                    reached.extend(names);
                }
            }
        }
        if reached.is_empty() {
            return Reach::Nothing;
        }
        reached.sort_unstable();
        reached.dedup();
        Reach::Named(reached)
    }

    /// What of it counts in one namespace, by the words of each: nothing outside of resources, and of what lies outside
    /// of namespaces little.
    #[must_use]
    pub fn within(&self, namespace: Symbol, symbols: &Symbols) -> Self {
        let mut inside = Self::default();
        for ((group, resource), own) in &self.resources {
            let own = match place_of(symbols.text(*group), symbols.text(*resource)) {
                Place::Inside => own.clone(),
                Place::Own => {
                    let own = own.on_one(namespace);
                    if *resource == Symbol::NAMESPACES {
                        own.with_verbs(|verbs| verbs.without(&OF_MANY))
                    } else {
                        own
                    }
                }
                Place::Bound => own.with_verbs(|verbs| {
                    let bind = verbs.allows(Symbol::BIND).then_some(Symbol::BIND);
                    bind.into_iter().collect()
                }),
                Place::Outside => continue,
            };
            if !own.is_empty() {
                inside.resources.insert((*group, *resource), own);
            }
        }
        inside
    }

    /// True if what of it counts in a namespace depends on the name of that: it names Namespaces.
    #[must_use]
    pub fn names_namespaces(&self, symbols: &Symbols) -> bool {
        self.resources.iter().any(|((group, resource), own)| {
            !own.named().is_empty()
                && place_of(symbols.text(*group), symbols.text(*resource)) == Place::Own
        })
    }
}

/// What several resources allow on all their objects.
fn allowed_on_all(all: &[&Patterns]) -> Verbs {
    let mut allowed = Verbs::default();
    for own in all {
        allowed.add_all(own.all());
    }
    allowed
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

/// A resource and all that are wider, each once.
fn wider_keys(
    (group, resource): (Symbol, Symbol),
    symbols: &Symbols,
) -> impl Iterator<Item = (Symbol, Symbol)> + use<> {
    let groups = [Some(group), other(group, Symbol::ANY)];
    let resources = [
        Some(resource),
        symbols.of_every(resource),
        other(resource, Symbol::ANY),
    ];
    groups.into_iter().flatten().flat_map(move |group| {
        let resources = resources.into_iter().flatten();
        resources.map(move |resource| (group, resource))
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
