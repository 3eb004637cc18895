//! What the namespace that a workload lands in asks of its pods, and which of them it refuses.
//!
//! A repository may hold a namespace more than once, and nothing says which copy a cluster has. So a workload
//! stands before one or more candidates, and what is held against it is what every one of them holds against it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::syntax::{Node, Span};

use super::field::anchor;
use super::namespace::{Mode, ModeValues, Namespace, PolicyVersion};
use super::object::Completeness;
use super::pod::Pod;
use super::pod_security::{Level, StandardCheck, Version, VersionSet, Violation};

/// The level that is asked of a pod, and by which version of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Demand {
    /// The level.
    pub level: Level,
    /// The version as the label pins it.
    pub version: PolicyVersion,
}

impl Demand {
    /// A level, by the version of the cluster.
    #[must_use]
    pub fn latest(level: Level) -> Self {
        Self {
            level,
            version: PolicyVersion::Latest,
        }
    }

    /// The version of the standard that counts on a cluster: it knows none that is newer than itself.
    #[must_use]
    pub fn version_on(self, cluster: Version) -> Version {
        self.version.on(cluster).min(cluster)
    }
}

/// What the labels of a namespace ask of its pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Admission {
    enforce: Option<Demand>,
    audit: Option<Demand>,
    warn: Option<Demand>,
}

impl Admission {
    /// Reads the labels. Where one of them is invalid, the API server refuses the namespace itself, and where one
    /// is a template's, nobody knows it yet: then nothing is asked.
    #[must_use]
    pub fn of(namespace: Namespace<'_>) -> Self {
        if namespace.object().completeness() == Completeness::Template {
            return Self::default();
        }
        Self::of_values(|mode| namespace.mode(mode).values())
    }

    /// The same by what the labels come to. A template's value is no valid one.
    #[must_use]
    pub fn of_values(values: impl Fn(Mode) -> ModeValues) -> Self {
        let sound = Mode::ALL.into_iter().map(&values).all(|labels| {
            !matches!(labels.written_level, Some(Err(_)))
                && !matches!(labels.written_version, Some(Err(_)))
        });
        if !sound {
            return Self::default();
        }
        let demand = |mode: Mode| {
            let labels = values(mode);
            Some(Demand {
                level: labels.level()?,
                version: labels.version(),
            })
        };
        Self {
            enforce: demand(Mode::Enforce),
            audit: demand(Mode::Audit),
            warn: demand(Mode::Warn),
        }
    }

    /// What it refuses pods by.
    #[must_use]
    pub fn enforced(self) -> Option<Demand> {
        self.enforce
    }

    /// All that a workload is held to. A namespace that enforces nothing does not say what its workloads should
    /// meet, so that `otherwise` counts; one that enforces `privileged` cannot excuse what breaks the baseline.
    fn demands(self, otherwise: Level) -> impl Iterator<Item = Demand> {
        let floor = match self.enforce {
            Some(_) => Level::Baseline,
            None => otherwise,
        };
        let labels = [self.enforce, self.audit, self.warn];
        let labels = labels.into_iter().flatten();
        std::iter::once(Demand::latest(floor)).chain(labels.filter(move |_| self.enforce.is_some()))
    }
}

/// A Namespace of the repository, as its workloads see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Its name.
    pub name: Arc<str>,
    /// Its file.
    pub path: Arc<str>,
    /// The label that enforces a level, or what stands for the namespace where there is none.
    pub at: Span,
    /// What its labels ask.
    pub admission: Admission,
}

impl Labelled {
    /// Reads a Namespace.
    #[must_use]
    pub fn of(namespace: Namespace<'_>) -> Self {
        let object = namespace.object();
        let label = namespace.enforce().level_field;
        Self {
            name: namespace.name().into(),
            path: Arc::clone(object.path()),
            at: label.node().map_or_else(
                || object.name_span(),
                |node| {
                    let key = node.key().map_or_else(|| anchor(node), Node::span);
                    key.to(node.span())
                },
            ),
            admission: Admission::of(namespace),
        }
    }
}

/// Whom a workload answers to.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The namespaces that it may land in; none where nothing is known of its namespace.
    pub namespaces: &'a [&'a Labelled],
    /// The level that it should meet where no namespace says.
    pub otherwise: Level,
    /// False if the pod is not known whole, so that nobody can say that it is refused.
    pub is_whole: bool,
}

/// One place of a pod that breaks a check, with the clusters on which it does.
#[derive(Clone, Debug)]
pub struct Breach<'a> {
    /// The place.
    pub violation: Violation<'a>,
    /// The target versions on which it is held against the pod.
    pub holds: VersionSet,
    /// Those on which the API server refuses the pod for it.
    pub refused: VersionSet,
}

impl Standing<'_> {
    /// Visits every place of a pod that breaks a check on one of some clusters, each place once. A check runs once
    /// for each of its forms that count there.
    pub fn breaches<'a>(
        &self,
        check: StandardCheck,
        pod: Pod<'a>,
        targets: VersionSet,
        visit: &mut dyn FnMut(Breach<'a>),
    ) {
        if self.namespaces.is_empty()
            && let Some(form) = self.only_form(check, targets)
        {
            check.run(pod, form, &mut |violation| {
                visit(Breach {
                    violation,
                    holds: targets,
                    refused: VersionSet::EMPTY,
                });
            });
            return;
        }
        let forms = targets.iter().fold(VersionSet::EMPTY, |forms, target| {
            self.namespaces()
                .fold(forms, |forms, of| forms.with(self.asked(check, of, target)))
        });
        let mut overriding = None;
        let mut told = |violation: Violation<'a>, forms: VersionSet| {
            let holds: VersionSet = targets
                .iter()
                .filter(|target| {
                    self.namespaces()
                        .all(|of| self.asked(check, of, *target).meets(forms))
                })
                .collect();
            if holds.is_empty() {
                return;
            }
            let refused = self.refused(&violation, forms, pod, holds, &mut overriding);
            visit(Breach {
                violation,
                holds,
                refused,
            });
        };
        if forms.len() < 2 {
            if let Some(form) = forms.newest() {
                check.run(pod, form, &mut |violation| told(violation, forms));
            }
            return;
        }
        // The newest form first: where the forms word one place differently, it has the word.
        let mut known = BTreeMap::new();
        let mut folded: Vec<(Violation<'a>, VersionSet)> = Vec::new();
        let mut older = forms;
        while let Some(form) = older.newest() {
            older = older.without(form);
            check.run(pod, form, &mut |violation| {
                let container = violation.container.map(|container| container.node().id());
                let place = (
                    violation.field.place(),
                    container,
                    violation.value.to_string(),
                );
                let at = *known.entry(place).or_insert(folded.len());
                match folded.get_mut(at) {
                    Some((_, forms)) => *forms = forms.with(VersionSet::of(form)),
                    None => folded.push((violation, VersionSet::of(form))),
                }
            });
        }
        for (violation, forms) in folded {
            told(violation, forms);
        }
    }

    /// The form of a check that counts on all clusters, if there is but one: so it is with most pods.
    fn only_form(&self, check: StandardCheck, targets: VersionSet) -> Option<Version> {
        let form = check.revision(targets.oldest()?)?;
        let same = check.revision(targets.newest()?) == Some(form);
        (same && self.otherwise >= check.level()).then_some(form)
    }

    /// True if a check is held against the pod in one of the targets.
    #[must_use]
    pub fn asks(&self, check: StandardCheck, targets: VersionSet) -> bool {
        targets.iter().any(|target| {
            self.namespaces()
                .all(|of| !self.asked(check, of, target).is_empty())
        })
    }

    /// What each candidate asks; one that asks nothing stands for an unknown namespace.
    fn namespaces(&self) -> impl Iterator<Item = Admission> {
        let unknown = self.namespaces.is_empty().then(Admission::default);
        let known = self.namespaces.iter().map(|namespace| namespace.admission);
        known.chain(unknown)
    }

    /// The forms of a check that a namespace holds against its pods on a cluster.
    fn asked(&self, check: StandardCheck, namespace: Admission, target: Version) -> VersionSet {
        namespace
            .demands(self.otherwise)
            .filter(|demand| demand.level >= check.level())
            .filter_map(|demand| check.revision(demand.version_on(target)))
            .collect()
    }

    /// The targets on which every candidate refuses the pod for a violation. A check that is overridden does not
    /// run there; the pod is refused if the one in its place finds something as well.
    fn refused(
        &self,
        violation: &Violation<'_>,
        forms: VersionSet,
        pod: Pod<'_>,
        targets: VersionSet,
        overriding: &mut Option<BTreeMap<Version, bool>>,
    ) -> VersionSet {
        if !self.is_whole || self.namespaces.is_empty() {
            return VersionSet::EMPTY;
        }
        let check = violation.check;
        let mut refuses = |demand: Demand, target: Version| {
            let version = demand.version_on(target);
            if demand.level < check.level() {
                return false;
            }
            match check.overridden_by(demand.level, version) {
                Some(other) => *overriding
                    .get_or_insert_default()
                    .entry(version)
                    .or_insert_with(|| !other.passes(pod, version)),
                None => check
                    .revision(version)
                    .is_some_and(|form| forms.contains(form)),
            }
        };
        targets
            .iter()
            .filter(|target| {
                self.namespaces.iter().all(|namespace| {
                    let enforced = namespace.admission.enforced();
                    enforced.is_some_and(|demand| refuses(demand, *target))
                })
            })
            .collect()
    }
}
