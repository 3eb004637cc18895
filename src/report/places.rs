//! Byte spans to lines and columns, once a file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::finding::{Finding, Fix, Location, Status};
use crate::snapshot::Snapshot;
use crate::syntax::{Lines, Position, Span};
use crate::verdict::Report;

/// Where something stands, as people and machines name it. The end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

impl Region {
    /// The start of a file: for what has no better place.
    pub const FILE: Self = Self {
        start: Position { line: 1, column: 1 },
        end: Position { line: 1, column: 1 },
    };

    /// The first line of a span, with at least one character where that line has any.
    #[must_use]
    pub fn of(lines: &Lines<'_>, span: Span) -> Self {
        let Span { start, end } = lines.first_line(span);
        Self {
            start: lines.position(start),
            end: lines.position(end),
        }
    }
}

/// Resolves the places of one report or answer.
#[derive(Debug)]
pub struct Places<'r> {
    base: Option<&'r Snapshot>,
    head: &'r Snapshot,
    lines: HashMap<(bool, Arc<str>), Lines<'r>>,
}

impl<'r> Places<'r> {
    /// Places of a report.
    #[must_use]
    pub fn new(report: &'r Report) -> Self {
        Self::of(report.base_snapshot.as_ref(), &report.head_snapshot)
    }

    /// Places in two revisions, of which there may be no base.
    #[must_use]
    pub fn of(base: Option<&'r Snapshot>, head: &'r Snapshot) -> Self {
        Self {
            base,
            head,
            lines: HashMap::new(),
        }
    }

    /// The lines of a file of the head, or of the base; none where the file has no text.
    pub fn lines(&mut self, in_base: bool, path: &Arc<str>) -> Option<&Lines<'r>> {
        match self.lines.entry((in_base, Arc::clone(path))) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(unknown) => {
                let snapshot = if in_base { self.base? } else { self.head };
                let text = snapshot.file(path)?.text()?;
                Some(unknown.insert(Lines::new(text)))
            }
        }
    }

    /// What mends a finding, and all of what it stands in place of.
    pub fn fix(&mut self, finding: &'r Finding) -> Option<(Region, &'r Fix)> {
        let fix = finding.fix.as_ref()?;
        let lines = self.lines(false, &finding.location.path)?;
        let region = Region {
            start: lines.position(fix.span.start),
            end: lines.position(fix.span.end),
        };
        Some((region, fix))
    }

    /// The region of a finding: one line, in the base where the finding is fixed.
    pub fn region(&mut self, finding: &Finding) -> Region {
        self.resolve(finding.status == Status::Fixed, &finding.location)
    }

    /// The region of any other place of a finding.
    pub fn resolve(&mut self, in_base: bool, location: &Location) -> Region {
        self.lines(in_base, &location.path)
            .map_or(Region::FILE, |lines| Region::of(lines, location.span))
    }

    /// `deploy/rbac.yaml:12`.
    pub fn told(&mut self, in_base: bool, location: &Location) -> String {
        let line = self.resolve(in_base, location).start.line;
        format!("{}:{line}", location.path)
    }
}
