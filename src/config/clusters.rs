//! Which files are applied together.

use globset::{GlobSet, GlobSetBuilder};

use super::Cluster;
use super::pattern::glob;

/// The clusters of a configuration, by the files that they are made of.
#[derive(Clone, Debug, Default)]
pub struct Clusters {
    patterns: GlobSet,
    /// The number of the cluster of each pattern.
    owners: Vec<usize>,
}

impl Clusters {
    /// The clusters that a configuration names.
    #[must_use]
    pub fn new(clusters: &[Cluster]) -> Self {
        let mut patterns = GlobSetBuilder::new();
        let mut owners = Vec::new();
        for (number, cluster) in clusters.iter().enumerate() {
            for pattern in &cluster.paths {
                // Patterns were looked at when they were read.
                if let Ok(glob) = glob(pattern.as_str()) {
                    patterns.add(glob);
                    owners.push(number);
                }
            }
        }
        match patterns.build() {
            Ok(patterns) => Self { patterns, owners },
            Err(_) => Self::default(),
        }
    }

    /// True if the configuration names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// The numbers of the clusters that a file belongs to, in order.
    #[must_use]
    pub fn of(&self, path: &str) -> Vec<usize> {
        if self.is_empty() {
            return Vec::new();
        }
        let matches = self.patterns.matches(path).into_iter();
        let mut numbers: Vec<usize> = matches
            .filter_map(|pattern| self.owners.get(pattern).copied())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
