//! Questions as people ask them: who can do this, and where does that come from.

use std::sync::Arc;

use super::cluster::Cluster;
use super::held::Grant;
use super::outside::{Asks, asks};
use super::question::{About, Question};
use super::rights::Rights;
use super::subject::{Scope, Subject};
use super::symbols::{Symbol, Symbols};

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
    let allows = |rights: &Rights, scope: &Scope| match (&question.about, resource) {
        (About::Url(url), _) => *scope == Scope::Cluster && rights.allows_url(&symbols, url, verb),
        (_, Some(resource)) => may((rights, scope), &symbols, resource, verb),
        _ => false,
    };
    let mut able = Vec::new();
    for (subject, scopes) in &cluster.held {
        for (scope, held) in scopes {
            let counts = match (scope, namespace) {
                (Scope::Namespace(own), Some(asked)) => **own == *asked,
                _ => true,
            };
            if counts && allows(&held.rights, scope) {
                able.push(Able {
                    subject: subject.clone(),
                    scope: scope.clone(),
                    by: held
                        .grants
                        .iter()
                        .copied()
                        .filter(|grant| gives(cluster, *grant, &|rights| allows(rights, scope)))
                        .collect(),
                });
            }
        }
    }
    able
}

/// Where no name is asked for, a right on some objects is one. What lies outside of namespaces is in no namespace.
fn may(
    (rights, scope): (&Rights, &Scope),
    symbols: &Symbols,
    (group, resource, name): (Symbol, Symbol, Option<Symbol>),
    verb: Symbol,
) -> bool {
    let words = (symbols.text(group), symbols.text(resource));
    let own = match asks(scope, words, verb) {
        Asks::All => None,
        Asks::Own(namespace) => symbols.find(namespace),
        Asks::Nothing => return false,
    };
    match (name, own) {
        (Some(name), Some(own)) if name != own => false,
        (None, None) => rights.reach(symbols, group, resource, &[verb]).is_some(),
        (name, own) => rights.allows(symbols, group, resource, (verb, name.or(own))),
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
