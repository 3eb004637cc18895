//! Who can do what is asked for, held against a naive answer: for each subject and scope, is there a request of that kind
//! that can be made there, and that a rule of a role bound there matches.

use std::collections::BTreeSet;

use tidegate::access::Access;
use tidegate::access::ask::who_can;
use tidegate::access::powers::Behaviour;
use tidegate::access::question::Question;

use super::authoriser::{About, Request, matches, rules_of};
use super::worlds::{Chance, Rule, World};
use crate::reading::snapshot;

/// Who is given rules where: the subject as it is shown, the namespace (empty for the whole cluster), and the rules.
fn given(world: &World) -> Vec<(String, String, Vec<&Rule>)> {
    let mut given = Vec::new();
    for binding in &world.bindings {
        for (kind, name, namespace) in &binding.subjects {
            let account = name.strip_prefix("system:serviceaccount:");
            let who = match (kind.as_str(), account) {
                ("ServiceAccount", _) => format!("ServiceAccount {namespace}/{name}"),
                ("User", Some(account)) => format!("ServiceAccount {}", account.replace(':', "/")),
                _ => format!("{kind} {name}"),
            };
            let named = binding.names_cluster_role;
            let rules = rules_of(world, named, &binding.namespace, &binding.role);
            given.push((who, binding.namespace.clone(), rules));
        }
    }
    given
}

/// True if a request for a resource can be made that counts in a scope. By the request info of the API server: what lies
/// outside of namespaces is asked for outside of them, but for a namespace by its own name, and for the role of a binding.
fn is_asked(scope: &str, resource: &str, verb: &str, name: &str) -> bool {
    let (own, below) = resource.split_once('/').unwrap_or((resource, ""));
    let is_nameless = below.is_empty() && matches!(verb, "create" | "deletecollection");
    let may_lack_one = matches!(verb, "list" | "watch" | "create" | "deletecollection");
    if is_nameless && !name.is_empty() || name.is_empty() && !may_lack_one {
        return false;
    }
    match own {
        _ if scope.is_empty() => true,
        "nodes" | "persistentvolumes" => false,
        "clusterroles" => verb == "bind",
        "namespaces" => {
            name == scope
                && (!below.is_empty()
                    || !matches!(verb, "list" | "watch" | "create" | "deletecollection"))
        }
        _ => true,
    }
}

const RESOURCES: [(&str, &str); 12] = [
    ("", "pods"),
    ("", "secrets"),
    ("", "pods/exec"),
    ("apps", "deployments"),
    ("", "nodes"),
    ("", "nodes/status"),
    ("", "persistentvolumes"),
    ("", "namespaces"),
    ("", "namespaces/status"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("example.com", "carts"),
];

const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "delete",
    "deletecollection",
    "bind",
];

#[test]
fn random_questions_are_answered_by_the_scopes_of_resources() {
    let (mut able, mut outside) = (0, 0);
    let mut chance = Chance::new(31);
    for number in 0..300 {
        let world = World::random(&mut chance);
        let text = world.manifest();
        let snapshot = snapshot(&[("rbac.yaml", &text)]);
        let access = Access::of(|| snapshot.objects(), &|_| Vec::new(), Behaviour::default());
        let given = given(&world);
        for _ in 0..30 {
            let (group, resource) = chance.of(&RESOURCES);
            let verb = chance.of(&VERBS);
            let asked = chance.of(&["", "", "a", "shop"]);
            let is_nameless =
                !resource.contains('/') && matches!(verb, "create" | "deletecollection");
            let asked = if is_nameless { "" } else { asked };
            let namespace = chance.of(&[None, Some("shop"), Some("bank")]);
            let (own, below) = resource.split_once('/').unwrap_or((resource, ""));
            let slash = if below.is_empty() { "" } else { "/" };
            let dot = if group.is_empty() { "" } else { "." };
            let question = format!("{verb} {own}{dot}{group}{slash}{below} {asked}");
            let names = if asked.is_empty() {
                vec!["", "a", "b", "shop", "bank", "other"]
            } else {
                vec![asked]
            };
            let can = |scope: &str, rules: &[&Rule]| {
                let mut names = names
                    .iter()
                    .filter(|name| is_asked(scope, resource, verb, name));
                names.any(|name| {
                    let request = Request {
                        verb: verb.to_owned(),
                        about: About::Resource {
                            group: group.to_owned(),
                            resource: own.to_owned(),
                            subresource: below.to_owned(),
                            name: (*name).to_owned(),
                            namespace: scope.to_owned(),
                        },
                    };
                    rules.iter().any(|rule| matches(rule, &request))
                })
            };
            let is_shown = |scope: &str| {
                namespace.is_none_or(|namespace| scope.is_empty() || scope == namespace)
            };
            let expected: BTreeSet<(String, String)> = given
                .iter()
                .filter(|(_, scope, rules)| is_shown(scope) && can(scope, rules))
                .map(|(who, scope, _)| (who.clone(), scope.clone()))
                .collect();
            let parsed: Question = question.parse().unwrap();
            let clusters = access.clusters.iter();
            let found = clusters.flat_map(|cluster| who_can(cluster, &parsed, namespace));
            let found: BTreeSet<(String, String)> = found
                .map(|able| {
                    assert!(!able.by.is_empty(), "{question} comes from nowhere\n{text}");
                    let scope = able.scope.namespace().map(ToString::to_string);
                    (able.subject.to_string(), scope.unwrap_or_default())
                })
                .collect();
            assert_eq!(
                found, expected,
                "world {number}: {question} in {namespace:?}\n{text}"
            );
            able += found.len();
            let has_all = |rules: &Vec<&Rule>| {
                rules
                    .iter()
                    .any(|rule| rule.resources.iter().any(|it| it == "*"))
            };
            outside += given
                .iter()
                .filter(|(_, scope, rules)| {
                    !scope.is_empty()
                        && matches!(own, "nodes" | "persistentvolumes")
                        && has_all(rules)
                })
                .count();
        }
    }
    assert!(able > 1_000, "only {able} can: nothing is tried");
    assert!(
        outside > 200,
        "only {outside} hold all resources of a namespace: nothing is tried"
    );
}
