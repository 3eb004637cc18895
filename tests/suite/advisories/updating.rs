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

/// An entry about a package, as it was changed on a day of January.
fn changed(id: &str, name: &str, day: u32, fixed: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-{day:02}T00:00:00Z","affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}],"database_specific":{{"severity":"HIGH"}}}}"#
    )
}

/// A server with the archive of OSV, the list of changes beside it, and single entries.
async fn osv(archived: &[(&str, &[u8])], list: &str, entries: &[(&str, String)]) -> MockServer {
    let server = MockServer::start().await;
    serve(&server, archived, list, entries).await;
    server
}

/// Lets a server answer with these.
async fn serve(
    server: &MockServer,
    archived: &[(&str, &[u8])],
    list: &str,
    entries: &[(&str, String)],
) {
    let answer = |body: Vec<u8>| ResponseTemplate::new(200).set_body_bytes(body);
    let all = [
        ("/npm/all.zip".to_owned(), archive(archived)),
        ("/npm/modified_id.csv".to_owned(), list.as_bytes().to_vec()),
    ];
    let single = entries
        .iter()
        .map(|(id, text)| (format!("/npm/{id}.json"), text.as_bytes().to_vec()));
    for (place, body) in all.into_iter().chain(single) {
        Mock::given(method("GET"))
            .and(path(place))
            .respond_with(answer(body))
            .mount(server)
            .await;
    }
}

/// The paths that a server was asked for since it was last looked at.
async fn asked(server: &MockServer, known: &mut usize) -> Vec<String> {
    let all = server.received_requests().await.unwrap();
    let mut paths: Vec<String> = all[*known..]
        .iter()
        .map(|request| request.url.path().to_owned())
        .collect();
    *known = all.len();
    paths.sort_unstable();
    paths
}

/// The ids that a database has about a package.
fn held(database: &Path, name: &str) -> Vec<String> {
    let database = Database::open(database).unwrap();
    database.verify().unwrap();
    let mut ids: Vec<String> = database
        .records(name)
        .unwrap()
        .into_iter()
        .map(|record| record.id)
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn only_what_changed_is_fetched_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("advisories.db");
    let (one, two, three) = (
        changed("GHSA-1", "a", 1, "1.0.0"),
        changed("GHSA-2", "a", 2, "1.0.0"),
        changed("GHSA-3", "b", 3, "1.0.0"),
    );
    let archived: [(&str, &[u8]); 3] = [
        ("GHSA-1.json", one.as_bytes()),
        ("GHSA-2.json", two.as_bytes()),
        ("GHSA-3.json", three.as_bytes()),
    ];
    let withdrawn = changed("GHSA-2", "a", 5, "1.0.0").replacen(
        "\"modified\"",
        "\"withdrawn\":\"2026-01-05T00:00:00Z\",\"modified\"",
        1,
    );
    let list = "2026-01-06T00:00:00Z,GHSA-4\n2026-01-05T00:00:00Z,GHSA-2\n2026-01-04T00:00:00Z,GHSA-0\n2026-01-03T00:00:00Z,GHSA-3\n2026-01-01T00:00:00Z,GHSA-1\n";
    let entries = [
        ("GHSA-2", withdrawn),
        ("GHSA-3", changed("GHSA-3", "b", 3, "2.0.0")),
        ("GHSA-4", changed("GHSA-4", "b", 6, "1.0.0")),
    ];
    let server = osv(&archived, list, &entries).await;
    let mut seen = 0;
    let url = format!("{}/npm/all.zip", server.uri());
    let dump = Dump::from(url.as_str());
    let fresh = || update(&dump, &path, Budget::default(), Proxies::None);

    let about = fresh().await.unwrap();
    assert_eq!(asked(&server, &mut seen).await, ["/npm/all.zip"]);
    assert_eq!((about.records, about.withdrawn), (3, 0));

    // GHSA-0 is gone without a word, and was never held.
    let about = fresh().await.unwrap();
    assert_eq!(
        asked(&server, &mut seen).await,
        [
            "/npm/GHSA-0.json",
            "/npm/GHSA-2.json",
            "/npm/GHSA-3.json",
            "/npm/GHSA-4.json",
            "/npm/modified_id.csv",
        ]
    );
    assert_eq!((about.records, about.withdrawn), (3, 1));
    assert_eq!(about.date, Some("2026-01-06T00:00:00Z".parse().unwrap()));
    assert_eq!(about.source, url);
    assert_eq!(held(&path, "a"), ["GHSA-1"]);
    assert_eq!(held(&path, "b"), ["GHSA-3", "GHSA-4"]);
    let known = Database::open(&path).unwrap().records("b").unwrap();
    let is_new = known[0].affected.holds(&"1.5.0".into());
    assert!(is_new, "the entry of before is still there");

    // Nothing else changed: the same entry is asked for, and the same bytes come out.
    let before = fs::read(&path).unwrap();
    fresh().await.unwrap();
    assert_eq!(
        asked(&server, &mut seen).await,
        ["/npm/GHSA-4.json", "/npm/modified_id.csv"]
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn the_archive_is_fetched_again_however_many_changes_lie_between() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("advisories.db");
    let (gone, kept) = (
        changed("GHSA-1", "a", 1, "1.0.0"),
        changed("GHSA-2", "b", 2, "1.0.0"),
    );
    let archived = [
        ("GHSA-1.json", gone.as_bytes()),
        ("GHSA-2.json", kept.as_bytes()),
    ];
    let server = osv(&archived, "", &[]).await;
    let dump = Dump::from(format!("{}/npm/all.zip", server.uri()).as_str());
    let fresh = || update(&dump, &path, Budget::default(), Proxies::None);
    let about = fresh().await.unwrap();
    assert_eq!(about.whole, about.date);
    // GHSA-1 vanishes without being withdrawn, and every ten days another entry comes.
    for (number, day) in ["01-12", "01-22", "02-01", "02-11"].iter().enumerate() {
        server.reset().await;
        let id = format!("GHSA-1{number}");
        let text = changed(&id, "b", 1, "1.0.0").replace("2026-01-01", &format!("2026-{day}"));
        let list = format!("2026-{day}T00:00:00Z,{id}\n");
        let member = format!("{id}.json");
        let now = [archived[1], (member.as_str(), text.as_bytes())];
        serve(&server, &now, &list, &[(&id, text.clone())]).await;
        fresh().await.unwrap();
        let paths = asked(&server, &mut 0).await;
        let is_whole = paths.iter().any(|path| path.ends_with("all.zip"));
        assert_eq!(is_whole, *day == "02-11", "{day}: {paths:?}");
        assert_eq!(held(&path, "a").is_empty(), is_whole, "{day}");
    }
}

#[tokio::test]
async fn what_a_killed_update_left_is_taken_away() {
    let one = changed("GHSA-1", "a", 1, "1.0.0");
    let server = osv(&[("GHSA-1.json", one.as_bytes())], "", &[]).await;
    let dump = Dump::from(format!("{}/npm/all.zip", server.uri()).as_str());
    let folder = TempDir::new().unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    let names = [
        ("advisories.db.77.download", true),
        ("advisories.db.78.part", true),
        ("advisories.db.79.download", false),
        ("advisories.db.old.download", true),
        ("other.db.77.download", true),
    ];
    for (name, is_old) in names {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        if is_old {
            file.set_modified(long_ago).unwrap();
        }
    }
    let path = folder.path().join("advisories.db");
    update(&dump, &path, Budget::default(), Proxies::None)
        .await
        .unwrap();
    assert_eq!(
        names_in(folder.path()),
        [
            "advisories.db",
            "advisories.db.79.download",
            "advisories.db.old.download",
            "other.db.77.download"
        ]
    );
}

#[tokio::test]
async fn the_archive_is_fetched_where_the_changes_are_not_to_be_had() {
    let one = changed("GHSA-1", "a", 1, "1.0.0");
    let archived: [(&str, &[u8]); 1] = [("GHSA-1.json", one.as_bytes())];
    let other = [("GHSA-1", changed("GHSA-9", "a", 2, "1.0.0"))];
    let broken = [("GHSA-1", "{".to_owned())];
    for (what, list, entries) in [
        ("no list", "<!doctype html>", &other[..0]),
        ("an old one", "2025-01-01T00:00:00Z,GHSA-1\n", &other[..0]),
        ("a long time", "2026-03-01T00:00:00Z,GHSA-1\n", &other[..0]),
        ("another entry", "2026-01-02T00:00:00Z,GHSA-1\n", &other[..]),
        ("no entry", "2026-01-02T00:00:00Z,GHSA-1\n", &other[..0]),
        (
            "a broken entry",
            "2026-01-02T00:00:00Z,GHSA-1\n",
            &broken[..],
        ),
        (
            "an id that leads away",
            "2026-01-02T00:00:00Z,../x\n",
            &other[..0],
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("advisories.db");
        let server = osv(&archived, list, entries).await;
        let dump = Dump::from(format!("{}/npm/all.zip", server.uri()).as_str());
        let mut seen = 0;
        for _ in 0..2 {
            update(&dump, &path, Budget::default(), Proxies::None)
                .await
                .unwrap();
        }
        let paths = asked(&server, &mut seen).await;
        let whole = paths.iter().filter(|path| path.ends_with("all.zip"));
        assert_eq!(whole.count(), 2, "{what}: {paths:?}");
        assert_eq!(held(&path, "a"), ["GHSA-1"], "{what}");
    }
    // One that was made of own entries knows nothing of changes to the archive.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("advisories.db");
    let own = folder.path().join("own.jsonl");
    fs::write(&own, &one).unwrap();
    let own = Dump::File(own);
    update(&own, &path, Budget::default(), Proxies::None)
        .await
        .unwrap();
    let server = osv(&archived, "2026-01-01T00:00:00Z,GHSA-1\n", &other[..0]).await;
    let dump = Dump::from(format!("{}/npm/all.zip", server.uri()).as_str());
    update(&dump, &path, Budget::default(), Proxies::None)
        .await
        .unwrap();
    assert_eq!(asked(&server, &mut 0).await, ["/npm/all.zip"]);
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
