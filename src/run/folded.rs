//! Many findings of one kind and one status, told as one.
//!
//! It is done last: each was held against the base for itself, so that what is new stands apart from what was there,
//! and waivers have taken out what they cover.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::finding::{Finding, Fingerprint, Fold, Location, Related, Severity, Status, Subject};

/// So many of a kind stand each for itself.
const MOST: usize = 3;
/// So many are named in the sentence about more.
const NAMED: usize = 3;
/// So many are pointed at.
const MOST_PLACES: usize = 10;

/// What is told together: rule, file, group, and how the findings stand.
type Kind = (&'static str, Arc<str>, Arc<str>, Status, Severity);

/// Puts one finding in the place of many of a kind.
pub(super) fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut single = Vec::with_capacity(findings.len());
    let mut kinds: BTreeMap<Kind, Vec<(Arc<Fold>, Finding)>> = BTreeMap::new();
    for finding in findings {
        match &finding.fold {
            Some(fold) if finding.waived.is_none() => {
                let kind = (
                    finding.rule,
                    Arc::clone(&finding.location.path),
                    Arc::clone(&fold.group),
                    finding.status,
                    finding.severity,
                );
                let fold = Arc::clone(fold);
                kinds.entry(kind).or_default().push((fold, finding));
            }
            _ => single.push(finding),
        }
    }
    for (kind, mut members) in kinds {
        members.sort_by(|(_, one), (_, other)| {
            // What the change touches is pointed at before what it leaves.
            let key = |own: &Finding| (own.changed_at.is_none(), own.location.span.start);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.fingerprint.cmp(&other.fingerprint))
        });
        if members.len() > MOST {
            single.extend(together(&kind, &members));
        } else {
            single.extend(members.into_iter().map(|(_, finding)| finding));
        }
    }
    single
}

fn together(kind: &Kind, members: &[(Arc<Fold>, Finding)]) -> Option<Finding> {
    let (rule, path, group, status, _) = kind;
    let (fold, first) = members.first()?;
    let mut names: Vec<&str> = members.iter().map(|(fold, _)| &*fold.called).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let names = match (names.split_last(), more) {
        (Some((last, rest)), 0) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        (_, 0) => names.concat(),
        _ => format!("{} and {more} more", names.join(", ")),
    };
    let mut discriminator = format!("folded\0{group}");
    // What was there before keeps its identity, whatever joins or leaves it; what is new has one by its members, as it
    // would else pass for that.
    if *status != Status::Existing {
        for (_, member) in members {
            // Writing to a String cannot fail.
            let _ = write!(discriminator, "\0{}", member.fingerprint);
        }
    }
    let subject = Subject {
        discriminator: discriminator.into(),
        ..Subject::default()
    };
    let places = members.iter().skip(1).take(MOST_PLACES);
    let related = places.map(|(fold, member)| Related {
        location: Location::clone(&member.location),
        message: fold.called.clone(),
    });
    Some(Finding {
        message: format!("{}{names}{}", fold.before, fold.after),
        sentence_start: 0,
        fingerprint: Fingerprint::new(rule, &subject, path),
        related: first.related.iter().cloned().chain(related).collect(),
        subject,
        package: None,
        fold: None,
        fix: None,
        ..first.clone()
    })
}
