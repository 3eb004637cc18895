//! Versions of Node.js and the day on which they are asked about.

use tidegate::config::value::Day;
use tidegate::evaluate::evaluate;
use tidegate::finding::Severity;

use crate::reading::{context, snapshot};

/// What is said of the support of versions on a day.
fn on(day: Option<&str>, files: &[(&str, &str)]) -> Vec<(Severity, String)> {
    let mut context = context();
    context.today = day.map(|day| Day::parse(day).unwrap());
    let findings = evaluate(&snapshot(files), &context).findings;
    let findings = findings.into_iter();
    findings
        .filter(|found| found.rule == "node/end-of-life")
        .map(|found| (found.severity, found.message))
        .collect()
}

#[test]
fn the_day_decides() {
    let files = [("Dockerfile", "FROM node:22-alpine\n")];
    let severity = |day| on(day, &files).first().map(|found| found.0);
    assert_eq!(severity(Some("2027-01-29")), None);
    assert_eq!(severity(Some("2027-01-30")), Some(Severity::Low));
    assert_eq!(severity(Some("2027-04-30")), Some(Severity::Low));
    assert_eq!(severity(Some("2027-05-01")), Some(Severity::High));
    assert_eq!(severity(None), None, "where nobody says which day it is");
}

#[test]
fn the_newest_line_with_long_support_is_what_to_move_to() {
    let files = [(".nvmrc", "18\n")];
    let named = |day, line: &str| {
        let found = on(Some(day), &files);
        let message = &found.first().unwrap().1;
        assert!(message.contains(line), "{day}: {message}");
    };
    named("2026-10-27", "move to Node.js 24,");
    named("2026-10-28", "move to Node.js 26,");
    named("2040-01-01", "move to a line that is supported");
}

#[test]
fn versions_beyond_the_schedule_never_end() {
    for version in [
        "29", "31.2.0", ">=29", ">=14", "lts/*", "system", "3.3.1", "garbage", "",
    ] {
        let found = on(Some("2040-01-01"), &[(".nvmrc", version)]);
        assert!(found.is_empty(), "{version}: {found:?}");
    }
}

#[test]
fn what_tests_and_examples_work_on_is_low() {
    let severity = |path: &str, text: &str| {
        let found = on(Some("2026-11-25"), &[(path, text)]);
        found.first().map(|found| found.0)
    };
    for folder in [
        "test",
        "tests/api",
        "fixtures",
        "testdata/a",
        "examples/shop",
        "e2e",
    ] {
        let at = |name: &str| format!("{folder}/{name}");
        for (name, text) in [
            ("Dockerfile", "FROM node:18\n"),
            (".nvmrc", "18\n"),
            (
                "package.json",
                r#"{"private": true, "engines": {"node": "18.x"}}"#,
            ),
        ] {
            assert_eq!(
                severity(&at(name), text),
                Some(Severity::Low),
                "{folder}/{name}"
            );
        }
    }
    assert_eq!(
        severity("Dockerfile", "FROM node:18\n"),
        Some(Severity::High)
    );
    assert_eq!(
        severity("contest/Dockerfile", "FROM node:18\n"),
        Some(Severity::High)
    );
    assert_eq!(
        severity("Dockerfile.test", "FROM node:18\n"),
        Some(Severity::Medium)
    );
    // Manifests of examples are what people apply.
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: node:18}]}\n";
    assert_eq!(severity("examples/pod.yaml", pod), Some(Severity::High));
}

/// What a change introduces.
fn introduced(path: &str, base: &str, head: &str) -> usize {
    let sides = [base, head].map(|text| snapshot(&[(path, text)]));
    let found = sides.each_ref().map(|side| {
        let findings = evaluate(side, &context()).findings;
        let own = findings
            .iter()
            .filter(|found| found.rule == "node/end-of-life");
        own.map(|found| found.fingerprint).collect::<Vec<_>>()
    });
    let [before, after] = found;
    after.iter().filter(|own| !before.contains(own)).count()
}

#[test]
fn a_newer_patch_of_an_ended_line_is_no_new_mistake() {
    for (path, base, head, wanted) in [
        (
            "Dockerfile",
            "FROM node:18.1.0",
            "FROM node:18.20.8-alpine",
            0,
        ),
        (
            "Dockerfile",
            "FROM node:18",
            "FROM node:18 AS a\nFROM node:18-slim",
            0,
        ),
        ("Dockerfile", "FROM node:16", "FROM node:18", 1),
        ("Dockerfile", "FROM node:24", "FROM node:20", 1),
        (".nvmrc", "18.1.0", "18.20.8", 0),
    ] {
        assert_eq!(introduced(path, base, head), wanted, "{base} -> {head}");
    }
}

#[test]
fn nothing_that_is_written_stops_the_reading() {
    let deep = format!("{}1", "<".repeat(10_000));
    let wide = "18 || ".repeat(20_000);
    for text in [
        "\u{feff}18\r\n",
        "\r\n\r\n18",
        "99999999999999999999",
        "v",
        "1..2",
        "^",
        &deep,
        &wide,
    ] {
        let package = serde_json::json!({"engines": {"node": text}, "volta": {"node": text}});
        let dockerfile = format!(
            "ARG V={text}\nFROM node:${{V}}\nFROM node:{text} AS a\nFROM a\nENV NODE_VERSION={text}"
        );
        let files = [
            (".nvmrc", text),
            (".tool-versions", &format!("nodejs {text}")),
            ("package.json", &package.to_string()),
            ("Dockerfile", &dockerfile),
        ];
        on(Some("2026-11-26"), &files.map(|(path, text)| (path, text)));
    }
}

/// What an image of one's own starts is not known; an option before a script says it.
#[test]
fn arguments_that_only_node_takes_are_for_node() {
    for (arguments, told) in [
        (r#"["--inspect=0.0.0.0:9229", "dist/server.js"]"#, true),
        (
            r#"["--enable-source-maps", "--inspect=0.0.0.0:9229", "dist/server.mjs"]"#,
            true,
        ),
        (r#"["--inspect=0.0.0.0:9229"]"#, false),
        (
            r#"["serve", "--inspect=0.0.0.0:9229", "dist/server.js"]"#,
            false,
        ),
        (
            r#"["--port", "80", "dist/server.js", "--inspect=0.0.0.0:9229"]"#,
            false,
        ),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec:\n  containers:\n  - name: a\n    image: registry.acme.io/shop/cart:1.4.2\n    args: {arguments}\n"
        );
        let snapshot = snapshot(&[("pod.yaml", &text)]);
        let findings = evaluate(&snapshot, &context()).findings;
        let is_told = findings
            .iter()
            .any(|finding| finding.rule == "node/inspector-open");
        assert_eq!(is_told, told, "{arguments}");
    }
}

#[test]
fn a_database_pays_no_heed_to_the_variables_of_node() {
    let pod = |image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec:\n  containers:\n  - name: a\n    image: {image}\n    env: [{{name: NODE_OPTIONS, value: '--inspect=0.0.0.0:9229'}}]\n"
        )
    };
    let told = |image: &str| {
        let text = pod(image);
        let snapshot = snapshot(&[("pod.yaml", &text)]);
        let findings = evaluate(&snapshot, &context()).findings;
        findings
            .iter()
            .any(|finding| finding.rule == "node/inspector-open")
    };
    assert!(told("ghcr.io/acme/api:1.4.2"));
    assert!(told("node:24.11.1-slim"));
    assert!(told("debian:12.8"));
    assert!(!told("postgres:17.2"));
    assert!(!told("docker.io/library/python:3.13.1"));
}

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - name: web
    image: example.com/web:18-alpine
    command: [node, web.js]
    envFrom: [{configMapRef: {name: web}}]
    resources: {limits: {memory: 512Mi}}
";

#[test]
fn an_image_that_a_kustomization_puts_in_has_its_day_as_well() {
    let of = |images: &str| {
        let text = format!("resources: [pod.yaml]\nimages: [{{{images}}}]\n");
        let files = [("k/kustomization.yaml", &*text), ("k/pod.yaml", POD)];
        on(Some("2026-11-01"), &files)
    };
    for images in [
        "name: node, newTag: 18-alpine",
        "name: example.com/web, newName: node, newTag: 18-alpine",
        "name: example.com/web, newName: node",
    ] {
        let found = of(images);
        assert!(
            matches!(&*found, [(Severity::High, message)] if message.contains("\"node:18-alpine\"")),
            "{images} {found:?}"
        );
    }
    for images in [
        "name: node, newTag: 24-alpine",
        "name: example.com/web, newTag: 18-alpine",
        "name: example.com/other, newName: node",
        "name: node, tagSuffix: -x, newTag: 18",
        "name: node, newName: mirror.example.com/node",
    ] {
        assert_eq!(of(images), [], "{images}");
    }
}

/// What the rules of Node.js say of a pod in `base` whose variables something generates, with the line of each.
fn of_generated(files: &[(&str, &str)]) -> Vec<(&'static str, String, usize)> {
    let mut all = vec![("base/pod.yaml", POD)];
    all.extend(files);
    let snapshot = snapshot(&all);
    let findings = evaluate(&snapshot, &context()).findings.into_iter();
    findings
        .filter(|found| found.rule.starts_with("node/"))
        .map(|found| {
            let path = found.location.path.to_string();
            let text = snapshot.file(&path).unwrap().text().unwrap();
            let start = found.location.span.start as usize;
            (found.rule, path, text[..start].lines().count())
        })
        .collect()
}

const LISTED: &str = "resources: [pod.yaml]\n";

#[test]
fn what_a_kustomization_generates_is_read_as_variables() {
    for (line, rule) in [
        ("NODE_OPTIONS=--inspect=0.0.0.0:9229", "node/inspector-open"),
        (
            "'NODE_OPTIONS=\"--inspect=0.0.0.0:9229\"'",
            "node/inspector-open",
        ),
        (
            "NODE_OPTIONS=--max-old-space-size=4096",
            "node/heap-above-limit",
        ),
        (
            "NODE_TLS_REJECT_UNAUTHORIZED=0",
            "node/tls-verification-off",
        ),
        ("NODE_ENV=development", "node/not-production"),
        ("DEBUG=*", "node/debug-environment"),
    ] {
        let literals = format!(
            "{LISTED}configMapGenerator:\n- name: web\n  literals:\n  - PORT=80\n  - {line}\n"
        );
        let kustomization = "base/kustomization.yaml".to_owned();
        let expected = [(rule, kustomization, 6)];
        let files = [("base/kustomization.yaml", &*literals)];
        assert_eq!(of_generated(&files), expected, "{line}");
        // Nobody takes it, or not by this name.
        let other = literals.replace("name: web", "name: other");
        let files = [("base/kustomization.yaml", &*other)];
        assert_eq!(of_generated(&files), [], "{line}");
        let apart = [
            ("base/kustomization.yaml", LISTED),
            ("other/kustomization.yaml", &literals),
        ];
        assert_eq!(of_generated(&apart), [], "{line}");
        // An overlay adds it to what the base generates.
        let overlay = literals.replace("pod.yaml", "../base");
        let above = |folder: &'static str| {
            let files = [("base/kustomization.yaml", LISTED), (folder, &*overlay)];
            of_generated(&files).len()
        };
        assert_eq!(above("live/kustomization.yaml"), 1, "{line}");
        if !line.contains("max-old-space-size") {
            assert_eq!(above("dev/kustomization.yaml"), 0, "{line}");
        }
    }
}

#[test]
fn what_comes_from_secrets_is_read_as_variables_and_never_shown() {
    const OF_SECRET: &str = "node/tls-verification-off node/not-production node/inspector-open";
    let pod = POD
        .replace("configMapRef", "secretRef")
        .replace("configMapKeyRef", "secretKeyRef");
    assert!(pod != POD && pod.contains("secretRef"), "{pod}");
    let of = |files: &[(&str, &str)]| {
        let mut all = vec![("base/pod.yaml", &*pod)];
        all.extend(files);
        let findings = evaluate(&snapshot(&all), &context()).findings.into_iter();
        let of_node = findings.filter(|found| found.rule.starts_with("node/"));
        of_node
            .map(|found| (found.rule, found.message))
            .collect::<Vec<_>>()
    };
    let secret =
        |field: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: web}}\n{field}\n");
    for field in [
        "stringData: {NODE_ENV: development}",
        "data: {NODE_ENV: ZGV2ZWxvcG1lbnQ=}",
        "stringData: {NODE_TLS_REJECT_UNAUTHORIZED: '0'}",
        "data: {NODE_TLS_REJECT_UNAUTHORIZED: MA==}",
        "stringData: {NODE_OPTIONS: --inspect=0.0.0.0}",
    ] {
        let found = of(&[("base/secret.yaml", &secret(field))]);
        assert_eq!(found.len(), 1, "{field} {found:?}");
        assert!(OF_SECRET.contains(found[0].0), "{field} {found:?}");
    }
    let generated =
        format!("{LISTED}secretGenerator:\n- name: web\n  literals: [NODE_ENV=development]\n");
    let found = of(&[("base/kustomization.yaml", &generated)]);
    assert_eq!(found.len(), 1, "{found:?}");
    let found = of(&[(
        "base/secret.yaml",
        &secret("stringData: {DEBUG: 'q8Zr2Lw7,*'}"),
    )]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].1.contains("q8Zr2Lw7"), "{found:?}");
    for field in [
        "stringData: {NODE_ENV: production}",
        "data: {NODE_ENV: '%%%'}",
        "data: {NODE_ENV: development}",
    ] {
        assert_eq!(of(&[("base/secret.yaml", &secret(field))]), [], "{field}");
    }
    // A ConfigMap of the name is none of its sources.
    let map = secret("data: {NODE_ENV: development}").replace("Secret", "ConfigMap");
    let found = of(&[("base/map.yaml", &map)]);
    assert_eq!(found, [], "{found:?}");
}

#[test]
fn files_of_variables_that_a_kustomization_takes_in_are_read() {
    let of = |listed: &str, path: &str| {
        let text = format!("{LISTED}configMapGenerator: [{{name: web, {listed}}}]\n");
        let variables = "# DEBUG=*\nPORT=80\n  NODE_ENV=development\n";
        of_generated(&[("base/kustomization.yaml", &text), (path, variables)])
    };
    for (listed, path) in [
        ("envs: [web.env]", "base/web.env"),
        ("env: web.env", "base/web.env"),
        ("envs: [../in/.env]", "in/.env"),
    ] {
        let found = of(listed, path);
        let expected = [("node/not-production", path.to_owned(), 3)];
        assert_eq!(found, expected, "{listed}");
    }
    assert_eq!(of("files: [web.env]", "base/web.env"), []);
}
