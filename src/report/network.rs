//! What `tidegate network` prints.

use std::fmt::Write as _;
use std::io::{self, Write};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Serialize, Serializer};

use crate::connectivity::{Answer, ClusterAnswer};
use crate::network::difference::verb;
use crate::network::explain::Explanation;
use crate::network::lines::Lines;
use crate::network::notation::Named;
use crate::redact::redact;

use super::access::heading;
use super::json::{JsonLocation, JsonPassedOver};
use super::places::Places;
use super::terminal::Detail;
use super::{count, one_line};

/// The version of this format; a breaking change raises the number.
const SCHEMA: &str = "tidegate.network/1";

/// An end as it is shown.
pub(super) fn shown(end: &Named) -> String {
    one_line(&redact(&end.to_string()))
}

/// Text that is written piece by piece, each of whole lines: there may be a line for each pair of workloads.
struct Pieces<'w> {
    text: String,
    write: &'w mut dyn FnMut(&str) -> io::Result<()>,
    result: io::Result<()>,
}

impl Pieces<'_> {
    /// Where a line ends: what is there is written if it is enough.
    fn end_line(&mut self) {
        const ENOUGH: usize = 1 << 16;
        self.text.push('\n');
        if self.text.len() > ENOUGH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.result.is_ok() {
            self.result = (self.write)(&self.text);
        }
        self.text.clear();
    }
}

/// Writes the answer as text, in pieces of whole lines: the lines that other tools for network policies write as well, and
/// what is to be said about them.
///
/// # Errors
/// What the writer refuses.
pub fn render(
    answer: &Answer,
    detail: Detail,
    write: &mut dyn FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut places = Places::of(None, &answer.head);
    let mut pieces = Pieces {
        text: String::new(),
        write,
        result: Ok(()),
    };
    let is_one = answer.clusters.len() == 1;
    // A change is what is asked for where there is a base.
    let is_change = answer.changes.is_some() && !answer.is_question;
    for cluster in answer.clusters.iter().filter(|_| !is_change) {
        if !is_one {
            let _ = writeln!(pieces.text, "{}", one_line(&heading(&cluster.files)));
        }
        write_cluster(cluster, detail, &mut places, &mut pieces);
    }
    if let Some(changes) = answer.changes.as_ref().filter(|_| is_change) {
        write_changes(answer, changes, &mut pieces);
    }
    let text = &mut pieces.text;
    for file in &answer.unreadable {
        let (path, reason) = (one_line(&file.path), one_line(&file.reason));
        let _ = writeln!(text, "cannot be read: {path}: {reason}");
    }
    if detail != Detail::Quiet {
        for assumption in &answer.assumptions {
            let _ = writeln!(text, "assumed: {assumption}");
        }
        if answer.clusters.is_empty() {
            let files = count(answer.head.files_read, "file");
            let _ = writeln!(text, "there are no workloads in {files}");
        }
    }
    pieces.hand_over();
    pieces.result
}

fn write_cluster(
    cluster: &ClusterAnswer,
    detail: Detail,
    places: &mut Places<'_>,
    pieces: &mut Pieces<'_>,
) {
    write_lines("", &cluster.connections, pieces);
    for explanation in &cluster.explanations {
        write_explanation(explanation, places, &mut pieces.text);
    }
    if detail == Detail::Quiet {
        return;
    }
    if !cluster.exposure.is_empty() {
        pieces
            .text
            .push_str("open to pods that are not in these files:\n");
        write_lines("  ", &cluster.exposure, pieces);
    }
    let text = &mut pieces.text;
    if !cluster.unprotected.is_empty() {
        text.push_str("selected by no NetworkPolicy:\n");
        for (own, direction) in &cluster.unprotected {
            let _ = writeln!(
                text,
                "  {} for {}",
                shown(own),
                direction.name().to_lowercase()
            );
        }
    }
    for policy in &cluster.unanalysed {
        let place = one_line(&places.told(false, &policy.at));
        let title = one_line(&policy.title);
        let _ = writeln!(
            text,
            "not analysed: {title} is a policy of a network plugin  {place}"
        );
    }
}

fn write_lines(indent: &str, lines: &Lines<1>, pieces: &mut Pieces<'_>) {
    let shown = Shown::of(lines);
    for (from, to, [connections]) in shown.lines() {
        for part in [indent, from, " => ", to, " : ", connections] {
            pieces.text.push_str(part);
        }
        pieces.end_line();
    }
}

fn text_at(all: &[String], at: usize) -> &str {
    all.get(at).map(String::as_str).unwrap_or_default()
}

/// Lines as they are shown: each end and each word is made ready once.
struct Shown<'a, const WORDS: usize> {
    lines: &'a Lines<WORDS>,
    ends: Vec<String>,
    words: Vec<String>,
}

impl<'a, const WORDS: usize> Shown<'a, WORDS> {
    fn of(lines: &'a Lines<WORDS>) -> Self {
        Self {
            lines,
            ends: lines.ends().iter().map(shown).collect(),
            words: lines.words().iter().map(|word| one_line(word)).collect(),
        }
    }

    fn lines(&self) -> impl Iterator<Item = (&str, &str, [&str; WORDS])> {
        self.lines.rows().map(move |([from, to], words)| {
            let words = words.map(|word| text_at(&self.words, word));
            (text_at(&self.ends, from), text_at(&self.ends, to), words)
        })
    }
}

fn write_explanation(explanation: &Explanation, places: &mut Places<'_>, text: &mut String) {
    let (from, to) = (shown(&explanation.from), shown(&explanation.to));
    let passes = one_line(&explanation.connections.to_string());
    let _ = writeln!(text, "{from} => {to} : {passes}");
    for side in &explanation.sides {
        let direction = side.direction.name().to_lowercase();
        let passes = one_line(&side.connections.to_string());
        let _ = writeln!(text, "  {direction} of {}: {passes}", shown(&side.own));
        for reason in &side.reasons {
            let said = one_line(&redact(&reason.text));
            let place = reason.at.as_ref().map(|at| places.told(false, at));
            let place = place.map(|place| format!("  {}", one_line(&place)));
            let _ = writeln!(text, "    {said}{}", place.unwrap_or_default());
        }
    }
}

fn write_changes(answer: &Answer, changes: &Lines<2>, pieces: &mut Pieces<'_>) {
    if changes.is_empty() && answer.exposure_changes.is_empty() {
        pieces
            .text
            .push_str("the same connections pass as before\n");
        return;
    }
    write_changed("", changes, pieces);
    if !answer.exposure_changes.is_empty() {
        pieces.text.push_str("pods that are not in these files:\n");
        write_changed("  ", &answer.exposure_changes, pieces);
    }
}

fn write_changed(indent: &str, changes: &Lines<2>, pieces: &mut Pieces<'_>) {
    let shown = Shown::of(changes);
    for (from, to, [before, after]) in shown.lines() {
        let verb = verb(before, after);
        let (told, was) = match verb {
            "added" => (after, None),
            "removed" => (before, None),
            _ => (after, Some(before)),
        };
        for part in [indent, verb, ": ", from, " => ", to, " : ", told] {
            pieces.text.push_str(part);
        }
        for part in was.iter().flat_map(|was| [" (was ", was, ")"]) {
            pieces.text.push_str(part);
        }
        pieces.end_line();
    }
}

/// A list that is written item by item, as it may be longer than all else together.
struct Streamed<'a, T>(&'a dyn Fn() -> Box<dyn Iterator<Item = T> + 'a>);

impl<T: Serialize> Serialize for Streamed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(title = "tidegate network")]
struct JsonAnswer<'a> {
    /// The version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// Who can reach whom.
    #[schemars(with = "Vec<JsonLine<'a>>")]
    connections: Streamed<'a, JsonLine<'a>>,
    /// What stands open to pods that the files do not hold.
    #[schemars(with = "Vec<JsonLine<'a>>")]
    exposure: Streamed<'a, JsonLine<'a>>,
    /// Workloads that no `NetworkPolicy` selects.
    unprotected: Vec<JsonUnprotected<'a>>,
    /// Why what was asked about passes or does not; only with `--explain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explanations: Vec<JsonExplanation>,
    /// What a change opens and closes; only with `--base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<JsonNetworkChange<'a>>>")]
    changes: Option<Streamed<'a, JsonNetworkChange<'a>>>,
    /// Policies whose content is not analysed.
    not_analysed: Vec<JsonPolicy<'a>>,
    /// What is assumed of the network plugin.
    assumptions: &'a [&'static str],
    /// Files that could not be read, so that what they hold is missing.
    unreadable: Vec<JsonPassedOver<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
struct JsonLine<'a> {
    from: &'a str,
    to: &'a str,
    /// Protocols and ports, such as `TCP 80,443`, or `All Connections`.
    connections: &'a str,
    /// The first file of the cluster that it is about, where the files make several.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unprotected")]
struct JsonUnprotected<'a> {
    workload: String,
    /// `Ingress` or `Egress`.
    direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
struct JsonExplanation {
    from: String,
    to: String,
    connections: String,
    /// What each end says, the source first.
    sides: Vec<JsonSide>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Side")]
struct JsonSide {
    /// `Egress` of the source, or `Ingress` of the destination.
    direction: &'static str,
    connections: String,
    reasons: Vec<JsonReason>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reason")]
struct JsonReason {
    message: String,
    /// The file and the line, such as `policies.yaml:12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

/// A change of what passes between two ends.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NetworkChange")]
struct JsonNetworkChange<'a> {
    /// `added`, `removed` or `changed`.
    change: &'static str,
    from: &'a str,
    to: &'a str,
    /// What passed.
    before: &'a str,
    /// What passes.
    after: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Policy")]
struct JsonPolicy<'a> {
    policy: &'a str,
    location: JsonLocation<'a>,
}

fn json_explanation(explanation: &Explanation, places: &mut Places<'_>) -> JsonExplanation {
    let sides = explanation.sides.iter().map(|side| JsonSide {
        direction: side.direction.name(),
        connections: side.connections.to_string(),
        reasons: side
            .reasons
            .iter()
            .map(|reason| JsonReason {
                message: redact(&reason.text).to_string(),
                place: reason.at.as_ref().map(|at| places.told(false, at)),
            })
            .collect(),
    });
    JsonExplanation {
        from: shown(&explanation.from),
        to: shown(&explanation.to),
        connections: explanation.connections.to_string(),
        sides: sides.collect(),
    }
}

/// The lines of some clusters, with the names that these have.
fn json_lines<'a>(
    clusters: &'a [(Option<&'a str>, Shown<'a, 1>)],
) -> Box<dyn Iterator<Item = JsonLine<'a>> + 'a> {
    Box::new(clusters.iter().flat_map(|(name, shown)| {
        shown
            .lines()
            .map(move |(from, to, [connections])| JsonLine {
                from,
                to,
                connections,
                cluster: *name,
            })
    }))
}

fn json_changes<'a>(
    all: &'a [Shown<'a, 2>],
) -> Box<dyn Iterator<Item = JsonNetworkChange<'a>> + 'a> {
    let lines = all.iter().flat_map(Shown::lines);
    Box::new(lines.map(|(from, to, [before, after])| JsonNetworkChange {
        change: verb(before, after),
        from,
        to,
        before,
        after,
    }))
}

/// Writes the answer as JSON.
///
/// # Errors
/// What the writer refuses.
pub fn write_json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut places = Places::of(None, &answer.head);
    let is_one = answer.clusters.len() == 1;
    let clusters: Vec<(Option<&str>, &ClusterAnswer)> = answer
        .clusters
        .iter()
        .map(|cluster| {
            let first = cluster.files.first().filter(|_| !is_one);
            (first.map(|name| &**name), cluster)
        })
        .collect();
    let shown_of = |lines: fn(&ClusterAnswer) -> &Lines<1>| -> Vec<_> {
        let shown = clusters
            .iter()
            .map(|(name, cluster)| (*name, Shown::of(lines(cluster))));
        shown.collect()
    };
    let connections = shown_of(|cluster| &cluster.connections);
    let exposure = shown_of(|cluster| &cluster.exposure);
    let mut unprotected = Vec::new();
    let (mut explanations, mut not_analysed) = (Vec::new(), Vec::new());
    for (name, cluster) in clusters.iter().copied() {
        let own = cluster.unprotected.iter();
        unprotected.extend(own.map(|(own, direction)| JsonUnprotected {
            workload: shown(own),
            direction: direction.name(),
            cluster: name,
        }));
        let own = cluster.explanations.iter();
        explanations.extend(own.map(|it| json_explanation(it, &mut places)));
        for policy in &cluster.unanalysed {
            let region = places.resolve(false, &policy.at);
            not_analysed.push(JsonPolicy {
                policy: &policy.title,
                location: JsonLocation::of(&policy.at, region),
            });
        }
    }
    let changes = answer.changes.iter();
    let changes: Vec<Shown<'_, 2>> = changes
        .flat_map(|changes| [changes, &answer.exposure_changes])
        .map(Shown::of)
        .collect();
    let each_connection = || json_lines(&connections);
    let each_exposure = || json_lines(&exposure);
    let each_change = || json_changes(&changes);
    let document = JsonAnswer {
        schema: SCHEMA,
        connections: Streamed(&each_connection),
        exposure: Streamed(&each_exposure),
        unprotected,
        explanations,
        changes: answer.changes.is_some().then_some(Streamed(&each_change)),
        not_analysed,
        assumptions: &answer.assumptions,
        unreadable: JsonPassedOver::all(&answer.unreadable),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// The JSON schema of the answer, as `schema/network.schema.json` holds it.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonAnswer<'_>>()
}
