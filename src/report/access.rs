//! What `tidegate access` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::access::goal::Goal;
use crate::access::proof::Proof;
use crate::permissions::{Answer, ChangeAnswer, ClusterAnswer, HeldAnswer};
use crate::shown::LONGEST_SENTENCE;
use crate::verdict::PassedOver;

use super::flowchart::{Arrow, Flowchart};
use super::json::{JsonAccessChange, JsonLocation, JsonPassedOver};
use super::places::Places;
use super::terminal::Detail;
use super::{count, one_line};

/// The version of this format; a breaking change raises the number.
const SCHEMA: &str = "tidegate.access/1";

/// `the whole cluster`, `namespace shop`.
pub(super) fn scope(namespace: Option<&str>) -> String {
    namespace.map_or_else(
        || "the whole cluster".to_owned(),
        |namespace| format!("namespace {namespace}"),
    )
}

/// The answer as text.
#[must_use]
pub fn render(answer: &Answer, detail: Detail) -> String {
    let mut places = Places::of(None, &answer.head);
    let mut text = String::new();
    let is_one = answer.clusters.len() == 1;
    for cluster in &answer.clusters {
        if !is_one {
            let _ = writeln!(text, "{}", one_line(&heading(&cluster.files)));
        }
        for held in &cluster.held {
            write_held(held, answer.is_question, &mut places, &mut text);
        }
        write_ways(
            "ways to what is most guarded:",
            &cluster.ways,
            &mut places,
            &mut text,
        );
        if detail != Detail::Quiet {
            write_unknown(cluster, &mut places, &mut text);
        }
    }
    if let Some(changes) = &answer.changes {
        write_changes(changes, answer, &mut text);
        write_ways(
            "ways that are new:",
            &answer.new_ways,
            &mut places,
            &mut text,
        );
    }
    text.push_str(&shortcomings(answer));
    if detail != Detail::Quiet {
        summary(answer, &mut text);
    }
    text
}

/// The most files that are named which were not judged.
const MOST_NOT_JUDGED: usize = 12;

/// What could not be read, and what was not judged, one a line.
#[must_use]
pub fn shortcomings(answer: &Answer) -> String {
    let mut text = String::new();
    let mut write = |what: &str, file: &PassedOver| {
        let (path, reason) = (one_line(&file.path), one_line(&file.reason));
        let _ = writeln!(text, "{what}: {path}: {reason}");
    };
    for file in &answer.unreadable {
        write("cannot be read", file);
    }
    for file in answer.not_judged.iter().take(MOST_NOT_JUDGED) {
        write("not judged", file);
    }
    let more = answer.not_judged.len().saturating_sub(MOST_NOT_JUDGED);
    if more > 0 {
        let _ = writeln!(text, "not judged: {more} more; --format json has all");
    }
    text
}

/// The folder that holds all files of a cluster, and how many these are.
pub(super) fn heading(files: &[Arc<str>]) -> String {
    if let [file] = files {
        return format!("── {file}");
    }
    let mut common: Vec<&str> = Vec::new();
    if let Some(first) = files.first() {
        common = first.split('/').collect();
        common.pop();
    }
    for file in files {
        let same = common.iter().zip(file.split('/'));
        let length = same.take_while(|(one, other)| **one == *other).count();
        common.truncate(length);
    }
    let folder = if common.is_empty() {
        ".".to_owned()
    } else {
        common.join("/")
    };
    let last = files.last().map_or("", |file| file);
    format!("── {folder} ({}, up to {last})", count(files.len(), "file"))
}

fn write_held(held: &HeldAnswer, is_question: bool, places: &mut Places<'_>, text: &mut String) {
    let who = one_line(&held.subject);
    let place = one_line(&scope(held.namespace.as_deref()));
    let _ = writeln!(text, "{who} in {place}");
    if !is_question {
        for phrase in &held.permissions {
            let _ = writeln!(text, "    {}", one_line(phrase));
        }
        if held.permissions.is_empty() {
            text.push_str("    nothing that is known\n");
        }
    }
    if held.by.is_empty() {
        text.push_str("    whatever roles and bindings say\n");
    }
    for by in &held.by {
        let place = one_line(&places.told(false, &by.location));
        let _ = writeln!(
            text,
            "    by {} ({})  {place}",
            one_line(&by.binding),
            one_line(&by.role)
        );
    }
}

fn write_ways(title: &str, ways: &[Proof], places: &mut Places<'_>, text: &mut String) {
    if ways.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for proof in ways {
        let who = one_line(&proof.subject.to_string());
        let _ = writeln!(text, "  {who} reaches {}", one_line(&proof.goal_title()));
        for (number, step) in proof.steps.iter().enumerate() {
            let said = one_line(&format!("{} {}", step.who, step.does));
            let _ = writeln!(text, "    {}. {said}", number + 1);
            for evidence in &step.evidence {
                let place = one_line(&places.told(false, &evidence.at));
                let _ = writeln!(text, "       {place}  {}", one_line(&evidence.what));
            }
        }
    }
}

fn write_unknown(cluster: &ClusterAnswer, places: &mut Places<'_>, text: &mut String) {
    for unknown in &cluster.unknown {
        let place = one_line(&places.told(false, &unknown.location));
        let why = if unknown.is_built_in {
            "which a cluster brings along, and what it grants is not known here"
        } else {
            "which is not in these files, so that what it gives is not known"
        };
        let (binding, role) = (one_line(&unknown.binding), one_line(&unknown.role));
        if role.is_empty() {
            let _ = writeln!(text, "unresolved: {binding} names no role  {place}");
            continue;
        }
        let _ = writeln!(text, "unresolved: {binding} names {role}, {why}  {place}");
    }
    for (role, at) in &cluster.inexact {
        let place = one_line(&places.told(false, at));
        let role = one_line(role);
        let _ = writeln!(
            text,
            "too large: {role} has a rule with more combinations than are told apart, which counts for all resources  {place}"
        );
    }
}

fn write_changes(changes: &[ChangeAnswer], answer: &Answer, text: &mut String) {
    let (is_read, is_judged) = (answer.unreadable.is_empty(), answer.not_judged.is_empty());
    text.push_str(match (changes.is_empty(), is_read, is_judged) {
        (true, true, true) => "nobody may do anything else than before\n",
        (true, false, _) => "what changes is not known, as not all could be read\n",
        (true, true, false) => "what changes is not known, as not all could be judged\n",
        (false, true, true) => "changed:\n",
        (false, false, _) => "changed, as far as it could be read:\n",
        (false, true, false) => "changed, as far as it could be judged:\n",
    });
    for ChangeAnswer { change, .. } in changes {
        let place = one_line(&scope(change.namespace.as_deref()));
        let _ = writeln!(text, "  {} in {place}", one_line(&change.subject));
        for (sign, phrases) in [('+', &change.gained), ('-', &change.lost)] {
            for phrase in phrases {
                let _ = writeln!(text, "    {sign} {}", one_line(phrase));
            }
        }
    }
}

fn summary(answer: &Answer, text: &mut String) {
    let rows = answer.clusters.iter().flat_map(|cluster| &cluster.held);
    let subjects: BTreeSet<&str> = rows.map(|held| held.subject.as_str()).collect();
    let ways: usize = answer
        .clusters
        .iter()
        .map(|cluster| cluster.ways.len())
        .sum();
    if answer.is_question {
        let able = count(subjects.len(), "subject");
        let _ = write!(
            text,
            "{able} can, as far as these files say; bindings that are not in them may add others"
        );
        text.push_str(", and members of system:masters always can\n");
        return;
    }
    if answer.clusters.is_empty() {
        let files = count(answer.head.files_read, "file");
        let _ = writeln!(text, "there are no bindings in {files}");
        return;
    }
    let _ = write!(
        text,
        "{} in {}",
        count(subjects.len(), "subject"),
        count(answer.clusters.len(), "cluster")
    );
    let _ = writeln!(text, ", {} to what is most guarded", count(ways, "way"));
}

#[derive(Serialize, JsonSchema)]
#[schemars(title = "tidegate access")]
struct JsonAnswer<'a> {
    /// The version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// What is applied together, each by itself.
    clusters: Vec<JsonCluster<'a>>,
    /// What a change does to what subjects may do; only with `--base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<JsonAccessChange<'a>>>,
    /// The ways that come with the change; only with `--base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_paths: Option<Vec<JsonPath<'a>>>,
    /// Files that could not be read, so that what they hold is missing.
    unreadable: Vec<JsonPassedOver<'a>>,
    /// What was not judged, as only a build or a rendering shows it; with a base, what of it changed.
    not_judged: Vec<JsonPassedOver<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cluster")]
struct JsonCluster<'a> {
    /// The files that were read for it.
    files: Vec<&'a str>,
    /// What subjects may do, by subject and scope; with a question, who may do what was asked.
    grants: Vec<JsonGrant<'a>>,
    /// The ways to what is most guarded.
    paths: Vec<JsonPath<'a>>,
    /// Bindings whose role is not known.
    unresolved: Vec<JsonUnresolved<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Grant")]
struct JsonGrant<'a> {
    subject: &'a str,
    /// `cluster`, or `namespace/` and its name.
    scope: String,
    /// What is allowed, in words: `get secrets`.
    permissions: &'a [String],
    /// The bindings that give it.
    by: Vec<JsonBy<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GrantedBy")]
struct JsonBy<'a> {
    binding: &'a str,
    role: &'a str,
    location: JsonLocation<'a>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Path")]
struct JsonPath<'a> {
    subject: String,
    /// `cluster-admin`, `system:masters`, `nodes`, `kube-system-secrets`, `other-namespace` or `cloud-identity`.
    #[schemars(extend("enum" = Goal::ALL.map(Goal::name)))]
    goal: &'static str,
    /// The other namespace.
    namespace: Option<&'a str>,
    steps: Vec<JsonStep<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Step")]
struct JsonStep<'a> {
    subject: String,
    /// What the subject does to get on.
    reason: &'a str,
    evidence: Vec<JsonEvidence<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
struct JsonEvidence<'a> {
    message: &'a str,
    location: JsonLocation<'a>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
struct JsonUnresolved<'a> {
    binding: &'a str,
    role: &'a str,
    /// True for a role that a cluster brings along though nothing is known here of what it grants.
    built_in: bool,
    location: JsonLocation<'a>,
}

/// A scope for programs: `cluster`, `namespace/shop`.
pub(super) fn json_scope(namespace: Option<&str>) -> String {
    namespace.map_or_else(
        || "cluster".to_owned(),
        |namespace| format!("namespace/{namespace}"),
    )
}

fn json_path<'a>(proof: &'a Proof, places: &mut Places<'_>) -> JsonPath<'a> {
    let steps = proof.steps.iter().map(|step| JsonStep {
        subject: step.who.to_string(),
        reason: &step.does,
        evidence: step
            .evidence
            .iter()
            .map(|evidence| JsonEvidence {
                message: &evidence.what,
                location: JsonLocation::of(&evidence.at, places.resolve(false, &evidence.at)),
            })
            .collect(),
    });
    JsonPath {
        subject: proof.subject.to_string(),
        goal: proof.goal.name(),
        namespace: proof.namespace.as_deref(),
        steps: steps.collect(),
    }
}

/// Writes the answer as JSON.
///
/// # Errors
/// What the writer refuses.
pub fn write_json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut places = Places::of(None, &answer.head);
    let mut clusters = Vec::new();
    for cluster in &answer.clusters {
        let grants = cluster.held.iter().map(|held| JsonGrant {
            subject: &held.subject,
            scope: json_scope(held.namespace.as_deref()),
            permissions: &held.permissions,
            by: held
                .by
                .iter()
                .map(|by| JsonBy {
                    binding: &by.binding,
                    role: &by.role,
                    location: JsonLocation::of(&by.location, places.resolve(false, &by.location)),
                })
                .collect(),
        });
        let grants = grants.collect();
        let paths = cluster
            .ways
            .iter()
            .map(|proof| json_path(proof, &mut places));
        let paths = paths.collect();
        let unresolved = cluster.unknown.iter().map(|unknown| JsonUnresolved {
            binding: &unknown.binding,
            role: &unknown.role,
            built_in: unknown.is_built_in,
            location: JsonLocation::of(&unknown.location, places.resolve(false, &unknown.location)),
        });
        clusters.push(JsonCluster {
            files: cluster.files.iter().map(|path| &**path).collect(),
            grants,
            paths,
            unresolved: unresolved.collect(),
        });
    }
    let changes = answer.changes.as_ref().map(|changes| {
        let changes = changes
            .iter()
            .map(|ChangeAnswer { change, .. }| JsonAccessChange::of(change));
        changes.collect()
    });
    let new_paths = answer.changes.as_ref().map(|_| {
        let new = answer.new_ways.iter();
        new.map(|proof| json_path(proof, &mut places)).collect()
    });
    let document = JsonAnswer {
        schema: SCHEMA,
        clusters,
        changes,
        new_paths,
        unreadable: JsonPassedOver::all(&answer.unreadable),
        not_judged: JsonPassedOver::all(&answer.not_judged),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// The JSON schema of the answer, as `schema/access.schema.json` holds it.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonAnswer<'_>>()
}

/// The ways as a graph for Mermaid, which GitHub draws: who becomes whom, and what is reached. Ways that come with the
/// change have thick arrows.
#[must_use]
pub fn render_mermaid(answer: &Answer) -> String {
    let new = &answer.new_ways;
    let old = answer.clusters.iter().flat_map(|cluster| &cluster.ways);
    let old = old.filter(|proof| !new.contains(proof));
    let mut chart = Flowchart::new(LONGEST_SENTENCE);
    for proof in new {
        chart.add(proof, Arrow::New);
    }
    for proof in old {
        chart.add(proof, Arrow::Old);
    }
    chart.into_text()
}
