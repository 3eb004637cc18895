//! Asking the API of OSV: <https://google.github.io/osv.dev/api/>.
//!
//! First in batches which entries there are for each package and version; then, for packages with any, which others
//! there are, so that a fix can be held against all of them; then each entry once, or from the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::cache::Cache;
use super::record::{self, Record, is_id};
use crate::http::{Client, Failure, Kind, Request};

/// Where OSV answers.
pub const OSV_API: &str = "https://api.osv.dev";

/// The questions that one batch may hold.
const BATCH: usize = 1_000;
/// Pages of one question, before the server counts as mad.
const MOST_PAGES: usize = 100;
/// Entries that are fetched at the same time.
const AT_ONCE: usize = 16;
/// Entries of one run. The answer for a whole monorepo has some hundred.
const MOST_ENTRIES: usize = 20_000;
/// The longest name that npm takes.
const LONGEST_NAME: usize = 214;
/// The longest version that npm takes.
const LONGEST_VERSION: usize = 256;

/// The API of OSV.
#[derive(Clone, Debug)]
pub struct Osv {
    client: Client,
    base: String,
    cache: Cache,
    names: Option<BTreeSet<String>>,
}

#[derive(Serialize)]
struct Batch<'a> {
    queries: Vec<Query<'a>>,
}

#[derive(Clone, Serialize)]
struct Query<'a> {
    package: Package<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<String>,
}

#[derive(Clone, Serialize)]
struct Package<'a> {
    name: &'a str,
    ecosystem: &'static str,
}

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<Option<Found>>,
}

#[derive(Default, Deserialize)]
struct Found {
    #[serde(default)]
    vulns: Option<Vec<Named>>,
    #[serde(default)]
    next_page_token: Option<String>,
    /// What stands there where a question could not be answered.
    #[serde(default)]
    error: Option<IgnoredAny>,
    /// The same as gRPC writes it.
    #[serde(default)]
    code: Option<IgnoredAny>,
}

impl Found {
    fn is_answer(&self) -> bool {
        self.error.is_none() && self.code.is_none()
    }
}

#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    modified: Option<String>,
}

/// The names of packages that have entries, and the entries by their ids.
#[derive(Default)]
struct Names<'a> {
    packages: BTreeSet<&'a str>,
    entries: BTreeMap<String, Announced>,
}

/// What was said of an entry before it was fetched.
#[derive(Default)]
struct Announced {
    /// When it last changed.
    modified: Option<String>,
    /// The packages that it is about, some of them at least.
    packages: BTreeSet<String>,
}

impl Osv {
    /// The API at an address, such as [`OSV_API`], with a folder for entries that were fetched.
    #[must_use]
    pub fn new(client: Client, base: &str, cache: Option<PathBuf>) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            cache: Cache::new(cache),
            names: None,
        }
    }

    /// The same API, asked for these packages only: it is not told of others.
    #[must_use]
    pub fn only(self, names: BTreeSet<String>) -> Self {
        Self {
            names: Some(names),
            ..self
        }
    }

    /// Where it is asked.
    #[must_use]
    pub fn place(&self) -> String {
        Request::get(&self.base).map_or_else(|_| String::new(), |request| request.host())
    }

    /// All that is known of the packages of which a version has entries.
    ///
    /// # Errors
    /// An API that does not answer, or not in a way that can be understood. Half an answer is none.
    pub async fn ask(
        &self,
        request: &BTreeSet<(String, String)>,
    ) -> Result<BTreeMap<String, Vec<Record>>, Failure> {
        let is_ours = |name: &str| self.names.as_ref().is_none_or(|names| names.contains(name));
        let queries = request
            .iter()
            .filter(|(name, version)| {
                is_ours(name) && is_askable(name) && version.len() <= LONGEST_VERSION
            })
            .map(|(name, version)| query(name, Some(version)))
            .collect();
        let mut names = Names::default();
        self.find(queries, &mut names).await?;
        let known: Vec<Query<'_>> = names
            .packages
            .iter()
            .map(|name| query(name, None))
            .collect();
        self.find(known, &mut names).await?;
        let packages: BTreeSet<&str> = names.packages;
        let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for (name, record) in self.entries(names.entries).await? {
            if packages.contains(name.as_str()) {
                records.entry(name).or_default().push(record);
            }
        }
        Ok(records)
    }

    /// Asks all questions, page by page.
    async fn find<'a>(
        &self,
        mut queries: Vec<Query<'a>>,
        names: &mut Names<'a>,
    ) -> Result<(), Failure> {
        for _ in 0..MOST_PAGES {
            if queries.is_empty() {
                return Ok(());
            }
            let mut further = Vec::new();
            for batch in queries.chunks(BATCH) {
                let results = self.batch(batch).await?;
                for (query, found) in batch.iter().zip(results) {
                    // Nothing is no answer to a question: where there are no entries, an empty one stands.
                    let Some(found) = found.filter(Found::is_answer) else {
                        return Err(self.refused("did not answer all questions"));
                    };
                    for named in found.vulns.unwrap_or_default() {
                        if !is_id(&named.id) || names.entries.len() >= MOST_ENTRIES {
                            return Err(self.refused("answered with entries that cannot be"));
                        }
                        names.packages.insert(query.package.name);
                        let entry = names.entries.entry(named.id).or_default();
                        entry.modified = named.modified;
                        entry.packages.insert(query.package.name.to_owned());
                    }
                    if let Some(token) = found.next_page_token.filter(|token| !token.is_empty()) {
                        further.push(Query {
                            page_token: Some(token),
                            ..query.clone()
                        });
                    }
                }
            }
            queries = further;
        }
        Err(self.refused("has pages without end"))
    }

    async fn batch(&self, queries: &[Query<'_>]) -> Result<Vec<Option<Found>>, Failure> {
        let batch = Batch {
            queries: queries.to_vec(),
        };
        let body = serde_json::to_vec(&batch).map_err(|error| self.refused(&error.to_string()))?;
        let url = format!("{}/v1/querybatch", self.base);
        let request = Request::post(&url, "application/json", body)?;
        let body = self.client.send(&request).await?.success()?;
        let answer: BatchAnswer = serde_json::from_slice(&body)
            .map_err(|_| self.refused("answered with something that is no answer"))?;
        // Results are told apart by their order alone.
        if answer.results.len() != queries.len() {
            return Err(self.refused("did not answer all questions"));
        }
        Ok(answer.results)
    }

    /// Fetches entries, some at a time.
    async fn entries(
        &self,
        names: BTreeMap<String, Announced>,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let mut waiting = names.into_iter();
        let mut tasks = JoinSet::new();
        let mut records = Vec::new();
        loop {
            while tasks.len() < AT_ONCE
                && let Some((id, announced)) = waiting.next()
            {
                let osv = self.clone();
                tasks.spawn(async move { osv.entry(&id, &announced).await });
            }
            match tasks.join_next().await {
                None => break,
                Some(Ok(found)) => records.append(&mut found?),
                Some(Err(_)) => return Err(self.refused("was not asked to the end")),
            }
        }
        // Answers come in no order.
        records.sort_by(|one, other| (&one.0, &one.1.id).cmp(&(&other.0, &other.1.id)));
        Ok(records)
    }

    async fn entry(
        &self,
        id: &str,
        announced: &Announced,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let modified = announced.modified.as_deref();
        if let Some(modified) = modified
            && let Some(bytes) = self.cache.get(id, modified)
            && let Some(records) = fitting(&bytes, id, announced)
        {
            return Ok(records);
        }
        let request = Request::get(&format!("{}/v1/vulns/{id}", self.base))?;
        let bytes = self.client.send(&request).await?.success()?;
        let records = fitting(&bytes, id, announced)
            .ok_or_else(|| self.refused(&format!("answered with no entry for {id}")))?;
        if let Some(modified) = modified {
            self.cache.put(id, modified, &bytes);
        }
        Ok(records)
    }

    fn refused(&self, why: &str) -> Failure {
        Failure {
            host: self.place(),
            kind: Kind::Refused(why.to_owned()),
        }
    }
}

/// What an entry says, where it is the one that was announced. One that was taken back may say nothing any more.
fn fitting(bytes: &[u8], id: &str, announced: &Announced) -> Option<Vec<(String, Record)>> {
    let whole = record::read_whole(bytes).ok()?;
    let mut names = whole.records.iter().map(|(name, _)| name);
    let is_about = names.any(|name| announced.packages.contains(name));
    (whole.id == id && (whole.is_withdrawn || is_about)).then_some(whole.records)
}

fn query<'a>(name: &'a str, version: Option<&'a str>) -> Query<'a> {
    Query {
        package: Package {
            name,
            ecosystem: "npm",
        },
        version,
        page_token: None,
    }
}

/// True for what can be a name in a registry. One that cannot would have the whole batch refused, and has no entries.
pub(super) fn is_askable(name: &str) -> bool {
    let is_fine = |letter: char| !letter.is_control() && !letter.is_whitespace();
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_fine)
}
