//! `bun.lock`.

use tidegate::packages::lockfile::{LockfileKind, Need, ProblemKind, RecordKind, Source, read};

use super::conformance::{Doubt, applications, labelled};
use super::reading::{edge, importer, lockfile, named, source_of, written};

/// Where upstream's extractor says something else.
const DOUBTS: &[Doubt] = &[];

#[test]
fn bun_lockfiles_hold_what_is_labelled() {
    labelled("bun", LockfileKind::Bun, DOUBTS);
}

#[test]
fn bun_lockfiles_of_applications_hold_what_is_listed() {
    applications(LockfileKind::Bun, &[]);
}

const WORKSPACES: &str = include_str!("samples/bun-workspaces.jsonc");

#[test]
fn a_path_of_names_leads_to_the_nearest_package() {
    let lockfile = lockfile(LockfileKind::Bun, WORKSPACES);
    let a = named(&lockfile, "a", "1.0.0");
    assert_eq!(
        edge(&lockfile, a, "@t/e"),
        (Need::Required, "@t/e@1.0.0".into())
    );
    assert_eq!(edge(&lockfile, a, "gone"), (Need::Optional, String::new()));
    assert_eq!(
        edge(&lockfile, a, "old"),
        (Need::Peer, "@real/b@1.0.0".into())
    );
    assert_eq!(
        edge(&lockfile, a, "c"),
        (Need::OptionalPeer, "c@3.0.0".into())
    );
    let a = named(&lockfile, "a", "2.0.0");
    assert_eq!(edge(&lockfile, a, "@t/e").1, "@t/e@2.0.0");
    let inner = named(&lockfile, "@t/e", "2.0.0");
    assert!(inner.is_bundled);
    assert_eq!(edge(&lockfile, inner, "a").1, "a@2.0.0");
    assert_eq!(edge(&lockfile, inner, "@t/e").1, "@t/e@2.0.0");
}

#[test]
fn an_entry_of_bun_says_what_stands_in_it() {
    let lockfile = lockfile(LockfileKind::Bun, WORKSPACES);
    let a = named(&lockfile, "a", "1.0.0");
    assert_eq!(written(&lockfile, a.at), "\"a\"");
    let (integrity, at) = a.integrity.as_ref().expect("it has a hash");
    assert_eq!(
        (&**integrity, written(&lockfile, *at)),
        ("sha512-AAAA", "\"sha512-AAAA\"")
    );
    assert!(a.resolved.is_none() && a.has_install_script.is_none() && !a.is_patched);
    assert!(named(&lockfile, "c", "3.0.0").is_patched);
    assert_eq!(
        named(&lockfile, "@t/e", "1.0.0").source,
        Source::Registry(Some("https://npm.example".into()))
    );
    let old = named(&lockfile, "@real/b", "1.0.0");
    assert_eq!(
        old.source,
        Source::Registry(Some("https://odd.example/b.tgz".into()))
    );
    let (resolved, at) = old.resolved.as_ref().expect("it is resolved");
    assert_eq!(written(&lockfile, *at), format!("\"{resolved}\""));
    assert_eq!(source_of(&lockfile, "f"), Source::Folder("vendor/f".into()));
    assert_eq!(edge(&lockfile, named(&lockfile, "f", ""), "a").1, "a@1.0.0");
    assert_eq!(
        source_of(&lockfile, "g"),
        Source::Git {
            repository: "git+ssh://git@github.com/x/g.git".into(),
            commit: Some("0123".into())
        }
    );
    assert_eq!(
        source_of(&lockfile, "h"),
        Source::Git {
            repository: "github:x/h".into(),
            commit: Some("4567".into())
        }
    );
    assert_eq!(
        named(&lockfile, "h", "")
            .integrity
            .as_ref()
            .map(|(hash, _)| &**hash),
        Some("sha512-HHHH")
    );
    // The public registry's archive is its package, whoever asks for it by its address.
    let public = named(&lockfile, "i", "1.0.0");
    assert_eq!(public.source, Source::Registry(None));
    let (resolved, _) = public.resolved.as_ref().expect("it is resolved");
    assert_eq!(&**resolved, "https://registry.npmjs.org/i/-/i-1.0.0.tgz");
    assert_eq!(
        source_of(&lockfile, "j"),
        Source::File("vendor/j.tgz".into())
    );
    assert_eq!(source_of(&lockfile, "k"), Source::Folder("k".into()));
    assert_eq!(
        source_of(&lockfile, "@s/web"),
        Source::Workspace("packages/web".into())
    );
    assert_eq!(source_of(&lockfile, "shop"), Source::Workspace("".into()));
}

#[test]
fn workspaces_of_bun_are_importers() {
    let lockfile = lockfile(LockfileKind::Bun, WORKSPACES);
    assert_eq!(
        importer(&lockfile, ""),
        [
            "Production a ^1.0.0 -> a@1.0.0",
            "Production old npm:@real/b@^1.0.0 -> @real/b@1.0.0",
            "Development @s/web workspace:* -> @s/web@",
        ]
    );
    assert_eq!(
        importer(&lockfile, "packages/web"),
        [
            "Production a ^2.0.0 -> a@2.0.0",
            "Production c catalog: -> c@3.0.0",
            "Peer old * -> @real/b@1.0.0",
        ]
    );
    assert_eq!(lockfile.importers[1].name.as_deref(), Some("@s/web"));
}

#[test]
fn settings_that_bun_records_are_kept() {
    let lockfile = lockfile(LockfileKind::Bun, WORKSPACES);
    let records: Vec<_> = lockfile
        .records
        .iter()
        .map(|record| {
            (
                record.what,
                &*record.key,
                &*record.value,
                written(&lockfile, record.at),
            )
        })
        .collect();
    assert_eq!(
        records,
        [
            (RecordKind::Trusted, "a", "", "\"a\""),
            (
                RecordKind::Patch,
                "c@3.0.0",
                "patches/c@3.0.0.patch",
                "\"c@3.0.0\""
            ),
            (RecordKind::Override, "d", "1.0.0", "\"d\""),
            (RecordKind::Override, "a>d", "2.0.0", "\"d\""),
            (RecordKind::Catalog, "default>c", "^3.0.0", "\"c\""),
            (RecordKind::Catalog, "next>c", "^4.0.0", "\"c\""),
        ]
    );
}

#[test]
fn a_version_of_bun_that_is_not_known_is_told_and_read() {
    for version in [
        r#""lockfileVersion": 3,"#,
        r#""lockfileVersion": null,"#,
        "",
    ] {
        let text = format!(r#"{{{version} "packages": {{"a": ["a@1.0.0", "", {{}}, ""]}}}}"#);
        let lockfile = read(LockfileKind::Bun, text);
        let kinds: Vec<_> = lockfile
            .problems
            .iter()
            .map(|problem| &problem.what)
            .collect();
        assert_eq!(kinds, [&ProblemKind::Version], "{version}");
        assert_eq!(lockfile.packages.len(), 1);
    }
    for version in 0..=2 {
        lockfile(
            LockfileKind::Bun,
            &format!(r#"{{"lockfileVersion": {version}}}"#),
        );
    }
}

#[test]
fn an_entry_that_bun_could_not_mean_is_told_and_the_rest_is_read() {
    let text = r#"{"lockfileVersion": 1, "workspaces": {"": 5, "b": {"name": 5, "dependencies": 6}},
        "overrides": 7, "trustedDependencies": [8],
        "packages": {"a": 9, "b": [], "c": [1], "d": ["d"], "e/": ["e@1.0.0"],
        "f": ["f@1.0.0", 10, {"dependencies": {"x": 11}, "optionalPeers": 5}, null], "g": ["g@1.0.0", "", {}, ""]}}"#;
    let lockfile = read(LockfileKind::Bun, text.to_owned());
    assert!(!lockfile.is_unreadable());
    let mut places: Vec<_> = lockfile
        .problems
        .iter()
        .map(|problem| written(&lockfile, problem.at))
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "\"\"", "\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e/\"", "10", "11", "5", "6", "7", "8",
            "null",
        ]
    );
    assert_eq!(lockfile.packages.len(), 2);
}
