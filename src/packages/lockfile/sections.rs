//! The dependency sections that an entry, or a workspace, of a JSON lockfile repeats from its `package.json`.

use std::collections::HashSet;

use jsonc_parser::ast::{Object, Value};

use super::json::{Reading, properties};
use super::{Dependency, Need, PackageIndex, Section, Wanted};
use crate::syntax::Span;

/// The sections of one entry.
#[derive(Debug, Default)]
pub(super) struct Sections<'a> {
    pub(super) production: Option<&'a Object<'a>>,
    pub(super) optional: Option<&'a Object<'a>>,
    pub(super) peer: Option<&'a Object<'a>>,
    pub(super) development: Option<&'a Object<'a>>,
    /// The peers that need not be there.
    pub(super) optional_peers: HashSet<&'a str>,
}

/// A dependency as it is written.
struct Written<'a> {
    name: &'a str,
    specifier: &'a str,
    at: Span,
}

fn written<'a>(object: Option<&'a Object<'a>>, reading: &mut Reading<'a>) -> Vec<Written<'a>> {
    let Some(object) = object else {
        return Vec::new();
    };
    let mut all = Vec::with_capacity(object.properties.len());
    for property in properties(object) {
        let specifier = match &property.value {
            Value::StringLit(text) => &*text.value,
            other => {
                let at = reading.span(other);
                reading.refuse("a specifier is no text", at);
                ""
            }
        };
        all.push(Written {
            name: property.name.as_str(),
            specifier,
            at: reading.span(&property.name),
        });
    }
    all
}

impl<'a> Sections<'a> {
    /// Reads a section by its name in `package.json`; false if it is none of them.
    pub(super) fn take(
        &mut self,
        name: &str,
        value: &'a Value<'a>,
        reading: &mut Reading<'a>,
    ) -> bool {
        let section = match name {
            "dependencies" => &mut self.production,
            "optionalDependencies" => &mut self.optional,
            "peerDependencies" => &mut self.peer,
            "devDependencies" => &mut self.development,
            _ => return false,
        };
        *section = reading.object(value);
        true
    }

    /// Each dependency with its section. Of a name that stands in several, optional wins over required, and both
    /// over peer; what is needed for development stands for itself.
    fn each(&self, reading: &mut Reading<'a>) -> Vec<(Section, Written<'a>)> {
        let optional = written(self.optional, reading);
        let names: HashSet<&str> = optional.iter().map(|written| written.name).collect();
        let mut production = written(self.production, reading);
        production.retain(|written| !names.contains(written.name));
        let mut peer = written(self.peer, reading);
        if !peer.is_empty() {
            let own: HashSet<&str> = production.iter().map(|written| written.name).collect();
            peer.retain(|written| !names.contains(written.name) && !own.contains(written.name));
        }
        let sections = [
            (Section::Production, production),
            (Section::Optional, optional),
            (Section::Peer, peer),
            (Section::Development, written(self.development, reading)),
        ];
        sections
            .into_iter()
            .flat_map(|(section, all)| all.into_iter().map(move |written| (section, written)))
            .collect()
    }

    /// What a package depends on; its section of development counts only where it is developed.
    pub(super) fn dependencies(
        &self,
        reading: &mut Reading<'a>,
        find: impl Fn(&str) -> Option<PackageIndex>,
    ) -> Vec<Dependency> {
        if self.production.is_none() && self.optional.is_none() && self.peer.is_none() {
            return Vec::new();
        }
        let mut dependencies = Vec::new();
        for (section, written) in self.each(reading) {
            let need = match section {
                Section::Production => Need::Required,
                Section::Optional => Need::Optional,
                Section::Peer if self.optional_peers.contains(written.name) => Need::OptionalPeer,
                Section::Peer => Need::Peer,
                Section::Development | Section::Environment => continue,
            };
            dependencies.push(Dependency {
                name: reading.name(written.name),
                need,
                specifier: written.specifier.into(),
                to: find(written.name),
                at: written.at,
            });
        }
        dependencies
    }

    /// What a workspace depends on.
    pub(super) fn wanted(
        &self,
        reading: &mut Reading<'a>,
        find: impl Fn(&str) -> Option<PackageIndex>,
    ) -> Vec<Wanted> {
        let each = self.each(reading);
        each.into_iter()
            .map(|(section, written)| Wanted {
                name: reading.name(written.name),
                section: Some(section),
                specifier: Some(written.specifier.into()),
                to: find(written.name),
                at: written.at,
            })
            .collect()
    }
}
