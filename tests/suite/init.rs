//! `tidegate init` writes files that its own rules and readers are content with, and never takes anything away.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tidegate::config::read::ConfigFile;
use tidegate::workflow::{Workflow, weakenings};

use crate::program::{Answer, commit, git, tidegate, write};

const WORKFLOW: &str = ".github/workflows/tidegate.yml";
const CONFIGURATION: &str = ".tidegate.yaml";
const COMMIT: &str = "8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: \"ghcr.io/acme/web:1.2.3\"}]
";

fn shop() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    git(folder.path(), &["init", "-q"]);
    write(
        folder.path(),
        &[
            ("deploy/web.yaml", DEPLOYMENT),
            (
                "services/web/package.json",
                r#"{"name":"web","version":"1.0.0"}"#,
            ),
        ],
    );
    commit(folder.path(), "one");
    folder
}

fn init(folder: &Path, arguments: &[&str]) -> Answer {
    let arguments: Vec<&str> = ["init"].iter().chain(arguments).copied().collect();
    tidegate(folder, &arguments, &[])
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Takes the sign away from the lines that are ready to be used.
fn with_all_choices(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') || rest.starts_with("  ") => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_repository_gets_both_files_and_the_next_steps() {
    let shop = shop();
    let answer = init(shop.path(), &[]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!(answer.stdout.replace(version, "VERSION"), @r"
    wrote .github/workflows/tidegate.yml
    wrote .tidegate.yaml

    Next, with more at https://github.com/tidegate/tidegate/blob/main/docs/github.md:
    1. Pin the action: replace VERSION in the workflow by the full commit of that release, which
       `git ls-remote https://github.com/tidegate/tidegate refs/tags/VERSION` prints. A tag can be moved, a commit cannot.
    2. Read what was written, and merge it into main: the configuration counts from there. In the pull request
       that brings it in, the defaults hold.
    3. Make the job `tidegate` a required status check (Settings, Rules, Rulesets). Give the workflow no `paths:`:
       a required check that a filter leaves out stays pending for ever, and where nothing is in scope it passes at once.
    4. For alerts in code scanning, take the comment signs away at `security-events` and at `upload-sarif`. Private
       repositories need GitHub Code Security for that.
    5. Pull requests from forks may only read: their findings are annotations, and the exit code is the gate all the
       same. Waivers that they add do not hold, in the merge queue neither. For comments there too, add the workflow
       with `tidegate publish`.
    ");
}

/// The page shows the very workflow, with a word for the commit.
#[test]
fn the_page_shows_what_is_written() {
    let shop = shop();
    init(shop.path(), &["--pin", COMMIT]);
    let text = read(shop.path(), WORKFLOW).replace(COMMIT, "COMMIT");
    let page = read(Path::new(env!("CARGO_MANIFEST_DIR")), "docs/github.md");
    assert!(page.contains(&format!("```yaml\n{text}```\n")), "{text}");
}

#[test]
fn the_configuration_parses_with_and_without_its_choices() {
    let shop = shop();
    init(shop.path(), &[]);
    let text = read(shop.path(), CONFIGURATION);
    let all = with_all_choices(&text);
    for text in [&text, &all] {
        let file = ConfigFile::read(text.clone().into_bytes());
        assert!(
            file.config.is_ok(),
            "{}\n{text}",
            file.describe(Path::new(CONFIGURATION))
        );
    }
    let config = ConfigFile::read(all.into_bytes()).config.expect("checked");
    assert_eq!(config.kubernetes.clusters.len(), 1);
    assert_eq!(config.kubernetes.versions.map(|all| all.len()), Some(3));
    assert_eq!(config.images.registries.len(), 1);
    assert_eq!(config.rules.len(), 2);
    assert_eq!(config.waivers.len(), 1);
    assert!(config.packages.licenses.allow.is_some());
}

#[test]
fn a_configuration_for_nothing_yet_parses_too() {
    let empty = TempDir::new().expect("a folder");
    git(empty.path(), &["init", "-q"]);
    assert_eq!(init(empty.path(), &[]).code, 0);
    let all = with_all_choices(&read(empty.path(), CONFIGURATION));
    let config = ConfigFile::read(all.into_bytes())
        .config
        .expect("it parses");
    assert!(config.kubernetes.versions.is_some() && config.packages.licenses.allow.is_some());
}

#[test]
fn the_workflow_is_a_gate_in_the_eyes_of_our_own_rules() {
    let shop = shop();
    init(shop.path(), &["--pin", COMMIT]);
    let text = read(shop.path(), WORKFLOW);
    assert!(
        text.contains(&format!(
            "uses: tidegate/tidegate@{COMMIT} # v{}\n",
            env!("CARGO_PKG_VERSION")
        )),
        "{text}"
    );
    let steps = |text: &str| {
        let workflow = Workflow::read(text.as_bytes().to_vec());
        assert!(workflow.is_readable());
        workflow.steps(&Arc::from(WORKFLOW))
    };
    let gate = steps(&text);
    assert_eq!(gate.len(), 1);
    // A pull request that takes anything from it is told.
    for (from, to) in [
        (
            "  pull_request:\n",
            "  pull_request:\n    paths: [deploy/**]\n",
        ),
        ("  merge_group:\n", ""),
        (COMMIT, "main"),
        (
            "      - id: tidegate\n",
            "      - id: tidegate\n        continue-on-error: true\n",
        ),
    ] {
        assert!(text.contains(from), "{from:?}");
        let weaker = text.replacen(from, to, 1);
        assert!(
            !weakenings(&gate, &steps(&weaker)).is_empty(),
            "{from:?} -> {to:?}"
        );
    }
}

#[test]
fn what_it_writes_introduces_no_finding() {
    let shop = shop();
    init(shop.path(), &[]);
    commit(shop.path(), "two");
    let answer = tidegate(
        shop.path(),
        &["check", "--base", "HEAD~1", "--head", "HEAD"],
        &[],
    );
    assert_eq!(answer.code, 0, "{}", answer.stdout);
    assert!(answer.stdout.contains(" 0 introduced"), "{}", answer.stdout);
}

#[test]
fn nothing_is_overwritten() {
    for (there, only) in [
        (WORKFLOW, "configuration"),
        (".github/workflows/tidegate.yaml", "configuration"),
        (CONFIGURATION, "workflow"),
        (".github/tidegate.yaml", "workflow"),
    ] {
        let shop = shop();
        write(shop.path(), &[(there, "mine")]);
        let answer = init(shop.path(), &[]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{there}");
        assert!(
            answer.stderr.contains(&format!(
                "{there} is there already, and nothing was written"
            )),
            "{}",
            answer.stderr
        );
        assert_eq!(read(shop.path(), there), "mine");
        let written = [WORKFLOW, CONFIGURATION].map(|name| shop.path().join(name).exists());
        assert_eq!(
            written,
            [WORKFLOW, CONFIGURATION].map(|name| name == there),
            "{there}"
        );

        let answer = init(shop.path(), &["--only", only]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert_eq!(read(shop.path(), there), "mine");
        assert_eq!(answer.stdout.matches("wrote ").count(), 1);
    }
}

#[test]
fn force_replaces_files_and_nothing_else() {
    let shop = shop();
    write(shop.path(), &[(WORKFLOW, "mine"), (CONFIGURATION, "mine")]);
    let answer = init(shop.path(), &["--force"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(read(shop.path(), WORKFLOW).contains("merge_group:"));
    assert!(read(shop.path(), CONFIGURATION).contains("fail-on: high"));

    // A second configuration would win over it, or be won over.
    write(shop.path(), &[(".github/tidegate.yaml", "mine")]);
    assert_eq!(init(shop.path(), &["--force"]).code, 2);
    assert_eq!(read(shop.path(), ".github/tidegate.yaml"), "mine");
}

#[cfg(unix)]
#[test]
fn no_link_is_written_through() {
    let shop = shop();
    let outside = TempDir::new().expect("a folder");
    write(outside.path(), &[("target.yaml", "mine")]);
    std::os::unix::fs::symlink(
        outside.path().join("target.yaml"),
        shop.path().join(CONFIGURATION),
    )
    .expect("a link");
    for arguments in [&[][..], &["--force"]] {
        assert_eq!(init(shop.path(), arguments).code, 2);
        assert_eq!(read(outside.path(), "target.yaml"), "mine");
        assert!(!shop.path().join(WORKFLOW).exists());
    }
}

#[test]
fn from_a_folder_below_the_files_go_to_the_root() {
    let shop = shop();
    let answer = init(&shop.path().join("services/web"), &[]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for name in [WORKFLOW, CONFIGURATION] {
        assert!(shop.path().join(name).exists(), "{name}");
        assert!(
            answer.stdout.contains(&format!("wrote ../../{name}\n")),
            "{}",
            answer.stdout
        );
    }
    assert!(read(shop.path(), CONFIGURATION).contains("ghcr.io/acme"));
}

#[test]
fn without_a_repository_it_says_so() {
    let folder = TempDir::new().expect("a folder");
    let answer = init(folder.path(), &[]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.starts_with("There is no git repository here"));
    assert!(read(folder.path(), WORKFLOW).contains("branches: [main]"));
}

#[test]
fn the_default_branch_is_the_one_of_the_remote() {
    let branch = |folder: &Path| {
        assert_eq!(init(folder, &["--only", "workflow"]).code, 0);
        let text = read(folder, WORKFLOW);
        let line = text.lines().find(|line| line.contains("branches:"));
        line.expect("a filter").trim().to_owned()
    };
    // What a remote says counts for more than a usual name.
    let origin = shop();
    git(origin.path(), &["checkout", "-q", "-b", "develop"]);
    let clone = TempDir::new().expect("a folder");
    let address = format!("file://{}", origin.path().display());
    git(clone.path(), &["clone", "-q", &address, "."]);
    git(clone.path(), &["checkout", "-q", "-b", "feature"]);
    assert_eq!(branch(clone.path()), "branches: [develop]");

    // On a branch of a repository without a remote.
    let local = shop();
    git(local.path(), &["checkout", "-q", "-b", "feature"]);
    assert_eq!(branch(local.path()), "branches: [main]");

    // The only one there is, though it looks like a number.
    let odd = shop();
    git(odd.path(), &["branch", "-m", "1.0"]);
    assert_eq!(branch(odd.path()), "branches: [\"1.0\"]");

    // Whatever a name looks like to YAML or to a filter, it is the name.
    for (name, pattern) in [
        ("it's", "it's"),
        ("a#b", "a#b"),
        ("ünï", "ünï"),
        ("{a}", "{a}"),
        ("a\"b", "a\"b"),
        ("a,b", "a,b"),
        ("release+next", "release\\+next"),
        ("!a", "\\!a"),
    ] {
        let odd = shop();
        git(odd.path(), &["branch", "-m", name]);
        let line = branch(odd.path());
        let read: BTreeMap<String, Vec<String>> =
            serde_yaml::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(read["branches"], [pattern], "{name}: {line}");
    }
}

#[cfg(unix)]
#[test]
fn no_linked_folder_is_written_through() {
    for link in [".github", ".github/workflows"] {
        let shop = shop();
        let outside = TempDir::new().expect("a folder");
        let place = shop.path().join(link);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::os::unix::fs::symlink(outside.path(), &place).expect("a link");
        for arguments in [&[][..], &["--force"]] {
            let answer = init(shop.path(), arguments);
            assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{link}");
            let told = format!("{link} is a symbolic link, which is not written through");
            assert!(answer.stderr.contains(&told), "{}", answer.stderr);
            assert!(!shop.path().join(CONFIGURATION).exists());
        }
        let answer = init(shop.path(), &["--only", "configuration"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        let mut written = fs::read_dir(outside.path()).expect("it can be listed");
        assert!(written.next().is_none(), "{link}");
    }
}

#[test]
fn a_commit_to_pin_to_is_a_full_one() {
    let shop = shop();
    let answer = init(shop.path(), &["--pin", "8f3c0e6"]);
    assert_eq!(answer.code, 2);
    assert!(
        answer.stderr.contains("40 hexadecimal digits"),
        "{}",
        answer.stderr
    );
    assert!(!shop.path().join(WORKFLOW).exists());
}
