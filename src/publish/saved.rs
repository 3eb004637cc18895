//! A report that another run saved as JSON.
//!
//! It is read as a stream, and only what is told of it is kept: a repository may have any number of findings that a pull
//! request does not touch.
//!
//! That run may have been one of a fork, whose author wrote all of it: sizes are bounded, identities and paths must look
//! like such, secrets are redacted once more, and what is shown goes through the same escapes as everything else. Of
//! rules, only those that this program knows have a page to link to; and of fixes none is offered, as whoever commits a
//! suggestion takes it for ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use clap::ValueEnum as _;
use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::finding::{Resource, Severity};
use crate::kubernetes::pod_security::Level;
use crate::redact::redact;
use crate::report::json::SCHEMA;
use crate::report::occurrence::Occurrence;
use crate::report::review::digest::Digest;
use crate::report::review::known::Known;
use crate::report::review::marker::is_fingerprint;
use crate::report::review::placed::{PlacedFinding, PlacedRelated, Stretch};
use crate::report::{count, one_line};
use crate::shown::{LONGEST_NAME, LONGEST_SENTENCE};
use crate::verdict::{FailOn, LevelChange, Outcome};

use super::first::First;
use super::saved_access::{self, WireAccess};
use super::saved_network::{self, WireNetwork};
use super::saved_packages::{self, WirePackage};

/// The most bytes of a saved report.
pub const LARGEST: u64 = 256 << 20;
/// The most introduced findings: more than anybody is shown.
const MOST_FINDINGS: usize = 100_000;
/// The most findings beside them that are known by their identity; beyond, they are only counted.
const MOST_KNOWN: usize = 250_000;
/// The most entries of any list beside them.
const MOST_ROWS: usize = 1_000;
/// The most further places of a finding, and dependencies of a way.
const MOST_PARTS: usize = 20;
/// The longest text that says what is wrong with a report, which may repeat it.
const LONGEST_ERROR: usize = 300;
/// The longest path, as of a file system.
const LONGEST_PATH: usize = 4_096;
/// Said of a place that no repository has.
const NO_PLACE: &str = "the report has a finding whose place is none";
/// The last line that anything may be on.
const LAST_LINE: u32 = 10_000_000;

/// A report as it was saved.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The commit that it is about.
    pub head: Option<String>,
    /// What it says.
    pub digest: Digest,
}

#[derive(Deserialize)]
struct Wire {
    schema: String,
    base: Option<WireSide>,
    head: WireSide,
    outcome: String,
    #[serde(default)]
    incomplete: First<String, MOST_ROWS>,
    fail_on: String,
    findings: Findings,
    #[serde(default)]
    paths: First<String, MOST_ROWS>,
    #[serde(default)]
    posture: WirePosture,
    coverage: WireCoverage,
}

#[derive(Deserialize)]
struct WireSide {
    commit: Option<String>,
}

#[derive(Deserialize)]
struct WireFinding {
    rule: String,
    severity: String,
    status: String,
    message: String,
    location: WireLocation,
    changed_at: Option<WireLocation>,
    #[serde(default)]
    related: First<WireRelated, MOST_PARTS>,
    fingerprint: String,
    waived: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WireLocation {
    path: String,
    start: WirePosition,
    end: WirePosition,
}

#[derive(Deserialize)]
struct WirePosition {
    line: u32,
}

#[derive(Deserialize)]
struct WireRelated {
    location: WireLocation,
    message: String,
}

#[derive(Default, Deserialize)]
struct WirePosture {
    #[serde(default)]
    pod_security: First<WireLevel, MOST_ROWS>,
    #[serde(default)]
    access: First<WireAccess, MOST_ROWS>,
    #[serde(default)]
    network: First<WireNetwork, MOST_ROWS>,
    #[serde(default)]
    packages: First<WirePackage, MOST_ROWS>,
}

#[derive(Deserialize)]
struct WireLevel {
    workload: WireResource,
    path: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct WireResource {
    kind: String,
    namespace: Option<String>,
    name: String,
}

#[derive(Deserialize)]
struct WireCoverage {
    summary: String,
}

/// The findings, each of which is looked at once: what the pull request is not told is counted.
#[derive(Default)]
struct Findings {
    introduced: Vec<PlacedFinding>,
    existing: usize,
    fixed: usize,
    waived: usize,
    known: Known,
    /// How many findings of each identity and file there were: the report has them in the order of their places.
    copies: BTreeMap<(String, Arc<str>), u32>,
    /// Their files, each of which is kept once.
    paths: BTreeSet<Arc<str>>,
}

impl<'de> Deserialize<'de> for Findings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Findings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of findings")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Findings, A::Error> {
                let mut findings = Findings::default();
                while let Some(finding) = list.next_element()? {
                    findings.take(finding).map_err(A::Error::custom)?;
                }
                Ok(findings)
            }
        }
        from.deserialize_seq(All)
    }
}

impl Saved {
    /// Reads a report.
    ///
    /// # Errors
    /// In one short line, why it is none that can be published.
    pub fn parse(bytes: impl Read) -> Result<Self, String> {
        let wire: Wire = serde_json::from_reader(bytes).map_err(|error| {
            let why = bounded(&error.to_string(), LONGEST_ERROR);
            format!("the report cannot be understood: {why}")
        })?;
        if wire.schema != SCHEMA {
            return Err(format!("the report is not of the format {SCHEMA}"));
        }
        let outcome = match wire.outcome.as_str() {
            "passed" => Outcome::Passed,
            "blocked" => Outcome::Blocked,
            "incomplete" => Outcome::Incomplete,
            _ => return Err("the report has no outcome".to_owned()),
        };
        let threshold = FailOn::from_str(&wire.fail_on, false)
            .map_err(|_| "the report does not say what blocks")?
            .threshold();
        let mut digest = Digest {
            outcome,
            headline: String::new(),
            incomplete: wire
                .incomplete
                .0
                .iter()
                .map(|text| sentence(text))
                .collect(),
            findings: wire.findings.introduced,
            existing: wire.base.as_ref().map(|_| wire.findings.existing),
            fixed: wire.findings.fixed,
            waived: wire.findings.waived,
            levels: levels(wire.posture.pod_security.0),
            access: saved_access::changes(&wire.posture.access.0, name),
            ways: Vec::new(),
            network: saved_network::changes(&wire.posture.network.0, name),
            network_picture: String::new(),
            packages: saved_packages::changes(&wire.posture.packages.0, name),
            coverage: sentence(&wire.coverage.summary),
            base_commit: wire.base.and_then(|base| commit(base.commit)),
            known: wire.findings.known,
        };
        digest.known.paths = wire.paths.0;
        digest.known.is_partial |= outcome == Outcome::Incomplete || !digest.incomplete.is_empty();
        digest.headline = headline(&digest, threshold);
        Ok(Self {
            head: commit(wire.head.commit),
            digest,
        })
    }
}

impl Findings {
    fn take(&mut self, finding: WireFinding) -> Result<(), String> {
        if !is_fingerprint(&finding.fingerprint) {
            return Err("the report has a finding without an identity".to_owned());
        }
        if finding.location.path.len() > LONGEST_PATH {
            return Err(NO_PLACE.to_owned());
        }
        let occurrence = self.occurrence(&finding);
        if finding.waived.is_some() {
            self.waived += 1;
            let waived = &mut self.known.waived;
            self.known.is_partial |= !know(waived, occurrence);
            return Ok(());
        }
        match finding.status.as_str() {
            "existing" => {
                self.existing += 1;
                let existing = &mut self.known.existing;
                self.known.is_partial |= !know(existing, occurrence);
                return Ok(());
            }
            "fixed" => {
                self.fixed += 1;
                return Ok(());
            }
            _ => {}
        }
        if self.introduced.len() >= MOST_FINDINGS {
            return Err(format!(
                "the report has more than {MOST_FINDINGS} introduced findings"
            ));
        }
        self.introduced.push(PlacedFinding {
            copy: occurrence.copy,
            ..placed(finding)?
        });
        Ok(())
    }

    /// Which one it is. Without room for more, what is known of it is not kept either.
    fn occurrence(&mut self, finding: &WireFinding) -> Occurrence {
        let path = finding.location.path.as_str();
        let path = match self.paths.get(path) {
            Some(known) => Arc::clone(known),
            None => Arc::from(path),
        };
        let mut copy = 0;
        if finding.status != "fixed" && self.copies.len() < MOST_KNOWN {
            self.paths.insert(Arc::clone(&path));
            let key = (finding.fingerprint.clone(), Arc::clone(&path));
            let next = self.copies.entry(key).or_default();
            copy = *next;
            *next += 1;
        }
        Occurrence {
            fingerprint: finding.fingerprint.clone(),
            path: Some(path),
            copy,
        }
    }
}

/// Keeps an identity, if there is room: else not all is known, and nothing is taken for fixed.
fn know(known: &mut BTreeSet<Occurrence>, occurrence: Occurrence) -> bool {
    let has_room = known.len() < MOST_KNOWN;
    if has_room {
        known.insert(occurrence);
    }
    has_room
}

fn placed(finding: WireFinding) -> Result<PlacedFinding, String> {
    let mut severities = Severity::ALL.into_iter();
    let severity = severities
        .find(|severity| severity.name() == finding.severity)
        .ok_or("the report has a finding without a severity")?;
    let related = finding.related.0.into_iter();
    Ok(PlacedFinding {
        rule: name(&finding.rule),
        severity,
        message: sentence(&finding.message),
        fingerprint: finding.fingerprint,
        copy: 0,
        text: None,
        location: stretch(&finding.location)?,
        changed_at: finding.changed_at.as_ref().map(stretch).transpose()?,
        related: related
            .map(|related| {
                let at = stretch(&related.location)?;
                Ok(PlacedRelated {
                    path: at.path,
                    line: at.first,
                    message: sentence(&related.message),
                })
            })
            .collect::<Result<_, String>>()?,
        fix: Vec::new(),
        fixed_with: BTreeSet::new(),
    })
}

fn stretch(location: &WireLocation) -> Result<Stretch, String> {
    let path = &location.path;
    let is_path = !path.is_empty()
        && path.len() <= LONGEST_PATH
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| matches!(part, "" | "." | ".."));
    let (first, last) = (location.start.line, location.end.line);
    let are_lines = first >= 1 && first <= last && last <= LAST_LINE;
    if !is_path || !are_lines {
        return Err(NO_PLACE.to_owned());
    }
    Ok(Stretch {
        path: path.as_str().into(),
        first,
        last,
    })
}

fn levels(changes: Vec<WireLevel>) -> Vec<LevelChange> {
    let level = |name: Option<String>| {
        let name = name?;
        Level::ALL.into_iter().find(|level| level.name() == name)
    };
    changes
        .into_iter()
        .map(|change| {
            let workload = Resource {
                api_version: "".into(),
                group: "".into(),
                kind: name(&change.workload.kind).into(),
                namespace: change.workload.namespace.map(|text| name(&text).into()),
                name: name(&change.workload.name).into(),
            };
            LevelChange {
                name: workload.to_string(),
                workload: Arc::new(workload),
                path: sentence(&change.path).into(),
                before: level(change.before),
                after: level(change.after),
            }
        })
        .collect()
}

/// What came of it, counted anew.
fn headline(digest: &Digest, threshold: Option<Severity>) -> String {
    let introduced = count(digest.findings.len(), "finding");
    match digest.outcome {
        Outcome::Passed if digest.findings.is_empty() => "passed: nothing introduced".to_owned(),
        Outcome::Passed => format!("passed: {introduced} introduced, none of which blocks"),
        Outcome::Incomplete => {
            let reasons = count(digest.incomplete.len(), "thing");
            format!("incomplete: {reasons} that changed could not be seen")
        }
        Outcome::Blocked => {
            let blocking = digest
                .findings
                .iter()
                .filter(|finding| threshold.is_some_and(|threshold| finding.severity >= threshold));
            match blocking.count() {
                0 => "blocked by what its base has already".to_owned(),
                number => format!("blocked by {}", count(number, "finding")),
            }
        }
    }
}

fn commit(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn sentence(text: &str) -> String {
    bounded(text, LONGEST_SENTENCE)
}

fn name(text: &str) -> String {
    bounded(text, LONGEST_NAME)
}

/// One line, without secrets, and no longer than that.
fn bounded(text: &str, most: usize) -> String {
    // What is cut off is not looked into for secrets; what is kept is.
    let text = text
        .get(..text.floor_char_boundary(most * 4))
        .unwrap_or_default();
    let mut text = redact(&one_line(text)).into_owned();
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::difference::What;
    use serde_json::{Value, json};

    fn report() -> Value {
        json!({
            "schema": SCHEMA,
            "tool": {"name": "tidegate", "version": "0.1.0"},
            "base": {"kind": "revision", "name": "main", "commit": "b".repeat(40)},
            "head": {"kind": "revision", "name": "head", "commit": "a".repeat(40)},
            "configuration": null,
            "outcome": "blocked",
            "incomplete": [],
            "fail_on": "high",
            "findings": [
                {
                    "rule": "pod-security/privileged", "title": "x", "severity": "critical", "status": "introduced",
                    "message": "privileged is true",
                    "location": {"path": "deploy/a.yaml", "start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 9}},
                    "changed_at": null, "change": false, "related": [], "fingerprint": "0".repeat(32), "waived": null,
                    "fix": {"title": "x", "edits": [{"path": "deploy/a.yaml", "start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 9}, "replacement": "x"}]},
                },
                {
                    "rule": "pod-security/privileged", "severity": "critical", "status": "existing", "message": "m",
                    "location": {"path": "a.yaml", "start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 1}},
                    "fingerprint": "1".repeat(32), "waived": null, "fix": null,
                },
                {
                    "rule": "pod-security/privileged", "severity": "low", "status": "introduced", "message": "m",
                    "location": {"path": "a.yaml", "start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 1}},
                    "fingerprint": "2".repeat(32), "waived": {"reason": "r"}, "fix": null,
                },
            ],
            "posture": {
                "pod_security": [{"workload": {"api_version": "v1", "kind": "Pod", "namespace": null, "name": "web"}, "path": "a.yaml", "before": "restricted", "after": "privileged"}],
                "network": [{"change": "added", "from": "entire-cluster", "to": "a/b[Pod]\n", "before": "No Connections", "after": "TCP 80"}],
                "access": [],
                "packages": [{"name": "lodash", "change": "added", "before": null, "after": "4.17.20", "scope": "production", "via": ["express@4.21.2"]}],
            },
            "coverage": {"summary": "read 1 file"},
        })
    }

    fn parse(report: &Value) -> Result<Saved, String> {
        Saved::parse(report.to_string().as_bytes())
    }

    #[test]
    fn a_report_says_what_it_said() {
        let saved = parse(&report()).unwrap();
        assert_eq!(saved.head, Some("a".repeat(40)));
        let digest = saved.digest;
        assert_eq!(digest.headline, "blocked by 1 finding");
        assert_eq!(
            (digest.findings.len(), digest.existing, digest.waived),
            (1, Some(1), 1)
        );
        assert!(
            digest.findings[0].fix.is_empty(),
            "nobody else's fix is offered as ours"
        );
        assert_eq!(digest.levels[0].after, Some(Level::Privileged));
        assert_eq!(digest.packages[0].what, What::Added);
        assert_eq!(digest.network[0].verb(), "added");
        assert_eq!(digest.network[0].to.first(1), "a/b[Pod]\u{fffd}");
        assert!(
            digest
                .known
                .existing
                .iter()
                .any(|one| one.fingerprint == "1".repeat(32))
        );
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for (pointer, value) in [
            ("/schema", json!("tidegate.report/2")),
            ("/outcome", json!("fine")),
            ("/fail_on", json!("x")),
            ("/findings/0/fingerprint", json!("x -->")),
            ("/findings/0/severity", json!("bad")),
            ("/findings/0/location/path", json!("../../etc/passwd")),
            ("/findings/0/location/path", json!("/etc/passwd")),
            ("/findings/0/location/path", json!("a\nb")),
            ("/findings/0/location/path", json!("a".repeat(5_000))),
            ("/findings/0/location/start/line", json!(0)),
            ("/findings/0/location/end/line", json!(4_000_000_000_u32)),
            ("/findings", json!({})),
        ] {
            let mut report = report();
            *report.pointer_mut(pointer).unwrap() = value;
            assert!(parse(&report).is_err(), "{pointer}");
        }
        assert!(Saved::parse(&b"{"[..]).is_err());
    }

    #[test]
    fn texts_are_bounded() {
        let mut report = report();
        *report.pointer_mut("/findings/0/message").unwrap() = json!("é\n".repeat(1_000_000));
        *report.pointer_mut("/findings/0/rule").unwrap() = json!("x".repeat(1_000_000));
        let digest = parse(&report).unwrap().digest;
        assert!(digest.findings[0].message.len() <= LONGEST_SENTENCE + 3);
        assert!(!digest.findings[0].message.contains('\n'));
        assert!(digest.findings[0].rule.len() <= LONGEST_NAME + 3);
    }

    #[test]
    fn what_is_not_told_costs_no_room() {
        let mut report = report();
        let existing = report["findings"][1].clone();
        let findings = report["findings"].as_array_mut().unwrap();
        for number in 0..30_000 {
            let mut another = existing.clone();
            another["fingerprint"] = format!("{number:032x}").into();
            findings.push(another);
        }
        *report.pointer_mut("/incomplete").unwrap() = json!(vec!["x"; MOST_ROWS + 1]);
        let digest = parse(&report).unwrap().digest;
        assert_eq!((digest.findings.len(), digest.existing), (1, Some(30_001)));
        assert_eq!(digest.incomplete.len(), MOST_ROWS);
    }

    #[test]
    fn what_is_wrong_is_told_in_short() {
        let long = "x".repeat(2_000_000);
        for text in [json!(long), json!({"schema": SCHEMA, "base": long})] {
            let why = Saved::parse(text.to_string().as_bytes()).unwrap_err();
            assert!(why.len() < 400, "{}", why.len());
        }
    }
}
