//! Introduced, existing, fixed: by identity, never by line.
//!
//! An identity can stand in several files (bases, overlays, release copies). Its copies are paired first, by
//! path, then by rename, then by equal content, then by the nearest folder; only then are the findings of a
//! pair held against each other. So a weakness that leaves one copy and enters another is introduced.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::finding::{Finding, Resource, Status, Subject};
use crate::kubernetes::{Completeness, Object};
use crate::snapshot::{Snapshot, SourceFile, State};

/// What the comparison says of the findings of both sides.
#[derive(Debug)]
pub struct Comparison {
    /// The findings of the head, introduced or existing, then those of the base that are fixed.
    pub findings: Vec<Finding>,
    /// For every identity of the head, by path: the path of its counterpart in the base.
    pub pairs: Pairs,
}

type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// Which copy of an identity in the base is the counterpart of which copy in the head.
#[derive(Debug, Default)]
pub struct Pairs {
    by_resource: HashMap<(Arc<Resource>, Arc<str>), Arc<str>>,
}

impl Pairs {
    /// The path in the base of the counterpart of an object of the head.
    #[must_use]
    pub fn base_path(&self, resource: &Arc<Resource>, head_path: &Arc<str>) -> Option<&Arc<str>> {
        self.by_resource
            .get(&(Arc::clone(resource), Arc::clone(head_path)))
    }
}

/// The copies of one identity on one side: objects by path. Copies within one file stay together.
type Copies<'a> = BTreeMap<&'a Arc<str>, Vec<Object<'a>>>;

fn copies(snapshot: &Snapshot) -> HashMap<Identity<'_>, Copies<'_>> {
    let mut copies: HashMap<Identity<'_>, Copies<'_>> = HashMap::new();
    for object in snapshot.objects() {
        let of_identity = copies.entry(object.resource().identity()).or_default();
        of_identity.entry(object.path()).or_default().push(object);
    }
    copies
}

/// Holds the findings of both sides against each other. `renames` names the base path of a head path.
#[must_use]
pub fn compare(
    base: (&Snapshot, Vec<Finding>),
    head: (&Snapshot, Vec<Finding>),
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Comparison {
    let (base, base_findings) = base;
    let (head, head_findings) = head;
    let base_copies = copies(base);
    let head_copies = copies(head);
    let mut pairs = Pairs::default();
    // By identity and base path: how complete the counterpart in the head is.
    let mut counterparts: HashMap<(Identity<'_>, &str), Completeness> = HashMap::new();
    #[expect(
        clippy::iter_over_hash_type,
        reason = "only fills maps; no order comes out of it"
    )]
    for (identity, of_head) in &head_copies {
        let Some(of_base) = base_copies.get(identity) else {
            continue;
        };
        for (head_path, base_path) in pair(of_base, of_head, renames) {
            let objects = of_head
                .get(head_path)
                .map(Vec::as_slice)
                .unwrap_or_default();
            for object in objects {
                let key = (Arc::clone(object.resource()), Arc::clone(head_path));
                pairs.by_resource.insert(key, Arc::clone(base_path));
                counterparts.insert((*identity, base_path), object.completeness());
            }
        }
    }
    let mut known: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    for (index, finding) in base_findings.iter().enumerate() {
        known
            .entry(key(finding, &finding.location.path))
            .or_default()
            .push(index);
    }
    let mut gone = vec![true; base_findings.len()];
    let matched: Vec<Option<usize>> = head_findings
        .iter()
        .map(|finding| {
            let base_path = match &finding.subject.resource {
                Some(resource) => pairs.base_path(resource, &finding.location.path).cloned(),
                None => file_counterpart(base, head, renames, &finding.location.path),
            };
            known.get_mut(&key(finding, &base_path?))?.pop()
        })
        .collect();
    let mut findings = head_findings;
    for (finding, index) in findings.iter_mut().zip(matched) {
        let Some(index) = index else { continue };
        if let Some(gone) = gone.get_mut(index) {
            *gone = false;
        }
        let before = base_findings.get(index).map(|finding| finding.severity);
        if before.is_some_and(|before| finding.severity <= before) {
            finding.status = Status::Existing;
        }
    }
    let sight = Sight::new(base, head, renames, counterparts);
    for (mut finding, gone) in base_findings.into_iter().zip(gone) {
        if gone && sight.is_gone(&finding) {
            finding.status = Status::Fixed;
            findings.push(finding);
        }
    }
    Comparison { findings, pairs }
}

type Key<'a> = (
    &'static str,
    Option<Identity<'a>>,
    &'a str,
    &'a str,
    &'a str,
    Box<str>,
);

fn key<'a>(finding: &'a Finding, path: &str) -> Key<'a> {
    let Subject {
        resource,
        container,
        field,
        discriminator,
    } = &finding.subject;
    (
        finding.rule,
        resource.as_ref().map(|resource| resource.identity()),
        container.as_deref().unwrap_or_default(),
        field.as_deref().unwrap_or_default(),
        discriminator,
        path.into(),
    )
}

/// Pairs the copies of one identity: (head path, base path).
fn pair<'a>(
    base: &Copies<'a>,
    head: &Copies<'a>,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<(&'a Arc<str>, &'a Arc<str>)> {
    let mut pairs = Vec::new();
    let mut open_base: Vec<&Arc<str>> = base
        .keys()
        .copied()
        .filter(|path| !head.contains_key(path))
        .collect();
    let mut open_head: Vec<&Arc<str>> = Vec::new();
    for path in head.keys() {
        match base.get_key_value(path) {
            Some((base_path, _)) => pairs.push((*path, *base_path)),
            None => open_head.push(path),
        }
    }
    let mut settle = |open_head: &mut Vec<&'a Arc<str>>,
                      open_base: &mut Vec<&'a Arc<str>>,
                      fits: &dyn Fn(&Arc<str>, &Arc<str>) -> bool| {
        open_head.retain(|head_path| {
            let candidates = open_base
                .iter()
                .enumerate()
                .filter(|(_, base_path)| fits(head_path, base_path));
            let nearest = candidates.max_by_key(|(index, base_path)| {
                (nearness(head_path, base_path), usize::MAX - index)
            });
            let Some((index, _)) = nearest else {
                return true;
            };
            pairs.push((head_path, open_base.remove(index)));
            false
        });
    };
    settle(&mut open_head, &mut open_base, &|head_path, base_path| {
        renames
            .get(head_path)
            .is_some_and(|renamed| renamed == base_path)
    });
    if !open_head.is_empty() && !open_base.is_empty() {
        // Each copy is hashed once, however many it is held against.
        let of_head = contents(head, &open_head);
        let of_base = contents(base, &open_base);
        settle(&mut open_head, &mut open_base, &|head_path, base_path| {
            of_head.get(head_path) == of_base.get(base_path)
        });
        settle(&mut open_head, &mut open_base, &|_, _| true);
    }
    pairs
}

/// What the copies in some files say, whatever their order in the file.
fn contents<'a>(copies: &Copies<'a>, paths: &[&'a Arc<str>]) -> BTreeMap<&'a Arc<str>, Vec<u64>> {
    let of_path = |path: &&'a Arc<str>| {
        let objects = copies.get(path).into_iter().flatten();
        let mut hashes: Vec<u64> = objects.map(|object| object.node().content_hash()).collect();
        hashes.sort_unstable();
        (*path, hashes)
    };
    paths.iter().map(of_path).collect()
}

/// How many leading folders two paths share, then whether they share the file name.
fn nearness(one: &str, other: &str) -> (usize, bool) {
    let shared = one
        .split('/')
        .zip(other.split('/'))
        .take_while(|(one, other)| one == other)
        .count();
    (shared, one.rsplit('/').next() == other.rsplit('/').next())
}

/// The file of the base that a file of the head continues: the same path, a rename, or the same bytes.
fn file_counterpart(
    base: &Snapshot,
    head: &Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    path: &Arc<str>,
) -> Option<Arc<str>> {
    if let Some(file) = base.file(path) {
        return Some(Arc::clone(&file.path));
    }
    if let Some(renamed) = renames.get(path) {
        return Some(Arc::clone(renamed));
    }
    let state = &head.file(path)?.state;
    let same = |file: &&SourceFile| Arc::ptr_eq(&file.state, state);
    base.files()
        .iter()
        .find(same)
        .map(|file| Arc::clone(&file.path))
}

/// What the head lets be seen of what the base held: a finding that is no longer there is fixed only if its place
/// can still be seen.
struct Sight<'a> {
    base: &'a Snapshot,
    head: &'a Snapshot,
    /// The head path of a base path.
    moved_to: HashMap<&'a Arc<str>, &'a Arc<str>>,
    /// By identity and base path: how complete the counterpart in the head is.
    counterparts: HashMap<(Identity<'a>, &'a str), Completeness>,
    /// True if the head hides something that the base did not hide.
    hides_more: bool,
}

impl<'a> Sight<'a> {
    fn new(
        base: &'a Snapshot,
        head: &'a Snapshot,
        renames: &'a BTreeMap<Arc<str>, Arc<str>>,
        counterparts: HashMap<(Identity<'a>, &'a str), Completeness>,
    ) -> Self {
        let newly_hidden = |file: &SourceFile| {
            let known = base
                .file(&file.path)
                .is_some_and(|old| Arc::ptr_eq(&old.state, &file.state));
            !file.is_wholly_read() && !known
        };
        Self {
            base,
            head,
            moved_to: renames.iter().map(|(new, old)| (old, new)).collect(),
            counterparts,
            hides_more: head.files().iter().any(newly_hidden),
        }
    }

    fn is_gone(&self, finding: &Finding) -> bool {
        let path = &finding.location.path;
        let before = self.base.file(path);
        if finding.unread && before.is_some_and(|file| matches!(*file.state, State::Missing(_))) {
            // It was this clone that lacked the file, not the change that mended it.
            return false;
        }
        let identity = finding
            .subject
            .resource
            .as_ref()
            .map(|resource| resource.identity());
        let now = identity.and_then(|identity| self.counterparts.get(&(identity, &**path)));
        if let Some(now) = now {
            let then = before
                .into_iter()
                .flat_map(|file| self.base.objects_of(file))
                .filter(|object| Some(object.resource().identity()) == identity)
                .map(Object::completeness)
                .min();
            // What was complete and is now a patch may have its missing fields elsewhere: not known to be fixed.
            return then.is_none_or(|then| *now <= then);
        }
        let head_path = self.moved_to.get(path).copied().unwrap_or(path);
        let visible = self
            .head
            .file(head_path)
            .is_none_or(SourceFile::is_wholly_read);
        // An object that is nowhere to be seen may have moved to where nothing can be seen any longer.
        visible && (identity.is_none() || !self.hides_more)
    }
}
