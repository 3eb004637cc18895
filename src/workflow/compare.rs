//! What a change takes away from the steps that run tidegate.

use std::sync::Arc;

use crate::kubernetes::field::{quoted, shortened};
use crate::syntax::Span;

use super::step::{Setting, Step};
use super::trigger::Trigger;

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
    /// True if it does not stand before a merge.
    pub comes_late: bool,
}

/// A weakening of a step that is known.
struct Weakness {
    what: &'static str,
    sentence: String,
    at: Span,
    comes_late: bool,
}

impl Weakness {
    fn new(what: &'static str, sentence: String, at: Span) -> Self {
        Self {
            what,
            sentence,
            at,
            comes_late: false,
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
            comes_late: weakness.comes_late,
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
                comes_late: false,
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
    if before.has_base && !now.has_base {
        let sentence = "it compared with a base and no longer does, so that nothing is said of the change itself";
        found.push(Weakness::new("base", sentence.to_owned(), now.at));
    }
    if let (None, Some(Setting { value, at })) = (&before.swallowed, &now.swallowed) {
        let sentence = format!(
            "its exit code failed the step and is now lost to `{}`",
            shortened(value)
        );
        found.push(Weakness::new("exit-code", sentence, *at));
    }
    found
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
    if then.version != program.version && program.is_older_than(then) {
        let (old, new) = (then.told(), program.told());
        let sentence = format!("its version was {old} and is {new}, which is older");
        found.push(Weakness::new("version", sentence, program.at));
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
        if is_known(value) {
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
    paths.iter().any(|path| {
        let rest = wanted.strip_prefix(path.as_str());
        path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
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
            let comes_late = then.comes_late() && before.triggers.len() > 1;
            found.extend(lost.into_iter().map(|lost| Weakness { comes_late, ..lost }));
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
