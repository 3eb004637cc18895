//! Findings with lines instead of bytes: what a comment needs to know of one, wherever the report came from.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::marker;
use crate::finding::{Finding, Location, Severity, Status};
use crate::report::occurrence::{Occurrence, Occurrences};
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
    /// Which copy of its object it is in: how many of the same identity stand above that in its file.
    pub copy: u32,
    /// The text of its object as a number; none where it has none, or where that is not known.
    pub text: Option<String>,
    /// The stable place.
    pub location: Stretch,
    /// The changed lines that caused it, where they are known.
    pub changed_at: Option<Stretch>,
    /// Further places.
    pub related: Vec<PlacedRelated>,
    /// The edits that mend it; empty where none are known.
    pub fix: Vec<FixEdit>,
    /// The fingerprints of the findings whose fixes may be made at once with this one, its own among them; empty where
    /// it stands for itself alone.
    pub fixed_with: BTreeSet<String>,
}

impl PlacedFinding {
    /// Which finding it is.
    #[must_use]
    pub fn occurrence(&self) -> Occurrence {
        Occurrence {
            fingerprint: self.fingerprint.clone(),
            path: Some(Arc::clone(&self.location.path)),
            copy: self.copy,
        }
    }

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
    let mut occurrences = Occurrences::new(report);
    let introduced = report.with_status(Status::Introduced);
    introduced
        .map(|finding| {
            let text = occurrences.text_of(finding).map(marker::text);
            of(finding, occurrences.of(finding), text, &mut places)
        })
        .collect()
}

fn of<'r>(
    finding: &'r Finding,
    occurrence: Occurrence,
    text: Option<String>,
    places: &mut Places<'r>,
) -> PlacedFinding {
    let fix = places.fix(finding).map(|(region, fix)| FixEdit {
        path: Arc::clone(&finding.location.path),
        start: region.start,
        end: region.end,
        replacement: fix.replacement.to_string(),
    });
    let together = finding.fix.iter().flat_map(|fix| fix.together.iter());
    let related = finding.related.iter();
    PlacedFinding {
        rule: finding.rule.to_owned(),
        severity: finding.severity,
        message: finding.message.clone(),
        fingerprint: occurrence.fingerprint,
        copy: occurrence.copy,
        text,
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
        fix: fix.into_iter().collect(),
        fixed_with: together.map(ToString::to_string).collect(),
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
