//! What a change takes away from the steps that run tidegate.

use std::sync::Arc;

use crate::folders::is_within;
use crate::kubernetes::field::{quoted, shortened};
use crate::syntax::Span;

use super::step::{Setting, Step};
use super::trigger::{Trigger, always_holds};
use super::{checkout, scripted};

/// One thing that was stronger before.
#[derive(Clone, Debug)]
pub struct Weakening {
    /// The workflow: of the head, or of the base where the step is gone.
    pub path: Arc<str>,
    /// The job.
    pub job: String,
    /// The step, as [`Step::name`] has it.
    pub step: String,
    /// What tells it from others about the step.
    pub what: &'static str,
    /// What was and what is.
    pub sentence: String,
    /// Where in the head; none if the step is gone.
    pub at: Option<Span>,
    /// How sure it is that a merge is no longer kept back.
    pub force: Force,
    /// Paths that are removed before they are judged: where something stands at one of them, it is known to be lost.
    pub removes: Vec<String>,
}

/// What is known of a weakening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// The gate can be passed by what it kept back.
    Known,
    /// It does not stand before a merge.
    Late,
    /// It cannot be shown to be harmless.
    Unclear,
}

/// A weakening of a step that is known.
pub(super) struct Weakness {
    what: &'static str,
    sentence: String,
    at: Span,
    force: Force,
    removes: Vec<String>,
}

impl Weakness {
    pub(super) fn new(what: &'static str, sentence: String, at: Span) -> Self {
        Self {
            what,
            sentence,
            at,
            force: Force::Known,
            removes: Vec::new(),
        }
    }

    pub(super) fn removing(self, paths: &[String]) -> Self {
        Self {
            removes: paths.to_vec(),
            ..self
        }
    }

    pub(super) fn unclear(what: &'static str, sentence: String, at: Span) -> Self {
        Self {
            force: Force::Unclear,
            ..Self::new(what, sentence, at)
        }
    }
}

type Fits<'f> = &'f dyn Fn(&Step, &Step) -> bool;

/// Everything that the steps of the head do less than those of the base did. A step is known by its job and its
/// name, in whatever file and in whatever order; one that is gone is missed only if no other does its work.
#[must_use]
pub fn weakenings(base: &[Step], head: &[Step]) -> Vec<Weakening> {
    let mut gone: Vec<&Step> = base.iter().collect();
    let mut open: Vec<&Step> = head.iter().collect();
    let mut pairs: Vec<(&Step, &Step)> = Vec::new();
    let stages: [Fits<'_>; 7] = [
        &|one, other| one.path == other.path && one.job == other.job && one.name == other.name,
        &|one, other| one.job == other.job && one.name == other.name,
        &|one, other| distance(one, other) == 0,
        &|one, other| one.path == other.path && one.job == other.job,
        &|one, other| one.job == other.job,
        &|one, other| one.path == other.path,
        &|_, _| true,
    ];
    for fits in stages {
        gone.retain(|before| {
            let candidates = open.iter().enumerate();
            let best = candidates
                .filter(|(_, now)| fits(before, now))
                .min_by_key(|(_, now)| (distance(before, now), distance(now, before)));
            let Some((index, now)) = best else {
                return true;
            };
            pairs.push((before, now));
            open.remove(index);
            false
        });
    }
    let mut told = Vec::new();
    for (before, now) in pairs {
        let weaknesses = settings(before, now)
            .into_iter()
            .chain(triggers(before, now, head));
        told.extend(weaknesses.map(|weakness| Weakening {
            path: Arc::clone(&now.path),
            job: now.job.clone(),
            step: now.name.clone(),
            what: weakness.what,
            sentence: weakness.sentence,
            at: Some(weakness.at),
            force: weakness.force,
            removes: weakness.removes,
        }));
    }
    let replaced = |before: &Step| {
        let mut head = head.iter();
        head.any(|now| distance(before, now) == 0)
    };
    for before in gone {
        if !replaced(before) {
            told.push(Weakening {
                path: Arc::clone(&before.path),
                job: before.job.clone(),
                step: before.name.clone(),
                what: "removed",
                sentence: "this step ran tidegate and is gone, and no other step does its work"
                    .to_owned(),
                at: None,
                force: Force::Known,
                removes: Vec::new(),
            });
        }
    }
    told
}

/// In how many ways a step does less than another.
fn distance(before: &Step, now: &Step) -> usize {
    settings(before, now).len() + triggers(before, now, &[]).len()
}

/// What weakens a step itself.
fn settings(before: &Step, now: &Step) -> Vec<Weakness> {
    let mut found = Vec::new();
    program(before, now, &mut found);
    conditions(before, now, &mut found);
    for (whose, then, at_present) in [
        ("the job's", &before.job_tolerates, &now.job_tolerates),
        ("the step's", &before.own_tolerates, &now.own_tolerates),
    ] {
        let known = then.as_ref().map(|then| then.value.as_str());
        if let Some(Setting { value, at }) = at_present
            && known.is_none_or(|known| known != "true" && known != value)
        {
            let what = if whose == "the job's" {
                "job-continue-on-error"
            } else {
                "continue-on-error"
            };
            let shown = shortened(value);
            let sentence = format!(
                "{whose} continue-on-error was not true and is {shown}, so that a blocked change no longer fails"
            );
            found.push(Weakness::new(what, sentence, *at));
        }
    }
    verdict(before, now, &mut found);
    if let Some(path) = before.paths.iter().find(|path| !covers(&now.paths, path)) {
        let show = |path: &str| {
            if path.is_empty() {
                "everything".to_owned()
            } else {
                quoted(path)
            }
        };
        let paths: Vec<String> = now.paths.iter().map(|path| show(path)).collect();
        let sentence = format!(
            "it gated {} and now gates only {}",
            show(path),
            shortened(&paths.join(", "))
        );
        found.push(Weakness::new("path", sentence, now.paths_at));
    }
    needs(before, now, &mut found);
    scripted::weaknesses(before, now, &mut found);
    checkout::weaknesses(before, now, &mut found);
    for (name, Setting { value, at }) in &now.others {
        let then = before.others.iter().find(|(known, _)| known == name);
        if then.is_none_or(|(_, then)| then.value != *value) {
            let sentence = format!(
                "{name} is now {}, which cannot be shown to be harmless",
                quoted(value)
            );
            found.push(Weakness::unclear("setting", sentence, *at));
        }
    }
    found
}

/// Jobs that can keep this one from running, and could not before.
fn needs(before: &Step, now: &Step, found: &mut Vec<Weakness>) {
    let is_known = |job: &str| before.needs.iter().any(|known| known.job == job);
    let gone = before
        .needs
        .iter()
        .filter(|then| !now.needs.iter().any(|now| now.job == then.job));
    let mut replaced = gone.count();
    for needed in &now.needs {
        let job = shortened(&needed.job);
        let condition = needed.condition.as_ref();
        let condition =
            condition.filter(|condition| !always_holds(&condition.value, &now.triggers));
        if let Some(Setting { value, at }) = condition {
            let mut known = before
                .needs
                .iter()
                .filter_map(|then| then.condition.as_ref());
            if !known.any(|known| known.value == *value) {
                let sentence = format!(
                    "it waits for the job `{job}`, which may be skipped as its `if` is `{}`, and this job with it: a check that is skipped counts as passed",
                    shortened(value)
                );
                let at = if is_known(&needed.job) {
                    *at
                } else {
                    needed.at
                };
                found.push(Weakness::new("needs", sentence, at));
                continue;
            }
        }
        if is_known(&needed.job) {
            continue;
        }
        if replaced > 0 {
            // A job under another name.
            replaced -= 1;
            continue;
        }
        let sentence = format!(
            "it now waits for the job `{job}`: where that fails this job is skipped, and a check that is skipped counts as passed; let the job have `if: ${{{{ !cancelled() }}}}`"
        );
        found.push(Weakness::unclear("needs", sentence, needed.at));
    }
}

fn program(before: &Step, now: &Step, found: &mut Vec<Weakness>) {
    let (Some(then), Some(program)) = (&before.program, &now.program) else {
        return;
    };
    if then.name != program.name {
        let (old, new) = (shortened(&then.name), shortened(&program.name));
        let sentence = format!("it ran {old} and now runs {new}, which is another program");
        found.push(Weakness::new("program", sentence, program.at));
        return;
    }
    if then.is_fixed() && !program.is_fixed() {
        let sentence = if program.version.is_empty() {
            "its version was fixed by a digest and is now whatever the registry says".to_owned()
        } else {
            let version = quoted(&program.version);
            format!(
                "its version was fixed by a digest and is now {version}, which can be moved to other code"
            )
        };
        found.push(Weakness::new("pin", sentence, program.at));
    }
    if then.version == program.version {
        return;
    }
    if program.is_older_than(then) {
        let (old, new) = (then.told(), program.told());
        let sentence = format!("its version was {old} and is {new}, which is older");
        found.push(Weakness::new("version", sentence, program.at));
    } else if then.is_fixed() && program.is_fixed() && !program.tells_another_version_than(then) {
        let version = if program.tells_its_version() {
            format!("still says {}", program.told())
        } else {
            "says no version".to_owned()
        };
        let sentence = format!(
            "it is pinned to other code, and the comment behind it {version}, so that nobody can see what it is; name the version of that commit"
        );
        found.push(Weakness::unclear("pin", sentence, program.at));
    }
}

fn conditions(before: &Step, now: &Step, found: &mut Vec<Weakness>) {
    let known = [&before.job_if, &before.own_if];
    let is_known = |value: &str| {
        let mut known = known.iter().copied().flatten();
        known.any(|known| known.value == value)
    };
    for (whose, what, then, at_present) in [
        ("the job's", "job-if", &before.job_if, &now.job_if),
        ("the step's", "if", &before.own_if, &now.own_if),
    ] {
        let Some(Setting { value, at }) = at_present else {
            continue;
        };
        if is_known(value) || always_holds(value, &now.triggers) {
            continue;
        }
        let old = then.as_ref().map_or_else(
            || "not set".to_owned(),
            |then| format!("`{}`", shortened(&then.value)),
        );
        let sentence = format!(
            "{whose} `if` was {old} and is `{}`: it may be skipped, and a check that is skipped counts as passed",
            shortened(value)
        );
        found.push(Weakness::new(what, sentence, *at));
    }
}

/// The severities that block, the strictest first; an unknown one stops the run.
fn leniency(value: &str) -> Option<usize> {
    ["low", "medium", "high", "critical", "never"]
        .iter()
        .position(|known| known.eq_ignore_ascii_case(value))
}

/// True for a value that only the run will know.
fn is_open(value: &str) -> bool {
    value.contains("${{") || value.starts_with('$')
}

fn verdict(before: &Step, now: &Step, found: &mut Vec<Weakness>) {
    let value = |setting: &Option<Setting>, default: &str| {
        let set = setting.as_ref().map(|setting| setting.value.clone());
        set.unwrap_or_else(|| default.to_owned())
    };
    let at = |setting: &Option<Setting>| setting.as_ref().map_or(now.at, |setting| setting.at);
    let is_weaker = |name: &str, then: &str, value: &str| match name {
        "fail-on" => match (leniency(then), leniency(value)) {
            (Some(then), Some(now)) => then < now,
            // What was decided elsewhere may have been anything but this.
            (None, Some(_)) => value.eq_ignore_ascii_case("never"),
            (_, None) => false,
        },
        "fail-on-existing" => {
            then.eq_ignore_ascii_case("true") && value.eq_ignore_ascii_case("false")
        }
        _ => !then.eq_ignore_ascii_case("pass") && value.eq_ignore_ascii_case("pass"),
    };
    for (name, default, then, at_present) in [
        ("fail-on", "high", &before.fail_on, &now.fail_on),
        (
            "fail-on-existing",
            "false",
            &before.fail_on_existing,
            &now.fail_on_existing,
        ),
        (
            "on-incomplete",
            "fail",
            &before.on_incomplete,
            &now.on_incomplete,
        ),
    ] {
        let (old, new) = (value(then, default), value(at_present, default));
        if old == new {
            continue;
        }
        let unset = if at_present.is_none() {
            ", as it is no longer set"
        } else {
            ""
        };
        if is_open(&new) {
            let (old, new) = (quoted(&old), quoted(&new));
            let sentence = format!(
                "{name} was {old} and is {new}, which something outside of this change decides"
            );
            found.push(Weakness::new(name, sentence, at(at_present)));
        } else if is_weaker(name, &old, &new) {
            let (old, new) = (quoted(&old), quoted(&new));
            let sentence = format!("{name} was {old} and is {new}{unset}");
            found.push(Weakness::new(name, sentence, at(at_present)));
        }
    }
}

fn covers(paths: &[String], wanted: &str) -> bool {
    paths.iter().any(|path| is_within(wanted, path))
}

/// What weakens the start of a step. What one of `others` still starts for, at no less strength, is not lost.
fn triggers(before: &Step, now: &Step, others: &[Step]) -> Vec<Weakness> {
    let mut found = Vec::new();
    for then in &before.triggers {
        let lost = lost_start(then, now);
        let elsewhere = || {
            let mut others = others.iter();
            others.any(|other| {
                settings(before, other).is_empty() && lost_start(then, other).is_empty()
            })
        };
        if !lost.is_empty() && !elsewhere() {
            // Where nothing else starts it, a push is all the gate there is.
            let force = if then.comes_late() && before.triggers.len() > 1 {
                Force::Late
            } else {
                Force::Known
            };
            found.extend(lost.into_iter().map(|lost| Weakness { force, ..lost }));
        }
    }
    found
}

fn lost_start(then: &Trigger, now: &Step) -> Vec<Weakness> {
    let Some(trigger) = then.counterpart(&now.triggers) else {
        let event = &then.name;
        let sentence = format!("its workflow ran on {event} and no longer does");
        return vec![Weakness::new("event", sentence, now.on_at)];
    };
    let narrowed = trigger.narrowed(then).into_iter();
    narrowed
        .map(|(what, sentence, at)| {
            Weakness::new(what, format!("its workflow's on.{sentence}"), at)
        })
        .collect()
}
