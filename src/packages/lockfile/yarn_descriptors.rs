//! What Yarn resolved each `name@specifier` to.

use std::borrow::Cow;
use std::collections::HashMap;

use super::PackageIndex;
use super::yarn_locator::{self, split};

/// The descriptors of a lockfile.
#[derive(Debug, Default)]
pub(super) struct Descriptors<'a> {
    exact: HashMap<Cow<'a, str>, PackageIndex>,
    /// Without what binds a descriptor to a workspace (`::locator=…`); none where several entries differ in that alone.
    unbound: HashMap<String, Option<PackageIndex>>,
    /// What Yarn's own patches take the place of, whoever asks for it.
    replaced: HashMap<String, PackageIndex>,
    /// By what was installed.
    locators: HashMap<&'a str, PackageIndex>,
    /// By name; none where several entries have it. An override leaves nothing else to go by.
    named: HashMap<String, Option<PackageIndex>>,
}

impl<'a> Descriptors<'a> {
    pub(super) fn add(&mut self, descriptor: Cow<'a, str>, index: PackageIndex) {
        let unique = |map: &mut HashMap<String, Option<PackageIndex>>, key: &str| {
            if let Some(held) = map.get_mut(key) {
                *held = held.filter(|held| *held == index);
            } else {
                map.insert(key.to_owned(), Some(index));
            }
        };
        if let Some((name, specifier)) = split(&descriptor) {
            unique(&mut self.named, name);
            if let Some((bare, _)) = descriptor.split_once("::") {
                unique(&mut self.unbound, bare);
            }
            if let Some(inner) = yarn_locator::replaced(specifier)
                && let Some((name, range)) = split(&inner)
            {
                let range = range.strip_prefix("npm:").unwrap_or(range);
                self.replaced.insert(format!("{name}@{range}"), index);
                self.replaced.insert(format!("{name}@npm:{range}"), index);
            }
        } else {
            unique(&mut self.named, &descriptor);
        }
        self.exact.insert(descriptor, index);
    }

    /// What a dependency was resolved to. `buffer` holds the descriptors that are tried.
    pub(super) fn find(
        &self,
        name: &str,
        specifier: &str,
        buffer: &mut String,
    ) -> Option<PackageIndex> {
        for protocol in ["", "npm:"] {
            buffer.clear();
            for part in [name, "@", protocol, specifier] {
                buffer.push_str(part);
            }
            let found = if self.replaced.is_empty() {
                None
            } else {
                self.replaced.get(buffer.as_str())
            };
            if let Some(index) = found.or_else(|| self.exact.get(buffer.as_str())) {
                return Some(*index);
            }
            if let Some(Some(index)) = self.unbound.get(buffer.as_str()) {
                return Some(*index);
            }
        }
        self.named.get(name).copied().flatten()
    }

    /// The entry that was resolved to a locator.
    pub(super) fn located(&self, locator: &str) -> Option<PackageIndex> {
        self.locators.get(locator).copied()
    }

    /// Notes what an entry was resolved to.
    pub(super) fn locate(&mut self, locator: &'a str, index: PackageIndex) {
        self.locators.insert(locator, index);
    }

    /// All of them, sorted.
    pub(super) fn sorted(self) -> Vec<(Box<str>, PackageIndex)> {
        let mut all: Vec<(Box<str>, PackageIndex)> = self
            .exact
            .into_iter()
            .map(|(descriptor, index)| (descriptor.into(), index))
            .collect();
        all.sort_unstable();
        all
    }
}
