//! Which files are applied together.

use std::collections::BTreeMap;

use globset::{GlobSet, GlobSetBuilder};

use crate::folders::folder;

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

/// What was applied together and no longer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Separated<'a> {
    /// A file.
    pub one: &'a str,
    /// Another one of its cluster, or where none was named of its folder.
    pub other: &'a str,
}

/// The first two files, by path, that a change of the clusters takes apart. Where no cluster was named, the files of a
/// folder were together; where none is named any longer, nothing is apart.
#[must_use]
pub fn separated<'a>(
    before: &Clusters,
    after: &Clusters,
    paths: &[&'a str],
) -> Option<Separated<'a>> {
    if after.is_empty() {
        return None;
    }
    let mut groups: BTreeMap<(usize, &str), Vec<&'a str>> = BTreeMap::new();
    for path in paths {
        if before.is_empty() {
            groups.entry((0, folder(path))).or_default().push(path);
        }
        for cluster in before.of(path) {
            groups.entry((cluster, "")).or_default().push(path);
        }
    }
    groups.into_values().find_map(|group| {
        let mut files = group.into_iter();
        let one = files.next()?;
        let mut common = after.of(one);
        let was_alone = common.is_empty();
        files.find_map(|other| {
            let clusters = after.of(other);
            common.retain(|cluster| clusters.contains(cluster));
            let apart = if was_alone {
                !clusters.is_empty()
            } else {
                common.is_empty()
            };
            apart.then_some(Separated { one, other })
        })
    })
}

/// The first file that belonged to a cluster, by its path in the base, and belongs to none any longer, by that in the
/// head.
#[must_use]
pub fn dropped<'a>(
    before: &Clusters,
    after: &Clusters,
    paths: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<&'a str> {
    let mut paths = paths.into_iter();
    let is_dropped =
        |(old, new): &(&str, &str)| !before.of(old).is_empty() && after.of(new).is_empty();
    paths.find(is_dropped).map(|(_, new)| new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn clusters(text: &str) -> Clusters {
        let config: Config =
            serde_yaml::from_str(&format!("kubernetes: {{clusters: {text}}}")).unwrap_or_default();
        Clusters::new(&config.kubernetes.clusters)
    }

    #[test]
    fn what_was_together_is_seen_to_part() {
        let paths = ["a/ns.yaml", "a/pod.yaml", "b/pod.yaml"];
        let one = "[{name: p, paths: [\"a/**\"]}]";
        let two = "[{name: p, paths: [a/ns.yaml]}, {name: q, paths: [a/pod.yaml]}]";
        let renamed = "[{name: r, paths: [\"a/*.yaml\"]}, {name: s, paths: [\"b/**\"]}]";
        let apart = Some(Separated {
            one: "a/ns.yaml",
            other: "a/pod.yaml",
        });
        let half = "[{name: p, paths: [a/pod.yaml]}]";
        for (before, after, expected) in [
            (one, two, &apart),
            ("[]", two, &apart),
            ("[]", half, &apart),
            (one, half, &apart),
            (one, renamed, &None),
            ("[]", renamed, &None),
            (two, "[]", &None),
            (two, one, &None),
        ] {
            let found = separated(&clusters(before), &clusters(after), &paths);
            assert_eq!(&found, expected, "{before} to {after}");
        }
    }
}
