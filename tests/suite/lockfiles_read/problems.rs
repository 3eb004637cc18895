use proptest::prelude::*;
use tidegate::packages::lockfile::{Lockfile, LockfileKind, ProblemKind, Source, read};
use tidegate::syntax::Span;

const KINDS: [LockfileKind; 2] = [LockfileKind::Pnpm, LockfileKind::Yarn];

fn conflicting(text: &str) -> String {
    format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> main\n")
}

const PNPM: &str = "\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      é:
        specifier: ^1.0.0
        version: 1.0.0(b@2.0.0)
packages:
  é@1.0.0:
    resolution: {integrity: sha512-a, tarball: https://example.com/é.tgz}
    peerDependencies:
      b: '*'
  b@2.0.0:
    resolution: {integrity: sha512-b}
snapshots:
  é@1.0.0(b@2.0.0):
    dependencies:
      b: 2.0.0
      c: link:../c
  b@2.0.0: {}
";

const FIVE: &str = "\
lockfileVersion: 5.4
specifiers:
  é: ^1.0.0
dependencies:
  é: 1.0.0_b@2.0.0
packages:
  /é/1.0.0_b@2.0.0:
    resolution: {integrity: sha512-a}
    dependencies:
      b: 2.0.0
    dev: false
  /b/2.0.0:
    resolution: {integrity: sha512-b}
";

const CLASSIC: &str = "\
# yarn lockfile v1
\"é@^1.0.0\", b@npm:c@^2.0.0:
  version \"1.0.0\"
  resolved \"https://example.com/é.tgz#01\"
  dependencies:
    b \"npm:c@^2.0.0\"
";

const BERRY: &str = "\
__metadata:
  version: 8
\"é@npm:^1.0.0, é@npm:^1.1.0\":
  version: 1.1.0
  resolution: \"é@patch:é@npm%3A1.1.0#x.patch::version=1.1.0\"
  dependencies:
    b: \"workspace:^\"
\"b@workspace:^\":
  version: 0.0.0-use.local
  resolution: \"b@workspace:b\"
";

#[test]
fn the_marks_of_a_merge_are_named_where_they_stand() {
    for kind in KINDS {
        for text in [PNPM, CLASSIC, BERRY] {
            for text in [conflicting(text), conflicting(text).replace('\n', "\r\n")] {
                let lockfile = read(kind, text.clone());
                assert_eq!(lockfile.problems.len(), 1);
                let problem = &lockfile.problems[0];
                assert_eq!(problem.what, ProblemKind::Conflict);
                assert_eq!(&text[problem.at.range()], "<<<<<<< HEAD");
                assert!(lockfile.is_unreadable());
            }
        }
    }
    let within = PNPM.replace("sha512-b", "<<<<<<<");
    assert_eq!(read(LockfileKind::Pnpm, within).problems, []);
}

#[test]
fn an_unknown_version_is_told_and_what_can_be_read_is_read() {
    for (kind, text) in [
        (LockfileKind::Pnpm, PNPM.replace("9.0", "10.0")),
        (LockfileKind::Pnpm, PNPM.replace("'9.0'", "{}")),
        (
            LockfileKind::Pnpm,
            PNPM.replacen("lockfileVersion: '9.0'\n", "", 1),
        ),
        (LockfileKind::Pnpm, FIVE.replace("5.4", "4")),
        (
            LockfileKind::Yarn,
            BERRY.replace("version: 8", "version: 0"),
        ),
        (
            LockfileKind::Yarn,
            BERRY.replace("version: 8", "cacheKey: 8"),
        ),
    ] {
        let lockfile = read(kind, text);
        let problems: Vec<_> = lockfile
            .problems
            .iter()
            .map(|problem| &problem.what)
            .collect();
        assert_eq!(problems, [&ProblemKind::Version]);
        assert!(lockfile.is_unreadable());
        assert!(lockfile.packages.len() >= 2);
        assert!(lockfile.packages[0].name.contains('é'));
    }
}

/// Nothing of a file may reach a message: a broken lockfile can hold a token.
#[test]
fn a_newer_notation_of_yarn_is_read_as_long_as_its_entries_are() {
    let known = read(LockfileKind::Yarn, BERRY.to_owned());
    for (version, is_newer) in [("9", false), ("10", false), ("11", true), ("99", true)] {
        let text = BERRY.replace("version: 8", &format!("version: {version}"));
        let lockfile = read(LockfileKind::Yarn, text.clone());
        assert_eq!(lockfile.problems, []);
        assert_eq!(lockfile.is_newer, is_newer, "{version}");
        assert_eq!(lockfile.packages.len(), known.packages.len());
        let broken = read(
            LockfileKind::Yarn,
            text.replacen("  resolution:", "  resolved:", 1),
        );
        assert_eq!(broken.is_unreadable(), is_newer, "{version}");
    }
}

#[test]
fn a_broken_notation_is_told_without_quoting_it() {
    for (kind, text) in [
        (LockfileKind::Pnpm, "secret words"),
        (LockfileKind::Pnpm, "- secret\n"),
        (
            LockfileKind::Pnpm,
            "packages: secret\nlockfileVersion: '9.0'\n",
        ),
        (LockfileKind::Pnpm, "lockfileVersion: '9.0'\nsecret: [\n"),
        (
            LockfileKind::Pnpm,
            "lockfileVersion: '9.0'\nsecret: *secret\n",
        ),
        (
            LockfileKind::Pnpm,
            "lockfileVersion: '9.0'\nsecret: @secret\n",
        ),
        (
            LockfileKind::Pnpm,
            "lockfileVersion: '9.0'\nsecret: 1\nsecret: 2\n",
        ),
        (LockfileKind::Yarn, "secret words\n"),
        (LockfileKind::Yarn, "secret@1:\n   version \"1\"\n"),
        (LockfileKind::Yarn, "secret@1:\n  version \"secret\n"),
        (LockfileKind::Yarn, "secret@1:\n  version \"1\" secret\n"),
        (LockfileKind::Yarn, "secret@1:\n    version \"1\"\n"),
        (LockfileKind::Yarn, "  version \"secret\"\n"),
        (LockfileKind::Yarn, "secret@1:\n  version \"\\q\"\n"),
        (LockfileKind::Yarn, "__metadata:\n  version: 8\nsecret: {\n"),
        (
            LockfileKind::Yarn,
            "__metadata:\n  version: 8\n---\nsecret: 1\n",
        ),
    ] {
        let lockfile = read(kind, text.to_owned());
        let broken = lockfile
            .problems
            .iter()
            .find_map(|problem| match &problem.what {
                ProblemKind::Syntax(words) => Some(words),
                _ => None,
            });
        let words = broken.unwrap_or_else(|| panic!("{text:?} is read: {:?}", lockfile.problems));
        assert!(
            !words.is_empty() && !words.contains("secret") && !words.contains('@'),
            "{words}"
        );
    }
}

#[test]
fn two_packages_whose_names_kubernetes_takes_for_one_are_two() {
    let text = "lockfileVersion: '9.0'\npackages:\n  on@1.0.0:\n    resolution: {integrity: a}\nsnapshots:\n  on@1.0.0:\n    dependencies:\n      on: 1.0.0\n      yes: 1.0.0\n";
    let lockfile = read(LockfileKind::Pnpm, text.to_owned());
    assert_eq!(lockfile.problems, []);
    let names: Vec<_> = lockfile.packages[0]
        .dependencies
        .iter()
        .map(|edge| &*edge.name)
        .collect();
    assert_eq!(names, ["on", "yes"]);
}

#[test]
fn depth_is_no_danger() {
    let mut deep = String::new();
    for level in 0..3_000 {
        deep.push_str(&format!("{:level$}a:\n", ""));
    }
    for kind in KINDS {
        for text in [
            format!("lockfileVersion: '9.0'\npackages:\n{}", "[".repeat(100_000)),
            format!("__metadata:\n  version: 8\n{}", "{a: ".repeat(100_000)),
            deep.clone(),
        ] {
            assert!(read(kind, text).is_unreadable());
        }
    }
    let key = format!(
        "n@1.0.0{}{}",
        "(a@1.0.0".repeat(100_000),
        ")".repeat(100_000)
    );
    let text = format!(
        "lockfileVersion: '9.0'\npackages:\n  n@1.0.0: {{}}\nsnapshots:\n  ? {key}\n  : {{}}\n"
    );
    let lockfile = read(LockfileKind::Pnpm, text);
    assert_eq!(lockfile.problems, []);
    let patch = format!("{}n@npm:1.0.0", "n@patch:".repeat(100_000));
    let text = format!("__metadata:\n  version: 8\n\"n@x\":\n  resolution: \"{patch}\"\n");
    assert_eq!(read(LockfileKind::Yarn, text).packages.len(), 0);
}

#[test]
fn an_entry_without_a_name_is_told() {
    let text = "# yarn lockfile v1\n\"\", c@^2.0.0:\n  version \"1.0.0\"\n".to_owned();
    let lockfile = read(LockfileKind::Yarn, text);
    assert!(!lockfile.is_unreadable());
    assert_eq!(lockfile.problems.len(), 1, "{:?}", lockfile.problems);
    let mut packages = lockfile.packages.iter();
    assert!(packages.all(|package| !package.is_from_registry()));
}

fn spans(lockfile: &Lockfile) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for package in &lockfile.packages {
        spans.push(package.at);
        spans.extend(
            package
                .resolved
                .iter()
                .chain(&package.integrity)
                .map(|(_, span)| *span),
        );
        let edges = package.dependencies.iter().filter_map(|edge| edge.to);
        assert!(edges.into_iter().all(|to| lockfile.package(to).is_some()));
        if let Source::Registry(None) = package.source {
            assert!(!package.name.is_empty());
        }
    }
    for importer in &lockfile.importers {
        spans.push(importer.at);
        spans.extend(importer.dependencies.iter().map(|wanted| wanted.at));
    }
    spans.extend(lockfile.records.iter().map(|record| record.at));
    spans.extend(lockfile.problems.iter().map(|problem| problem.at));
    spans
}

fn assert_sound(text: &str) {
    for kind in KINDS {
        let lockfile = read(kind, text.to_owned());
        assert_eq!(lockfile.text, text);
        for span in spans(&lockfile) {
            assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
        }
        let descriptors = &lockfile.descriptors;
        assert!(descriptors.is_sorted(), "they are sorted");
        assert!(
            descriptors
                .iter()
                .all(|(_, index)| lockfile.package(*index).is_some())
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_a_danger(text in "\\PC*|[a-zé@:/'\"{}\\[\\]#\\-_(),.0-9 \\r\\n\\t\u{feff}]{0,80}") {
        assert_sound(&text);
        assert_sound(&format!("__metadata:\n  version: 8\n{text}"));
        assert_sound(&format!("lockfileVersion: '9.0'\npackages:\n{text}"));
    }

    #[test]
    fn no_damage_is_a_danger(
        base in prop::sample::select(vec![PNPM, FIVE, CLASSIC, BERRY]),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[a-z@:/'\"{(). \\n\u{2028}é-]{0,4}"), 1..4),
    ) {
        let mut text = base.to_owned();
        for (at, length, piece) in cuts {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &piece);
        }
        assert_sound(&text);
    }
}
