//! What is moved, split, joined, renamed or put in another order changes nothing; and what a difference says is exactly
//! what the authoriser lets through after and did not before.

use std::collections::BTreeMap;

use tidegate::access::Comparison;
use tidegate::access::powers::Behaviour;
use tidegate::access::proof::Proof;
use tidegate::access::subject::Scope;
use tidegate::access::symbols::Symbols;
use tidegate::finding::{Severity, Status};
use tidegate::snapshot::Snapshot;

use super::authoriser::{About, Request, allowed_by, allows, users};
use super::paths::manifest;
use super::worlds::{Chance, Role, Rule, World};
use crate::reading::snapshot;
use crate::reports;

pub(super) fn compare(base: &Snapshot, head: &Snapshot) -> Comparison {
    let nowhere = |_: &str| Vec::new();
    let renames = BTreeMap::new();
    Comparison::between(
        || base.objects(),
        || head.objects(),
        &renames,
        &nowhere,
        Behaviour::default(),
    )
}

/// The ways that come with a change.
pub(super) fn new_proofs(found: &Comparison) -> Vec<&Proof> {
    let clusters = found.clusters.iter();
    clusters.flat_map(|it| &it.new_proofs).collect()
}

/// One way to write the same rights otherwise.
type Rewrite = fn(&mut World, &mut Chance);

fn reorder(world: &mut World, chance: &mut Chance) {
    chance.shuffle(&mut world.roles);
    chance.shuffle(&mut world.bindings);
    for role in &mut world.roles {
        chance.shuffle(&mut role.rules);
        for rule in &mut role.rules {
            chance.shuffle(&mut rule.verbs);
            chance.shuffle(&mut rule.resources);
            chance.shuffle(&mut rule.groups);
            chance.shuffle(&mut rule.names);
        }
    }
}

/// One rule for each verb and resource.
fn split_rules(world: &mut World, _: &mut Chance) {
    for role in &mut world.roles {
        let rules = std::mem::take(&mut role.rules);
        for rule in rules {
            for verb in &rule.verbs {
                let one = Rule {
                    verbs: vec![verb.clone()],
                    ..rule.clone()
                };
                if one.resources.is_empty() {
                    role.rules.push(one);
                    continue;
                }
                for resource in &one.resources {
                    role.rules.push(Rule {
                        resources: vec![resource.clone()],
                        ..one.clone()
                    });
                }
            }
        }
    }
}

/// What is said twice, and what a wider word says already.
fn repeat(world: &mut World, _: &mut Chance) {
    for role in &mut world.roles {
        let mut narrow = role.rules.clone();
        for rule in &mut narrow {
            if rule.verbs.iter().any(|verb| verb == "*") {
                rule.verbs = vec!["get".to_owned()];
            }
            if rule.names.is_empty() && rule.urls.is_empty() {
                rule.names = vec!["a".to_owned()];
            }
        }
        role.rules.extend(narrow);
    }
}

/// Each role in two, both of which are bound.
fn split_roles(world: &mut World, _: &mut Chance) {
    let mut halves: Vec<Role> = Vec::new();
    for role in &mut world.roles {
        if role.sums_up.is_some() {
            continue;
        }
        let half = role.rules.split_off(role.rules.len() / 2);
        halves.push(Role {
            name: format!("{}-half", role.name),
            rules: half,
            ..role.clone()
        });
    }
    let mut bindings = world.bindings.clone();
    bindings.retain(|binding| {
        halves
            .iter()
            .any(|half| half.name == format!("{}-half", binding.role))
    });
    for binding in &mut bindings {
        binding.name = format!("{}-half", binding.name);
        binding.role = format!("{}-half", binding.role);
    }
    world.roles.extend(halves);
    world.bindings.extend(bindings);
}

fn rename(world: &mut World, _: &mut Chance) {
    for role in &mut world.roles {
        role.name = format!("renamed-{}", role.name);
    }
    for binding in &mut world.bindings {
        binding.role = format!("renamed-{}", binding.role);
        binding.name = format!("renamed-{}", binding.name);
    }
}

/// One binding for each subject.
fn split_bindings(world: &mut World, _: &mut Chance) {
    let bindings = std::mem::take(&mut world.bindings);
    for binding in bindings {
        for (number, subject) in binding.subjects.iter().enumerate() {
            let mut one = binding.clone();
            one.name = format!("{}-{number}", binding.name);
            one.subjects = vec![subject.clone()];
            world.bindings.push(one);
        }
    }
}

#[test]
fn what_is_only_written_otherwise_changes_nothing() {
    let rewrites: [Rewrite; 6] = [
        reorder,
        split_rules,
        repeat,
        split_roles,
        rename,
        split_bindings,
    ];
    let mut chance = Chance::new(11);
    for number in 0..120 {
        let world = World::random(&mut chance);
        let before = world.manifest();
        for rewrite in rewrites {
            let mut other = world.clone();
            rewrite(&mut other, &mut chance);
            if chance.one_in(3) {
                reorder(&mut other, &mut chance);
            }
            // Each object in a file of its own, as well.
            let texts = other.objects();
            let paths: Vec<String> = (0..texts.len())
                .map(|at| format!("dir-{}/{at}.yaml", at % 3))
                .collect();
            let files: Vec<(&str, &str)> = paths
                .iter()
                .map(String::as_str)
                .zip(texts.iter().map(String::as_str))
                .collect();
            let joined = texts.join("---\n");
            for head in [snapshot(&[("rbac.yaml", &joined)]), snapshot(&files)] {
                let base = snapshot(&[("rbac.yaml", &before)]);
                let found = compare(&base, &head);
                let told: Vec<_> = found.clusters.iter().flat_map(|it| &it.changes).collect();
                assert!(
                    told.is_empty(),
                    "world {number}: {told:?}\n{before}\n===\n{joined}"
                );
                let proofs = new_proofs(&found);
                assert!(proofs.is_empty(), "world {number}: {proofs:?}");
            }
        }
    }
}

/// What rules about rights say of a change, one a line.
fn told(before: &str, after: &str) -> Vec<String> {
    let report = reports::of(&[("rbac.yaml", before)], &[("rbac.yaml", after)]);
    let findings = report
        .findings
        .iter()
        .filter(|it| it.rule.starts_with("rbac/") && it.status != Status::Existing);
    let told = findings.map(|it| {
        format!(
            "{:?} {:?} {}: {}",
            it.status, it.severity, it.rule, it.message
        )
    });
    told.collect()
}

#[test]
fn what_is_only_written_otherwise_is_no_news_to_any_rule() {
    let rewrites: [(&str, Rewrite); 6] = [
        ("reorder", reorder),
        ("split rules", split_rules),
        ("repeat", repeat),
        ("split roles", split_roles),
        ("rename", rename),
        ("split bindings", split_bindings),
    ];
    let mut chance = Chance::new(5);
    let mut findings = 0;
    for number in 0..60 {
        let mut world = World::random(&mut chance);
        // What a role gives is not known that is in no file.
        world.bindings.retain(|binding| binding.role != "nobody");
        let before = world.manifest();
        findings += told("", &before).len();
        for (name, rewrite) in rewrites {
            let mut other = world.clone();
            rewrite(&mut other, &mut chance);
            let after = other.manifest();
            let mut news = told(&before, &after);
            // What has no effect is about the words, some of which are new.
            news.retain(|it| name != "repeat" || !it.contains("rbac/ineffective-rule"));
            // A half that nobody is given may repeat what the other half gives still.
            news.retain(|it| name != "split roles" || !it.contains("no binding gives it"));
            assert!(
                news.is_empty(),
                "world {number}, {name}: {news:#?}\n{before}\n===\n{after}"
            );
        }
    }
    assert!(findings > 300, "only {findings} findings: nothing is tried");
}

#[test]
fn what_is_split_or_renamed_and_gives_more_is_news() {
    let base = manifest(
        "ClusterRole r | | pods/exec | create
         sa/ci/a -> ClusterRole r
         ClusterRole latent | rbac.authorization.k8s.io | clusterroles | escalate",
    );
    let same = [
        // Renamed together with its binding, and a role that nobody is given.
        base.replace("name: r}", "name: q}")
            .replace("name: \"r\"", "name: \"q\""),
        base.replace("latent", "renamed"),
        // By another binding to the same one, and twice.
        base.replace("name: b1", "name: other"),
        base.clone()
            + &manifest("ClusterRole twice | | pods/exec | create\nsa/ci/a -> ClusterRole twice"),
    ];
    for after in &same {
        assert_eq!(told(&base, after), [""; 0], "{after}");
        assert_eq!(told(after, &base), [""; 0], "{after}");
    }
    for (after, rule, severity) in [
        // To somebody else, to more places, and more.
        (
            base.clone()
                + &manifest("ClusterRole q | | pods/exec | create\nsa/ci/b -> ClusterRole q"),
            "pods-exec",
            Severity::High,
        ),
        (
            base.replace("name: r}", "name: q}")
                .replace("name: \"r\"", "name: \"q\"")
                .replace("\"create\"]", "\"create\", \"get\"]")
                .replace("\"pods/exec\"", "\"pods/exec\", \"nodes/proxy\""),
            "nodes-proxy",
            Severity::Critical,
        ),
        // What nobody had is given to somebody under another name.
        (
            base.replace("latent", "q") + &manifest("sa/ci/a -> ClusterRole q"),
            "escalate",
            Severity::Critical,
        ),
        // The other half of what only both make grave.
        (
            base.clone()
                + &manifest(
                    "ClusterRole q | rbac.authorization.k8s.io | clusterroles | update\nsa/ci/a -> ClusterRole latent\nsa/ci/a -> ClusterRole q",
                ),
            "roles-write",
            Severity::Critical,
        ),
    ] {
        let news = told(&base, &after);
        let wanted = format!("Introduced {severity:?} rbac/{rule}: ");
        assert!(
            news.iter().any(|it| it.starts_with(&wanted)),
            "{wanted} {news:#?}\n{after}"
        );
    }
    // What is taken away is fixed.
    let gone = told(&base, &base.replace("pods/exec", "pods/log"));
    assert!(
        gone.iter()
            .any(|it| it.starts_with("Fixed High rbac/pods-exec: ")),
        "{gone:?}"
    );
}

#[test]
fn a_copy_for_another_cluster_is_news() {
    let text = manifest("ClusterRole r | | pods/exec | create\nsa/ci/a -> ClusterRole r");
    let report = reports::of(
        &[("dev/rbac.yaml", &text)],
        &[("dev/rbac.yaml", &text), ("prod/rbac.yaml", &text)],
    );
    let news = report
        .findings
        .iter()
        .filter(|it| it.rule == "rbac/pods-exec" && it.status == Status::Introduced);
    let paths: Vec<&str> = news.map(|it| &*it.location.path).collect();
    assert_eq!(paths, ["prod/rbac.yaml"]);
}

#[test]
fn a_difference_is_what_the_authoriser_newly_allows() {
    let mut chance = Chance::new(23);
    let mut gains = 0;
    for number in 0..200 {
        let before = World::random(&mut chance);
        let mut after = before.clone();
        let other = World::random(&mut chance);
        for (role, new) in after.roles.iter_mut().zip(other.roles) {
            if chance.one_in(2) {
                role.rules = new.rules;
            }
        }
        let (old, new) = (before.manifest(), after.manifest());
        let (base, head) = (
            snapshot(&[("rbac.yaml", &old)]),
            snapshot(&[("rbac.yaml", &new)]),
        );
        let found = compare(&base, &head);
        let symbols = found.clusters.first().map(|it| (*it.after.symbols).clone());
        let mut symbols: Symbols = symbols.unwrap_or_default();
        for _ in 0..60 {
            let request = Request::random(&mut chance);
            for (user, subject) in users() {
                let expected = allows(&after, &user, &request) && !allows(&before, &user, &request);
                let mut who = subject.groups();
                who.push(subject.clone());
                let gained = found.clusters.first().is_some_and(|compared| {
                    compared
                        .changes
                        .iter()
                        .filter(|it| who.contains(&it.subject))
                        .any(|change| {
                            let counts = match (&request.about, &change.scope) {
                                (About::Resource { namespace, .. }, Scope::Namespace(own)) => {
                                    **own == **namespace
                                }
                                _ => true,
                            };
                            counts && allowed_by(&change.gained, &mut symbols, &request)
                        })
                });
                // What is gained is told with its pattern, which may reach what was allowed before.
                let told = gained && !allows(&before, &user, &request);
                assert_eq!(
                    told, expected,
                    "world {number}, {user}, {request:?}\n{old}\n===\n{new}"
                );
                gains += usize::from(expected);
            }
        }
    }
    assert!(
        gains > 500,
        "only {gains} requests were gained: nothing is tried"
    );
}
