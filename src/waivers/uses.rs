//! What each waiver covers, and which of them are in force.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
    // Entries that say the same are looked at once, and so are comments on one line.
    let mut first: HashMap<(&str, u32, Cow<'_, str>), usize> = HashMap::new();
    let stands_for: Vec<usize> = stated
        .iter()
        .enumerate()
        .map(|(number, stated)| match &stated.waiver {
            Said::Entry(waiver) => {
                let key = ("", 0, waiver.selectors().into());
                *first.entry(key).or_insert(number)
            }
            Said::Comment(_, line) => {
                let key = (&**stated.path, line.start, stated.selectors());
                *first.entry(key).or_insert(number)
            }
            Said::Garbled(_) => number,
        })
        .collect();
    let own = stated.iter().enumerate().zip(&stands_for);
    let mut index = Index::new(
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
    /// Comments, by file and by the start of the line that they speak of.
    comments: HashMap<&'a str, BTreeMap<u32, Vec<usize>>>,
    /// Entries that name an object without a pattern, by its name.
    names: HashMap<&'a str, Vec<usize>>,
    /// Entries that name a file without a pattern.
    paths: HashMap<&'a str, Vec<usize>>,
    /// Entries with a pattern of names, by the letters that such a name begins or ends with.
    name_ends: Ends<'a>,
    /// Entries with a pattern of paths and none of names.
    path_patterns: PathIndex<'a>,
    /// Entries that name a rule without a pattern, and none of those.
    rules: HashMap<&'a str, Vec<usize>>,
    /// All other entries.
    others: Vec<(usize, &'a Waiver)>,
    /// Those of the others that name a rule, by rules that were asked for.
    others_of: HashMap<&'static str, Vec<usize>>,
}

/// Entries with a pattern of paths.
#[derive(Default)]
struct PathIndex<'a> {
    /// By the letters that such a path begins or ends with.
    ends: Ends<'a, (usize, &'a Waiver)>,
    /// By a folder or file name that such a path has.
    parts: HashMap<&'a str, Vec<(usize, &'a Waiver)>>,
    /// By nothing.
    others: Vec<(usize, &'a Waiver)>,
    /// What fits the path that was asked for last, as findings come file by file.
    path: Option<Arc<str>>,
    fitting: Vec<(usize, &'a Waiver)>,
    /// Those of them that name a rule, by rules that were asked for.
    fitting_of: HashMap<&'static str, Vec<usize>>,
}

impl<'a> PathIndex<'a> {
    fn list_for(&mut self, pattern: &'a PathPattern) -> &mut Vec<(usize, &'a Waiver)> {
        let (start, end, part) = (pattern.start(), pattern.end(), pattern.part());
        match End::longer(start, end) {
            Some(end) if end.letters().len() > part.len() => self.ends.list_for(end),
            _ if !part.is_empty() => self.parts.entry(part).or_default(),
            Some(end) => self.ends.list_for(end),
            None => &mut self.others,
        }
    }

    /// The entries whose path and rule fit a finding.
    fn of(&mut self, finding: &Finding) -> &[usize] {
        let path = &finding.location.path;
        if self.path.as_ref() != Some(path) {
            // A name that stands twice in the path is one name.
            let parts: BTreeSet<&str> = path.split('/').collect();
            let parts = parts.into_iter().filter_map(|part| self.parts.get(part));
            let lists = self.ends.of(path).chain(parts).chain([&self.others]);
            let fits = |waiver: &Waiver| waiver.path.as_ref().is_none_or(|own| own.fits(path));
            self.fitting = lists
                .flatten()
                .filter(|(_, waiver)| fits(waiver))
                .copied()
                .collect();
            self.fitting_of.clear();
            self.path = Some(Arc::clone(path));
        }
        let fitting = &self.fitting;
        self.fitting_of
            .entry(finding.rule)
            .or_insert_with(|| naming(fitting, finding.rule))
    }
}

/// The entries that name a rule.
fn naming(entries: &[(usize, &Waiver)], rule: &str) -> Vec<usize> {
    let naming = entries.iter().filter(|(_, waiver)| waiver.rule.names(rule));
    naming.map(|(number, _)| *number).collect()
}

impl<'a> Index<'a> {
    fn new(stated: impl Iterator<Item = (usize, &'a Stated<'a>)>) -> Self {
        let mut index = Self::default();
        for (number, stated) in stated {
            match &stated.waiver {
                Said::Entry(waiver) => index.add(number, waiver),
                Said::Comment(_, line) => {
                    let lines = index.comments.entry(stated.path).or_default();
                    lines.entry(line.start).or_default().push(number);
                }
                Said::Garbled(_) => {}
            }
        }
        index
    }

    fn add(&mut self, number: usize, waiver: &'a Waiver) {
        let resource = waiver.resource.as_ref();
        let (start, end) = resource.map(ResourcePattern::name_ends).unwrap_or_default();
        if let Some(name) = resource.and_then(ResourcePattern::exact_name) {
            self.names.entry(name).or_default().push(number);
        } else if let Some(path) = waiver.path.as_ref().and_then(PathPattern::exact) {
            self.paths.entry(path).or_default().push(number);
        } else if let Some(end) = End::longer(start, end) {
            self.name_ends.list_for(end).push(number);
        } else if let Some(pattern) = &waiver.path {
            self.path_patterns.list_for(pattern).push((number, waiver));
        } else if let Some(rule) = waiver.rule.exact() {
            self.rules.entry(rule).or_default().push(number);
        } else {
            self.others.push((number, waiver));
        }
    }

    /// Visits the waivers that may cover a finding until one is enough.
    fn visit(&mut self, finding: &Finding, mut is_enough: impl FnMut(usize) -> bool) {
        let resource = finding.subject.resource.as_deref();
        let path = &*finding.location.path;
        let name = resource.map(|resource| &*resource.name);
        // Lines do not overlap: only one of them can hold the finding.
        let start = finding.location.span.start;
        let line = self
            .comments
            .get(path)
            .and_then(|lines| lines.range(..=start).next_back());
        let exact = [
            line.map(|(_, comments)| comments),
            name.and_then(|name| self.names.get(name)),
            self.paths.get(path),
        ];
        let others = &self.others;
        let others = self
            .others_of
            .entry(finding.rule)
            .or_insert_with(|| naming(others, finding.rule));
        let numbers = exact
            .into_iter()
            .flatten()
            .chain(name.into_iter().flat_map(|name| self.name_ends.of(name)))
            .flatten()
            .chain(self.path_patterns.of(finding))
            .chain(self.rules.get(finding.rule).into_iter().flatten())
            .chain(&*others);
        for number in numbers {
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
    fn letters(self) -> &'a str {
        let (Self::Start(letters) | Self::End(letters)) = self;
        letters
    }

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
struct Ends<'a, T = usize> {
    lists: HashMap<End<'a>, Vec<T>>,
    /// The lengths of all these letters.
    lengths: BTreeSet<usize>,
}

impl<T> Default for Ends<'_, T> {
    fn default() -> Self {
        Self {
            lists: HashMap::new(),
            lengths: BTreeSet::new(),
        }
    }
}

impl<'a, T> Ends<'a, T> {
    fn list_for(&mut self, end: End<'a>) -> &mut Vec<T> {
        self.lengths.insert(end.letters().len());
        self.lists.entry(end).or_default()
    }

    /// The lists that a text belongs to.
    fn of<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t Vec<T>> {
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
        let mut index = Index::new(self.waivers.iter().map(|waiver| &waiver.stated).enumerate());
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
                let is_older = is_comment && is_new && !waiver.is_new;
                let may = !((waiver.is_new || is_older) && guarded);
                if !may || !waiver.stated.covers(finding) {
                    return false;
                }
                if is_older {
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
    use crate::finding::{Fingerprint, Location, Severity, Subject};
    use crate::snapshot::Snapshot;
    use crate::snapshot::file_kind::FileKind;
    use crate::snapshot::load::read_as;
    use crate::syntax::Span;
    use crate::waivers::stated;

    fn snapshot(files: &[(&str, String)]) -> Snapshot {
        let files = files.iter().map(|(path, text)| {
            let bytes = text.clone().into_bytes();
            let state = read_as(FileKind::of(path), bytes, &[]).unwrap();
            (Arc::from(*path), Arc::new(state))
        });
        Snapshot::new(files.collect(), &BTreeSet::new(), 2)
    }

    fn finding(path: &str, at: usize) -> Finding {
        let path: Arc<str> = path.into();
        let subject = Subject {
            resource: None,
            package: None,
            container: None,
            field: None,
            discriminator: "".into(),
        };
        Finding {
            rule: "pod-security/privileged",
            severity: Severity::High,
            message: String::new(),
            sentence_start: 0,
            fingerprint: Fingerprint::new("pod-security/privileged", &subject, &path),
            location: Location {
                path,
                span: Span::new(at, at),
            },
            changed_at: None,
            related: Vec::new(),
            subject,
            package: None,
            namespace: None,
            waived: None,
            status: Status::Introduced,
            unread: false,
            refused: false,
            change: false,
            fold: None,
            fix: None,
        }
    }

    #[test]
    fn a_finding_meets_only_waivers_that_may_cover_it() {
        let number = 200;
        let pods: Vec<String> = (0..number)
            .map(|index| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p{index}}}\nspec:\n  containers:\n  - name: a\n    image: a\n    # tidegate: allow(pod-security/*) reason=r\n    securityContext: {{privileged: true}}\n"))
            .collect();
        let entries: Vec<String> = (0..number)
            .map(|index| format!("- {{rule: '*', path: '**/t{index}/*.yaml', reason: r}}\n- {{rule: 'pod*/a-{index}', reason: r}}\n"))
            .collect();
        let snapshot = snapshot(&[
            (".tidegate.yaml", format!("waivers:\n{}", entries.concat())),
            ("t1/pods.yaml", pods.join("---\n")),
        ]);
        let stated = stated(&snapshot);
        assert_eq!(stated.len(), 3 * number);
        let text = snapshot.file("t1/pods.yaml").unwrap().text().unwrap();
        let places = text.match_indices("privileged").map(|(at, _)| at);
        let findings: Vec<Finding> = places.map(|at| finding("t1/pods.yaml", at)).collect();
        assert_eq!(findings.len(), number);
        let mut index = Index::new(stated.iter().enumerate());
        let mut met = 0;
        for finding in &findings {
            index.visit(finding, |_| {
                met += 1;
                false
            });
        }
        assert_eq!(
            met,
            2 * number,
            "its own comment, and the entry of its folder"
        );
    }

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
