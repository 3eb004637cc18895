//! What each waiver covers, and which of them are in force.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::added::Added;
use super::{Said, Stated};
use crate::config::pattern::{PathPattern, ResourcePattern};
use crate::config::value::Day;
use crate::config::waiver::Waiver;
use crate::finding::{Finding, Status, Waived};

/// A waiver with what it covers.
#[derive(Clone, Debug)]
pub struct WaiverUse<'a> {
    /// The waiver.
    pub stated: &'a Stated<'a>,
    /// How many findings of its revision it covers, or would cover if it still held.
    pub covered: usize,
}

/// What the waivers of a revision cover of its findings.
#[must_use]
pub fn uses<'a>(stated: &'a [Stated<'a>], findings: &[Finding]) -> Vec<WaiverUse<'a>> {
    let mut covered = vec![0; stated.len()];
    // Entries that say the same are looked at once.
    let mut first: HashMap<String, usize> = HashMap::new();
    let stands_for: Vec<usize> = stated
        .iter()
        .enumerate()
        .map(|(number, stated)| match &stated.waiver {
            Said::Entry(waiver) => *first.entry(waiver.selectors()).or_insert(number),
            Said::Comment(..) | Said::Garbled(_) => number,
        })
        .collect();
    let own = stated.iter().enumerate().zip(&stands_for);
    let index = Index::new(
        own.filter(|((number, _), first)| number == *first)
            .map(|(numbered, _)| numbered),
    );
    for finding in findings {
        index.visit(finding, |number| {
            if stated
                .get(number)
                .is_some_and(|stated| stated.covers(finding))
                && let Some(count) = covered.get_mut(number)
            {
                *count += 1;
            }
            false
        });
    }
    let pairs = stated.iter().zip(stands_for);
    pairs
        .map(|(stated, first)| WaiverUse {
            stated,
            covered: covered.get(first).copied().unwrap_or_default(),
        })
        .collect()
}

/// Waivers by what a finding must have for them to cover it, so that thousands of them cost little.
#[derive(Default)]
struct Index<'a> {
    /// Comments, by file.
    comments: HashMap<&'a str, Vec<usize>>,
    /// Entries that name an object without a pattern, by its name.
    names: HashMap<&'a str, Vec<usize>>,
    /// Entries that name a file without a pattern.
    paths: HashMap<&'a str, Vec<usize>>,
    /// Entries with a pattern of names, by the letters that such a name begins or ends with.
    name_ends: Ends<'a>,
    /// Entries with a pattern of paths and none of names, by the letters that such a path begins with.
    path_ends: Ends<'a>,
    /// Entries that name a rule without a pattern, and none of those.
    rules: HashMap<&'a str, Vec<usize>>,
    /// All other entries.
    others: Vec<usize>,
}

impl<'a> Index<'a> {
    fn new(stated: impl Iterator<Item = (usize, &'a Stated<'a>)>) -> Self {
        let mut index = Self::default();
        for (number, stated) in stated {
            match &stated.waiver {
                Said::Entry(waiver) => index.list_for(waiver).push(number),
                Said::Comment(..) => index.comments.entry(stated.path).or_default().push(number),
                Said::Garbled(_) => {}
            }
        }
        index
    }

    fn list_for(&mut self, waiver: &'a Waiver) -> &mut Vec<usize> {
        let name = waiver
            .resource
            .as_ref()
            .and_then(ResourcePattern::exact_name);
        let path = waiver.path.as_ref().and_then(PathPattern::exact);
        if let Some(name) = name {
            return self.names.entry(name).or_default();
        }
        if let Some(path) = path {
            return self.paths.entry(path).or_default();
        }
        let (start, end) = waiver
            .resource
            .as_ref()
            .map(ResourcePattern::name_ends)
            .unwrap_or_default();
        if let Some(end) = End::longer(start, end) {
            return self.name_ends.list_for(end);
        }
        let start = waiver.path.as_ref().map(PathPattern::start);
        if let Some(end) = End::longer(start.unwrap_or_default(), "") {
            return self.path_ends.list_for(end);
        }
        match waiver.rule.exact() {
            Some(rule) => self.rules.entry(rule).or_default(),
            None => &mut self.others,
        }
    }

    /// Visits the waivers that may cover a finding until one is enough.
    fn visit(&self, finding: &Finding, mut is_enough: impl FnMut(usize) -> bool) {
        let resource = finding.subject.resource.as_deref();
        let path = &*finding.location.path;
        let name = resource.map(|resource| &*resource.name);
        let exact = [
            self.comments.get(path),
            name.and_then(|name| self.names.get(name)),
            self.paths.get(path),
        ];
        let rest = [self.rules.get(finding.rule), Some(&self.others)];
        let lists = exact
            .into_iter()
            .flatten()
            .chain(name.into_iter().flat_map(|name| self.name_ends.of(name)))
            .chain(self.path_ends.of(path))
            .chain(rest.into_iter().flatten());
        for number in lists.flatten() {
            if is_enough(*number) {
                return;
            }
        }
    }
}

/// Letters that a text begins or ends with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum End<'a> {
    Start(&'a str),
    End(&'a str),
}

impl<'a> End<'a> {
    /// The one that says more; none if neither says anything.
    fn longer(start: &'a str, end: &'a str) -> Option<Self> {
        if start.is_empty() && end.is_empty() {
            return None;
        }
        Some(if start.len() < end.len() {
            Self::End(end)
        } else {
            Self::Start(start)
        })
    }
}

/// Lists by the letters that a text must begin or end with.
#[derive(Default)]
struct Ends<'a> {
    lists: HashMap<End<'a>, Vec<usize>>,
    /// The lengths of all these letters.
    lengths: BTreeSet<usize>,
}

impl<'a> Ends<'a> {
    fn list_for(&mut self, end: End<'a>) -> &mut Vec<usize> {
        let (End::Start(letters) | End::End(letters)) = end;
        self.lengths.insert(letters.len());
        self.lists.entry(end).or_default()
    }

    /// The lists that a text belongs to.
    fn of<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t Vec<usize>> {
        self.lengths.range(..=text.len()).flat_map(move |length| {
            let start = text.get(..*length).map(End::Start);
            let end = text.get(text.len() - length..).map(End::End);
            [start, end]
                .into_iter()
                .flatten()
                .filter_map(|end| self.lists.get(&end))
        })
    }
}

/// A waiver that is in force for a change.
struct InForce<'a> {
    stated: Stated<'a>,
    waived: Arc<Waived>,
    /// True if the change itself brings it: then it has no say over the gate, nor over what could not be read.
    is_new: bool,
}

/// The waivers that are in force for the head of a change.
pub struct Force<'a> {
    waivers: Vec<InForce<'a>>,
    accept_new: bool,
}

/// A comment that stood in the base already, and a finding of the change that its line would cover from now on: it
/// accepted another one.
#[derive(Clone, Debug)]
pub struct Stretched<'a> {
    /// The waiver.
    pub stated: Stated<'a>,
    /// The place of the finding among all.
    pub finding: usize,
}

impl<'a> Force<'a> {
    /// Those of the configuration in force, at `source`, and of the comments of the head. What the change adds is in
    /// force only if `accept_new`.
    #[must_use]
    pub fn new(
        in_force: &'a [Waiver],
        source: &'a Arc<str>,
        head: &[Stated<'a>],
        added: &[Added<'a>],
        accept_new: bool,
        today: Option<Day>,
    ) -> Self {
        let mut waivers = Vec::new();
        let mut push = |stated: Stated<'a>, until: Option<Day>, is_new| {
            let (reason, owner) = match &stated.waiver {
                Said::Entry(waiver) => (waiver.reason.clone(), waiver.owner.clone()),
                Said::Comment(inline, _) => (inline.reason.clone(), inline.owner.clone()),
                Said::Garbled(_) => return,
            };
            if today.zip(until).is_some_and(|(today, until)| today > until) {
                return;
            }
            let waived = Arc::new(Waived {
                reason,
                owner,
                until: until.map(|until| until.to_string()),
                source: Arc::clone(stated.path),
            });
            waivers.push(InForce {
                stated,
                waived,
                is_new,
            });
        };
        for waiver in in_force {
            let stated = Stated {
                path: source,
                span: crate::syntax::Span::default(),
                waiver: Said::Entry(waiver),
                object: None,
                field: None,
            };
            push(stated, waiver.until, false);
        }
        let new_at: HashMap<_, _> = added
            .iter()
            .map(|added| ((&**added.waiver.path, added.waiver.span.start), added))
            .collect();
        let is_comment = |stated: &&Stated<'a>| matches!(stated.waiver, Said::Comment(..));
        for stated in head.iter().filter(is_comment) {
            match new_at.get(&(&**stated.path, stated.span.start)) {
                None => push(stated.clone(), stated.until(), false),
                Some(_) if accept_new => push(stated.clone(), stated.until(), true),
                // What is only extended holds for as long as it did.
                Some(added) if added.before.is_some() => push(stated.clone(), added.before, false),
                Some(_) => {}
            }
        }
        if accept_new {
            for added in added {
                if matches!(added.waiver.waiver, Said::Entry(_)) {
                    push(added.waiver.clone(), added.waiver.until(), true);
                }
            }
        }
        Self {
            waivers,
            accept_new,
        }
    }

    /// Marks the findings of the head that a waiver covers. A comment accepts what stood on its line when it was
    /// written: where there is a base, what the change puts there is as if the change had added the waiver. These
    /// are returned.
    pub fn mark(&self, findings: &mut [Finding], has_base: bool) -> Vec<Stretched<'a>> {
        let mut stretched = Vec::new();
        if self.waivers.is_empty() {
            return stretched;
        }
        let index = Index::new(self.waivers.iter().map(|waiver| &waiver.stated).enumerate());
        for (at, finding) in findings.iter_mut().enumerate() {
            if finding.status == Status::Fixed {
                continue;
            }
            let guarded = finding.unread || finding.rule.starts_with("gate/");
            let is_new = has_base && finding.status == Status::Introduced;
            let mut covering = None;
            let mut stretching = None;
            index.visit(finding, |number| {
                let Some(waiver) = self.waivers.get(number) else {
                    return false;
                };
                let is_comment = matches!(waiver.stated.waiver, Said::Comment(..));
                let stretches = is_comment && is_new && !waiver.is_new;
                let may = !((waiver.is_new || stretches) && guarded);
                if !may || !waiver.stated.covers(finding) {
                    return false;
                }
                if stretches {
                    stretching.get_or_insert(waiver);
                } else {
                    covering = Some(Arc::clone(&waiver.waived));
                }
                covering.is_some()
            });
            if covering.is_none()
                && let Some(waiver) = stretching
            {
                stretched.push(Stretched {
                    stated: waiver.stated.clone(),
                    finding: at,
                });
                covering = self.accept_new.then(|| Arc::clone(&waiver.waived));
            }
            finding.waived = covering;
        }
        stretched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_by_how_a_text_begins_or_ends() {
        let mut ends = Ends::default();
        let patterns = [
            ("api-", ""),
            ("", "-api"),
            ("a", "-db"),
            ("é", ""),
            ("api-1", ""),
        ];
        for (number, (start, end)) in patterns.into_iter().enumerate() {
            ends.list_for(End::longer(start, end).unwrap()).push(number);
        }
        for (text, expected) in [
            ("api-1", &[0, 4][..]),
            ("web-api", &[1]),
            ("a-db", &[2]),
            ("é", &[3]),
            ("", &[]),
            ("ap", &[]),
        ] {
            let found: Vec<usize> = ends.of(text).flatten().copied().collect();
            assert_eq!(found, expected, "{text}");
        }
        assert!(End::longer("", "").is_none());
    }
}
