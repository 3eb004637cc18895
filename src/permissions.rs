//! What `tidegate access` answers: who can do what, which ways lead to the cluster, and what changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::ask::who_can;
use crate::access::cluster::{Cluster, is_unmodelled};
use crate::access::describe::phrases;
use crate::access::difference::Change;
use crate::access::held::{Grant, Held};
use crate::access::proof::Proof;
use crate::access::question::Question;
use crate::access::rights::Rights;
use crate::access::subject::{Scope, Subject};
use crate::access::{Access, Comparison};
use crate::evaluate::{evaluate_change_with, evaluate_with};
use crate::finding::Location;
use crate::rule::{Check, Context, Pair};
use crate::rules;
use crate::snapshot::Snapshot;
use crate::verdict::{AccessChange, PassedOver};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Who can do this; everything that is given where it is not asked.
    pub question: Option<Question>,
    /// In this namespace alone.
    pub namespace: Option<String>,
    /// By this subject alone, with what the groups give that it is in.
    pub subject: Option<Subject>,
}

/// The whole answer.
#[derive(Debug)]
pub struct Answer {
    /// What each cluster gives, in the order of its first file.
    pub clusters: Vec<ClusterAnswer>,
    /// What changed; none where there is no base.
    pub changes: Option<Vec<ChangeAnswer>>,
    /// The ways that came with the change.
    pub new_ways: Vec<Proof>,
    /// True if it was asked who can do something.
    pub is_question: bool,
    /// Files that look like manifests and could not be read.
    pub unreadable: Vec<PassedOver>,
    /// What was not judged, as only a build or a rendering shows it: with a base, what of it changed.
    pub not_judged: Vec<PassedOver>,
    /// The files of the head.
    pub head: Snapshot,
}

/// What one cluster gives.
#[derive(Debug)]
pub struct ClusterAnswer {
    /// The files that are applied to it and hold roles, bindings, accounts or pods.
    pub files: Vec<Arc<str>>,
    /// Who holds what, by subject and scope; those alone who can do what is asked for.
    pub held: Vec<HeldAnswer>,
    /// The shortest ways to what is most guarded.
    pub ways: Vec<Proof>,
    /// Bindings whose role nobody knows.
    pub unknown: Vec<UnknownRole>,
    /// Roles that have more patterns than are told apart, so that they count for more than they say.
    pub inexact: Vec<(String, Location)>,
}

/// What one subject holds in one scope.
#[derive(Debug)]
pub struct HeldAnswer {
    /// Who.
    pub subject: String,
    /// The namespace; none for the whole cluster.
    pub namespace: Option<String>,
    /// What is allowed, in phrases.
    pub permissions: Vec<String>,
    /// By which bindings.
    pub by: Vec<ByAnswer>,
}

/// A binding that gives something.
#[derive(Debug)]
pub struct ByAnswer {
    /// `RoleBinding shop/reader`.
    pub binding: String,
    /// `ClusterRole view`.
    pub role: String,
    /// Where the binding names the subject.
    pub location: Location,
}

/// A binding whose role nobody knows.
#[derive(Debug)]
pub struct UnknownRole {
    /// The binding.
    pub binding: String,
    /// The role that it names.
    pub role: String,
    /// True for a role that every cluster brings along, though it is not known here what it grants.
    pub is_built_in: bool,
    /// Where it is named.
    pub location: Location,
}

/// What changed for somebody in one scope.
#[derive(Debug)]
pub struct ChangeAnswer {
    /// What.
    pub change: AccessChange,
    /// The files of the cluster.
    pub files: Vec<Arc<str>>,
}

/// What a revision gives, within some paths.
#[must_use]
pub fn answer(
    access: &Access,
    asked: &Asked,
    in_scope: &dyn Fn(&str) -> bool,
) -> Vec<ClusterAnswer> {
    let clusters = access.clusters.iter().zip(access.proofs());
    clusters
        .map(|(cluster, proofs)| of_cluster(cluster, proofs, asked, in_scope))
        .filter(|answer| {
            !(answer.held.is_empty() && answer.ways.is_empty() && answer.unknown.is_empty())
        })
        .collect()
}

fn of_cluster(
    cluster: &Cluster,
    proofs: &[Proof],
    asked: &Asked,
    in_scope: &dyn Fn(&str) -> bool,
) -> ClusterAnswer {
    let who: Option<BTreeSet<Subject>> = asked.subject.as_ref().map(|subject| {
        let groups = subject.groups().into_iter();
        groups.chain([subject.clone()]).collect()
    });
    let is_meant = |subject: &Subject| who.as_ref().is_none_or(|who| who.contains(subject));
    let counts = |scope: &Scope| match (scope, &asked.namespace) {
        (Scope::Namespace(own), Some(asked)) => **own == **asked,
        _ => true,
    };
    let mut held = Vec::new();
    match &asked.question {
        Some(question) => {
            for able in who_can(cluster, question, asked.namespace.as_deref()) {
                if is_meant(&able.subject) {
                    held.extend(row(cluster, &able.subject, &able.scope, &able.by, in_scope));
                }
            }
        }
        None => {
            for (subject, scopes) in cluster.held.iter().filter(|(who, _)| is_meant(who)) {
                for (scope, Held { grants, .. }) in scopes.iter().filter(|(it, _)| counts(it)) {
                    held.extend(row(cluster, subject, scope, grants, in_scope));
                }
            }
        }
    }
    if let Some(subject) = asked.subject.as_ref().filter(|it| Cluster::is_master(it)) {
        held.retain(|row: &HeldAnswer| row.subject != subject.to_string());
        held.insert(
            0,
            HeldAnswer {
                subject: subject.to_string(),
                namespace: None,
                permissions: phrases(&Rights::everything(), &cluster.symbols),
                by: Vec::new(),
            },
        );
    }
    let ways = proofs.iter().filter(|_| asked.question.is_none());
    let ways = ways.filter(|proof| is_meant(&proof.subject) && is_shown(proof, in_scope));
    let unknown = cluster
        .unresolved()
        .filter(|binding| in_scope(&binding.at.path));
    let roles = cluster.roles.iter().filter(|role| !role.is_exact);
    ClusterAnswer {
        files: cluster.paths.clone(),
        held,
        ways: ways.cloned().collect(),
        unknown: unknown
            .map(|binding| UnknownRole {
                binding: binding.title(),
                role: binding.role.to_string(),
                is_built_in: is_unmodelled(binding),
                location: binding.place(binding.role_at),
            })
            .collect(),
        inexact: roles
            .filter_map(|role| Some((role.title(), role.at.clone()?)))
            .collect(),
    }
}

/// What somebody holds by some grants, if one of these is within the paths that are asked for.
fn row(
    cluster: &Cluster,
    subject: &Subject,
    scope: &Scope,
    grants: &[Grant],
    in_scope: &dyn Fn(&str) -> bool,
) -> Option<HeldAnswer> {
    let held = cluster.held(subject, scope)?;
    let mut is_shown = false;
    let by = grants.iter().filter_map(|grant| {
        let binding = cluster.bindings.get(grant.binding)?;
        let meant = cluster.meant.get(grant.binding)?;
        let roles = meant
            .roles
            .iter()
            .filter_map(|role| cluster.roles.get(*role));
        let mut files = roles.filter_map(|role| role.at.as_ref());
        is_shown |= in_scope(&binding.at.path) || files.any(|at| in_scope(&at.path));
        let kind = if binding.names_cluster_role {
            "ClusterRole"
        } else {
            "Role"
        };
        Some(ByAnswer {
            binding: binding.title(),
            role: format!("{kind} {}", binding.role),
            location: binding.place(binding.subjects.get(grant.subject)?.span),
        })
    });
    let by = by.collect();
    is_shown.then(|| HeldAnswer {
        subject: subject.to_string(),
        namespace: scope.namespace().map(ToString::to_string),
        permissions: phrases(&held.rights, &cluster.symbols),
        by,
    })
}

/// True if one of the lines that a way takes is within the paths that are asked for.
fn is_shown(proof: &Proof, in_scope: &dyn Fn(&str) -> bool) -> bool {
    let mut evidence = proof.steps.iter().flat_map(|step| &step.evidence);
    evidence.any(|evidence| in_scope(&evidence.at.path))
}

/// What a change does to who may do what, within some paths. What is the same in several clusters is told once.
#[must_use]
pub fn changes(comparison: &Comparison, in_scope: &dyn Fn(&str) -> bool) -> Vec<ChangeAnswer> {
    let mut seen = BTreeSet::new();
    let mut changes = Vec::new();
    for compared in &comparison.clusters {
        let symbols = &compared.after.symbols;
        let mut files: Vec<Arc<str>> = compared.after.paths.clone();
        files.extend(compared.before.paths.iter().cloned());
        files.sort();
        files.dedup();
        let is_shown = |change: &&Change| {
            let sides = [&compared.before, &compared.after];
            sides.iter().any(|side| is_given_in(side, change, in_scope))
        };
        for change in compared.changes.iter().filter(is_shown) {
            let told = AccessChange {
                subject: change.subject.to_string(),
                namespace: change.scope.namespace().map(ToString::to_string),
                before: phrases(&change.before, symbols),
                after: phrases(&change.after, symbols),
                gained: phrases(&change.gained, symbols),
                lost: phrases(&change.lost, symbols),
            };
            if seen.insert(told.clone()) {
                changes.push(ChangeAnswer {
                    change: told,
                    files: files.clone(),
                });
            }
        }
    }
    changes.sort_by(|one, other| one.change.cmp(&other.change));
    changes
}

/// True if a binding or a role that gives what a change is about stands within the paths that are asked for.
fn is_given_in(cluster: &Cluster, change: &Change, in_scope: &dyn Fn(&str) -> bool) -> bool {
    let held = cluster.held(&change.subject, &change.scope);
    let grants = held.into_iter().flat_map(|held| &held.grants);
    grants.into_iter().any(|grant| {
        let binding = cluster.bindings.get(grant.binding);
        let leaves = cluster.meant.get(grant.binding).map(|meant| &meant.leaves);
        let roles = leaves.into_iter().flat_map(|leaves| leaves.iter());
        let mut roles = roles.filter_map(|role| cluster.roles.get(*role)?.at.as_ref());
        binding.is_some_and(|binding| in_scope(&binding.at.path))
            || roles.any(|at| in_scope(&at.path))
    })
}

/// The ways that come with a change, within some paths.
#[must_use]
pub fn new_ways(comparison: &Comparison, in_scope: &dyn Fn(&str) -> bool) -> Vec<Proof> {
    let all = comparison.clusters.iter().chain(&comparison.united);
    let all = all.flat_map(|it| &it.new_proofs);
    let mut ways: Vec<Proof> = Vec::new();
    for proof in all.filter(|proof| is_shown(proof, in_scope)) {
        if !ways.contains(proof) {
            ways.push(proof.clone());
        }
    }
    ways
}

/// What the rules about reading say.
#[must_use]
pub fn unreadable(snapshot: &Snapshot, in_scope: &dyn Fn(&str) -> bool) -> Vec<PassedOver> {
    let about_reading: Vec<_> = rules::ALL
        .iter()
        .copied()
        .filter(|rule| matches!(rule.check, Check::File(_)))
        .collect();
    let findings = evaluate_with(&about_reading, snapshot, &Context::default()).findings;
    let unread = findings
        .into_iter()
        .filter(|finding| finding.unread && in_scope(&finding.location.path));
    unread
        .map(|finding| PassedOver {
            path: finding.location.path,
            reason: finding.message,
        })
        .collect()
}

/// What changed and was not judged: what the rule says that tells of it.
#[must_use]
pub fn not_judged(
    pair: &Pair<'_>,
    context: &Context,
    in_scope: &dyn Fn(&str) -> bool,
) -> Vec<PassedOver> {
    let findings = evaluate_change_with(&[NOT_JUDGED], pair, context).into_iter();
    let mut passed: Vec<PassedOver> = findings
        .filter(|finding| in_scope(&finding.location.path))
        .map(|finding| PassedOver {
            path: finding.location.path,
            reason: finding.message,
        })
        .collect();
    passed.sort();
    passed.dedup();
    passed
}

/// The rule that tells of what changed and could not be judged.
const NOT_JUDGED: &str = "input/not-judged";

impl Answer {
    /// 3 if something could not be read, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.unreadable.is_empty() { 0 } else { 3 }
    }
}
