//! What a rule is, and what it may see.

mod right;
mod sayings;
mod sink;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::clusters::Clusters;
use crate::config::registries::Registries;
use crate::config::value::{Day, Setting};
use crate::config::{PackagesConfig, World};
use crate::facts::{Absence, Facts, Source};
use crate::finding::Finding;
use crate::kubernetes::kinds::Declared;
use crate::kubernetes::pod_security::{Level, StandardCheck, VersionSet};
use crate::kubernetes::{Labelled, Object, Pod, Standing};
use crate::snapshot::granted::Given;
use crate::snapshot::{Snapshot, SourceFile};
use crate::waivers::uses::WaiverUse;

pub use crate::finding::Severity;
pub use crate::snapshot::pairs::Pair;
pub use right::Right;
pub use sayings::Sayings;
pub use sink::{Draft, Sink, object_name};
pub use told::{Told, enforces};

/// A rule: what it is called, what it means, and how it looks.
#[derive(Debug)]
pub struct Rule {
    /// `family/name`; its file is `rules/<family>/<name>.rs`.
    pub id: &'static str,
    /// The doc comment: title, why it matters, examples. Shown by `explain`, on the rule's page and in SARIF.
    pub documentation: &'static str,
    /// The severity of a finding that says nothing else.
    pub severity: Severity,
    /// Further severities that findings of this rule may carry.
    pub other_severities: &'static [Severity],
    /// True if it looks only where the configuration names it: it holds an opinion that not everybody shares.
    pub opt_in: bool,
    /// Rules about the state whose findings say the same as this one does of the change: where both speak of an
    /// object, the change is told and the state is not.
    pub covers: &'static [&'static str],
    /// Rules that speak of the same lines. Of what a rule about the state says there and this one the graver is told; the
    /// state, where that is as grave, or speaks of the object as a whole and is grave itself. What another rule about the
    /// change says no less gravely of a line of `subjects` is told in place of this one.
    pub overlaps: &'static [&'static str],
    /// What it must know of the outside world. Where that is missing, it does not run.
    pub needs: &'static [Source],
    /// Standards and identifiers that say the same.
    pub references: &'static [&'static str],
    /// How it looks.
    pub check: Check,
}

impl Rule {
    /// The first sentence of the documentation, without its full stop.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let first = self.documentation.split("\n\n").next().unwrap_or_default();
        first.trim().trim_end_matches('.')
    }

    /// The documentation as Markdown, with the marks of our own on its fences (`yaml bad`).
    #[must_use]
    pub fn markdown(&self) -> String {
        let lines = self.documentation.lines();
        let lines: Vec<_> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        lines.join("\n")
    }

    /// The gravest severity that its findings have by themselves.
    #[must_use]
    pub fn gravest(&self) -> Severity {
        let others = self.other_severities.iter().copied();
        others.fold(self.severity, Severity::max)
    }

    /// True if it declares a severity.
    #[must_use]
    pub fn may_be(&self, severity: Severity) -> bool {
        severity == self.severity || self.other_severities.contains(&severity)
    }

    /// The family: what stands before the slash.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.id
            .split_once('/')
            .map_or(self.id, |(family, _)| family)
    }
}

/// What a rule may see. Each is a pure function of the snapshot and the context.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// One object of any kind.
    Object(fn(Object<'_>, &Context, &mut Sink<'_>)),
    /// One right, wherever a role names it.
    Right(&'static Right),
    /// One role that has rules of its own, and who is given it.
    Role(fn(Given<'_>, &Context, &mut Sink<'_>)),
    /// One workload: an object with a pod or a pod template; with each of them, where it has several.
    Workload(fn(&Workload<'_>, &Context, &mut Sink<'_>)),
    /// One file, as it was read.
    File(fn(&SourceFile, &Context, &mut Sink<'_>)),
    /// The whole revision.
    Manifests(fn(&Snapshot, &Context, &mut Sink<'_>)),
    /// One waiver, and what it covers.
    Waiver(fn(&WaiverUse<'_>, &Context, &mut Sink<'_>)),
    /// Both revisions, where there are two: what the change does, in contrast to what it leaves behind.
    Change(fn(&Pair<'_>, &Context, &mut Sink<'_>)),
    /// What the head has and the base has not; without a base, all that the head has. (base, head)
    Arrivals(fn(Option<&Snapshot>, &Snapshot, &Context, &mut Sink<'_>)),
}

/// What a rule may know beside its subject.
#[derive(Clone, Debug)]
pub struct Context {
    /// The level that workloads should meet where their namespace enforces none.
    pub level: Level,
    /// The versions of Kubernetes that the clusters run: the worst verdict of them counts. Never empty.
    pub targets: VersionSet,
    /// What is applied together; without any, copies of an object in different folders are alternatives.
    pub clusters: Arc<Clusters>,
    /// Whether clusters hold more than stands here.
    pub world: World,
    /// The kinds that make pods beside the known ones.
    pub declared: Vec<Declared>,
    /// What the configuration makes of rules; a rule that is not here keeps its own severities.
    pub settings: BTreeMap<&'static str, Setting>,
    /// Where images may come from; none where the configuration does not say.
    pub registries: Option<Arc<Registries>>,
    /// The day on which the run takes place; none where nobody says, so that nothing expires.
    pub today: Option<Day>,
    /// What is asked of packages.
    pub packages: Arc<PackagesConfig>,
    /// What the outside world said.
    pub facts: Arc<Facts>,
}

impl Context {
    /// True if the configuration silences a rule, or does not ask for one that waits to be asked. What could not be
    /// read is told all the same.
    #[must_use]
    pub fn is_off(&self, rule: &Rule) -> bool {
        match self.settings.get(rule.id) {
            Some(setting) => *setting == Setting::Off,
            None => rule.opt_in,
        }
    }

    /// What a rule needs and does not have: why it does not run.
    #[must_use]
    pub fn lacks(&self, rule: &Rule) -> Option<Absence> {
        let mut needs = rule.needs.iter();
        needs.find_map(|source| self.facts.absence(*source))
    }

    /// The severity that the configuration gives to the findings of a rule, if it gives one.
    #[must_use]
    pub fn severity_of(&self, rule: &str) -> Option<Severity> {
        match self.settings.get(rule)? {
            Setting::Severity(severity) => Some(*severity),
            Setting::Off => None,
        }
    }

    /// Makes of findings what the configuration wants. What could not be read is no matter of taste.
    pub fn settle(&self, findings: &mut Vec<Finding>) {
        if self.settings.is_empty() {
            return;
        }
        findings.retain_mut(|finding| match self.settings.get(finding.rule) {
            _ if finding.unread => true,
            None => true,
            Some(Setting::Off) => false,
            Some(Setting::Severity(severity)) => {
                finding.severity = *severity;
                true
            }
        });
    }

    /// What decides about rights: what is applied together, and how the API server that is asked decides.
    #[must_use]
    pub fn of_access(&self) -> (&Clusters, VersionSet) {
        (&self.clusters, self.targets)
    }

    /// Visits what breaks a check of the Pod Security Standards on one of the targets, if the workload is held to
    /// a level that asks for it. What is equal on several targets is visited once.
    pub fn violations<'a>(
        &self,
        check: StandardCheck,
        workload: &Workload<'a>,
        visit: &mut dyn FnMut(Told<'a>),
    ) {
        let standing = self.standing(workload);
        standing.breaches(check, workload.pod, self.targets, &mut |breach| {
            let only = (breach.holds != self.targets).then_some(breach.holds);
            visit(Told {
                breach,
                only,
                namespaces: workload.namespaces,
            });
        });
    }

    /// Whom a workload answers to.
    #[must_use]
    pub fn standing<'a>(&self, workload: &Workload<'a>) -> Standing<'a> {
        Standing {
            namespaces: workload.namespaces,
            otherwise: self.level,
            is_whole: workload.is_whole,
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Self {
            level: Level::Restricted,
            targets: VersionSet::SUPPORTED,
            clusters: Arc::default(),
            world: World::default(),
            declared: Vec::new(),
            settings: BTreeMap::new(),
            registries: None,
            today: None,
            packages: Arc::default(),
            facts: Arc::default(),
        }
    }
}

/// An object with the pod that it is or makes, or with one of them.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// The object.
    pub object: Object<'a>,
    /// Its pod.
    pub pod: Pod<'a>,
    /// The Namespace that it lands in, where the revision holds it; more than one where copies of it differ.
    pub namespaces: &'a [&'a Labelled],
    /// False if the pod is not known whole: the object is a patch or a template, or a patch changes it.
    pub is_whole: bool,
    /// The revision that it stands in.
    pub snapshot: &'a Snapshot,
}

/// Declares the rule of a file. The doc comment is its documentation.
#[macro_export]
macro_rules! declare_rule {
    (@others) => { &[] };
    (@others $others:expr) => { $others };
    (@opt_in) => { false };
    (@opt_in $opt_in:expr) => { $opt_in };
    (
        $(#[doc = $doc:literal])*
        $id:literal,
        severity: $severity:expr,
        $(other_severities: $others:expr,)?
        $(opt_in: $opt_in:expr,)?
        $(covers: $covers:expr,)?
        $(overlaps: $overlaps:expr,)?
        $(needs: $needs:expr,)?
        references: $references:expr,
        check: $check:expr $(,)?
    ) => {
        $(#[doc = $doc])*
        pub(crate) static RULE: $crate::rule::Rule = $crate::rule::Rule {
            id: $id,
            documentation: concat!($($doc, "\n"),*),
            severity: $severity,
            other_severities: $crate::declare_rule!(@others $($others)?),
            opt_in: $crate::declare_rule!(@opt_in $($opt_in)?),
            covers: $crate::declare_rule!(@others $($covers)?),
            overlaps: $crate::declare_rule!(@others $($overlaps)?),
            needs: $crate::declare_rule!(@others $($needs)?),
            references: $references,
            check: $check,
        };
    };
}

pub use declare_rule;
