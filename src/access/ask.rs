//! Questions as people ask them: who can do this, and where does that come from.

use std::sync::Arc;

use crate::kubernetes::kinds;

use super::cluster::{Cluster, Grant};
use super::rights::Rights;
use super::subject::{Scope, Subject};
use super::symbols::{Symbol, Symbols};

/// A request that somebody might make: `get secrets`, `create deployments.apps`, `create pods/exec`, `get /metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The verb.
    pub verb: String,
    /// What it is about.
    pub about: About,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A resource: its group, its name with the subresource behind a slash, and the name of the object.
    Resource(String, String, Option<String>),
    /// A path outside of resources.
    Url(String),
}

impl std::str::FromStr for Question {
    type Err = String;

    /// `VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAME]`, or `VERB /PATH`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (verb, resource, name) = (words.next(), words.next(), words.next());
        let (Some(verb), Some(resource), None) = (verb, resource, words.next()) else {
            return Err("write it as \"VERB RESOURCE [NAME]\", such as \"get secrets\"".to_owned());
        };
        let about = if resource.starts_with('/') {
            About::Url(resource.to_owned())
        } else {
            let (resource, below) = match resource.split_once('/') {
                Some((resource, below)) => (resource, format!("/{below}")),
                None => (resource, String::new()),
            };
            let (resource, group) = match resource.split_once('.') {
                Some((resource, group)) => (resource, group),
                None => (
                    resource,
                    kinds::group_of_resource(resource).unwrap_or_default(),
                ),
            };
            let name = name.map(str::to_owned);
            About::Resource(group.to_owned(), format!("{resource}{below}"), name)
        };
        Ok(Self {
            verb: verb.to_owned(),
            about,
        })
    }
}

/// Somebody who can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Able {
    /// Who.
    pub subject: Subject,
    /// Where.
    pub scope: Scope,
    /// By which bindings and roles that may be: their titles, and the grants.
    pub by: Vec<Grant>,
}

/// Who can do what is asked for in a namespace; where none is given, in any scope.
#[must_use]
pub fn who_can(cluster: &Cluster, question: &Question, namespace: Option<&str>) -> Vec<Able> {
    let mut symbols: Symbols = (*cluster.symbols).clone();
    let verb = symbols.intern(&question.verb);
    let resource = match &question.about {
        About::Resource(group, resource, name) => {
            let name = name.as_ref().map(|name| symbols.intern(name));
            Some((symbols.intern(group), symbols.intern(resource), name))
        }
        About::Url(_) => None,
    };
    let allows = |rights: &Rights| match (&question.about, resource) {
        (About::Url(url), _) => rights.allows_url(&symbols, url, verb),
        (_, Some((group, resource, name))) => may(rights, &symbols, (group, resource, name), verb),
        _ => false,
    };
    let mut able = Vec::new();
    for (subject, scopes) in &cluster.held {
        for (scope, held) in scopes {
            let counts = match (scope, namespace) {
                (Scope::Namespace(own), Some(asked)) => **own == *asked,
                _ => true,
            };
            if counts && allows(&held.rights) {
                able.push(Able {
                    subject: subject.clone(),
                    scope: scope.clone(),
                    by: held
                        .grants
                        .iter()
                        .copied()
                        .filter(|grant| gives(cluster, *grant, &allows))
                        .collect(),
                });
            }
        }
    }
    able
}

/// Where no name is asked for, a right on some objects is one.
fn may(
    rights: &Rights,
    symbols: &Symbols,
    (group, resource, name): (Symbol, Symbol, Option<Symbol>),
    verb: Symbol,
) -> bool {
    match name {
        Some(_) => rights.allows(symbols, group, resource, (verb, name)),
        None => rights.reach(symbols, group, resource, &[verb]).is_some(),
    }
}

fn gives(cluster: &Cluster, grant: Grant, allows: &dyn Fn(&Rights) -> bool) -> bool {
    let leaves = cluster.meant.get(grant.binding);
    let leaves = leaves.map(|meant| Arc::clone(&meant.leaves));
    leaves.is_some_and(|leaves| {
        let mut roles = leaves.iter().filter_map(|role| cluster.roles.get(*role));
        roles.any(|role| allows(&role.rights))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_as_people_type_them() {
        let resource = |verb: &str, group: &str, resource: &str, name: Option<&str>| {
            Ok(Question {
                verb: verb.to_owned(),
                about: About::Resource(
                    group.to_owned(),
                    resource.to_owned(),
                    name.map(str::to_owned),
                ),
            })
        };
        for (text, expected) in [
            ("get secrets", resource("get", "", "secrets", None)),
            ("get secrets db", resource("get", "", "secrets", Some("db"))),
            (
                "create deployments",
                resource("create", "apps", "deployments", None),
            ),
            (
                "get networkpolicies",
                resource("get", "networking.k8s.io", "networkpolicies", None),
            ),
            (
                "get ingresses",
                resource("get", "networking.k8s.io", "ingresses", None),
            ),
            (
                "patch deployments.apps/scale",
                resource("patch", "apps", "deployments/scale", None),
            ),
            (
                "create pods/exec",
                resource("create", "", "pods/exec", None),
            ),
            (
                "get things.example.com",
                resource("get", "example.com", "things", None),
            ),
            (
                "bind clusterroles",
                resource("bind", "rbac.authorization.k8s.io", "clusterroles", None),
            ),
        ] {
            assert_eq!(text.parse::<Question>(), expected, "{text}");
        }
        let url = About::Url("/metrics".to_owned());
        assert_eq!(
            "get /metrics".parse::<Question>().map(|it| it.about),
            Ok(url)
        );
        for wrong in ["", "get", "get secrets db more"] {
            assert!(wrong.parse::<Question>().is_err(), "{wrong}");
        }
    }
}
