//! Frames: one line of source, with everything that was found on it.

use std::collections::{BTreeSet, HashMap};

use annotate_snippets::renderer::Renderer;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};

use crate::finding::{Finding, Severity, Status};
use crate::report::one_line;
use crate::report::places::{Places, Region};
use crate::rules;
use crate::verdict::Report;

use super::{Detail, FrameKey, Terminal, secret};

/// The longest line that is shown, in bytes; of longer ones the place is told and nothing else.
const LONGEST_LINE: usize = 4_000;
/// How many further files a repeated finding lists without being asked for.
const MOST_REPEATED: usize = 8;

/// Draws the frames of one report.
pub(super) struct Frames<'r> {
    report: &'r Report,
    renderer: Renderer,
    detail: Detail,
    /// Rules whose page was named already.
    named: BTreeSet<&'static str>,
    masker: secret::Masker<'r>,
}

impl<'r> Frames<'r> {
    pub(super) fn new(report: &'r Report, terminal: Terminal, detail: Detail) -> Self {
        let renderer = if terminal.color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Self {
            report,
            renderer: renderer.term_width(terminal.width.max(40)),
            detail,
            named: BTreeSet::new(),
            masker: secret::Masker::default(),
        }
    }

    pub(super) fn draw(
        &mut self,
        findings: &[&'r Finding],
        places: &mut Places<'r>,
        text: &mut String,
    ) {
        // What is said of many files in the same words is said once.
        let mut repeated: HashMap<(&str, &str), Vec<&'r Finding>> = HashMap::new();
        for finding in findings
            .iter()
            .filter(|finding| finding.subject.resource.is_none())
        {
            repeated
                .entry((finding.rule, &finding.message))
                .or_default()
                .push(finding);
        }
        let mut frames: Vec<(FrameKey<'r>, Vec<&'r Finding>)> = Vec::new();
        let mut index: HashMap<FrameKey<'r>, usize> = HashMap::new();
        for finding in findings {
            let same = repeated
                .get(&(finding.rule, finding.message.as_str()))
                .map(Vec::as_slice)
                .unwrap_or_default();
            if finding.subject.resource.is_none()
                && !same
                    .first()
                    .is_some_and(|first| std::ptr::eq(*first, *finding))
            {
                continue;
            }
            let line = places.region(finding).start.line;
            let key = (finding.status, &finding.location.path, line, finding.who());
            let at = *index.entry(key).or_insert_with(|| {
                frames.push((key, Vec::new()));
                frames.len() - 1
            });
            if let Some((_, frame)) = frames.get_mut(at) {
                frame.push(finding);
            }
        }
        for (_, frame) in frames {
            let others = frame
                .first()
                .and_then(|first| repeated.get(&(first.rule, first.message.as_str())));
            let others = others.and_then(|same| same.get(1..)).unwrap_or_default();
            self.frame(&frame, others, places, text);
        }
    }

    fn frame(
        &mut self,
        findings: &[&'r Finding],
        others: &[&Finding],
        places: &mut Places<'r>,
        text: &mut String,
    ) {
        let Some(first) = findings
            .iter()
            .max_by_key(|finding| finding.severity)
            .copied()
        else {
            return;
        };
        let in_base = first.status == Status::Fixed;
        let region = places.region(first);
        let single = findings.len() == 1;
        let title = if first.who().is_empty() {
            rules::find(first.rule)
                .map_or_else(|| one_line(&first.message), |rule| rule.title().to_owned())
        } else {
            one_line(first.who())
        };
        let mut title = level(first.severity).primary_title(title);
        if single {
            title = title
                .id(first.rule)
                .id_url(crate::report::help_uri(first.rule));
        }
        let label = |finding: &Finding| {
            let sentence = one_line(finding.sentence());
            if single {
                sentence
            } else {
                format!("{sentence} [{}]", finding.rule)
            }
        };
        let path = one_line(&first.location.path);
        let mut group = if let Some(line) = self.source_line(in_base, first, region, places) {
            let annotations: Vec<_> = findings
                .iter()
                .filter_map(|finding| Some((line.locate(finding)?, label(finding))))
                .map(|(range, label)| AnnotationKind::Primary.span(range).label(label))
                .collect();
            let snippet = Snippet::source(line.text)
                .path(path)
                .line_start(region.start.line as usize)
                .annotations(annotations);
            title.element(snippet)
        } else {
            let origin = Origin::path(path)
                .line(region.start.line as usize)
                .char_column(region.start.column as usize);
            let notes = findings
                .iter()
                .map(|finding| Level::NOTE.message(label(finding)));
            title.element(origin).elements(notes)
        };
        group = self.notes(group, findings, others, in_base, places);
        text.push_str(&self.renderer.render(&[group]));
        text.push_str("\n\n");
    }

    /// Related places, further files, and the pages of rules that were not named yet.
    fn notes<'g>(
        &mut self,
        mut group: Group<'g>,
        findings: &[&Finding],
        others: &[&Finding],
        in_base: bool,
        places: &mut Places<'r>,
    ) -> Group<'g> {
        for related in findings.iter().flat_map(|finding| &finding.related) {
            let at = places.resolve(in_base, &related.location).start;
            let path = one_line(&related.location.path);
            let note = format!(
                "{path}:{}:{}: {}",
                at.line,
                at.column,
                one_line(&related.message)
            );
            group = group.element(Level::NOTE.message(note));
        }
        let most = if self.detail == Detail::Verbose {
            usize::MAX
        } else {
            MOST_REPEATED
        };
        for other in others.iter().take(most) {
            let line = places.region(other).start.line;
            group = group.element(Level::NOTE.message(format!(
                "the same in {}:{line}",
                one_line(&other.location.path)
            )));
        }
        if let Some(more) = others.len().checked_sub(most).filter(|more| *more > 0) {
            group = group.element(Level::NOTE.message(format!("and in {more} more files")));
        }
        for finding in findings {
            if self.report.base.is_some() && finding.status == Status::Existing {
                group = group.element(Level::NOTE.message("the base has this already"));
                break;
            }
        }
        for finding in findings {
            if self.named.insert(finding.rule) {
                let page = format!("`tidegate explain {}`", finding.rule);
                group = group.element(Level::HELP.message(page));
            }
        }
        group
    }

    /// The line of a finding; none where the file has no text, or the line is too long to be looked at.
    fn source_line(
        &mut self,
        in_base: bool,
        finding: &Finding,
        region: Region,
        places: &mut Places<'r>,
    ) -> Option<SourceLine> {
        let report = self.report;
        let snapshot = if in_base {
            report.base_snapshot.as_ref()?
        } else {
            &report.head_snapshot
        };
        let text = snapshot.file(&finding.location.path)?.text()?;
        let span = places
            .lines(in_base, &finding.location.path)?
            .line_span(region.start.line);
        let raw = text.get(span.range())?;
        if raw.len() > LONGEST_LINE {
            return None;
        }
        let masked = self
            .masker
            .mask(snapshot, (in_base, &finding.location.path), span, raw)?;
        Some(SourceLine::new(&masked, span.start as usize))
    }
}

/// A line as it is shown, with a way back from the file's bytes to the shown ones.
struct SourceLine {
    raw: String,
    text: String,
    start: usize,
}

impl SourceLine {
    fn new(raw: &str, start: usize) -> Self {
        let (raw, start) = match raw.strip_prefix('\u{feff}') {
            Some(rest) => (rest, start + '\u{feff}'.len_utf8()),
            None => (raw, start),
        };
        Self {
            raw: raw.to_owned(),
            text: shown(raw),
            start,
        }
    }

    fn locate(&self, finding: &Finding) -> Option<std::ops::Range<usize>> {
        let span = finding.location.span.range();
        let from = span.start.checked_sub(self.start)?.min(self.raw.len());
        let to = span
            .end
            .saturating_sub(self.start)
            .clamp(from, self.raw.len());
        let before = shown(self.raw.get(..from)?).len();
        let length = shown(self.raw.get(from..to)?).len();
        Some(before..before + length)
    }
}

/// A tab as one column, so that carets stand below what they mean.
fn shown(raw: &str) -> String {
    one_line(&raw.replace('\t', " "))
}

/// The renderer's colour for a severity, under our word for it.
fn level(severity: Severity) -> Level<'static> {
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low | Severity::Note => Level::NOTE,
    };
    level.with_name(severity.name())
}
