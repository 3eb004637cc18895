//! SARIF holds what code scanning asks for, over our own example, over hostile input and over real pull requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value as Json;
use tidegate::finding::Status;
use tidegate::report::sarif::{self, SarifOptions, limits, line_hash};
use tidegate::run::{Request, run};
use tidegate::syntax::Lines;
use tidegate::verdict::Report;

use crate::corpora;

fn judge(base: Option<&Path>, head: &Path) -> Report {
    let spec = |path: &Path| format!("{}/", path.display());
    run(&Request {
        base: base.map(spec),
        head: Some(spec(head)),
        ..Request::default()
    })
    .expect("folders can be judged")
}

fn example() -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-request");
    judge(Some(&folder.join("base")), &folder.join("head"))
}

fn bytes(report: &Report, options: &SarifOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    sarif::write(report, options, &mut bytes).expect("memory takes everything");
    bytes
}

fn written(report: &Report) -> Json {
    serde_json::from_slice(&bytes(report, &SarifOptions::default())).expect("it is JSON")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }
    folder
}

/// The schema of the standard, which only the corpora have.
fn standard() -> Option<jsonschema::Validator> {
    let path = corpora::folder("sarif")?.join("sarif-schema-2.1.0.json");
    let schema = fs::read(path).expect("the corpus holds the schema");
    let schema = serde_json::from_slice(&schema).expect("it is JSON");
    Some(jsonschema::validator_for(&schema).expect("it is a schema"))
}

fn keep_standard(standard: Option<&jsonschema::Validator>, log: &Json) {
    let errors: Vec<_> = standard
        .iter()
        .flat_map(|standard| standard.iter_errors(log))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
}

fn text<'a>(json: &'a Json, pointer: &str) -> &'a str {
    let value = json.pointer(pointer).and_then(Json::as_str);
    value.unwrap_or_else(|| panic!("there is no {pointer} in {json}"))
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let digits = std::str::from_utf8(&digits).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
        } else {
            assert!(
                byte.is_ascii_graphic() && !b"\"<>\\^`{|}:?#[]".contains(&byte),
                "{uri}"
            );
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("it is Unicode")
}

/// The file that a location names; its region, if it has one, lies on one line of it and shows a character.
fn check_location(location: &Json, report: &Report) -> String {
    let physical = &location["physicalLocation"];
    let uri = text(physical, "/artifactLocation/uri");
    assert!(!uri.starts_with('/'), "{uri}");
    let path = decoded(uri);
    let file = report.head_snapshot.file(&path);
    // A file that holds no object is not kept, but may be told of: it is then on disk.
    let root = report.head.root.as_deref();
    let on_disk = root.is_some_and(|root| root.join(&path).is_file());
    assert!(file.is_some() || on_disk, "{uri} is no file of the head");
    let region = &physical["region"];
    let number = |name: &str| {
        let number = region[name].as_u64();
        usize::try_from(number.unwrap_or_else(|| panic!("{region} lacks {name}"))).expect("small")
    };
    assert_eq!(number("startLine"), number("endLine"));
    assert!(number("startColumn") < number("endColumn"));
    let source = file.and_then(|file| file.text()).unwrap_or_default();
    let lines = Lines::new(source);
    let line = u32::try_from(number("startLine")).expect("small");
    assert!(line as usize <= lines.count());
    let line = &source[lines.line_span(line).range()];
    let columns = line.trim_start_matches('\u{feff}').encode_utf16().count();
    assert!(
        number("endColumn") <= columns.max(1) + 1,
        "{path}: {region} in a line of {columns}"
    );
    path
}

/// What code scanning asks of a file, as far as its documentation says.
fn check_log(report: &Report, log: &Json) {
    assert_eq!(
        text(log, "/$schema"),
        "https://json.schemastore.org/sarif-2.1.0.json"
    );
    assert_eq!(text(log, "/version"), "2.1.0");
    assert_eq!(list(log, "runs").len(), 1);
    let run = &log["runs"][0];
    let category = text(run, "/automationDetails/id");
    assert!(
        category.ends_with('/') && category.starts_with("tidegate/"),
        "{category}"
    );
    assert!(run["invocations"][0]["executionSuccessful"].is_boolean());
    let driver = &run["tool"]["driver"];
    assert_eq!(text(driver, "/name"), "tidegate");

    let rules = list(driver, "rules");
    let mut ids = BTreeSet::new();
    for rule in rules {
        let id = text(rule, "/id");
        assert!(ids.insert(id), "{id} stands twice");
        for description in ["/shortDescription/text", "/fullDescription/text"] {
            let length = text(rule, description).chars().count();
            assert!(
                (1..=limits::DESCRIPTION).contains(&length),
                "{id}: {length}"
            );
        }
        assert!(!text(rule, "/help/text").is_empty());
        assert!(!text(rule, "/help/markdown").is_empty());
        assert!(text(rule, "/helpUri").starts_with("https://"));
        let name = text(rule, "/name");
        assert!(name != id && name.len() <= 255, "{name}");
        assert!(name.starts_with(|first: char| first.is_ascii_uppercase()));
        assert!(
            name.chars().all(|letter| letter.is_ascii_alphanumeric()),
            "{name}"
        );
        let level = text(rule, "/defaultConfiguration/level");
        let tags = list(&rule["properties"], "tags");
        assert!(tags.contains(&"security".into()) && tags.len() <= limits::TAGS);
        let score = rule["properties"].get("security-severity");
        let score = score.map(|score| score.as_str().expect("a string").parse().expect("a number"));
        let expected = match score {
            Some(7.0..=10.0) => "error",
            Some(4.0..=6.9) => "warning",
            Some(0.1..=3.9) | None => "note",
            Some(other) => panic!("{id}: {other}"),
        };
        assert_eq!(level, expected, "{id}");
    }

    let results = list(run, "results");
    let counted = |finding: &&tidegate::finding::Finding| finding.status != Status::Fixed;
    let expected = report.findings.iter().filter(counted).count();
    assert_eq!(results.len(), expected.min(limits::RESULTS));
    let mut used = BTreeSet::new();
    for result in results {
        let id = text(result, "/ruleId");
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(text(&rules[index], "/id"), id);
        used.insert(id);
        assert_eq!(
            result["level"],
            rules[index]["defaultConfiguration"]["level"]
        );
        let message = text(result, "/message/text");
        assert!(!message.is_empty() && !message.contains(['\n', '\r', '\u{1b}']));
        assert!(
            !message.contains("]("),
            "a link that nobody meant: {message}"
        );
        assert_eq!(list(result, "locations").len(), 1);
        let path = check_location(&result["locations"][0], report);
        let related = list(result, "relatedLocations");
        assert!(related.len() <= limits::RELATED_LOCATIONS);
        for (location, id) in related.iter().zip(1..) {
            check_location(location, report);
            assert_eq!(location["id"], id);
            assert!(!text(location, "/message/text").is_empty());
        }
        let fingerprints = &result["partialFingerprints"];
        assert_eq!(text(fingerprints, "/tidegate~1v1").len(), 32);
        let file = report.head_snapshot.file(&path);
        assert_eq!(
            fingerprints.get("primaryLocationLineHash").is_some(),
            file.is_some_and(|file| file.text().is_some())
        );
        let status = text(result, "/properties/status");
        let state = result.get("baselineState").and_then(Json::as_str);
        let expected = if status == "introduced" {
            "new"
        } else {
            "unchanged"
        };
        assert_eq!(state, report.base.as_ref().map(|_| expected));
    }
    assert_eq!(
        used, ids,
        "rules without a result, or results without a rule"
    );
}

#[test]
fn the_example_is_as_code_scanning_wants_it() {
    let report = example();
    let log = written(&report);
    check_log(&report, &log);
    keep_standard(standard().as_ref(), &log);
    let run = &log["runs"][0];
    let ids: Vec<_> = list(&run["tool"]["driver"], "rules")
        .iter()
        .map(|rule| text(rule, "/id"))
        .collect();
    assert!(ids.contains(&"pod-security/host-path@critical"), "{ids:?}");
    assert!(ids.contains(&"pod-security/privileged"), "{ids:?}");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    assert!(run.get("versionControlProvenance").is_none());
    assert_eq!(
        bytes(&report, &SarifOptions::default()),
        bytes(&example(), &SarifOptions::default())
    );
}

#[test]
fn options_name_the_category_the_place_and_the_repository() {
    let mut report = example();
    let options = SarifOptions {
        category: "/prod/payments".to_owned(),
        prefix: "./clusters/eu west/".to_owned(),
        repository: Some("https://github.com/octo/shop".to_owned()),
    };
    report.head.kind = tidegate::change::SideKind::Revision;
    report.head.commit = Some("a".repeat(40));
    let log: Json = serde_json::from_slice(&bytes(&report, &options)).expect("it is JSON");
    keep_standard(standard().as_ref(), &log);
    let run = &log["runs"][0];
    assert_eq!(
        text(run, "/automationDetails/id"),
        "tidegate/prod/payments/"
    );
    assert_eq!(
        text(
            run,
            "/results/0/locations/0/physicalLocation/artifactLocation/uri"
        ),
        "clusters/eu%20west/deploy/cart.yaml"
    );
    let provenance = &run["versionControlProvenance"][0];
    assert_eq!(
        text(provenance, "/repositoryUri"),
        "https://github.com/octo/shop"
    );
    assert_eq!(text(provenance, "/revisionId"), "a".repeat(40));
    // For a validator that wants a file: see .ci/validate-sarif.
    if let Some(path) = std::env::var_os("TIDEGATE_SARIF_EXAMPLE") {
        fs::write(path, bytes(&report, &options)).expect("the file can be written");
    }
}

const HOSTILE: &str = "apiVersion: v1\r\nkind: Pod\r\nmetadata: {name: \"a](https://evil.example)\\u001b[2J\"}\r\nspec:\r\n  # 😀 ünïcode\r\n  containers:\r\n  - {name: 😀, image: a, securityContext: {privileged: true, privileged: true}}\r\n  - name: b\r\n    image: b\r\n    securityContext: {privileged: true}";

#[test]
fn hostile_names_and_texts_stay_data() {
    let head = folder(&[
        ("a b/ü%41#?[x]:😀&.yaml", HOSTILE),
        ("http:/evil.yaml", HOSTILE),
        ("bom.yaml", &format!("\u{feff}{HOSTILE}")),
        ("empty.yaml", ""),
        (
            "broken.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: [\n\n",
        ),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\n"),
        (
            "chart/templates/pod.yaml",
            "apiVersion: v1\nkind: Pod\n{{- if .Values.on }}\nmetadata: {name: a}\n{{- end }}\n",
        ),
    ]);
    let report = judge(None, head.path());
    let log = written(&report);
    check_log(&report, &log);
    keep_standard(standard().as_ref(), &log);
    let run = &log["runs"][0];
    let invocation = &run["invocations"][0];
    assert_eq!(
        invocation["executionSuccessful"], false,
        "broken.yaml was not seen"
    );
    let told: BTreeMap<_, _> = list(invocation, "toolExecutionNotifications")
        .iter()
        .map(|told| {
            let uri = text(told, "/locations/0/physicalLocation/artifactLocation/uri");
            (uri, text(told, "/level"))
        })
        .collect();
    assert_eq!(told.get("broken.yaml"), Some(&"error"), "{told:?}");
}

#[test]
fn a_fixed_finding_is_no_result() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-request");
    let report = judge(Some(&folder.join("head")), &folder.join("base"));
    assert!(report.with_status(Status::Fixed).next().is_some());
    check_log(&report, &written(&report));
}

#[test]
fn real_pull_requests_fit_in_less_than_a_kilobyte_a_result() {
    let Some(pull_requests) = corpora::folder("prs") else {
        return;
    };
    let standard = standard();
    let (mut size, mut results) = (0, 0);
    for entry in fs::read_dir(pull_requests).expect("the corpus can be listed") {
        let folder = entry.expect("it can be listed").path();
        if !folder.is_dir() {
            continue;
        }
        // Where all is new, the corpus has no folder for the base.
        let nothing = tempfile::tempdir().expect("a temporary folder");
        let base = folder.join("base");
        let base = if base.is_dir() { &base } else { nothing.path() };
        let report = judge(Some(base), &folder.join("head"));
        let log = written(&report);
        check_log(&report, &log);
        keep_standard(standard.as_ref(), &log);
        size += serde_json::to_vec(&log["runs"][0]["results"])
            .expect("it is JSON")
            .len();
        results += list(&log["runs"][0], "results").len();
    }
    eprintln!("{results} results, {} bytes each", size / results.max(1));
    assert!(
        results > 0 && size / results < 1_000,
        "{size} bytes for {results} results"
    );
}

#[test]
fn real_repositories_fit_in_less_than_a_kilobyte_a_result_with_their_rules() {
    let Some(manifests) = corpora::folder("manifests") else {
        return;
    };
    let report = judge(None, &manifests);
    let bytes = bytes(&report, &SarifOptions::default());
    let log: Json = serde_json::from_slice(&bytes).expect("it is JSON");
    check_log(&report, &log);
    keep_standard(standard().as_ref(), &log);
    let results = list(&log["runs"][0], "results").len();
    eprintln!(
        "{results} results, {} bytes each, rules included",
        bytes.len() / results
    );
    assert!(bytes.len() / results < 1_000);
}

/// The hashes by their definition, without any cleverness: every line start weighs 100 units anew.
fn slow_line_hashes(text: &str) -> Vec<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut kept = Vec::new();
    let mut starts = vec![0];
    for (index, unit) in units.iter().enumerate() {
        let follows_return = index > 0 && units[index - 1] == 13;
        match unit {
            9 | 32 => {}
            10 if follows_return => {}
            10 | 13 => {
                kept.push(10);
                starts.push(kept.len());
            }
            _ => kept.push(u64::from(*unit)),
        }
    }
    kept.push(65_535);
    kept.extend([0; 100]);
    let mut counts = BTreeMap::new();
    let polynomial = |start: usize| {
        let terms = kept[start..start + 100].iter().zip((0..100).rev());
        terms.fold(0_u64, |sum, (unit, power)| {
            sum.wrapping_add(unit.wrapping_mul(37_u64.wrapping_pow(power)))
        })
    };
    let mut numbered = |hash: u64| {
        let count = counts.entry(hash).or_insert(0);
        *count += 1;
        format!("{hash:x}:{count}")
    };
    starts
        .into_iter()
        .map(|start| numbered(polynomial(start)))
        .collect()
}

fn line_hashes(text: &str) -> Vec<String> {
    line_hash::of_lines(text)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_hash_of_an_empty_file_is_the_known_one() {
    assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
    assert_eq!(slow_line_hashes(""), ["c129715d7a2bc9a3:1"]);
}

#[test]
fn line_hashes_pass_over_spaces_and_kinds_of_line_breaks() {
    assert_eq!(line_hashes("a: b\n\tc\n"), line_hashes("a:b\r\n  c\r\n"));
    assert_eq!(line_hashes("a: b\n\tc\n"), line_hashes("a:b\rc\r"));
    let repeated = line_hashes(&"same\n".repeat(200));
    assert!(repeated[99].ends_with(":100"), "{}", repeated[99]);
}

proptest! {
    #[test]
    fn line_hashes_are_those_of_the_definition(
        text in proptest::collection::vec(
            prop_oneof![
                Just("\n"), Just("\r\n"), Just("\r"), Just(" "), Just("\t"), Just("a"), Just("name: api"),
                Just("é"), Just("😀"), Just("\u{feff}"), Just("\u{0}"), Just("\u{2028}"),
                Just("a rather long line with many words, so that one window does not see all of it: 0123456789 0123456789 0123456789"),
            ],
            0..60,
        )
    ) {
        let text = text.concat();
        let hashes = line_hashes(&text);
        prop_assert_eq!(&hashes, &slow_line_hashes(&text));
        prop_assert_eq!(hashes.len(), Lines::new(&text).count());
    }
}
