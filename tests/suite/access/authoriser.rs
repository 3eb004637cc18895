//! 100,000 random requests, answered by the sets of rights and by an authoriser that goes by its definition: for each
//! binding that is about the user, for each rule of its role, does the rule match the request.

use tidegate::access::Access;
use tidegate::access::powers::Behaviour;
use tidegate::access::rights::Rights;
use tidegate::access::subject::Subject;
use tidegate::access::symbols::Symbols;

use super::worlds::{Chance, Rule, World};
use crate::reading::snapshot;

/// What the API server makes of the address and the method of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) verb: String,
    pub(super) about: About,
}

#[derive(Debug)]
pub(super) enum About {
    Resource {
        group: String,
        resource: String,
        subresource: String,
        name: String,
        namespace: String,
    },
    Url(String),
}

impl Request {
    /// A request that can be made: what lies outside of namespaces has none, what is created has no name yet.
    pub(super) fn random(chance: &mut Chance) -> Self {
        if chance.one_in(12) {
            let url = chance.of(&[
                "/healthz",
                "/healthz/etcd",
                "/metrics",
                "/version",
                "/api/v1",
                "/apis",
            ]);
            return Self {
                verb: chance.of(&["get", "post", "put"]).to_owned(),
                about: About::Url(url.to_owned()),
            };
        }
        let (group, resource, is_outside) = chance.of(&[
            ("", "pods", false),
            ("", "secrets", false),
            ("", "configmaps", false),
            ("apps", "deployments", false),
            ("apps", "pods", false),
            ("example.com", "secrets", false),
            ("", "nodes", true),
            ("", "namespaces", true),
            ("rbac.authorization.k8s.io", "clusterroles", true),
            ("rbac.authorization.k8s.io", "rolebindings", false),
        ]);
        let subresource = if chance.one_in(3) {
            chance.of(&["exec", "status", "token", "log"])
        } else {
            ""
        };
        let verb = chance.of(&[
            "get",
            "list",
            "watch",
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
            "bind",
            "mix",
        ]);
        let is_nameless = subresource.is_empty() && matches!(verb, "create" | "deletecollection");
        let is_selected = !matches!(verb, "list" | "watch") || chance.one_in(4);
        let name = if is_nameless || !is_selected {
            ""
        } else {
            chance.of(&["a", "b", "shop", "bank"])
        };
        let namespace = match (resource, is_outside) {
            // What is listed by a name is asked for outside of the namespace all the same.
            ("namespaces", _) if !name.is_empty() && !matches!(verb, "list" | "watch") => name,
            ("clusterroles", _) if verb == "bind" => chance.of(&["shop", "bank", ""]),
            (_, true) => "",
            (_, false) => chance.of(&["shop", "bank", "kube-system"]),
        };
        Self {
            verb: verb.to_owned(),
            about: About::Resource {
                group: group.to_owned(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                name: name.to_owned(),
                namespace: namespace.to_owned(),
            },
        }
    }
}

/// The matcher as `pkg/apis/rbac/v1` defines it, on words.
pub(super) fn matches(rule: &Rule, request: &Request) -> bool {
    let has = |words: &[String], word: &str| words.iter().any(|own| own == "*" || own == word);
    if !has(&rule.verbs, &request.verb) {
        return false;
    }
    match &request.about {
        About::Url(url) => rule.urls.iter().any(|own| {
            own == "*"
                || own == url
                || own.ends_with('*') && url.starts_with(own.trim_end_matches('*'))
        }),
        About::Resource {
            group,
            resource,
            subresource,
            name,
            ..
        } => {
            let combined = if subresource.is_empty() {
                resource.clone()
            } else {
                format!("{resource}/{subresource}")
            };
            let is_resource = rule.resources.iter().any(|own| {
                own == "*"
                    || *own == combined
                    || !subresource.is_empty() && *own == format!("*/{subresource}")
            });
            has(&rule.groups, group)
                && is_resource
                && (rule.names.is_empty() || rule.names.contains(name))
        }
    }
}

/// The rules that a role has in the end.
pub(super) fn rules_of<'w>(
    world: &'w World,
    is_of_cluster: bool,
    namespace: &str,
    name: &str,
) -> Vec<&'w Rule> {
    fn collect<'w>(world: &'w World, at: usize, seen: &mut Vec<usize>, rules: &mut Vec<&'w Rule>) {
        if seen.contains(&at) {
            return;
        }
        seen.push(at);
        let role = &world.roles[at];
        match &role.sums_up {
            None => rules.extend(&role.rules),
            Some(label) => {
                for (number, other) in world.roles.iter().enumerate() {
                    if other.is_of_cluster && other.labels.contains(label) {
                        collect(world, number, seen, rules);
                    }
                }
            }
        }
    }
    let mut rules = Vec::new();
    let found = world.roles.iter().position(|role| {
        role.is_of_cluster == is_of_cluster
            && role.name == name
            && (is_of_cluster || role.namespace == namespace)
    });
    if let Some(at) = found {
        collect(world, at, &mut Vec::new(), &mut rules);
    }
    rules
}

/// True if a binding is about a user with its groups.
fn is_about((kind, name, namespace): &(String, String, String), user: &str) -> bool {
    let account = user.strip_prefix("system:serviceaccount:");
    match kind.as_str() {
        "User" => name == user,
        "ServiceAccount" => format!("system:serviceaccount:{namespace}:{name}") == user,
        "Group" => {
            let mut groups = vec!["system:authenticated".to_owned()];
            if let Some((namespace, _)) = account.and_then(|it| it.split_once(':')) {
                groups.push("system:serviceaccounts".to_owned());
                groups.push(format!("system:serviceaccounts:{namespace}"));
            }
            groups.contains(name)
        }
        _ => false,
    }
}

/// The authoriser: bindings of the cluster count always, those of a namespace where the request is made in it.
pub(super) fn allows(world: &World, user: &str, request: &Request) -> bool {
    world.bindings.iter().any(|binding| {
        let counts = match &request.about {
            About::Url(_) => binding.namespace.is_empty(),
            About::Resource { namespace, .. } => {
                binding.namespace.is_empty() || binding.namespace == *namespace
            }
        };
        let named = binding.names_cluster_role;
        counts
            && binding
                .subjects
                .iter()
                .any(|subject| is_about(subject, user))
            && rules_of(world, named, &binding.namespace, &binding.role)
                .into_iter()
                .any(|rule| matches(rule, request))
    })
}

/// Users, and the subjects that they are.
pub(super) fn users() -> Vec<(String, Subject)> {
    let mut users = vec![(
        "jane".to_owned(),
        Subject::of("User", "jane", None).unwrap(),
    )];
    for (namespace, name) in [("shop", "cart"), ("bank", "teller"), ("shop", "default")] {
        let user = format!("system:serviceaccount:{namespace}:{name}");
        users.push((user, Subject::account(namespace, name)));
    }
    users
}

/// What the engine says.
pub(super) fn engine_allows(
    cluster: &tidegate::access::cluster::Cluster,
    symbols: &mut Symbols,
    subject: &Subject,
    request: &Request,
) -> bool {
    let namespace = match &request.about {
        About::Resource { namespace, .. } if !namespace.is_empty() => {
            Some(namespace.as_str().into())
        }
        About::Resource { .. } | About::Url(_) => None,
    };
    let rights = cluster.rights(subject, namespace.as_ref());
    rights
        .iter()
        .any(|rights| allowed_by(rights, symbols, request))
}

/// What some rights say, wherever they count.
pub(super) fn allowed_by(rights: &Rights, symbols: &mut Symbols, request: &Request) -> bool {
    let verb = symbols.intern(&request.verb);
    match &request.about {
        About::Url(url) => rights.allows_url(symbols, url, verb),
        About::Resource {
            group,
            resource,
            subresource,
            name,
            ..
        } => {
            let combined = if subresource.is_empty() {
                resource.clone()
            } else {
                format!("{resource}/{subresource}")
            };
            let (group, combined) = (symbols.intern(group), symbols.intern(&combined));
            let name = (!name.is_empty()).then(|| symbols.intern(name));
            rights.allows(symbols, group, combined, (verb, name))
        }
    }
}

#[test]
fn random_requests_are_answered_as_the_authoriser_answers_them() {
    let mut chance = Chance::new(7);
    let (mut allowed, mut asked) = (0, 0);
    for number in 0..500 {
        let world = World::random(&mut chance);
        let text = world.manifest();
        let snapshot = snapshot(&[("rbac.yaml", &text)]);
        let access = Access::of(|| snapshot.objects(), &|_| Vec::new(), Behaviour::default());
        let cluster = access.clusters.first();
        let mut symbols = cluster.map(|it| (*it.symbols).clone()).unwrap_or_default();
        for _ in 0..50 {
            let request = Request::random(&mut chance);
            for (user, subject) in users() {
                let expected = allows(&world, &user, &request);
                let cluster = access.clusters.first();
                let found =
                    cluster.is_some_and(|it| engine_allows(it, &mut symbols, &subject, &request));
                assert_eq!(
                    found, expected,
                    "world {number}, {user}, {request:?}\n{text}"
                );
                allowed += usize::from(expected);
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 100_000);
    assert!(
        allowed > 5_000 && allowed < 95_000,
        "{allowed} were allowed: nothing is tried"
    );
}
