//! What all sources said together: the facts that rules see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::bulk::Bulk;
use super::database::{Database, DatabaseError};
use super::matching::Installed;
use super::merge::{Advisory, merge};
use super::osv::Osv;
use super::record::Record;
use crate::http::Failure;

/// The longest that one server is waited for that goes on answering, all questions together. One that is silent is
/// given up long before, by the limits of the client.
const PATIENCE: Duration = Duration::from_mins(2);

/// Someone who knows of advisories.
#[derive(Clone, Debug)]
pub enum Source {
    /// The database at a path; none where the machine has no place for one.
    Database(Option<PathBuf>),
    /// The API of OSV.
    Osv(Osv),
    /// An npm registry.
    Npm(Bulk),
}

/// What became of a source that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The word for it in the configuration: `database`, `osv` or `npm`.
    pub source: &'static str,
    /// The host, or the file.
    pub place: String,
    /// Whether it answered.
    pub answer: SourceAnswer,
}

/// Whether a source answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceAnswer {
    /// It did.
    Answered {
        /// How many entries it has about the packages that were asked for.
        records: usize,
        /// How far its data reach, if it says so.
        date: Option<Timestamp>,
    },
    /// It did not: whoever asked for it must not take silence for a clean bill.
    Unavailable {
        /// Why, in one line.
        reason: String,
    },
}

/// All that is known of packages.
#[derive(Clone, Debug, Default)]
pub struct Advisories {
    by_package: BTreeMap<Arc<str>, Vec<Arc<Advisory>>>,
    sources: Vec<SourceState>,
    /// How many packages nobody outside was asked about, as they come from registries that are not public.
    pub untold: usize,
    /// True if that is so of all packages, so that nothing at all was asked.
    pub is_all_untold: bool,
}

impl Advisories {
    /// Merges what sources said, each by package.
    #[must_use]
    pub fn new(
        answers: impl IntoIterator<Item = BTreeMap<String, Vec<Record>>>,
        sources: Vec<SourceState>,
    ) -> Self {
        let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for (name, mut more) in answers.into_iter().flatten() {
            records.entry(name).or_default().append(&mut more);
        }
        let merged = records
            .into_iter()
            .map(|(name, records)| {
                (
                    Arc::from(name),
                    merge(records).into_iter().map(Arc::new).collect(),
                )
            })
            .filter(|(_, advisories): &(_, Vec<_>)| !advisories.is_empty());
        Self {
            by_package: merged.collect(),
            sources,
            untold: 0,
            is_all_untold: false,
        }
    }

    /// All that is known of a package, whatever versions it is about, sorted by id.
    #[must_use]
    pub fn of(&self, name: &str) -> &[Arc<Advisory>] {
        self.by_package.get(name).map_or(&[], Vec::as_slice)
    }

    /// What affects one version of a package.
    pub fn affecting(&self, name: &str, version: &str) -> impl Iterator<Item = &Arc<Advisory>> {
        let known = self.of(name);
        let installed = (!known.is_empty()).then(|| Installed::new(version));
        known.iter().filter(move |advisory| {
            installed
                .as_ref()
                .is_some_and(|installed| advisory.affects(installed))
        })
    }

    /// The packages of which anything is known.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &[Arc<Advisory>])> {
        self.by_package
            .iter()
            .map(|(name, advisories)| (name.as_ref(), advisories.as_slice()))
    }

    /// What became of each source that was asked, in the order in which they were named.
    #[must_use]
    pub fn sources(&self) -> &[SourceState] {
        &self.sources
    }

    /// Adds what became of further sources.
    pub fn add_sources(&mut self, states: Vec<SourceState>) {
        self.sources.extend(states);
    }

    /// True if every source answered. Else the run is incomplete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_there = |state: &SourceState| matches!(state.answer, SourceAnswer::Answered { .. });
        self.sources.iter().all(is_there)
    }
}

/// Asks all sources for versions of packages, given by name and version. Only names that come from a registry belong
/// here: they are told to whoever is asked. A source that fails is told, and is never an error.
pub async fn gather(request: &BTreeSet<(String, String)>, sources: &[Source]) -> Advisories {
    let mut answers = Vec::new();
    let mut states = Vec::new();
    for source in sources {
        let (word, place, answer) = match source {
            Source::Database(path) => {
                let place = path
                    .as_deref()
                    .map_or_else(String::new, |path| path.display().to_string());
                ("database", place, look_up(request, path.as_deref()))
            }
            Source::Osv(osv) => ("osv", osv.place(), in_time(osv.ask(request)).await),
            Source::Npm(bulk) => ("npm", bulk.place(), in_time(bulk.ask(request)).await),
        };
        let answer = match answer {
            Ok((found, date)) => {
                let records = found.values().map(Vec::len).sum();
                answers.push(found);
                SourceAnswer::Answered { records, date }
            }
            Err(reason) => SourceAnswer::Unavailable { reason },
        };
        states.push(SourceState {
            source: word,
            place,
            answer,
        });
    }
    Advisories::new(answers, states)
}

type Found = (BTreeMap<String, Vec<Record>>, Option<Timestamp>);

/// What a server answers, or why it does not.
async fn in_time(
    answer: impl Future<Output = Result<BTreeMap<String, Vec<Record>>, Failure>>,
) -> Result<Found, String> {
    match timeout(PATIENCE, answer).await {
        Ok(Ok(found)) => Ok((found, None)),
        Ok(Err(failure)) => Err(failure.to_string()),
        Err(_) => Err(format!(
            "gave no whole answer within {} seconds",
            PATIENCE.as_secs()
        )),
    }
}

fn look_up(request: &BTreeSet<(String, String)>, path: Option<&Path>) -> Result<Found, String> {
    let path =
        path.ok_or("this machine has no folder for caches; name the file with --database")?;
    let find = || -> Result<Found, DatabaseError> {
        let database = Database::open(path)?;
        let mut found = BTreeMap::new();
        let names: BTreeSet<&str> = request.iter().map(|(name, _)| name.as_str()).collect();
        for name in names {
            let records = database.records(name)?;
            if !records.is_empty() {
                found.insert(name.to_owned(), records);
            }
        }
        Ok((found, database.about().date))
    };
    find().map_err(|error| error.to_string())
}
