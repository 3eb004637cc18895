//! Asking an npm registry: `POST /-/npm/v1/security/advisories/bulk`, as `npm audit` does.
//!
//! A registry tells only what is about the versions that it is asked for. So that a fix can be held against all that is
//! known, it is asked again for the versions that would be fixes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::Value;

use super::super::version::Version;
use super::fix;
use super::matching::{Affected, Installed};
use super::merge::{self, Advisory};
use super::osv::is_askable;
use super::record::{EMBEDDED_MALICIOUS_CODE, Record, is_id, is_malware_id, one_line};
use super::severity::Rating;
use crate::http::{Client, Failure, Kind, Request};

/// Packages of one question.
const BATCH: usize = 1_000;
/// How often fixes are followed by further questions.
const ROUNDS: usize = 4;

/// An npm registry, as a source of advisories.
#[derive(Clone)]
pub struct Bulk {
    client: Client,
    registry: String,
    /// The value of `Authorization`. Sent to the registry and to nobody else.
    authorization: Option<String>,
    /// The packages that it serves; none where it serves all.
    names: Option<BTreeSet<String>>,
}

impl std::fmt::Debug for Bulk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bulk")
            .field("registry", &self.place())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    vulnerable_versions: String,
    #[serde(default)]
    cwe: Value,
    #[serde(default)]
    cvss: Value,
}

impl Bulk {
    /// A registry by its address, such as `https://registry.npmjs.org`.
    #[must_use]
    pub fn new(client: Client, registry: &str) -> Self {
        Self {
            client,
            registry: registry.trim_end_matches('/').to_owned(),
            authorization: None,
            names: None,
        }
    }

    /// The same registry, which wants this as `Authorization`.
    #[must_use]
    pub fn with_authorization(self, value: String) -> Self {
        Self {
            authorization: Some(value),
            ..self
        }
    }

    /// The same registry, asked for these packages only: it is not told of others.
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
        Request::get(&self.registry).map_or_else(|_| String::new(), |request| request.host())
    }

    /// What the registry knows of these versions, and of those that would be fixes.
    ///
    /// # Errors
    /// A registry that does not answer, or not in a way that can be understood. Half an answer is none.
    pub async fn ask(
        &self,
        request: &BTreeSet<(String, String)>,
    ) -> Result<BTreeMap<String, Vec<Record>>, Failure> {
        let is_ours = |name: &str| self.names.as_ref().is_none_or(|names| names.contains(name));
        let mut next: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, version) in request {
            // A registry refuses the whole question for one version that is none.
            if is_askable(name) && is_ours(name) && Version::parse(version).is_some() {
                next.entry(name.clone())
                    .or_default()
                    .insert(version.clone());
            }
        }
        let mut asked = next.clone();
        let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for _ in 0..ROUNDS {
            if next.is_empty() {
                break;
            }
            let all: Vec<(&String, &BTreeSet<String>)> = next.iter().collect();
            for batch in all.chunks(BATCH) {
                for (name, told) in self.batch(&batch.iter().copied().collect()).await? {
                    // What nobody asked for is no answer.
                    if next.contains_key(&name) {
                        let known = records.entry(name).or_default();
                        let new = told.into_iter().map(Told::record);
                        known.extend(new);
                        known.sort_by(|one, other| one.id.cmp(&other.id));
                        known.dedup();
                    }
                }
            }
            next = further(&records, &mut asked);
        }
        Ok(records)
    }

    async fn batch(
        &self,
        packages: &BTreeMap<&String, &BTreeSet<String>>,
    ) -> Result<BTreeMap<String, Vec<Told>>, Failure> {
        let zipped = || -> std::io::Result<Vec<u8>> {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&serde_json::to_vec(packages)?)?;
            encoder.finish()
        };
        let body = zipped().map_err(|error| self.refused(&error.to_string()))?;
        let url = format!("{}/-/npm/v1/security/advisories/bulk", self.registry);
        let mut request = Request::post(&url, "application/json", body)?
            .with_header("content-encoding", "gzip")?;
        if let Some(value) = &self.authorization {
            request = request.with_header("authorization", value)?;
        }
        let body = self.client.send(&request).await?.success()?;
        serde_json::from_slice(&body)
            .map_err(|_| self.refused("answered with something that is no answer"))
    }

    fn refused(&self, why: &str) -> Failure {
        Failure {
            host: self.place(),
            kind: Kind::Refused(why.to_owned()),
        }
    }
}

/// The versions that would be fixes, and that nobody asked for yet.
fn further(
    records: &BTreeMap<String, Vec<Record>>,
    asked: &mut BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut next: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, records) in records {
        let known: Vec<_> = merge::merge(records.clone())
            .into_iter()
            .map(std::sync::Arc::new)
            .collect();
        let Some(versions) = asked.get_mut(name) else {
            continue;
        };
        let currents: Vec<Version> = versions
            .iter()
            .filter_map(|text| Version::parse(text))
            .collect();
        for current in &currents {
            let is_affecting =
                |advisory: &&std::sync::Arc<Advisory>| advisory.affects(&Installed::from(current));
            for advisory in known.iter().filter(is_affecting) {
                for fixed in fix::remedy(advisory, &known, current).fixes {
                    let fixed = fixed.to_string();
                    if versions.insert(fixed.clone()) {
                        next.entry(name.clone()).or_default().insert(fixed);
                    }
                }
            }
        }
    }
    next
}

impl Told {
    fn record(self) -> Record {
        // The last part of the address is GitHub's id; the number is the registry's own.
        let from_url = self
            .url
            .as_deref()
            .and_then(|url| url.rsplit('/').next())
            .filter(|id| is_id(id) && (id.starts_with("GHSA-") || is_malware_id(id)));
        let own = match &self.id {
            Value::Number(number) => format!("NPM-{number}"),
            Value::String(text) if is_id(text) => text.clone(),
            _ => "NPM-UNKNOWN".to_owned(),
        };
        let id = from_url.map_or(own, str::to_owned);
        let is_malware = is_malware_id(&id)
            || self.cwe.as_array().is_some_and(|list| {
                list.iter()
                    .any(|weakness| weakness.as_str() == Some(EMBEDDED_MALICIOUS_CODE))
            });
        let score = self.cvss.get("score").and_then(Value::as_f64);
        let mut rating = Rating::of_registry(self.severity.as_deref(), score);
        if is_malware {
            rating = rating.malware();
        }
        let mut affected = Affected::default();
        affected.add_npm_range(&self.vulnerable_versions);
        Record {
            id,
            modified: None,
            is_withdrawn: false,
            aliases: Vec::new(),
            summary: one_line(self.title.as_deref().unwrap_or_default()),
            affected,
            rating,
            is_malware,
        }
    }
}
