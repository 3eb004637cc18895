//! What 5,000 roles and bindings cost, within one process: `cargo bench --bench access`. Other numbers are there to show
//! how the cost grows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use tidegate::access::powers::Behaviour;
use tidegate::access::{Access, Comparison};
use tidegate::kubernetes::manifest::read;
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::Format;

fn main() {
    divan::main();
}

/// So many roles and bindings together, a file for each hundred. Of each ten roles one may exec, one may make tokens
/// and one reads secrets; each twentieth is bound in the whole cluster.
fn revision(objects: usize, more: bool) -> Snapshot {
    let mut files: Vec<String> = Vec::new();
    for number in 0..objects / 2 {
        if number % 50 == 0 {
            files.push(String::new());
        }
        let Some(text) = files.last_mut() else {
            continue;
        };
        let namespace = format!("team-{}", number % 200);
        let next = format!("team-{}", (number + 1) % 200);
        let special = match number % 10 {
            0 => "{apiGroups: [''], resources: [pods/exec], verbs: [create]}",
            1 => "{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}",
            2 => "{apiGroups: [''], resources: [secrets], verbs: [get, list]}",
            3 if more => "{apiGroups: [''], resources: [pods], verbs: [create]}",
            _ => "{apiGroups: [''], resources: [events], verbs: [create, patch]}",
        };
        let is_wide = number % 20 == 0;
        let binding = if is_wide {
            "ClusterRoleBinding"
        } else {
            "RoleBinding"
        };
        let at = if is_wide {
            String::new()
        } else {
            format!(", namespace: {namespace}")
        };
        let role = if number == 7 {
            "cluster-admin".to_owned()
        } else {
            format!("role-{number}")
        };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: role-{number}}}\nrules:\n  - {{apiGroups: [''], resources: [pods, services, configmaps], verbs: [get, list, watch]}}\n  - {{apiGroups: [apps], resources: [deployments, statefulsets], verbs: [get, list, watch, update]}}\n  - {special}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {binding}\nmetadata: {{name: binding-{number}{at}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\nsubjects:\n  - {{kind: ServiceAccount, namespace: {next}, name: app-{}}}\n",
            number % 1_000
        );
    }
    let count = files.len();
    let states = files.into_iter().enumerate().map(|(number, text)| {
        let reading = read(Format::Yaml, text.into_bytes(), false, &[]);
        (
            Arc::from(format!("rbac/{number:04}.yaml")),
            Arc::new(State::Read(reading)),
        )
    });
    Snapshot::new(states.collect(), &BTreeSet::new(), count)
}

#[divan::bench(args = [1_250, 2_500, 5_000, 10_000], sample_count = 5)]
fn rights_and_ways(bencher: Bencher<'_, '_>, objects: usize) {
    let head = revision(objects, true);
    bencher.bench_local(|| {
        let access = Access::of(|| head.objects(), &|_| Vec::new(), Behaviour::default());
        access.proofs().iter().map(Vec::len).sum::<usize>()
    });
}

#[divan::bench(args = [1_250, 2_500, 5_000, 10_000], sample_count = 5)]
fn difference_and_ways(bencher: Bencher<'_, '_>, objects: usize) {
    let (base, head) = (revision(objects, false), revision(objects, true));
    let renames = BTreeMap::new();
    bencher.bench_local(|| {
        let (base, head) = (|| base.objects(), || head.objects());
        let behaviour = Behaviour::default();
        let found = Comparison::between(base, head, &renames, &|_| Vec::new(), behaviour);
        found
            .clusters
            .iter()
            .map(|it| it.changes.len() + it.new_proofs.len())
            .sum::<usize>()
    });
}
