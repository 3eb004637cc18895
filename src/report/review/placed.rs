//! Findings with lines instead of bytes: what a comment needs to know of one, wherever the report came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, Fix, Location, Severity, Status};
use crate::report::places::Places;
use crate::syntax::Position;
use crate::verdict::Report;

/// Whole lines of a file of the head, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// The file.
    pub path: Arc<str>,
    /// The first line, from 1.
    pub first: u32,
    /// The last line.
    pub last: u32,
}

/// One edit of a fix: what stands from `start` to `end`, which is exclusive, is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FixEdit {
    /// The file of the head.
    pub path: Arc<str>,
    /// Where it starts.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
    /// What stands there afterwards.
    pub replacement: String,
}

/// A further place, and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRelated {
    /// The file.
    pub path: Arc<str>,
    /// Its line.
    pub line: u32,
    /// What is there.
    pub message: String,
}

/// An introduced finding that no waiver covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFinding {
    /// The rule's id; one that this program does not know may come from a saved report.
    pub rule: String,
    /// How urgent it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// Its identity over time.
    pub fingerprint: String,
    /// The stable place.
    pub location: Stretch,
    /// The changed lines that caused it, where they are known.
    pub changed_at: Option<Stretch>,
    /// Further places.
    pub related: Vec<PlacedRelated>,
    /// The edits that mend it; empty where none are known.
    pub fix: Vec<FixEdit>,
}

impl PlacedFinding {
    /// Where a person would look first.
    #[must_use]
    pub fn at(&self) -> &Stretch {
        self.changed_at.as_ref().unwrap_or(&self.location)
    }
}

/// The introduced findings of a report, in its order.
#[must_use]
pub fn placed(report: &Report) -> Vec<PlacedFinding> {
    let mut places = Places::new(report);
    let mut plain = BTreeMap::new();
    let introduced = report.with_status(Status::Introduced);
    introduced
        .map(|finding| {
            let fix = finding.fix.as_ref();
            PlacedFinding {
                fix: fix
                    .and_then(|fix| edit(fix, &finding.location.path, &mut places, &mut plain))
                    .into_iter()
                    .collect(),
                ..of(finding, &mut places)
            }
        })
        .collect()
}

/// A fix, where its bytes are what they seem: nothing else in the file can have them through an anchor, and nothing
/// makes others of them before they are used. `plain` remembers of which files that can be said.
fn edit<'r>(
    fix: &Fix,
    path: &'r Arc<str>,
    places: &mut Places<'r>,
    plain: &mut BTreeMap<&'r str, bool>,
) -> Option<FixEdit> {
    let text = places.text(path)?;
    let is_plain = plain.entry(path);
    let is_plain = *is_plain.or_insert_with(|| !text.contains('&') && !text.contains("{{"));
    let is_meant = text.get(fix.span.range()) == Some(&*fix.found);
    let lines = places.lines(false, path).filter(|_| is_plain && is_meant)?;
    Some(FixEdit {
        path: Arc::clone(path),
        start: lines.position(fix.span.start),
        end: lines.position(fix.span.end),
        replacement: fix.replacement.to_string(),
    })
}

fn of(finding: &Finding, places: &mut Places<'_>) -> PlacedFinding {
    let related = finding.related.iter();
    PlacedFinding {
        rule: finding.rule.to_owned(),
        severity: finding.severity,
        message: finding.message.clone(),
        fingerprint: finding.fingerprint.to_string(),
        location: stretch(places, &finding.location),
        changed_at: finding
            .changed_at
            .as_ref()
            .map(|location| stretch(places, location)),
        related: related
            .map(|related| PlacedRelated {
                path: Arc::clone(&related.location.path),
                line: places.resolve(false, &related.location).start.line,
                message: related.message.clone(),
            })
            .collect(),
        fix: Vec::new(),
    }
}

/// The lines of a place. One that ends with a line break does not reach into the next line.
fn stretch(places: &mut Places<'_>, location: &Location) -> Stretch {
    let (first, last) = places.lines(false, &location.path).map_or((1, 1), |lines| {
        let first = lines.position(location.span.start).line;
        let end = lines.position(location.span.end);
        let last = if end.column == 1 && end.line > first {
            end.line - 1
        } else {
            end.line
        };
        (first, last.max(first))
    });
    Stretch {
        path: Arc::clone(&location.path),
        first,
        last,
    }
}
