//! Entries under many names become one advisory.
//!
//! GitHub, MITRE, OpenSSF and others give an id each to the same thing, and say so in `aliases`. All entries about one
//! package that are linked in this way, directly or through others, are one advisory; it affects what any of them says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::version::Version;
use super::matching::{Affected, End, Installed};
use super::record::{Record, is_malware_id};
use super::severity::Rating;

/// What is known of one thing that is wrong with one package, under all its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// The name that it keeps whatever version is looked at: that of GitHub, else the CVE, else another; of several of
    /// a kind the one whose entry reaches the highest versions.
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
    /// What each entry says by itself, the best known first; empty where there is but one.
    entries: Vec<Entry>,
}

/// One of several entries that are one advisory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The best known of its names that is not that of another entry.
    name: Arc<str>,
    summary: Arc<str>,
    affected: Affected,
}

/// What an advisory is called where it is told of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// The best known name among the entries that are about the version.
    pub id: &'a Arc<str>,
    /// One line for people; may be empty.
    pub summary: &'a str,
}

impl Advisory {
    /// True if a version is affected.
    #[must_use]
    pub fn affects(&self, installed: &Installed) -> bool {
        self.affected.holds(installed)
    }

    /// How it is told of an affected version: in the words of an entry that is about that very version, as whoever looks
    /// the name up reads which versions it is about.
    #[must_use]
    pub fn told_of(&self, version: &str) -> Told<'_> {
        let installed = Installed::new(version);
        let about = |entry: &&Entry| entry.affected.holds(&installed);
        match self.entries.iter().find(about) {
            Some(entry) => Told {
                id: &entry.name,
                summary: match &*entry.summary {
                    "" => &self.summary,
                    summary => summary,
                },
            },
            None => Told {
                id: &self.id,
                summary: &self.summary,
            },
        }
    }

    /// The names of all entries that are about a version: what they say of others is no part of it.
    #[must_use]
    pub fn entries_about(&self, version: &str) -> Vec<Arc<str>> {
        if self.entries.is_empty() {
            return vec![Arc::clone(&self.id)];
        }
        let installed = Installed::new(version);
        let about = self.entries.iter();
        let about = about.filter(|entry| entry.affected.holds(&installed));
        about.map(|entry| Arc::clone(&entry.name)).collect()
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

/// How far up the versions go that an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// To a version; true if that is affected itself.
    To(Option<Version>, bool),
    /// To all that will ever come.
    Endless,
}

impl Reach {
    fn of(affected: &Affected) -> Self {
        let ends = affected
            .stretches()
            .iter()
            .map(|stretch| match &stretch.end {
                End::Open => Self::Endless,
                End::Fixed(end) | End::Limit(end) => Self::To(Some(end.clone()), false),
                End::Last(last) => Self::To(Some(last.clone()), true),
            });
        let listed = affected.versions();
        let listed = listed.map(|version| Self::To(Version::parse(version), true));
        ends.chain(listed).max().unwrap_or(Self::To(None, false))
    }
}

/// The names of linked entries in the order in which they are preferred, each once in each spelling. An entry that
/// reaches further up is about more of what is installed.
fn names_of<'r>(ordered: &[&'r Record]) -> Vec<&'r str> {
    let own = ordered.iter().map(|record| &record.id);
    let others = ordered.iter().flat_map(|record| &record.aliases);
    let all: BTreeSet<&str> = own.chain(others).map(String::as_str).collect();
    let mut names: Vec<&str> = all.into_iter().collect();
    let own: BTreeMap<&str, usize> = ordered
        .iter()
        .enumerate()
        .rev()
        .map(|(at, record)| (record.id.as_str(), at))
        .collect();
    // Where an entry stands under the name, it counts before one that is only mentioned.
    names.sort_by_key(|name| {
        let at = own.get(name).copied().unwrap_or(usize::MAX);
        (rank(name), at, *name)
    });
    names
}

/// One advisory of entries that are linked; there is at least one.
fn join(group: &[&Record]) -> Advisory {
    let mut ordered: Vec<&Record> = group.to_vec();
    ordered.sort_by_cached_key(|record| {
        let reach = Reverse(Reach::of(&record.affected));
        (rank(&record.id), reach, record.id.clone())
    });
    let names = names_of(&ordered);
    let is_malware = group.iter().any(|record| record.is_malware)
        || names.iter().any(|name| is_malware_id(name));
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
    let entries = entries_of(&ordered);
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
        entries,
    }
}

/// What each of several entries says by itself, the best known first.
fn entries_of(ordered: &[&Record]) -> Vec<Entry> {
    if ordered.len() < 2 {
        return Vec::new();
    }
    let own: BTreeSet<String> = ordered
        .iter()
        .map(|record| record.id.to_ascii_uppercase())
        .collect();
    let mut entries: Vec<Entry> = ordered
        .iter()
        .map(|record| {
            // The name of another entry leads to what that one says.
            let aliases = record.aliases.iter().map(String::as_str);
            let others = aliases.filter(|name| !own.contains(&name.to_ascii_uppercase()));
            let names = others.chain([record.id.as_str()]);
            // Its own name counts before one of the same kind that it only mentions.
            let name = names.min_by_key(|name| (rank(name), *name != record.id, *name));
            Entry {
                name: name.unwrap_or(&record.id).into(),
                summary: record.summary.as_str().into(),
                affected: record.affected.clone(),
            }
        })
        .collect();
    entries.sort_by_key(|entry| rank(&entry.name));
    entries
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
    fn a_version_is_told_the_name_of_an_entry_that_is_about_it() {
        let advisories = merge(vec![
            record("GHSA-a", &["CVE-1", "CVE-2"], "1.1.0"),
            record("GHSA-b", &["CVE-1", "CVE-2"], "1.2.0"),
            record("NSWG-1", &["CVE-2", "GHSA-a"], "1.3.0"),
        ]);
        assert_eq!(advisories.len(), 1);
        // The one that reaches furthest names the whole, so that it is called the same in most versions.
        assert_eq!(advisories[0].id.as_ref(), "GHSA-b");
        let told = |version| {
            let told = advisories[0].told_of(version);
            (&**told.id, told.summary)
        };
        assert_eq!(told("1.0.0"), ("GHSA-b", "summary of GHSA-b"));
        assert_eq!(told("1.1.5"), ("GHSA-b", "summary of GHSA-b"));
        // A name that it mentions and under which there is no entry is its own.
        assert_eq!(told("1.2.5"), ("CVE-2", "summary of NSWG-1"));

        let lower = Record {
            affected: {
                let mut affected = Affected::default();
                affected.add_range(&[Event::Introduced("4.0.0"), Event::Fixed("4.18.0")]);
                affected
            },
            ..record("GHSA-r", &["CVE-1"], "1.0.0")
        };
        let advisories = merge(vec![record("GHSA-a", &["CVE-1"], "4.17.21"), lower]);
        assert_eq!(advisories[0].id.as_ref(), "GHSA-r");
        assert_eq!(&**advisories[0].told_of("3.0.0").id, "GHSA-a");
        assert_eq!(&**advisories[0].told_of("4.17.21").id, "GHSA-r");
        // One entry alone is called as most people know it.
        let advisories = merge(vec![record("NSWG-1", &["CVE-1"], "1.0.0")]);
        assert_eq!(&**advisories[0].told_of("0.9.0").id, "CVE-1");
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
