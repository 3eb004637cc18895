//! The JSON report: stable, described by `schema/report.schema.json`, which a test makes from these types.

use std::io::Write;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::change::{SideKind, SideLabel};
use crate::finding::{Finding, Location, Resource, Severity, Status};
use crate::kubernetes::pod_security::Level;
use crate::rules;
use crate::syntax::Position;
use crate::verdict::{
    AccessChange, AskedSource, FailOn, Outcome, PackageChange, PassedOver, Report,
};

use super::access::json_scope;
use super::json_fix::JsonFix;
use super::network_changes::JsonConnectionChange;
use super::package_changes::{CHANGES, SCOPES};
use super::places::{Places, Region};

/// The version of this format; a breaking change raises the number.
pub const SCHEMA: &str = "tidegate.report/1";

/// What a Pod Security level may be.
const LEVELS: [Option<&str>; 4] = [
    Some("privileged"),
    Some("baseline"),
    Some("restricted"),
    None,
];

/// A whole report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "tidegate report")]
pub struct JsonReport<'r> {
    /// The version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The program that wrote it.
    tool: Tool,
    /// What head was compared with; null where every finding counts as introduced.
    base: Option<Side<'r>>,
    /// What was judged.
    head: Side<'r>,
    /// The configuration that the run obeyed; null where there is none.
    configuration: Option<JsonConfiguration<'r>>,
    /// The answer.
    outcome: Outcome,
    /// Why the run is incomplete; empty where it is not.
    incomplete: &'r [String],
    /// The least severity that blocks.
    fail_on: FailOn,
    /// Everything found: introduced, existing and fixed.
    findings: Vec<JsonFinding<'r>>,
    /// The paths that were asked for; left out where that is everything.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    paths: &'r [String],
    /// Before and after, as facts.
    posture: Posture<'r>,
    /// What was looked at.
    coverage: JsonCoverage<'r>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// One side of the comparison.
#[derive(Debug, Serialize, JsonSchema)]
struct Side<'r> {
    /// `revision`, `working-tree` or `folder`.
    #[schemars(extend("enum" = ["revision", "working-tree", "folder"]))]
    kind: &'static str,
    /// The revision or folder as it was given.
    name: &'r str,
    /// The full id of the commit, where there is one.
    commit: Option<&'r str>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct JsonFinding<'r> {
    /// The rule's id, `family/name`.
    rule: &'static str,
    /// The rule's title.
    title: &'static str,
    severity: Severity,
    status: Status,
    /// One sentence: resource, container, field, the value found and the value wanted.
    message: &'r str,
    /// The stable place; in the base where the finding is fixed.
    location: JsonLocation<'r>,
    /// The changed lines of the head that caused the finding, where they are known.
    changed_at: Option<JsonLocation<'r>>,
    /// True if the finding is about the change itself rather than about a state.
    change: bool,
    /// Further places.
    related: Vec<JsonRelated<'r>>,
    /// The Kubernetes object.
    resource: Option<JsonResource<'r>>,
    /// The container, by name.
    container: Option<&'r str>,
    /// The field: a JSON pointer in which list items go by name.
    field: Option<&'r str>,
    /// The package that it is about.
    package: Option<JsonPackage<'r>>,
    /// The identity of the finding over time.
    fingerprint: String,
    /// The page of the rule.
    help_uri: String,
    /// The waiver that covers it.
    waived: Option<JsonWaived<'r>>,
    /// What mends it, where that is proven: the head was judged again with it.
    fix: Option<JsonFix<'r>>,
}

/// A Node.js package.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Package")]
struct JsonPackage<'r> {
    /// Its real name.
    name: &'r str,
    /// The version that is installed.
    version: Option<&'r str>,
    /// Its package URL.
    purl: &'r str,
    /// How it comes in: names with their versions, from the dependency of a workspace on; the shortest way first.
    paths: &'r [Vec<String>],
}

/// A place: 1-based lines and UTF-16 columns, the end exclusive.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Location")]
pub(super) struct JsonLocation<'r> {
    path: &'r str,
    start: JsonPosition,
    end: JsonPosition,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Position")]
struct JsonPosition {
    #[schemars(range(min = 1))]
    line: u32,
    #[schemars(range(min = 1))]
    column: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Waived")]
struct JsonWaived<'r> {
    reason: &'r str,
    /// Who answers for it.
    owner: Option<&'r str>,
    /// The last day on which it holds.
    until: Option<&'r str>,
    /// The file that the waiver stands in.
    source: &'r str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SkippedRule")]
struct JsonSkippedRule<'r> {
    rule: &'r str,
    reason: &'r str,
}

/// The configuration that the run obeyed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Configuration")]
struct JsonConfiguration<'r> {
    path: &'r str,
    /// What it was taken from: a revision, a folder or the command line.
    from: &'r str,
    /// What keeps it from being read, so that the defaults held.
    problem: Option<&'r str>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Related")]
struct JsonRelated<'r> {
    location: JsonLocation<'r>,
    message: &'r str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Resource")]
pub(super) struct JsonResource<'r> {
    api_version: &'r str,
    kind: &'r str,
    /// As written; null where the object does not say.
    namespace: Option<&'r str>,
    name: &'r str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Posture<'r> {
    /// Workloads whose Pod Security level changed.
    pod_security: Vec<JsonLevel<'r>>,
    /// Connections that changed, those that are opened first.
    network: Vec<JsonConnectionChange<'r>>,
    /// Permissions that changed.
    access: Vec<JsonAccessChange<'r>>,
    /// Packages that changed.
    packages: Vec<JsonPackageChange<'r>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Level")]
struct JsonLevel<'r> {
    workload: JsonResource<'r>,
    path: &'r str,
    /// The level in the base; null where the workload did not exist.
    #[schemars(extend("enum" = LEVELS))]
    before: Option<&'static str>,
    /// The level in the head; null where the workload is gone.
    #[schemars(extend("enum" = LEVELS))]
    after: Option<&'static str>,
}

/// What somebody may do in one scope.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessChange")]
pub(super) struct JsonAccessChange<'r> {
    /// Who, such as `ServiceAccount shop/cart`.
    subject: &'r str,
    /// `cluster`, or `namespace/` and its name.
    scope: String,
    /// What was allowed, in phrases such as `get,list secrets`.
    before: &'r [String],
    /// What is allowed.
    after: &'r [String],
    /// What is allowed and was not, in any way.
    gained: &'r [String],
    /// What was allowed and no longer is, in any way.
    lost: &'r [String],
}

/// A package that changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PackageChange")]
struct JsonPackageChange<'r> {
    /// Its real name.
    name: &'r str,
    /// What happened.
    #[schemars(extend("enum" = CHANGES))]
    change: &'static str,
    /// The version in the base, or what stands in its place; null where it is added.
    before: Option<&'r str>,
    /// The version in the head; null where it is removed.
    after: Option<&'r str>,
    /// Where it is needed, in the workspace that needs it most.
    #[schemars(extend("enum" = SCOPES))]
    scope: &'static str,
    /// Over which dependencies it comes in there, each as `name@version`; empty where the workspace asks for it itself.
    via: &'r [String],
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Coverage")]
struct JsonCoverage<'r> {
    files: Files<'r>,
    /// Objects of known kinds.
    objects: usize,
    /// Objects of other kinds: counted, not judged.
    other_objects: usize,
    containers: usize,
    /// Packages that the lockfiles hold.
    packages: usize,
    rules_run: usize,
    /// The same in words, as every other output says it.
    summary: String,
    /// Rules that did not run.
    rules_skipped: Vec<JsonSkippedRule<'r>>,
    /// The sources that were asked.
    sources: Vec<JsonSource<'r>>,
}

/// A source outside of the repository that was asked about packages.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Source")]
struct JsonSource<'r> {
    /// `database`, `osv`, `npm` or `registry`.
    #[schemars(extend("enum" = ["database", "osv", "npm", "registry"]))]
    source: &'static str,
    /// The host, or the file.
    place: &'r str,
    /// How many entries or documents it gave.
    answers: usize,
    /// How far its data reach, where it says so.
    date: Option<&'r str>,
    /// What it did not say, and why.
    problem: Option<&'r str>,
}

impl<'r> JsonSource<'r> {
    fn of(asked: &'r AskedSource) -> Self {
        Self {
            source: asked.source,
            place: &asked.place,
            answers: asked.answers,
            date: asked.date.as_deref(),
            problem: asked.problem.as_deref(),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct Files<'r> {
    /// How many files were looked at.
    read: usize,
    /// Files that could matter and were not judged.
    skipped: Vec<JsonPassedOver<'r>>,
    /// Files that look like manifests and could not be read.
    unreadable: Vec<JsonPassedOver<'r>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PassedOver")]
pub(super) struct JsonPassedOver<'r> {
    path: &'r str,
    reason: &'r str,
}

/// Writes the report as JSON, indented.
///
/// # Errors
/// What the writer refuses.
pub fn write(report: &Report, out: impl Write) -> std::io::Result<()> {
    let mut out = out;
    serde_json::to_writer_pretty(&mut out, &document(report))?;
    out.write_all(b"\n")
}

/// The JSON schema of the report, as `schema/report.schema.json` holds it.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonReport<'_>>()
}

/// The report as the types that are serialised.
#[must_use]
pub fn document(report: &Report) -> JsonReport<'_> {
    let mut places = Places::new(report);
    JsonReport {
        schema: SCHEMA,
        tool: Tool {
            name: "tidegate",
            version: env!("CARGO_PKG_VERSION"),
        },
        base: report.base.as_ref().map(side),
        head: side(&report.head),
        configuration: report
            .configuration
            .as_ref()
            .map(|label| JsonConfiguration {
                path: &label.path,
                from: &label.from,
                problem: label.problem.as_deref(),
            }),
        outcome: report.outcome(),
        incomplete: &report.incomplete,
        fail_on: report.policy.fail_on,
        findings: report
            .findings
            .iter()
            .map(|item| finding(&mut places, item))
            .collect(),
        paths: &report.paths,
        posture: Posture {
            pod_security: report
                .levels
                .iter()
                .map(|change| JsonLevel {
                    workload: JsonResource::of(&change.workload),
                    path: &change.path,
                    before: change.before.map(Level::name),
                    after: change.after.map(Level::name),
                })
                .collect(),
            network: report
                .network
                .iter()
                .map(JsonConnectionChange::of)
                .collect(),
            access: report.access.iter().map(JsonAccessChange::of).collect(),
            packages: report.packages.iter().map(JsonPackageChange::of).collect(),
        },
        coverage: JsonCoverage {
            files: Files {
                read: report.coverage.files_read,
                skipped: JsonPassedOver::all(&report.coverage.skipped),
                unreadable: JsonPassedOver::all(&report.coverage.unreadable),
            },
            objects: report.coverage.objects,
            other_objects: report.coverage.other_objects,
            containers: report.coverage.containers,
            packages: report.coverage.packages,
            rules_run: report.coverage.rules_run,
            summary: super::coverage(&report.coverage),
            rules_skipped: report
                .coverage
                .rules_skipped
                .iter()
                .map(|skipped| JsonSkippedRule {
                    rule: skipped.rule,
                    reason: skipped.reason,
                })
                .collect(),
            sources: report.coverage.sources.iter().map(JsonSource::of).collect(),
        },
    }
}

fn side(label: &SideLabel) -> Side<'_> {
    Side {
        kind: match label.kind {
            SideKind::Revision => "revision",
            SideKind::WorkingTree => "working-tree",
            SideKind::Folder => "folder",
        },
        name: &label.name,
        commit: label.commit.as_deref(),
    }
}

fn finding<'r>(places: &mut Places<'r>, finding: &'r Finding) -> JsonFinding<'r> {
    let in_base = finding.status == Status::Fixed;
    JsonFinding {
        rule: finding.rule,
        title: rules::find(finding.rule).map_or("", |rule| rule.title()),
        severity: finding.severity,
        status: finding.status,
        message: &finding.message,
        location: JsonLocation::of(&finding.location, places.region(finding)),
        changed_at: finding
            .changed_at
            .as_ref()
            .map(|changed| JsonLocation::of(changed, places.resolve(false, changed))),
        change: finding.change,
        related: finding
            .related
            .iter()
            .map(|related| JsonRelated {
                location: JsonLocation::of(
                    &related.location,
                    places.resolve(in_base, &related.location),
                ),
                message: &related.message,
            })
            .collect(),
        resource: finding.subject.resource.as_deref().map(JsonResource::of),
        container: finding.subject.container.as_deref(),
        field: finding.subject.field.as_deref(),
        package: JsonPackage::of(finding),
        fingerprint: finding.fingerprint.to_string(),
        help_uri: super::help_uri(finding.rule),
        waived: finding.waived.as_deref().map(|waived| JsonWaived {
            reason: &waived.reason,
            owner: waived.owner.as_deref(),
            until: waived.until.as_deref(),
            source: &waived.source,
        }),
        fix: places.fix(finding).map(|fix| JsonFix::of(finding, fix)),
    }
}

impl<'r> JsonLocation<'r> {
    pub(super) fn of(location: &'r Location, region: Region) -> Self {
        let position = |position: Position| JsonPosition {
            line: position.line,
            column: position.column,
        };
        Self {
            path: &location.path,
            start: position(region.start),
            end: position(region.end),
        }
    }
}

impl<'r> JsonResource<'r> {
    pub(super) fn of(resource: &'r Resource) -> Self {
        Self {
            api_version: &resource.api_version,
            kind: &resource.kind,
            namespace: resource.namespace.as_deref(),
            name: &resource.name,
        }
    }
}

impl<'r> JsonPackage<'r> {
    fn of(finding: &'r Finding) -> Option<Self> {
        let name = finding.subject.package.as_deref()?;
        let seen = finding.package.as_deref()?;
        Some(Self {
            name: &name.name,
            version: seen.version.as_deref(),
            purl: &seen.purl,
            paths: &seen.paths,
        })
    }
}

impl<'r> JsonAccessChange<'r> {
    pub(super) fn of(change: &'r AccessChange) -> Self {
        Self {
            subject: &change.subject,
            scope: json_scope(change.namespace.as_deref()),
            before: &change.before,
            after: &change.after,
            gained: &change.gained,
            lost: &change.lost,
        }
    }
}

impl<'r> JsonPackageChange<'r> {
    fn of(change: &'r PackageChange) -> Self {
        Self {
            name: &change.name,
            change: change.what.name(),
            before: change.before.as_deref(),
            after: change.after.as_deref(),
            scope: change.scope.name(),
            via: &change.via,
        }
    }
}

impl<'r> JsonPassedOver<'r> {
    pub(super) fn all(files: &'r [PassedOver]) -> Vec<Self> {
        files
            .iter()
            .map(|file| Self {
                path: &file.path,
                reason: &file.reason,
            })
            .collect()
    }
}
