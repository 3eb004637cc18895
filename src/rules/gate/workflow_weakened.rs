use std::sync::Arc;

use crate::config::pattern::PathPattern;
use crate::declare_rule;
use crate::folders::is_within;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Pair, Severity, Sink};
use crate::snapshot::{Snapshot, SourceFile, State};
use crate::syntax::Span;
use crate::workflow::{Force, MOST_STEPS, Step, Weakening, Workflow, is_workflow, weakenings};

declare_rule! {
    /// A workflow runs tidegate with less force than before, or no longer.
    ///
    /// ## Why it matters
    /// On `pull_request`, GitHub takes the workflow file from the pull request itself. A change that makes the step tolerant, skips it, or takes it out would be judged by nothing, and what it lets in stays let in after the merge.
    ///
    /// ## Example
    /// ```text bad
    /// - uses: tidegate/tidegate@0a1b2c3d4e5f60718293a4b5c6d7e8f901234567 # v1.4.0
    ///   continue-on-error: true # new in this pull request
    ///   with:
    ///     fail-on: never # was: medium
    /// ```
    ///
    /// ## Instead
    /// ```text good
    /// - uses: tidegate/tidegate@0a1b2c3d4e5f60718293a4b5c6d7e8f901234567 # v1.4.0
    ///   with:
    ///     fail-on: medium
    /// ```
    /// Keep the step as it is, and waive single findings with a reason. Let a ruleset of the organisation require the workflow, or let code owners approve changes below `.github/workflows`.
    ///
    /// ## Limits
    /// Steps are found by the name of the action, the image or the program, directly in a workflow: not in reusable workflows, composite actions or scripts that a workflow calls, and not in other systems than GitHub. What makes GitHub refuse a workflow that is sound YAML is not seen, nor whether the comment behind a commit names its true version.
    ///
    /// A script can do anything. Of the one that calls tidegate, what takes away the exit code, skips the call or has it compare with something else is high where it is understood; any other change around the call, an unknown flag, a new `needs` and another commit under the same version comment are medium, as they cannot be shown to be harmless. Comments, `echo` and the like, and what stands behind a call that ends the script when it fails are silent. Of the steps before it in its job, checkouts are compared, and so are commands that are known to change the files or the program (`git checkout` and the like, `rm`, `mv`, `cp` to its name): high where they take the base, a file of the head, or a program of the system in place of tidegate, else medium. What else they run is not seen. The action, and a call whose `--head` is a commit of the event, judge commits and no files, so that none of this weakens them; that goes for `pull_request_target`, too.
    "gate/workflow-weakened",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CICD-SEC-1", "CICD-SEC-4", "CWE-693"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let mut base = steps(pair.base);
    if base.is_empty() {
        return;
    }
    let head = steps(pair.head);
    base.retain(|step| match hidden(pair.head.file(&step.path)) {
        None => true,
        Some(at) => {
            // Said once a file, whatever it held.
            sink.in_file(&step.path)
                .report_span(at)
                .discriminator(&format!("unreadable\0{}\0{}", step.job, step.name))
                .say(&format!(
                    "{}: this file cannot be read, so that it can no longer be seen to run tidegate",
                    who(&step.job, &step.name)
                ));
            false
        }
    });
    if let Some(step) = head.get(MOST_STEPS) {
        sink.in_file(&step.path)
            .report_span(Span::default())
            .discriminator("many")
            .say(&format!(
                "more than {MOST_STEPS} steps run tidegate, so that they cannot be compared with those of the base"
            ));
        return;
    }
    for weakening in weakenings(&base, &head) {
        report(pair, &weakening, sink);
    }
}

fn report(pair: &Pair<'_>, weakening: &Weakening, sink: &mut Sink<'_>) {
    let (job, step) = (&weakening.job, &weakening.step);
    let at = weakening.at.unwrap_or_else(|| {
        let file = pair.head.file(&weakening.path).and_then(workflow);
        file.map(|workflow| workflow.place_of_job(job))
            .unwrap_or_default()
    });
    // An event after the merge keeps nothing out; it loses sight.
    let severity = match weakening.force {
        Force::Known => Severity::High,
        Force::Unclear if loses_files(pair.head, &weakening.removes) => Severity::High,
        Force::Late | Force::Unclear => Severity::Medium,
    };
    sink.in_file(&weakening.path)
        .report_span(at)
        .severity(severity)
        .discriminator(&format!("{}\0{job}\0{step}", weakening.what))
        .say(&format!("{}: {}", who(job, step), weakening.sentence));
}

/// True if something stands at one of the paths, or below it.
fn loses_files(head: &Snapshot, removes: &[String]) -> bool {
    removes.iter().any(|path| {
        let pattern = PathPattern::parse(path).ok();
        head.files().iter().any(|file| {
            is_within(&file.path, path)
                || pattern
                    .as_ref()
                    .is_some_and(|pattern| pattern.fits(&file.path))
        })
    })
}

fn who(job: &str, step: &str) -> String {
    let job = shortened(job);
    if step.is_empty() {
        format!("job `{job}`, the step that runs tidegate")
    } else {
        format!("job `{job}`, step `{}`", shortened(step))
    }
}

fn workflow(file: &SourceFile) -> Option<&Workflow> {
    match &*file.state {
        State::Workflow(workflow) => Some(workflow),
        _ => None,
    }
}

/// The steps of a revision, one more than are compared at most.
fn steps(snapshot: &Snapshot) -> Vec<Step> {
    let mut steps = Vec::new();
    for file in snapshot
        .files()
        .iter()
        .filter(|file| is_workflow(&file.path))
    {
        let path = Arc::clone(&file.path);
        steps.extend(
            workflow(file)
                .into_iter()
                .flat_map(|workflow| workflow.steps(&path)),
        );
        if steps.len() > MOST_STEPS {
            break;
        }
    }
    steps.truncate(MOST_STEPS + 1);
    steps
}

/// Where reading stopped, if a file is there and cannot be read.
fn hidden(file: Option<&SourceFile>) -> Option<Span> {
    match &*file?.state {
        State::Workflow(workflow) => (!workflow.is_readable()).then(|| workflow.stopped_at()),
        State::Read(_)
        | State::Configuration(_)
        | State::Dockerfile(_)
        | State::Tree(_)
        | State::Lockfile(_)
        | State::Text(_)
        | State::Generated { .. }
        | State::Opaque(_) => None,
        State::Oversized(_) | State::LfsPointer | State::Missing(_) => Some(Span::default()),
    }
}
