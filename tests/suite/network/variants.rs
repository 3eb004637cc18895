//! Overlays that move one base into namespaces of their own: their policies meet the workloads of the base there.

use tidegate::finding::Status;
use tidegate::verdict::Report;

use crate::reports;

type Files = Vec<(String, String)>;

fn judged(base: &Files, head: &Files) -> Report {
    let base: Vec<(&str, &str)> = base.iter().map(|(path, text)| (&**path, &**text)).collect();
    let head: Vec<(&str, &str)> = head.iter().map(|(path, text)| (&**path, &**text)).collect();
    reports::of(&base, &head)
}

/// What is new of policies, each as severity, rule and file.
fn news(report: &Report) -> Vec<String> {
    let findings = report
        .findings
        .iter()
        .filter(|it| it.rule.starts_with("network-policy/") && it.status == Status::Introduced);
    let mut told: Vec<String> = findings
        .map(|it| {
            let rule = it.rule.trim_start_matches("network-policy/");
            format!("{} {rule} {}", it.severity.name(), it.location.path)
        })
        .collect();
    told.sort();
    told
}

fn deployment(name: &str, labels: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}{labels}}}}}
    spec:
      containers:
        - name: app
          image: registry.example.com/app:1.0.0
          ports: [{{containerPort: 8080}}]
"
    )
}

fn policy(name: &str, rest: &str) -> String {
    format!(
        "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}}}
spec:
{rest}"
    )
}

const DENY: &str = "  podSelector: {}\n  policyTypes: [Ingress]\n";

fn to_back(from: &str) -> String {
    format!(
        "  podSelector: {{matchLabels: {{tier: back}}}}
  policyTypes: [Ingress]
  ingress:
    - from: [{from}]
      ports: [{{port: 8080}}]
"
    )
}

const FROM_WEB: &str = "{podSelector: {matchLabels: {app: web}}}";
const FROM_ALL: &str = "{namespaceSelector: {}}";

/// The policies of one environment, or what is left of them.
fn policies(from: &str) -> String {
    format!("{}{}", policy("deny", DENY), policy("back", &to_back(from)))
}

fn file(path: &str, text: &str) -> Files {
    vec![(path.to_owned(), text.to_owned())]
}

/// The base: what faces people, and what does not.
fn base(labels: &str, own: &[(&str, &str)]) -> Files {
    let names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
    let text = format!("resources: [web.yaml, db.yaml{}]\n", listed(&names));
    let own = own.iter();
    let own = own.map(|(name, text)| (format!("base/{name}"), (*text).to_owned()));
    own.chain(file("base/kustomization.yaml", &text))
        .chain(file("base/web.yaml", &deployment("web", "")))
        .chain(file("base/db.yaml", &deployment("db", labels)))
        .collect()
}

fn listed(names: &[&str]) -> String {
    let names = names.iter();
    names.fold(String::new(), |all, name| all + ", " + name)
}

const BACK: &str = ", tier: back";

/// An overlay with a namespace of its own, or none.
fn overlay(name: &str, is_moved: bool, own: Option<&str>) -> Files {
    let list = if own.is_some() { ", policies.yaml" } else { "" };
    let namespace = if is_moved {
        format!("namespace: shop-{name}\n")
    } else {
        String::new()
    };
    let text = format!("{namespace}resources: [../../base{list}]\n");
    let mut files = file(&format!("overlays/{name}/kustomization.yaml"), &text);
    files.extend(own.map(|own| (format!("overlays/{name}/policies.yaml"), own.to_owned())));
    files
}

fn both(base: &Files, is_moved: bool, dev: Option<&str>, prod: Option<&str>) -> Files {
    let (dev, prod) = (
        overlay("dev", is_moved, dev),
        overlay("prod", is_moved, prod),
    );
    [base.clone(), dev, prod].concat()
}

const REMOVED: &str = "high protection-removed overlays/prod/policies.yaml";

#[test]
fn what_one_overlay_takes_away_is_told() {
    let whole = policies(FROM_WEB);
    let base = base(BACK, &[]);
    for is_moved in [true, false] {
        let before = both(&base, is_moved, Some(&whole), Some(&whole));
        let after = both(&base, is_moved, Some(&whole), None);
        let told = news(&judged(&before, &after));
        assert!(told.contains(&REMOVED.to_owned()), "{is_moved}: {told:?}");
        // As where it is the only one.
        let alone = |own| [base.clone(), overlay("prod", is_moved, own)].concat();
        let told_alone = news(&judged(&alone(Some(&whole)), &alone(None)));
        assert_eq!(told, told_alone, "{is_moved}");
        // And where the other one never had any.
        let before = both(&base, is_moved, None, Some(&whole));
        let after = both(&base, is_moved, None, None);
        assert_eq!(news(&judged(&before, &after)), told_alone, "{is_moved}");
    }
}

#[test]
fn what_one_overlay_opens_is_told() {
    let (whole, wide) = (policies(FROM_WEB), policies(FROM_ALL));
    let base = base(BACK, &[]);
    for is_moved in [true, false] {
        let before = both(&base, is_moved, Some(&whole), Some(&whole));
        let after = both(&base, is_moved, Some(&whole), Some(&wide));
        let told = news(&judged(&before, &after));
        let expected = "high connectivity-added overlays/prod/policies.yaml";
        assert!(told.contains(&expected.to_owned()), "{is_moved}: {told:?}");
        // Written otherwise, it is the same.
        let same = whole.replace("app: web", "\"app\": \"web\"");
        let after = both(&base, is_moved, Some(&whole), Some(&same));
        assert_eq!(news(&judged(&before, &after)), [""; 0]);
    }
}

#[test]
fn a_label_of_the_base_counts_in_each_overlay() {
    // Only production denies what comes in, and only to what is in the back.
    let own = policy("back", &to_back(FROM_WEB));
    for is_moved in [true, false] {
        let before = both(&base(BACK, &[]), is_moved, None, Some(&own));
        let after = both(&base("", &[]), is_moved, None, Some(&own));
        let told = news(&judged(&before, &after));
        let expected = "high protection-removed base/db.yaml";
        assert!(told.contains(&expected.to_owned()), "{is_moved}: {told:?}");
        // Where both deny it, it is one finding.
        let before = both(&base(BACK, &[]), is_moved, Some(&own), Some(&own));
        let after = both(&base("", &[]), is_moved, Some(&own), Some(&own));
        let told = news(&judged(&before, &after));
        let all = told.iter().filter(|it| **it == expected);
        assert_eq!(all.count(), 1, "{is_moved}: {told:?}");
    }
}

#[test]
fn what_is_taken_out_of_the_resources_is_told() {
    let whole = policies(FROM_WEB);
    let plain = base(BACK, &[]);
    let before = both(&plain, true, Some(&whole), Some(&whole));
    let mut after = both(&plain, true, Some(&whole), None);
    after.extend(file("overlays/prod/policies.yaml", &whole));
    let told = news(&judged(&before, &after));
    assert!(told.contains(&REMOVED.to_owned()), "{told:?}");
    // The same of the base.
    let before = both(&base(BACK, &[("policies.yaml", &whole)]), true, None, None);
    let mut after = both(&plain, true, None, None);
    after.extend(file("base/policies.yaml", &whole));
    let told = news(&judged(&before, &after));
    let expected = "high protection-removed base/policies.yaml";
    assert!(told.contains(&expected.to_owned()), "{told:?}");
}

/// Each protection that is gone: the message, the place, and the changed one.
fn removed(report: &Report) -> Vec<(String, String, String)> {
    let findings = report.findings.iter();
    let removed = findings.filter(|it| {
        it.rule == "network-policy/protection-removed" && it.status == Status::Introduced
    });
    removed
        .map(|it| {
            let changed = it.changed_at.as_ref().map(|at| at.path.to_string());
            let place = it.location.path.to_string();
            (it.message.clone(), place, changed.unwrap_or_default())
        })
        .collect()
}

#[test]
fn the_kustomization_that_takes_a_policy_in_no_longer_is_told() {
    let whole = policies(FROM_WEB);
    let plain = base(BACK, &[]);
    let list = "overlays/prod/kustomization.yaml";
    let with_component = |overlays: &Files, listed: bool| {
        let mut files = overlays.clone();
        files.extend(file(
            "net/kustomization.yaml",
            "kind: Component\nresources: [policies.yaml]\n",
        ));
        files.extend(file("net/policies.yaml", &whole));
        for (path, text) in &mut files {
            if path == list && listed {
                text.push_str("components: [../../net]\n");
            }
        }
        files
    };
    let without = both(&plain, true, None, None);
    let unlisted = |text: &str| {
        let mut files = without.clone();
        files.extend(file("overlays/prod/policies.yaml", &whole));
        for (path, own) in &mut files {
            if path == list {
                own.push_str(text);
            }
        }
        files
    };
    let component = (
        with_component(&without, true),
        with_component(&without, false),
    );
    for (before, after, place) in [
        (
            both(&plain, true, None, Some(&whole)),
            unlisted(""),
            "overlays/prod/policies.yaml",
        ),
        (component.0, component.1, "net/policies.yaml"),
    ] {
        let told = removed(&judged(&before, &after));
        assert!(!told.is_empty());
        for (message, at, changed) in told {
            assert!(
                message.contains("is no longer taken in by overlays/prod"),
                "{message}"
            );
            assert_eq!((&*at, &*changed), (place, list), "{message}");
        }
    }
    // What is gone from its file is deleted.
    let mut gone = unlisted("");
    gone.retain(|(path, _)| path != "overlays/prod/policies.yaml");
    let told = removed(&judged(&both(&plain, true, None, Some(&whole)), &gone));
    assert!(
        !told.is_empty() && told.iter().all(|it| it.0.contains("is deleted")),
        "{told:?}"
    );
}

#[test]
fn a_label_of_the_kustomization_is_told_where_it_stands() {
    let of = |value: &str| {
        let mut files = both(&base("", &[]), true, None, None);
        let labels = format!("labels:\n  - pairs: {{tier: {value}}}\n    includeTemplates: true\n");
        for (path, text) in &mut files {
            if path == "overlays/prod/kustomization.yaml" {
                *text = format!(
                    "{}{labels}",
                    text.replace("../../base", "../../base, back.yaml")
                );
            }
        }
        files.extend(file(
            "overlays/prod/back.yaml",
            &policy("back", &to_back(FROM_WEB)),
        ));
        files
    };
    let told = removed(&judged(&of("back"), &of("front")));
    let list = "overlays/prod/kustomization.yaml";
    assert_eq!(told.len(), 2, "{told:?}");
    for (message, _, changed) in told {
        assert!(
            message.contains("no policy selects shop-prod/"),
            "{message}"
        );
        assert_eq!(changed, list, "{message}");
    }
}

#[test]
fn an_overlay_that_no_kustomization_takes_in_any_more_is_told() {
    let top = |list: &str| file("top/kustomization.yaml", &format!("resources: [{list}]\n"));
    let own = both(&base(BACK, &[]), true, None, Some(&policies(FROM_WEB)));
    let notes = |before: &Files, after: &Files| {
        let report = judged(before, after);
        let findings = report.findings.iter();
        let notes = findings.filter(|it| it.rule == "input/not-judged");
        let messages = notes.map(|it| (it.location.path.to_string(), it.message.clone()));
        messages.collect::<Vec<_>>()
    };
    let all = [own.clone(), top("../overlays/dev, ../overlays/prod")].concat();
    let one = [own.clone(), top("../overlays/dev")].concat();
    let told = notes(&all, &one);
    let [(path, message)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(path, "top/kustomization.yaml");
    assert!(
        message.contains("takes in overlays/prod any more"),
        "{message}"
    );
    // Nothing is left where all of it goes, or something else takes it in.
    assert_eq!(notes(&all, &own), []);
    let other = file(
        "other/kustomization.yaml",
        "resources: [../overlays/prod]\n",
    );
    assert_eq!(notes(&all, &[one, other].concat()), []);
}

#[test]
fn an_overlay_more_or_less_opens_nothing() {
    let whole = policies(FROM_WEB);
    let base = base(BACK, &[]);
    for is_moved in [true, false] {
        let of = |names: &[&str]| -> Files {
            let overlays = names.iter();
            let overlays = overlays.flat_map(|name| overlay(name, is_moved, Some(&whole)));
            base.iter().cloned().chain(overlays).collect()
        };
        let umbrella = file("overlays/kustomization.yaml", "resources: [dev, prod]\n");
        let umbrella = [of(&["dev", "prod"]), umbrella].concat();
        for (name, before, after) in [
            ("the first", base.clone(), of(&["prod"])),
            ("one more", of(&["dev"]), of(&["dev", "prod"])),
            ("one less", of(&["dev", "prod"]), of(&["dev"])),
            ("all in one", of(&["dev", "prod"]), umbrella.clone()),
            ("each by itself", umbrella.clone(), of(&["dev", "prod"])),
        ] {
            let told = news(&judged(&before, &after));
            assert_eq!(told, [""; 0], "{name}, {is_moved}");
        }
        if is_moved {
            // What an umbrella takes in is there in each namespace.
            let gone: Files = umbrella
                .iter()
                .filter(|(path, _)| path != "overlays/prod/policies.yaml")
                .map(|(path, text)| match path.as_str() {
                    "overlays/prod/kustomization.yaml" => {
                        (path.clone(), text.replace(", policies.yaml", ""))
                    }
                    _ => (path.clone(), text.clone()),
                })
                .collect();
            let told = news(&judged(&umbrella, &gone));
            assert!(told.contains(&REMOVED.to_owned()), "{told:?}");
        }
    }
}

#[test]
fn an_overlay_of_another_name_opens_nothing() {
    let whole = policies(FROM_WEB);
    let base = base(BACK, &[]);
    for is_moved in [true, false] {
        let before = both(&base, is_moved, Some(&whole), Some(&whole));
        let renamed: Files = before
            .iter()
            .map(|(path, text)| (path.replace("/prod/", "/production/"), text.clone()))
            .collect();
        assert_eq!(news(&judged(&before, &renamed)), [""; 0], "{is_moved}");
        let less: Files = renamed
            .iter()
            .filter(|(path, _)| path != "overlays/production/policies.yaml")
            .map(|(path, text)| match path.as_str() {
                "overlays/production/kustomization.yaml" => {
                    (path.clone(), text.replace(", policies.yaml", ""))
                }
                _ => (path.clone(), text.clone()),
            })
            .collect();
        let told = news(&judged(&before, &less));
        assert!(
            told.iter()
                .any(|it| it.starts_with("high protection-removed")),
            "{is_moved}: {told:?}"
        );
    }
}

#[test]
fn what_is_open_in_one_namespace_is_told_beside_another_one() {
    // Production keeps a policy for most of its workloads, development for all.
    let mut own = base(BACK, &[("c.yaml", &deployment("cart", ""))]);
    own.extend(file("base/d.yaml", &deployment("desk", "")));
    let (deny, some) = (
        policy("deny", DENY),
        policy(
            "some",
            "  podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}\n  policyTypes: [Ingress]\n",
        ),
    );
    let told = |files: &Files| {
        let report = judged(&Vec::new(), files);
        let mut told = news(&report);
        told.retain(|it| it.contains("unprotected"));
        told
    };
    let alone = [own.clone(), overlay("prod", true, Some(&some))].concat();
    let beside = both(&own, true, Some(&deny), Some(&some));
    let expected = ["medium unprotected base/db.yaml"];
    assert_eq!(told(&alone), expected);
    assert_eq!(told(&beside), expected);
}

/// A folder whose kustomization, if it has one, lists its workloads and, if it is to, its policies.
fn flat(is_listed: Option<bool>, head: &str) -> Files {
    let mut files = file("k8s/web.yaml", &deployment("web", ""));
    files.extend(file("k8s/db.yaml", &deployment("db", BACK)));
    files.extend(file("k8s/policies.yaml", &policies(FROM_WEB)));
    if let Some(is_listed) = is_listed {
        let more = if is_listed { ", policies.yaml" } else { "" };
        let text = format!("{head}resources: [web.yaml, db.yaml{more}]\n");
        files.extend(file("k8s/kustomization.yaml", &text));
    }
    files
}

#[test]
fn what_lies_beside_a_kustomization_that_took_it_in_counts_no_longer() {
    let list = "k8s/kustomization.yaml";
    for head in ["", "namespace: shop\n"] {
        let report = judged(&flat(Some(true), head), &flat(Some(false), head));
        let told = removed(&report);
        assert!(!told.is_empty(), "{head}");
        for (message, at, changed) in told {
            let words = "is no longer taken in by k8s";
            assert!(message.contains(words), "{message}");
            assert_eq!((&*at, &*changed), ("k8s/policies.yaml", list), "{message}");
        }
        assert!(!report.network.is_empty(), "{head}");
    }
    // Taken in again, it closes what was open.
    let report = judged(&flat(Some(false), ""), &flat(Some(true), ""));
    assert_eq!(news(&report), [""; 0]);
    assert!(!report.network.is_empty());
    // What is applied without a kustomization may go on so, and so may what lay there before.
    for (base, head) in [
        (flat(None, ""), flat(Some(true), "")),
        (flat(None, ""), flat(Some(false), "")),
        (flat(Some(true), ""), flat(None, "")),
        (flat(Some(false), ""), flat(Some(false), "")),
    ] {
        let report = judged(&base, &head);
        assert_eq!(news(&report), [""; 0]);
        assert!(report.network.is_empty());
    }
}
