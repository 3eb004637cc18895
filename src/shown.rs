//! What a report repeats of a repository: secrets redacted, and nothing longer than a reader can use.
//!
//! Everything that is printed passes here once, when the report is whole and before any reporter sees it: messages,
//! names, fields, coverage and reasons alike, so that neither a rule nor a reporter can forget. Identities were
//! computed from the raw values before. Paths of files stay as they are: whoever reads must find the file. Lines of
//! source are masked where they are drawn.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::access::proof::Proof;
use crate::connectivity;
use crate::finding::{Finding, PackageName, PackageSeen, Resource, Waived};
use crate::inventory;
use crate::permissions;
use crate::pod_security::Answer;
use crate::redact::redact;
use crate::syntax::escape_segment;
use crate::verdict::{AccessChange, NetworkChange, PassedOver, Report};

/// The most bytes of a sentence, and of a field's address.
pub const LONGEST_SENTENCE: usize = 4_000;
/// The most bytes of a name. Kubernetes takes 253 of most.
pub const LONGEST_NAME: usize = 1_000;

/// Makes a report fit to be shown.
pub fn report(report: &mut Report) {
    /// Neighbours are often about the same object.
    const TOGETHER: usize = 256;
    report
        .findings
        .par_chunks_mut(TOGETHER)
        .for_each(|findings| {
            let mut known = Known::default();
            for one in findings {
                finding(one, &mut known);
            }
        });
    for change in &mut report.levels {
        text(&mut change.name, LONGEST_NAME);
        resource(&mut change.workload, &mut Known::default());
    }
    report.access.iter_mut().for_each(access_change);
    report.ways.iter_mut().for_each(way);
    report.network.iter_mut().for_each(network_change);
    for change in &mut report.packages {
        let versions = change.before.iter_mut().chain(&mut change.after);
        for word in versions.chain(&mut change.via).chain([&mut change.name]) {
            text(word, LONGEST_NAME);
        }
    }
    for reason in &mut report.incomplete {
        text(reason, LONGEST_SENTENCE);
    }
    passed_over(&mut report.coverage.skipped);
    passed_over(&mut report.coverage.unreadable);
    for source in &mut report.coverage.sources {
        text(&mut source.place, LONGEST_NAME);
        if let Some(problem) = &mut source.problem {
            text(problem, LONGEST_SENTENCE);
        }
    }
    text(&mut report.head.name, LONGEST_NAME);
    if let Some(base) = &mut report.base {
        text(&mut base.name, LONGEST_NAME);
    }
    if let Some(configuration) = &mut report.configuration {
        text(&mut configuration.from, LONGEST_NAME);
        if let Some(problem) = &mut configuration.problem {
            text(problem, LONGEST_SENTENCE);
        }
    }
}

fn access_change(change: &mut AccessChange) {
    text(&mut change.subject, LONGEST_NAME);
    if let Some(namespace) = &mut change.namespace {
        text(namespace, LONGEST_NAME);
    }
    let sides = [&mut change.before, &mut change.after];
    let news = [&mut change.gained, &mut change.lost];
    for phrase in sides.into_iter().chain(news).flatten() {
        text(phrase, LONGEST_SENTENCE);
    }
}

fn network_change(change: &mut NetworkChange) {
    for end in change.from.named.iter_mut().chain(&mut change.to.named) {
        text(&mut end.name, LONGEST_NAME);
        if let Some(namespace) = &mut end.namespace {
            text(namespace, LONGEST_NAME);
        }
    }
    text(&mut change.before, LONGEST_SENTENCE);
    text(&mut change.after, LONGEST_SENTENCE);
}

fn way(way: &mut Proof) {
    for step in &mut way.steps {
        text(&mut step.does, LONGEST_SENTENCE);
        for evidence in &mut step.evidence {
            text(&mut evidence.what, LONGEST_SENTENCE);
        }
    }
}

/// Makes the answer of `access` fit to be shown.
pub fn permissions(answer: &mut permissions::Answer) {
    for change in answer.changes.iter_mut().flatten() {
        access_change(&mut change.change);
    }
    let ways = answer.clusters.iter_mut().flat_map(|it| &mut it.ways);
    ways.chain(&mut answer.new_ways).for_each(way);
    for cluster in &mut answer.clusters {
        for held in &mut cluster.held {
            text(&mut held.subject, LONGEST_NAME);
            for phrase in &mut held.permissions {
                text(phrase, LONGEST_SENTENCE);
            }
            for by in &mut held.by {
                text(&mut by.binding, LONGEST_NAME);
                text(&mut by.role, LONGEST_NAME);
            }
        }
        for unknown in &mut cluster.unknown {
            text(&mut unknown.binding, LONGEST_NAME);
            text(&mut unknown.role, LONGEST_NAME);
        }
    }
    passed_over(&mut answer.unreadable);
    passed_over(&mut answer.not_judged);
}

/// Makes the answer of `network` fit to be shown. Names go through the reporter, which cuts none of them in two.
pub fn connectivity(answer: &mut connectivity::Answer) {
    for cluster in &mut answer.clusters {
        for policy in &mut cluster.unanalysed {
            text(&mut policy.title, LONGEST_NAME);
        }
    }
    passed_over(&mut answer.unreadable);
}

/// Makes the answer of `packages` fit to be shown.
pub fn packages(answer: &mut inventory::Answer) {
    answer
        .words_mut()
        .par_iter_mut()
        .for_each(|word| text(word, LONGEST_NAME));
    passed_over(&mut answer.unreadable);
    for sentence in &mut answer.not_looked_at {
        text(sentence, LONGEST_SENTENCE);
    }
}

/// Makes the answer of `pod-security` fit to be shown.
pub fn answer(answer: &mut Answer) {
    for workload in &mut answer.workloads {
        resource(&mut workload.resource, &mut Known::default());
        if let Some((namespace, _)) = &mut workload.namespace {
            text(namespace, LONGEST_NAME);
        }
        for violation in &mut workload.violations {
            text(&mut violation.message, LONGEST_SENTENCE);
        }
    }
    passed_over(&mut answer.not_judged);
    passed_over(&mut answer.unreadable);
}

/// Texts that were looked at, with what is shown in their place where that is something else: names and fields stand in
/// many findings.
#[derive(Default)]
struct Known(HashMap<Box<str>, Option<Arc<str>>>);

impl Known {
    fn instead_of(&mut self, text: &str, most: usize) -> Option<Arc<str>> {
        /// Longer ones are seldom repeated, and may be too long for one place and not for another.
        const LONGEST: usize = 250;
        if text.len() > LONGEST {
            return instead_of(text, most);
        }
        if let Some(shown) = self.0.get(text) {
            return shown.clone();
        }
        let shown = instead_of(text, most);
        self.0.insert(text.into(), shown.clone());
        shown
    }
}

fn finding(finding: &mut Finding, known: &mut Known) {
    let sentence = finding
        .message
        .split_off(finding.sentence_start.min(finding.message.len()));
    // Who and what are told apart by their place in the message.
    if let Some(shown) = known.instead_of(&finding.message, LONGEST_SENTENCE) {
        shown.as_ref().clone_into(&mut finding.message);
    }
    finding.sentence_start = finding.message.len();
    finding.message.push_str(&redact(&sentence));
    cut(&mut finding.message, LONGEST_SENTENCE);
    for related in &mut finding.related {
        text(&mut related.message, LONGEST_SENTENCE);
    }
    if let Some(waived) = &mut finding.waived {
        let mut own = Waived::clone(waived);
        text(&mut own.reason, LONGEST_SENTENCE);
        if let Some(owner) = &mut own.owner {
            text(owner, LONGEST_NAME);
        }
        *waived = Arc::new(own);
    }
    if let Some(object) = &mut finding.subject.resource {
        resource(object, known);
    }
    if let Some(name) = &mut finding.subject.package {
        let mut own = PackageName::clone(name);
        let is_changed = shared(&mut own.name, LONGEST_NAME, known)
            | shared(&mut own.project, LONGEST_SENTENCE, known);
        if is_changed {
            *name = Arc::new(own);
        }
    }
    if let Some(seen) = &mut finding.package {
        let mut own = PackageSeen::clone(seen);
        if let Some(version) = &mut own.version {
            shared(version, LONGEST_NAME, known);
        }
        text(&mut own.purl, LONGEST_SENTENCE);
        for name in own.paths.iter_mut().flatten() {
            text(name, LONGEST_NAME);
        }
        *seen = Arc::new(own);
    }
    if let Some(container) = &mut finding.subject.container {
        shared(container, LONGEST_NAME, known);
    }
    if let Some(field) = &mut finding.subject.field {
        pointer(field);
        shared(field, LONGEST_SENTENCE, known);
    }
}

/// A name in a pointer is looked at as it was before it got there.
fn pointer(field: &mut Arc<str>) {
    if !field.contains('~') {
        return;
    }
    let segments = field.split('/').map(|segment| {
        let name = segment.replace("~1", "/").replace("~0", "~");
        escape_segment(&redact(&name))
    });
    *field = segments.collect::<Vec<_>>().join("/").into();
}

fn resource(shared_resource: &mut Arc<Resource>, known: &mut Known) {
    let mut own = Resource::clone(shared_resource);
    let names = [&mut own.api_version, &mut own.kind, &mut own.name];
    let mut changed = false;
    for name in names.into_iter().chain(&mut own.namespace) {
        changed |= shared(name, LONGEST_NAME, known);
    }
    if changed {
        *shared_resource = Arc::new(own);
    }
}

fn passed_over(files: &mut [PassedOver]) {
    for file in files {
        text(&mut file.reason, LONGEST_SENTENCE);
    }
}

/// Text that others hold as well; true if it had to change.
fn shared(name: &mut Arc<str>, most: usize, known: &mut Known) -> bool {
    let shown = known.instead_of(name, most);
    let is_changed = shown.is_some();
    if let Some(shown) = shown {
        *name = shown;
    }
    is_changed
}

/// What is shown in the place of a text; none where it is fit to be shown.
fn instead_of(text: &str, most: usize) -> Option<Arc<str>> {
    let mut own = redact(text);
    if own.len() > most {
        cut(own.to_mut(), most);
    }
    (*own != *text).then(|| own.into())
}

fn text(text: &mut String, most: usize) {
    if let std::borrow::Cow::Owned(redacted) = redact(text) {
        *text = redacted;
    }
    cut(text, most);
}

fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - '…'.len_utf8()));
        text.push('…');
    }
}
