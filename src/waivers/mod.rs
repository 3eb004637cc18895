//! The waivers that stand in a revision: in its configuration, and beside the lines that they speak of.

pub mod added;
mod inline;
pub mod uses;

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::pattern::RulePattern;
use crate::config::value::Day;
use crate::config::waiver::Waiver;
use crate::finding::Finding;
use crate::kubernetes::Object;
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::{Comment, Span, comments_between, statement_lines};

use inline::Addresses;
pub use inline::Inline;

/// The word that opens a waiver in a comment.
pub const WORD: &str = "tidegate:";

/// A waiver where it stands.
#[derive(Clone, Debug)]
pub struct Stated<'a> {
    /// The file.
    pub path: &'a Arc<str>,
    /// The bytes that name it: the entry's rule, or the comment.
    pub span: Span,
    /// What it says.
    pub waiver: Said<'a>,
    /// The object that a comment stands in.
    pub object: Option<Object<'a>>,
    /// The address of what a comment speaks of, from its object on.
    pub field: Option<Arc<str>>,
}

/// What a waiver says.
#[derive(Clone, Debug)]
pub enum Said<'a> {
    /// An entry of the configuration.
    Entry(&'a Waiver),
    /// A comment, and the line that it speaks of.
    Comment(Arc<Inline>, Span),
    /// A comment that is meant as a waiver and is none; why.
    Garbled(String),
}

impl Stated<'_> {
    /// The rules that it names.
    #[must_use]
    pub fn rules(&self) -> &[RulePattern] {
        match &self.waiver {
            Said::Entry(waiver) => std::slice::from_ref(&waiver.rule),
            Said::Comment(inline, _) => &inline.rules,
            Said::Garbled(_) => &[],
        }
    }

    /// The last day on which it holds; none where it holds for ever.
    #[must_use]
    pub fn until(&self) -> Option<Day> {
        match &self.waiver {
            Said::Entry(waiver) => waiver.until,
            Said::Comment(inline, _) => inline.until,
            Said::Garbled(_) => None,
        }
    }

    /// What tells it from others of the same file or object: what it covers, not why.
    #[must_use]
    pub fn selectors(&self) -> Cow<'static, str> {
        match &self.waiver {
            Said::Entry(waiver) => waiver.selectors().into(),
            Said::Comment(inline, _) => {
                let rules: Vec<&str> = inline.rules.iter().map(RulePattern::as_str).collect();
                rules.join(",").into()
            }
            Said::Garbled(_) => "".into(),
        }
    }

    /// True if it covers a finding of its revision, as long as it holds.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        match &self.waiver {
            Said::Entry(waiver) => waiver.covers(finding),
            Said::Comment(inline, line) => {
                let at = finding.location.span.start;
                line.start <= at
                    && at <= line.end
                    && *finding.location.path == **self.path
                    && inline.rules.iter().any(|rule| rule.names(finding.rule))
            }
            Said::Garbled(_) => false,
        }
    }
}

/// The waivers of a revision: those of its configuration, then those in comments, by file and place.
#[must_use]
pub fn stated(snapshot: &Snapshot) -> Vec<Stated<'_>> {
    let mut stated = Vec::new();
    if let Some((file, config_file)) = snapshot.configuration()
        && let Ok(config) = &config_file.config
    {
        let nodes = config_file.waiver_nodes();
        stated.extend(config.waivers.iter().zip(nodes).map(|(waiver, node)| {
            let rule = node.get("rule").unwrap_or(node);
            Stated {
                path: &file.path,
                span: rule.span(),
                waiver: Said::Entry(waiver),
                object: None,
                field: None,
            }
        }));
    }
    for file in snapshot.files() {
        inline_of(snapshot, file, &mut stated);
    }
    stated
}

fn inline_of<'a>(snapshot: &'a Snapshot, file: &'a SourceFile, stated: &mut Vec<Stated<'a>>) {
    let Some(manifest) = file.manifest() else {
        between_statements(file, stated);
        return;
    };
    let comments = manifest.tree.comments(WORD);
    if comments.is_empty() {
        return;
    }
    let mut objects: Vec<Object<'a>> = snapshot.objects_of(file).collect();
    objects.sort_by_key(|object| object.node().span().start);
    let mut addresses = Addresses::default();
    for comment in comments {
        let Some(waiver) = said(manifest.tree.text(), comment) else {
            continue;
        };
        let line = comment.governs;
        let next = objects.partition_point(|object| object.node().span().start <= line.end);
        let object = next
            .checked_sub(1)
            .and_then(|index| objects.get(index))
            .copied();
        let object = object.filter(|object| line.start <= object.node().span().end);
        stated.push(Stated {
            path: &file.path,
            span: comment.span,
            waiver,
            field: object.map(|object| addresses.of(object, line)),
            object,
        });
    }
}

/// The same of a Dockerfile, or of a file of lines.
fn between_statements<'a>(file: &'a SourceFile, stated: &mut Vec<Stated<'a>>) {
    let read = file.dockerfile().is_some() || file.lines().is_some();
    if !read || !file.text().is_some_and(|text| text.contains(WORD)) {
        return;
    }
    let (text, statements) = match (file.dockerfile(), file.lines()) {
        (Some(dockerfile), _) => {
            let instructions = dockerfile.instructions().iter();
            let spans = instructions.map(|instruction| instruction.span);
            (dockerfile.text(), spans.collect())
        }
        (None, Some(text)) => (text, statement_lines(text)),
        (None, None) => return,
    };
    for comment in comments_between(text, WORD, &statements) {
        if let Some(waiver) = said(text, comment) {
            stated.push(Stated {
                path: &file.path,
                span: comment.span,
                waiver,
                object: None,
                field: None,
            });
        }
    }
}

/// What a comment says as a waiver; none if it is another word of ours, or prose.
fn said<'a>(text: &str, comment: Comment) -> Option<Said<'a>> {
    let words = text.get(comment.text.range()).unwrap_or_default();
    Some(match Inline::parse(words)? {
        Ok(inline) => Said::Comment(Arc::new(inline), comment.governs),
        Err(why) => Said::Garbled(why),
    })
}
