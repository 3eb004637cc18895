//! What is said of rights that somebody held before is no news, wherever these stand now; and what is said of rights that
//! somebody still holds is not mended.
//!
//! Rules about roles and bindings speak of an object. A rule that is split, a role that is renamed with its binding or
//! split in two gives nobody anything: the identity of what is said there is who may do what, and where.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::access::Compared;
use crate::access::cluster::Cluster;
use crate::access::difference::Change;
use crate::access::renamed::Renamed;
use crate::access::role::{Role, RoleName};
use crate::access::subject::{Scope, Subject};
use crate::finding::{Finding, Related, Severity, Status};
use crate::kubernetes::roles::AGGREGATE_TO;
use crate::rule::{Check, Context, Pair};
use crate::rules;

use super::about_rights::{About, Holder, Places, holds};
use super::found_rights::OF_WILDCARDS;

/// The rules that speak of bindings by whom they bind, and to what.
const OF_BINDINGS: [&str; 6] = [
    "rbac/anonymous-binding",
    "rbac/authenticated-binding",
    "rbac/cluster-admin-binding",
    "rbac/default-account-binding",
    "rbac/masters-group",
    "rbac/system-role-binding",
];

/// The rule that speaks of words that give nothing: whatever somebody holds says nothing of these.
const OF_IDLE_WORDS: &str = "rbac/ineffective-rule";

/// The most roles whose right is told by the same words that a role is looked for among.
const MOST_ALIKE: usize = 64;

/// Findings about rights that somebody held before the change count as existing, and those about rights that somebody
/// still holds are not fixed. `before` is what was found in the base.
pub fn keep_rights(
    findings: &mut Vec<Finding>,
    before: &[Finding],
    pair: &Pair<'_>,
    context: &Context,
) {
    let is_asked = |finding: &Finding| match finding.status {
        Status::Existing => OF_BINDINGS.contains(&finding.rule),
        Status::Introduced | Status::Fixed => is_about_rights(finding.rule),
    };
    if !findings.iter().any(is_asked) {
        return;
    }
    let (clusters, targets) = context.of_access();
    let comparison = pair.access(clusters, targets);
    let compared: Vec<&Compared> = comparison
        .clusters
        .iter()
        .chain(&comparison.unchanged)
        .collect();
    let changing: Vec<Changing<'_>> = compared.iter().map(|it| Changing::of(it)).collect();
    let old = Told::of(&compared, before.iter(), |it| &it.before);
    let head = findings
        .iter()
        .filter(|finding| finding.status != Status::Fixed);
    let new = Told::of(&compared, head, |it| &it.after);
    let kept = findings.iter().map(|finding| {
        if !is_asked(finding) {
            return false;
        }
        match finding.status {
            Status::Fixed => is_kept(finding, Severity::Note, (&new, &old), &changing),
            _ => is_kept(finding, finding.severity, (&old, &new), &changing),
        }
    });
    let kept: Vec<bool> = kept.collect();
    let heirs = findings.iter().zip(&kept).map(|(finding, is_kept)| {
        if *is_kept || !is_asked(finding) || finding.status == Status::Fixed {
            return Vec::new();
        }
        heirs(finding, (&old, &new), &changing)
    });
    let mut heirs = heirs.collect::<Vec<_>>().into_iter();
    let mut kept = kept.into_iter();
    findings.retain_mut(|finding| {
        let is_kept = kept.next().unwrap_or_default();
        let heirs = heirs.next().unwrap_or_default();
        match finding.status {
            Status::Introduced if is_kept => finding.status = Status::Existing,
            Status::Introduced => finding
                .related
                .extend(heirs.into_iter().take(1).map(|it| it.by)),
            Status::Existing if !heirs.is_empty() => pass_on(finding, heirs),
            Status::Existing | Status::Fixed => {}
        }
        !is_kept || finding.status != Status::Fixed
    });
}

/// What changes for whom in one cluster.
struct Changing<'c> {
    /// Who gains something.
    gaining: BTreeSet<&'c Subject>,
    /// Who reaches something of the cluster as a whole that they did not.
    nearer: &'c BTreeSet<Subject>,
    /// Who loses something.
    losing: BTreeSet<&'c Subject>,
    /// The accounts that others go on as under another name.
    renamed: &'c Renamed,
}

impl<'c> Changing<'c> {
    fn of(compared: &'c Compared) -> Self {
        let who = |is_meant: fn(&Change) -> bool| {
            let changes = compared.changes.iter().filter(|it| is_meant(it));
            changes.map(|change| &change.subject).collect()
        };
        Self {
            gaining: who(|it| !it.gained.is_empty()),
            nearer: &compared.nearer,
            losing: who(|it| !it.lost.is_empty()),
            renamed: &compared.renamed,
        }
    }

    /// True if somebody has nothing on one side that the other lacks, by which rights might mean more there.
    fn is_steady(&self, subject: &Subject, status: Status) -> bool {
        let others = match status {
            Status::Fixed => &self.losing,
            Status::Introduced | Status::Existing => &self.gaining,
        };
        !subject.with_groups().any(|who| others.contains(&who))
    }

    /// True if somebody has less than they had, or others have less and nobody has more, and they reach nothing new.
    fn is_narrowed(&self, subject: &Subject, before: &Subject) -> bool {
        let loses = before.with_groups().any(|who| self.losing.contains(&who));
        let is_less = loses || self.gaining.is_empty() && !self.losing.is_empty();
        is_less && !subject.with_groups().any(|who| self.nearer.contains(&who))
    }
}

/// Somebody who comes to hold with a change what a finding is about.
struct Heir {
    subject: String,
    by: Related,
}

/// Those who are bound with the change to what a finding is about and did not hold it: what was said before of others
/// is news of them.
fn heirs(
    finding: &Finding,
    (old, new): (&Told<'_>, &Told<'_>),
    changing: &[Changing<'_>],
) -> Vec<Heir> {
    let mut heirs: Vec<Heir> = Vec::new();
    let places = new.places.iter().zip(&old.places).zip(changing);
    for ((places, before), changing) in places.filter(|((places, _), _)| !places.is_new_copy) {
        let Some(about) = About::of(places, finding) else {
            continue;
        };
        // What comes with the change is as new as those who are given it.
        let is_old = match about.role {
            Some(role) => !before.named(role).is_empty(),
            None => finding.status == Status::Existing,
        };
        if !is_old {
            continue;
        }
        for holder in &about.holders {
            let Holder {
                subject,
                scope,
                binding,
                ..
            } = holder;
            let had = if about.what.is_empty() {
                holds(before.cluster, subject, scope, &about.rights)
            } else {
                old.tells(finding.rule, Severity::Note, (subject, scope), about.what)
            };
            let is_bound = before.cluster.binds(binding, subject);
            let is_renamed = changing.renamed.contains_key(*subject);
            if had || is_renamed || Cluster::is_master(subject) {
                continue;
            }
            if is_bound {
                // The binding was there, and means the role by a label.
                let joins = about.role.and_then(|role| {
                    let mut labels = role.labels.iter();
                    labels.find(|(key, ..)| key.starts_with(AGGREGATE_TO))
                });
                heirs.extend(joins.map(|(key, _, at)| Heir {
                    subject: subject.to_string(),
                    by: Related {
                        location: at.clone(),
                        message: format!("{key} adds the role to another one"),
                    },
                }));
                continue;
            }
            heirs.push(Heir {
                subject: subject.to_string(),
                by: Related {
                    location: binding.place(holder.span),
                    message: format!("{} binds {subject}", binding.title()),
                },
            });
        }
    }
    heirs
}

/// Makes news of what is said of a binding that others are bound by now.
fn pass_on(finding: &mut Finding, heirs: Vec<Heir>) {
    let mut names: Vec<&str> = heirs.iter().map(|heir| &*heir.subject).collect();
    names.dedup();
    let clause = match names.as_slice() {
        [] => return,
        [one] => format!("; with this change {one} gets it"),
        [one, other] => format!("; with this change {one} and {other} get it"),
        [first, more @ ..] => format!(
            "; with this change {first} and {} others get it",
            more.len()
        ),
    };
    finding.status = Status::Introduced;
    finding.message.push_str(&clause);
    finding
        .related
        .extend(heirs.into_iter().take(8).map(|heir| heir.by));
}

fn is_about_rights(rule: &str) -> bool {
    let found = rules::ALL.iter().find(|own| own.id == rule);
    found.is_some_and(|own| matches!(own.check, Check::Right(_) | Check::Role(_)))
        || OF_BINDINGS.contains(&rule)
}

/// True if all who have what a finding is about have it on the other side as well, where the same is said of them, and
/// no less gravely than `least`.
fn is_kept(
    finding: &Finding,
    least: Severity,
    (other, own): (&Told<'_>, &Told<'_>),
    changing: &[Changing<'_>],
) -> bool {
    let mut is_somewhere = false;
    let sides = own.places.iter().zip(&other.places);
    for ((places, others), changing) in sides.zip(changing) {
        let Some(about) = About::of(places, finding) else {
            continue;
        };
        // A copy is another cluster, where nobody had anything.
        if places.is_new_copy {
            return false;
        }
        is_somewhere = true;
        if about.holders.is_empty() {
            if !is_latent((finding, least), &about, (places, own), (others, other)) {
                return false;
            }
            continue;
        }
        // What nobody has more of than before is no graver than it was, whichever rule told it, or none: roles of the
        // cluster's own stand in no file, and a right in one namespace may be told more gravely than the same in all.
        let has = |Holder { subject, scope, .. }: &Holder<'_>| {
            let known = match finding.status {
                Status::Fixed => subject,
                _ => changing.renamed.get(subject).unwrap_or(subject),
            };
            let tells = |least| other.tells(finding.rule, least, (known, scope), about.what);
            // What was told and is graver now is so by what is around it, unless its holder has less.
            let is_no_graver = || !tells(Severity::Note) || changing.is_narrowed(subject, known);
            holds(others.cluster, known, scope, &about.rights)
                && (tells(least)
                    || finding.rule != OF_IDLE_WORDS
                        && about.what.is_empty()
                        && changing.is_steady(known, finding.status)
                        && is_no_graver())
        };
        if !about.holders.iter().all(has) {
            return false;
        }
    }
    is_somewhere
}

/// The same of a role that nobody is given: it is the same role, or one of another name that has it no longer.
fn is_latent(
    (finding, least): (&Finding, Severity),
    about: &About<'_>,
    (places, own): (&Places<'_>, &Told<'_>),
    (others, other): (&Places<'_>, &Told<'_>),
) -> bool {
    let Some(role) = about.role else {
        return other.is_told_alike(finding, least, |_| true);
    };
    let covers = |other: &Role| {
        let left = about.rights.beyond(&other.rights, &places.cluster.symbols);
        left.is_empty()
    };
    let same = others.named(role).into_iter();
    let is_same = same.filter(|other| covers(other)).any(|same| {
        let key = (finding.rule, same.known_as());
        other.of_roles.get(&key).is_some_and(|told| *told >= least)
    });
    is_same
        || other.is_told_alike(finding, least, |other| {
            let mut same = places.named(other).into_iter();
            let stays = own.of_roles.contains_key(&(finding.rule, other.known_as()))
                && same.any(|it| covers(it));
            covers(other) && (!stays || about.rights.is_empty())
        })
}

/// The role that a finding is about, if it is about one, and how grave it is.
type Alike<'c> = (Option<&'c Arc<Role>>, Severity);

/// What the findings of one side say, by whom it is about.
struct Told<'c> {
    places: Vec<Places<'c>>,
    /// How gravely a rule speaks of what somebody holds somewhere, with the name of the role where that alone is known.
    of_holders: HashMap<(&'static str, Subject, Scope, String), Severity>,
    /// How gravely a rule speaks of a role.
    of_roles: HashMap<(&'static str, RoleName<'c>), Severity>,
    /// The roles of which a rule tells one right, or any where none is named, and how gravely.
    alike: HashMap<(&'static str, String), Vec<Alike<'c>>>,
}

impl<'c> Told<'c> {
    fn of<'f>(
        compared: &[&'c Compared],
        findings: impl Iterator<Item = &'f Finding>,
        side: impl Fn(&'c Compared) -> &'c Cluster,
    ) -> Self {
        let places = compared
            .iter()
            .map(|it| Places::of(side(it), it.is_new_copy));
        let mut told = Self {
            places: places.collect(),
            of_holders: HashMap::new(),
            of_roles: HashMap::new(),
            alike: HashMap::new(),
        };
        // What is said alike of roles that are given alike is about the same holders.
        let mut seen: HashSet<(&str, usize, usize, Severity)> = HashSet::new();
        for finding in findings.filter(|finding| is_about_rights(finding.rule)) {
            for (number, places) in told.places.iter().enumerate() {
                let Some(about) = About::of(places, finding) else {
                    continue;
                };
                let raise = |slot: &mut Severity| *slot = finding.severity.max(*slot);
                let is_new = about.binders.is_none_or(|binders| {
                    seen.insert((finding.rule, number, binders, finding.severity))
                });
                let holders = about.holders.iter().filter(|_| is_new);
                for Holder { subject, scope, .. } in holders {
                    let (subject, scope) = ((*subject).clone(), (*scope).clone());
                    let key = (finding.rule, subject, scope, about.what.to_owned());
                    raise(told.of_holders.entry(key).or_insert(finding.severity));
                }
                if let Some(role) = about.role {
                    let key = (finding.rule, role.known_as());
                    raise(told.of_roles.entry(key).or_insert(finding.severity));
                }
                // Some rules tell the first right of a role alone.
                for what in [&*finding.subject.discriminator, ""] {
                    let alike = told
                        .alike
                        .entry((finding.rule, what.to_owned()))
                        .or_default();
                    if alike.len() < MOST_ALIKE {
                        alike.push((about.role, finding.severity));
                    }
                }
            }
        }
        told
    }

    /// True if a rule speaks of what somebody holds there, or in the whole cluster; or if it is told of a wildcard.
    fn tells(
        &self,
        rule: &'static str,
        least: Severity,
        (subject, scope): (&Subject, &Scope),
        what: &str,
    ) -> bool {
        let who = subject.with_groups();
        let mut places = who.flat_map(|who| [(who.clone(), scope.clone()), (who, Scope::Cluster)]);
        places.any(|(who, scope)| {
            let key = (rule, who, scope, what.to_owned());
            let severity = self.of_holders.get(&key).copied();
            severity.is_some_and(|severity| severity >= least)
                || self
                    .of_holders
                    .contains_key(&(OF_WILDCARDS, key.1, key.2, key.3))
        })
    }

    /// True if the same is told of a role, or of a binding that binds nobody.
    fn is_told_alike(
        &self,
        finding: &Finding,
        least: Severity,
        is_meant: impl Fn(&Role) -> bool,
    ) -> bool {
        [&*finding.subject.discriminator, ""]
            .into_iter()
            .any(|what| {
                let alike = self.alike.get(&(finding.rule, what.to_owned()));
                let mut alike = alike.into_iter().flatten();
                alike.any(|(role, severity)| {
                    *severity >= least && role.is_none_or(|role| is_meant(role))
                })
            })
    }
}
