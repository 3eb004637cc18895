//! Overlays of one base are installations of it, each for itself: what is given in one is not given in another.

use std::fs;

use tidegate::finding::{Severity, Status};
use tidegate::run::{Request, run};
use tidegate::verdict::Report;

use super::paths::manifest;
use crate::program::write;

type Files = Vec<(String, String)>;

/// The report of a change between two folders, by the configuration of the base.
fn judged(base: &Files, head: &Files) -> Report {
    let place = tempfile::tempdir().expect("a place");
    let side = |name: &str, files: &Files| {
        let folder = place.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        let files = files.iter().map(|(path, text)| (&**path, &**text));
        write(&folder, &files.collect::<Vec<_>>());
        format!("{}/", folder.display())
    };
    let request = Request {
        base: Some(side("base", base)),
        head: Some(side("head", head)),
        ..Request::default()
    };
    run(&request).expect("folders can be judged")
}

/// What is new and what is gone of rights, each as rule, severity and file.
fn news(report: &Report) -> Vec<String> {
    let findings = report.findings.iter();
    let new = findings.filter(|it| it.rule.starts_with("rbac/") && it.status != Status::Existing);
    let mut told: Vec<String> = new
        .map(|it| {
            let gone = if it.status == Status::Fixed { "-" } else { "" };
            let (severity, path) = (it.severity.name(), &it.location.path);
            format!("{gone}{severity} {} {path}", it.rule)
        })
        .collect();
    told.sort();
    told
}

fn is_told(report: &Report) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|it| {
        it.status == Status::Introduced
            && ["rbac/permissions-widened", "rbac/escalation-path-added"].contains(&it.rule)
            && it.severity == Severity::Critical
    })
}

/// Who may do more.
fn gained(report: &Report) -> Vec<String> {
    let changes = report.access.iter().filter(|it| !it.gained.is_empty());
    changes.map(|it| it.subject.clone()).collect()
}

/// A kustomization that takes in others and files, and these.
fn overlay(folder: &str, namespace: &str, takes: &str, own: &[(&str, &str)]) -> Files {
    let mut list = takes.to_owned();
    for (name, _) in own {
        let separator = if list.is_empty() { "" } else { ", " };
        list = format!("{list}{separator}{name}");
    }
    let namespace = match namespace {
        "" => String::new(),
        namespace => format!("namespace: {namespace}\n"),
    };
    let own = own.iter();
    let own = own.map(|(name, text)| (format!("{folder}/{name}"), (*text).to_owned()));
    let text = format!("{namespace}resources: [{list}]\n");
    own.chain([(format!("{folder}/kustomization.yaml"), text)])
        .collect()
}

fn all(parts: &[&Files]) -> Files {
    parts
        .iter()
        .flat_map(|files| files.iter().cloned())
        .collect()
}

const ESCALATE: &str =
    "ClusterRole app | rbac.authorization.k8s.io | clusterroles | get update escalate";

fn base() -> Files {
    overlay("base", "", "", &[("role.yaml", &manifest(ESCALATE))])
}

fn binding() -> String {
    manifest("sa/shop/s1 -> ClusterRole app")
}

const DEV: &str = "overlays/dev";
const PROD: &str = "overlays/prod";

fn dev() -> Files {
    overlay(DEV, "", "../../base", &[("b.yaml", &binding())])
}

/// The overlay of production before it has the binding of the other one, and after.
fn prod(namespace: &str, own: &[(&str, &str)], new: &[(&str, &str)]) -> (Files, Files) {
    let both: Vec<_> = own.iter().chain(new).copied().collect();
    (
        overlay(PROD, namespace, "../../base", own),
        overlay(PROD, namespace, "../../base", &both),
    )
}

#[test]
fn what_one_overlay_binds_another_one_does_not() {
    let (binding, other) = (binding(), binding().replace("name: b0", "name: other"));
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n";
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s1, namespace: shop}\n";
    for (name, own, new) in [
        ("the same", vec![], ("b.yaml", &*binding)),
        ("another name", vec![], ("b.yaml", &*other)),
        ("beside a map", vec![("m.yaml", map)], ("b.yaml", &*binding)),
        (
            "beside an account",
            vec![("a.yaml", account)],
            ("b.yaml", &*binding),
        ),
    ] {
        for namespace in ["", "shop"] {
            let (before, after) = prod(namespace, &own, &[new]);
            let dev = all(&[&base(), &dev()]);
            let report = judged(&all(&[&dev, &before]), &all(&[&dev, &after]));
            assert!(
                is_told(&report),
                "{name}, {namespace:?}: {:?}",
                news(&report)
            );
            assert_eq!(gained(&report), ["ServiceAccount shop/s1"], "{name}");
        }
    }
    // Bound by the same base, it was there.
    let common = overlay(
        "base",
        "",
        "",
        &[("role.yaml", &manifest(ESCALATE)), ("b.yaml", &binding)],
    );
    let plain = |folder| overlay(folder, "", "../../base", &[]);
    let before = all(&[&common, &plain(DEV), &plain(PROD)]);
    let (_, after) = prod("", &[], &[("b.yaml", &other)]);
    let report = judged(&before, &all(&[&common, &plain(DEV), &after]));
    assert!(!is_told(&report), "{:?}", news(&report));
    assert_eq!(gained(&report), [""; 0]);
}

#[test]
fn what_the_configuration_keeps_apart_is_apart() {
    let binding = binding();
    let role = manifest(ESCALATE);
    let alone = |base: &str| {
        format!(
            "kubernetes: {{clusters: [{{name: dev, paths: [{base}\"overlays/dev/**\"]}}, {{name: prod, paths: [{base}\"overlays/prod/**\"]}}]}}\n"
        )
    };
    for config in [alone(""), alone("\"base/**\", ")] {
        let config: Files = vec![(".tidegate.yaml".to_owned(), config)];
        let (before, after) = prod("", &[], &[("b.yaml", &binding)]);
        let common = all(&[&config, &base(), &dev()]);
        let report = judged(&all(&[&common, &before]), &all(&[&common, &after]));
        assert!(is_told(&report), "{:?}", news(&report));
        // What dev has already is no news there.
        let more = overlay(
            DEV,
            "",
            "../../base",
            &[
                ("b.yaml", &binding),
                ("c.yaml", &binding.replace("b0", "c0")),
            ],
        );
        let report = judged(
            &all(&[&common, &before]),
            &all(&[&config, &base(), &more, &before]),
        );
        assert!(!is_told(&report), "{:?}", news(&report));
    }
    // A base that the configuration gives to one cluster alone is part of the other one as well.
    let config = "kubernetes: {clusters: [{name: dev, paths: [\"overlays/dev/**\", \"base/**\"]}, {name: prod, paths: [\"overlays/prod/**\"]}]}\n";
    let config: Files = vec![(".tidegate.yaml".to_owned(), config.to_owned())];
    let common = all(&[
        &config,
        &overlay("base", "", "", &[("role.yaml", &role)]),
        &dev(),
    ]);
    let (before, after) = prod("", &[], &[("b.yaml", &binding)]);
    let report = judged(&all(&[&common, &before]), &all(&[&common, &after]));
    assert!(is_told(&report), "{:?}", news(&report));
}

/// A base with a role, its binding and the account that it binds.
fn whole_base(verbs: &str) -> Files {
    let role = manifest(&format!("Role app | | secrets | {verbs}"));
    let text = format!(
        "{role}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: app}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}}\nsubjects: [{{kind: ServiceAccount, name: s1}}]\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: s1}}\n"
    );
    overlay("base", "", "", &[("app.yaml", &text)])
}

fn plain(folder: &str, namespace: &str) -> Files {
    let up = "../".repeat(folder.split('/').count());
    overlay(folder, namespace, &format!("{up}base"), &[])
}

#[test]
fn an_overlay_more_or_less_is_no_news() {
    for (dev, prod) in [("", ""), ("shop-dev", "shop-prod")] {
        let base = whole_base("get list");
        let one = all(&[&base, &plain(DEV, dev)]);
        let two = all(&[&one, &plain(PROD, prod)]);
        let renamed = all(&[&one, &plain("overlays/production", prod)]);
        let umbrella = overlay("all", "", "../overlays/dev, ../overlays/prod", &[]);
        let umbrella = all(&[&two, &umbrella]);
        // What is moved to another namespace for the first time is there as it was nowhere.
        let first = if dev.is_empty() { &base } else { &one };
        for (name, before, after) in [
            ("the first", first, &one),
            ("both at once", first, &two),
            ("one more", &one, &two),
            ("one less", &two, &one),
            ("another name", &two, &renamed),
            ("all in one", &two, &umbrella),
            ("each by itself", &umbrella, &two),
        ] {
            let report = judged(before, after);
            assert_eq!(news(&report), [""; 0], "{name}, {dev:?}");
        }
        // And a change of the base counts in all of them.
        let more = all(&[
            &whole_base("get list create"),
            &plain(DEV, dev),
            &plain(PROD, prod),
        ]);
        let report = judged(&two, &more);
        let widened = news(&report);
        let widened = widened
            .iter()
            .filter(|it| it.contains("permissions-widened"));
        assert_eq!(widened.count(), 1, "{:?}", news(&report));
    }
}

#[test]
fn one_line_of_many_overlays_is_one_finding() {
    let cluster_wide = |verbs: &str| {
        let role = manifest(&format!(
            "ClusterRole app | rbac.authorization.k8s.io | clusterroles | {verbs}"
        ));
        overlay("base", "", "", &[("role.yaml", &role)])
    };
    for is_moved in [false, true] {
        let overlays: Vec<Files> = (0..10)
            .map(|number| {
                let namespace = format!("shop-{number}");
                let own = manifest(&format!("sa/{namespace}/s1 -> ClusterRole app"));
                let namespace = if is_moved { &*namespace } else { "" };
                overlay(
                    &format!("overlays/{number}"),
                    namespace,
                    "../../base",
                    &[("b.yaml", &own)],
                )
            })
            .collect();
        let overlays = overlays.concat();
        let before = all(&[&cluster_wide("get"), &overlays]);
        let after = all(&[&cluster_wide("get update escalate"), &overlays]);
        let report = judged(&before, &after);
        let told = |rule: &str| {
            let findings = report.findings.iter();
            let own = findings.filter(|it| it.rule == rule && it.status == Status::Introduced);
            own.count()
        };
        assert_eq!(told("rbac/permissions-widened"), 1, "{:?}", news(&report));
        assert!(
            told("rbac/escalation-path-added") <= 10,
            "{:?}",
            news(&report)
        );
        assert_eq!(gained(&report).len(), 10);
    }
}

#[test]
fn two_programs_with_two_environments_each_meet_in_each_environment() {
    let app = |name: &str, takes: &str| {
        let role = manifest(&format!("ClusterRole {name} | | pods | get"));
        all(&[
            &overlay(
                &format!("apps/{name}/base"),
                "",
                takes,
                &[("role.yaml", &role)],
            ),
            &overlay(&format!("apps/{name}/overlays/dev"), "", "../../base", &[]),
        ])
    };
    let prod = |name: &str, own: &[(&str, &str)]| {
        overlay(&format!("apps/{name}/overlays/prod"), "", "../../base", own)
    };
    let common = all(&[&app("a", ""), &app("b", "")]);
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s1, namespace: shop}\n";
    let before = all(&[&common, &prod("a", &[("s.yaml", account)]), &prod("b", &[])]);
    // In production, the one binds an account to the role of the other.
    let binding = manifest("sa/shop/s1 -> ClusterRole b");
    let own = [("s.yaml", account), ("b.yaml", &*binding)];
    let after = all(&[&common, &prod("a", &own), &prod("b", &[])]);
    let report = judged(&before, &after);
    assert_eq!(gained(&report), ["ServiceAccount shop/s1"]);
}

#[test]
fn what_shares_nothing_is_one() {
    let role = manifest(ESCALATE);
    let a = overlay("apps/a", "", "", &[("role.yaml", &role)]);
    let map = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s1, namespace: shop}\n";
    let binding = binding();
    let before = all(&[&a, &overlay("apps/b", "", "", &[("m.yaml", map)])]);
    let own = [("m.yaml", map), ("b.yaml", &*binding)];
    let after = all(&[&a, &overlay("apps/b", "", "", &own)]);
    let report = judged(&before, &after);
    assert!(is_told(&report), "{:?}", news(&report));
    // A namespace that both bring along, and what stands beside each of them in one of its own, parts nothing.
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let common: Files = vec![("common/ns.yaml".to_owned(), namespace.to_owned())];
    let a = overlay(
        "apps/a",
        "",
        "../../common/ns.yaml",
        &[("role.yaml", &role)],
    );
    let b = |own: &[(&str, &str)]| overlay("apps/b", "", "../../common/ns.yaml", own);
    let before = all(&[&common, &a, &b(&own[..1])]);
    let report = judged(&before, &all(&[&common, &a, &b(&own)]));
    assert!(is_told(&report), "{:?}", news(&report));
}

#[test]
fn a_component_is_part_of_what_takes_it_in() {
    let role = manifest(ESCALATE);
    let (binding, other) = (binding(), binding().replace("name: b0", "name: other"));
    let component = |text: &str| -> Files {
        vec![
            (
                "components/admin/kustomization.yaml".to_owned(),
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [b.yaml]\n"
                    .to_owned(),
            ),
            ("components/admin/b.yaml".to_owned(), text.to_owned()),
        ]
    };
    let with = |folder: &str, components: &str| -> Files {
        vec![(
            format!("{folder}/kustomization.yaml"),
            format!("resources: [../../base]\ncomponents: [{components}]\n"),
        )]
    };
    let base = overlay("base", "", "", &[("role.yaml", &role)]);
    let admin = "../../components/admin";
    let before = all(&[
        &base,
        &component(&binding),
        &with(DEV, admin),
        &with(PROD, ""),
    ]);
    let after = all(&[
        &base,
        &component(&binding),
        &with(DEV, admin),
        &with(PROD, admin),
    ]);
    let report = judged(&before, &after);
    assert!(is_told(&report), "{:?}", news(&report));
    // Where both have it, another name gives nothing.
    let renamed = all(&[
        &base,
        &component(&other),
        &with(DEV, admin),
        &with(PROD, admin),
    ]);
    assert!(!is_told(&judged(&after, &renamed)));
}

#[test]
fn a_patch_that_gives_pods_an_account_is_told_in_its_overlay() {
    let deployment = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: registry.example.com/web:1.0.0}]}
";
    let patch = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {serviceAccountName: root}}}
";
    let root = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: root}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: root, namespace: shop-prod}]
";
    let of_base = |deployment: &str, patched: &[&str]| {
        let base = overlay("base", "", "", &[("web.yaml", deployment)]);
        let mut files = vec![base];
        for (folder, namespace) in [(DEV, "shop-dev"), (PROD, "shop-prod")] {
            let own: &[(&str, &str)] = if folder == PROD {
                &[("root.yaml", root)]
            } else {
                &[]
            };
            let mut files_of = overlay(folder, namespace, "../../base", own);
            if patched.contains(&folder) {
                for (path, text) in &mut files_of {
                    if path.ends_with("kustomization.yaml") {
                        text.push_str("patches: [{path: patch.yaml}]\n");
                    }
                }
                files_of.push((format!("{folder}/patch.yaml"), patch.to_owned()));
            }
            files.push(files_of);
        }
        files.concat()
    };
    let of = |patched: &[&str]| of_base(deployment, patched);
    let told = news(&judged(&of(&[]), &of(&[PROD])));
    let expected = format!("high rbac/powerful-workload {PROD}/patch.yaml");
    assert_eq!(told, [expected]);
    // Where the account has no such rights, or the patch was there, it is no news.
    assert_eq!(news(&judged(&of(&[]), &of(&[DEV]))), [""; 0]);
    assert_eq!(news(&judged(&of(&[PROD]), &of(&[PROD]))), [""; 0]);
    // Nor is it where what the base says moves to the overlays, or back.
    let named = deployment.replace(
        "spec: {containers",
        "spec: {serviceAccountName: root, containers",
    );
    let (in_base, in_patches) = (of_base(&named, &[]), of(&[DEV, PROD]));
    for (before, after) in [(&in_base, &in_patches), (&in_patches, &in_base)] {
        assert_eq!(news(&judged(before, after)), [""; 0]);
    }
    // A copy elsewhere is.
    let copy = overlay("extra", "shop-prod", "", &[("web.yaml", &named)]);
    let told = news(&judged(&in_base, &all(&[&in_patches, &copy])));
    let is_told = |it: &String| it.starts_with("high rbac/powerful-workload");
    assert!(told.iter().any(is_told), "{told:?}");
}

#[test]
fn a_declared_cluster_that_had_nothing_is_held_against_nothing() {
    let binding = binding();
    let (_, after) = prod("", &[], &[("b.yaml", &binding)]);
    let config = "kubernetes: {clusters: [{name: dev, paths: [\"overlays/dev/**\"]}, {name: prod, paths: [\"overlays/prod/**\"]}]}\n";
    for (config, expected) in [(Some(config), true), (None, false)] {
        let config: Files = config
            .map(|text| (".tidegate.yaml".to_owned(), text.to_owned()))
            .into_iter()
            .collect();
        let common = all(&[&config, &base(), &dev()]);
        let report = judged(&common, &all(&[&common, &after]));
        assert_eq!(is_told(&report), expected, "{:?}", news(&report));
    }
}

#[test]
fn what_a_kustomization_takes_in_only_now_is_news() {
    let (role, binding) = (manifest(ESCALATE), binding());
    let flat = |list: &str| -> Files {
        let mut files = vec![
            ("k8s/role.yaml".to_owned(), role.clone()),
            ("k8s/b.yaml".to_owned(), binding.clone()),
        ];
        if !list.is_empty() {
            files.push(("k8s/kustomization.yaml".to_owned(), list.to_owned()));
        }
        files
    };
    for namespace in ["", "namespace: shop\n"] {
        let some = flat(&format!("{namespace}resources: [role.yaml]\n"));
        let all = flat(&format!("{namespace}resources: [role.yaml, b.yaml]\n"));
        let report = judged(&some, &all);
        assert!(is_told(&report), "{namespace:?}: {:?}", news(&report));
        assert_eq!(gained(&report), ["ServiceAccount shop/s1"]);
        let mut findings = report.findings.iter();
        let changed = findings.find_map(|it| {
            let is_news = it.status == Status::Introduced && it.rule.starts_with("rbac/");
            is_news.then(|| it.changed_at.as_ref().map(|at| &*at.path))
        });
        assert_eq!(changed, Some(Some("k8s/kustomization.yaml")));
        // Left out again, it is taken away.
        let report = judged(&all, &some);
        assert_eq!(gained(&report), [""; 0]);
        assert!(report.access.iter().any(|it| !it.lost.is_empty()));
        // What is applied without a kustomization gains nothing by one.
        for (before, after) in [
            (flat(""), &all),
            (all.clone(), &flat("")),
            (flat(""), &some),
        ] {
            let report = judged(&before, after);
            assert!(!is_told(&report), "{:?}", news(&report));
            assert_eq!(gained(&report), [""; 0]);
        }
    }
}

/// Kustomize has the subjects of bindings follow the accounts that it moves, also where the binding is of the cluster.
#[test]
fn a_binding_of_the_cluster_follows_the_accounts_beside_it() {
    let files = |account: &str, subject: &str, runs: &str| {
        let written = |namespace: &str| match namespace {
            "" => String::new(),
            namespace => format!(", namespace: {namespace}"),
        };
        let bound = written(subject);
        let account = written(account);
        let rbac = overlay(
            "config/rbac",
            "",
            "",
            &[
                (
                    "sa.yaml",
                    &format!(
                        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: s1{account}}}\n"
                    ),
                ),
                (
                    "role.yaml",
                    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: app}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n",
                ),
                (
                    "rb.yaml",
                    &format!(
                        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: app}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: app}}\nsubjects: [{{kind: ServiceAccount, name: s1{bound}}}]\n"
                    ),
                ),
            ],
        );
        let manager = overlay(
            "config/manager",
            "",
            "",
            &[(
                "d.yaml",
                &format!(
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{account}}}\nspec:\n  selector: {{matchLabels: {{app: d}}}}\n  template:\n    metadata: {{labels: {{app: d}}}}\n    spec:\n      {runs}\n      containers: [{{name: a, image: 'ghcr.io/example/a:1.2.3'}}]\n"
                ),
            )],
        );
        let whole = overlay("config/default", "proj-system", "../rbac, ../manager", &[]);
        all(&[&rbac, &manager, &whole])
    };
    let runs = "serviceAccountName: s1";
    for (account, subject, is_followed) in [
        ("system", "system", true),
        ("", "default", true),
        ("system", "proj-system", true),
        ("system", "elsewhere", false),
    ] {
        let base = files(account, subject, "serviceAccountName: s2");
        let report = judged(&base, &files(account, subject, runs));
        let wanted = "high rbac/powerful-workload config/manager/d.yaml";
        let is_told = news(&report).iter().any(|told| told == wanted);
        assert_eq!(
            is_told,
            is_followed,
            "{account} {subject}: {:?}",
            news(&report)
        );
    }
}
