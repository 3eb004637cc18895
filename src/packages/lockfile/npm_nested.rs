//! Version 1 of npm's lockfile: `dependencies` nested as they are installed.
//!
//! What is required stands in `requires`, and is found among what is installed inside, then beside, then further
//! out. There is no root, and no workspace: whoever asks for what lies outermost says `package.json` alone.

use jsonc_parser::ast::Object;

use super::homes::{Home, Homes};
use super::json::{Reading, properties};
use super::npm_entry::Entry;
use super::sections::Sections;
use super::{Locked, Lockfile, PackageIndex, origin};
use crate::syntax::Span;

struct Nested<'a, 'r> {
    reading: &'r mut Reading<'a>,
    homes: Homes<'a>,
    packages: Vec<Locked>,
    /// What is required by whom, who looks from where.
    required: Vec<(usize, &'a Object<'a>, Home)>,
    /// What lies outermost, by name.
    outermost: Vec<(Box<str>, PackageIndex)>,
}

/// Reads `dependencies`.
pub(super) fn read<'a>(
    dependencies: &'a Object<'a>,
    reading: &mut Reading<'a>,
    lockfile: &mut Lockfile,
) {
    let mut nested = Nested {
        reading,
        homes: Homes::default(),
        packages: Vec::new(),
        required: Vec::new(),
        outermost: Vec::new(),
    };
    nested.level(dependencies, None);
    nested.homes.settle();
    nested.outermost.sort();
    lockfile.descriptors = nested.outermost;
    for (index, requires, home) in nested.required {
        let sections = Sections {
            production: Some(requires),
            ..Sections::default()
        };
        let homes = &nested.homes;
        let dependencies =
            sections.dependencies(nested.reading, |name| homes.find(Some(home), name));
        if let Some(package) = nested.packages.get_mut(index) {
            package.dependencies = dependencies;
        }
    }
    lockfile.packages = nested.packages;
}

impl<'a> Nested<'a, '_> {
    /// Reads what is installed in one place; the parser bounds how deep this goes.
    fn level(&mut self, dependencies: &'a Object<'a>, outer: Option<Home>) -> Home {
        let home = self.homes.open(outer);
        for property in properties(dependencies) {
            let name = property.name.as_str();
            let at = self.reading.span(&property.name);
            if !is_plain(name) {
                let words = "A name is written in a way that hides where it leads";
                self.reading.make_unreadable(words, at);
                continue;
            }
            let Some(entry) = Entry::read(property, self.reading) else {
                continue;
            };
            let index = self.packages.len();
            let locked = self.locked(name, at, &entry);
            self.packages.push(locked);
            let package = PackageIndex(u32::try_from(index).unwrap_or(u32::MAX));
            self.homes.install(home, name, package);
            if outer.is_none() {
                self.outermost.push((name.into(), package));
            }
            let inside = match entry.sections.production {
                Some(inside) => self.level(inside, Some(home)),
                None => home,
            };
            if let Some(requires) = entry.requires {
                self.required.push((index, requires, inside));
            }
        }
        home
    }

    fn locked(&mut self, name: &'a str, at: Span, entry: &Entry<'a>) -> Locked {
        let written = entry.version.unwrap_or_default();
        if let Some(alias) = written.strip_prefix("npm:") {
            let (real, version) = origin::name_and_rest(alias);
            return entry.locked(real, version, entry.source(), at, self.reading);
        }
        match origin::of(written) {
            Some(source) => entry.locked(name, "", source, at, self.reading),
            None => entry.locked(name, written, entry.source(), at, self.reading),
        }
    }
}

/// True for a name as npm writes it. It joins others to paths as well, so that `a/../b` would hide a `b`.
fn is_plain(name: &str) -> bool {
    let unscoped = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').map_or("", |(_, unscoped)| unscoped),
        None => name,
    };
    !matches!(unscoped, "" | "." | "..") && !unscoped.contains(['/', '\\'])
}
