//! Runs the rules over one revision.
//!
//! Files are judged side by side, and the findings put in an order that depends on nothing but the revision:
//! path, place, rule, discriminator.

mod misspelt;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::finding::Finding;
use crate::rule::{Check, Context, Pair, Rule, Sink, Workload};
use crate::rules;
use crate::snapshot::granted::Given;
use crate::snapshot::namespaces::Namespaces;
use crate::snapshot::{Snapshot, SourceFile};
use crate::waivers::stated;
use crate::waivers::uses::{WaiverUse, uses};

/// What the rules said of one revision, and of how much.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The findings, by path, place, rule and discriminator.
    pub findings: Vec<Finding>,
    /// What follows from a key that is no field, and is left to the finding about it. It counts where two revisions
    /// are held against each other: what is told once is not mended.
    pub consequences: Vec<Finding>,
    /// How many rules ran.
    pub rules_run: usize,
    /// Containers that were judged, init and ephemeral ones included.
    pub containers: usize,
}

impl Evaluation {
    /// What was said of each file, and what each rule said that sees the whole revision. Findings are large, so that each
    /// is moved once.
    fn joined(of_files: Vec<Self>, of_all: Vec<Vec<Finding>>) -> Self {
        let counts = of_files.iter().map(|one| one.findings.len());
        let count = counts.chain(of_all.iter().map(Vec::len)).sum();
        let mut all = Self {
            findings: Vec::with_capacity(count),
            ..Self::default()
        };
        for one in of_files {
            all.findings.extend(one.findings);
            all.containers += one.containers;
        }
        all.findings.extend(of_all.into_iter().flatten());
        all
    }
}

/// Runs all rules, those about the waivers of the revision last: they look at what the others found.
#[must_use]
pub fn evaluate(snapshot: &Snapshot, context: &Context) -> Evaluation {
    let mut evaluation = evaluate_with(rules::ALL, snapshot, context);
    let stated = stated(snapshot);
    let uses = uses(&stated, &evaluation.findings);
    evaluation.findings.extend(evaluate_waivers(&uses, context));
    evaluation
}

/// Runs some rules: those that the configuration leaves on.
#[must_use]
pub fn evaluate_with(
    rules: &[&'static Rule],
    snapshot: &Snapshot,
    context: &Context,
) -> Evaluation {
    let namespaces = Namespaces::of(snapshot, &context.clusters);
    let asked = Asked::of(rules, context);
    let files = || {
        snapshot
            .files()
            .par_iter()
            .map(|file| judge_file(&asked, (snapshot, &namespaces), file, context))
            .collect::<Vec<_>>()
    };
    let whole = || {
        let rules = asked.whole.par_iter();
        rules
            .map(|rule| judge_whole(rule, snapshot, context))
            .collect::<Vec<_>>()
    };
    let (of_files, of_all) = rayon::join(files, whole);
    let mut evaluation = Evaluation::joined(of_files, of_all);
    let findings = &mut evaluation.findings;
    evaluation.consequences = misspelt::take_consequences(snapshot, context, findings);
    context.settle(&mut evaluation.consequences);
    context.settle(&mut evaluation.findings);
    // Stable, so that what is equal in all of these stays in the order of its rule.
    evaluation.findings.sort_by(|a, b| {
        (&a.location, a.rule, &a.subject.discriminator).cmp(&(
            &b.location,
            b.rule,
            &b.subject.discriminator,
        ))
    });
    evaluation.rules_run = rules.len();
    evaluation
}

/// The rules that run, by what each of them looks at: of thousands of objects none is held against all rules.
struct Asked {
    files: Vec<&'static Rule>,
    objects: Vec<&'static Rule>,
    roles: Vec<&'static Rule>,
    workloads: Vec<&'static Rule>,
    whole: Vec<&'static Rule>,
}

impl Asked {
    /// Those that the configuration leaves on.
    fn of(rules: &[&'static Rule], context: &Context) -> Self {
        let asked = |rule: &&&'static Rule| {
            (!rule.opt_in || !context.is_off(rule)) && context.lacks(rule).is_none()
        };
        let asked: Vec<_> = rules.iter().filter(asked).copied().collect();
        let part = |is_one: fn(&Check) -> bool| {
            let rules = asked.iter().filter(|rule| is_one(&rule.check));
            rules.copied().collect()
        };
        Self {
            files: part(|check| matches!(check, Check::File(_))),
            objects: part(|check| matches!(check, Check::Object(_))),
            roles: part(|check| matches!(check, Check::Right(_) | Check::Role(_))),
            workloads: part(|check| matches!(check, Check::Workload(_))),
            whole: part(|check| matches!(check, Check::Manifests(_))),
        }
    }
}

fn judge_file(
    rules: &Asked,
    (snapshot, namespaces): (&Snapshot, &Namespaces),
    file: &SourceFile,
    context: &Context,
) -> Evaluation {
    let mut evaluation = Evaluation::default();
    for rule in &rules.files {
        if let Check::File(check) = rule.check {
            let mut sink = Sink::new(rule, &file.path, None, &mut evaluation.findings);
            check(file, context, &mut sink);
        }
    }
    for object in snapshot.objects_of(file) {
        let first = evaluation.findings.len();
        for rule in &rules.objects {
            if let Check::Object(check) = rule.check {
                let mut sink = Sink::new(rule, &file.path, Some(object), &mut evaluation.findings);
                check(object, context, &mut sink);
            }
        }
        if let Some(given) = Given::of(snapshot, object, context.of_access()) {
            for rule in &rules.roles {
                let findings = &mut evaluation.findings;
                let mut sink = Sink::new(rule, &file.path, Some(object), findings);
                match rule.check {
                    Check::Right(right) => right.tell(given, &mut sink),
                    Check::Role(check) => check(given, context, &mut sink),
                    _ => {}
                }
            }
        }
        let candidates = namespaces.of_workload(object);
        for pod in object.pods() {
            evaluation.containers += pod.containers().count();
            let workload = Workload {
                object,
                pod,
                namespaces: &candidates,
                is_whole: namespaces.is_whole(object),
                snapshot,
            };
            for rule in &rules.workloads {
                if let Check::Workload(check) = rule.check {
                    let findings = &mut evaluation.findings;
                    let mut sink = Sink::new(rule, &file.path, Some(object), findings);
                    check(&workload, context, &mut sink);
                }
            }
        }
        // A value that stands twice in one list is one mistake.
        let mut seen = BTreeSet::new();
        let mut of_object = evaluation.findings.iter().skip(first);
        if of_object.any(|found| !seen.insert(found.fingerprint)) {
            seen.clear();
            let of_object = evaluation.findings.split_off(first);
            let once = of_object.into_iter();
            let once = once.filter(|found| seen.insert(found.fingerprint));
            evaluation.findings.extend(once);
        }
    }
    // The same bytes twice, by an alias, are one mistake as well.
    let mut seen = BTreeSet::new();
    evaluation
        .findings
        .retain(|found| seen.insert((found.fingerprint, found.location.span)));
    evaluation
}

/// A rule that sees the whole revision says of which object it speaks; until it does, it speaks of no file.
fn judge_whole(rule: &'static Rule, snapshot: &Snapshot, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Check::Manifests(check) = rule.check {
        let mut sink = Sink::new(rule, &Arc::from(""), None, &mut findings);
        check(snapshot, context, &mut sink);
    }
    findings
}

fn evaluate_waivers(uses: &[WaiverUse<'_>], context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules::ALL {
        if let Check::Waiver(check) = rule.check {
            for waiver in uses {
                let path = waiver.stated.path;
                let mut sink = Sink::new(rule, path, waiver.stated.object, &mut findings);
                check(waiver, context, &mut sink);
            }
        }
    }
    context.settle(&mut findings);
    findings
}

/// Runs the rules that look at the change itself, and at what it brings in.
#[must_use]
pub fn evaluate_change(pair: &Pair<'_>, context: &Context) -> Vec<Finding> {
    of_change(rules::ALL, Some(pair), pair.head, context)
}

/// The same of some rules alone.
#[must_use]
pub fn evaluate_change_with(names: &[&str], pair: &Pair<'_>, context: &Context) -> Vec<Finding> {
    let rules = rules::ALL.iter().copied();
    let rules: Vec<_> = rules.filter(|rule| names.contains(&rule.id)).collect();
    of_change(&rules, Some(pair), pair.head, context)
}

/// Runs the rules that look at what a change brings in, where there is no base: everything counts as brought in.
#[must_use]
pub fn evaluate_arrivals(head: &Snapshot, context: &Context) -> Vec<Finding> {
    of_change(rules::ALL, None, head, context)
}

fn of_change(
    rules: &[&'static Rule],
    pair: Option<&Pair<'_>>,
    head: &Snapshot,
    context: &Context,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules {
        if context.lacks(rule).is_some() {
            continue;
        }
        let mut sink = Sink::new(rule, &Arc::from(""), None, &mut findings);
        match (rule.check, pair) {
            (Check::Change(check), Some(pair)) => check(pair, context, &mut sink),
            (Check::Arrivals(check), pair) => {
                check(pair.map(|pair| pair.base), head, context, &mut sink);
            }
            _ => {}
        }
    }
    context.settle(&mut findings);
    // What stands twice in one file is one change.
    let mut seen = BTreeSet::new();
    findings.retain(|found| seen.insert((found.fingerprint, found.location.clone())));
    findings
}
