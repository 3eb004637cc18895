//! Which registry serves a name, and who gets which token.

use std::collections::BTreeMap;

use tidegate::packages::registry::address::RegistryUrl;
use tidegate::packages::registry::settings::{Owner, SettingsKind, Why};
use tidegate::packages::registry::{DEFAULT, Settings, SettingsFile};

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = variables.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn file(kind: SettingsKind, owner: Owner, text: &str) -> SettingsFile<'_> {
    SettingsFile {
        kind,
        owner,
        path: "settings".into(),
        text,
    }
}

fn of(settings: &Settings, name: &str) -> (String, Option<String>) {
    let registry = &settings.registry_of(name).url;
    let token = settings.authorization(registry).map(str::to_owned);
    (registry.as_str().to_owned(), token)
}

fn told(settings: &Settings) -> Vec<(&str, Why)> {
    let ignored = settings.ignored.iter();
    ignored
        .map(|ignored| (ignored.key.as_str(), ignored.why))
        .collect()
}

const NPMRC: &str = "registry=https://npm.example/main\n@acme:registry=https://npm.pkg.example/acme/\n\
    //npm.pkg.example/:_authToken=${ACME_TOKEN}\n";

#[test]
fn nothing_said_means_the_public_registry() {
    let settings = Settings::read(&[], &environment(&[("NPM_TOKEN", "t0k3n")]));
    assert_eq!(of(&settings, "lodash"), (DEFAULT.to_owned(), None));
    assert_eq!(settings.registry_of("lodash").from, None);
}

#[test]
fn a_scope_goes_to_its_own_registry_with_its_own_token() {
    let files = [file(SettingsKind::Npm, Owner::Repository, NPMRC)];
    let settings = Settings::read(&files, &environment(&[("ACME_TOKEN", "t0k3n")]));
    let acme = "https://npm.pkg.example/acme/".to_owned();
    let bearer = Some("Bearer t0k3n".to_owned());
    assert_eq!(of(&settings, "@acme/a"), (acme, bearer));
    assert_eq!(
        of(&settings, "lodash"),
        ("https://npm.example/main/".to_owned(), None)
    );
    assert_eq!(of(&settings, "@acmes/a").0, "https://npm.example/main/");
    assert_eq!(settings.ignored, []);
    assert!(!format!("{settings:?}").contains("t0k3n"));
}

#[test]
fn a_token_stays_with_its_host_and_path() {
    let line = "//npm.example/team/:_authToken=${T}\n";
    let files = [file(SettingsKind::Npm, Owner::Repository, line)];
    let settings = Settings::read(&files, &environment(&[("T", "t0k3n")]));
    for (address, is_given) in [
        ("https://npm.example/team/", true),
        ("https://npm.example/team/a/", true),
        ("https://npm.example/teams/", false),
        ("https://npm.example/", false),
        ("https://npm.example:8443/team/", false),
        ("https://npm.example.evil.example/team/", false),
        ("https://evil.example/npm.example/team/", false),
        // Whoever stands in between would read it.
        ("http://npm.example/team/", false),
    ] {
        let given = settings.authorization(&RegistryUrl::parse(address).unwrap());
        assert_eq!(given.is_some(), is_given, "{address}");
    }
    let two = "//npm.example/:_authToken=${A}\n//npm.example/team:_authToken=${B}\n//127.0.0.1:4873/:_auth=${A}\n";
    let files = [file(SettingsKind::Npm, Owner::Repository, two)];
    let settings = Settings::read(&files, &environment(&[("A", "a"), ("B", "b")]));
    let given = |address| settings.authorization(&RegistryUrl::parse(address).unwrap());
    assert_eq!(given("https://npm.example/team/"), Some("Bearer b"));
    assert_eq!(given("https://npm.example/other/"), Some("Bearer a"));
    assert_eq!(given("http://127.0.0.1:4873/"), Some("Basic a"));
}

#[test]
fn tokens_come_from_the_environment_alone() {
    let lines = "//a.example/:_authToken=npm_written\n//b.example/:_authToken=x${T}\n//c.example/:_authToken=${T}${T}\n\
        //d.example/:_authToken=${UNSET}\n//e.example/:_authToken=${UNSET-written}\n_authToken=${T}\n//f.example/:_authToken=${SPLIT}\n\
        strict-ssl=false\n";
    let variables = environment(&[("T", "t0k3n"), ("SPLIT", "a\nb")]);
    let files = [file(SettingsKind::Npm, Owner::Repository, lines)];
    let settings = Settings::read(&files, &variables);
    for host in ["a", "b", "c", "d", "e", "f"] {
        let url = RegistryUrl::parse(&format!("https://{host}.example/")).unwrap();
        assert_eq!(settings.authorization(&url), None, "{host}");
    }
    let mut ignored = told(&settings);
    ignored.sort_by_key(|(key, _)| *key);
    assert_eq!(
        ignored,
        [
            ("//a.example/:_authToken", Why::Literal),
            ("//b.example/:_authToken", Why::Literal),
            ("//c.example/:_authToken", Why::Literal),
            ("//d.example/:_authToken", Why::Unset),
            ("//e.example/:_authToken", Why::Unset),
            ("//f.example/:_authToken", Why::Unset),
            ("_authToken", Why::Unbound),
            ("strict-ssl", Why::Lax),
        ]
    );
    // The user's own file is part of the environment.
    let files = [file(
        SettingsKind::Npm,
        Owner::User,
        "//a.example/:_authToken=own",
    )];
    let settings = Settings::read(&files, &variables);
    let url = RegistryUrl::parse("https://a.example/").unwrap();
    assert_eq!(settings.authorization(&url), Some("Bearer own"));
}

#[test]
fn an_address_holds_no_secret() {
    let variables = environment(&[("NPM_TOKEN", "t0k3n"), ("MIRROR", "npm.example")]);
    for (line, registry, why) in [
        (
            "registry=https://${MIRROR}/a",
            "https://npm.example/a/",
            None,
        ),
        (
            "registry=https://x.example/${NPM_TOKEN}/",
            "",
            Some(Why::SecretInAddress),
        ),
        ("registry=https://${UNSET}/", "", Some(Why::Unset)),
        (
            "registry=https://me:secret@x.example/",
            "",
            Some(Why::Address),
        ),
        ("registry=file:///etc/", "", Some(Why::Address)),
    ] {
        let files = [file(SettingsKind::Npm, Owner::Repository, line)];
        let settings = Settings::read(&files, &variables);
        assert_eq!(of(&settings, "a").0, registry, "{line}");
        let told: Vec<Why> = told(&settings).into_iter().map(|(_, why)| why).collect();
        assert_eq!(told, Vec::from_iter(why), "{line}");
        // Nobody else is asked in its place.
        assert_eq!(settings.registry_of("a").unread, why, "{line}");
    }
}

#[test]
fn the_environment_beats_files_and_earlier_files_later_ones() {
    let files = [
        file(
            SettingsKind::Npm,
            Owner::Repository,
            "@a:registry=https://inner.example/",
        ),
        file(
            SettingsKind::Npm,
            Owner::Repository,
            "registry=https://outer.example/\n@a:registry=https://outer.example/a\n@b:registry=https://outer.example/b",
        ),
    ];
    let settings = Settings::read(&files, &environment(&[]));
    assert_eq!(of(&settings, "x").0, "https://outer.example/");
    assert_eq!(of(&settings, "@a/x").0, "https://inner.example/");
    assert_eq!(of(&settings, "@b/x").0, "https://outer.example/b/");
    let variables = environment(&[
        ("NPM_CONFIG_REGISTRY", "https://env.example/"),
        ("npm_config_@b:registry", "https://env.example/b/"),
    ]);
    let settings = Settings::read(&files, &variables);
    assert_eq!(of(&settings, "x").0, "https://env.example/");
    assert_eq!(of(&settings, "@b/x").0, "https://env.example/b/");
    assert_eq!(of(&settings, "@a/x").0, "https://inner.example/");
}

#[test]
fn yarn_and_bun_say_it_in_their_ways() {
    let variables = environment(&[("T", "t0k3n"), ("OTHER", "other")]);
    let yarn = "npmRegistryServer: https://npm.example\nnpmAuthToken: ${T}\nenableStrictSsl: false\n\
        npmScopes:\n  acme:\n    npmRegistryServer: https://acme.example/x\n    npmAuthToken: '${OTHER:-}'\n\
        npmRegistries:\n  //b.example:\n    npmAuthToken: written\n";
    let files = [file(SettingsKind::Yarn, Owner::Repository, yarn)];
    let settings = Settings::read(&files, &variables);
    let with = |url: &str, token: &str| (url.to_owned(), Some(format!("Bearer {token}")));
    assert_eq!(of(&settings, "a"), with("https://npm.example/", "t0k3n"));
    assert_eq!(
        of(&settings, "@acme/a"),
        with("https://acme.example/x/", "other")
    );
    assert_eq!(
        told(&settings),
        [
            ("npmAuthToken", Why::Literal),
            ("enableStrictSsl", Why::Lax)
        ]
    );
    let bun = "[install]\nregistry = \"https://npm.example\"\n[install.scopes]\nacme = { url = \"https://acme.example/x\", token = \"$T\" }\n";
    let files = [file(SettingsKind::Bun, Owner::Repository, bun)];
    let settings = Settings::read(&files, &variables);
    assert_eq!(
        of(&settings, "a"),
        ("https://npm.example/".to_owned(), None)
    );
    assert_eq!(
        of(&settings, "@acme/a"),
        with("https://acme.example/x/", "t0k3n")
    );
}

#[test]
fn yarn_1_and_pnpm_say_it_in_their_ways() {
    let yarn = "# registry \"https://comment.example/\"\nregistry \"https://old.example/\"\n\"@acme:registry\" \"https://acme.example/x\"\nyarn-offline-mirror \"./m\"\nregistry https://npm.example # ours\n";
    let pnpm = "packages: ['a']\nregistries:\n  default: https://npm.example/\n  '@acme': https://acme.example/x\n";
    for (kind, text) in [
        (SettingsKind::YarnClassic, yarn),
        (SettingsKind::Pnpm, pnpm),
    ] {
        let files = [file(kind, Owner::Repository, text)];
        let settings = Settings::read(&files, &environment(&[]));
        assert_eq!(of(&settings, "a").0, "https://npm.example/", "{kind:?}");
        assert_eq!(of(&settings, "@acme/a").0, "https://acme.example/x/");
        assert_eq!(told(&settings), []);
    }
    for (kind, text) in [
        (SettingsKind::YarnClassic, "lastUpdateCheck 1\n"),
        (SettingsKind::Pnpm, "packages: ['a']\nregistries: none\n"),
    ] {
        let files = [file(kind, Owner::Repository, text)];
        let settings = Settings::read(&files, &environment(&[]));
        assert_eq!(
            of(&settings, "a").0,
            "https://registry.npmjs.org/",
            "{kind:?}"
        );
    }
}

#[test]
fn pnpm_names_registries_by_their_addresses_too() {
    let text = "registries:\n  https://acme.example/x/:\n    serverType: artifactory\n    scopes: ['@acme', '@tools']\n    prefix: work\n  https://npm.example/:\n    scopes: ['@']\n    supportsTimeField: true\n  'https://${HOST}/': {scopes: ['@unset']}\n  https://nothing.example/: {}\n  https://odd.example/: [a]\n";
    let files = [file(SettingsKind::Pnpm, Owner::Repository, text)];
    let settings = Settings::read(&files, &environment(&[]));
    for (name, url) in [
        ("a", "https://npm.example/"),
        ("@acme/a", "https://acme.example/x/"),
        ("@tools/a", "https://acme.example/x/"),
        ("@other/a", "https://npm.example/"),
    ] {
        assert_eq!(of(&settings, name).0, url, "{name}");
    }
    // Nobody is told of what comes from a place that is not known.
    assert!(settings.registry_of("@unset/a").unread.is_some());
}

#[test]
fn a_default_stands_for_what_is_not_set_and_with_a_colon_for_what_is_empty() {
    for (written, host) in [
        (
            "${UNSET-https://default.example}",
            "https://default.example/",
        ),
        (
            "${UNSET:-https://default.example}",
            "https://default.example/",
        ),
        (
            "${EMPTY:-https://default.example}",
            "https://default.example/",
        ),
        ("https://${HOST-default.example}", "https://set.example/"),
        ("https://${HOST:-default.example}", "https://set.example/"),
    ] {
        let text = format!("registry={written}\n");
        let files = [file(SettingsKind::Npm, Owner::Repository, &text)];
        let set = environment(&[("EMPTY", ""), ("HOST", "set.example")]);
        assert_eq!(of(&Settings::read(&files, &set), "a").0, host, "{written}");
    }
}
