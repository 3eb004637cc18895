//! A credential of every shape in every place that a rule looks at, and every output without any of them.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use crate::program::{tidegate, write};

/// Put together here, so that nothing in the repository looks like a leaked key; none was ever valid. With each goes
/// what of it must be nowhere.
fn planted() -> Vec<(String, String)> {
    let letters = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5kM7nP9aS2dF4gH6jK8lZ1xC3vB5nM7qW9eR2tY4uI6oP8";
    let first = |number: usize| &letters[..number];
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let whole = |text: String| (text.clone(), text);
    let with = |body: &str, text: String| (text, body.to_owned());
    vec![
        whole(format!("ghp_{}", first(36))),
        whole(format!("github_pat_{}", first(60))),
        whole(format!("glpat-{}", first(20))),
        whole(format!("AKIA{}", "Q3EGWZ7KJ2MXP5RT")),
        whole(format!("npm_{}", first(36))),
        whole(format!("xoxb-123456789012-{}", first(24))),
        whole(format!("sk_live_{}", first(24))),
        whole(format!("AIza{}", first(35))),
        whole(format!("SG.{}.{}", first(22), first(43))),
        whole(format!("SK{}", &hex[..32])),
        whole(format!("sk-ant-{}", first(60))),
        whole(format!("pypi-{}", first(90))),
        whole(format!("dop_v1_{hex}")),
        whole(format!("dckr_pat_{}", first(27))),
        whole(format!("9657249208:AA{}", first(33))),
        whole(format!("eyJ{}.eyJ{}.{}", first(30), first(30), first(43))),
        with(
            first(60),
            format!("Endpoint=sb://x;AccountKey={}==", first(60)),
        ),
        with(
            first(44),
            format!("https://hooks.slack.com/services/{}", first(44)),
        ),
        with(
            first(14),
            format!("postgres://app:{}@db:5432/shop", first(14)),
        ),
        with(
            "otelPas5",
            "Host=db;Username=app;Password=otelPas5;Database=x".to_owned(),
        ),
        with(
            first(60),
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----",
                first(60),
                first(60)
            ),
        ),
        whole(format!("glsa_{}_{}", first(32), &hex[..8])),
        whole(format!("gsk_{}", first(52))),
        whole(format!("PMAK-{}-{}", &hex[..24], &hex[..34])),
        whole(format!("lin_api_{}", first(40))),
        whole(format!("sntrys_eyJ{}_{}", first(60), first(43))),
        whole(format!("figd_{}", first(40))),
        whole(format!("sbp_{}", &hex[..40])),
        whole(format!("dp.pt.{}", first(43))),
        whole(format!("key-{}", &hex[..32])),
        whole(format!("{}.atlasv1.{}", first(14), first(67))),
        whole(format!("sk.eyJ{}.{}", first(60), first(22))),
        with(first(14), format!("app:{}@tcp(db:3306)/shop", first(14))),
        whole(BASE64_STANDARD.encode(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            first(90)
        ))),
        whole("u8x/A?D(G+KbPeShVmYq3t6w9z$C&F)H".to_owned()),
        // By key and entropy alone.
        whole("tR7!kq2Vz".to_owned()),
        whole("q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F".to_owned()),
        whole("Tr0ub4dor&3x!".to_owned()),
        whole("w7Ky-3Mv8-Zd5W-c1Pn".to_owned()),
        whole("correct horse battery staple 9x".to_owned()),
        whole("wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ8mPl31Kx".to_owned()),
        // By where it stands alone.
        whole("lionheartlion".to_owned()),
    ]
}

fn files(value: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(value).expect("it can be written");
    let packed = BASE64_STANDARD.encode(value);
    let block = format!("    {}", value.replace('\n', "\n    "));
    let applied = serde_json::json!({"kind": "Secret", "stringData": {"password": value}});
    let applied = serde_json::to_string(&applied.to_string()).expect("it can be written");
    let line = value.replace('\n', "\\n");
    let meta = "apiVersion: v1\nkind:";
    let commands = commands(value);
    let mut files = bodies(value);
    files.extend([
        (
            "secret.yaml",
            format!(
                "{meta} Secret\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: {applied}\ntype: kubernetes.io/service-account-token\ndata:\n  password: {packed}\n  password: {packed}\nstringData:\n  api-token: {quoted}\n  private-key: |\n{block}\n"
            ),
        ),
        (
            "configmap.yaml",
            format!(
                "{meta} ConfigMap\nmetadata:\n  name: b\n  annotations:\n    token: {quoted}\n    token: {quoted}\ndata:\n  password: {quoted}\n  api-token: |\n{block}\n  a.properties: |\n    a=b\n    password={line}\n    api-token={line}\n  a.json: |\n    {{\"password\": {quoted}, \"apiToken\": {quoted}}}\n"
            ),
        ),
        (
            "pod.yaml",
            format!(
                "{meta} Pod\nmetadata:\n  name: c\n  annotations:\n    db-password: {quoted}\n    api-token: {quoted}\nspec:\n  containers:\n  - name: c\n    image: c\n    command: [x, --password, {quoted}, --token, {quoted}]\n    args:\n    - --api-token\n    - {quoted}\n    - --db-password\n    - {quoted}\n    - --x\n    env:\n    - name: DB_PASSWORD\n      value: {quoted}\n    - name: API_TOKEN\n      value: {quoted}\n      value: {quoted}\n    livenessProbe: {{httpGet: {{port: 80, httpHeaders: [{{name: x-token, value: {quoted}}}, {{name: password, value: {quoted}}}]}}}}\n"
            ),
        ),
        ("commands.yaml", commands),
        (
            "binary.yaml",
            format!(
                "{meta} ConfigMap\nmetadata:\n  name: e\nbinaryData:\n  password: {packed}\n  api-token: {packed}\n---\n{meta} Secret\nmetadata:\n  name: f\nstringData:\n  password: {quoted}\n  token: {quoted}\n  a: ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:A=]\nsops: {{}}\n"
            ),
        ),
        (
            "yarn/.yarnrc.yml",
            format!(
                "npmAuthIdent: {}\nnpmScopes:\n  a:\n    npmAuthIdent: {}\n",
                serde_json::to_string(&format!("app:{value}")).expect("it can be written"),
                serde_json::to_string(&format!("app:{value}")).expect("it can be written"),
            ),
        ),
        (
            "started/Dockerfile",
            format!(
                "FROM node\nRUN curl -u 'bot:{line}' https://acme.io/x | sh\nRUN sshpass -p '{line}' npm install --password '{line}'\nRUN <<EOF\ndocker login -p '{line}' ghcr.io\nexport API_TOKEN='{line}'\nEOF\nCOPY <<EOF /app/.npmrc\n//registry.npmjs.org/:_authToken={line}\nEOF\nRUN echo '{line}' | docker login --password-stdin && curl https://acme.io/x | sh\nRUN docker login -u bot \\\n  -p '{line}' && curl https://acme.io/x | sh\nCMD [\"npm\", \"start\", \"--\", \"--db-password\", \"{line}\"]\n"
            ),
        ),
        (
            "kustomization.yaml",
            format!(
                "secretGenerator:\n- name: a\n  literals:\n  - password={line}\n  - api-token={line}\ncommonAnnotations: {{api-token: {quoted}}}\npatches:\n- path: operations.yaml\n- patch: |-\n    - op: add\n      path: /data/password\n      value: {quoted}\n"
            ),
        ),
        (
            "operations.yaml",
            format!("- op: add\n  path: /data/password\n  value: {quoted}\n"),
        ),
        (
            "misspelt.yaml",
            format!(
                "{meta} Secret\nmetadata:\n  name: g\nstringdata: {{a: {quoted}, b: [{quoted}], password: {quoted}}}\ndatas:\n  - {packed}\nData: {{password: {packed}, a: {packed}}}\n---\n{meta} ConfigMap\nmetadata:\n  name: k\ndta: {{password: {quoted}, api-token: {quoted}}}\nbinarydata: {{password: {packed}}}\n---\n{meta} Pod\nmetadata:\n  name: l\nspec:\n  containers:\n  - name: c\n    image: c\n    env:\n    - name: DB_PASSWORD\n      vaule: {quoted}\n    - {{name: API_TOKEN, Value: {quoted}}}\n    enviroment: [{{name: DB_PASSWORD, value: {quoted}}}, {{name: API_TOKEN, vaule: {quoted}}}]\n    argss: [x, --password, {quoted}, --token, {quoted}]\n    args: [redis-server, --requirepass, {quoted}]\n"
            ),
        ),
    ]);
    files.extend(settings(value));
    files
}

/// Files that are no manifests.
fn settings(value: &str) -> Vec<(&'static str, String)> {
    let meta = "apiVersion: v1\nkind:";
    let quoted = serde_json::to_string(value).expect("it can be written");
    let packed = BASE64_STANDARD.encode(value);
    let line = value.replace('\n', "\\n");
    vec![
        (
            ".npmrc",
            format!(
                "//registry.npmjs.org/:_authToken={line}\n//a/:_password={packed}\n//b/:_auth={}\n",
                BASE64_STANDARD.encode(format!("app:{value}"))
            ),
        ),
        (
            ".yarnrc.yml",
            format!(
                "npmAuthToken: {quoted}\nnpmAuthIdent: {}\n",
                BASE64_STANDARD.encode(format!("app:{value}"))
            ),
        ),
        (
            ".env",
            format!("DB_PASSWORD={quoted}\nAPI_TOKEN='{value}'\n"),
        ),
        (
            ".envrc",
            format!("export DB_PASSWORD={quoted}\n# export API_TOKEN='{value}'\n"),
        ),
        (
            "kubeconfig.yaml",
            format!(
                "{meta} Config\nusers:\n- {{name: a, user: {{token: {quoted}, password: {quoted}, client-key-data: {quoted}}}}}\n"
            ),
        ),
        (
            "package.json",
            format!(
                "{{\"name\": \"a\", \"scripts\": {{\"token\": {quoted}}}, \"config\": {{\"dbPassword\": {quoted}, \"apiToken\": {quoted}}}}}\n"
            ),
        ),
        (
            "Dockerfile",
            format!(
                "FROM node\nARG API_TOKEN={line}\nENV DB_PASSWORD {line}\nENV API_TOKEN=\"{line}\"\nLABEL token={line}\nRUN export DB_PASSWORD={line} API_TOKEN={line}\n"
            ),
        ),
    ]
}

/// Bodies of files in objects, a Secret with keys that say nothing, and an object of an unknown kind.
fn bodies(value: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(value).expect("it can be written");
    let packed = BASE64_STANDARD.encode(value);
    let line = value.replace('\n', "\\n");
    let meta = "apiVersion: v1\nkind:";
    vec![
        (
            "component.yaml",
            format!(
                "apiVersion: acme.io/v1\nkind: Component\nmetadata: {{name: h}}\nspec:\n  metadata:\n  - {{name: redisPassword, value: {quoted}}}\n  - name: apiToken\n    value: {quoted}\n"
            ),
        ),
        (
            "bodies.yaml",
            format!(
                "{meta} ConfigMap\nmetadata:\n  name: i\ndata:\n  nginx.conf: |\n    proxy_set_header Authorization \"Bearer {line}\";\n    proxy_set_header Authorization \"Basic {}\";\n  redis.conf: |\n    requirepass {line}\n    masterauth \"{line}\"\n  a.sql: |\n    CREATE USER a IDENTIFIED BY '{line}';\n    ALTER ROLE a PASSWORD '{line}';\n  .pgpass: |\n    db:5432:*:shop:{line}\n  a.yaml: |\n    a:\n      password: '{line}'\n    b:\n      password: '{line}'\n---\n{meta} Secret\nmetadata:\n  name: j\ndata:\n  root: {packed}\nstringData:\n  db: {quoted}\n  value: {quoted}\n",
                BASE64_STANDARD.encode(format!("app:{value}"))
            ),
        ),
    ]
}

/// A pod for each way to give a credential to a program.
fn commands(value: &str) -> String {
    let user = format!("bot:{value}");
    let attached = format!("-p{value}");
    let flag = format!("--user={user}");
    let lists: [&[&str]; 9] = [
        &["npm", "start", "--", "--db-password", value],
        &["npm", "start", "--", "--token", value],
        &["yarn", "start", "--api-key", value],
        &["npx", "--password", value, "serve"],
        &["curl", "-u", &user, "https://acme.io"],
        &["curl", &flag, "https://acme.io"],
        &["sshpass", "-p", value, "ssh", "acme.io"],
        &["docker", "login", "-u", "bot", "-p", value],
        &["mysql", "-uroot", &attached, "shop"],
    ];
    let scripts = [
        format!("exec npm start -- --db-password '{value}'"),
        format!("curl -u '{user}' https://acme.io && node --inspect=0.0.0.0:9229 s.js"),
        format!("curl -fsSLu '{user}' https://acme.io; npm start"),
        format!("sshpass -p '{value}' ssh acme.io; node s.js"),
        format!("docker login -u bot -p '{value}' ghcr.io && npm run x"),
        format!("mysqldump -uroot -p'{value}' shop; node s.js"),
        format!("PGPASSWORD='{value}' node --inspect=0.0.0.0 s.js"),
    ];
    let mut text = String::new();
    let mut pod = |words: &[&str]| {
        let words = serde_json::to_string(words).expect("it can be written");
        let number = text.len();
        text.push_str(&format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p{number}\nspec:\n  containers:\n  - name: c\n    image: node:24\n    command: {words}\n"
        ));
    };
    for words in lists {
        pod(words);
    }
    for script in &scripts {
        pod(&["sh", "-c", script]);
    }
    text
}

/// Places that take a credential, each on a line that is shown for something else.
fn places(value: &str) -> Vec<(&'static str, String)> {
    let user = format!("bot:{value}");
    let attached = format!("-p{value}");
    let cluster = format!("-sSfu{user}");
    let lists: [&[&str]; 11] = [
        &["npm", "start", "--", "--db-password", value],
        &["docker", "login", "-u", "bot", "-p", value],
        &["sshpass", "-p", value, "ssh", "acme.io"],
        &["mysql", "-uroot", &attached, "shop"],
        &["mysql", "-uroot", "-p", value, "shop"],
        &["curl", "-u", &user, "https://acme.io"],
        &["curl", &cluster, "https://acme.io"],
        &["http", "--auth", value, "https://acme.io"],
        &["keytool", "-storepass", value],
        &["x", "--authorization", value],
        &["x", "--token", value, "--api-key", value],
    ];
    let inspected = "node --inspect=0.0.0.0 s.js";
    let scripts = [
        format!("mysql -uroot -p '{value}' shop; {inspected}"),
        format!("mysql -uroot \\\n  -p '{value}' shop; {inspected}"),
        format!("docker login -u bot \\\n  -p '{value}' ghcr.io; {inspected}"),
        format!("curl -sSfu'{user}' https://acme.io; {inspected}"),
        format!("http --auth '{value}' https://acme.io; {inspected}"),
        format!("http --auth='{value}' https://acme.io; {inspected}"),
        format!("echo '{value}' | docker login -u bot --password-stdin ghcr.io; {inspected}"),
        format!(
            "printf '%s' '{value}' | tr -d x | helm registry login --password-stdin; {inspected}"
        ),
        format!("docker login --password-stdin ghcr.io <<< '{value}'; {inspected}"),
        format!("docker login --password-stdin ghcr.io <<EOF\n{value}\nEOF\n{inspected}"),
        format!("cat <<EOF | docker login --password-stdin ghcr.io; {inspected}\n{value}\nEOF\n"),
        format!("echo '{value}' | gh auth login --with-token; {inspected}"),
        format!("echo 'root:{value}' | chpasswd; {inspected}"),
        format!("echo '{value}' | sudo -S id; {inspected}"),
        format!("echo 'machine a.io login bot password {value}' > ~/.netrc; {inspected}"),
        format!("x --api-key '{value}' --token='{value}'; {inspected}"),
        format!("bash -c \"echo '{value}' | docker login --password-stdin\"; {inspected}"),
    ];
    let mut pods = String::new();
    let mut blocks = String::new();
    let mut pod = |words: &[&str]| {
        let words = serde_json::to_string(words).expect("it can be written");
        let number = pods.len();
        pods.push_str(&format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}}}\nspec:\n  containers:\n  - {{name: c, image: node, command: {words}}}\n"
        ));
    };
    for words in lists {
        pod(words);
    }
    for (number, script) in scripts.iter().enumerate() {
        pod(&["sh", "-c", script]);
        let script = script.replace('\n', "\n      ");
        blocks.push_str(&format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: b{number}}}\nspec:\n  containers:\n  - name: c\n    image: node:24\n    command:\n    - sh\n    - -c\n    - |\n      {script}\n"
        ));
    }
    vec![
        ("pods.yaml", pods),
        ("blocks.yaml", blocks),
        (
            "Dockerfile",
            format!(
                "FROM node\nRUN echo '{value}' | docker login --password-stdin && curl https://acme.io/x | sh\nRUN docker login -u bot \\\n  -p '{value}' && curl https://acme.io/x | sh\nRUN curl -sSfu'{user}' https://acme.io/x | sh\n"
            ),
        ),
    ]
}

/// Values that are no evidence where they stand.
const THIN: [&str; 4] = ["lionheartlion", "Sommer2024", "!zebra", "a1b2c3d4e5f6g"];

#[test]
fn no_source_line_shows_what_stands_where_a_credential_does() {
    for value in THIN {
        let scene = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(scene.path().join("base")).expect("a folder");
        let files = places(value);
        for (name, text) in &files {
            write(&scene.path().join("head"), &[(*name, text.as_str())]);
        }
        let mut outputs = String::new();
        for format in ["terminal", "json", "sarif", "github", "markdown"] {
            let arguments = [
                "check",
                "--verbose",
                "--base",
                "base",
                "--head",
                "head",
                "--format",
                format,
            ];
            let answer = tidegate(scene.path(), &arguments, &[]);
            outputs.push_str(&answer.stdout);
            outputs.push_str(&answer.stderr);
        }
        let shown: Vec<_> = outputs
            .lines()
            .filter(|line| line.contains(value))
            .collect();
        assert!(shown.is_empty(), "{value}: {shown:#?}");
        // Each line is shown, so that something had to be hidden.
        let lists = files.iter().filter(|(name, _)| *name != "blocks.yaml");
        let places = lists
            .flat_map(|(_, text)| text.lines())
            .filter(|line| line.contains(value));
        let hidden = outputs.lines().filter(|line| line.contains("***"));
        assert!(hidden.count() >= places.count(), "{outputs}");
    }
}

#[test]
fn no_output_repeats_what_a_rule_finds() {
    let mut rules = std::collections::BTreeSet::new();
    for (value, body) in planted() {
        let scene = tempfile::tempdir().expect("a folder");
        let head = scene.path().join("head");
        fs::create_dir_all(scene.path().join("base")).expect("a folder");
        for (name, text) in files(&value) {
            write(&head, &[(name, text.as_str())]);
        }
        let settings = "rules: {secret/as-environment: note}\n";
        write(scene.path(), &[("tidegate.yaml", settings)]);
        let mut outputs = String::new();
        for format in ["terminal", "json", "sarif", "github", "markdown"] {
            for (from, to) in [("base", "head"), ("head", "base"), ("head", "head")] {
                let answer = tidegate(
                    scene.path(),
                    &[
                        "check",
                        "--verbose",
                        "--base",
                        from,
                        "--head",
                        to,
                        "--format",
                        format,
                    ],
                    &[],
                );
                assert!(!answer.stdout.is_empty(), "{}", answer.stderr);
                if format == "json" {
                    let report: Json = serde_json::from_str(&answer.stdout).expect("it is JSON");
                    let findings = report["findings"].as_array().expect("findings");
                    rules.extend(findings.iter().map(|finding| {
                        let (rule, path) = (&finding["rule"], &finding["location"]["path"]);
                        format!("{} {}", rule.as_str().unwrap(), path.as_str().unwrap())
                    }));
                }
                outputs.push_str(&answer.stdout);
                outputs.push_str(&answer.stderr);
            }
        }
        let packed = BASE64_STANDARD.encode(&value);
        let user = BASE64_STANDARD.encode(format!("app:{value}"));
        let escaped = body.replace('/', "~1");
        for planted in [&body, &packed, &user, &escaped] {
            // The start is as telling as the whole.
            let start = &planted[..planted.len().min(16)];
            if let Some(at) = outputs.find(start) {
                let from = outputs.floor_char_boundary(at.saturating_sub(600));
                panic!("{value}: {}", &outputs[from..at + start.len()]);
            }
        }
    }
    for found in [
        "secret/literal secret.yaml",
        "secret/last-applied secret.yaml",
        "secret/account-token secret.yaml",
        "secret/exposed configmap.yaml",
        "secret/exposed pod.yaml",
        "secret/in-file kustomization.yaml",
        "secret/in-file .npmrc",
        "secret/in-file .yarnrc.yml",
        "secret/in-file .env",
        "secret/in-file package.json",
        "secret/in-image Dockerfile",
        "secret/exposed commands.yaml",
        "node/wrapped-process commands.yaml",
        "node/inspector-open commands.yaml",
        "secret/exposed binary.yaml",
        "secret/literal binary.yaml",
        "secret/in-file component.yaml",
        "secret/exposed bodies.yaml",
        "secret/literal bodies.yaml",
        "secret/in-file yarn/.yarnrc.yml",
        "secret/in-image started/Dockerfile",
    ] {
        assert!(rules.contains(found), "{found}: {rules:?}");
    }
}
