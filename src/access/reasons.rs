//! What somebody does on a way, in words, and the lines that it takes.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::finding::Location;

use super::cluster::Cluster;
use super::goal::Goal;
use super::powers::{Means, Power, Target, Then};
use super::proof::{Evidence, Step};
use super::rights::Asked;
use super::subject::Subject;
use super::symbols::Symbol;

/// How a use of rights leads to an account.
pub(super) fn joined(means: Means) -> &'static str {
    match means {
        Means::RunPods => ", which can run as",
        Means::ReadToken => ", one of which holds a token of",
        Means::MintToken => ", so that a token is put there for",
        Means::RequestToken | Means::Impersonate => ", such as",
        _ => ", one of which runs as",
    }
}

/// What somebody does by a use of rights, with the lines that it takes.
pub(super) fn use_of(cluster: &Cluster, who: &Subject, power: &Power) -> Step {
    let place = match &power.namespace {
        None => "everywhere".to_owned(),
        Some(namespace) => format!("in namespace {namespace}"),
    };
    let mut does = phrase(cluster, power, power.means, &power.needs, &place);
    if let Some(then) = &power.then
        && !then.means.is_possession()
    {
        let more = phrase(cluster, power, then.means, &then.needs, &place);
        // Writing to a String cannot fail.
        let _ = write!(does, ", and so {more}");
    }
    let needs = power.needs.iter();
    let namespace = power.namespace.as_ref();
    let evidence = needs.flat_map(|asked| lines_of(cluster, who, namespace, *asked));
    let then = power.then.iter().flat_map(|then| bound(cluster, then));
    let taken = [Means::RunPrivileged, Means::AddContainer].contains(&used(power))
        && power.target == Target::Goal(Goal::Nodes);
    let own = power.namespace.as_deref().or_else(|| cluster.unguarded());
    let unguarded = own
        .filter(|_| taken)
        .and_then(|own| unguarded(cluster, own));
    let all = evidence
        .chain(then)
        .chain(given(cluster, power))
        .chain(unguarded);
    let mut seen = Vec::new();
    for one in all {
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

/// How rights are used in the end.
fn used(power: &Power) -> Means {
    power.then.as_ref().map_or(power.means, |then| then.means)
}

/// `may create pods in namespace shop`.
fn phrase(cluster: &Cluster, power: &Power, means: Means, needs: &[Asked], place: &str) -> String {
    let asked = needs.first();
    let right = asked.map_or_else(String::new, |asked| right(cluster, asked));
    let to_nodes = power.target == Target::Goal(Goal::Nodes);
    let of = if to_nodes { "node" } else { "user" };
    match means {
        Means::Everything => format!("may do everything {place}"),
        Means::Administer => format!("holds all that admin has {place}"),
        Means::Bind => format!("may {right} and write bindings {place}"),
        Means::Escalate if to_nodes => {
            format!("may {right} and change them {place}, and so lift what keeps pods from nodes")
        }
        Means::Escalate => format!("may {right} and change them {place}"),
        Means::Impersonate | Means::RequestToken
            if power.target == Target::Goal(Goal::ClusterAdmin)
                && asked.is_some_and(|asked| is_of_accounts(cluster, asked)) =>
        {
            format!("may {right} {place}, those of the controllers of the cluster among them")
        }
        Means::Impersonate
        | Means::RequestToken
        | Means::RunPods
        | Means::ReadSecrets
        | Means::ReadToken => {
            format!("may {right} {place}")
        }
        Means::Relabel if needs.len() < 2 => {
            format!("may do everything {place}, and so lift what keeps pods from nodes")
        }
        Means::Relabel => {
            format!("may {right} and make pods {place}, which may then be privileged")
        }
        Means::MintToken => format!("may create and read secrets {place}"),
        Means::RunPrivileged => format!("may {right} {place}, where they may be privileged"),
        Means::ChangeImage => format!("may change the image of pods {place}"),
        Means::AddContainer if to_nodes => {
            format!("may put containers into pods {place}, where they may be privileged")
        }
        Means::AddContainer => format!("may put containers into pods {place}"),
        Means::Exec => format!("may start programs in pods {place}"),
        Means::NodesProxy => format!("may {right}, which reaches the kubelet past the API server"),
        Means::Approve => format!("may {right} and so let itself have a certificate of any {of}"),
        Means::Sign => format!("may {right} and so make certificates of any {of}"),
        Means::AwsAuth => format!("may {right} {place}, which makes administrators on EKS"),
    }
}

/// True for a right over every account.
fn is_of_accounts(cluster: &Cluster, asked: &Asked) -> bool {
    let resource = cluster.symbols.text(asked.resource);
    asked.name.is_none() && resource.starts_with("serviceaccounts")
}

/// The rules of roles that are bound which give what is used.
fn bound(cluster: &Cluster, then: &Then) -> Vec<Evidence> {
    let needs = then.needs.iter();
    let found = needs.filter_map(|asked| {
        let (number, at) = cluster.rule_giving(&then.roles, *asked)?;
        let role = cluster.roles.get(number)?;
        let path = Arc::clone(&role.at.as_ref()?.path);
        let giving = role.rules.get(at)?;
        let mut verbs = giving.verbs.iter();
        let verb = verbs.find(|word| [asked.verb, Symbol::ANY].contains(&word.symbol));
        Some(Evidence {
            at: Location {
                path,
                span: verb.map_or(giving.span, |word| word.span),
            },
            what: format!("{} allows to {}", role.title(), right(cluster, asked)),
        })
    });
    found.collect()
}

/// What gives somebody the role that they write into.
fn given(cluster: &Cluster, power: &Power) -> Option<Evidence> {
    let binding = cluster.bindings.get(power.given?)?;
    Some(Evidence {
        at: binding.place(binding.role_at),
        what: format!("{} gives {}", binding.title(), binding.role),
    })
}

/// What lets pods take their node: the Namespace that says so.
pub(super) fn unguarded(cluster: &Cluster, name: &str) -> Option<Evidence> {
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
pub(super) fn lines_of(
    cluster: &Cluster,
    who: &Subject,
    namespace: Option<&Arc<str>>,
    asked: Asked,
) -> Vec<Evidence> {
    let mut found = Vec::new();
    let Some(source) = cluster.source(who, namespace, asked) else {
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
