//! Packages of which the same is to be said, by their lockfiles: a line for each lockfile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::snapshot::held::Held;
use crate::verdict::PassedOver;

/// So many packages are named for each lockfile.
const NAMED: usize = 3;

/// The packages of each lockfile, as people call them.
#[derive(Default)]
pub(super) struct ByLockfile(BTreeMap<Arc<str>, BTreeSet<String>>);

impl ByLockfile {
    /// Adds a package, whose place is this lockfile.
    pub(super) fn add(&mut self, path: Arc<str>, held: Held<'_>) {
        let labels = self.0.entry(path).or_default();
        labels.insert(format!("`{}`", held.package.label()));
    }

    /// What is said of the packages of each lockfile, of which the first few are named.
    pub(super) fn told(self, reason: impl Fn(&str) -> String) -> Vec<PassedOver> {
        let told = self.0.into_iter().map(|(path, labels)| {
            let mut named: Vec<String> = labels.iter().take(NAMED).cloned().collect();
            if let Some(more) = labels.len().checked_sub(NAMED).filter(|more| *more > 0) {
                named.push(format!("{more} more"));
            }
            let reason = reason(&named.join(", "));
            PassedOver { path, reason }
        });
        told.collect()
    }
}
