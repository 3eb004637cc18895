//! The contract with GitHub: what we ask fits its own description of its API, and what it tells of events is read.
//!
//! `tests/contract/` has the scripts that made the descriptions and the events, and those that ask Prism and GitHub's
//! GraphQL schema as well.

mod client;
mod description;
mod double;
mod payloads;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::loopback_github::Github;
use crate::loopback_github::record::Recorded;
use description::{NAMES, description};

/// Holds everything that was asked so far against the descriptions of github.com and of GitHub Enterprise Server,
/// and writes it down for other judges where `TIDEGATE_RECORDED_REQUESTS` names a folder.
#[track_caller]
pub(crate) fn assert_kept(github: &Github, name: &str) {
    let host = github.api_url();
    let requests: Vec<Recorded> = github
        .requests()
        .into_iter()
        .filter(|request| host.contains(&request.host))
        // Where GitHub itself leads to is in no description.
        .filter(|request| !request.path.starts_with("/repositories/"))
        .collect();
    for request in &requests {
        if request.path == "/graphql" {
            let body = request.json();
            let fields: Vec<_> = body
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
                .collect();
            let known = ["query", "variables", "operationName"];
            assert!(
                fields.iter().all(|field| known.contains(&field.as_str())),
                "{fields:?}"
            );
            continue;
        }
        for name in NAMES {
            let problems = description(name).problems(request);
            assert!(
                problems.is_empty(),
                "{name}: {}: {problems:?}\n{}",
                request.line(),
                String::from_utf8_lossy(&request.body)
            );
        }
    }
    if let Some(folder) = std::env::var_os("TIDEGATE_RECORDED_REQUESTS") {
        write_down(&PathBuf::from(folder), name, &requests);
    }
}

fn write_down(folder: &std::path::Path, name: &str, requests: &[Recorded]) {
    let rows: Vec<Value> = requests
        .iter()
        .map(|request| {
            let body = if request.body.is_empty() {
                Value::Null
            } else {
                request.json()
            };
            json!({"method": request.method, "path": request.path, "query": request.query, "body": body})
        })
        .collect();
    fs::create_dir_all(folder).expect("a folder");
    let text = serde_json::to_vec(&rows).expect("it is JSON");
    fs::write(folder.join(format!("{name}.json")), text).expect("written");
}
