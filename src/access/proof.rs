//! Ways as people read them: each step with its reason, and with the lines that it takes.

use std::fmt::Write as _;

use crate::finding::Location;

use super::cluster::Cluster;
use super::goal::Goal;
use super::graph::ways::{Way, Ways};
use super::graph::{Edge, Graph, Node, Why};
use super::parts::Runner;
use super::powers::KUBE_SYSTEM;
use super::reasons::{joined, unguarded, use_of};
use super::subject::Subject;

/// So many steps of a way are told at most. Of a longer one its first and its last ones are.
const MOST_STEPS: usize = 6;

/// A line that a step takes, and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where.
    pub at: Location,
    /// What.
    pub what: String,
}

/// One step: somebody, and what leads on from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who goes it.
    pub who: Subject,
    /// What they can do: `may create pods in namespace ci, which can run as ServiceAccount ci/deployer`.
    pub does: String,
    /// The lines that say so, the one that gives the right first.
    pub evidence: Vec<Evidence>,
}

/// The shortest way of somebody to something that is guarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who.
    pub subject: Subject,
    /// What is reached.
    pub goal: Goal,
    /// For another namespace, which one.
    pub namespace: Option<String>,
    /// How many further namespaces, or identities, are reached that are as new as that one.
    pub further: usize,
    /// How.
    pub steps: Vec<Step>,
    /// True if it is no more than having what was given, in contrast to making more of it.
    pub is_possession: bool,
}

impl Proof {
    /// What is reached, for people.
    #[must_use]
    pub fn goal_title(&self) -> String {
        let nearest = self.nearest_title();
        match self.further {
            0 => nearest,
            1 if self.namespace.is_none() => format!("{nearest} and another one"),
            further if self.namespace.is_none() => format!("{nearest} and {further} others"),
            1 => format!("{nearest} and of another one"),
            further => format!("{nearest} and of {further} others"),
        }
    }

    /// What is reached, without the further namespaces.
    fn nearest_title(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("all of namespace {namespace}"),
            None => self.goal.title().to_owned(),
        }
    }

    /// What tells this way apart from the others of a cluster: who, and what is reached.
    #[must_use]
    pub fn told_as(&self) -> String {
        format!("{} {}", self.subject, self.nearest_title())
    }

    /// The steps in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut chain = String::new();
        for step in &self.steps {
            if !chain.is_empty() {
                chain.push_str(" → ");
            }
            // Writing to a String cannot fail.
            let _ = write!(chain, "{} {}", step.who, step.does);
        }
        chain
    }
}

/// The gravest ways of every subject of a cluster, by subject and goal. Who reaches every right reaches all the rest,
/// which is not told.
#[must_use]
pub fn proofs(cluster: &Cluster, graph: &Graph, all: &[Ways]) -> Vec<Proof> {
    let subjects = 0..graph.names.subjects.len();
    let mut found = Vec::new();
    for subject in subjects {
        for ways in all {
            let way = graph.way_of(ways, subject);
            let Some(proof) = way.and_then(|way| prove(cluster, graph, &way)) else {
                continue;
            };
            if matters(&proof) {
                let is_all = proof.goal <= Goal::Masters;
                found.push(proof);
                if is_all {
                    break;
                }
            }
        }
    }
    found
}

/// False for what is nothing but meant to be: the administrator of a namespace, what lies in the namespace that somebody
/// lives in.
pub(super) fn matters(proof: &Proof) -> bool {
    let lives_there = proof.subject.members_namespace() == Some(KUBE_SYSTEM);
    match proof.goal {
        Goal::ClusterAdmin | Goal::Masters | Goal::Nodes | Goal::CloudIdentity => true,
        Goal::KubeSystemSecrets => !lives_there,
        Goal::OtherNamespace => !proof.is_possession,
    }
}

/// Puts a way into words.
pub(super) fn prove(cluster: &Cluster, graph: &Graph, way: &Way) -> Option<Proof> {
    let edges = way.edges.iter().map(|edge| graph.edge(*edge));
    let edges: Vec<Edge> = edges.collect::<Option<_>>()?;
    let size = edges.iter().filter(|edge| edge.why.is_step()).count();
    let mut told = Telling {
        cluster,
        graph,
        who: graph.names.subjects.get(way.subject)?.clone(),
        steps: Vec::new(),
        left_out: 0,
        is_told: true,
    };
    let subject = told.who.clone();
    let mut number = 0;
    let mut namespace = None;
    let mut is_possession = size == 1;
    for (at, edge) in edges.iter().enumerate() {
        if edge.why.is_step() {
            let is_middle = number >= MOST_STEPS / 2 && number + MOST_STEPS / 2 < size;
            told.begin(size > MOST_STEPS && is_middle);
            number += 1;
        }
        let to = graph.node_at(edge.to)?;
        let follows = edges.get(at..).unwrap_or_default();
        told.take(edge.why, to, edges.get(at.wrapping_sub(1)), follows)?;
        is_possession &= match edge.why {
            Why::Power(power) => graph.powers.get(power)?.means.is_possession(),
            Why::Member => true,
            _ => false,
        };
        match to {
            Node::Subject(number) => told.who = graph.names.subjects.get(number)?.clone(),
            Node::Namespace(own) => namespace = own.and_then(|own| graph.names.namespaces.get(own)),
            _ => {}
        }
    }
    let namespace = namespace.filter(|_| way.goal == Goal::OtherNamespace);
    Some(Proof {
        subject,
        goal: way.goal,
        namespace: namespace.map(ToString::to_string),
        further: 0,
        steps: told.steps,
        is_possession,
    })
}

/// A way on the way into words.
struct Telling<'g> {
    cluster: &'g Cluster,
    graph: &'g Graph,
    who: Subject,
    steps: Vec<Step>,
    left_out: usize,
    is_told: bool,
}

impl Telling<'_> {
    /// Goes on to the next step, which may be one that is left out.
    fn begin(&mut self, is_left_out: bool) {
        self.is_told = !is_left_out;
        self.left_out += usize::from(is_left_out);
        if self.is_told
            && self.left_out > 0
            && let Some(step) = self.steps.last_mut()
        {
            // Writing to a String cannot fail.
            let _ = write!(
                step.does,
                ", and so on over {} further steps to {}",
                self.left_out, self.who
            );
            self.left_out = 0;
        }
    }

    /// Tells why it leads on. `follows` begins with that.
    fn take(&mut self, why: Why, to: Node, before: Option<&Edge>, follows: &[Edge]) -> Option<()> {
        if !self.is_told {
            return Some(());
        }
        let (cluster, graph) = (self.cluster, self.graph);
        match why {
            Why::Power(power) => {
                let power = graph.powers.get(power)?;
                let mut step = use_of(cluster, &self.who, power);
                let leads_on = matches!(
                    to,
                    Node::AnyAccount(_)
                        | Node::Unnamed(_)
                        | Node::AnyUnnamed
                        | Node::Running(_)
                        | Node::Runner(_)
                        | Node::AnyToken(_)
                        | Node::Token(_)
                );
                if leads_on && let Some(next) = next_account(cluster, graph, follows) {
                    let means = power.then.as_ref().map_or(power.means, |then| then.means);
                    let _ = write!(step.does, "{} {next}", joined(means));
                }
                self.steps.push(step);
            }
            Why::Member => {
                let made_of_all = before.and_then(|edge| graph.node_at(edge.to));
                if let (Node::AnyAccount(_), Some(Node::Namespace(_)), Some(step), Some(next)) = (
                    to,
                    made_of_all,
                    self.steps.last_mut(),
                    next_account(cluster, graph, follows.get(1..).unwrap_or_default()),
                ) {
                    let _ = write!(step.does, ", which includes {next}");
                }
            }
            Why::Runner(runner) => {
                let runner = cluster.runners.get(runner)?;
                let step = self.steps.last_mut()?;
                step.evidence.push(Evidence {
                    at: runner.at.clone(),
                    what: format!("{} runs as {}", runner.title, runner.account),
                });
                step.evidence.extend(mounted(cluster, runner));
            }
            Why::Token(token) => {
                let token = cluster.tokens.get(token)?;
                self.steps.last_mut()?.evidence.push(Evidence {
                    at: token.at.clone(),
                    what: format!(
                        "Secret {}/{} holds a token of {}",
                        token.namespace, token.name, token.account
                    ),
                });
            }
            Why::Cloud(account) => {
                let (identity, at) = cluster.accounts.get(account)?.cloud.clone()?;
                self.steps.push(identified(self.who.clone(), &identity, at));
            }
            Why::Identity(runner) => {
                let runner = cluster.runners.get(runner)?;
                self.steps.last_mut()?.evidence.push(Evidence {
                    at: runner.at.clone(),
                    what: format!("{} runs as {}", runner.title, runner.account),
                });
                let mut accounts = cluster.accounts.iter();
                let (identity, at) = accounts.find_map(|account| {
                    let cloud = account.cloud.clone();
                    cloud.filter(|_| account.subject == runner.account)
                })?;
                let account = runner.account.clone();
                self.steps.push(identified(account, &identity, at));
            }
            Why::Unguarded => {
                let node = before.and_then(|edge| graph.node_at(edge.to))?;
                let Node::Namespace(Some(own)) = node else {
                    return None;
                };
                let namespace = graph.names.namespaces.get(own)?;
                let step = self.steps.last_mut()?;
                let _ = write!(step.does, ", where pods of {namespace} may be privileged");
                step.evidence.extend(unguarded(cluster, namespace));
            }
            Why::BroughtAlong => {
                let step = self.steps.last_mut()?;
                step.does
                    .push_str(", which includes the accounts of the controllers of the cluster");
            }
        }
        Some(())
    }
}

/// The step from somebody to their identity of a cloud.
fn identified(who: Subject, identity: &str, at: Location) -> Step {
    Step {
        who,
        does: format!("is {identity} in the cloud"),
        evidence: vec![Evidence {
            at,
            what: "the identity is named here".to_owned(),
        }],
    }
}

/// What gives pods a token that say nothing of it themselves: their account.
#[must_use]
pub fn mounted(cluster: &Cluster, runner: &Runner) -> Option<Evidence> {
    if runner.automount.is_some() || runner.mounts_token {
        return None;
    }
    let mut accounts = cluster.accounts.iter();
    let account = accounts.find(|account| account.subject == runner.account)?;
    Some(Evidence {
        at: account.automount_at.clone(),
        what: format!("{} gives its pods a token", account.subject),
    })
}

/// The account that steps lead to next, in words: by what it runs where its groups alone have rights.
fn next_account(cluster: &Cluster, graph: &Graph, follows: &[Edge]) -> Option<String> {
    let mut is_by_group = false;
    let mut account = None;
    for edge in follows {
        account = match edge.why {
            Why::Runner(runner) => cluster.runners.get(runner).map(|it| &it.account),
            Why::Identity(runner) => {
                let runner = cluster.runners.get(runner)?;
                return Some(runner.account.to_string());
            }
            Why::Token(token) => cluster.tokens.get(token).map(|it| &it.account),
            _ => account,
        };
        match graph.node_at(edge.to)? {
            Node::Subject(next) => {
                let next = graph.names.subjects.get(next)?;
                return Some(match (is_by_group, account) {
                    (false, _) => next.to_string(),
                    (true, Some(account)) => format!("{account}, which is in {next}"),
                    (true, None) => format!("an account that is in {next}"),
                });
            }
            Node::Unnamed(_) | Node::AnyUnnamed => is_by_group = true,
            _ => {}
        }
    }
    None
}
