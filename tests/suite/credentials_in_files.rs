//! Credentials in files that become part of something else: what generators of kustomizations are fed with, lockfiles,
//! comments; and what is encrypted, which is made to be committed.

use crate::configuration::{check, told};
use crate::credentials::{assert_silent, assert_told_hiding, filled, pod};
use crate::program::{Answer, write};

/// What is said of files that a change adds.
fn added(files: &[(&str, &str)]) -> (Answer, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("b/readme.yaml", "")]);
    for (name, text) in files {
        write(
            folder.path(),
            &[(&format!("h/{name}"), filled(text).as_str())],
        );
    }
    let (answer, json) = check(folder.path(), &["--base", "b", "--head", "h"]);
    (answer, told(&json))
}

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7Kx93jdqp\nq8Zr2Lw7Xc4Vb9Nm1Kj6Hg3Fw7Ky3Mv8Zd5Wc1Pn2Lk9Jh4GTq5Rs2Ue8Yb3\nVt6Gd1Fa9Ck4Wz7Hm3Jp5Nx8Qb2Le6Ro1Su4Ig7DyEv9Ft3Kw5Mh8Pz2Xj6Bc\n-----END PRIVATE KEY-----\n";

#[test]
fn what_a_generator_is_fed_with_is_read_whatever_its_name() {
    for (name, text) in [
        ("tls.key", KEY),
        ("redis-key.pem", KEY),
        ("id_rsa", KEY),
        ("password.txt", "username=admin\npassword=PW\n"),
        ("password.txt", "PW\n"),
        ("token.txt", "GHP\n"),
        ("app.toml", "[db]\npassword = \"PW\"\n"),
        ("secrets", "DB_PASSWORD=PW\n"),
        ("db-password", "PW"),
        ("POSTGRES_PASSWORD", "PW\n"),
        ("dbPassword", "PW\n"),
        ("secret.key", "PW\n"),
        ("tls.crt", KEY),
        ("privkey", KEY),
        (".git-credentials", "https://ci:PW@github.com\n"),
        ("kubeconfig", "users:\n- user: {token: GHP}\n"),
        ("prod", "DB_PASSWORD=PW\n"),
        ("password.txt", "admin:PW\n"),
        ("postgres.password", "PW\n"),
        (
            ".dockerconfigjson",
            "{\"auths\": {\"ghcr.io\": {\"password\": \"PW\"}}}\n",
        ),
    ] {
        for kind in ["secretGenerator", "configMapGenerator"] {
            for field in [
                format!("files: [{name}]"),
                format!("files: [x={name}]"),
                format!("envs: [{name}]"),
            ] {
                let kustomization = format!("{kind}:\n- name: a\n  {field}\n");
                let (answer, lines) = added(&[
                    ("k/kustomization.yaml", &kustomization),
                    (&format!("k/{name}"), text),
                ]);
                assert_eq!(answer.code, 1, "{name} {field}: {}", answer.stdout);
                let expected = format!("introduced high secret/in-file k/{name}:");
                assert!(
                    lines.iter().any(|line| line.starts_with(&expected)),
                    "{name} {field}: {lines:?}"
                );
            }
        }
    }
}

#[test]
fn the_key_of_an_entry_says_what_its_file_holds() {
    let kustomization = "secretGenerator:\n- name: a\n  files: [DB_PASSWORD=db.txt]\n";
    let (answer, lines) = added(&[
        ("k/kustomization.yaml", kustomization),
        ("k/db.txt", "PW\n"),
    ]);
    let expected = "introduced high secret/in-file k/db.txt:1";
    assert!(
        lines.iter().any(|line| line.starts_with(expected)),
        "{}",
        answer.stdout
    );
    let kustomization = kustomization.replace("DB_PASSWORD", "greeting");
    let (answer, lines) = added(&[
        ("k/kustomization.yaml", &kustomization),
        ("k/db.txt", "PW\n"),
    ]);
    assert_eq!(lines, Vec::<String>::new(), "{}", answer.stdout);
}

/// What stands before a token may be another credential, and is not what the token is called.
#[test]
fn what_stands_before_a_token_is_not_shown() {
    let kustomization = "secretGenerator:\n- name: a\n  files: [app.xml]\n";
    let text = "<a><password>PW</password><token>GHP</token></a>\n";
    let (answer, lines) = added(&[("k/kustomization.yaml", kustomization), ("k/app.xml", text)]);
    let expected = "introduced high secret/in-file k/app.xml:1";
    assert!(
        lines.iter().any(|line| line.starts_with(expected)),
        "{lines:?}"
    );
    let hidden = filled("PW");
    assert!(
        !answer.stdout.contains(hidden.as_str()),
        "{}",
        answer.stdout
    );
}

/// An object takes bytes as they are: no encoding keeps them from being read, and what is no text says nothing.
#[test]
fn what_a_generator_is_fed_with_is_read_in_any_encoding() {
    let kustomization = "secretGenerator:\n- name: a\n  files: [app.txt]\n";
    let text = filled("# gr\u{fc}\u{df}e\npassword=PW\n");
    let one_byte: Vec<u8> = text
        .chars()
        .map(|one| u8::try_from(one).unwrap_or(b'?'))
        .collect();
    let pairs = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(order).collect()
    };
    let mut binary = one_byte.clone();
    binary.push(0);
    for (bytes, is_read) in [
        (text.clone().into_bytes(), true),
        (one_byte, true),
        (pairs(u16::to_le_bytes), true),
        (pairs(u16::to_be_bytes), true),
        (binary, false),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        write(
            folder.path(),
            &[("b/a.yaml", ""), ("h/kustomization.yaml", kustomization)],
        );
        std::fs::write(folder.path().join("h/app.txt"), bytes).expect("it can be written");
        let (answer, json) = check(folder.path(), &["--base", "b", "--head", "h"]);
        let expected: &[&str] = if is_read {
            &["introduced high secret/in-file app.txt:2"]
        } else {
            &[]
        };
        assert_eq!(told(&json), expected, "{}", answer.stdout);
    }
}

/// The working tree is read otherwise than a commit, and must know the same files again.
#[test]
fn what_a_generator_is_fed_with_may_move() {
    let folder = tempfile::tempdir().expect("a folder");
    let kustomization = "secretGenerator:\n- name: a\n  files: [redis.conf, password.txt]\n";
    let settings = filled("requirepass PW\n");
    let password = filled("PW\n");
    for (side, place) in [("b", "k"), ("h", "services")] {
        for (name, text) in [
            ("kustomization.yaml", kustomization),
            ("redis.conf", settings.as_str()),
            ("password.txt", password.as_str()),
        ] {
            write(folder.path(), &[(&format!("{side}/{place}/{name}"), text)]);
        }
    }
    let (answer, json) = check(folder.path(), &["--base", "b", "--head", "h"]);
    let introduced = told(&json).into_iter();
    let introduced: Vec<_> = introduced
        .filter(|line| line.starts_with("introduced"))
        .collect();
    assert_eq!(introduced, Vec::<String>::new(), "{}", answer.stdout);
    assert_eq!(answer.code, 0, "{}", answer.stdout);
}

#[test]
fn files_that_nobody_feeds_to_a_generator_are_left_alone() {
    let kustomization = "configMapGenerator:\n- name: a\n  files: [robots.txt, tls.crt]\n";
    let (answer, lines) = added(&[
        ("k/kustomization.yaml", kustomization),
        ("k/robots.txt", "User-agent: *\nDisallow: /\n"),
        (
            "k/tls.crt",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        ),
        ("k/other.txt", "password=PW\n"),
        ("k/dev.key", KEY),
    ]);
    assert_eq!(lines, Vec::<String>::new(), "{}", answer.stdout);
    // Nor are they counted among what was read.
    let (alone, _) = added(&[("k/notes.txt", "password=PW\n"), ("k/a.yaml", "a: 1\n")]);
    assert!(alone.stdout.contains("\"read\": 1"), "{}", alone.stdout);
}

#[test]
fn what_is_encrypted_or_refers_to_a_store_is_no_credential() {
    for value in [
        "encrypted:BGMyAFNH6UjetjZk9rQ2pXwLs8vTq3nBc7dKf5hJm1gR4yEaUoWiNzPxVbYt",
        "AQICAHhPq9vRt2xLm8Zk9rQ2pXwLs8vTq3nBc7dKf5hJm1gR4yEaUoWiNzPxVbYtQwE",
        "{cipher}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "ssm:/cart/prod/db_password",
        "sm://acme/db-password#2",
        "projects/123/secrets/db-pass/versions/3",
        "$2b$12$Kx93jdqpl2AaKx93jdqpl2AaKx93jdqpl2AaKx93jdqpl2AaKx93jdq",
    ] {
        assert_silent(".env.production", &format!("DB_PASSWORD=\"{value}\"\n"));
        let env = format!("env: [{{name: DB_PASSWORD, value: '{value}'}}]");
        assert_silent("a.yaml", &pod(&env));
    }
    // Nothing else about a value that begins in another way.
    assert_told_hiding(".env", "DB_PASSWORD=PW\n", &["secret/in-file 1"], &["PW"]);
}

#[test]
fn a_file_that_git_crypt_keeps_is_not_called_unreadable() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    write(root, &[("b/.env", "A=1\n"), ("h/readme.yaml", "")]);
    std::fs::write(root.join("h/.env"), b"\0GITCRYPT\0\x93\xff\x00\x81secret")
        .expect("it is written");
    std::fs::write(root.join("h/.env.gpg"), b"\x85\x02\x0c\x03\xff\xfe").expect("it is written");
    let (answer, json) = check(root, &["--base", "b", "--head", "h"]);
    assert_eq!(answer.code, 0, "{}", answer.stdout);
    assert_eq!(told(&json), Vec::<String>::new());
}

#[test]
fn what_configures_a_program_by_command_is_read() {
    for line in [
        "npm config set //npm.acme.io/:_authToken DRAWN",
        "npm set //npm.acme.io/:_authToken DRAWN",
        "pnpm config set //npm.acme.io/:_authToken DRAWN",
        "yarn config set npmAuthToken DRAWN",
        "aws configure set aws_secret_access_key DRAWN",
    ] {
        let text = format!("FROM node:24.11.1-slim\nRUN {line}\n");
        assert_told_hiding("Dockerfile", &text, &["secret/in-image 2"], &["DRAWN"]);
    }
    for line in [
        "npm config set //npm.acme.io/:_authToken $TOKEN_OF_CI",
        "npm config set registry https://npm.acme.io",
        "aws configure set region eu-central-1",
    ] {
        assert_silent(
            "Dockerfile",
            &format!("FROM node:24.11.1-slim\nRUN {line}\n"),
        );
    }
}

#[test]
fn tokens_in_comments_are_as_valid_as_elsewhere() {
    for (name, text) in [
        (
            ".npmrc",
            "registry=https://npm.acme.io\n# //registry.npmjs.org/:_authToken=NPM\n",
        ),
        (
            ".yarnrc.yml",
            "nodeLinker: node-modules\n# npmAuthToken: NPM\n",
        ),
        ("kustomization.yaml", "resources: []\n# GHP\n"),
    ] {
        assert_told_hiding(name, text, &["secret/in-file 2"], &["NPM", "GHP"]);
    }
    let text = "FROM node:24.11.1-slim\n# GHP\n";
    assert_told_hiding("Dockerfile", text, &["secret/in-image 2"], &["GHP"]);
}

#[test]
fn addresses_of_lockfiles_show_no_password() {
    let lockfile = "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://ci:PW@npm.acme.io/a/-/a-1.0.0.tgz#0123456789012345678901234567890123456789\"\n";
    assert_told_hiding("yarn.lock", lockfile, &["secret/in-file 6"], &["PW"]);
    assert_silent("yarn.lock", &lockfile.replace("ci:PW@", ""));
    // A token needs no name before it, and may stand in the question.
    for address in [
        "git+https://GHP@github.com/acme/a.git#",
        "https://npm.acme.io/a/-/a-1.0.0.tgz?token=GHP#",
    ] {
        let lockfile = lockfile.replace("https://ci:PW@npm.acme.io/a/-/a-1.0.0.tgz#", address);
        assert_told_hiding("yarn.lock", &lockfile, &["secret/in-file 6"], &["GHP"]);
    }
    for address in [
        "git+ssh://git@github.com/acme/a.git#",
        "https://npm.acme.io/a/-/a-1.0.0.tgz?cache=0&dl=1#",
    ] {
        let lockfile = lockfile.replace("https://ci:PW@npm.acme.io/a/-/a-1.0.0.tgz#", address);
        assert_silent("yarn.lock", &lockfile);
    }
}

#[test]
fn an_address_of_any_length_is_looked_at_once() {
    let line = format!("  resolved \"https://{}\"\n", "a@://?".repeat(200_000));
    assert_silent(
        "yarn.lock",
        &format!("# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n{line}"),
    );
}

#[test]
fn a_connection_that_holds_a_password_is_one_in_every_kind() {
    let component = |value: &str| {
        format!(
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: state}}\nspec:\n  metadata:\n  - name: connectionString\n    value: \"{value}\"\n"
        )
    };
    assert_told_hiding(
        "a.yaml",
        &component("host=db port=5432 user=app password=PW dbname=orders"),
        &["secret/in-file 7"],
        &["PW"],
    );
    assert_silent(
        "a.yaml",
        &component("host=db port=5432 user=app password=postgres dbname=orders"),
    );
}
