//! Which installed package another one sees: Node.js looks into the `node_modules` beside it, then further out.

use std::collections::HashMap;

use super::PackageIndex;

/// The longest way outwards, in folders or in packages. The deepest of the studied lockfiles has twelve.
const MAX_STEPS: usize = 128;

/// The longest path, in bytes, that is looked up: what file systems allow.
const MAX_PATH: usize = 4096;

/// A place into which packages are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Home(u32);

/// All places of a lockfile, with what is installed in each.
#[derive(Debug, Default)]
pub(super) struct Homes<'a> {
    outer: Vec<Option<Home>>,
    installed: HashMap<&'a str, Vec<(Home, PackageIndex)>>,
}

impl<'a> Homes<'a> {
    /// Adds a place inside another one.
    pub(super) fn open(&mut self, outer: Option<Home>) -> Home {
        let home = Home(u32::try_from(self.outer.len()).unwrap_or(u32::MAX));
        self.outer.push(outer);
        home
    }

    /// Puts a package under a name into a place.
    pub(super) fn install(&mut self, home: Home, name: &'a str, package: PackageIndex) {
        self.installed
            .entry(name)
            .or_default()
            .push((home, package));
    }

    /// Makes ready for [`Self::find`], once everything is installed.
    pub(super) fn settle(&mut self) {
        #[expect(
            clippy::iter_over_hash_type,
            reason = "each is sorted by itself, in whatever order"
        )]
        for places in self.installed.values_mut() {
            places.sort_unstable();
        }
    }

    /// What a name means to whoever looks from a place.
    pub(super) fn find(&self, from: Option<Home>, name: &str) -> Option<PackageIndex> {
        let places = self.installed.get(name)?;
        let mut at = from;
        while let Some(home) = at {
            if let Ok(found) = places.binary_search_by_key(&home, |(place, _)| *place) {
                return places.get(found).map(|(_, package)| *package);
            }
            at = self.outer.get(home.0 as usize).copied().flatten();
        }
        None
    }
}

/// Places that a lockfile names by paths.
#[derive(Debug)]
pub(super) struct PathHomes<'a> {
    homes: Homes<'a>,
    by_path: HashMap<&'a str, Home>,
    /// The path around a path, as the lockfile writes paths.
    around: fn(&str) -> Option<&str>,
}

impl<'a> PathHomes<'a> {
    pub(super) fn new(around: fn(&str) -> Option<&str>) -> Self {
        Self {
            homes: Homes::default(),
            by_path: HashMap::new(),
            around,
        }
    }

    /// False for a path that no file system holds and that would take too long to walk.
    pub(super) fn is_walkable(path: &str) -> bool {
        path.len() <= MAX_PATH && path.bytes().filter(|byte| *byte == b'/').count() < MAX_STEPS
    }

    /// Puts a package under a name into the place at a path.
    pub(super) fn install(&mut self, path: &'a str, name: &'a str, package: PackageIndex) {
        let homes = &mut self.homes;
        let home = *self.by_path.entry(path).or_insert_with(|| homes.open(None));
        homes.install(home, name, package);
    }

    /// Finds out which place lies in which, once everything is installed.
    pub(super) fn settle(&mut self) {
        let mut outer = vec![None; self.homes.outer.len()];
        #[expect(
            clippy::iter_over_hash_type,
            reason = "each goes to its own number, in whatever order"
        )]
        for (path, home) in &self.by_path {
            if let Some(slot) = outer.get_mut(home.0 as usize) {
                *slot = (self.around)(path).and_then(|around| self.nearest(around));
            }
        }
        self.homes.outer = outer;
        self.homes.settle();
    }

    /// The place at a path, or the nearest one around it.
    pub(super) fn nearest(&self, path: &str) -> Option<Home> {
        let mut at = Some(path);
        for _ in 0..=MAX_STEPS {
            if let Some(home) = self.by_path.get(at?) {
                return Some(*home);
            }
            at = (self.around)(at?);
        }
        None
    }

    /// What a name means to whoever looks from a place.
    pub(super) fn find(&self, from: Option<Home>, name: &str) -> Option<PackageIndex> {
        self.homes.find(from, name)
    }
}
