//! The variables that containers take from `ConfigMap`s and Secrets of the revision.
//!
//! Each is known by its kind, name and namespace. Of several copies the nearest to the workload counts; what stands
//! only in the cluster is not seen. One that a kustomization generates is known by its name, and is for what is built
//! with it; what is generated counts beside what is written.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::process::{ConfigSource, configured};
use crate::kubernetes::{Container, Object, Pod, Process};
use crate::packages::purpose::is_for_development;
use crate::syntax::Node;

use super::Snapshot;
use super::generated::{Generated, Generators};
use super::near::Near;
use super::node_starts::is_development;

/// The most readers of one value that are named.
const MOST: usize = 8;

/// A value of a `ConfigMap` or Secret that is a variable somewhere.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The name of the variable.
    pub name: &'static str,
    /// The value, as the variable holds it.
    pub text: Cow<'a, str>,
    /// Where it stands.
    pub place: SettingPlace<'a>,
    /// Who takes it, in order.
    pub readers: Vec<Reader<'a>>,
}

/// Where the value stands.
#[derive(Clone, Copy, Debug)]
pub enum SettingPlace<'a> {
    /// In an object, with the node of the value.
    Object(Object<'a>, Node<'a>),
    /// In what a kustomization makes one from.
    Generated(Generated<'a>),
}

impl SettingPlace<'_> {
    /// True if nobody may be shown the value.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        let kind = match self {
            Self::Object(map, _) => map.kind().name,
            Self::Generated(value) => value.kind,
        };
        kind == "Secret"
    }

    fn is_development(&self) -> bool {
        match self {
            Self::Object(map, _) => is_development(*map),
            Self::Generated(value) => [&**value.kustomization, value.path, value.map]
                .into_iter()
                .any(is_for_development),
        }
    }
}

/// A container that takes a variable from a `ConfigMap` or Secret.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The object of the container.
    pub object: Object<'a>,
    /// Its pod.
    pub pod: Pod<'a>,
    /// The container.
    pub container: Container<'a>,
    /// Where it names that.
    pub at: Node<'a>,
}

impl Setting<'_> {
    /// The same without readers that are for development or tests; none where that leaves nobody, or where the
    /// one that holds it is itself.
    #[must_use]
    pub fn deployed(mut self) -> Option<Self> {
        self.readers.retain(|reader| !is_development(reader.object));
        (!self.readers.is_empty() && !self.place.is_development()).then_some(self)
    }

    /// Where the readers name it, and a word to each.
    pub fn related(&self) -> impl Iterator<Item = (Location, String)> {
        self.readers.iter().take(MOST).map(|reader| {
            let location = Location {
                path: Arc::clone(reader.object.path()),
                span: reader.at.span(),
            };
            let resource = reader.object.resource();
            let name = crate::kubernetes::field::shortened(&resource.name);
            (location, format!("{} {name} takes it here", resource.kind))
        })
    }
}

/// The values of `ConfigMap`s and Secrets that are variables of these names, by where they stand.
#[must_use]
pub fn settings<'a>(snapshot: &'a Snapshot, names: &[&'static str]) -> Vec<Setting<'a>> {
    let (mut maps, mut generators) = (None, None);
    let mut found: BTreeMap<_, Setting<'a>> = BTreeMap::new();
    for object in snapshot.objects() {
        for pod in object.pods() {
            for container in pod.containers() {
                for name in names {
                    let sources = Process::of(container).config_sources(name);
                    if sources.is_empty() {
                        continue;
                    }
                    let maps = maps.get_or_insert_with(|| ConfigMaps::of(snapshot));
                    let held = sources.iter().find_map(|source| {
                        let values: Vec<_> = maps
                            .near(object, *source)
                            .iter()
                            .filter_map(|map| Some((*map, configured(*map, source.key)?)))
                            .collect();
                        (!values.is_empty()).then_some((source.at, values))
                    });
                    let written = held.into_iter().flat_map(|(at, values)| {
                        values.into_iter().map(move |(map, (value, text))| {
                            let place = SettingPlace::Object(map, value);
                            (at, map.path(), value.span(), text, place)
                        })
                    });
                    let generators = generators.get_or_insert_with(|| Generators::of(snapshot));
                    let made = sources.iter().flat_map(|source| {
                        let made = generators.values(object.path(), *source);
                        made.map(|value| {
                            let place = SettingPlace::Generated(value);
                            (source.at, value.path, value.at, value.text.into(), place)
                        })
                    });
                    for (at, path, span, text, place) in written.chain(made) {
                        let setting = found.entry((path, span, *name)).or_insert_with(|| Setting {
                            name,
                            text,
                            place,
                            readers: Vec::new(),
                        });
                        setting.readers.push(Reader {
                            object,
                            pod,
                            container,
                            at,
                        });
                    }
                }
            }
        }
    }
    found.into_values().collect()
}

/// The `ConfigMap`s and Secrets of a revision by kind, name and written namespace, and by kind and name alone.
#[derive(Default)]
struct ConfigMaps<'a> {
    in_namespace: HashMap<(&'static str, &'a str, &'a str), Near<Object<'a>>>,
    named: HashMap<(&'static str, &'a str), Near<Object<'a>>>,
}

impl<'a> ConfigMaps<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut maps = Self::default();
        for object in snapshot.objects() {
            let kind = object.kind().name;
            if !["ConfigMap", "Secret"].contains(&kind) {
                continue;
            }
            let same = |one: &Object<'_>, other: &Object<'_>| {
                one.path() == other.path() && one.node().span() == other.node().span()
            };
            let name = &*object.resource().name;
            let namespace = object.stated_namespace().unwrap_or_default();
            let own = maps
                .in_namespace
                .entry((kind, name, namespace))
                .or_default();
            own.add(object.path(), &object, same);
            let all = maps.named.entry((kind, name)).or_default();
            all.add(object.path(), &object, same);
        }
        maps
    }

    fn near(&self, workload: Object<'a>, source: ConfigSource<'a>) -> &[Object<'a>] {
        let (kind, name) = (source.kind, source.map);
        let of = |namespace| self.in_namespace.get(&(kind, name, namespace));
        let found = match workload.stated_namespace() {
            Some(namespace) => of(namespace).or_else(|| of("")),
            None => of("").or_else(|| self.named.get(&(kind, name))),
        };
        found
            .map(|copies| copies.near(workload.path()))
            .unwrap_or_default()
    }
}
