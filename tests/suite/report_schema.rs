//! The JSON report keeps the schema that is promised for it.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tidegate::report::json;
use tidegate::run::{Request, run};
use tidegate::verdict::Report;

fn compare(base: Option<&str>, head: &str) -> Report {
    let spec = |folder: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        format!("{}/", root.join(folder).display())
    };
    run(&Request {
        base: base.map(spec),
        head: Some(spec(head)),
        ..Request::default()
    })
    .expect("the folders can be judged")
}

fn written(report: &Report) -> Json {
    let mut bytes = Vec::new();
    json::write(report, &mut bytes).expect("memory takes everything");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json");
    let schema = serde_json::to_string_pretty(&json::schema()).expect("a schema is JSON") + "\n";
    let committed = fs::read_to_string(&path).unwrap_or_default();
    if committed == schema {
        return;
    }
    if matches!(std::env::var("CI").as_deref(), Ok("1" | "true")) {
        panic!("schema/report.schema.json is stale: run the tests and commit what they write");
    }
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
    fs::write(&path, schema).expect("the schema can be written");
    eprintln!("schema/report.schema.json was stale and is written anew");
}

#[test]
fn reports_keep_their_schema() {
    let validator = jsonschema::validator_for(json::schema().as_value()).expect("it is a schema");
    let example = compare(
        Some("examples/pull-request/base"),
        "examples/pull-request/head",
    );
    let swapped = compare(
        Some("examples/pull-request/head"),
        "examples/pull-request/base",
    );
    for report in [
        example,
        swapped,
        compare(None, "examples/pull-request/head"),
        compare(None, "src/report"),
    ] {
        let json = written(&report);
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }
}

/// What later work fills must fit the schema of today.
#[test]
fn the_schema_is_not_all_permissive() {
    let validator = jsonschema::validator_for(json::schema().as_value()).expect("it is a schema");
    let mut json = written(&compare(None, "examples/pull-request/head"));
    let change = serde_json::json!({
        "change": "added", "from": "entire-cluster", "to": "shop/payments[StatefulSet]",
        "before": "No Connections", "after": "TCP 5432"
    });
    json["posture"]["network"] = serde_json::json!([change]);
    assert!(validator.is_valid(&json));
    json["posture"]["network"][0]["change"] = "opened".into();
    assert!(!validator.is_valid(&json));
    json["posture"]["network"] = serde_json::json!([]);
    assert!(validator.is_valid(&json));
    json["findings"][0]["severity"] = "severe".into();
    assert!(!validator.is_valid(&json));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bytes = || {
        let report = compare(
            Some("examples/pull-request/base"),
            "examples/pull-request/head",
        );
        let mut bytes = Vec::new();
        json::write(&report, &mut bytes).expect("memory takes everything");
        bytes
    };
    assert_eq!(bytes(), bytes());
}
