//! For code scanning: SARIF 2.1.0 as GitHub reads it. One run in one file, with what head has: introduced and
//! existing findings, and never the fixed ones, since a result that is missing is what GitHub takes for fixed.
//!
//! The same report gives the same bytes: there is no clock and no path of this machine in them.

pub mod limits;
pub mod line_hash;

mod descriptor;
mod notification;
mod result;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Message, PropertyBag, Run, RunAutomationDetails, Tool,
    ToolComponent, VersionControlDetails,
};

use crate::change::SideKind;
use crate::verdict::{Outcome, Report};

use descriptor::Descriptors;
use result::Results;

/// The base of all addresses: the root of the repository. GitHub takes relative addresses from there in any case
/// and knows this name from its own analyses; it tells all other readers what the addresses are relative to.
const ROOT: &str = "%SRCROOT%";

/// The home of the program.
const INFORMATION: &str = "https://github.com/tidegate/tidegate";

/// What a file says beside the report, by where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SarifOptions {
    /// What tells this analysis from others of the same commit: an upload replaces the one of the same category.
    pub category: String,
    /// Where the root of the report lies below the root of the repository; empty where they are the same.
    pub prefix: String,
    /// The address of the repository, such as `https://github.com/octo/shop`, where it is known.
    pub repository: Option<String>,
}

impl Default for SarifOptions {
    fn default() -> Self {
        Self {
            category: "check".to_owned(),
            prefix: String::new(),
            repository: None,
        }
    }
}

impl SarifOptions {
    /// The id of the run: GitHub takes what stands before the last slash as the category.
    #[must_use]
    pub fn automation_id(&self) -> String {
        match self.category.trim_matches('/') {
            "" => "tidegate/".to_owned(),
            category => format!("tidegate/{category}/"),
        }
    }

    /// The address of a file, relative to the root of the repository.
    fn uri(&self, path: &str) -> String {
        let prefix = self.prefix.split('/');
        let parts = prefix
            .filter(|part| !matches!(*part, "" | "."))
            .chain(path.split('/'));
        let mut uri = String::with_capacity(path.len());
        for part in parts {
            if !uri.is_empty() {
                uri.push('/');
            }
            encode(part, &mut uri);
        }
        uri
    }
}

/// One part of a path, as RFC 3986 §3.3 wants it. A colon is allowed there, but in the first part of a relative
/// address it would end a scheme, so that it is encoded as well.
fn encode(part: &str, uri: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
}

/// A log with its one run. `serde_sarif` has a type for it as well, which would need all results in memory.
#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [StreamedRun<'r>; 1],
}

#[derive(Serialize)]
struct StreamedRun<'r> {
    #[serde(flatten)]
    run: Run,
    results: Results<'r>,
}

/// Writes the report as SARIF, on one line.
///
/// # Errors
/// What the writer refuses.
pub fn write(report: &Report, options: &SarifOptions, mut out: impl Write) -> io::Result<()> {
    let (findings, dropped) = limits::results(&report.findings, limits::RESULTS);
    let descriptors = Descriptors::of(&findings);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [StreamedRun {
            run: run(report, options, &descriptors, dropped),
            results: Results {
                report,
                options,
                findings,
                descriptors,
            },
        }],
    };
    serde_json::to_writer(&mut out, &log)?;
    out.write_all(b"\n")
}

/// Everything of the run but its results.
fn run(report: &Report, options: &SarifOptions, descriptors: &Descriptors, dropped: usize) -> Run {
    let driver = ToolComponent::builder()
        .name("tidegate")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(INFORMATION)
        .rules(descriptors.list())
        .build();
    // The standard lets the outermost base go without an address, which nobody but the reader knows.
    let root = ArtifactLocation::builder()
        .description(text("The root of the repository."))
        .build();
    let mut run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(
            RunAutomationDetails::builder()
                .id(options.automation_id())
                .build(),
        )
        .column_kind("utf16CodeUnits")
        .invocations(vec![invocation(report, options, dropped)])
        .original_uri_base_ids(BTreeMap::from([(ROOT.to_owned(), root)]))
        .build();
    run.properties = Some(properties(report));
    run.version_control_provenance = provenance(report, options).map(|details| vec![details]);
    run
}

/// What was looked at and what was accepted, for readers beside GitHub.
fn properties(report: &Report) -> PropertyBag {
    let coverage = &report.coverage;
    let values = [
        ("files", coverage.files_read),
        ("objects", coverage.objects),
        ("containers", coverage.containers),
        ("rulesRun", coverage.rules_run),
        ("rulesSkipped", coverage.rules_skipped.len()),
        ("waived", report.waived().count()),
    ];
    let values = values.map(|(name, number)| (name.to_owned(), number.into()));
    let mut values = BTreeMap::from(values);
    values.insert("coverage".to_owned(), super::coverage(coverage).into());
    PropertyBag::builder().additional_properties(values).build()
}

/// How the run went. A run that did not see all that changed says that it failed: GitHub then refuses the file,
/// where it would otherwise close the alerts of everything that was not seen. That some findings were left out
/// for their number is no failure, as GitHub would show still fewer.
fn invocation(report: &Report, options: &SarifOptions, dropped: usize) -> Invocation {
    let outcome = match report.outcome() {
        Outcome::Passed => "passed",
        Outcome::Blocked => "blocked by findings",
        Outcome::Incomplete => "incomplete: something that changed was not seen",
    };
    Invocation::builder()
        .execution_successful(report.incomplete.is_empty())
        .exit_code(report.exit_code())
        .exit_code_description(outcome)
        .tool_execution_notifications(notification::all(report, options, dropped))
        .build()
}

/// The commit that was judged. The standard has no place for a commit without the address of its repository, and
/// the files of a working tree are not those of its commit.
fn provenance(report: &Report, options: &SarifOptions) -> Option<VersionControlDetails> {
    let commit = report.head.commit.as_ref()?;
    if report.head.kind != SideKind::Revision {
        return None;
    }
    let root = ArtifactLocation::builder().uri_base_id(ROOT).build();
    Some(
        VersionControlDetails::builder()
            .repository_uri(options.repository.as_ref()?)
            .revision_id(commit)
            .mapped_to(root)
            .build(),
    )
}

fn text(text: &str) -> Message {
    Message::builder().text(text).build()
}

#[cfg(test)]
mod tests;
