//! Credentials under misspelt keys, in the first of two keys, in Base64 within a text, and in files whose names vary.

use crate::credentials::{assert_silent, assert_told_hiding, filled, object, pod, told};

/// All of these lines are told, and no output shows a value.
fn assert_told(name: &str, text: &str, wanted: &[&str]) {
    assert_told_hiding(
        name,
        text,
        wanted,
        &[
            "PW",
            "GHP",
            "OTHER_GHP",
            "OTHER_DRAWN",
            "DRAWN",
            "PACKED_GHP",
            "PACKED_KEY",
        ],
    );
}

#[test]
fn a_misspelt_field_is_judged_as_the_one_that_is_meant() {
    let packed = |text: &str| {
        use base64::Engine as _;
        base64::prelude::BASE64_STANDARD.encode(filled(text))
    };
    let data = format!(
        "Data:\n  DB_PASSWORD: {}\n  x: {}",
        packed("PW"),
        packed("DRAWN")
    );
    for (text, wanted) in [
        (
            object("Secret", "stringdata:\n  DB_PASSWORD: PW\n  root: DRAWN"),
            &["secret/literal 5", "secret/literal 6"][..],
        ),
        (
            object("Secret", &data),
            &["secret/literal 5", "secret/literal 6"],
        ),
        (
            object("Secret", "values:\n  DB_PASSWORD: PW"),
            &["secret/literal 5"],
        ),
        (
            object("ConfigMap", "dta:\n  DB_PASSWORD: PW\n  TOKEN: GHP"),
            &["secret/exposed 5", "secret/exposed 6"],
        ),
        (
            object("ConfigMap", "binarydata:\n  t: PACKED_GHP"),
            &["secret/exposed 5"],
        ),
        (
            pod(
                "env:\n    - name: DB_PASSWORD\n      vaule: PW\n    - {name: DB_PASSWORD2, Value: DRAWN}\n    - {name: T, vaule: GHP}",
            ),
            &[
                "secret/exposed 10",
                "secret/exposed 11",
                "secret/exposed 12",
            ],
        ),
        (
            pod("env:\n    - name: DB_PASSWORD\n      content: PW"),
            &["secret/exposed 10"],
        ),
        (
            pod("enviroment:\n    - {name: DB_PASSWORD, value: PW}\n    - {name: T, vaule: GHP}"),
            &["secret/exposed 9", "secret/exposed 10"],
        ),
        (
            pod("argss:\n    - --password=PW\n    - --token\n    - DRAWN"),
            &["secret/exposed 9", "secret/exposed 11"],
        ),
        (
            object(
                "Pod",
                "spec:\n  contianers:\n  - name: c\n    env: [{name: DB_PASSWORD, value: PW}]",
            ),
            &["secret/exposed 7"],
        ),
    ] {
        assert_told("a.yaml", &text, wanted);
    }
    for text in [
        object("Secret", "stringdata: {user: shop, password: changeme}"),
        object("Secret", "stringdata: {password: \"${PASSWORD}\"}"),
        object("Secret", "Data: {ca.crt: SGVsbG8gV29ybGQgaGVsbG8=}"),
        object(
            "Secret",
            "labels: {app: shop, chart: shop-1.2.3, pod: shop-7f9c8d6b5-x2x9z}",
        ),
        object(
            "ConfigMap",
            "dta: {DB_PASSWORD: changeme, HOST: db-7x2k9q.acme.io, ID: q8Zr2Lw7Xc4V}",
        ),
        pod("env: [{name: DB_PASSWORD, vaule: changeme}, {name: T, vaule: q8Zr2Lw7Xc4V}]"),
        pod(
            "env: [{name: DB_PASSWORD, vauleFrom: {secretKeyRef: {name: q8Zr2Lw7Xc4V, key: q8Zr2Lw7Xc4V}}}]",
        ),
        pod("argss: [--password-file, q8Zr2Lw7Xc4V]"),
        object(
            "Pod",
            "spec:\n  containers:\n  - name: db-password\n    imagee: ghcr.io/acme/Api2:v1.2.3-a1b2c3d\n    host: db-x7k2q9.acme.io",
        ),
    ] {
        assert_silent("a.yaml", &text);
    }
}

#[test]
fn a_line_does_not_show_the_weak_value_of_a_misspelt_key() {
    for key in ["vaule", "Value", "val", "values"] {
        let text = pod(&format!(
            "env: [{{name: DB_PASSWORD, {key}: lionheartlion}}]"
        ));
        let (_, report) = told("a.yaml", "", &text);
        assert!(report.contains("workload/unknown-field"), "{report}");
        assert!(!report.contains("lionheart"), "{report}");
    }
    // Nor what else stands on the line where a list begins in the place of one.
    for list in ["[ # lionheartlion\n      a]", "[{lionheartlion:\n      a}]"] {
        let text = pod(&format!(
            "env:\n    - name: DB_PASSWORD\n      value: {list}"
        ));
        let (_, report) = told("a.yaml", "", &text);
        assert!(report.contains("workload/wrong-type"), "{report}");
        assert!(!report.contains("lionheart"), "{report}");
    }
}

#[test]
fn the_first_of_two_equal_keys_is_judged_as_well() {
    for (text, wanted) in [
        (
            object(
                "Secret",
                "stringData:\n  a: GHP\n  a: OTHER_GHP\n  password: PW\n  password: Xk4WmR9cHd2Qs",
            ),
            &[
                "secret/literal 5",
                "secret/literal 6",
                "secret/literal 7",
                "secret/literal 8",
            ][..],
        ),
        (
            object(
                "Secret",
                "stringData:\n  a: GHP\nstringData:\n  b: OTHER_GHP",
            ),
            &["secret/literal 5", "secret/literal 7"],
        ),
        (
            object("ConfigMap", "data:\n  a: GHP\n  a: b"),
            &["secret/exposed 5"],
        ),
        (
            pod("env:\n    - name: T\n      value: GHP\n      value: OTHER_GHP"),
            &["secret/exposed 10", "secret/exposed 11"],
        ),
    ] {
        let (mut lines, report) = told("a.yaml", "", &text);
        lines.sort();
        let wanted: Vec<_> = wanted
            .iter()
            .map(|one| format!("introduced {one}"))
            .collect();
        assert_eq!(lines, wanted, "{text}\n{report}");
        for hidden in ["GHP", "OTHER_GHP", "PW"] {
            let hidden = filled(hidden);
            assert!(!report.contains(&hidden[..12]), "{text}\n{report}");
        }
    }
    assert_silent(
        "a.yaml",
        &object(
            "Secret",
            "stringData:\n  password: changeme\n  password: \"\"",
        ),
    );
}

#[test]
fn a_private_key_in_base64_is_told_wherever_it_stands() {
    let config = "apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    client-key-data: PACKED_KEY\n";
    let held = |kind: &str, field: &str| {
        let config = config.trim_end().replace('\n', "\n    ");
        object(kind, &format!("{field}:\n  config: |\n    {config}"))
    };
    assert_told(
        "a.yaml",
        &held("Secret", "stringData"),
        &["secret/literal 11"],
    );
    assert_told("a.yaml", &held("ConfigMap", "data"), &["secret/exposed 11"]);
    assert_told(
        "a.yaml",
        &object("ConfigMap", "data:\n  b64: PACKED_KEY"),
        &["secret/exposed 5"],
    );
    assert_told("kubeconfig.yaml", config, &["secret/in-file 6"]);
    assert_told(
        "kubeconfig.yaml",
        "apiVersion: v1\nkind: Config\nusers:\n- {name: x, user: {client-key-data: PACKED_KEY}}\n",
        &["secret/in-file 4"],
    );
    for name in ["kubeconfig", "deploy/prod.kubeconfig", ".kube/config"] {
        assert_told(name, config, &["secret/in-file 6"]);
    }
    // The users of one are told of as well, and what is no credential of theirs is not.
    assert_told(
        "kubeconfig.yaml",
        "apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    token: DRAWN\n- name: y\n  user: {username: y, password: DRAWN}\n",
        &["secret/in-file 6", "secret/in-file 8"],
    );
    assert_silent(
        "kubeconfig.yaml",
        "apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    tokenFile: /var/run/token\n- name: y\n  user: {exec: {command: aws, args: [eks, get-token]}}\n",
    );
    let certificate = {
        use base64::Engine as _;
        let body = filled("KEY_AT_4").replace("RSA PRIVATE KEY", "CERTIFICATE");
        base64::prelude::BASE64_STANDARD.encode(body)
    };
    for key in ["certificate-authority-data", "client-certificate-data"] {
        let text = config.replace("PACKED_KEY", &certificate);
        let text = text.replace("client-key-data", key);
        assert_silent("kubeconfig.yaml", &text);
        let text = object("ConfigMap", &format!("data:\n  {key}: {certificate}"));
        assert_silent("a.yaml", &text);
    }
}

#[test]
fn files_of_variables_are_read_whatever_their_names() {
    for name in [
        ".envrc",
        ".env-prod",
        ".env_production",
        "env.production",
        ".env",
    ] {
        assert_told(name, "export API_TOKEN=DRAWN\n", &["secret/in-file 1"]);
        assert_told(name, "A=b\n# GH=GHP\n", &["secret/in-file 2"]);
        assert_silent(
            name,
            "# DB=postgres://shop:pw@db/x\n# API_TOKEN=q8Zr2Lw7Xc4V\nA=b\n",
        );
        assert_silent(
            name,
            "export API_TOKEN=$(pass show acme/token)\nuse flake\n",
        );
    }
    // Who writes a token of a provider into a sample has pasted it.
    for name in [
        ".env.example",
        ".env.sample",
        "env.example",
        ".env-template",
    ] {
        assert_told(
            name,
            "GH=GHP\nDB_PASSWORD=changeme\n",
            &["secret/in-file 1"],
        );
        assert_silent(
            name,
            "API_TOKEN=q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F\nDB=postgres://shop:q8Zr2Lw7Xc4V@db/x\nGH=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        );
    }
}

#[test]
fn passwords_of_redis_and_of_drivers_are_told_among_words() {
    for words in [
        "[\"redis-server\", \"--requirepass\", \"DRAWN\"]",
        "[\"redis-server\", \"--requirepass\", \"PW\"]",
        "[\"redis-server\", \"--masterauth=PW\"]",
        "[\"sh\", \"-c\", \"exec redis-server --requirepass PW --appendonly yes\"]",
        "[\"--dsn\", \"user:PW@tcp(db:3306)/x\"]",
        "[\"--dsn=user:DRAWN@tcp(db:3306)/x\"]",
    ] {
        let text = pod(&format!("args: {words}"));
        assert_told("a.yaml", &text, &["secret/exposed 8"]);
    }
    for words in [
        "[\"redis-server\", \"--requirepass\", \"$(REDIS_PASSWORD)\"]",
        "[\"redis-server\", \"--requirepass\", \"changeme\"]",
        "[\"--dsn\", \"user:$(PASSWORD)@tcp(db:3306)/x\"]",
        "[\"--dsn\", \"root:root@tcp(localhost:3306)/x\"]",
    ] {
        assert_silent("a.yaml", &pod(&format!("args: {words}")));
    }
}
