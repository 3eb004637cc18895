//! Whoever has less than before, or has it under another name, is no news to any rule; and what only looks like that is.

use tidegate::finding::Status;
use tidegate::verdict::Report;

use super::paths::manifest;
use super::stronger::{AROUND, Grant, deployment, narrow};
use super::worlds::Chance;
use crate::reports;

/// What is introduced of rights, one a line: how grave, which rule, and what is said. What has no effect is about words.
fn news(report: &Report) -> Vec<String> {
    let findings = report.findings.iter().filter(|it| {
        it.rule.starts_with("rbac/")
            && it.status == Status::Introduced
            && it.rule != "rbac/ineffective-rule"
    });
    let told = findings.map(|it| format!("{} {}: {}", it.severity.name(), it.rule, it.message));
    told.collect()
}

fn of(base: &str, head: &str) -> Vec<String> {
    news(&reports::of(&[("a.yaml", base)], &[("a.yaml", head)]))
}

fn account(namespace: &str, name: &str) -> String {
    let namespace = match namespace {
        "" => String::new(),
        own => format!(", namespace: {own}"),
    };
    format!("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}{namespace}}}\n")
}

/// A Deployment that something leads to from outside.
fn served(namespace: &str, name: &str, account: &str) -> String {
    let at = match namespace {
        "" => String::new(),
        own => format!(", namespace: {own}"),
    };
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}{at}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      serviceAccountName: {account}\n      containers: [{{name: a, image: a}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}{at}}}\nspec: {{type: LoadBalancer, selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n"
    )
}

#[test]
fn what_is_narrowed_is_no_news_to_any_rule() {
    let around: String = ["ops", "dev", "kube-system"]
        .into_iter()
        .zip(["a", "b", "c"])
        .map(|(at, who)| account(at, who) + &deployment(at, who))
        .collect();
    let around = around + AROUND;
    let text = |grants: &[Grant]| {
        let numbered = grants.iter().enumerate();
        let lines: String = numbered
            .map(|(number, grant)| grant.lines(number))
            .collect();
        manifest(&lines) + &around
    };
    let mut chance = Chance::new(3);
    let mut tried = 0;
    for number in 0..300 {
        let grants: Vec<Grant> = (0..2 + chance.below(4))
            .map(|_| Grant::random(&mut chance))
            .collect();
        let mut less = grants.clone();
        let at = chance.below(less.len());
        if !narrow(&mut less[at], &mut chance) {
            continue;
        }
        tried += 1;
        let found = of(&text(&grants), &text(&less));
        assert_eq!(
            found, [""; 0],
            "world {number}: {:#?} => {:#?} of {grants:#?}",
            grants[at], less[at]
        );
    }
    assert!(tried > 150, "only {tried}: nothing is tried");
}

#[test]
fn a_right_that_is_left_to_one_namespace_is_no_news() {
    for rule in [
        "| serviceaccounts/token | create",
        "| serviceaccounts | impersonate",
        "| secrets | get list",
        "| secrets | create get",
        "| pods | create",
        "| pods | update",
        "| pods/exec | create",
        "| pods/ephemeralcontainers | patch",
        "| configmaps | update",
        "apps | deployments | create update",
        "rbac.authorization.k8s.io | roles rolebindings | bind create",
        "rbac.authorization.k8s.io | roles | escalate update",
        "| * | *",
        "* | * | *",
        "* | * | get list watch",
    ] {
        let around = account("ops", "root")
            + &account("ci", "bot")
            + &manifest("sa/ops/root -> ClusterRole cluster-admin")
                .replace("name: b0", "name: root")
            + &deployment("ops", "root");
        let with = |line: &str| manifest(&format!("ClusterRole r | {rule}\n{line}")) + &around;
        let wide = with("sa/ci/bot -> ClusterRole r");
        for namespace in ["kube-system", "ops", "shop"] {
            let narrow = with(&format!("sa/ci/bot -> ClusterRole r in {namespace}"));
            assert_eq!(of(&wide, &narrow), [""; 0], "{rule}, {namespace}");
            // Others who come with it, and the way back, are news.
            let other = narrow.replace(
                "  - {kind: ServiceAccount, namespace: ci, name: bot}\n",
                "  - {kind: ServiceAccount, namespace: ci, name: bot}\n  - {kind: User, name: eve}\n",
            );
            assert!(!of(&wide, &other).is_empty(), "{rule}, {namespace}");
            assert!(!of(&narrow, &wide).is_empty(), "{rule}, {namespace}");
        }
    }
    for role in [
        "cluster-admin",
        "admin",
        "edit",
        "view",
        "system:node",
        "system:kube-controller-manager",
        "system:controller:job-controller",
        "system:kube-scheduler",
    ] {
        for namespace in ["kube-system", "shop"] {
            let wide = manifest(&format!("sa/ci/bot -> ClusterRole {role}"));
            let narrow = manifest(&format!("sa/ci/bot -> ClusterRole {role} in {namespace}"));
            assert_eq!(of(&wide, &narrow), [""; 0], "{role}, {namespace}");
        }
    }
}

#[test]
fn a_workload_that_reaches_less_is_no_news() {
    let with = |line: &str, name: &str, more: &str| {
        account("shop", "web")
            + &account("shop", "other")
            + &manifest(&format!(
                "ClusterRole nodes | | nodes/proxy | get
                 ClusterRole secrets | | secrets | get list
                 {line}"
            ))
            + &served("shop", "web", name)
            + more
    };
    let all = "sa/shop/web -> ClusterRole cluster-admin";
    let base = with(all, "web", "");
    for less in ["nodes", "secrets"] {
        let line = format!("sa/shop/web -> ClusterRole {less}");
        let head = with(&line, "web", "");
        assert_eq!(of(&base, &head), [""; 0], "{less}");
        // What reaches more than it did is news, as is what others come to who did not.
        let back = of(&head, &base);
        assert!(
            back.iter().any(|it| it.starts_with("critical ")),
            "{back:#?}"
        );
        let inside = base.replace("type: LoadBalancer, ", "");
        let found = of(&inside, &head);
        assert!(
            found
                .iter()
                .any(|it| it.starts_with("high rbac/powerful-workload")),
            "{less}: {found:#?}"
        );
    }
    // From the secrets to the nodes it is more, and the way is told.
    let found = of(
        &with("sa/shop/web -> ClusterRole secrets", "web", ""),
        &with("sa/shop/web -> ClusterRole nodes", "web", ""),
    );
    assert!(
        found
            .iter()
            .any(|it| it.starts_with("critical rbac/escalation-path-added")),
        "{found:#?}"
    );
    // A workload beside it reached nothing.
    let beside = with(
        "sa/shop/web -> ClusterRole nodes",
        "web",
        &served("shop", "beside", "web"),
    );
    let found = of(&base, &beside);
    assert!(
        matches!(found.as_slice(), [one] if one.starts_with("high rbac/powerful-workload: Deployment shop/beside")),
        "{found:#?}"
    );
}

#[test]
fn a_workload_that_gets_an_account_of_its_own_is_no_news() {
    for (lines, namespace, at) in [
        ("sa/shop/WHO -> ClusterRole cluster-admin", "shop", "shop"),
        ("sa/shop/WHO -> ClusterRole admin in shop", "shop", "shop"),
        ("sa/shop/WHO -> ClusterRole admin in shop", "", "shop"),
        (
            "ClusterRole r | | secrets | get list\nsa/shop/WHO -> ClusterRole r",
            "shop",
            "shop",
        ),
        (
            "ClusterRole r | | nodes/proxy | get\nsa/shop/WHO -> ClusterRole r",
            "",
            "shop",
        ),
        // What it does leads on over others.
        (
            "Role ops/run | | pods | create\nsa/shop/WHO -> Role run in ops\nsa/ops/root -> ClusterRole cluster-admin",
            "shop",
            "shop",
        ),
    ] {
        let bound = |who: &str| manifest(&lines.replace("WHO", who));
        let base =
            bound("default") + &served(namespace, "web", "default") + &account("ops", "root");
        let own = account(namespace, "web");
        let head = bound("web") + &served(namespace, "web", "web") + &account("ops", "root") + &own;
        assert_eq!(of(&base, &head), [""; 0], "{lines}");
        // The account may have been there before.
        assert_eq!(of(&(base.clone() + &own), &head), [""; 0], "{lines}");
        if at != namespace {
            continue;
        }
        let is_told = |base: &str, head: &str, what: &str| {
            let found = of(base, head);
            let is_grave = |it: &String| it.starts_with("high ") || it.starts_with("critical ");
            assert!(found.iter().any(is_grave), "{lines}, {what}: {found:#?}");
        };
        let default = head.replace("serviceAccountName: web", "serviceAccountName: default");
        is_told(&base, &default, "nothing runs as it");
        let beside = deployment("shop", "web");
        is_told(&base, &(head.clone() + &beside), "another one runs as it");
        let used = base.clone() + &own + &beside;
        is_told(&used, &(head.clone() + &beside), "another one ran as it");
        let both = head.replace(
            "  - {kind: ServiceAccount, namespace: shop, name: web}\n",
            "  - {kind: ServiceAccount, namespace: shop, name: web}\n  - {kind: ServiceAccount, namespace: shop, name: default}\n",
        );
        is_told(&base, &both, "the old one keeps it");
        let elsewhere = head.replace("namespace: shop", "namespace: bank");
        is_told(&base, &elsewhere, "it is in another namespace");
    }
    // What it had was less.
    let base = manifest("sa/shop/default -> ClusterRole view") + &served("shop", "web", "default");
    let head = manifest("sa/shop/web -> ClusterRole cluster-admin")
        + &served("shop", "web", "web")
        + &account("shop", "web");
    assert!(
        of(&base, &head)
            .iter()
            .any(|it| it.starts_with("critical ")),
    );
}

#[test]
fn an_account_that_lies_wherever_it_is_applied_is_renamed_as_well() {
    let app = |who: &str, at: &str| {
        account(at, who)
            + &manifest(&format!(
                "ClusterRole app | * | * | *
                 sa/argocd/{who} -> ClusterRole app
                 sa/argocd/{who} -> ClusterRole cluster-admin
                 ClusterRole run | | pods | create
                 sa/argocd/{who} -> ClusterRole run in ops
                 sa/ops/root -> ClusterRole cluster-admin"
            ))
            + &account("ops", "root")
            + &served(at, "app", who)
    };
    for at in ["", "argocd"] {
        assert_eq!(of(&app("old", at), &app("new", at)), [""; 0], "{at}");
        // One more beside it is one more.
        let more = account(at, "more")
            + &manifest("sa/argocd/more -> ClusterRole cluster-admin")
                .replace("name: b0", "name: more");
        let found = of(&app("old", at), &(app("old", at) + &more));
        assert!(
            found.iter().any(|it| it.starts_with("critical ")),
            "{at}: {found:#?}"
        );
        // The old one is still there, and others may run as it.
        let left = app("new", at) + &account(at, "old") + &deployment("argocd", "new");
        let found = of(&app("old", at), &left);
        assert!(
            found.iter().any(|it| it.starts_with("critical ")),
            "{at}: {found:#?}"
        );
    }
}

/// It was there and ran something: what another one leaves to it is news.
#[test]
fn an_account_that_was_there_is_no_new_name() {
    let account = |name: &str| {
        format!("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\n")
    };
    let binding = |name: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}\nsubjects: [{{kind: ServiceAccount, name: {name}, namespace: shop}}]\n"
        )
    };
    let pods = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      serviceAccountName: web\n      containers: [{name: a, image: a}]\n";
    let base = account("ops") + &binding("ops");
    let head = account("web") + &binding("web");
    for was_there in [account("web"), pods.to_owned(), account("web") + pods] {
        let told = of(&(base.clone() + &was_there), &(head.clone() + pods));
        let is_told = |it: &String| it.starts_with("critical rbac/cluster-admin-binding");
        assert!(told.iter().any(is_told), "{was_there}: {told:?}");
    }
    assert_eq!(of(&base, &head), Vec::<String>::new());
}

#[test]
fn paths_outside_of_resources_are_less_than_all_resources() {
    let paths = |name: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules:\n  - nonResourceURLs: [\"*\"]\n    verbs: [\"*\"]\n"
        )
    };
    let bound = |name: &str| manifest(&format!("sa/ci/bot -> ClusterRole {name}"));
    let all = manifest("ClusterRole r | * | * | *");
    for name in ["r", "q"] {
        let found = of(&(all.clone() + &bound("r")), &(paths(name) + &bound(name)));
        let is_grave = |it: &String| !it.starts_with("note ");
        assert!(!found.iter().any(is_grave), "{name}: {found:#?}");
    }
}
