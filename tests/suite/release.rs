//! What a release does to the repository, and what its workflows trust.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs a script of ours in a folder that holds it and one other file: whether it succeeds, what it prints, and what
/// becomes of that file.
fn run(script: &str, file: (&str, &str), argument: &str) -> (bool, String, String) {
    let folder = TempDir::new().expect("a folder");
    let program = folder.path().join(script);
    fs::create_dir_all(program.parent().expect("a folder")).expect("it can be made");
    fs::copy(root().join(script), &program).expect("it is there");
    assert!(
        fs::metadata(&program)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o111
            != 0
    );
    fs::write(folder.path().join(file.0), file.1).expect("it can be written");
    // Started by its name, it may be busy: another test that starts something holds it open for a moment.
    let output = Command::new("bash")
        .arg(&program)
        .arg(argument)
        .output()
        .expect("bash starts");
    let printed = String::from_utf8(output.stdout).expect("text");
    let after = read(&folder.path().join(file.0));
    (output.status.success(), printed, after)
}

#[test]
fn the_action_of_a_release_names_its_image_by_digest() {
    let before = read(&root().join("action.yml"));
    let image = format!(
        "ghcr.io/tidegate/tidegate@sha256:{}",
        "0123456789abcdef".repeat(4)
    );
    let pin = |text: &str, image: &str| run(".ci/pin-action", ("action.yml", text), image);
    let (succeeds, _, after) = pin(&before, &image);
    assert!(succeeds);
    assert_eq!(
        after,
        before.replace(
            "  image: Dockerfile\n",
            &format!("  image: docker://{image}\n")
        )
    );
    assert_ne!(after, before);

    // A tag, half a digest, or an action that is pinned already stop the release.
    for (text, image) in [
        (&before, "ghcr.io/tidegate/tidegate:v1"),
        (&before, "ghcr.io/tidegate/tidegate@sha256:0123"),
        (&after, &*image),
    ] {
        let (succeeds, _, untouched) = pin(text, image);
        assert!(!succeeds, "{image}");
        assert_eq!(&untouched, text);
    }
}

#[test]
fn the_notes_of_a_release_are_its_part_of_the_changelog() {
    let changelog = "# Changelog\n\n## 1.2.0, unreleased\n\n* later\n\n## 1.1.0, 2026-12-01\n\n* this\n* that\n\n## 1.0.0, 2026-11-01\n\n* first\n";
    let notes = |version| run(".ci/release-notes", ("CHANGELOG.md", changelog), version).1;
    assert_eq!(notes("1.1.0"), "* this\n* that\n\n");
    assert_eq!(notes("1.0.0"), "* first\n");
    assert_eq!(notes("1.2.0"), "", "nothing is released while it says so");
    assert_eq!(notes("1.1"), "");
}

/// Everything that shows or runs actions of others.
fn pages() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join(".github/workflows")).expect("there are workflows");
    let mut pages: Vec<PathBuf> = folder
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    pages.extend(
        ["README.md", "docs/github.md", "src/init/workflow.rs"].map(|name| root().join(name)),
    );
    pages
}

#[test]
fn actions_of_others_are_named_by_one_commit_each() {
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for page in pages() {
        for line in read(&page).lines() {
            let start = ["actions/", "github/codeql-action/"].map(|owner| line.find(owner));
            let Some(start) = start.into_iter().flatten().min() else {
                continue;
            };
            // In a constant, a quote ends it.
            let reference = line[start..].split('"').next().unwrap_or_default();
            let Some((action, version)) = reference.split_once('@') else {
                continue;
            };
            let shown = format!("{}: {line}", page.display());
            let (commit, tag) = version.split_once(" # ").unwrap_or((version, ""));
            let is_commit =
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit && tag.starts_with('v'), "{shown}");
            let known = named
                .entry(action.to_owned())
                .or_insert_with(|| version.to_owned());
            assert_eq!(known, version, "{shown}");
        }
    }
    assert!(named.len() >= 6, "only {} actions were seen", named.len());
}

/// The image of a release is the last stage of the image that everybody builds, around a binary that is there.
#[test]
fn the_image_of_a_release_is_the_last_stage() {
    let workflow = read(&root().join(".github/workflows/release.yml"));
    let line = workflow
        .lines()
        .find(|line| line.contains("sed -n '/^FROM scratch"));
    let script = line
        .and_then(|line| line.split('\'').nth(1))
        .expect("the program of sed");
    let output = Command::new("sed")
        .args(["-n", script, "Dockerfile"])
        .current_dir(root())
        .output()
        .expect("sed starts");
    assert_eq!(
        String::from_utf8(output.stdout).expect("text"),
        "FROM scratch\nCOPY tidegate /tidegate\nENTRYPOINT [\"/tidegate\", \"action\"]\n"
    );
}

/// A registry takes no capitals, and neither does what pins the image.
#[test]
fn an_owner_with_capitals_has_an_image_nevertheless() {
    let workflow = read(&root().join(".github/workflows/release.yml"));
    let line = workflow
        .lines()
        .find(|line| line.trim_start().starts_with("IMAGE=ghcr.io/"));
    let output = Command::new("bash")
        .args([
            "-c",
            &format!("{}\nprintf %s \"$IMAGE\"", line.expect("its name")),
        ])
        .env("GITHUB_REPOSITORY", "Shop/Gate")
        .output()
        .expect("bash starts");
    let image = String::from_utf8(output.stdout).expect("text");
    assert_eq!(image, "ghcr.io/shop/gate");
    let image = format!("{image}@sha256:{}", "0123456789abcdef".repeat(4));
    let action = read(&root().join("action.yml"));
    let (succeeds, _, after) = run(".ci/pin-action", ("action.yml", &action), &image);
    assert!(succeeds && after.contains(&image), "{after}");
}
