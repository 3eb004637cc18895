//! Introduced, existing, fixed: by identity, never by line.
//!
//! The copies of an identity are paired first ([`Pairs`]); only then are the findings of a pair held against each
//! other. So a weakness that leaves one copy and enters another is introduced.

mod about_rights;
mod found_rights;
mod kept_built;
mod kept_policies;
mod kept_rights;
mod kept_workloads;
mod rights_reasons;
mod told_once;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::evaluate::Evaluation;
use crate::finding::{
    Finding, Fingerprint, Location, PackageSeen, Reach, Related, Status, Subject,
};
use crate::kubernetes::Completeness;
use crate::kubernetes::schema::{Meant, What};
use crate::snapshot::installations::Installation;
use crate::snapshot::lost::{self, Lost};
use crate::snapshot::newcomers::{Newcomer, Newcomers};
use crate::snapshot::pairs::Pairs;
use crate::snapshot::{Snapshot, SourceFile, State};

pub use kept_built::BuiltFindings;
pub use kept_policies::keep_policies;
pub use kept_rights::keep_rights;
pub use kept_workloads::keep_workloads;
pub use rights_reasons::RightsReasons;
pub use told_once::join_changes;

type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// Holds the findings of both sides against each other: those of the head, introduced or existing, then those of
/// the base that are fixed. `renames` names the base path of a head path.
#[must_use]
pub fn compare(
    base: (&Snapshot, Vec<Finding>),
    head: (&Snapshot, Vec<Finding>),
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    pairs: &Pairs,
) -> Vec<Finding> {
    let (base, base_findings) = base;
    let (head, head_findings) = head;
    let mut known: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    for (index, finding) in base_findings.iter().enumerate() {
        known
            .entry(key(finding, home(finding)))
            .or_default()
            .push(index);
    }
    let mut gone = vec![true; base_findings.len()];
    let mut matched: Vec<Option<usize>> = head_findings
        .iter()
        .map(|finding| {
            let base_path = match &finding.subject.resource {
                Some(resource) => pairs.base_path(resource, &finding.location.path).cloned(),
                None if finding.subject.package.is_some() => return None,
                None => file_counterpart(base, head, renames, &finding.location.path),
            };
            known.get_mut(&key(finding, &base_path?))?.pop()
        })
        .collect();
    match_packages(
        &mut matched,
        &mut known,
        &base_findings,
        &head_findings,
        |finding| moved_project(base, head, renames, finding),
    );
    let keyed = of_workspaces(&base_findings);
    let newcomers = Newcomers::new(base, head, renames);
    let mut findings = head_findings;
    for (finding, index) in findings.iter_mut().zip(matched) {
        let Some(index) = index else { continue };
        if let Some(gone) = gone.get_mut(index) {
            *gone = false;
        }
        // What is graver than before is introduced, and so is what a namespace now refuses and did not.
        let is_no_worse = |before: &Finding| {
            finding.severity <= before.severity && (before.refused || !finding.refused)
        };
        if base_findings.get(index).is_some_and(is_no_worse) {
            finding.status = Status::Existing;
        }
        let same = base_findings
            .get(index)
            .filter(|before| is_of_workspaces(before));
        if let Some(before) = same.and_then(|before| keyed.get(&key(before, home(before)))) {
            add_entries(finding, before);
            spread(finding, &newcomers.of(finding, before));
        }
    }
    drop(keyed);
    let mut sight = Sight::new(base, head, renames, pairs);
    for (mut finding, gone) in base_findings.into_iter().zip(gone) {
        if gone && sight.is_gone(&finding) {
            finding.status = Status::Fixed;
            findings.push(finding);
        }
    }
    findings
}

/// The findings that are about each workspace that has the package.
fn of_workspaces(findings: &[Finding]) -> HashMap<Key<'_>, Vec<&Finding>> {
    let mut keyed: HashMap<Key<'_>, Vec<&Finding>> = HashMap::new();
    for finding in findings.iter().filter(|finding| is_of_workspaces(finding)) {
        let same = keyed.entry(key(finding, home(finding)));
        same.or_default().push(finding);
    }
    keyed
}

fn is_of_workspaces(finding: &Finding) -> bool {
    let seen = finding.package.as_ref();
    seen.is_some_and(|seen| seen.reach != Reach::Project)
}

/// Several entries can be one advisory, and a version that more of them are about has more of it.
fn add_entries(finding: &mut Finding, before: &[&Finding]) {
    let Some(seen) = &finding.package else {
        return;
    };
    let known = before.iter().filter_map(|before| before.package.as_ref());
    let known: BTreeSet<&Arc<str>> = known.flat_map(|seen| &seen.entries).collect();
    let added: Vec<&str> = seen
        .entries
        .iter()
        .filter(|entry| !known.contains(entry))
        .map(|entry| &**entry)
        .collect();
    if added.is_empty() {
        return;
    }
    let verb = if added.len() == 1 { "comes" } else { "come" };
    let clause = format!("; {} {verb} with this version", added.join(" and "));
    finding.status = Status::Introduced;
    finding.message.push_str(&clause);
}

/// What reaches another workspace is introduced there.
fn spread(finding: &mut Finding, newcomers: &[Newcomer]) {
    let Some(first) = newcomers.first() else {
        return;
    };
    finding.status = Status::Introduced;
    let before = std::mem::replace(&mut finding.location, first.location.clone());
    finding.fingerprint = finding.fingerprint.of_copy(&first.file);
    // An edit of the other place takes nothing out of this one.
    finding.fix = None;
    if before != first.location {
        finding.related.push(Related {
            location: before,
            message: "what brings it in as well".to_owned(),
        });
    }
    let through = match first.way.split_last() {
        Some((_, way)) if !way.is_empty() => format!(", through `{}`", way.join("` > `")),
        _ => String::new(),
    };
    let who = named(newcomers);
    let clause = format!("; with this change {who} gets it{through}");
    finding.message.push_str(&clause);
    if let Some(seen) = finding.package.as_mut().filter(|_| !first.way.is_empty()) {
        let paths = &mut Arc::make_mut(seen).paths;
        let most = paths.len().max(1);
        paths.retain(|way| *way != first.way);
        paths.insert(0, first.way.clone());
        paths.truncate(most);
    }
}

/// The first few of some workspaces, and how many more there are.
fn named(newcomers: &[Newcomer]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<&str> = newcomers.iter().map(|one| &*one.called).collect();
    let (shown, more) = names.split_at(names.len().min(SHOWN));
    match (shown.split_last(), more.len()) {
        (Some((last, rest)), 0) if !rest.is_empty() => {
            format!("each of {} and {last}", rest.join(", "))
        }
        (_, 0) => shown.concat(),
        (_, more) => format!("each of {} and {more} more workspaces", shown.join(", ")),
    }
}

/// Finds what findings about packages continue. Several versions of a package are told apart first by version, then by
/// the way on which they come: so what takes the place of another continues it, and what is there beside it is new.
fn match_packages<'f>(
    matched: &mut [Option<usize>],
    known: &mut HashMap<Key<'f>, Vec<usize>>,
    base_findings: &[Finding],
    head_findings: &'f [Finding],
    moved_from: impl Fn(&Finding) -> Option<String>,
) {
    let is_same: [IsSame; 3] = [
        |before, after| before.version == after.version,
        is_on_same_way,
        |_, _| true,
    ];
    let places = head_findings
        .iter()
        .zip(matched)
        .filter(|(finding, _)| finding.subject.package.is_some());
    let mut open: Vec<_> = places
        .map(|(finding, slot)| {
            let before = moved_from(finding).map(|project| key(finding, &project));
            (finding, slot, [Some(key(finding, home(finding))), before])
        })
        .collect();
    let keys = open.iter().flat_map(|(_, _, keys)| keys.iter().flatten());
    let whole: HashMap<Key<'f>, Vec<usize>> = keys
        .filter_map(|key| Some((key.clone(), known.get(key)?.clone())))
        .collect();
    let are_same = |index: usize, finding: &Finding, is_same: IsSame| {
        let seen = base_findings.get(index)?.package.as_deref();
        Some(is_same(seen?, finding.package.as_deref()?))
    };
    for is_same in is_same {
        open.retain_mut(|(finding, slot, keys)| {
            for key in keys.iter().flatten() {
                let Some(left) = known.get_mut(key) else {
                    continue;
                };
                let mut left_over = left.iter();
                let place =
                    left_over.rposition(|index| are_same(*index, finding, is_same).unwrap_or(true));
                if let Some(place) = place {
                    **slot = Some(left.remove(place));
                    return false;
                }
            }
            true
        });
    }
    // One version may have come on several ways that several versions come on now: each continues it.
    for (finding, slot, keys) in open {
        let mut before = keys.iter().flatten().filter_map(|key| whole.get(key));
        *slot = before.find_map(|indices| {
            let mut indices = indices.iter().copied();
            indices.find(|index| are_same(*index, finding, is_on_same_way) == Some(true))
        });
    }
}

/// What makes a package before the change and one after it the same.
type IsSame = fn(&PackageSeen, &PackageSeen) -> bool;

/// True if packages come on a way that is the same.
fn is_on_same_way(before: &PackageSeen, after: &PackageSeen) -> bool {
    let mut ways = before.paths.iter();
    ways.any(|way| after.paths.iter().any(|other| is_same_way(way, other)))
}

/// True if packages come on the same way, whatever their versions.
fn is_same_way(one: &[String], other: &[String]) -> bool {
    let name = |step: &String| {
        let end = step.rfind('@').filter(|at| *at > 0);
        step.get(..end.unwrap_or(step.len())).map(str::to_owned)
    };
    one.len() == other.len() && one.iter().map(name).eq(other.iter().map(name))
}

/// The same of evaluations. What is left to a finding about a key that is no field is neither fixed where the key
/// comes, nor introduced where it goes.
#[must_use]
pub fn compare_evaluations(
    base: (&Snapshot, Evaluation),
    head: (&Snapshot, Evaluation),
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    pairs: &Pairs,
) -> Vec<Finding> {
    let all = |evaluation: Evaluation| {
        let left = places(&evaluation.consequences);
        let mut findings = evaluation.findings;
        findings.extend(evaluation.consequences);
        (findings, left)
    };
    let ((before, left_before), (after, left_after)) = (all(base.1), all(head.1));
    let mut findings = compare((base.0, before), (head.0, after), renames, pairs);
    findings.retain(|finding| {
        let left = match finding.status {
            Status::Fixed => &left_before,
            Status::Introduced | Status::Existing => &left_after,
        };
        !left.contains(&(finding.fingerprint, finding.location.clone()))
    });
    findings
}

fn places(findings: &[Finding]) -> BTreeSet<(Fingerprint, Location)> {
    let places = findings.iter();
    places
        .map(|finding| (finding.fingerprint, finding.location.clone()))
        .collect()
}

type Key<'a> = (
    &'static str,
    Option<Identity<'a>>,
    &'a str,
    &'a str,
    &'a str,
    Box<str>,
);

fn key<'a>(finding: &'a Finding, home: &str) -> Key<'a> {
    let Subject {
        resource,
        package,
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
        match package {
            Some(package) => format!("{home}\0{}", package.name).into(),
            None => home.into(),
        },
    )
}

/// What a finding is at home in: its file. What installs a package is its project, whichever file of it the finding
/// points at.
fn home(finding: &Finding) -> &str {
    let package = finding.subject.package.as_ref();
    package.map_or(&finding.location.path, |package| &package.project)
}

/// The project of the base that the one of a finding was moved from, as its file was.
fn moved_project(
    base: &Snapshot,
    head: &Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    finding: &Finding,
) -> Option<String> {
    let path = &finding.location.path;
    let within = match home(finding) {
        "" => path,
        project => path.strip_prefix(project)?.strip_prefix('/')?,
    };
    let before = file_counterpart(base, head, renames, path)?;
    let project = before.strip_suffix(within)?;
    Some(project.trim_end_matches('/').to_owned())
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
    pairs: &'a Pairs,
    /// How complete the objects are of the files that were asked for, of the base and of the head: each file is gone
    /// through once, however many of its findings are gone.
    in_base: HashMap<Arc<str>, Completenesses<'a>>,
    in_head: HashMap<Arc<str>, Completenesses<'a>>,
    /// The fields of the objects of such files that are written under keys which are no fields.
    misspelt: HashMap<Arc<str>, HashMap<Identity<'a>, BTreeSet<String>>>,
    /// What lockfiles have lost, by the project.
    lost: HashMap<Arc<str>, Lost<'a>>,
}

/// The least and the last completeness of the copies of each object in one file.
type Completenesses<'a> = HashMap<Identity<'a>, (Completeness, Completeness)>;

impl<'a> Sight<'a> {
    fn new(
        base: &'a Snapshot,
        head: &'a Snapshot,
        renames: &'a BTreeMap<Arc<str>, Arc<str>>,
        pairs: &'a Pairs,
    ) -> Self {
        Self {
            base,
            head,
            moved_to: renames.iter().map(|(new, old)| (old, new)).collect(),
            pairs,
            in_base: HashMap::new(),
            in_head: HashMap::new(),
            misspelt: HashMap::new(),
            lost: HashMap::new(),
        }
    }

    fn is_gone(&mut self, finding: &Finding) -> bool {
        let path = &finding.location.path;
        let before = self.base.file(path);
        if finding.unread && before.is_some_and(|file| matches!(*file.state, State::Missing(_))) {
            // It was this clone that lacked the file, not the change that mended it.
            return false;
        }
        let resource = finding.subject.resource.as_ref();
        let counterpart = resource.and_then(|resource| self.pairs.head_path(resource, path));
        if let (Some(resource), Some(head_path)) = (resource, counterpart) {
            let identity = resource.identity();
            let then = of_file(&mut self.in_base, self.base, path).get(&identity);
            let then = then.map(|(least, _)| *least);
            let now = of_file(&mut self.in_head, self.head, head_path).get(&identity);
            let now = now.map(|(_, last)| *last);
            // What was complete and is now a patch may have its missing fields elsewhere: not known to be fixed.
            return then.is_none_or(|then| now.is_none_or(|now| now <= then))
                && !self.is_misspelt(head_path, &identity, finding);
        }
        let head_path = self.moved_to.get(path).copied().unwrap_or(path);
        let visible = self
            .head
            .file(head_path)
            .is_none_or(SourceFile::is_wholly_read);
        // An object that is nowhere to be seen may have moved to where nothing can be seen any longer.
        let loses_sight = || {
            let package = finding.subject.package.as_ref();
            package.is_some_and(|package| self.lost_lockfile(&package.project))
        };
        visible
            && !loses_sight()
            && !self.lost_entry(finding)
            && (resource.is_none() || !self.pairs.hides_more())
    }

    /// True if a finding is about a package that the lockfile holds no longer, and that is asked for as before.
    fn lost_entry(&mut self, finding: &Finding) -> bool {
        let (Some(package), Some(seen)) = (&finding.subject.package, &finding.package) else {
            return false;
        };
        let Some(version) = &seen.version else {
            return false;
        };
        let (base, head) = (self.base, self.head);
        let lost = self.lost.entry(Arc::clone(&package.project));
        let lost = lost.or_insert_with(|| lost::lost(base, head, &package.project));
        lost.holds(&package.name, version)
    }

    /// True if a finding is about a field that is now written under a key which is no field: whoever mends the key brings
    /// it back.
    fn is_misspelt(&mut self, path: &Arc<str>, identity: &Identity<'_>, finding: &Finding) -> bool {
        let Some(field) = finding.subject.field.as_deref() else {
            return false;
        };
        let head = self.head;
        let misspelt = self.misspelt.entry(Arc::clone(path));
        let of_file = misspelt.or_insert_with(|| misspelt_of_file(head, path));
        of_file.get(identity).is_some_and(|fields| {
            let ends = field.match_indices('/').map(|(end, _)| end);
            let mut parts = ends.chain([field.len()]);
            parts.any(|end| field.get(..end).is_some_and(|part| fields.contains(part)))
        })
    }

    /// True if the base knew what a project installs and the head does not, as its lockfile is gone or cannot be read.
    fn lost_lockfile(&self, project: &str) -> bool {
        let of_project = |snapshot: &'a Snapshot| {
            let all = snapshot.installations().iter();
            all.filter(|installation| {
                *installation.folder == *project && !installation.is_set_aside
            })
        };
        let mut head = of_project(self.head).peekable();
        head.peek().is_some()
            && of_project(self.base).any(Installation::is_known)
            && !head.any(Installation::is_known)
    }
}

/// The addresses of the fields that keys of a file are meant for which are no fields.
fn misspelt_of_file<'a>(
    snapshot: &'a Snapshot,
    path: &Arc<str>,
) -> HashMap<Identity<'a>, BTreeSet<String>> {
    let mut misspelt: HashMap<Identity<'a>, BTreeSet<String>> = HashMap::new();
    let file = snapshot.file(path).into_iter();
    for object in file.flat_map(|file| snapshot.objects_of(file)) {
        let root = object.node().pointer();
        for odd in object.oddities().filter(|odd| odd.what == What::NoField) {
            if let Meant::Field(name) = odd.meant(object)
                && let Some(within) = odd.node(object).parent()
                && within.present(name).is_none()
            {
                let within = within.pointer();
                let within = within.strip_prefix(&*root).unwrap_or(&within);
                let own = misspelt.entry(object.resource().identity()).or_default();
                own.insert(format!("{within}/{name}"));
            }
        }
    }
    misspelt
}

/// How complete the objects of a file are.
fn of_file<'c, 'a>(
    known: &'c mut HashMap<Arc<str>, Completenesses<'a>>,
    snapshot: &'a Snapshot,
    path: &Arc<str>,
) -> &'c Completenesses<'a> {
    known.entry(Arc::clone(path)).or_insert_with(|| {
        let mut completenesses = Completenesses::new();
        let file = snapshot.file(path).into_iter();
        for object in file.flat_map(|file| snapshot.objects_of(file)) {
            let own = object.completeness();
            let copies = completenesses.entry(object.resource().identity());
            let copies = copies.or_insert((own, own));
            *copies = (copies.0.min(own), own);
        }
        completenesses
    })
}
