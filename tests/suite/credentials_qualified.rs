//! Credentials under keys with a word behind that tells which, in values of another type, in the values of charts and in
//! comments.

use crate::credentials::{assert_silent, assert_told_hiding, filled, object, pod};

/// All of these lines are told, and no output shows a value.
fn assert_told(name: &str, text: &str, wanted: &[&str]) {
    assert_told_hiding(name, text, wanted, &["GHP", "DRAWN"]);
}

#[test]
fn a_word_behind_a_key_tells_which_secret_it_is() {
    for key in ["DB_PASSWORD_OLD", "API_KEY_GITLAB", "JWT_SECRET_NEXT"] {
        let config = object("ConfigMap", &format!("data:\n  {key}: DRAWN"));
        assert_told("config.yaml", &config, &["secret/exposed 5"]);
        let body = object(
            "ConfigMap",
            &format!("data:\n  app.env: |\n    A=b\n    {key}=DRAWN"),
        );
        assert_told("config.yaml", &body, &["secret/exposed 7"]);
        let variable = pod(&format!("env: [{{name: {key}, value: DRAWN}}]"));
        assert_told("pod.yaml", &variable, &["secret/exposed 8"]);
        assert_told(
            ".env",
            &format!("A=b\n{key}=DRAWN\n"),
            &["secret/in-file 2"],
        );
        let image = format!("FROM node:24.11.1-slim\nENV {key}=DRAWN\nUSER node\n");
        assert_told("Dockerfile", &image, &["secret/in-image 2"]);
    }
    for key in [
        "DB_PASSWORD_FILE",
        "API_KEY_ID",
        "JWT_SECRET_NAME",
        "TOKEN_ISSUER",
    ] {
        assert_silent(
            "config.yaml",
            &object("ConfigMap", &format!("data:\n  {key}: DRAWN")),
        );
        assert_silent(".env", &format!("A=b\n{key}=DRAWN\n"));
    }
    assert_silent(
        ".env",
        "DB_PASSWORD_OLD=rotated-in-spring\nTOKEN_PROD=shop-token-v2\n",
    );
}

#[test]
fn a_key_in_hexadecimal_digits_is_one_whatever_its_notation_is_called() {
    let hex = "1d83c4a29548fa91200314bd807d4b6a";
    for key in ["ENCRYPTION_KEY_HEX", "AES_KEY", "jwtSecretHex"] {
        let config = object("ConfigMap", &format!("data:\n  {key}: {hex}"));
        assert_told("config.yaml", &config, &["secret/exposed 5"]);
    }
    for key in ["aes", "hex"] {
        let secret = object("Secret", &format!("stringData:\n  {key}: {hex}"));
        assert_told("secret.yaml", &secret, &["secret/literal 5"]);
    }
    for key in ["commit", "IMAGE_HEX", "SECRET_HASH"] {
        assert_silent(
            "config.yaml",
            &object("ConfigMap", &format!("data:\n  {key}: {hex}")),
        );
    }
}

#[test]
fn a_value_of_another_type_is_judged_by_its_keys_and_flags() {
    for (text, wanted) in [
        (
            pod("command: 'mysql -u root --password=DRAWN'"),
            &["secret/exposed 8"][..],
        ),
        (
            pod("command: 'mysql -pDRAWN -u root'"),
            &["secret/exposed 8"],
        ),
        (pod("env: {DB_PASSWORD: DRAWN}"), &["secret/exposed 8"]),
        (pod("env: ['DB_PASSWORD=DRAWN']"), &["secret/exposed 8"]),
        (pod("args: [{password: DRAWN}]"), &["secret/exposed 8"]),
        (
            object("ConfigMap", "data:\n  db: {password: DRAWN}"),
            &["secret/exposed 5"],
        ),
        (
            object("ConfigMap", "data: |\n  a: b\n  password: DRAWN"),
            &["secret/exposed 6"],
        ),
        (
            object("Secret", "data: |\n  a: b\n  password: DRAWN"),
            &["secret/literal 6"],
        ),
        (
            object("Secret", "stringData: [{password: DRAWN}]"),
            &["secret/literal 4"],
        ),
        (
            object("Secret", "stringData:\n  db: {password: DRAWN}"),
            &["secret/literal 5"],
        ),
    ] {
        assert_told("a.yaml", &text, wanted);
    }
    for text in [
        pod("command: 'mysql -u root --password=$PASSWORD'"),
        pod("env: {DB_HOST: db.shop.svc, DB_PASSWORD: $(PASSWORD)}"),
        object("ConfigMap", "data:\n  db: {password: changeme, host: db}"),
        object("Secret", "data: |\n  a: b\n  user: shop"),
        object("Secret", "stringData: [{password: '${PASSWORD}'}]"),
    ] {
        assert_silent("a.yaml", &text);
    }
}

#[test]
fn values_of_charts_are_judged_by_their_keys() {
    let flux = |values: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec:\n  values:\n    db:\n      {values}\n"
        )
    };
    let argo = |field: &str, values: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a}}\nspec:\n  source:\n    helm:\n      {field}\n        db:\n          {values}\n"
        )
    };
    let password = "password: DRAWN";
    assert_told("a.yaml", &flux(password), &["secret/in-file 7"]);
    for field in ["values: |", "valuesObject:"] {
        assert_told("a.yaml", &argo(field, password), &["secret/in-file 9"]);
    }
    for silent in [
        "password: changeme",
        "existingSecret: shop-db-credentials",
        "passwordSecretRef: {name: db, key: DRAWN}",
        "image: {tag: DRAWN}",
    ] {
        assert_silent("a.yaml", &flux(silent));
        assert_silent("a.yaml", &argo("valuesObject:", silent));
        assert_silent("a.yaml", &argo("values: |", silent));
    }
}

#[test]
fn a_token_in_a_comment_of_a_manifest_is_told_once() {
    let config = "# at the top GHP\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  # TOKEN: OTHER_GHP\n  A: b # GHP\n";
    assert_told(
        "a.yaml",
        config,
        &["secret/in-file 1", "secret/in-file 6", "secret/in-file 7"],
    );
    let body = object("ConfigMap", "data:\n  run.sh: |\n    # GHP\n    true");
    assert_told("a.yaml", &body, &["secret/exposed 6"]);
    assert_silent(
        "a.yaml",
        &object(
            "ConfigMap",
            "data:\n  # password: DRAWN\n  A: b # ghp_example",
        ),
    );
}

#[test]
fn a_key_for_browsers_is_silent_in_variables_as_in_maps() {
    let key = format!("AIza{}", &filled("GHP")[4..39]);
    let release = |values: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: h}}\nspec:\n  values:\n    {values}\n"
        )
    };
    for name in [
        "NEXT_PUBLIC_GOOGLE_MAPS_API_KEY",
        "VITE_FIREBASE_API_KEY",
        "FIREBASE_API_KEY",
    ] {
        for text in [
            pod(&format!("env: [{{name: {name}, value: {key}}}]")),
            release(&format!("env: [{{name: {name}, value: {key}}}]")),
            release(&format!("{name}: {key}")),
            object("ConfigMap", &format!("data: {{{name}: {key}}}")),
        ] {
            assert_silent("o.yaml", &text);
        }
    }
    for (text, wanted) in [
        (
            pod(&format!("env: [{{name: MAPS_API_KEY, value: {key}}}]")),
            "secret/exposed 8",
        ),
        (
            pod(&format!(
                "env: [{{name: NEXT_PUBLIC_SECRET_KEY, value: {key}}}]"
            )),
            "secret/exposed 8",
        ),
        (
            release(&format!("env: [{{name: MAPS_API_KEY, value: {key}}}]")),
            "secret/in-file 6",
        ),
        (
            pod("env: [{name: NEXT_PUBLIC_AUTH_TOKEN, value: DRAWN}]"),
            "secret/exposed 8",
        ),
        (
            pod("env: [{name: NEXT_PUBLIC_MAP, value: GHP}]"),
            "secret/exposed 8",
        ),
    ] {
        assert_told_hiding("o.yaml", &filled(&text), &[wanted], &[]);
    }
}
