//! Which clusters of the configuration the files of variants belong to.
//!
//! A kustomization that the configuration puts into a cluster brings along what it takes in, and so does one whose own
//! files are all of one cluster. A file that several clusters share is in each of them as it is built there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::counterparts::Both;
use super::together::{ClustersOf, Filed};

/// The clusters of each of some files, in their order.
pub(super) fn declared<P: Filed>(
    both: &[Both<'_, P>],
    clusters_of: ClustersOf<'_>,
) -> Vec<Vec<usize>> {
    let mut of_paths: HashMap<&str, Vec<usize>> = HashMap::new();
    // The files of each variant, and the variants of each file.
    let mut files: BTreeMap<&str, (&[Arc<str>], Vec<&str>)> = BTreeMap::new();
    let mut variants: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for file in both {
        let path = file.path();
        of_paths.entry(path).or_insert_with(|| clusters_of(path));
        if let Some(variant) = file.variant {
            let own = files.entry(&variant.at);
            own.or_insert_with(|| (&variant.parts, Vec::new()))
                .1
                .push(path);
            variants.entry(path).or_default().insert(&variant.at);
        }
    }
    let own = |path: &str| of_paths.get(path).map(Vec::as_slice).unwrap_or_default();
    let of_variants: HashMap<&str, Vec<usize>> = files
        .into_iter()
        .map(|(at, (parts, files))| {
            let said = clusters_of(at);
            if !said.is_empty() {
                return (at, said);
            }
            let alone = files.into_iter();
            let alone = alone.filter(|path| variants.get(path).is_some_and(|it| it.len() == 1));
            let alone = alone.map(|path| own(path).to_vec());
            let all = parts.iter().map(|path| clusters_of(path)).chain(alone);
            let mut all: BTreeSet<Vec<usize>> = all.filter(|it| !it.is_empty()).collect();
            let first = all.pop_first().unwrap_or_default();
            (at, if all.is_empty() { first } else { Vec::new() })
        })
        .collect();
    let of_variant = |at: &str| of_variants.get(at).map(Vec::as_slice).unwrap_or_default();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let clusters = both.iter().map(|file| {
        let (path, own) = (file.path(), own(file.path()));
        let Some(variant) = file.variant else {
            return own.to_vec();
        };
        let said = of_variant(&variant.at);
        let variants = variants.get(path).into_iter().flatten();
        let reached: BTreeSet<usize> = variants.flat_map(|at| of_variant(at)).copied().collect();
        if own.iter().all(|cluster| !reached.contains(cluster)) {
            return if own.is_empty() { said } else { own }.to_vec();
        }
        let mut clusters: Vec<usize> = own
            .iter()
            .filter(|cluster| said.contains(cluster))
            .copied()
            .collect();
        if clusters.is_empty() {
            clusters.extend(said);
        }
        // What no variant brings into a cluster that has it is there as the first one builds it.
        if seen.insert(path) {
            clusters.extend(own.iter().filter(|cluster| !reached.contains(cluster)));
        }
        clusters.sort_unstable();
        clusters
    });
    clusters.collect()
}
