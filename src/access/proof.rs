//! Ways as people read them: each step with its reason, and with the lines that it takes.

use std::fmt::Write as _;

use crate::finding::Location;

use super::cluster::Cluster;
use super::goal::Goal;
use super::graph::{Graph, Node, Way, Why};
use super::powers::{KUBE_SYSTEM, Means, Power, Target};
use super::rights::Asked;
use super::subject::Subject;
use super::symbols::Symbol;

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
    /// How many further namespaces are reached that are as new as that one.
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
pub fn proofs(cluster: &Cluster, graph: &Graph) -> Vec<Proof> {
    let mut reached = vec![false; graph.subjects.len()];
    let mut found: Vec<(usize, Proof)> = Vec::new();
    for goal in Goal::ALL {
        for way in graph.ways(goal) {
            let Some(done) = reached.get_mut(way.subject) else {
                continue;
            };
            if *done {
                continue;
            }
            let Some(proof) = prove(cluster, graph, &way) else {
                continue;
            };
            if matters(&proof) {
                *done = matches!(goal, Goal::ClusterAdmin | Goal::Masters);
                found.push((way.subject, proof));
            }
        }
    }
    found.sort_by_key(|(subject, proof)| (*subject, proof.goal));
    found.into_iter().map(|(_, proof)| proof).collect()
}

/// False for what is nothing but meant to be: the administrator of a namespace, an account with an identity of its own,
/// what lies in the namespace that somebody lives in.
fn matters(proof: &Proof) -> bool {
    let lives_there = proof.subject.members_namespace() == Some(KUBE_SYSTEM);
    match proof.goal {
        Goal::ClusterAdmin | Goal::Masters | Goal::Nodes => true,
        Goal::KubeSystemSecrets => !lives_there,
        Goal::OtherNamespace => !proof.is_possession,
        Goal::CloudIdentity => proof.steps.len() > 1,
    }
}

pub(super) fn prove(cluster: &Cluster, graph: &Graph, way: &Way) -> Option<Proof> {
    let mut who = graph.subjects.get(way.subject)?.clone();
    let subject = who.clone();
    let mut steps: Vec<Step> = Vec::new();
    let mut uses = 0;
    let mut only = None;
    for (number, (why, to)) in way.steps.iter().enumerate() {
        let follows = way.steps.get(number + 1..).unwrap_or_default();
        match why {
            Why::Power(power) => {
                let power = graph.powers.get(*power)?;
                uses += 1;
                only = Some(power.means);
                let mut step = use_of(cluster, &who, power);
                let leads_on = matches!(
                    to,
                    Node::AnyAccount(_)
                        | Node::Unnamed(_)
                        | Node::Running(_)
                        | Node::Runner(_)
                        | Node::AnyToken(_)
                        | Node::Token(_)
                );
                let steps_on = way.steps.get(number..).unwrap_or_default();
                if leads_on && let Some(next) = next_account(cluster, graph, steps_on) {
                    // Writing to a String cannot fail.
                    let _ = write!(step.does, "{} {next}", joined(power.means));
                }
                steps.push(step);
            }
            Why::Member => {
                let made_of_all = way
                    .steps
                    .get(number.wrapping_sub(1))
                    .is_some_and(|(_, at)| matches!(at, Node::Namespace(_)));
                if let (Node::AnyAccount(_), true, Some(step), Some(next)) = (
                    to,
                    made_of_all,
                    steps.last_mut(),
                    next_account(cluster, graph, follows),
                ) {
                    let _ = write!(step.does, ", which includes {next}");
                }
            }
            Why::Runner(runner) => {
                let runner = cluster.runners.get(*runner)?;
                if let Some(step) = steps.last_mut() {
                    step.evidence.push(Evidence {
                        at: runner.at.clone(),
                        what: format!("{} runs as {}", runner.title, runner.account),
                    });
                }
            }
            Why::Token(token) => {
                let token = cluster.tokens.get(*token)?;
                if let Some(step) = steps.last_mut() {
                    step.evidence.push(Evidence {
                        at: token.at.clone(),
                        what: format!(
                            "Secret {}/{} holds a token of {}",
                            token.namespace, token.name, token.account
                        ),
                    });
                }
            }
            Why::Cloud(account) => {
                let (identity, at) = cluster.accounts.get(*account)?.cloud.clone()?;
                uses += 1;
                steps.push(Step {
                    who: who.clone(),
                    does: format!("is {identity} in the cloud"),
                    evidence: vec![Evidence {
                        at,
                        what: "the identity is named here".to_owned(),
                    }],
                });
            }
        }
        if let Node::Subject(number) = to {
            who = graph.subjects.get(*number)?.clone();
        }
    }
    let namespace = way
        .namespace
        .and_then(|number| graph.namespaces.get(number));
    Some(Proof {
        subject,
        goal: way.goal,
        namespace: namespace.map(ToString::to_string),
        further: 0,
        steps,
        is_possession: uses == 1 && only.is_some_and(Means::is_possession),
    })
}

fn next_subject<'g>(graph: &'g Graph, steps: &[(Why, Node)]) -> Option<&'g Subject> {
    let mut nodes = steps.iter();
    nodes.find_map(|(_, node)| match node {
        Node::Subject(number) => graph.subjects.get(*number),
        _ => None,
    })
}

/// The account that steps lead to next, in words: by what it runs where its groups alone have rights.
fn next_account(cluster: &Cluster, graph: &Graph, steps: &[(Why, Node)]) -> Option<String> {
    let next = next_subject(graph, steps)?;
    let before = steps
        .iter()
        .take_while(|(_, node)| !matches!(node, Node::Subject(_)));
    let mut is_by_group = false;
    let mut account = None;
    for (why, node) in before {
        is_by_group |= matches!(node, Node::Unnamed(_));
        account = match why {
            Why::Runner(runner) => cluster.runners.get(*runner).map(|it| &it.account),
            Why::Token(token) => cluster.tokens.get(*token).map(|it| &it.account),
            _ => account,
        };
    }
    Some(match (is_by_group, account) {
        (false, _) => next.to_string(),
        (true, Some(account)) => format!("{account}, which is in {next}"),
        (true, None) => format!("an account that is in {next}"),
    })
}

/// How a use of rights leads to an account.
fn joined(means: Means) -> &'static str {
    match means {
        Means::RunPods => ", which can run as",
        Means::ReadToken => ", one of which holds a token of",
        Means::MintToken => ", so that a token is put there for",
        Means::RequestToken | Means::Impersonate => ", such as",
        _ => ", one of which runs as",
    }
}

fn use_of(cluster: &Cluster, who: &Subject, power: &Power) -> Step {
    let place = match &power.namespace {
        None => "everywhere".to_owned(),
        Some(namespace) => format!("in namespace {namespace}"),
    };
    let asked = power.needs.first();
    let right = asked.map_or_else(String::new, |asked| right(cluster, asked));
    let of = match power.target {
        Target::Goal(Goal::Nodes) => "node",
        _ => "user",
    };
    let does = match power.means {
        Means::Everything => format!("may do everything {place}"),
        Means::Administer => format!("holds all that admin has {place}"),
        Means::Bind => format!("may {right} and write bindings {place}"),
        Means::Escalate => format!("may {right} and change them {place}"),
        Means::Impersonate
        | Means::RequestToken
        | Means::RunPods
        | Means::ReadSecrets
        | Means::ReadToken => {
            format!("may {right} {place}")
        }
        Means::Relabel => {
            format!("may {right} and make pods {place}, which may then be privileged")
        }
        Means::MintToken => format!("may create and read secrets {place}"),
        Means::RunPrivileged => format!("may {right} {place}, where they may be privileged"),
        Means::ChangeImage => format!("may change the image of pods {place}"),
        Means::AddContainer => format!("may put containers into pods {place}"),
        Means::Exec => format!("may start programs in pods {place}"),
        Means::NodesProxy => format!("may {right}, which reaches the kubelet past the API server"),
        Means::Approve => format!("may {right} and so let itself have a certificate of any {of}"),
        Means::Sign => format!("may {right} and so make certificates of any {of}"),
        Means::AwsAuth => format!("may {right} {place}, which makes administrators on EKS"),
    };
    let evidence = power
        .needs
        .iter()
        .flat_map(|asked| evidence(cluster, who, power, *asked));
    let evidence = evidence.chain(unguarded(cluster, power));
    let mut seen = Vec::new();
    for one in evidence {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    Step {
        who: who.clone(),
        does,
        evidence: seen,
    }
}

/// What lets pods take their node: the Namespace that says so.
fn unguarded(cluster: &Cluster, power: &Power) -> Option<Evidence> {
    if power.means != Means::RunPrivileged {
        return None;
    }
    let name = power.namespace.as_deref().unwrap_or(KUBE_SYSTEM);
    let namespace = cluster.namespaces.get(name)?;
    Some(Evidence {
        at: namespace.at.clone(),
        what: format!("Namespace {name} refuses no pods"),
    })
}

/// `create pods`, `bind clusterroles cluster-admin`.
fn right(cluster: &Cluster, asked: &Asked) -> String {
    let text = |symbol: Symbol| cluster.symbols.text(symbol);
    let mut right = format!("{} {}", text(asked.verb), text(asked.resource));
    if let Some(name) = asked.name {
        let _ = write!(right, " {}", text(name));
    }
    right
}

/// The rule that gives a right, what gives its role, and the label by which the role has the rule.
fn evidence(cluster: &Cluster, who: &Subject, power: &Power, asked: Asked) -> Vec<Evidence> {
    let mut found = Vec::new();
    let Some(source) = cluster.source(who, power.namespace.as_ref(), asked) else {
        return found;
    };
    let (Some(binding), Some(role)) = (
        cluster.bindings.get(source.binding),
        cluster.roles.get(source.role),
    ) else {
        return found;
    };
    if let Some(at) = cluster.place(source, asked)
        && role.at.is_some()
    {
        found.push(Evidence {
            at,
            what: format!("{} allows to {}", role.title(), right(cluster, &asked)),
        });
    }
    found.push(Evidence {
        at: binding.place(binding.role_at),
        what: format!("{} gives {}", binding.title(), binding.role),
    });
    if let Some(bound) = binding.subjects.get(source.subject) {
        found.push(Evidence {
            at: binding.place(bound.span),
            what: format!("{} binds {}", binding.title(), bound.subject),
        });
    }
    if let Some((sum, at)) = cluster.summed_at(source) {
        let what = format!("{sum} takes in roles by their labels");
        found.push(Evidence { at, what });
    }
    if let Some((label, at)) = cluster.joining_label(source) {
        found.push(Evidence {
            at,
            what: format!("{label} adds {} to {}", role.title(), binding.role),
        });
    }
    found
}
