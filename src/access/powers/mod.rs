//! What rights let somebody do beyond what they say: become somebody else, take a node, read what is most guarded.
//!
//! Sources: the RBAC good practices of the Kubernetes documentation (1.37) and the checks that the API server makes on
//! `bind`, `escalate`, `impersonate`, `approve` and `sign`.

mod needs;
mod roles;

use std::rc::Rc;
use std::sync::Arc;

use super::built_in::brought_along;
use super::cluster::Cluster;
use super::goal::Goal;
use super::rights::{Asked, Reach, Rights};
use super::subject::{MASTERS, Subject};
use super::symbols::Symbol;

/// The namespace of what runs the cluster.
pub const KUBE_SYSTEM: &str = "kube-system";
/// The group of roles and bindings.
pub const RBAC: &str = "rbac.authorization.k8s.io";
/// The group of certificate requests and signers.
const CERTIFICATES: &str = "certificates.k8s.io";
/// The signer whose certificates the API server takes for users.
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// The signer whose certificates the API server takes for nodes.
const KUBELET_SIGNER: &str = "kubernetes.io/kube-apiserver-client-kubelet";

const WRITE: [Symbol; 3] = [Symbol::CREATE, Symbol::UPDATE, Symbol::PATCH];
const CHANGE: [Symbol; 2] = [Symbol::UPDATE, Symbol::PATCH];
const READ: [Symbol; 3] = [Symbol::GET, Symbol::LIST, Symbol::WATCH];

/// Kinds whose objects make pods, and the verbs that decide what these run as. Jobs cannot be changed.
const MAKERS: [(&str, &str, &[Symbol]); 8] = [
    ("", "pods", &[Symbol::CREATE]),
    ("apps", "deployments", &WRITE),
    ("apps", "statefulsets", &WRITE),
    ("apps", "daemonsets", &WRITE),
    ("apps", "replicasets", &WRITE),
    ("", "replicationcontrollers", &WRITE),
    ("batch", "cronjobs", &WRITE),
    ("batch", "jobs", &[Symbol::CREATE]),
];

/// What makes somebody the administrator of a namespace.
const ADMINISTERS: [(&str, &str, Symbol); 3] = [
    ("", "secrets", Symbol::GET),
    ("", "pods", Symbol::CREATE),
    (RBAC, "rolebindings", Symbol::CREATE),
];

/// How rights are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Means {
    /// All rights are held.
    Everything,
    /// A role that holds more is bound.
    Bind,
    /// More is written into a role that is held.
    Escalate,
    /// Requests are made as somebody else.
    Impersonate,
    /// A token is asked for.
    RequestToken,
    /// A secret is made that a token is put into.
    MintToken,
    /// Pods are made.
    RunPods,
    /// Pods are made that nothing keeps from the node.
    RunPrivileged,
    /// Pods are made in a Namespace that is changed so that nothing keeps them from the node.
    Relabel,
    /// The image of pods is changed.
    ChangeImage,
    /// A container is put into pods.
    AddContainer,
    /// Programs are started in pods.
    Exec,
    /// The kubelet is asked past the API server.
    NodesProxy,
    /// A certificate of a user is approved.
    Approve,
    /// A certificate of a user is signed.
    Sign,
    /// Secrets are read.
    ReadSecrets,
    /// A secret is read that holds a token.
    ReadToken,
    /// What binds accounts of AWS is changed.
    AwsAuth,
    /// All of a namespace is held.
    Administer,
}

impl Means {
    /// True where somebody just has what they are given, in contrast to making more of it.
    #[must_use]
    pub fn is_possession(self) -> bool {
        matches!(
            self,
            Self::Everything | Self::ReadSecrets | Self::Administer
        )
    }
}

/// Where a use of rights leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To something that is guarded.
    Goal(Goal),
    /// To all of the namespace; outside of namespaces to all of each.
    Namespace,
    /// To every account of the namespace, or of all.
    AnyAccount,
    /// To the account of this name in the namespace, or in all.
    Account(Symbol),
    /// To the accounts that pods run as in the namespace, or in all.
    Running,
    /// To the account that the pod of this name runs as.
    Pod(Symbol),
    /// To the accounts whose tokens secrets of the namespace hold, or of all.
    AnyToken,
    /// To the account whose token the secret of this name holds.
    Token(Symbol),
    /// To a user or a group.
    Subject(Subject),
}

/// One use of rights.
#[derive(Clone, Debug)]
pub struct Power {
    /// How.
    pub means: Means,
    /// In which namespace; none for all of them and what lies outside.
    pub namespace: Option<Arc<str>>,
    /// The rights that it takes.
    pub needs: Vec<Asked>,
    /// What it leads to.
    pub target: Target,
    /// For roles that are bound, what is done with them.
    pub then: Option<Then>,
    /// The number of the binding by which what is written into a role comes to its writer.
    pub given: Option<usize>,
}

/// What somebody does with roles that they bind to themselves.
#[derive(Clone, Debug)]
pub struct Then {
    /// How.
    pub means: Means,
    /// The rights that it takes.
    pub needs: Vec<Asked>,
    /// The numbers of the roles that are bound; for a sum of roles, of those that it is the sum of.
    pub roles: Arc<Vec<usize>>,
}

use needs::Answers;
pub use needs::Needs;

/// How the API server that is asked decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// True below Kubernetes 1.35: a websocket is opened by `get`, so that this is enough for exec and attach.
    pub get_opens_exec: bool,
}

/// What is looked at: somebody's rights at one place.
struct Look<'c> {
    cluster: &'c Cluster,
    subject: &'c Subject,
    rights: Vec<&'c Rights>,
    namespace: Option<Arc<str>>,
    /// True if what is bound counts within namespaces alone, all of them.
    is_inside: bool,
    powers: Vec<Power>,
    /// What was asked of the same rights before; none for rights that are looked at once.
    answers: Option<Rc<Answers>>,
}

/// What a subject can do with its rights in a namespace, or outside of all. `needs` remembers what rights allow, which
/// many may hold.
#[must_use]
pub fn powers<'c>(
    cluster: &'c Cluster,
    subject: &'c Subject,
    namespace: Option<&Arc<str>>,
    behaviour: Behaviour,
    needs: &mut Needs<'c>,
) -> Vec<Power> {
    let rights = cluster.rights(subject, namespace);
    if rights.iter().all(|rights| rights.is_empty()) {
        return Vec::new();
    }
    let mut look = Look {
        cluster,
        subject,
        answers: Some(needs.of(&rights)),
        rights,
        namespace: namespace.cloned(),
        is_inside: false,
        powers: Vec::new(),
    };
    look.find(behaviour);
    look.bind(behaviour);
    look.powers
}

impl Look<'_> {
    fn find(&mut self, behaviour: Behaviour) {
        if self.holds_everything() {
            return;
        }
        self.escalate();
        self.accounts();
        self.pods(behaviour);
        self.tokens();
        self.secrets();
        if self.is_outside() {
            self.users();
            self.nodes();
            self.certificates();
        }
    }

    /// True if rights on what lies outside of namespaces count.
    fn is_outside(&self) -> bool {
        self.namespace.is_none() && !self.is_inside
    }

    /// True if the namespace of what runs the cluster is meant, or all are.
    fn is_of_system(&self) -> bool {
        self.namespace
            .as_deref()
            .is_none_or(|own| own == KUBE_SYSTEM)
    }

    /// The first of some verbs that reaches something, with how far all of them reach.
    fn need(&self, group: &str, resource: &str, verbs: &[Symbol]) -> Option<(Reach, Asked)> {
        let symbols = &self.cluster.symbols;
        let (group, resource) = (symbols.find(group)?, symbols.find(resource)?);
        let find = || self.find_need(group, resource, verbs);
        match &self.answers {
            Some(answers) => answers.of((group, resource), verbs, find),
            None => find(),
        }
    }

    fn find_need(
        &self,
        group: Symbol,
        resource: Symbol,
        verbs: &[Symbol],
    ) -> Option<(Reach, Asked)> {
        let reach = |verbs: &[Symbol]| {
            let reaches = self.rights.iter();
            let reaches =
                reaches.map(|own| own.reach(&self.cluster.symbols, group, resource, verbs));
            reaches.fold(Reach::Nothing, Reach::or)
        };
        let all = reach(verbs);
        let name = match &all {
            Reach::Nothing => return None,
            Reach::Named(names) => names.first().copied(),
            Reach::All => None,
        };
        let one = |verb: &&Symbol| reach(std::slice::from_ref(*verb)).is_some();
        let verb = verbs.iter().find(one).or(verbs.first())?;
        let asked = Asked {
            group,
            resource,
            verb: *verb,
            name,
        };
        Some((all, asked))
    }

    fn add(&mut self, means: Means, target: Target, needs: &[Asked]) {
        self.powers.push(Power {
            means,
            namespace: self.namespace.clone(),
            needs: needs.to_vec(),
            target,
            then: None,
            given: None,
        });
    }

    /// `cluster-admin`, or what comes to the same; in a namespace, all that `admin` has.
    fn holds_everything(&mut self) -> bool {
        let symbols = &self.cluster.symbols;
        let any = Asked {
            group: Symbol::ANY,
            resource: Symbol::ANY,
            verb: Symbol::ANY,
            name: None,
        };
        let has_all = |rights: &&Rights| {
            let ask = (Symbol::ANY, None);
            rights.allows(symbols, Symbol::ANY, Symbol::ANY, ask)
        };
        if self.rights.iter().any(has_all) {
            if self.is_outside() {
                let target = Target::Goal(Goal::ClusterAdmin);
                self.add(Means::Everything, target, &[any]);
                return true;
            }
            self.add(Means::Everything, Target::Namespace, &[any]);
            if self.is_guarded() {
                self.add(Means::Relabel, Target::Goal(Goal::Nodes), &[any]);
            }
            return true;
        }
        let needs: Vec<_> = ADMINISTERS
            .iter()
            .filter_map(|(group, resource, verb)| {
                let (reach, asked) = self.need(group, resource, &[*verb])?;
                reach.is_all().then_some(asked)
            })
            .collect();
        if needs.len() == ADMINISTERS.len() {
            self.add(Means::Administer, Target::Namespace, &needs);
        }
        false
    }

    /// Rights over accounts, each of which is as good as the account.
    fn accounts(&mut self) {
        for (resource, verb, means) in [
            ("serviceaccounts", Symbol::IMPERSONATE, Means::Impersonate),
            ("serviceaccounts/token", Symbol::CREATE, Means::RequestToken),
        ] {
            let Some((reach, asked)) = self.need("", resource, &[verb]) else {
                continue;
            };
            let Reach::Named(names) = reach else {
                self.add(means, Target::AnyAccount, &[asked]);
                if self.is_of_system() {
                    // Controllers of the cluster are accounts of that namespace.
                    self.add(means, Target::Goal(Goal::ClusterAdmin), &[asked]);
                }
                continue;
            };
            for name in names {
                let asked = Asked {
                    name: Some(name),
                    ..asked
                };
                self.add(means, Target::Account(name), &[asked]);
                let account = self.cluster.symbols.text(name);
                let known = brought_along(&Subject::account(KUBE_SYSTEM, account));
                if let Some(goal) = known.filter(|_| self.is_of_system()) {
                    self.add(means, Target::Goal(goal), &[asked]);
                }
            }
        }
        if let Some((_, create)) = self.need("", "secrets", &[Symbol::CREATE])
            && let Some((_, read)) = self.need("", "secrets", &READ)
        {
            self.add(Means::MintToken, Target::AnyAccount, &[create, read]);
        }
    }

    /// Rights over pods, each of which is as good as what these run as.
    fn pods(&mut self, behaviour: Behaviour) {
        let mut makers = MAKERS.iter();
        let found = makers.find_map(|(group, resource, verbs)| self.need(group, resource, verbs));
        if let Some((_, asked)) = found {
            self.add(Means::RunPods, Target::AnyAccount, &[asked]);
            self.take_node(Means::RunPrivileged, asked);
        }
        // What is put into a pod may be as privileged as the namespace lets it.
        if let Some((_, asked)) = self.need("", "pods/ephemeralcontainers", &CHANGE) {
            self.take_node(Means::AddContainer, asked);
        }
        let opens: &[Symbol] = if behaviour.get_opens_exec {
            &[Symbol::CREATE, Symbol::GET]
        } else {
            &[Symbol::CREATE]
        };
        for (resource, verbs, means) in [
            ("pods", &CHANGE[..], Means::ChangeImage),
            ("pods/ephemeralcontainers", &CHANGE, Means::AddContainer),
            ("pods/exec", opens, Means::Exec),
            ("pods/attach", opens, Means::Exec),
        ] {
            match self.need("", resource, verbs) {
                Some((Reach::Named(names), asked)) => {
                    for name in names {
                        let name = Some(name);
                        let asked = Asked { name, ..asked };
                        self.add(means, name.map_or(Target::Running, Target::Pod), &[asked]);
                    }
                }
                Some((_, asked)) => self.add(means, Target::Running, &[asked]),
                None => {}
            }
        }
    }

    /// Pods that take their node, where nothing keeps them from it or what does can be taken away.
    fn take_node(&mut self, means: Means, makes: Asked) {
        let target = Target::Goal(Goal::Nodes);
        let is_unguarded = match &self.namespace {
            Some(namespace) => self.cluster.is_unguarded(namespace),
            None => self.cluster.unguarded().is_some(),
        };
        if is_unguarded {
            self.add(means, target, &[makes]);
        } else if let Some(relabel) = self.relabels() {
            self.add(Means::Relabel, target, &[relabel, makes]);
        }
    }

    /// True if it is known that a Namespace keeps pods from the node.
    fn is_guarded(&self) -> bool {
        self.namespace.as_ref().is_some_and(|own| {
            self.cluster.namespaces.contains_key(own) && !self.cluster.is_unguarded(own)
        })
    }

    /// The right to change what the Namespace says that keeps pods from the node.
    fn relabels(&self) -> Option<Asked> {
        let (reach, asked) = self.need("", "namespaces", &CHANGE)?;
        let own = self.namespace.as_ref();
        let name = own.and_then(|own| self.cluster.symbols.find(own));
        match reach {
            Reach::Named(names) if own.is_some() => {
                let name = name.filter(|name| names.contains(name))?;
                Some(Asked {
                    name: Some(name),
                    ..asked
                })
            }
            _ => Some(asked),
        }
    }

    /// Secrets that hold tokens, each of which is as good as the account.
    fn tokens(&mut self) {
        if self.cluster.tokens.is_empty() {
            return;
        }
        let Some((reach, asked)) = self.need("", "secrets", &READ) else {
            return;
        };
        if let Reach::Named(names) = reach {
            for name in names {
                let asked = Asked {
                    name: Some(name),
                    ..asked
                };
                self.add(Means::ReadToken, Target::Token(name), &[asked]);
            }
        } else {
            self.add(Means::ReadToken, Target::AnyToken, &[asked]);
        }
    }

    fn secrets(&mut self) {
        let is_there = self.is_of_system();
        if let Some((reach, asked)) = self.need("", "secrets", &READ)
            && is_there
            && reach.is_all()
        {
            let target = Target::Goal(Goal::KubeSystemSecrets);
            self.add(Means::ReadSecrets, target, &[asked]);
        }
        if let Some((Reach::Named(names), asked)) = self.need("", "configmaps", &CHANGE)
            && is_there
            && let Some(name) = self.cluster.symbols.find("aws-auth")
            && names.contains(&name)
        {
            let asked = Asked {
                name: Some(name),
                ..asked
            };
            self.add(Means::AwsAuth, Target::Goal(Goal::Masters), &[asked]);
        }
    }

    /// Impersonation of users and groups. A group is only taken on together with a user.
    fn users(&mut self) {
        let users = self.need("", "users", &[Symbol::IMPERSONATE]);
        let accounts = self.need("", "serviceaccounts", &[Symbol::IMPERSONATE]);
        if let Some((groups, asked)) = self.need("", "groups", &[Symbol::IMPERSONATE])
            && let Some((_, user)) = users.clone().or(accounts)
        {
            let named = match &groups {
                Reach::Named(names) => names.as_slice(),
                _ => &[],
            };
            let texts = named.iter().map(|name| self.cluster.symbols.text(*name));
            let targets: Vec<Target> = texts
                .map(|group| match group {
                    MASTERS => Target::Goal(Goal::Masters),
                    group => target_of(Subject::Group(group.into())),
                })
                .collect();
            let mut add = |target, asked| self.add(Means::Impersonate, target, &[asked, user]);
            if let Reach::Named(names) = groups {
                for (name, target) in names.into_iter().zip(targets) {
                    let name = Some(name);
                    add(target, Asked { name, ..asked });
                }
            } else {
                add(Target::Goal(Goal::Masters), asked);
            }
        }
        match users {
            Some((Reach::Named(names), asked)) => {
                for name in names {
                    let asked = Asked {
                        name: Some(name),
                        ..asked
                    };
                    let user = self.cluster.symbols.text(name);
                    if let Some(user) = Subject::of("User", user, None) {
                        self.add(Means::Impersonate, target_of(user), &[asked]);
                    }
                }
            }
            Some((_, asked)) => {
                // Controllers of the cluster are users as well.
                let target = Target::Goal(Goal::ClusterAdmin);
                self.add(Means::Impersonate, target, &[asked]);
            }
            None => {}
        }
    }

    fn nodes(&mut self) {
        let verbs = [Symbol::GET, Symbol::CREATE];
        if let Some((_, asked)) = self.need("", "nodes/proxy", &verbs) {
            let target = Target::Goal(Goal::Nodes);
            self.add(Means::NodesProxy, target, &[asked]);
        }
    }

    /// Certificates of users and of nodes, for which both halves of a request must be in one hand.
    fn certificates(&mut self) {
        let symbols = &self.cluster.symbols;
        let of_domain = symbols.find("kubernetes.io/*");
        let reaches = |reach: &Reach, signer: &str| match reach {
            Reach::All => true,
            Reach::Named(names) => [symbols.find(signer), of_domain]
                .into_iter()
                .flatten()
                .any(|name| names.contains(&name)),
            Reach::Nothing => false,
        };
        let mut found = Vec::new();
        for (verb, part, means) in [
            (Symbol::APPROVE, "approval", Means::Approve),
            (Symbol::SIGN, "status", Means::Sign),
        ] {
            let resource = format!("certificatesigningrequests/{part}");
            let requests = "certificatesigningrequests";
            if let Some((reach, on_signer)) = self.need(CERTIFICATES, "signers", &[verb])
                && let Some((_, change)) = self.need(CERTIFICATES, &resource, &CHANGE)
                && let Some((_, create)) = self.need(CERTIFICATES, requests, &[Symbol::CREATE])
            {
                let goal = if reaches(&reach, CLIENT_SIGNER) {
                    Goal::ClusterAdmin
                } else if reaches(&reach, KUBELET_SIGNER) {
                    Goal::Nodes
                } else {
                    continue;
                };
                found.push((means, goal, [on_signer, change, create]));
            }
        }
        for (means, goal, needs) in found {
            self.add(means, Target::Goal(goal), &needs);
        }
    }
}

/// Where it leads to act as somebody: what a cluster brings along is as good as what it is given there, which stands in no
/// file.
fn target_of(subject: Subject) -> Target {
    brought_along(&subject).map_or(Target::Subject(subject), Target::Goal)
}
