//! What is moved, split, joined, renamed or put in another order changes nothing; and what a difference says is exactly
//! what the authoriser lets through after and did not before.

use std::collections::BTreeMap;

use tidegate::access::Comparison;
use tidegate::access::powers::Behaviour;
use tidegate::access::subject::Scope;
use tidegate::access::symbols::Symbols;
use tidegate::snapshot::Snapshot;

use super::authoriser::{About, Request, allowed_by, allows, users};
use super::worlds::{Chance, Role, Rule, World};
use crate::reading::snapshot;

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
                let proofs: Vec<_> = found
                    .clusters
                    .iter()
                    .flat_map(|it| &it.new_proofs)
                    .collect();
                assert!(proofs.is_empty(), "world {number}: {proofs:?}");
            }
        }
    }
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
