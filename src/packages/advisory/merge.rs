//! Entries under many names become one advisory.
//!
//! GitHub, MITRE, OpenSSF and others give an id each to the same thing, and say so in `aliases`. All entries about one
//! package that are linked in this way, directly or through others, are one advisory; it affects what any of them says.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::matching::{Affected, Installed};
use super::record::{Record, is_malware_id};
use super::severity::Rating;

/// What is known of one thing that is wrong with one package, under all its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// The name that most people know: that of GitHub, else the CVE, else the first of the others.
    pub id: Arc<str>,
    /// All other names, sorted.
    pub aliases: Vec<Arc<str>>,
    /// One line for people; may be empty.
    pub summary: String,
    /// How grave it is.
    pub rating: Rating,
    /// The versions that are affected, with what mends them.
    pub affected: Affected,
    /// True if the package is meant to do harm.
    pub is_malware: bool,
}

impl Advisory {
    /// True if a version is affected.
    #[must_use]
    pub fn affects(&self, installed: &Installed) -> bool {
        self.affected.holds(installed)
    }

    /// Where people can read more.
    #[must_use]
    pub fn url(&self) -> String {
        match rank(&self.id) {
            0 => format!("https://github.com/advisories/{}", self.id),
            _ => format!("https://osv.dev/vulnerability/{}", self.id),
        }
    }
}

/// The order in which names are preferred.
fn rank(id: &str) -> u8 {
    let starts = |start: &str| {
        id.get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    match () {
        () if starts("GHSA-") => 0,
        () if starts("CVE-") => 1,
        () if starts("MAL-") => 2,
        () => 3,
    }
}

/// Merges what all sources say of one package, sorted by id.
#[must_use]
pub fn merge(records: Vec<Record>) -> Vec<Advisory> {
    let records = newest(records);
    let mut groups = Groups::default();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for record in &records {
        let own = groups.add();
        for name in std::iter::once(&record.id).chain(&record.aliases) {
            // Ids are written in more than one case.
            let group = *names.entry(name.to_ascii_uppercase()).or_insert(own);
            groups.join(own, group);
        }
    }
    let mut members: BTreeMap<usize, Vec<&Record>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        members.entry(groups.root(index)).or_default().push(record);
    }
    let mut advisories: Vec<Advisory> = members.values().map(|group| join(group)).collect();
    advisories.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    advisories
}

/// Of entries with one id from many sources the latest; all of them where one does not say when it changed. What was
/// withdrawn is gone.
fn newest(records: Vec<Record>) -> Vec<Record> {
    let mut by_id: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for record in records {
        let same = by_id.entry(record.id.to_ascii_uppercase()).or_default();
        let is_known = same.contains(&record);
        let is_dated = |other: &&mut Record| other.modified.is_some() && record.modified.is_some();
        match same.iter_mut().find(is_dated) {
            Some(other) if record.modified > other.modified => *other = record,
            None if !is_known => same.push(record),
            _ => {}
        }
    }
    let mut kept: Vec<Record> = by_id.into_values().flatten().collect();
    kept.retain(|record| !record.is_withdrawn);
    kept
}

/// One advisory of entries that are linked; there is at least one.
fn join(group: &[&Record]) -> Advisory {
    let mut names: Vec<&str> = group
        .iter()
        .flat_map(|record| std::iter::once(&record.id).chain(&record.aliases))
        .map(String::as_str)
        .collect();
    names.sort_unstable_by_key(|name| (rank(name), *name));
    names.dedup();
    let is_malware = group.iter().any(|record| record.is_malware)
        || names.iter().any(|name| is_malware_id(name));

    let mut ordered: Vec<&Record> = group.to_vec();
    ordered.sort_by_key(|record| (rank(&record.id), record.id.as_str()));
    let mut affected = Affected::default();
    for record in &ordered {
        affected.add(&record.affected);
    }
    // A word counts before a vector whoever wrote it; then the better known database, then the graver one.
    let rated = ordered
        .iter()
        .filter(|record| record.rating.severity.is_some())
        .min_by_key(|record| {
            let rating = &record.rating;
            (
                rating.word.is_none(),
                rank(&record.id),
                Reverse(rating.severity),
            )
        });
    let mut rating = rated.map_or_else(Rating::default, |record| record.rating.clone());
    rating.score = rating
        .score
        .or_else(|| ordered.iter().find_map(|record| record.rating.score));
    if is_malware {
        rating = rating.malware();
    }
    let summary = ordered
        .iter()
        .map(|record| record.summary.as_str())
        .find(|summary| !summary.is_empty());
    let mut names = names.into_iter().map(Arc::from);
    Advisory {
        id: names.next().unwrap_or_default(),
        aliases: {
            let mut aliases: Vec<Arc<str>> = names.collect();
            aliases.sort_unstable();
            aliases
        },
        summary: summary.unwrap_or_default().to_owned(),
        rating,
        affected,
        is_malware,
    }
}

/// Disjoint sets of numbers, each known by its lowest member.
#[derive(Default)]
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn add(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    fn root(&mut self, mut member: usize) -> usize {
        while let Some(&parent) = self.parents.get(member)
            && parent != member
        {
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(member) {
                *slot = above;
            }
            member = above;
        }
        member
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(slot) = self.parents.get_mut(one.max(other)) {
            *slot = one.min(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::matching::Event;
    use super::*;
    use crate::finding::Severity;

    fn record(id: &str, aliases: &[&str], fixed: &str) -> Record {
        let mut affected = Affected::default();
        affected.add_range(&[Event::Introduced("0"), Event::Fixed(fixed)]);
        Record {
            id: id.to_owned(),
            modified: None,
            is_withdrawn: false,
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            summary: format!("summary of {id}"),
            affected,
            rating: Rating::default(),
            is_malware: false,
        }
    }

    #[test]
    fn links_make_one_advisory_whatever_way_they_go() {
        let advisories = merge(vec![
            record("NSWG-ECO-1", &["CVE-2020-1"], "1.0.0"),
            record("GHSA-b", &[], "1.0.0"),
            record("SNYK-1", &["GHSA-a"], "1.2.0"),
            record("GHSA-a", &["cve-2020-1"], "1.1.0"),
        ]);
        let told: Vec<(&str, usize)> = advisories
            .iter()
            .map(|advisory| (advisory.id.as_ref(), advisory.aliases.len()))
            .collect();
        assert_eq!(told, [("GHSA-a", 4), ("GHSA-b", 0)]);
        assert_eq!(advisories[0].summary, "summary of GHSA-a");
        assert!(advisories[0].affects(&Installed::new("1.1.5")));
        assert_eq!(advisories[0].affected.stretches().len(), 3);
    }

    #[test]
    fn the_latest_of_one_id_counts_even_if_it_takes_it_back() {
        let at = |text: &str| Some(text.parse().unwrap());
        let old = Record {
            modified: at("2026-01-01T00:00:00Z"),
            ..record("GHSA-a", &[], "1.0.0")
        };
        let new = Record {
            modified: at("2026-02-01T00:00:00Z"),
            is_withdrawn: true,
            ..record("GHSA-a", &[], "1.0.0")
        };
        assert_eq!(merge(vec![old.clone(), new.clone()]), []);
        assert_eq!(merge(vec![new.clone(), old.clone()]), []);
        // Who does not say when is heard beside the others.
        assert_eq!(
            merge(vec![new, old, record("GHSA-a", &[], "3.0.0")]).len(),
            1
        );
    }

    #[test]
    fn a_word_counts_before_a_vector_and_malware_before_all() {
        let rated = |id: &str, word: Option<&str>, severity| Record {
            rating: Rating {
                severity: Some(severity),
                score: None,
                word: word.map(str::to_owned),
            },
            ..record(id, &["CVE-1"], "1.0.0")
        };
        let advisories = merge(vec![
            rated("GHSA-a", None, Severity::High),
            rated("NSWG-1", Some("low"), Severity::Low),
        ]);
        assert_eq!(advisories[0].rating.severity, Some(Severity::Low));
        let advisories = merge(vec![
            rated("GHSA-a", Some("low"), Severity::Low),
            record("MAL-1", &["CVE-1"], "1.0.0"),
        ]);
        assert_eq!(advisories[0].rating.severity, Some(Severity::Critical));
        assert_eq!(advisories[0].id.as_ref(), "GHSA-a");
        assert!(advisories[0].is_malware);
    }
}
