//! Filling the database from archives and files, honest and malicious ones.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use tidegate::http::{Proxies, block_on};
use tidegate::packages::advisory::database::{About, Database};
use tidegate::packages::advisory::update::{Budget, Dump, UpdateError, update};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};
use zip::write::SimpleFileOptions;

use super::entry;

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default();
        writer.start_file(*name, options).expect("memory takes it");
        writer.write_all(bytes).expect("memory takes it");
    }
    writer.finish().expect("memory takes it").into_inner()
}

fn entries() -> (String, String) {
    let lodash = entry(
        "GHSA-1",
        "lodash",
        r#"{"introduced":"0"},{"fixed":"4.17.21"}"#,
    );
    let evil = entry("MAL-1", "evil", r#"{"introduced":"0"}"#);
    (lodash, evil)
}

/// Updates from a file with these bytes.
fn from_bytes(folder: &Path, bytes: &[u8], budget: Budget) -> Result<About, UpdateError> {
    let source = folder.join("source");
    fs::write(&source, bytes).expect("it can be written");
    let database = folder.join("deep/down/advisories.db");
    block_on(update(
        &Dump::File(source),
        &database,
        budget,
        Proxies::None,
    ))
    .expect("it runs")
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("it is there")
        .map(|entry| {
            entry
                .expect("it can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn archives_and_lines_give_the_same() {
    let folder = TempDir::new().unwrap();
    let (lodash, evil) = entries();
    let zipped = archive(&[
        ("GHSA-1.json", lodash.as_bytes()),
        ("README.md", b"no entry"),
        ("MAL-1.json", evil.as_bytes()),
    ]);
    let about = from_bytes(folder.path(), &zipped, Budget::default()).unwrap();
    assert_eq!((about.records, about.packages, about.unreadable), (2, 2, 0));
    assert_eq!(about.date.unwrap().to_string(), "2026-01-02T03:04:05Z");
    let database = folder.path().join("deep/down/advisories.db");
    let first = fs::read(&database).unwrap();
    let lines = format!("{evil}\r\n\n{lodash}");
    from_bytes(folder.path(), lines.as_bytes(), Budget::default()).unwrap();
    assert_eq!(fs::read(&database).unwrap(), first);
    assert_eq!(names_in(database.parent().unwrap()), ["advisories.db"]);
}

#[test]
fn names_in_an_archive_are_no_paths() {
    let folder = TempDir::new().unwrap();
    let (lodash, evil) = entries();
    let zipped = archive(&[
        ("../../../escaped.json", lodash.as_bytes()),
        ("/etc/escaped.json", evil.as_bytes()),
    ]);
    let about = from_bytes(folder.path(), &zipped, Budget::default()).unwrap();
    assert_eq!(about.records, 2);
    assert_eq!(names_in(folder.path()), ["deep", "source"]);
}

#[test]
fn what_is_too_large_is_refused_and_the_old_database_stays() {
    let folder = TempDir::new().unwrap();
    let (lodash, evil) = entries();
    from_bytes(folder.path(), lodash.as_bytes(), Budget::default()).unwrap();
    let database = folder.path().join("deep/down/advisories.db");
    let before = fs::read(&database).unwrap();
    let zeros = vec![b' '; 4 << 20];
    let many: Vec<(String, &[u8])> = (0..50)
        .map(|at| (format!("{at}.json"), evil.as_bytes()))
        .collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    let tight = Budget {
        source: 1 << 20,
        entries: 20,
        entry: 1 << 20,
        total: 2 << 20,
    };
    let long_line = vec![b'x'; 900 << 10].repeat(2);
    for (what, bytes) in [
        ("a member that swells", archive(&[("a.json", &zeros)])),
        ("too many members", archive(&many)),
        ("a file that is too large", long_line),
    ] {
        let error = from_bytes(folder.path(), &bytes, tight).expect_err(what);
        assert!(matches!(error, UpdateError::Budget(_)), "{what}: {error}");
        assert_eq!(fs::read(&database).unwrap(), before, "{what}");
    }
    let together = Budget {
        entry: 1 << 20,
        total: 1_000,
        ..Budget::default()
    };
    let error =
        from_bytes(folder.path(), &archive(&many[..10]), together).expect_err("they are too long");
    assert!(matches!(error, UpdateError::Budget(_)), "{error}");
    assert_eq!(names_in(database.parent().unwrap()), ["advisories.db"]);
}

#[test]
fn a_length_that_lies_does_not_help() {
    let folder = TempDir::new().unwrap();
    let mut bytes = archive(&[("a.json", &vec![b' '; 4 << 20])]);
    // The length in the central directory (APPNOTE 4.3.12): 24 bytes behind the signature.
    let central = bytes
        .windows(4)
        .rposition(|window| window == b"PK\x01\x02")
        .expect("it has one");
    bytes[central + 24..central + 28].copy_from_slice(&10_u32.to_le_bytes());
    let tight = Budget {
        entry: 1 << 20,
        ..Budget::default()
    };
    let error = from_bytes(folder.path(), &bytes, tight).expect_err("it lies");
    let is_refused = matches!(
        error,
        UpdateError::Budget(_) | UpdateError::Archive(_) | UpdateError::Unreadable { .. }
    );
    assert!(is_refused, "{error}");
}

#[test]
fn a_source_that_is_broken_or_empty_makes_no_database() {
    let folder = TempDir::new().unwrap();
    let (lodash, _) = entries();
    let whole = archive(&[("a.json", lodash.as_bytes())]);
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a page", b"<html>not found</html>".to_vec()),
        ("an archive of nothing", archive(&[])),
        (
            "an archive that was cut",
            whole[..whole.len() - 30].to_vec(),
        ),
        (
            "other ecosystems",
            lodash.replace("npm", "PyPI").into_bytes(),
        ),
        (
            "one good and one bad line",
            format!("{lodash}\n{{\"id\":").into_bytes(),
        ),
    ] {
        let error = from_bytes(folder.path(), &bytes, Budget::default()).expect_err(what);
        let is_told = matches!(
            error,
            UpdateError::Empty | UpdateError::Archive(_) | UpdateError::Unreadable { .. }
        );
        assert!(is_told, "{what}: {error}");
    }
    assert!(!folder.path().join("deep/down/advisories.db").exists());
}

#[tokio::test]
async fn an_archive_comes_over_the_network() {
    let folder = TempDir::new().unwrap();
    let (lodash, _) = entries();
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/npm/all.zip"))
        .respond_with(
            ResponseTemplate::new(200).set_body_bytes(archive(&[("a.json", lodash.as_bytes())])),
        )
        .expect(1)
        .mount(&server)
        .await;
    let database = folder.path().join("advisories.db");
    let url = format!("{}/npm/all.zip?token=secret", server.uri());
    let about = update(
        &Dump::from(url.as_str()),
        &database,
        Budget::default(),
        Proxies::None,
    )
    .await
    .unwrap();
    assert_eq!(about.source, format!("{}/npm/all.zip", server.uri()));
    assert_eq!(
        Database::open(&database)
            .unwrap()
            .records("lodash")
            .unwrap()
            .len(),
        1
    );
    let missing = Dump::from(format!("{}/nothing", server.uri()).as_str());
    let error = update(&missing, &database, Budget::default(), Proxies::None)
        .await
        .expect_err("it is not there");
    assert!(
        error.to_string().ends_with("answered with status 404"),
        "{error}"
    );
    assert_eq!(names_in(folder.path()), ["advisories.db"]);
}

fn tidegate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(arguments)
        .current_dir(folder)
        .env("TIDEGATE_CACHE_DIR", folder.join("cache"))
        .output()
        .expect("it starts")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_commands_tell_what_is_there() {
    let folder = TempDir::new().unwrap();
    let (lodash, evil) = entries();
    fs::write(
        folder.path().join("own.jsonl"),
        format!("{lodash}\n{evil}\n"),
    )
    .unwrap();

    let output = tidegate(folder.path(), &["advisories", "status"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output.stderr).contains("there is none yet"),
        "{}",
        said(&output.stderr)
    );

    let output = tidegate(
        folder.path(),
        &["advisories", "update", "--source", "own.jsonl"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    let output = tidegate(folder.path(), &["advisories", "status"]);
    assert_eq!(output.status.code(), Some(0));
    let told = said(&output.stdout);
    for part in [
        "cache/advisories.db",
        "format    1",
        "own.jsonl",
        "2 about 2 packages",
        "2026-01-02",
        "age",
    ] {
        assert!(told.contains(part), "{told}");
    }

    let path = folder.path().join("cache/advisories.db");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let output = tidegate(folder.path(), &["advisories", "status"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output.stderr).contains("it is damaged"),
        "{}",
        said(&output.stderr)
    );

    let output = tidegate(
        folder.path(),
        &["advisories", "update", "--source", "missing.zip"],
    );
    assert_eq!(output.status.code(), Some(2));
    let output = tidegate(
        folder.path(),
        &[
            "advisories",
            "update",
            "--source",
            "own.jsonl",
            "--database",
            "other.db",
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(folder.path().join("other.db").is_file());
}
