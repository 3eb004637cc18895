//! The rights that a finding about a role is about.

use std::sync::Arc;

use crate::access::cluster::Cluster;
use crate::access::rights::Rights;
use crate::access::role::{Role, Rule};
use crate::finding::Finding;

/// The rule that speaks of rules whose words stand for all: it tells what others tell of words that are named.
pub(super) const OF_WILDCARDS: &str = "rbac/wildcard";

/// True if a word of a rule is the place of a finding.
pub(super) fn has_word(rule: &Rule, finding: &Finding) -> bool {
    let span = finding.location.span;
    let lists = [&rule.verbs, &rule.groups, &rule.resources];
    lists.into_iter().flatten().any(|word| word.span == span)
}

/// The rights of a role that a finding is about: those of the verb and the resource that it names, else of its rule, else
/// all.
pub(super) fn rights_of(cluster: &Cluster, role: &Role, finding: &Finding) -> Arc<Rights> {
    let symbols = &cluster.symbols;
    let mut all = role.rules.iter();
    let Some(policy) = all.find(|own| has_word(own, finding)) else {
        return Arc::clone(&role.rights);
    };
    let span = finding.location.span;
    let verb = policy.verbs.iter().find(|word| word.span == span);
    let resource = finding.subject.discriminator.split_once(' ');
    let resource = resource.and_then(|(_, resource)| symbols.find(resource));
    match (verb, resource) {
        (Some(verb), Some(resource)) if finding.rule != OF_WILDCARDS => {
            let mut one = policy.clone();
            one.verbs = vec![*verb];
            one.resources.retain(|word| word.symbol == resource);
            Arc::new(one.rights(symbols))
        }
        _ => Arc::new(policy.rights(symbols)),
    }
}
