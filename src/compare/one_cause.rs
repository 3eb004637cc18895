//! What one right does that a change gives is told once, by the finding that says most of it.
//!
//! A word in a role can let somebody do something, be told by a rule about such rights, and open a way to the whole
//! cluster. Of these the way is told, else the sentence about all that is gained; a rule about the right alone is told where
//! it is graver. What follows from a way far from the line that opened it is no news of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::access::Compared;
use crate::access::difference::Change;
use crate::access::goal::Goal;
use crate::access::news::Closing;
use crate::access::parts::Runner;
use crate::access::rights::{Asked, Rights};
use crate::access::subject::{Scope, Subject};
use crate::finding::{Finding, Location, Severity, Status};
use crate::kubernetes::Object;
use crate::kubernetes::roles::Role;
use crate::rule::{Check, Context, Pair};
use crate::rules;
use crate::syntax::Span;

use super::about_rights::{About, Holder, Places, holds};

/// The rule that tells of new ways.
const OF_WAYS: &str = "rbac/escalation-path-added";
/// The rule that tells in one sentence what somebody gains.
const OF_GAINS: &str = "rbac/permissions-widened";
/// The rule that speaks of workloads by what they reach.
const OF_WORKLOADS: &str = "rbac/powerful-workload";
/// The rule that speaks of words that give nothing.
const OF_IDLE_WORDS: &str = "rbac/ineffective-rule";

/// What becomes of a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is told.
    Told,
    /// It was there, and is no news.
    Existing,
    /// It is told by another one.
    LeftOut,
}

/// Leaves one finding of each right that a change gives.
pub fn tell_causes_once(findings: &mut Vec<Finding>, pair: &Pair<'_>, context: &Context) {
    let is_asked = |finding: &Finding| {
        finding.status == Status::Introduced && [OF_WAYS, OF_GAINS].contains(&finding.rule)
    };
    if !findings.iter().any(is_asked) {
        return;
    }
    let (clusters, targets) = context.of_access();
    let comparison = pair.access(clusters, targets);
    let sides: Vec<Side<'_>> = comparison
        .clusters
        .iter()
        .map(|compared| Side::of(compared, pair, findings))
        .collect();
    let fates: Vec<Fate> = findings
        .iter()
        .map(|finding| {
            if finding.status != Status::Introduced {
                return Fate::Told;
            }
            let fates = sides.iter().filter_map(|side| side.fate(finding));
            // What is told of one cluster is told.
            fates
                .min_by_key(|fate| *fate != Fate::Told)
                .unwrap_or(Fate::Told)
        })
        .collect();
    let mut fates = fates.into_iter();
    findings.retain_mut(|finding| {
        let fate = fates.next().unwrap_or(Fate::Told);
        if fate == Fate::Existing {
            finding.status = Status::Existing;
        }
        fate != Fate::LeftOut
    });
}

/// A way that is told.
struct Way<'c> {
    /// Whom it is opened for.
    subjects: BTreeSet<&'c Subject>,
    goal: Goal,
    severity: Severity,
    told_as: String,
    closing: &'c Closing,
}

/// What is told that somebody gains.
struct Gain<'c> {
    place: &'c Location,
    severity: Severity,
    /// Who gains it, and where.
    given: BTreeSet<(&'c Subject, &'c Scope)>,
}

/// A rule about rights that speaks of a role.
struct Named<'c> {
    severity: Severity,
    about: About<'c>,
}

/// One cluster, and what is told of it.
struct Side<'c> {
    compared: &'c Compared,
    pair: &'c Pair<'c>,
    places: Places<'c>,
    ways: Vec<Way<'c>>,
    gains: Vec<Gain<'c>>,
    named: Vec<Named<'c>>,
    /// What makes pods by its place, and what made them before by its title.
    runners: BTreeMap<&'c Location, &'c Runner>,
    ran: HashMap<&'c str, Vec<&'c Runner>>,
}

impl<'c> Side<'c> {
    fn of(compared: &'c Compared, pair: &'c Pair<'c>, findings: &'c [Finding]) -> Self {
        let runners = compared.after.runners.iter();
        let mut ran: HashMap<&str, Vec<&Runner>> = HashMap::new();
        for runner in &compared.before.runners {
            ran.entry(&runner.title).or_default().push(runner);
        }
        let mut side = Self {
            compared,
            pair,
            places: Places::of(&compared.after, compared.is_new_copy),
            ways: Vec::new(),
            gains: Vec::new(),
            named: Vec::new(),
            runners: runners.map(|runner| (&runner.at, &**runner)).collect(),
            ran,
        };
        let introduced = findings.iter().filter(|it| it.status == Status::Introduced);
        let told: BTreeMap<&str, Severity> = introduced
            .clone()
            .filter(|finding| finding.rule == OF_WAYS)
            .map(|finding| (&*finding.subject.discriminator, finding.severity))
            .collect();
        side.add_ways(&told);
        for finding in introduced {
            if finding.rule == OF_GAINS {
                side.gains.push(Gain {
                    place: &finding.location,
                    severity: finding.severity,
                    given: side
                        .changes_of(finding)
                        .into_iter()
                        .map(|change| (&change.subject, &change.scope))
                        .collect(),
                });
            } else if is_of_right(finding)
                && let Some(about) = About::of(&side.places, finding)
            {
                side.named.push(Named {
                    severity: finding.severity,
                    about,
                });
            }
        }
        side
    }

    fn add_ways(&mut self, told: &BTreeMap<&str, Severity>) {
        let compared = self.compared;
        for (cause, closing) in compared.causes.iter().zip(&compared.closings) {
            let ways = cause.iter().filter_map(|way| compared.new_proofs.get(*way));
            let ways: Vec<_> = ways.filter(|proof| !proof.is_possession).collect();
            let found = ways.iter().find_map(|proof| {
                let told_as = proof.told_as();
                let severity = *told.get(&*told_as)?;
                Some((proof.goal, severity, told_as))
            });
            if let Some((goal, severity, told_as)) = found {
                self.ways.push(Way {
                    subjects: ways.iter().map(|proof| &proof.subject).collect(),
                    goal,
                    severity,
                    told_as,
                    closing,
                });
            }
        }
    }

    /// What changes that a finding about gains tells.
    fn changes_of(&self, finding: &Finding) -> Vec<&'c Change> {
        let who = &finding.subject.discriminator;
        let (named, last) = who.rsplit_once(',').unwrap_or(("", who));
        let named: HashSet<&str> = named.split(',').collect();
        let changes = self.compared.changes.iter();
        let told = changes.filter(|change| {
            let scope = format!(" {}", change.scope);
            let is_there = last.ends_with(&scope) || last.ends_with(" scopes");
            if !is_there || change.gained.is_empty() {
                return false;
            }
            let subject = change.subject.to_string();
            let rest = last.strip_prefix(&*subject);
            let is_last = rest.is_some_and(|rest| *rest == *scope || rest.ends_with(" scopes"));
            is_last || named.contains(&*subject)
        });
        told.collect()
    }

    fn fate(&self, finding: &Finding) -> Option<Fate> {
        match finding.rule {
            OF_WAYS => self.fate_of_way(finding),
            OF_GAINS => self.fate_of_gain(finding),
            OF_WORKLOADS => self.fate_of_workload(finding),
            _ if is_of_right(finding) => self.fate_of_right(finding),
            _ => None,
        }
    }

    /// A way that the same step opens as a way to something graver.
    fn fate_of_way(&self, finding: &Finding) -> Option<Fate> {
        let mut ways = self.ways.iter();
        let own = ways.find(|way| *way.told_as == *finding.subject.discriminator)?;
        let is_less = self.ways.iter().any(|way| {
            way.goal < own.goal
                && way.severity >= own.severity
                && !own.closing.needs.is_empty()
                && way.closing.needs == own.closing.needs
                && way.closing.lines == own.closing.lines
                && own.subjects.is_subset(&way.subjects)
        });
        Some(if is_less { Fate::LeftOut } else { Fate::Told })
    }

    /// A gain that a way begins with, or all of which graver rules name.
    fn fate_of_gain(&self, finding: &Finding) -> Option<Fate> {
        let changes = self.changes_of(finding);
        if changes.is_empty() {
            return None;
        }
        let is_way = self.ways.iter().any(|way| {
            let is_all = changes.iter().all(|change| {
                way.subjects.contains(&change.subject)
                    && (way.goal <= Goal::Masters || is_used(&change.gained, &way.closing.needs))
            });
            is_all && way.severity >= finding.severity && self.closes(way, &finding.location)
        });
        let is_named = || {
            let graver = self.named.iter().filter(|it| {
                let holders = it.about.holders.iter();
                let holders: BTreeSet<_> = holders.map(|it| (it.subject, it.scope)).collect();
                let mut changes = changes.iter();
                it.severity > finding.severity
                    && changes.all(|change| holders.contains(&(&change.subject, &change.scope)))
            });
            let rights = graver.map(|it| &*it.about.rights);
            let rights = Rights::union(rights);
            let symbols = &self.compared.after.symbols;
            let mut changes = changes.iter();
            changes.all(|change| change.gained.beyond(&rights, symbols).is_empty())
        };
        let is_told = !is_way && !is_named();
        Some(if is_told { Fate::Told } else { Fate::LeftOut })
    }

    /// Pods that ran as somebody for whom a way is opened.
    fn fate_of_workload(&self, finding: &Finding) -> Option<Fate> {
        let runner = self.runners.get(&finding.location)?;
        let mut before = self.ran.get(&*runner.title).into_iter().flatten();
        let ran =
            before.any(|was| was.account == runner.account && self.compared.before.has_token(was));
        let is_told = self.ways.iter().any(|way| {
            let mut who = runner.account.with_groups();
            way.severity >= finding.severity && who.any(|who| way.subjects.contains(&who))
        });
        Some(if ran && is_told {
            Fate::LeftOut
        } else {
            Fate::Told
        })
    }

    /// A right that a way begins with, or that is told with all that is gained.
    fn fate_of_right(&self, finding: &Finding) -> Option<Fate> {
        let about = About::of(&self.places, finding)?;
        let (held, given): (Vec<&Holder<'_>>, Vec<_>) = about
            .holders
            .iter()
            .partition(|it| holds(&self.compared.before, it.subject, it.scope, &about.rights));
        let nearer = held
            .into_iter()
            .filter(|it| self.compared.nearer.contains(it.subject));
        let nearer: Vec<&Holder<'_>> = nearer.collect();
        let ways = || {
            self.ways
                .iter()
                .filter(|way| way.severity >= finding.severity)
        };
        if given.is_empty() {
            let follows = ways().any(|way| {
                let mut nearer = nearer.iter();
                nearer.all(|it| way.subjects.contains(it.subject))
            });
            return Some(if follows && !nearer.is_empty() {
                Fate::Existing
            } else {
                Fate::Told
            });
        }
        let is_way = ways().any(|way| {
            let mut all = given.iter().chain(&nearer);
            all.all(|it| way.subjects.contains(it.subject))
                && (way.goal <= Goal::Masters || is_used(&about.rights, &way.closing.needs))
                && self.closes(way, &finding.location)
        });
        let is_gain = || {
            let gains = self
                .gains
                .iter()
                .filter(|it| it.severity >= finding.severity);
            let mut gains = gains.filter(|gain| self.is_same_object(gain.place, &finding.location));
            gains.any(|gain| {
                let mut given = given.iter();
                given.all(|it| gain.given.contains(&(it.subject, it.scope)))
            })
        };
        Some(if is_way || is_gain() {
            Fate::LeftOut
        } else {
            Fate::Told
        })
    }

    /// True if a step that opens a way takes a line of the policy rule that a place is in.
    fn closes(&self, way: &Way<'_>, place: &Location) -> bool {
        let Some(rule) = self.policy_rule(place) else {
            return false;
        };
        let mut lines = way.closing.lines.iter();
        lines.any(|line| {
            let at = line.at.span;
            line.at.path == place.path && rule.start <= at.start && at.end <= rule.end
        })
    }

    /// The policy rule of a role that a place is in.
    fn policy_rule(&self, place: &Location) -> Option<Span> {
        let role = self.pair.head.object_at(place).and_then(Role::of)?;
        let mut rules = role.rules().map(|rule| rule.node().span());
        rules.find(|rule| rule.start <= place.span.start && place.span.end <= rule.end)
    }

    fn is_same_object(&self, one: &Location, other: &Location) -> bool {
        let span = |place: &Location| {
            let object = self.pair.head.object_at(place);
            object.map(|object: Object<'_>| object.node().span())
        };
        one.path == other.path && span(one) == span(other)
    }
}

/// True for rules about one right of a role that has an effect.
fn is_of_right(finding: &Finding) -> bool {
    let found = rules::ALL.iter().find(|own| own.id == finding.rule);
    found.is_some_and(|own| matches!(own.check, Check::Right(_) | Check::Role(_)))
        && finding.rule != OF_IDLE_WORDS
        && finding.severity > Severity::Note
}

/// True if some rights are all on resources that a step uses.
fn is_used(rights: &Rights, needs: &[Asked]) -> bool {
    let mut patterns = rights.resources();
    rights.urls().next().is_none()
        && patterns.all(|(key, _)| {
            let mut needs = needs.iter();
            needs.any(|it| (it.group, it.resource) == (key.group, key.resource))
        })
}
