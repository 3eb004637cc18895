//! Files, comparisons, trees, blobs and archives.

use std::io::Read;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::asking::{get, send};
use super::{head_of, numbered, start_files, usual, usual_state};
use crate::loopback_github::Github;
use crate::loopback_github::objects::{File, files};
use crate::loopback_github::state::State;

#[test]
fn a_comparison_has_the_merge_base_and_not_what_main_did_since() {
    let github = usual();
    let parted = github.with(|state| state.main());
    let mut later = start_files();
    later.insert("README.md".to_owned(), "later\n".into());
    let main = github.with(|state| state.push_main(&later));
    let value = get(&github, &format!("/compare/{main}...{}", head_of(&github))).is(200);
    assert_eq!(value["merge_base_commit"]["sha"], parted);
    assert_eq!(value["status"], "diverged");
    assert_eq!(
        (&value["ahead_by"], &value["behind_by"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(value["files"].as_array().map(Vec::len), Some(1));
    assert_eq!(value["files"][0]["filename"], "deploy/web.yaml");
    get(&github, &format!("/compare/{main}...{}", "0".repeat(40))).is(404);
}

#[test]
fn no_more_than_three_thousand_files_are_listed_and_the_count_tells() {
    let names: Vec<String> = (0..3_001).map(|at| format!("many/{at:04}.txt")).collect();
    let mut state = State::new(&start_files());
    state.open_pull(7, &files(names.iter().map(|name| (name.as_str(), "x\n"))));
    let github = Github::start(state);
    let value = get(&github, "/pulls/7").is(200);
    assert_eq!(value["changed_files"], 3_003);
    let reply = get(&github, "/pulls/7/files?per_page=100&page=30");
    assert!(!reply.headers["link"].contains("next"));
    assert_eq!(reply.is(200).as_array().map(Vec::len), Some(100));
    let value = get(&github, "/pulls/7/files?per_page=1000").is(200);
    assert_eq!(value.as_array().map(Vec::len), Some(100));
    let url = format!("{}/repos/shop/deploy/pulls/7", github.api_url());
    let accept = ("accept", "application/vnd.github.diff");
    let value = send("GET", &url, &[("user-agent", "test"), accept], b"").is(406);
    assert_eq!(value["errors"][0]["code"], "too_large");
}

#[test]
fn trees_are_walked_and_say_when_they_were_cut() {
    let github = usual();
    let head = head_of(&github);
    let value = get(&github, &format!("/git/trees/{head}?recursive=1")).is(200);
    let paths: Vec<_> = value["tree"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["path"].as_str())
        .collect();
    assert_eq!(
        paths,
        [Some("README.md"), Some("deploy"), Some("deploy/web.yaml")]
    );
    assert_eq!(value["tree"][1]["mode"], "040000");
    assert_eq!(value["truncated"], false);
    github.with(|state| state.figures.tree_entries = 2);
    let value = get(&github, &format!("/git/trees/{head}?recursive=1")).is(200);
    assert_eq!(value["truncated"], true);
}

#[test]
fn blobs_come_in_lines_of_base64_or_as_they_are() {
    let github = usual();
    let head = head_of(&github);
    let value = get(&github, &format!("/git/trees/{head}?recursive=1")).is(200);
    let id = value["tree"][2]["sha"].as_str().expect("an id").to_owned();
    let value = get(&github, &format!("/git/blobs/{id}")).is(200);
    let content = value["content"].as_str().expect("a text");
    assert!(content.lines().all(|line| line.len() <= 60));
    let bytes = STANDARD.decode(content.replace('\n', "")).expect("base64");
    assert_eq!(bytes, numbered(10, "changed").into_bytes());
    let url = format!("{}/repos/shop/deploy/git/blobs/{id}", github.api_url());
    let accept = ("accept", "application/vnd.github.raw+json");
    let reply = send("GET", &url, &[("user-agent", "test"), accept], b"");
    assert_eq!(reply.body, bytes);
}

#[test]
fn an_archive_is_elsewhere_and_tar_reads_it() {
    let long = format!("deep/{}/file.txt", "x".repeat(120));
    let mut all = start_files();
    all.insert(long.clone(), "long\n".into());
    all.insert(
        "link".to_owned(),
        File {
            mode: "120000",
            bytes: b"README.md".to_vec(),
        },
    );
    let mut state = usual_state();
    let head = state.push(7, &all);
    let github = Github::start(state);
    let reply = get(&github, &format!("/tarball/{head}"));
    assert_eq!(reply.status, 302);
    let place = reply.headers["location"].clone();
    assert!(!place.starts_with(&github.api_url()));
    let reply = send("GET", &place, &[], b"");
    assert_eq!(reply.status, 200);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.tar.gz");
    std::fs::write(&file, &reply.body).expect("written");
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(&file)
        .current_dir(folder.path())
        .status();
    assert!(status.expect("tar starts").success());
    let root = folder.path().join(format!("shop-deploy-{}", &head[..7]));
    let mut text = String::new();
    let mut opened = std::fs::File::open(root.join(&long)).expect("the long name");
    opened.read_to_string(&mut text).expect("a text");
    assert_eq!(text, "long\n");
    assert_eq!(
        std::fs::read_link(root.join("link"))
            .expect("a link")
            .to_str(),
        Some("README.md")
    );
    let unsigned = place.split('?').next().expect("an address");
    assert_eq!(send("GET", unsigned, &[], b"").status, 404);
}

#[test]
fn the_pull_requests_of_a_commit_are_found() {
    let github = usual();
    let value = get(&github, &format!("/commits/{}/pulls", head_of(&github))).is(200);
    assert_eq!(value[0]["number"], 7);
    for (query, found) in [
        ("", 1),
        ("?state=open&head=shop:feature", 1),
        ("?head=shop:other", 0),
        ("?head=someone:feature", 0),
        ("?state=closed", 0),
    ] {
        let value = get(&github, &format!("/pulls{query}")).is(200);
        assert_eq!(value.as_array().map(Vec::len), Some(found), "{query}");
    }
    let main = github.with(|state| state.main());
    assert_eq!(
        get(&github, &format!("/commits/{main}/pulls")).is(200),
        json!([])
    );
    // What only a fork has is in no pull request of a commit, and in that of its branch.
    github.with(|state| {
        let pull = state.pulls.get_mut(&7).expect("it is there");
        pull.head_repository = Some("someone/deploy".to_owned());
    });
    let path = format!("/commits/{}/pulls", head_of(&github));
    assert_eq!(get(&github, &path).is(200), json!([]));
    let value = get(&github, "/pulls?state=open&head=someone:feature").is(200);
    assert_eq!(value[0]["head"]["label"], "someone:feature");
}
