//! Drawn values where no key says what they are, and in the bodies of files of settings: each beside what looks like it
//! and is none.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use serde_json::Value as Json;

use crate::credentials::{assert_silent, filled, pod, told};
use crate::program::{tidegate, write};

/// None of them was ever valid.
const DRAWN: [&str; 9] = [
    "Tr0ub4dor&3x!",
    "q8Zr2Lw7Xc4V",
    "q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F",
    "k3j9x2m7q4w8v5t1",
    "Zq8KxT3vBn7Zp",
    "Sommer2024!x",
    "w7Ky-3Mv8-Zd5W-c1Pn",
    "correct horse battery staple 9x",
    "x7Kq 9vRt2 Lm8pQ",
];

fn secret(field: &str, key: &str, value: &str) -> String {
    let value = if field == "data" {
        BASE64_STANDARD.encode(value)
    } else {
        serde_json::to_string(value).expect("it can be written")
    };
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{field}:\n  {key}: {value}\n")
}

fn body(text: &str) -> String {
    let text = text.replace('\n', "\n    ");
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a.conf: |\n    {text}\n"
    )
}

/// One finding on this line, and no output that shows a value.
fn assert_told(name: &str, text: &str, wanted: &str, hidden: &str) {
    let (lines, report) = told(name, "", text);
    assert_eq!(lines, [format!("introduced {wanted}")], "{text}\n{report}");
    for shown in [hidden.to_owned(), BASE64_STANDARD.encode(hidden)] {
        let start: String = shown.chars().take(12).collect();
        assert!(!report.contains(&start), "{text}\n{report}");
    }
}

#[test]
fn a_drawn_value_is_one_under_any_key_of_a_secret() {
    for value in DRAWN {
        let keys: &[&str] = if value.contains(' ') {
            &["password"]
        } else {
            &["root", "db", "value"]
        };
        for key in keys {
            for field in ["data", "stringData"] {
                let text = secret(field, key, value);
                assert_told("a.yaml", &text, "secret/literal 5", value);
            }
        }
    }
    for value in ["q8Zr2Lw7Xc4V", "Tr0ub4dor&3x!"] {
        let text = format!("secretGenerator:\n- name: a\n  literals:\n  - root={value}\n");
        assert_told("kustomization.yaml", &text, "secret/in-file 4", value);
    }
    // An identifier is a password only where its key says so.
    let id = "123e4567-e89b-12d3-a456-426614174000";
    let text = secret("stringData", "api-token", id);
    assert_told("a.yaml", &text, "secret/literal 5", id);
}

#[test]
fn what_names_something_is_none_of_a_secret() {
    for value in [
        "changeme",
        "administrator1",
        "shop-db-7f9c8d6b5-x2x9z",
        "db-x7k2q9.c1b2d3e4f5g6.eu-west-1.rds.amazonaws.com:5432",
        "a1b2c3d4e5f6g7@acme.io",
        "https://q8Zr2Lw7Xc4V.acme.io/x",
        "/var/run/secrets/k3j9x2m7q4w8v5t1",
        "cn=Admin1,dc=Acme,dc=io",
        "v1.31.2-gke.1669001A",
        "2024-01-02T03:04:05.123Z",
        "123e4567-e89b-12d3-a456-426614174000",
        "480219480219480219",
        "9f86d081884c7d659a2feaa0c55ad015",
        "{{ .Values.q8Zr2Lw7Xc4V }}",
        "${Q8ZR2LW7XC4V}",
        "$(Q8ZR2LW7XC4V)",
        "ENC[AES256_GCM,data:q8Zr2Lw7Xc4Vb9Nm,type:str]",
        "$6$q8Zr2Lw7$Xc4Vb9Nm1Kj6Hg3Fq8Zr2Lw7Xc4V",
        "correct horse battery staple 9x",
        "correcthorsebattery",
        "vpc-0a1b2c3d4e5f67890",
        "1:123456789012:web:0a1b2c3d4e5f67890",
        "com.acme.Shop2Cart3Service",
        "Prod2Eu1Cluster3",
        "registry.acme.io/shop/Api2:v1.2.3-a1b2c3d",
        "b-1.a1b2c3.kafka.eu-west-1.amazonaws.com:9092,b-2.a1b2c3.kafka.eu-west-1.amazonaws.com:9092",
        "-XX:+UseG1GC",
        "%Y-%m-%dT%H:%M:%S%z",
        "SGVsbG8gV29ybGQgaGVsbG8=",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURqekNDQW5lZ0F3SUJBZ0lVZkl1dUFK",
        "AAAAC3NzaC1lZDI1NTE5AAAAIJ1vYl0Sx3b9Q4wL8n",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    ] {
        assert_silent("a.yaml", &secret("stringData", "root", value));
        if !value.starts_with("ENC[") {
            assert_silent("a.yaml", &secret("data", "value", value));
        }
    }
    for (key, value) in [
        ("checksum", "q8Zr2Lw7Xc4V"),
        ("commit", "q8Zr2Lw7Xc4V"),
        ("client-id", "q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F"),
        ("tls.crt", "q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F"),
        // Sentences.
        ("password", "see the vault at level 2b"),
        ("password", "correct horse battery staple"),
    ] {
        assert_silent("a.yaml", &secret("stringData", key, value));
    }
}

#[test]
fn words_of_settings_tell_what_stands_behind_them() {
    for line in [
        "proxy_set_header Authorization \"Bearer DRAWN\";",
        "requirepass PW",
        "requirepass \"PW\"",
        "sentinel auth-pass main PW",
        "CREATE USER 'shop'@'%' IDENTIFIED BY 'PW';",
        "CREATE USER shop IDENTIFIED WITH caching_sha2_password BY 'PW';",
        "ALTER ROLE shop WITH LOGIN PASSWORD 'PW';",
        "SET PASSWORD FOR shop = PASSWORD('PW');",
        "psql -c \"ALTER USER shop PASSWORD 'PW'\"",
        "db-1:5432:*:shop:PW",
        "*:*:shop:shop:PW",
        "    auth_pass PW",
        "rootpw PW",
        "db_password PW",
        "password: \"correct horse battery staple 9x\"",
    ] {
        let hidden = ["DRAWN", "PW", "correct horse"];
        let hidden = hidden.iter().find(|word| line.contains(*word)).unwrap();
        let text = body(&format!("# a\n{line}"));
        assert_told("a.yaml", &text, "secret/exposed 7", &filled(hidden));
    }
    let basic = BASE64_STANDARD.encode(filled("shop:PW"));
    let text = body(&format!(
        "a;\nproxy_set_header Authorization \"Basic {basic}\";"
    ));
    assert_told("a.yaml", &text, "secret/exposed 7", &basic);
    for line in [
        "proxy_set_header Authorization \"Bearer $token\";",
        "proxy_set_header Authorization $http_authorization;",
        "add_header WWW-Authenticate 'Bearer realm=\"q8Zr2Lw7Xc4V\"';",
        "requirepass foobared",
        "requirepass ${REDIS_PASSWORD}",
        "IDENTIFIED BY '${DB_PASSWORD}';",
        "IDENTIFIED BY PASSWORD '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9';",
        "ALTER ROLE shop PASSWORD 'SCRAM-SHA-256$4096:q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F';",
        "ALTER ROLE shop PASSWORD 'md59f86d081884c7d659a2feaa0c55ad015';",
        "ALTER ROLE shop PASSWORD 'changeme';",
        "Basic authentication is off",
        "db-1:5432:*:shop:changeme",
        "00:5e:00:53:af:01",
        "a:80:b:c:9f86d081884c7d659a2feaa0c55ad015",
        "the password q8Zr2Lw7Xc4V is none of a setting",
        "password: correct horse battery staple",
        "password: correct horse battery staple 9x",
        "password: \"see the vault at level 2b\"",
    ] {
        assert_silent("a.yaml", &body(&format!("# a\n{line}")));
    }
}

#[test]
fn a_name_beside_a_value_says_what_it_is_in_any_kind() {
    let component = |kind: &str, pair: &str| {
        format!(
            "apiVersion: dapr.io/v1alpha1\nkind: {kind}\nmetadata: {{name: a}}\nspec:\n  metadata:\n  - {pair}\n"
        )
    };
    for name in ["redisPassword", "apiToken", "client-secret"] {
        let text = component("Component", &format!("{{name: {name}, value: DRAWN}}"));
        assert_told("a.yaml", &text, "secret/in-file 6", &filled("DRAWN"));
    }
    for pair in [
        "{name: redisPassword, value: \"\"}",
        "{name: redisPassword, value: changeme}",
        "{name: redisPassword, value: \"{{ .Values.password }}\"}",
        "{name: redisHost, value: DRAWN}",
        "{name: redisPassword, secretKeyRef: {name: DRAWN, key: DRAWN}}",
    ] {
        assert_silent("a.yaml", &component("Component", pair));
    }
    // Ciphertext is for everybody.
    assert_silent(
        "a.yaml",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {password: AgBy3i4OJSWK0PiTySYZZA9rO43cGDEq}}\n",
    );
}

#[test]
fn a_bare_word_of_a_command_is_told_behind_a_flag_alone() {
    let text = pod("command: [x, --password, PW]");
    assert_told("a.yaml", &text, "secret/exposed 8", &filled("PW"));
    assert_silent("a.yaml", &pod("command: [x, PW]"));
    assert_silent(
        "Dockerfile",
        "FROM node:24-slim\nUSER node\nCMD [\"x\", \"PW\"]\n",
    );
}

#[test]
fn a_password_of_another_section_is_another_one() {
    let one = "spring:\n  datasource:\n    password: PW\n  mail:\n    host: x";
    let two =
        "spring:\n  mail:\n    password: OTHER_PW\n    host: x\n  datasource:\n    password: PW";
    let (lines, report) = told(
        "a.yaml",
        &body(one),
        &body(&two.replace("OTHER_PW", "tR7-kq2-Vz9x")),
    );
    assert_eq!(
        lines,
        ["introduced secret/exposed 8", "existing secret/exposed 11"],
        "{report}"
    );
    let indented = "spring:\n    # of it\n    datasource:\n        url: x\n\n        password: PW";
    let (lines, report) = told("a.yaml", &body(one), &body(indented));
    assert_eq!(lines, ["existing secret/exposed 11"], "{report}");
}

#[test]
fn files_that_a_generator_puts_into_objects_are_looked_into() {
    let scene = tempfile::tempdir().expect("a folder");
    let kustomization = "configMapGenerator:\n- name: a\n  files: [redis.conf, app.properties=in/app.properties, my.cnf, app.yaml]\nsecretGenerator:\n- name: b\n  files: [x.ini, public.conf]\n  envs: [prod.properties]\n";
    let files = [
        ("k/kustomization.yaml", kustomization),
        ("k/redis.conf", "port 6379\nrequirepass PW\n"),
        ("k/in/app.properties", "a=b\ndb.password=PW\n"),
        ("k/my.cnf", "[client]\npassword = PW\n"),
        ("k/app.yaml", "spring:\n  datasource:\n    password: PW\n"),
        ("k/x.ini", "[db]\ntoken = DRAWN\n"),
        ("k/prod.properties", "API_TOKEN=DRAWN\n"),
        (
            "k/public.conf",
            "port 80\npassword changeme\nrequirepass ${PASSWORD}\n",
        ),
        // Nobody names them.
        ("k/other.conf", "requirepass PW\n"),
        ("k/other.yaml", "password: PW\n"),
        ("redis.conf", "requirepass PW\n"),
    ];
    fs::create_dir_all(scene.path().join("base")).expect("a folder");
    for (name, text) in files {
        write(&scene.path().join("head"), &[(name, filled(text).as_str())]);
    }
    let wanted = [
        "k/app.yaml:3",
        "k/in/app.properties:2",
        "k/my.cnf:2",
        "k/prod.properties:1",
        "k/redis.conf:2",
        "k/x.ini:2",
    ];
    for sides in [
        &["--base", "base", "--head", "head"][..],
        &["--head", "head"],
    ] {
        let run = |format: &str| {
            let options = ["check", "--verbose", "--format", format];
            tidegate(scene.path(), &[&options, sides].concat(), &[]).stdout
        };
        let json = run("json");
        let report: Json = serde_json::from_str(&json).expect("it is JSON");
        let findings = report["findings"].as_array().expect("findings").iter();
        let mut places: Vec<_> = findings
            .filter(|finding| finding["rule"] == "secret/in-file")
            .map(|finding| {
                let location = &finding["location"];
                let path = location["path"].as_str().unwrap();
                let path = path.strip_prefix("head/").unwrap_or(path);
                format!("{path}:{}", location["start"]["line"])
            })
            .collect();
        places.sort();
        assert_eq!(places, wanted, "{json}");
        let report = json + &run("terminal");
        for hidden in [filled("PW"), filled("DRAWN")] {
            assert!(!report.contains(&hidden), "{report}");
        }
    }
}

/// A store of Java with one entry: a key, or the certificate of somebody else.
fn store_of_java(entry: u32) -> String {
    let number = |number: u32| number.to_be_bytes().to_vec();
    let text = |text: &str| {
        let length = u16::try_from(text.len()).expect("it is short");
        [length.to_be_bytes().to_vec(), text.as_bytes().to_vec()].concat()
    };
    let mut bytes = [number(0xfeed_feed), number(2), number(1), number(entry)].concat();
    bytes.extend([text("mine"), vec![0; 8], text("X.509"), number(600)].concat());
    bytes.extend([b'A'; 600]);
    BASE64_STANDARD.encode(bytes)
}

#[test]
fn a_store_with_certificates_alone_is_no_secret() {
    let (keys, certificates) = (store_of_java(1), store_of_java(2));
    let unreadable = "/v8B/v8B/v8B/v8B/v8B/v8B/v8B/v8B/v8B/v8B";
    let secret = |key: &str, value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata:\n  {key}: {value}\n")
    };
    for (key, value) in [
        ("keystore.jks", &*keys),
        ("truststore.jks", &*keys),
        ("client.p12", unreadable),
        ("service.keytab", unreadable),
    ] {
        assert_told("s.yaml", &secret(key, value), "secret/literal 5", value);
    }
    for (key, value) in [
        ("truststore.jks", &*certificates),
        ("ca.jks", &*certificates),
        ("client-trust-store.p12", unreadable),
        ("cacerts.jks", unreadable),
    ] {
        assert_silent("s.yaml", &secret(key, value));
    }
}
