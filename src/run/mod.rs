//! The pipeline: the one place where all stages meet, in order.

mod cause;
pub mod sides;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::change::LeftOutReason;
use crate::change::compare::{Change, Changes};
use crate::compare::{Comparison, Pairs, compare};
use crate::error::Error;
use crate::evaluate::{Evaluation, evaluate, evaluate_change};
use crate::finding::{Finding, Resource, Status};
use crate::kubernetes::Completeness;
use crate::kubernetes::kustomization::Unbuilt;
use crate::kubernetes::pod_security::{self as standard, Level, Version};
use crate::pod_security::{Answer, answer};
use crate::rule::{Context, Pair, object_name};
use crate::snapshot::load::{Loaded, load};
use crate::snapshot::{Snapshot, SourceFile, State};
use crate::verdict::{Coverage, LevelChange, PassedOver, Policy, Report};

use cause::Causes;
use sides::Sides;

/// What is to be judged.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Show and gate only what lies below these paths.
    pub paths: Vec<PathBuf>,
    /// A revision or folder to compare with.
    pub base: Option<String>,
    /// A revision or folder to judge; the working tree where it is not given.
    pub head: Option<String>,
    /// When the run fails.
    pub policy: Policy,
    /// What the rules may know.
    pub context: Context,
}

/// Runs everything, from two places to a report.
///
/// # Errors
/// What keeps a run from being carried out at all; see [`Error`].
pub fn run(request: &Request) -> Result<Report, Error> {
    let sides = sides::find(
        &request.paths,
        request.base.as_deref(),
        request.head.as_deref(),
    )?;
    Ok(judge(&sides, request.policy, &request.context))
}

/// Answers which Pod Security level each workload of the working tree meets.
///
/// # Errors
/// A path that does not exist, or a repository that cannot be read.
pub fn pod_security(
    paths: &[PathBuf],
    asked: Option<Level>,
    version: Version,
) -> Result<Answer, Error> {
    let sides = sides::find(paths, None, None)?;
    let head = load(None, &sides.head, &[]).head;
    Ok(answer(head, asked, version, |path| sides.holds(path)))
}

/// From two sides to a report: reads, evaluates, compares and sums up. Never fails.
#[must_use]
pub fn judge(sides: &Sides, policy: Policy, context: &Context) -> Report {
    let Loaded {
        base,
        mut head,
        base_contents,
        head_contents,
    } = load(sides.base.as_ref(), &sides.head, &[]);
    let mut changes = Changes::between(&base_contents, &head_contents);
    if let Some(base) = &base {
        changes.find_similar(
            |path| Some(base.file(path)?.text()?.to_owned()),
            |path| Some(head.file(path)?.text()?.to_owned()),
        );
        head.remember(base, changes.renamed());
    }
    let (
        base_evaluation,
        Evaluation {
            findings,
            rules_run,
            containers,
        },
    ) = rayon::join(
        || base.as_ref().map(|base| evaluate(base, context)),
        || evaluate(&head, context),
    );
    let touched: BTreeSet<Arc<str>> = changes
        .paths()
        .iter()
        .filter(|(_, change)| matches!(change, Change::Added | Change::Modified))
        .map(|(path, _)| Arc::clone(path))
        .collect();
    let mut pairs = Pairs::default();
    let mut all = findings;
    if let (Some(base), Some(evaluation)) = (&base, base_evaluation) {
        let comparison = compare((base, evaluation.findings), (&head, all), changes.renamed());
        Comparison {
            findings: all,
            pairs,
        } = comparison;
        let pair = Pair {
            base,
            head: &head,
            changed: &touched,
        };
        all.extend(evaluate_change(&pair, context));
        let mut causes = Causes::new(base, &head, changes.renamed());
        for finding in &mut all {
            if finding.status == Status::Introduced {
                finding.changed_at = causes.of(finding);
            }
        }
    }
    let in_scope = |path: &str| sides.holds(path);
    // What is done to the gate itself is shown whatever paths are asked for: else naming some would turn it off.
    all.retain(|finding| finding.rule.starts_with("gate/") || in_scope(&finding.location.path));
    sort(&mut all);
    let is_changed = |path: &Arc<str>| base.is_none() || touched.contains(path);
    let mut incomplete = incomplete(&all, base.as_ref(), &head, is_changed, in_scope);
    incomplete.splice(..0, sides.history_missing.clone());
    let levels = base
        .as_ref()
        .map(|base| levels(base, &head, &pairs, context, in_scope))
        .unwrap_or_default();
    let coverage = coverage(&all, &head, containers, rules_run, in_scope);
    Report {
        // Nothing was compared where the head stood in for the base.
        base: sides
            .base
            .as_ref()
            .filter(|_| sides.history_missing.is_none())
            .map(|base| base.label().clone()),
        head: sides.head.label().clone(),
        policy,
        findings: all,
        levels,
        coverage,
        incomplete,
        base_snapshot: base,
        head_snapshot: head,
    }
}

/// Findings of the head by path and place, then the fixed ones.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| {
            (
                finding.status == Status::Fixed,
                finding.location.span,
                finding.rule,
            )
        };
        let (fixed, span, rule) = key(one);
        let (other_fixed, other_span, other_rule) = key(other);
        fixed
            .cmp(&other_fixed)
            .then_with(|| one.location.path.cmp(&other.location.path))
            .then_with(|| span.cmp(&other_span))
            .then_with(|| rule.cmp(other_rule))
            .then_with(|| one.subject.cmp(&other.subject))
    });
}

/// Why the run did not see all that it should have seen.
fn incomplete(
    findings: &[Finding],
    base: Option<&Snapshot>,
    head: &Snapshot,
    is_changed: impl Fn(&Arc<str>) -> bool,
    in_scope: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut reasons: Vec<String> = findings
        .iter()
        .filter(|finding| {
            finding.unread && finding.status != Status::Fixed && is_changed(&finding.location.path)
        })
        .map(|finding| format!("{}: {}", finding.location.path, finding.message))
        .collect();
    for left_out in &head.left_out {
        let known = base.is_some_and(|base| base.left_out.contains(left_out));
        if let Some(reason) = blinding(&left_out.reason)
            && !known
            && in_scope(&left_out.path)
        {
            reasons.push(format!("{}: {reason}", left_out.path));
        }
    }
    for file in base.into_iter().flat_map(Snapshot::files) {
        if let State::Missing(why) = &*file.state
            && in_scope(&file.path)
            && is_changed(&file.path)
        {
            reasons.push(format!("{} in the base: {why}", file.path));
        }
    }
    reasons.dedup();
    reasons
}

/// Why a path that was left out makes the run blind; none where a note is enough.
fn blinding(reason: &LeftOutReason) -> Option<String> {
    match reason {
        LeftOutReason::Symlink | LeftOutReason::Submodule => None,
        LeftOutReason::NotCheckedOut
        | LeftOutReason::NotUnicodePath
        | LeftOutReason::TooDeep
        | LeftOutReason::TooMany
        | LeftOutReason::Malformed
        | LeftOutReason::Unreadable(_) => Some(describe(reason)),
    }
}

fn describe(reason: &LeftOutReason) -> String {
    match reason {
        LeftOutReason::Symlink => "a symbolic link, which is not followed".to_owned(),
        LeftOutReason::Submodule => "a submodule: another repository".to_owned(),
        LeftOutReason::NotUnicodePath => "its path is not Unicode".to_owned(),
        LeftOutReason::TooDeep => "its path is too long to be checked out".to_owned(),
        LeftOutReason::TooMany => "there are more files than one run reads".to_owned(),
        LeftOutReason::NotCheckedOut => {
            "not in this sparse checkout; name the head as a revision".to_owned()
        }
        LeftOutReason::Malformed => {
            "its name is malformed, or stands twice in one folder".to_owned()
        }
        LeftOutReason::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

fn coverage(
    findings: &[Finding],
    head: &Snapshot,
    containers: usize,
    rules_run: usize,
    in_scope: impl Fn(&str) -> bool,
) -> Coverage {
    let mut coverage = Coverage {
        files_read: head.files_read,
        containers,
        rules_run,
        ..Coverage::default()
    };
    let mut skip = |path: &str, reason: String| {
        if in_scope(path) {
            coverage.skipped.push(PassedOver {
                path: path.into(),
                reason,
            });
        }
    };
    for left_out in &head.left_out {
        skip(&left_out.path, describe(&left_out.reason));
    }
    for file in head.files() {
        match &*file.state {
            State::LfsPointer => skip(&file.path, "a Git LFS pointer".to_owned()),
            State::Read(_) | State::Workflow(_) | State::Oversized(_) | State::Missing(_) => {}
        }
        let Some(manifest) = file.manifest() else {
            continue;
        };
        if manifest.templates > 0 {
            skip(&file.path, "a template that is not rendered".to_owned());
        }
        let unbuilt = manifest.kustomization.iter().any(|found| {
            let mut requests = found.requests.iter();
            requests
                .any(|request| !matches!(request.what, Unbuilt::FilePatch | Unbuilt::OddResource))
        });
        if unbuilt {
            skip(
                &file.path,
                "builds more than stands in the repository".to_owned(),
            );
        }
    }
    for manifest in head.files().iter().filter_map(|file| file.manifest()) {
        coverage.objects += manifest.records.len();
        coverage.other_objects += manifest.other_objects;
    }
    coverage.skipped.sort();
    coverage.unreadable = findings
        .iter()
        .filter(|finding| finding.unread && finding.status != Status::Fixed)
        .map(|finding| PassedOver {
            path: Arc::clone(&finding.location.path),
            reason: finding.message.clone(),
        })
        .collect();
    coverage.unreadable.dedup();
    coverage
}

/// The workloads whose Pod Security level differs between the sides.
fn levels(
    base: &Snapshot,
    head: &Snapshot,
    pairs: &Pairs,
    context: &Context,
    in_scope: impl Fn(&str) -> bool,
) -> Vec<LevelChange> {
    let mut before = of_side(base, context);
    let mut changes = Vec::new();
    for ((path, workload), (after, name)) in of_side(head, context) {
        let counterpart = pairs.base_path(&workload, &path);
        let old = counterpart
            .and_then(|base_path| before.remove(&(Arc::clone(base_path), Arc::clone(&workload))))
            .map(|(level, _)| level);
        if old != Some(after) && in_scope(&path) {
            changes.push(LevelChange {
                workload,
                name,
                path,
                before: old,
                after: Some(after),
            });
        }
    }
    let seen_in_head: BTreeSet<_> = head
        .objects()
        .map(|object| Arc::clone(object.resource()))
        .collect();
    for ((path, workload), (level, name)) in before {
        // What an unreadable file held is unknown, not removed.
        let gone = head.file(&path).is_none_or(SourceFile::is_wholly_read);
        if gone && in_scope(&path) && !seen_in_head.contains(&workload) {
            changes.push(LevelChange {
                workload,
                name,
                path,
                before: Some(level),
                after: None,
            });
        }
    }
    changes
}

/// The level and the name of every complete workload, by file and identity. What a patch leaves out is not
/// known, so it has no level.
fn of_side(
    snapshot: &Snapshot,
    context: &Context,
) -> BTreeMap<(Arc<str>, Arc<Resource>), (Level, String)> {
    snapshot
        .objects()
        .filter(|object| object.completeness() == Completeness::Complete)
        .filter_map(|object| {
            let levels = object
                .pods()
                .map(|pod| standard::level(pod, context.version));
            let level = levels.min()?;
            let key = (Arc::clone(object.path()), Arc::clone(object.resource()));
            Some((key, (level, object_name(object))))
        })
        .collect()
}
