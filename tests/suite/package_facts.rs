//! What rules make of the answers of a registry: here the answers are written by hand, and the day stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tidegate::config::PackagesConfig;
use tidegate::config::value::{Period, Setting};
use tidegate::evaluate::{evaluate, evaluate_arrivals};
use tidegate::facts::{Fact, Facts};
use tidegate::finding::{Finding, Severity};
use tidegate::packages::advisory::{Advisories, Record, record};
use tidegate::packages::registry::{Answer, Document, RegistryAnswers};
use tidegate::rule::Context;
use tidegate::run::wanted::wanted;
use tidegate::snapshot::Snapshot;

use crate::reading::{context, findings_of_change_with, snapshot};

/// The instant of every run here.
fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// What a registry says of a package: its versions with the days of their release. The last one is the latest.
pub(crate) fn published(name: &str, releases: &[(&str, &str)]) -> Json {
    let latest = releases.last().unwrap().0;
    let versions = releases.iter().map(|(version, _)| {
        let release = json!({"name": name, "version": version});
        ((*version).to_owned(), release)
    });
    let time = releases.iter().map(|(version, date)| {
        (
            (*version).to_owned(),
            json!(format!("{date}T00:00:00.000Z")),
        )
    });
    json!({
        "name": name,
        "dist-tags": {"latest": latest},
        "versions": versions.collect::<serde_json::Map<_, _>>(),
        "time": time.collect::<serde_json::Map<_, _>>(),
    })
}

/// A context in which a registry gave these documents.
fn knowing(documents: &[Json]) -> Context {
    let answers = documents.iter().map(|written| {
        let name = written["name"].as_str().unwrap();
        let document = Document::read(written.to_string().as_bytes(), now()).unwrap();
        (Arc::from(name), Answer::Known(Arc::new(document)))
    });
    let answers: RegistryAnswers = answers.collect();
    Context {
        facts: Arc::new(Facts {
            advisories: Fact::Known(Advisories::default()),
            registry: Fact::Known(answers),
            now: Some(now()),
        }),
        ..context()
    }
}

/// A lockfile whose root asks for packages itself, and what else it installs: names and versions.
pub(crate) fn lockfile(direct: &[(&str, &str)], others: &[(&str, &str)]) -> String {
    let ranges = direct
        .iter()
        .map(|(name, version)| ((*name).to_owned(), json!(format!("^{version}"))));
    let ranges: serde_json::Map<_, _> = ranges.collect();
    // Whatever stands first brings the others.
    let brought: serde_json::Map<_, _> = others
        .iter()
        .map(|(name, version)| ((*name).to_owned(), json!(version)))
        .collect();
    let mut packages = serde_json::Map::new();
    packages.insert(String::new(), json!({ "dependencies": ranges }));
    for (index, (name, version)) in direct.iter().chain(others).enumerate() {
        let mut entry = json!({
            "version": version,
            "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"),
            "integrity": format!("sha512-{}==", "a".repeat(86)),
        });
        if index == 0 {
            entry["dependencies"] = json!(brought);
        }
        packages.insert(format!("node_modules/{name}"), entry);
    }
    json!({"lockfileVersion": 3, "packages": packages}).to_string()
}

fn revision(direct: &[(&str, &str)], others: &[(&str, &str)]) -> Snapshot {
    snapshot(&[("package-lock.json", &lockfile(direct, others))])
}

/// `package severity` of what one rule says.
fn of(rule: &str, findings: &[Finding]) -> Vec<String> {
    let own = findings.iter().filter(|finding| finding.rule == rule);
    own.map(|finding| {
        let package = finding.subject.package.as_ref().unwrap();
        format!("{} {}", package.name, finding.severity.name())
    })
    .collect()
}

#[test]
fn without_a_base_all_that_is_young_is_told_and_with_one_what_is_new() {
    let context = knowing(&[
        published("old", &[("1.0.0", "2026-01-01")]),
        published("young", &[("1.0.0", "2026-11-25")]),
    ]);
    let head = revision(&[("old", "1.0.0"), ("young", "1.0.0")], &[]);
    let told = |findings: &[Finding]| of("package/too-new", findings);
    assert_eq!(told(&evaluate_arrivals(&head, &context)), ["young medium"]);
    let of_change = |base: &Snapshot| told(&findings_of_change_with(base, &head, &context));
    assert_eq!(
        of_change(&revision(&[("old", "1.0.0")], &[])),
        ["young medium"]
    );
    // Another workspace had it already.
    assert_eq!(of_change(&head), [""; 0]);
    let elsewhere = lockfile(&[("young", "1.0.0")], &[]);
    assert_eq!(
        of_change(&snapshot(&[("api/package-lock.json", &elsewhere)])),
        [""; 0]
    );
}

#[test]
fn a_cooldown_of_nothing_asks_nothing() {
    let mut context = knowing(&[published("young", &[("1.0.0", "2026-11-25")])]);
    context.packages = Arc::new(PackagesConfig {
        cooldown: Period::days(0),
        ..PackagesConfig::default()
    });
    let head = revision(&[("young", "1.0.0")], &[]);
    assert!(evaluate_arrivals(&head, &context).is_empty());
}

#[test]
fn a_young_release_is_excused_by_what_it_mends_and_not_by_what_it_shares() {
    let affected = |fixed: &str, severity: &str| {
        let record = json!({
            "id": "GHSA-aaaa-bbbb-cccc",
            "modified": "2026-11-25T00:00:00Z",
            "affected": [{
                "package": {"ecosystem": "npm", "name": "a"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
            }],
            "database_specific": {"severity": severity},
        });
        let mut known: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for (name, record) in record::read(record.to_string().as_bytes()).unwrap() {
            known.entry(name).or_default().push(record);
        }
        Advisories::new([known], Vec::new())
    };
    let base = revision(&[("a", "1.0.0")], &[]);
    let head = revision(&[("a", "1.0.1")], &[]);
    for (fixed, severity, expected) in [
        ("1.0.1", "HIGH", "a note"),
        ("1.0.1", "CRITICAL", "a note"),
        ("1.0.1", "MODERATE", "a medium"),
        ("1.0.2", "HIGH", "a medium"),
        ("1.0.0", "HIGH", "a medium"),
    ] {
        let mut context = knowing(&[published(
            "a",
            &[("1.0.0", "2025-01-01"), ("1.0.1", "2026-11-25")],
        )]);
        let facts = Arc::get_mut(&mut context.facts).unwrap();
        facts.advisories = Fact::Known(affected(fixed, severity));
        let findings = findings_of_change_with(&base, &head, &context);
        let told = of("package/too-new", &findings);
        assert_eq!(told, [expected], "{severity}, fixed in {fixed}");
    }
}

#[test]
fn the_configuration_says_how_grave_it_is_to_be_behind() {
    let mut context = knowing(&[
        published("major", &[("1.0.0", "2024-01-01"), ("2.0.0", "2025-01-01")]),
        published("minor", &[("1.0.0", "2024-01-01"), ("1.1.0", "2025-01-01")]),
        published("patch", &[("1.0.0", "2024-01-01"), ("1.0.1", "2025-01-01")]),
    ]);
    let names = ["major", "minor", "patch"].map(|name| (name, "1.0.0"));
    let head = revision(&names, &[]);
    let told = |context: &Context| of("package/outdated", &evaluate(&head, context).findings);
    assert_eq!(told(&context), ["major low", "minor note"]);
    let mut packages = PackagesConfig::default();
    packages.outdated.major = Setting::Severity(Severity::High);
    packages.outdated.minor = Setting::Off;
    packages.outdated.patch = Setting::Severity(Severity::Medium);
    context.packages = Arc::new(packages);
    assert_eq!(told(&context), ["major high", "patch medium"]);
}

#[test]
fn the_registry_is_asked_for_what_is_asked_for_and_for_what_is_new() {
    let documents = |base: Option<&Snapshot>, head: &Snapshot| -> BTreeSet<String> {
        let all = wanted(base, head);
        let names = all.values().flat_map(|wanted| &wanted.documents);
        names.map(ToString::to_string).collect()
    };
    let names = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    let base = revision(&[("a", "1.0.0")], &[("b", "1.0.0"), ("c", "1.0.0")]);
    let head = revision(&[("a", "1.0.0")], &[("b", "1.0.1"), ("c", "1.0.0")]);
    assert_eq!(documents(None, &head), names(&["a"]));
    assert_eq!(documents(Some(&base), &head), names(&["a", "b"]));
    assert_eq!(documents(Some(&head), &head), names(&["a"]));
    // What is no package of a registry, and what tests work on, is nobody's business.
    let local = json!({"lockfileVersion": 3, "packages": {
        "": {"workspaces": ["shared"], "dependencies": {"fork": "github:acme/fork"}},
        "shared": {"name": "@acme/secret", "version": "1.0.0"},
        "node_modules/@acme/secret": {"resolved": "shared", "link": true},
        "node_modules/fork": {
            "version": "1.0.0",
            "resolved": "git+ssh://git@github.com/acme/fork.git#0123456789012345678901234567890123456789",
        },
    }});
    let specimen = lockfile(&[("specimen", "1.0.0")], &[]);
    let head = snapshot(&[
        ("package-lock.json", &local.to_string()),
        ("tests/fixtures/a/package-lock.json", &specimen),
    ]);
    let all = wanted(Some(&base), &head);
    assert!(!documents(Some(&base), &head).contains("@acme/secret"));
    let installed = all.values().flat_map(|wanted| &wanted.installed);
    let installed: BTreeSet<&str> = installed.map(|(name, _)| name.as_str()).collect();
    assert_eq!(installed, BTreeSet::from(["a", "b", "c"]));
}

#[test]
fn a_name_of_the_repository_is_told_to_nobody_whoever_asks_for_it() {
    let asking = r#"{"dependencies": {"secret": "1.0.0", "other": "^1.0.0", "open": "1.0.0"}}"#;
    let head = snapshot(&[
        ("package.json", asking),
        (
            "apps/secret/package.json",
            r#"{"name": "secret", "version": "2.0.0"}"#,
        ),
        ("apps/other/package.json", r#"{"name": "other"}"#),
    ]);
    let all = wanted(None, &head);
    let [wanted] = all.values().collect::<Vec<_>>()[..] else {
        panic!("{all:?}")
    };
    let withheld: Vec<&str> = wanted.elsewhere.keys().map(String::as_str).collect();
    assert_eq!(withheld, ["other", "secret"]);
    // A database of this machine may say something of them.
    let known: Vec<&str> = wanted
        .installed
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(known, ["open", "other", "secret"]);
    let documents: Vec<&str> = wanted.documents.iter().map(|name| &**name).collect();
    assert_eq!(documents, ["open"]);
}

/// What one rule says of a revision, where one package has an advisory with such an `affected` entry.
pub(crate) fn vulnerable(
    files: &[(&str, &str)],
    affected: &Json,
    documents: &[Json],
) -> Vec<String> {
    let mut affected = affected.clone();
    let name = affected["package"]["name"].as_str().unwrap().to_owned();
    affected["package"]["ecosystem"] = json!("npm");
    let written = json!({
        "id": "GHSA-aaaa-aaaa-aaaa",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [affected],
        "database_specific": {"severity": "HIGH"},
    });
    let records = record::read(written.to_string().as_bytes()).unwrap();
    let records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
    let known = knowing(documents);
    let registry = match &known.facts.registry {
        Fact::Known(answers) => answers
            .iter()
            .map(|(name, answer)| (Arc::clone(name), answer.clone()))
            .collect(),
        Fact::Missing(_) => RegistryAnswers::default(),
    };
    let context = Context {
        facts: Arc::new(Facts {
            advisories: Fact::Known(Advisories::new([BTreeMap::from([(name, records)])], vec![])),
            registry: Fact::Known(registry),
            now: Some(now()),
        }),
        ..context()
    };
    let findings = evaluate(&snapshot(files), &context).findings;
    let own = findings
        .iter()
        .filter(|finding| finding.rule == "package/vulnerable");
    own.map(|finding| finding.message.clone()).collect()
}

/// An `affected` entry with one range from the beginning.
pub(crate) fn mended_in(name: &str, version: &str) -> Json {
    json!({
        "package": {"name": name},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": version}]}],
    })
}

#[test]
fn the_fix_of_an_alias_and_of_a_catalogue_is_written_in_their_manner() {
    let lodash = published(
        "lodash",
        &[("4.17.20", "2025-01-01"), ("4.18.0", "2025-02-01")],
    );
    let told = |range: &str, fixed: &str| {
        let lockfile = json!({"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"x": range}},
            "node_modules/x": {
                "name": "lodash",
                "version": "4.17.20",
                "resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.20.tgz",
                "integrity": "sha512-a==",
            },
        }});
        let package = json!({"dependencies": {"x": range}}).to_string();
        let files = [
            ("package.json", package.as_str()),
            ("package-lock.json", &lockfile.to_string()),
        ];
        vulnerable(
            &files,
            &mended_in("lodash", fixed),
            std::slice::from_ref(&lodash),
        )
        .join("\n")
    };
    let taken = told("npm:lodash@^4.17.0", "4.18.0");
    assert!(
        taken.contains("`npm:lodash@^4.17.0` takes that, so that `npm update x`"),
        "{taken}"
    );
    let beyond = told("npm:lodash@~4.17.0", "4.18.0");
    assert!(
        beyond.contains("write `npm:lodash@~4.18.0` in place of `npm:lodash@~4.17.0`"),
        "{beyond}"
    );

    let catalogue = |range: &str| {
        let lockfile = format!(
            "lockfileVersion: '9.0'\ncatalogs:\n  default:\n    lodash:\n      specifier: {range}\n      version: 4.17.20\nimporters:\n  .:\n    dependencies:\n      lodash:\n        specifier: 'catalog:'\n        version: 4.17.20\npackages:\n  lodash@4.17.20:\n    resolution: {{integrity: sha512-a}}\nsnapshots:\n  lodash@4.17.20: {{}}\n"
        );
        let workspace = format!("packages: [packages/*]\ncatalog:\n  lodash: {range}\n");
        let files = [
            (
                "package.json",
                r#"{"dependencies": {"lodash": "catalog:"}}"#,
            ),
            ("pnpm-lock.yaml", lockfile.as_str()),
            ("pnpm-workspace.yaml", &workspace),
        ];
        let affected = mended_in("lodash", "4.18.0");
        vulnerable(&files, &affected, std::slice::from_ref(&lodash)).join("\n")
    };
    let taken = catalogue("^4.17.0");
    assert!(taken.contains("`^4.17.0` takes that"), "{taken}");
    let beyond = catalogue("~4.17.0");
    assert!(
        beyond.contains("write `~4.18.0` in place of `~4.17.0` in the catalogue"),
        "{beyond}"
    );
}

#[test]
fn a_range_of_yarn_is_read_behind_its_protocol() {
    let lockfile = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"a-x@npm:^1.0.0\":\n  version: 1.2.0\n  resolution: \"a-x@npm:1.2.0\"\n  dependencies:\n    lodash: \"npm:^4.17.0\"\n  checksum: 10c0/aa\n  languageName: node\n  linkType: hard\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    a-x: \"npm:^1.0.0\"\n  languageName: unknown\n  linkType: soft\n\n\"lodash@npm:^4.17.0\":\n  version: 4.17.20\n  resolution: \"lodash@npm:4.17.20\"\n  checksum: 10c0/bb\n  languageName: node\n  linkType: hard\n";
    let files = [
        (
            "package.json",
            r#"{"name": "app", "dependencies": {"a-x": "^1.0.0"}}"#,
        ),
        ("yarn.lock", lockfile),
    ];
    let told = vulnerable(&files, &mended_in("lodash", "4.18.0"), &[]).join("\n");
    assert!(
        told.contains("`a-x` takes that, so that `yarn up -R lodash` is enough"),
        "{told}"
    );
}

#[test]
fn what_other_packages_bring_is_moved_in_the_manner_of_each_package_manager() {
    let yarn = "# yarn lockfile v1\n\n\na-x@^1.0.0:\n  version \"1.2.0\"\n  dependencies:\n    lodash \"^4.17.0\"\n\nlodash@^4.17.0:\n  version \"4.17.20\"\n";
    let pnpm = |others: &str| {
        format!(
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a-x:\n        specifier: ^1.0.0\n        version: 1.2.0\n{others}\npackages:\n\n  a-x@1.2.0:\n    resolution: {{integrity: sha512-a==}}\n\n  lodash@4.17.20:\n    resolution: {{integrity: sha512-b==}}\n\nsnapshots:\n\n  a-x@1.2.0:\n    dependencies:\n      lodash: 4.17.20\n\n  lodash@4.17.20: {{}}\n"
        )
    };
    let (alone, together) = (pnpm(""), pnpm("\n  web: {}\n"));
    let package = r#"{"name": "app", "dependencies": {"a-x": "^1.0.0"}}"#;
    // What `a-x` asks for, the lockfile of pnpm does not say.
    let unknown = "mends it; update `a-x`, which brings it, or put it into `pnpm.overrides`";
    for (path, lockfile, way) in [
        (
            "yarn.lock",
            yarn,
            "so that `yarn install` without the entry of `lodash` in yarn.lock is enough",
        ),
        ("pnpm-lock.yaml", &alone, unknown),
        ("pnpm-lock.yaml", &together, unknown),
    ] {
        let mut files = vec![("package.json", package), (path, lockfile)];
        files.push(("web/package.json", r#"{"name": "web"}"#));
        let told = vulnerable(&files, &mended_in("lodash", "4.18.0"), &[]).join("\n");
        assert!(told.contains(way), "{told}");
    }
}

#[test]
fn where_no_fix_is_named_a_release_that_no_advisory_is_about_is_offered() {
    let told = |releases: &[(&str, &str)]| {
        let lockfile = lockfile(&[("a", "1.1.0")], &[]);
        let files = [
            ("package.json", r#"{"dependencies": {"a": "^1.1.0"}}"#),
            ("package-lock.json", lockfile.as_str()),
        ];
        let affected = json!({"package": {"name": "a"}, "versions": ["1.1.0"]});
        vulnerable(&files, &affected, &[published("a", releases)]).join("\n")
    };
    let in_range = told(&[
        ("1.0.0", "2025-01-01"),
        ("1.1.0", "2025-01-02"),
        ("1.2.0-rc.1", "2025-01-03"),
        ("1.4.0", "2025-01-04"),
        ("2.0.0", "2025-01-05"),
    ]);
    assert!(
        in_range.contains("no advisory is about 1.4.0 and `^1.1.0` takes that"),
        "{in_range}"
    );
    let beyond = told(&[("1.1.0", "2025-01-02"), ("2.0.0", "2025-01-05")]);
    assert!(
        beyond.contains("write `^2.0.0` in place of `^1.1.0` (no advisory is about 2.0.0)"),
        "{beyond}"
    );
    let below = told(&[("1.0.0", "2025-01-01"), ("1.1.0", "2025-01-02")]);
    assert!(
        below.contains("no version is known that mends it"),
        "{below}"
    );
}

#[test]
fn a_licence_that_the_lockfile_does_not_say_is_that_of_the_registry() {
    let mut refused = published("a", &[("1.0.0", "2025-01-01")]);
    refused["versions"]["1.0.0"]["license"] = json!("GPL-3.0-only");
    let mut allowed = published("b", &[("1.0.0", "2025-01-01")]);
    allowed["versions"]["1.0.0"]["license"] = json!("MIT");
    let direct = [
        ("a", "1.0.0"),
        ("b", "1.0.0"),
        ("c", "1.0.0"),
        ("d", "1.0.0"),
    ];
    let head = revision(&direct, &[]);
    let told = |unknown: Setting| {
        let mut packages = PackagesConfig::default();
        packages.licenses.allow = Some(vec!["MIT".to_owned()]);
        packages.licenses.unknown = unknown;
        let context = Context {
            packages: Arc::new(packages),
            ..knowing(&[refused.clone(), allowed.clone()])
        };
        let findings = evaluate(&head, &context).findings;
        let own = findings
            .iter()
            .filter(|finding| finding.rule == "package/disallowed-license");
        own.map(|finding| format!("{} {}", finding.severity.name(), finding.message))
            .collect::<Vec<_>>()
    };
    let mut all = told(Setting::Severity(Severity::High));
    all.sort();
    let [unknown, refused] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert!(
        unknown.starts_with("high no licence is known of 2 packages, such as `c@1.0.0`"),
        "{unknown}"
    );
    assert!(
        refused.starts_with("medium `a@1.0.0` is under GPL-3.0"),
        "{refused}"
    );
    assert_eq!(told(Setting::Off), std::slice::from_ref(refused));
}

#[test]
fn where_an_archive_lies_says_who_may_hear_of_a_package() {
    let pnpm = |host: &str| {
        format!(
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      own:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n  own@1.0.0:\n    resolution: {{integrity: sha512-a==, tarball: 'https://{host}/own/-/own-1.0.0.tgz'}}\n\nsnapshots:\n\n  own@1.0.0: {{}}\n"
        )
    };
    let yarn = |host: &str| {
        format!(
            "# yarn lockfile v1\n\n\nown@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://{host}/own/-/own-1.0.0.tgz#abc\"\n"
        )
    };
    let package = json!({"dependencies": {"own": "^1.0.0"}}).to_string();
    let of = |file: &str, text: &str| {
        let head = snapshot(&[("package.json", &package), (file, text)]);
        let all = wanted(None, &head);
        let own = all.values().next().unwrap();
        let host = own.elsewhere.get("own").cloned();
        (host, own.published.contains("own"))
    };
    for (host, expected) in [
        (
            "npm.acme.example:8443",
            (Some("npm.acme.example:8443".to_owned()), false),
        ),
        ("registry.npmjs.org", (None, true)),
        ("registry.yarnpkg.com", (None, true)),
    ] {
        assert_eq!(of("pnpm-lock.yaml", &pnpm(host)), expected);
        assert_eq!(of("yarn.lock", &yarn(host)), expected);
    }
}
