//! Credentials where they are easily missed: which are told, on which line, and which of them are new.

use std::fs;

use serde_json::Value as Json;

use crate::program::{tidegate, write};

/// None of them was ever valid; put together here, so that nothing in the repository looks like a leaked key.
const PASSWORD: &str = "Zq8KxT3vBn7Zp";
const LETTERS: &str = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5kM7nP9";

pub(crate) fn filled(text: &str) -> String {
    let packed = |text: &str| {
        use base64::Engine as _;
        base64::prelude::BASE64_STANDARD.encode(text)
    };
    let key = format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{LETTERS}{LETTERS}\n-----END RSA PRIVATE KEY-----\n"
    );
    let block = |indent: &str| key.trim_end().replace('\n', &format!("\n{indent}"));
    text.replace("KEY_AT_4", &block("    "))
        .replace("KEY_AT_8", &block("        "))
        .replace(
            "PACKED_OTHER",
            &packed(&format!("ghp_{}", &LETTERS[10..46])),
        )
        .replace("OTHER_GHP", &format!("ghp_{}", &LETTERS[10..46]))
        .replace("OTHER_DRAWN", "w7Ky3Mv8Zd5Wc1Pn2Lk9Jh4G")
        .replace("DRAWN", "q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F")
        .replace("PACKED_KEY", &packed(&key))
        .replace("PACKED_GHP", &packed(&format!("ghp_{}", &LETTERS[..36])))
        .replace("GHP", &format!("ghp_{}", &LETTERS[..36]))
        .replace("NPM", &format!("npm_{}", &LETTERS[..36]))
        .replace("STRIPE", &format!("sk_live_{}", &LETTERS[..24]))
        .replace("BOT", &format!("9657249208:AA{}", &LETTERS[..33]))
        .replace("SIGNED", "BlIFXZ53Ncqe28ajY75FnCttn6kfaqDeMqG3oAAbbCC%3D")
        .replace("PW", PASSWORD)
}

pub(crate) fn pod(container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    image: acme/x:1.0.0\n    {container}\n"
    )
}

/// An object with nothing but a name and this.
pub(crate) fn object(kind: &str, rest: &str) -> String {
    format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n")
}

/// All of these lines are told, and no output shows one of the values.
pub(crate) fn assert_told_hiding(name: &str, text: &str, wanted: &[&str], hidden: &[&str]) {
    let (lines, report) = told(name, "", text);
    let wanted: Vec<_> = wanted
        .iter()
        .map(|wanted| format!("introduced {wanted}"))
        .collect();
    assert_eq!(lines, wanted, "{text}\n{report}");
    for hidden in hidden {
        let hidden = filled(hidden);
        assert!(!report.contains(&hidden[..12]), "{text}\n{report}");
    }
}

pub(crate) fn assert_silent(name: &str, text: &str) {
    let (lines, report) = told(name, "", text);
    assert_eq!(lines, Vec::<String>::new(), "{text}\n{report}");
}

fn config_map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n{data}\n")
}

fn secret(rest: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{rest}\n")
}

/// What the rules about credentials say, and the whole report: status, rule and line, in the order of the report.
pub(crate) fn told(name: &str, base: &str, head: &str) -> (Vec<String>, String) {
    let scene = tempfile::tempdir().expect("a folder");
    for (side, text) in [("base", base), ("head", head)] {
        let folder = scene.path().join(side);
        fs::create_dir_all(&folder).expect("a folder");
        if !text.is_empty() {
            write(&folder, &[(name, filled(text).as_str())]);
        }
    }
    let run = |format: &str| {
        let arguments = [
            "check",
            "--base",
            "base",
            "--head",
            "head",
            "--verbose",
            "--format",
            format,
        ];
        tidegate(scene.path(), &arguments, &[]).stdout
    };
    let json = run("json");
    let report: Json = serde_json::from_str(&json).expect("it is JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    let of_rule = findings.filter(|finding| {
        let rule = finding["rule"].as_str().unwrap();
        rule.starts_with("secret/") || rule == "dockerfile/npm-install"
    });
    let lines = of_rule.map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap();
        let line = &finding["location"]["start"]["line"];
        format!("{} {} {line}", text("status"), text("rule"))
    });
    (lines.collect(), json + &run("terminal"))
}

/// A Dockerfile, and what is told of the line with the secret in it.
fn in_image(text: &str) -> (&'static str, String, &'static str) {
    let line = text.lines().position(|line| {
        ["PW", "GHP", "NPM"]
            .iter()
            .any(|secret| line.contains(secret))
    });
    let line = format!("secret/in-image {}", line.unwrap() + 2);
    (
        "Dockerfile",
        format!("FROM node:24-slim\n{text}\n"),
        line.leak(),
    )
}

fn assert_told_and_not_shown(cases: &[(&str, String, &str)]) {
    for (name, head, wanted) in cases {
        let (lines, report) = told(name, "", head);
        assert_eq!(lines, [format!("introduced {wanted}")], "{head}\n{report}");
        for hidden in ["PW", "GHP", "NPM", "PACKED_GHP", "BOT", "DRAWN"] {
            let hidden = filled(hidden);
            assert!(!report.contains(&hidden[..12]), "{head}\n{report}");
        }
    }
}

fn assert_told(cases: &[(&str, String, String, &[&str])]) {
    for (name, base, head, wanted) in cases {
        let (lines, report) = told(name, base, head);
        assert_eq!(lines, *wanted, "{head}\n{report}");
    }
}

fn data(lines: &str) -> String {
    let lines = lines.replace('\n', "\n    ");
    config_map(&format!("data:\n  a: |\n    {lines}"))
}

fn env(value: &str) -> String {
    pod(&format!("env: [{{name: T, value: \"{value}\"}}]"))
}

#[test]
fn credentials_in_commands_and_named_places_are_told_and_not_shown() {
    let command = |words: &str| {
        (
            "a.yaml",
            pod(&format!("command: {words}")),
            "secret/exposed 8",
        )
    };
    assert_told_and_not_shown(&[
        command(r#"["npm", "start", "--", "--db-password", "PW"]"#),
        command(r#"["yarn", "start", "--password", "PW"]"#),
        command(r#"["sh", "-c", "exec npm start -- --db-password PW"]"#),
        command(r#"["sh", "-c", "exec npm start -- --db-password='PW'"]"#),
        command(r#"["sh", "-c", "curl -u bot:PW https://git.acme.io && node --inspect s.js"]"#),
        command(r#"["sh", "-c", "curl -fsSLu 'bot:PW' https://git.acme.io"]"#),
        command(r#"["curl", "--user", "bot:PW", "https://git.acme.io"]"#),
        command(r#"["curl", "--user=bot:PW", "https://git.acme.io"]"#),
        command(r#"["sshpass", "-p", "PW", "ssh", "acme.io"]"#),
        command(r#"["sh", "-c", "sshpass -pPW ssh acme.io"]"#),
        command(r#"["sh", "-c", "docker login -u bot -p PW ghcr.io"]"#),
        command(r#"["sh", "-c", "mysqldump -uroot -pPW shop | gzip"]"#),
        command(r#"["mysql", "-uroot", "-pPW", "shop"]"#),
        command("[mysql]\n    args: [-uroot, -pPW]").at(9),
        in_image(r#"CMD ["npm", "start", "--", "--db-password", "PW"]"#),
        in_image(r#"CMD ["node", "s.js", "--db-password", "PW"]"#),
        in_image("RUN curl -u bot:PW https://git.acme.io/x | sh"),
        in_image("RUN <<EOF\nset -e\ngit clone https://bot:PW@git.acme.io/x\nEOF"),
        in_image("RUN <<EOF\nexport T=GHP\nEOF"),
        in_image("RUN <<EOF\nnpm config set //registry.npmjs.org/:_authToken NPM\nEOF"),
        in_image("COPY <<EOF /app/.npmrc\n//registry.npmjs.org/:_authToken=NPM\nEOF"),
        (
            "a.yaml",
            config_map("binaryData:\n  id_rsa: PACKED_KEY"),
            "secret/exposed 5",
        ),
        (
            "a.yaml",
            config_map("binaryData:\n  tok: PACKED_GHP"),
            "secret/exposed 5",
        ),
        (
            ".yarnrc.yml",
            "npmAuthIdent: \"bot:PW\"\n".to_owned(),
            "secret/in-file 1",
        ),
        (
            ".yarnrc.yml",
            "npmScopes:\n  acme:\n    npmAuthIdent: bot:PW\n".to_owned(),
            "secret/in-file 3",
        ),
        (
            "a.yaml",
            secret("stringData:\n  token: GHP\nsops: {}"),
            "secret/literal 5",
        ),
        (
            "a.yaml",
            secret(
                "stringData:\n  a: ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:A=]\n  token: GHP\nsops: {version: 3.9.0}",
            ),
            "secret/literal 6",
        ),
    ]);
}

#[test]
fn what_is_piped_or_kept_for_machines_is_told_and_not_shown() {
    assert_told_and_not_shown(&[
        in_image("RUN echo 'PW' | docker login -u bot --password-stdin ghcr.io"),
        in_image("RUN docker login -u bot --password-stdin ghcr.io <<< PW"),
        in_image("COPY <<EOF /root/.netrc\nmachine git.acme.io login bot password PW\nEOF"),
        in_image(
            "RUN <<EOF\ncat > ~/.netrc <<END\nmachine git.acme.io\n  login bot\n  password PW\nEND\nEOF",
        ),
        in_image("RUN echo 'machine git.acme.io login bot password PW' > ~/.netrc && npm ci"),
        in_image("RUN printf 'machine git.acme.io\\nlogin bot\\npassword PW\\n' > ~/.netrc"),
        (
            "a.yaml",
            config_map(
                "data:\n  .netrc: |\n    machine git.acme.io\n      login bot\n      password PW",
            ),
            "secret/exposed 8",
        ),
        (
            "a.yaml",
            config_map("data:\n  netrc: default login bot password PW"),
            "secret/exposed 5",
        ),
        (
            "kustomization.yaml",
            "configMapGenerator:\n- name: a\n  literals:\n  - PLAIN=x\n  - DB_PASSWORD=PW\n"
                .to_owned(),
            "secret/in-file 5",
        ),
        (
            "kustomization.yaml",
            "secretGenerator:\n- name: a\n  literals:\n  - DB_PASSWORD=PW\n".to_owned(),
            "secret/in-file 4",
        ),
    ]);
}

#[test]
fn words_that_are_no_credential_stay_silent() {
    for silent in [
        r#"["curl", "-u", "bot:$PASSWORD", "https://git.acme.io"]"#,
        r#"["sh", "-c", "curl -u bot:$PASSWORD https://git.acme.io"]"#,
        r#"["sh", "-c", "docker run -p 8080:80 Zq8KxT3vBn7Zp"]"#,
        r#"["sh", "-c", "mkdir -p Zq8KxT3vBn7Zp"]"#,
        r#"["sh", "-c", "mysql -p Zq8KxT3vBn7Zp"]"#,
        r#"["sh", "-c", "echo $PASSWORD | docker login --password-stdin"]"#,
        r#"["sh", "-c", "echo Zq8KxT3vBn7Zp | tee log; docker login --password-stdin < file"]"#,
        r#"["sh", "-c", "echo 'machine acme.io login bot password changeme' > ~/.netrc"]"#,
        r#"["sh", "-c", "echo 'machine acme.io login bot password $PASSWORD' > ~/.netrc"]"#,
        r#"["sh", "-c", "echo your login and password Zq8KxT3vBn7Zp"]"#,
        r#"["x", "--password-file", "Zq8KxT3vBn7Zp"]"#,
        r#"["sh", "-c", "x --use-token --name Zq8KxT3vBn7Zp"]"#,
    ] {
        let (lines, _) = told("a.yaml", "", &pod(&format!("command: {silent}")));
        assert_eq!(lines, Vec::<String>::new(), "{silent}");
    }
}

/// For a case that stands on another line.
trait At {
    fn at(self, line: usize) -> Self;
}

impl At for (&'static str, String, &'static str) {
    fn at(self, line: usize) -> Self {
        let rule = self.2.split(' ').next().unwrap_or_default();
        (self.0, self.1, format!("{rule} {line}").leak())
    }
}

#[test]
fn a_credential_beside_another_one_is_new() {
    let held = |lines: &str| {
        secret(&format!(
            "stringData:\n  app.env: |\n    {}",
            lines.replace('\n', "\n    ")
        ))
    };
    assert_told(&[
        (
            "a.yaml",
            data("password: PW"),
            data("password: PW\nstripe: STRIPE\ngh: GHP"),
            &[
                "existing secret/exposed 6",
                "introduced secret/exposed 7",
                "introduced secret/exposed 8",
            ],
        ),
        (
            "a.yaml",
            data("gh: GHP"),
            data("old: GHP\ngh: GHP"),
            &["introduced secret/exposed 6", "existing secret/exposed 7"],
        ),
        (
            "a.yaml",
            held("PASSWORD=PW"),
            held("PASSWORD=PW\nGH=GHP"),
            &["existing secret/literal 6", "introduced secret/literal 7"],
        ),
        (
            "a.yaml",
            env("NPM"),
            env("GHP"),
            &["introduced secret/exposed 8", "fixed secret/exposed 8"],
        ),
        (
            ".env",
            "URL=https://bot:PW@git.acme.io\n".to_owned(),
            "URL=https://bot:PW@git.acme.io,https://bot:PW@npm.acme.io\n".to_owned(),
            &["existing secret/in-file 1", "introduced secret/in-file 1"],
        ),
        (
            "Dockerfile",
            "FROM node:24-slim\nRUN export A=GHP\n".to_owned(),
            "FROM node:24-slim\nRUN export A=GHP && export B=GHP\n".to_owned(),
            &["existing secret/in-image 2", "introduced secret/in-image 2"],
        ),
    ]);
}

#[test]
fn a_credential_is_told_from_another_of_its_kind() {
    assert_told(&[
        // In its place.
        (
            "a.yaml",
            env("GHP"),
            env("OTHER_GHP"),
            &["introduced secret/exposed 8", "fixed secret/exposed 8"],
        ),
        (
            "a.yaml",
            secret("data:\n  token: PACKED_GHP"),
            secret("data:\n  token: PACKED_OTHER"),
            &["introduced secret/literal 5", "fixed secret/literal 5"],
        ),
        (
            "a.yaml",
            secret("stringData:\n  session-key: DRAWN"),
            secret("stringData:\n  session-key: OTHER_DRAWN"),
            &["introduced secret/literal 5", "fixed secret/literal 5"],
        ),
        (
            ".npmrc",
            "//registry.npmjs.org/:_authToken=DRAWN\n".to_owned(),
            "//registry.npmjs.org/:_authToken=OTHER_DRAWN\n".to_owned(),
            &["introduced secret/in-file 1", "fixed secret/in-file 1"],
        ),
        // Beside it.
        (
            "a.yaml",
            env("GHP"),
            env("GHP,OTHER_GHP"),
            &["existing secret/exposed 8", "introduced secret/exposed 8"],
        ),
        (
            "a.yaml",
            data("a:\n  token: DRAWN"),
            data("a:\n  token: DRAWN\nb:\n  token: OTHER_DRAWN"),
            &["existing secret/exposed 7", "introduced secret/exposed 9"],
        ),
        (
            "a.yaml",
            data("machine a.io login bot password PW"),
            data("machine a.io login bot password PW\nmachine b.io login bot password PW"),
            &["existing secret/exposed 6", "introduced secret/exposed 7"],
        ),
        // A password that a person thought of is not told from another: a sum would give it away.
        (
            "a.yaml",
            data("password: PW"),
            data("password: Xk4WmR9cHd2Qs"),
            &["existing secret/exposed 6"],
        ),
    ]);
}

#[test]
fn words_around_a_credential_do_not_make_it_new() {
    let command = |words: &str| pod(&format!("command: {words}"));
    let run = |text: &str| format!("FROM node:24-slim\nRUN {text}\n");
    for (name, base, head) in [
        (
            "a.yaml",
            command(r#"["x", "--db-password=PW"]"#),
            command(r#"["x", "--verbose", "--db-password=PW"]"#),
        ),
        (
            "a.yaml",
            command(r#"["x", "--db-password=PW"]"#),
            command(r#"["x", "--db-password", "PW"]"#),
        ),
        (
            "a.yaml",
            command(r#"["sh", "-c", "PGPASSWORD=PW exec node s.js"]"#),
            command(r#"["sh", "-c", "echo start; PGPASSWORD=PW exec node s.js"]"#),
        ),
        (
            "a.yaml",
            command(r#"["sh", "-c", "curl -u bot:PW https://acme.io"]"#),
            command(r#"["sh", "-c", "curl -s -u bot:PW https://acme.io/x"]"#),
        ),
        (
            "Dockerfile",
            run("git clone https://bot:PW@git.acme.io/a"),
            run("echo hi && git clone --depth 1 https://bot:PW@git.acme.io/b"),
        ),
        (
            "Dockerfile",
            "FROM node:24-slim\nARG T=GHP\n".to_owned(),
            "FROM node:24-slim AS prod\nARG T=GHP\n".to_owned(),
        ),
        (
            "a.yaml",
            config_map("data:\n  a: |\n    KEY_AT_4"),
            config_map("data:\n    b: c\n    a: |\n        KEY_AT_8"),
        ),
        (
            "a.yaml",
            secret("stringData: {token: DRAWN}"),
            secret("stringData:\n    token:\n      'DRAWN'"),
        ),
    ] {
        let (lines, report) = told(name, &base, &head);
        let is_known = |line: &String| line.starts_with("existing ");
        assert!(
            lines.len() == 1 && lines.iter().all(is_known),
            "{lines:?}\n{report}"
        );
    }
}

#[test]
fn what_stands_in_fields_that_nobody_knows_is_told_and_not_shown() {
    let of_kind = |kind: &str, rest: &str| {
        format!("apiVersion: acme.io/v1\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n")
    };
    assert_told_and_not_shown(&[
        (
            "a.yaml",
            secret("stringdata:\n  a: shop\n  token: GHP"),
            "secret/literal 6",
        ),
        (
            "a.yaml",
            secret("datas: {a: [PACKED_GHP]}"),
            "secret/literal 4",
        ),
        ("a.yaml", config_map("datas: {t: NPM}"), "secret/exposed 4"),
        ("a.yaml", pod("workingDir: GHP"), "secret/exposed 8"),
        (
            "a.yaml",
            pod("x: {image: \"https://bot:PW@acme.io/x:1.0.0\"}"),
            "secret/exposed 8",
        ),
        ("a.yaml", pod("env: [{name: T, value: BOT}]"), "secret/exposed 8"),
        (
            "a.yaml",
            of_kind(
                "Application",
                "spec:\n  parameters:\n  - {name: token, value: GHP}",
            ),
            "secret/in-file 6",
        ),
        (
            "a.yaml",
            of_kind("Issuer", "spec:\n  values: |\n    a: b\n    c: NPM"),
            "secret/in-file 7",
        ),
        (
            "a.yaml",
            "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: a\n        secret: q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3FuY5tR0eW2sA4dQ7xZ1c=\n".to_owned(),
            "secret/exposed 9",
        ),
    ]);
    for silent in [
        of_kind("Application", "spec: {password: changeme, url: \"amqp://a:b@c.acme.io\"}"),
        "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc: {keys: [{name: a, secret: c2VjcmV0IGlzIHNlY3VyZQ==}]}\n".to_owned(),
        env("amqp://guest:guest@rabbitmq:5672"),
        secret("stringdata: {a: b}"),
    ] {
        let (lines, _) = told("a.yaml", "", &silent);
        assert_eq!(lines, Vec::<String>::new(), "{silent}");
    }
    // Where nothing says that it is a default, it is a password.
    let (lines, _) = told("a.yaml", "", &env("amqp://shop:guest@rabbitmq:5672"));
    assert_eq!(lines, ["introduced secret/exposed 8"]);
}

#[test]
fn what_a_kustomization_writes_into_objects_is_told_and_not_shown() {
    let patch = |field: &str, lines: &str| {
        let lines = lines.replace('\n', "\n    ");
        format!("resources: [a.yaml]\n{field} |-\n    {lines}\n")
    };
    let merge = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:";
    let operation = "- op: add\n  path: /spec/containers/0/env/-\n  value:";
    assert_told_and_not_shown(&[
        (
            "kustomization.yaml",
            patch(
                "patches:\n- patch:",
                &format!("{merge}\n  - {{name: c, env: [{{name: Z, value: GHP}}]}}"),
            ),
            "secret/exposed 9",
        ),
        (
            "kustomization.yaml",
            patch(
                "patchesStrategicMerge:\n-",
                &format!("{merge}\n  - {{name: c, env: [{{name: DB_PASSWORD, value: PW}}]}}"),
            ),
            "secret/exposed 9",
        ),
        (
            "kustomization.yaml",
            patch(
                "patches:\n- patch:",
                &format!("{operation} {{name: Z, value: GHP}}"),
            ),
            "secret/in-file 6",
        ),
        (
            "kustomization.yaml",
            "patches:\n- patch: '[{\"op\": \"add\", \"path\": \"/data/password\", \"value\": \"PW\"}]'\n".to_owned(),
            "secret/in-file 2",
        ),
        (
            "kustomization.yaml",
            "commonAnnotations:\n  tok: NPM\n".to_owned(),
            "secret/in-file 2",
        ),
    ]);
    // A file of operations matters for the kustomization that names it, with a base and without.
    let scene = tempfile::tempdir().expect("a folder");
    let operations = filled(&format!("{operation}\n    name: Z\n    value: GHP\n"));
    let files = [
        (
            "kustomization.yaml",
            "patches: [{path: o.yaml, target: {kind: Pod}}]\n",
        ),
        ("o.yaml", operations.as_str()),
        ("other.yaml", operations.as_str()),
    ];
    write(scene.path(), &files);
    let run = tidegate(
        scene.path(),
        &["check", "--head", ".", "--format", "json"],
        &[],
    );
    let report: Json = serde_json::from_str(&run.stdout).expect("it is JSON");
    let places: Vec<_> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| {
            let rule = finding["rule"].as_str().unwrap_or_default();
            rule.starts_with("secret/")
        })
        .map(|finding| {
            let location = &finding["location"];
            format!(
                "{}:{}",
                location["path"].as_str().unwrap(),
                location["start"]["line"]
            )
        })
        .collect();
    assert_eq!(places, ["o.yaml:5"]);
}
