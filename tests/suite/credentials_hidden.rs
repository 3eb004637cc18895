//! What no report shows though nothing proves it: what addresses carry, and what stands beside a credential.

use crate::credentials::{filled, pod, told};

#[test]
fn neither_messages_nor_lines_show_what_addresses_carry() {
    for line in [
        "ADD https://acme.blob.core.windows.net/c/x.tgz?sv=2022-11-02&sig=SIGNED /x",
        "ADD https://b.s3.amazonaws.com/x?X-Amz-Signature=SIGNED&x=1 /x",
        "RUN curl -s https://x.io/i.sh?key=SIGNED | sh",
        "RUN curl -s 'https://x.io/i.sh?a=b&nobody=SIGNED' | sh",
        "RUN curl -s https://api.telegram.org/botBOT/x.sh | sh",
        "RUN curl -s https://get.acme.io/w7Ky3Mv8Zd5WDRAWN/x.sh | sh",
        "RUN curl -s https://get.acme.io/a/folder/that/is/long/enough/to/be/cut/off/in/the/middle/w7Ky3Mv8Zd5WDRAWN | sh",
    ] {
        let (_, report) = told("Dockerfile", "", &format!("FROM debian:12.5\n{line}\n"));
        assert!(report.contains("https://"), "{line}\n{report}");
        for hidden in ["SIGNED", "BOT", "w7Ky3Mv8Zd5W", "DRAWN"] {
            let hidden = filled(hidden);
            let body = hidden.rsplit(':').next().unwrap_or_default();
            assert!(!report.contains(&body[..12]), "{line}\n{report}");
        }
    }
    let (_, report) = told(
        "Dockerfile",
        "",
        "FROM debian:12.5\nADD https://acme.io/x.tgz?version=1.2.3&os=linux /x\n",
    );
    assert!(report.contains("version=1.2.3&os=linux"), "{report}");
}

#[test]
fn a_line_with_a_credential_shows_no_drawn_neighbour() {
    for (name, text) in [
        (
            "Dockerfile",
            "FROM node:24-slim\nENV A=\"GHP\" B=Pq9!vRt2xLm8\n".to_owned(),
        ),
        (
            ".github/workflows/a.yml",
            "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/setup-node@v4\n      with: {node-version: 16, token: \"GHP\", p: \"Pq9!vRt2xLm8\"}\n".to_owned(),
        ),
        (
            "a.yaml",
            pod("args: [npm, start, \"-pPq9!vRt2xLm8\", --password=PW, --inspect=0.0.0.0:9229]"),
        ),
    ] {
        let (_, report) = told(name, "", &text);
        assert!(report.contains("***"), "{text}\n{report}");
        assert!(!report.contains("Pq9!vRt2"), "{text}\n{report}");
    }
}

#[test]
fn the_mark_at_the_start_of_a_file_is_no_part_of_a_key() {
    let (lines, report) = told(".env", "", "\u{feff}API_TOKEN=GHP\n");
    assert_eq!(lines, ["introduced secret/in-file 1"]);
    assert!(report.contains("`API_TOKEN` holds"), "{report}");
}

#[test]
fn lines_that_nobody_could_read_show_no_value() {
    let env = |text: &str| pod(&format!("env:\n{text}"));
    for (name, text) in [
        ("a.yaml", env("    - {name: DB_PASSWORD, value: \"PLAIN\n")),
        (
            "a.yaml",
            env("    - {value: PLAIN, name: DB_PASSWORD\n    - x: y\n"),
        ),
        (
            "a.yaml",
            env("    - name: DB_PASSWORD\n       value: PLAIN\n"),
        ),
        (
            "a.yaml",
            env("    - name: DB_PASSWORD\n      value: PLAIN: x\n"),
        ),
        ("a.yaml", env("    - name: DB_PASSWORD\n\t  value: PLAIN\n")),
        (
            "a.yaml",
            env("    - name: DB_PASSWORD\n      value: @PLAIN\n"),
        ),
        ("a.yaml", pod("args: [mysql, -pPLAIN\n    image: b")),
        (
            "a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n\tpassword: PLAIN\n"
                .to_owned(),
        ),
        (
            "a.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nimmutable: PLAIN\ntype: [PLAIN]\n"
                .to_owned(),
        ),
        (
            ".yarnrc.yml",
            "npmScopes:\n\tacme: {npmAuthToken: PLAIN}\n".to_owned(),
        ),
        (
            "package.json",
            "{\"config\": {\"password\": \"PLAIN\",,}}\n".to_owned(),
        ),
    ] {
        let (_, report) = told(name, "", &text.replace("PLAIN", "hunter2Xq9zLm41"));
        assert!(!report.contains("hunter2"), "{text}\n{report}");
    }
}

#[test]
fn a_secret_shows_nothing_of_what_is_indented_too_deep() {
    for text in [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, stringData: {mongo: PLAIN}}\n",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  mongo: PLAIN\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  password: [PLAIN]\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: PLAIN}\n",
    ] {
        let (_, report) = told("a.yaml", "", &text.replace("PLAIN", "hunter2Xq9zLm41"));
        assert!(!report.contains("hunter2"), "{text}\n{report}");
    }
}

#[test]
fn a_web_token_for_whoever_comes_is_no_secret() {
    use base64::Engine as _;
    let token = |role: &str| {
        let part = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        let claims = format!("{{\"iss\": \"supabase\", \"role\": \"{role}\"}}");
        let header = part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
        format!("{header}.{}.q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F", part(&claims))
    };
    for (name, text, rule) in [
        (
            ".env.production",
            "NEXT_PUBLIC_SUPABASE_ANON_KEY=TOKEN\n".to_owned(),
            "secret/in-file",
        ),
        (
            "Dockerfile",
            "FROM node:24.11.1-slim\nENV VITE_SUPABASE_KEY=TOKEN\nUSER node\n".to_owned(),
            "secret/in-image",
        ),
        (
            "a.yaml",
            pod("env: [{name: NEXT_PUBLIC_SUPABASE_ANON_KEY, value: TOKEN}]"),
            "secret/exposed",
        ),
    ] {
        for (role, is_told) in [("anon", false), ("service_role", true)] {
            let (lines, report) = told(name, "", &text.replace("TOKEN", &token(role)));
            let found = lines.iter().any(|line| line.contains(rule));
            assert_eq!(found, is_told, "{role}\n{report}");
        }
    }
}
