//! The answer of `tidegate pod-security`, for people and for programs.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::kubernetes::NamespaceSource;
use crate::kubernetes::pod_security::{Level, Version};
use crate::pod_security::{Answer, WorkloadAnswer};
use crate::verdict::PassedOver;

use super::count;
use super::json::{JsonLocation, JsonPassedOver, JsonResource};
use super::one_line;
use super::places::Places;
use super::terminal::{Detail, Terminal};

/// The answer as text: one line a workload, then what keeps it from the next level, or from the one asked for; with
/// more detail, from every level. Quietly, only what makes the command fail.
#[must_use]
pub fn render(answer: &Answer, asked: Option<Level>, detail: Detail, terminal: Terminal) -> String {
    let mut places = Places::of(None, &answer.snapshot);
    let mut text = String::new();
    let is_quiet = detail == Detail::Quiet;
    let workloads: Vec<&WorkloadAnswer> = answer
        .workloads
        .iter()
        .filter(|workload| !is_quiet || workload.allowed == Some(false))
        .collect();
    let names: Vec<String> = workloads.iter().map(|workload| name(workload)).collect();
    let width = names
        .iter()
        .map(|name| name.width())
        .max()
        .unwrap_or_default()
        .min(60);
    for (workload, name) in workloads.iter().zip(&names) {
        let (on, off) = style(workload.level, terminal);
        let level = workload.level.name();
        let padding = " ".repeat(width.saturating_sub(name.width()));
        let path = one_line(&workload.path);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{on}{level:<10}{off}  {name}{padding}  {path}");
        let next = asked.unwrap_or(if workload.level == Level::Privileged {
            Level::Baseline
        } else {
            Level::Restricted
        });
        for violation in workload.violations.iter().filter(|violation| {
            asked.is_some() || detail == Detail::Verbose || violation.level == next
        }) {
            let at = places.resolve(false, &violation.location).start;
            let message = one_line(&violation.message);
            let _ = writeln!(
                text,
                "            {}:{}: {message} [{}]",
                at.line, at.column, violation.check
            );
        }
    }
    if !is_quiet {
        told("not judged", &answer.not_judged, &mut text);
    }
    told("cannot be read", &answer.unreadable, &mut text);
    if !is_quiet || answer.exit_code() != 0 {
        summary(answer, asked, &mut text);
    }
    text
}

fn told(what: &str, files: &[PassedOver], text: &mut String) {
    for file in files {
        let _ = writeln!(
            text,
            "{what}: {}: {}",
            one_line(&file.path),
            one_line(&file.reason)
        );
    }
}

fn summary(answer: &Answer, asked: Option<Level>, text: &mut String) {
    if answer.workloads.is_empty() {
        let files = count(answer.snapshot.files_read, "file");
        let _ = writeln!(text, "read nothing: there are no workloads in {files}");
    }
    let _ = write!(text, "{}", count(answer.workloads.len(), "workload"));
    for level in Level::ALL.into_iter().rev() {
        let number = answer
            .workloads
            .iter()
            .filter(|workload| workload.level == level)
            .count();
        let separator = if level == Level::Restricted {
            ": "
        } else {
            ", "
        };
        let _ = write!(text, "{separator}{number} {}", level.name());
    }
    let _ = write!(text, " (Pod Security Standards {}", answer.version);
    if answer.version > Version::LATEST {
        let _ = write!(text, ", judged by {}, the newest known", Version::LATEST);
    }
    text.push(')');
    if let Some(asked) = asked {
        let refused = answer.refused().count();
        let _ = write!(text, "; {} refuses {refused}", asked.name());
    }
    text.push('\n');
}

/// `Deployment shop/cart`; a namespace that nothing says is told as such.
fn name(workload: &WorkloadAnswer) -> String {
    let resource = &workload.resource;
    one_line(&match &workload.namespace {
        Some((namespace, NamespaceSource::Default)) => {
            format!(
                "{} {namespace}/{} (no namespace is written)",
                resource.kind, resource.name
            )
        }
        Some((namespace, _)) => format!("{} {namespace}/{}", resource.kind, resource.name),
        None => format!("{} {}", resource.kind, resource.name),
    })
}

fn style(level: Level, terminal: Terminal) -> (&'static str, &'static str) {
    if !terminal.color {
        return ("", "");
    }
    let on = match level {
        Level::Restricted => "\u{1b}[32m",
        Level::Baseline => "\u{1b}[33m",
        Level::Privileged => "\u{1b}[1;31m",
    };
    (on, "\u{1b}[0m")
}

#[derive(Serialize)]
struct JsonAnswer<'a> {
    version: String,
    files_read: usize,
    workloads: Vec<JsonWorkload<'a>>,
    not_judged: Vec<JsonPassedOver<'a>>,
    unreadable: Vec<JsonPassedOver<'a>>,
}

#[derive(Serialize)]
struct JsonWorkload<'a> {
    resource: JsonResource<'a>,
    path: &'a str,
    /// The namespace that the workload lands in.
    namespace: Option<&'a str>,
    /// `written`, `kustomization`, or `default` where nothing says.
    namespace_source: Option<&'static str>,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<bool>,
    violations: Vec<JsonViolation<'a>>,
}

#[derive(Serialize)]
struct JsonViolation<'a> {
    check: &'static str,
    level: &'static str,
    message: &'a str,
    location: JsonLocation<'a>,
}

/// Writes the answer as JSON.
///
/// # Errors
/// What the writer refuses.
pub fn write_json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut places = Places::of(None, &answer.snapshot);
    let document = JsonAnswer {
        version: answer.version.to_string(),
        files_read: answer.snapshot.files_read,
        workloads: answer
            .workloads
            .iter()
            .map(|workload| JsonWorkload {
                resource: JsonResource::of(&workload.resource),
                path: &workload.path,
                namespace: workload
                    .namespace
                    .as_ref()
                    .map(|(namespace, _)| namespace.as_str()),
                namespace_source: workload.namespace.as_ref().map(|(_, source)| match source {
                    NamespaceSource::Written => "written",
                    NamespaceSource::Kustomization => "kustomization",
                    NamespaceSource::Default => "default",
                }),
                level: workload.level.name(),
                allowed: workload.allowed,
                violations: workload
                    .violations
                    .iter()
                    .map(|violation| JsonViolation {
                        check: violation.check,
                        level: violation.level.name(),
                        message: &violation.message,
                        location: JsonLocation::of(
                            &violation.location,
                            places.resolve(false, &violation.location),
                        ),
                    })
                    .collect(),
            })
            .collect(),
        not_judged: JsonPassedOver::all(&answer.not_judged),
        unreadable: JsonPassedOver::all(&answer.unreadable),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
