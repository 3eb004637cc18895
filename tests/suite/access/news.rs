//! The ways that come with a change: what somebody had by their groups is none, and what one thing opens is told once.

use tidegate::finding::Status;

use super::groups_and_names::new_ways;
use super::paths::{access, manifest};
use crate::reading::snapshot;
use crate::reports;

/// What is said of new ways.
fn told(before: &str, after: &str) -> Vec<String> {
    let report = reports::of(&[("a.yaml", before)], &[("a.yaml", after)]);
    let ways = report
        .findings
        .iter()
        .filter(|it| it.rule == "rbac/escalation-path-added" && it.status == Status::Introduced);
    ways.map(|it| it.message.clone()).collect()
}

#[test]
fn who_is_named_in_the_place_of_their_group_gains_nothing() {
    let with = |who: &str| {
        manifest(&format!(
            "sa/ops/root -> ClusterRole cluster-admin
             Role ops/run | | pods | create
             {who} -> Role run in ops"
        ))
    };
    let groups = [
        "group/system:authenticated",
        "group/system:serviceaccounts",
        "group/system:serviceaccounts:ci",
    ];
    for (at, group) in groups.iter().enumerate() {
        let narrower = groups.iter().skip(at + 1).chain(&["sa/ci/bot"]);
        for member in narrower {
            assert_eq!(
                new_ways(&with(group), &with(member)),
                [""; 0],
                "{group} {member}"
            );
        }
        // Back again, those gain it who are not among them.
        assert!(
            !new_ways(&with("sa/ci/bot"), &with(group)).is_empty(),
            "{group}"
        );
    }
    assert_eq!(
        new_ways(&with("group/system:authenticated"), &with("user/jane")),
        [""; 0]
    );
    // They are in none of these.
    for (group, other) in [
        ("group/system:serviceaccounts:ci", "sa/dev/bot"),
        ("group/system:serviceaccounts", "user/jane"),
        ("group/system:authenticated", "user/system:anonymous"),
        ("group/devs", "user/jane"),
        (
            "group/system:serviceaccounts:ci",
            "group/system:serviceaccounts:dev",
        ),
    ] {
        let found = new_ways(&with(group), &with(other));
        assert_eq!(found.len(), 1, "{group} {other}: {found:?}");
    }
}

#[test]
fn an_identity_of_ones_own_hides_no_other() {
    let account = |namespace: &str, name: &str, identity: &str| {
        format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  annotations: {{eks.amazonaws.com/role-arn: {identity}}}\n"
        )
    };
    let access = manifest("Role ops/exec | | pods/exec | create\nsa/ci/bot -> Role exec in ops");
    let pod = |name: &str, account: &str, automount: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: ops}}\nspec:\n  serviceAccountName: {account}\n{automount}  containers: [{{name: a, image: a}}]\n"
        )
    };
    let accounts = account("ops", "small", "arn:small")
        + &account("ops", "admin", "arn:admin")
        + &account("ops", "twin", "arn:own")
        + &account("ci", "bot", "arn:own");
    let with = |pods: &[String]| access.clone() + &accounts + &pods.concat();
    let small = pod("small", "small", "");
    let admin = pod("admin", "admin", "");
    let told = "ServiceAccount ci/bot => an identity of the cloud";
    assert_eq!(
        new_ways(&with(&[]), &with(std::slice::from_ref(&admin))),
        [told]
    );
    // A second one is as much news as the first, and one's own is none.
    let both = with(&[small.clone(), admin.clone()]);
    assert_eq!(new_ways(&with(&[small]), &both), [told]);
    assert_eq!(
        new_ways(&with(&[]), &both),
        [format!("{told} and another one")]
    );
    assert_eq!(
        new_ways(&both, &with(std::slice::from_ref(&admin))),
        [""; 0]
    );
    assert_eq!(
        new_ways(&with(&[]), &with(&[pod("twin", "twin", "")])),
        [""; 0]
    );
    // A cloud puts a token of its own into pods that get none of the cluster.
    let tokenless = pod("admin", "admin", "  automountServiceAccountToken: false\n");
    assert_eq!(
        new_ways(&with(&[]), &with(std::slice::from_ref(&tokenless))),
        [told]
    );
    assert_eq!(new_ways(&with(&[tokenless]), &with(&[admin])), [""; 0]);
}

/// Each account may make pods in the namespace of the next one.
fn chain(length: usize, last: &str) -> String {
    let mut lines = String::new();
    for number in 0..length {
        let next = number + 1;
        lines += &format!(
            "Role n{next}/run | | pods | create\nsa/n{number}/bot -> Role run in n{next}\n"
        );
    }
    manifest(&(lines + last))
}

#[test]
fn what_one_thing_opens_is_told_once() {
    let base = chain(40, "");
    let head = chain(40, "sa/n40/bot -> ClusterRole cluster-admin");
    assert_eq!(new_ways(&base, &head).len(), 41);
    let found = told(&base, &head);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("a way for ServiceAccount n39/bot, ServiceAccount n38/bot, ServiceAccount n37/bot and 37 others to every right"),
        "{found:?}"
    );
    // The length of what is told does not grow with the chain.
    let snapshot = snapshot(&[("a.yaml", &head)]);
    let access = access(&snapshot, false);
    let proofs: Vec<_> = access.proofs().iter().flatten().collect();
    assert!(proofs.iter().all(|proof| proof.steps.len() <= 6));
    let longest = proofs
        .iter()
        .find(|it| it.subject.to_string() == "ServiceAccount n0/bot");
    let chain = longest.unwrap().chain();
    assert!(
        chain.contains("and so on over 35 further steps to ServiceAccount n38/bot"),
        "{chain}"
    );
    assert!(
        chain.ends_with("ServiceAccount n40/bot may do everything everywhere"),
        "{chain}"
    );
}

#[test]
fn two_things_that_open_ways_are_told_each() {
    let base = "sa/ops/root -> ClusterRole cluster-admin
         Role ops/run | | pods | create
         Role ops/token | | serviceaccounts/token | create
         sa/ci/a -> ClusterRole view in ci
         sa/ci/b -> ClusterRole view in ci
         sa/ci/c -> ClusterRole view in ci";
    let more = "sa/ci/a -> Role run in ops
         sa/ci/b -> Role token in ops
         sa/ci/c -> Role run in ops";
    let found = told(&manifest(base), &manifest(&format!("{base}\n{more}")));
    assert_eq!(found.len(), 2, "{found:?}");
    for whom in [
        "ServiceAccount ci/a and ServiceAccount ci/c",
        "ServiceAccount ci/b",
    ] {
        let wanted = format!("a way for {whom} to every right");
        assert!(found.iter().any(|it| it.contains(&wanted)), "{found:?}");
    }
}

#[test]
fn a_copy_that_is_added_hides_no_way() {
    let pod = |account: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: tool, namespace: ops}}\nspec:\n  serviceAccountName: {account}\n  containers: [{{name: a, image: a}}]\n"
        )
    };
    let exec = manifest("Role ops/exec | | pods/exec | create\nuser/jane -> Role exec in ops");
    let root = manifest("sa/ops/root -> ClusterRole cluster-admin");
    let (weak, strong) = (pod("weak"), pod("root"));
    let base = [
        ("exec/a.yaml", &*exec),
        ("pod/pod.yaml", &*weak),
        ("root/r.yaml", &*root),
    ];
    let head = [
        ("exec/a.yaml", &*exec),
        ("pod/pod.yaml", &*strong),
        ("root/r.yaml", &*root),
    ];
    let told = |base: &[(&str, &str)], head: &[(&str, &str)]| {
        let report = reports::of(base, head);
        let found = report.findings.iter();
        let found = found.filter(|it| it.rule == "rbac/escalation-path-added");
        found
            .filter(|it| it.status == Status::Introduced)
            .map(|it| it.message.clone())
            .collect::<Vec<_>>()
    };
    let alone = told(&base, &head);
    assert_eq!(alone.len(), 1, "{alone:?}");
    let of_nobody = root.replace("name: root", "name: nobody");
    let narrow = exec.replace("pods/exec", "pods/log");
    for (path, decoy) in [
        ("pod/decoy.yaml", &of_nobody),
        ("exec/decoy.yaml", &of_nobody),
        ("pod/decoy.yaml", &narrow),
        ("root/decoy.yaml", &narrow),
    ] {
        let mut with = head.to_vec();
        with.push((path, decoy.as_str()));
        with.sort_unstable();
        assert_eq!(told(&base, &with), alone, "{path} {decoy}");
        // A copy alone opens nothing.
        let mut only = base.to_vec();
        only.push((path, decoy.as_str()));
        only.sort_unstable();
        assert_eq!(told(&base, &only), [""; 0], "{path} {decoy}");
    }
}
