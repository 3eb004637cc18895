//! Uploads of SARIF: opened, counted, pending, and then complete or refused.

use std::collections::BTreeSet;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::answer::Answer;
use super::route::{Asked, need};
use super::state::{Access, State, Upload};

pub(crate) fn upload(state: &mut State, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["security_events"], Access::Write)?;
    if state.is_private && !state.has_code_security {
        let message = "Code Security must be enabled for this repository to use code scanning.";
        return Err(Answer::refused(403, message));
    }
    let body = asked.json()?;
    let known = [
        "commit_sha",
        "ref",
        "sarif",
        "checkout_uri",
        "started_at",
        "tool_name",
        "validate",
    ];
    let fields = body.as_object().into_iter().flatten();
    for (name, _) in fields {
        if !known.contains(&name.as_str()) {
            let message = format!("Invalid request.\n\n\"{name}\" is not a permitted key.");
            return Err(Answer::refused(422, &message));
        }
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let (commit, reference) = (text("commit_sha"), text("ref"));
    if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Answer::refused(
            422,
            "Invalid request.\n\ncommit_sha does not match.",
        ));
    }
    let kinds = ["refs/heads/", "refs/tags/", "refs/pull/"];
    if !kinds.iter().any(|kind| reference.starts_with(kind)) {
        return Err(Answer::refused(
            422,
            "Invalid request.\n\nref does not match.",
        ));
    }
    if state.objects.find_commit(commit).is_none() {
        return Err(Answer::refused(404, "commit not found"));
    }
    if !state.refs().contains_key(reference) {
        let message = format!("ref '{reference}' not found in this repository");
        return Err(Answer::refused(404, &message));
    }
    let packed = STANDARD
        .decode(text("sarif"))
        .map_err(|_| Answer::refused(400, "Invalid base64 in sarif"))?;
    if packed.len() > state.figures.sarif_bytes {
        return Err(Answer::refused(413, "Payload Too Large"));
    }
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut bytes)
        .map_err(|_| Answer::refused(400, "Invalid gzip in sarif"))?;
    let sarif: Value =
        serde_json::from_slice(&bytes).map_err(|_| Answer::refused(400, "Invalid SARIF"))?;
    let id = format!("47177e22-5596-11eb-80a1-{:012x}", state.next_id());
    let url = format!("{}/{id}", asked.url);
    state.uploads.push(Upload {
        id: id.clone(),
        commit: commit.to_owned(),
        reference: reference.to_owned(),
        errors: errors(&sarif),
        sarif,
        polls: 0,
    });
    Ok(Answer::json(202, json!({"id": id, "url": url})))
}

/// What was taken in, the latest first. As long as none was, there is no such page.
pub(crate) fn analyses(state: &mut State, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["security_events"], Access::Read)?;
    let enough = state.figures.sarif_polls;
    let mut all = Vec::new();
    for (number, upload) in state.uploads.iter_mut().enumerate().rev() {
        upload.polls += 1;
        let is_taken = upload.polls > enough && upload.errors.is_empty();
        let wanted = asked.parameter("ref");
        if !is_taken || wanted.is_some_and(|wanted| wanted != upload.reference) {
            continue;
        }
        let run = &upload.sarif["runs"][0];
        let id = run["automationDetails"]["id"].as_str().unwrap_or_default();
        let name = run["tool"]["driver"]["name"].clone();
        if asked
            .parameter("tool_name")
            .is_some_and(|tool| name != tool)
        {
            continue;
        }
        all.push(json!({
            "id": number, "commit_sha": upload.commit, "ref": upload.reference,
            "category": id.rsplit_once('/').map_or("", |(category, _)| category),
            "analysis_key": "(default)", "environment": "{}", "error": "", "warning": "",
            "created_at": "2026-01-01T00:00:00Z", "sarif_id": upload.id, "deletable": true,
            "results_count": 0, "rules_count": 0, "url": asked.url,
            "tool": {"name": name, "guid": null, "version": null},
        }));
    }
    if all.is_empty() {
        return Err(Answer::refused(404, "no analysis found"));
    }
    Ok(Answer::page(&asked.url, asked.query, all))
}

pub(crate) fn status(state: &mut State, id: &str) -> Result<Answer, Answer> {
    need(state, &["security_events"], Access::Read)?;
    let enough = state.figures.sarif_polls;
    let mut uploads = state.uploads.iter_mut();
    let upload = uploads
        .find(|upload| upload.id == id)
        .ok_or_else(Answer::not_found)?;
    upload.polls += 1;
    let value = if upload.polls <= enough {
        json!({"processing_status": "pending"})
    } else if upload.errors.is_empty() {
        json!({"processing_status": "complete", "analyses_url": "https://api.github.example/repos/shop/deploy/code-scanning/analyses"})
    } else {
        json!({"processing_status": "failed", "errors": upload.errors})
    };
    Ok(Answer::json(200, value))
}

/// What the page "SARIF results exceed one or more limits" and its neighbours refuse.
fn errors(sarif: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    if sarif["version"] != "2.1.0" {
        errors.push("rejecting SARIF, as the version is not 2.1.0".to_owned());
    }
    let runs = list(&sarif["runs"]);
    if runs.is_empty() {
        errors.push("rejecting SARIF, as it has no runs".to_owned());
    }
    if runs.len() > 20 {
        errors.push(format!(
            "rejecting SARIF, as there are more runs than allowed ({} > 20)",
            runs.len()
        ));
    }
    let mut seen = BTreeSet::new();
    for run in &runs {
        let driver = &run["tool"]["driver"];
        let name = driver["name"].as_str().unwrap_or_default();
        let id = run["automationDetails"]["id"].as_str().unwrap_or_default();
        let category = id.rsplit_once('/').map_or("", |(category, _)| category);
        if name.is_empty() {
            errors.push("rejecting SARIF, as a run has no tool".to_owned());
        }
        if !seen.insert((name.to_owned(), category.to_owned())) {
            errors.push(format!("rejecting SARIF, as there are several runs of tool {name} with the category {category}"));
        }
        let (rules, results) = (list(&driver["rules"]), list(&run["results"]));
        for (what, count) in [("rules", rules.len()), ("results", results.len())] {
            if count > 25_000 {
                errors.push(format!("rejecting SARIF, as there are more {what} per run than allowed ({count} > 25000)"));
            }
        }
        for rule in &rules {
            errors.extend(errors_of_rule(rule));
        }
        for result in &results {
            errors.extend(errors_of_result(result));
        }
        let invocations = list(&run["invocations"]);
        if invocations
            .iter()
            .any(|call| call["executionSuccessful"] == false)
        {
            errors.push("unsuccessful execution".to_owned());
        }
    }
    errors
}

fn errors_of_rule(rule: &Value) -> Option<String> {
    let id = rule["id"].as_str().unwrap_or_default();
    let severity = &rule["properties"]["security-severity"];
    let is_number = severity
        .as_str()
        .and_then(|text| text.parse::<f64>().ok())
        .is_some_and(|number| (0.0..=10.0).contains(&number));
    if !severity.is_null() && !is_number {
        return Some(format!(
            "invalid security severity value, is not a number: {severity} of {id}"
        ));
    }
    let tags = rule["properties"]["tags"].as_array().map_or(0, Vec::len);
    (tags > 20).then(|| {
        format!("rejecting SARIF, as there are more tags per rule than allowed ({tags} > 20)")
    })
}

fn errors_of_result(result: &Value) -> Option<String> {
    let locations = result["locations"].as_array().cloned().unwrap_or_default();
    if locations.is_empty() {
        return Some("locationFromSarifResult: expected at least one location".to_owned());
    }
    if locations.len() > 1_000 {
        return Some(
            "rejecting SARIF, as there are more locations per result than allowed".to_owned(),
        );
    }
    let uri = locations[0]["physicalLocation"]["artifactLocation"]["uri"]
        .as_str()
        .unwrap_or_default();
    (uri.is_empty() || uri.starts_with('/') || uri.contains(' '))
        .then(|| format!("expected artifact location, and invalid URI: {uri}"))
}
