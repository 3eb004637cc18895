//! A step that runs tidegate, with everything that decides whether its verdict counts.

use std::sync::Arc;

use crate::syntax::{Entry, Node, Span};

use super::pin::Program;
use super::scalar;
use super::script::{Call, calls};
use super::trigger::{self, Trigger};

/// The most steps that are told apart in one revision. A repository has a handful.
pub const MOST_STEPS: usize = 256;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) value: String,
    pub(super) at: Span,
}

/// A step of a job that runs tidegate.
#[derive(Clone, Debug)]
pub struct Step {
    /// The workflow file.
    pub path: Arc<str>,
    /// The id of the job.
    pub job: String,
    /// The step's `id`, else its `name`; empty where it has neither.
    pub name: String,
    pub(super) at: Span,
    /// The action or image; none where a script calls a program.
    pub(super) program: Option<Program>,
    pub(super) job_if: Option<Setting>,
    pub(super) own_if: Option<Setting>,
    pub(super) job_tolerates: Option<Setting>,
    pub(super) own_tolerates: Option<Setting>,
    pub(super) fail_on: Option<Setting>,
    pub(super) fail_on_existing: Option<Setting>,
    pub(super) on_incomplete: Option<Setting>,
    /// What is gated, from the workspace on; an empty path is everything.
    pub(super) paths: Vec<String>,
    pub(super) paths_at: Span,
    /// True if a change is judged, rather than everything.
    pub(super) has_base: bool,
    pub(super) swallowed: Option<Setting>,
    pub(super) triggers: Vec<Trigger>,
    pub(super) on_at: Span,
}

/// The steps of a workflow that run tidegate.
pub(super) fn all(root: Node<'_>, path: &Arc<str>) -> Vec<Step> {
    let (triggers, on_at) = trigger::read(root);
    let mut found = Vec::new();
    for job in root.get("jobs").into_iter().flat_map(Node::entries) {
        let steps = job.value.get("steps").into_iter().flat_map(Node::items);
        for step in steps.filter(|step| step.is_mapping()) {
            let place = Place {
                root,
                job,
                step,
                path,
                triggers: &triggers,
                on_at,
            };
            place.read(&mut found);
            if found.len() > MOST_STEPS {
                return found;
            }
        }
    }
    found
}

/// A step and what stands around it.
struct Place<'a> {
    root: Node<'a>,
    job: Entry<'a>,
    step: Node<'a>,
    path: &'a Arc<str>,
    triggers: &'a [Trigger],
    on_at: Span,
}

impl Place<'_> {
    fn read(&self, found: &mut Vec<Step>) {
        if let Some(uses) = self.step.entry("uses") {
            let program = scalar(uses.value)
                .and_then(|text| Program::of_uses(text, comment_behind(uses.value), line(&uses)));
            if let Some(program) = program {
                found.push(self.action(&uses, program));
            }
        } else if let Some(run) = self.step.entry("run")
            && let Some(script) = run.value.as_str()
        {
            let calls = calls(script, self.has_pipefail());
            found.extend(calls.into_iter().map(|call| self.call(&run, script, call)));
        }
    }

    fn bare(&self, at: Span) -> Step {
        let name = setting(self.step, "id").or_else(|| setting(self.step, "name"));
        Step {
            path: Arc::clone(self.path),
            job: self.job.key.key_text().to_owned(),
            name: name.map(|name| name.value).unwrap_or_default(),
            at,
            program: None,
            job_if: condition(self.job.value),
            own_if: condition(self.step),
            job_tolerates: tolerance(self.job.value),
            own_tolerates: tolerance(self.step),
            fail_on: None,
            fail_on_existing: None,
            on_incomplete: None,
            paths: vec![String::new()],
            paths_at: at,
            has_base: true,
            swallowed: None,
            triggers: self.triggers.to_vec(),
            on_at: self.on_at,
        }
    }

    fn action(&self, uses: &Entry<'_>, program: Program) -> Step {
        let with = self.step.get("with");
        let input = |name: &str| setting(with?, name).filter(|input| !input.value.is_empty());
        let folder = input("working-directory");
        let path = input("path");
        let inside = folder.as_ref().map_or("", |folder| &folder.value);
        let written = path.as_ref().map_or(".", |path| &path.value);
        let lines = written.lines().filter(|line| !line.trim().is_empty());
        Step {
            program: Some(program),
            fail_on: input("fail-on"),
            fail_on_existing: input("fail-on-existing"),
            on_incomplete: input("on-incomplete"),
            paths: lines.map(|line| below(inside, line.trim())).collect(),
            paths_at: path.or(folder).map_or(line(uses), |input| input.at),
            ..self.bare(line(uses))
        }
    }

    fn call(&self, run: &Entry<'_>, script: &str, call: Call) -> Step {
        let at = place_of_line(run, script, call.line);
        let here = |value: String| Setting { value, at };
        let folder = setting(self.step, "working-directory");
        let folder = folder.map(|folder| folder.value).unwrap_or_default();
        let paths = call.paths.iter().map(|path| below(&folder, path));
        Step {
            program: Program::of_image(&call.program, at).filter(|image| !image.version.is_empty()),
            fail_on: call.fail_on.map(here),
            fail_on_existing: call.fail_on_existing.then(|| here("true".to_owned())),
            on_incomplete: call.on_incomplete.map(here),
            // Without any, everything around the current folder is gated.
            paths: if call.paths.is_empty() {
                vec![String::new()]
            } else {
                paths.collect()
            },
            has_base: call.base,
            swallowed: call.swallowed.map(here),
            ..self.bare(at)
        }
    }

    /// What GitHub calls `bash` fails with any part of a pipe; what runs where nothing is said does not.
    fn has_pipefail(&self) -> bool {
        let default = |node: Node<'_>| {
            let run = node.get("defaults")?.get("run")?;
            setting(run, "shell")
        };
        let shell = setting(self.step, "shell")
            .or_else(|| default(self.job.value))
            .or_else(|| default(self.root));
        shell.is_some_and(|shell| shell.value == "bash" || shell.value.contains("pipefail"))
    }
}

fn setting(node: Node<'_>, key: &str) -> Option<Setting> {
    let entry = node.entry(key)?;
    Some(Setting {
        value: scalar(entry.value)?.to_owned(),
        at: line(&entry),
    })
}

/// The key with its value: a reporter shows the first line.
fn line(entry: &Entry<'_>) -> Span {
    entry.key.span().to(entry.value.span())
}

/// An `if` that may skip something, without the marks of an expression. What never skips more than no `if` at all
/// counts as none.
fn condition(node: Node<'_>) -> Option<Setting> {
    let found = setting(node, "if")?;
    let bare = found
        .value
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .unwrap_or(&found.value);
    let value = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let never_skips = [
        "",
        "true",
        "always()",
        "success()",
        "!cancelled()",
        "! cancelled()",
    ];
    (!never_skips.contains(&value.as_str())).then_some(Setting { value, ..found })
}

/// A `continue-on-error` that is not false.
fn tolerance(node: Node<'_>) -> Option<Setting> {
    let found = setting(node, "continue-on-error")?;
    (!matches!(found.value.as_str(), "false" | "")).then_some(found)
}

/// A path from the workspace on; empty for the workspace itself.
fn below(folder: &str, path: &str) -> String {
    let parts = folder.split('/').chain(path.split('/'));
    let parts: Vec<&str> = parts
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts.join("/")
}

/// The comment behind a value on its line.
fn comment_behind(value: Node<'_>) -> &str {
    let rest = value.tree().text().get(value.span().range().end..);
    let line = rest
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    line.split_once('#').map_or("", |(_, comment)| comment)
}

/// Where a line of a script stands in the file; the key where that cannot be told.
fn place_of_line(run: &Entry<'_>, script: &str, number: usize) -> Span {
    let wanted = script.lines().nth(number).unwrap_or_default().trim();
    let key = run.key.span();
    let found = run
        .value
        .source()
        .find(wanted)
        .filter(|_| !wanted.is_empty());
    let Some(offset) = found else { return key };
    let start = run.value.span().range().start + offset;
    Span::new(start, start + wanted.len())
}
