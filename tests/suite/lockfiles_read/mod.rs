//! What is read of lockfiles of pnpm and Yarn, on small texts.

mod pnpm;
mod problems;
mod yarn;

use tidegate::packages::lockfile::{Lockfile, LockfileKind, PackageIndex, Source, read};
use tidegate::syntax::Lines;

/// A package by its place: its name and version.
fn name(lockfile: &Lockfile, index: PackageIndex) -> String {
    let package = lockfile.package(index).expect("an index names a package");
    match &package.source {
        Source::Workspace(path) => format!("workspace {path:?}"),
        Source::Folder(path) => format!("folder {path:?}"),
        _ => format!("{}@{}", package.name, package.version),
    }
}

/// The whole of a lockfile, a line a fact.
fn facts(lockfile: &Lockfile) -> String {
    let lines = Lines::new(&lockfile.text);
    let line = |offset: u32| lines.position(offset).line;
    let to = |to: Option<PackageIndex>| to.map_or("nothing".into(), |to| name(lockfile, to));
    let mut out = format!("version {:?}\n", lockfile.version);
    for importer in &lockfile.importers {
        let name = importer.name.as_deref().unwrap_or_default();
        out.push_str(&format!(
            "{}: importer {:?} {name}\n",
            line(importer.at.start),
            importer.path
        ));
        for wanted in &importer.dependencies {
            let section = wanted
                .section
                .map_or("?".into(), |section| format!("{section:?}"));
            out.push_str(&format!(
                "  {}: {section} {} {} -> {}\n",
                line(wanted.at.start),
                wanted.name,
                wanted.specifier.as_deref().unwrap_or("-"),
                to(wanted.to)
            ));
        }
    }
    for package in &lockfile.packages {
        out.push_str(&format!(
            "{}: {}@{} {:?}",
            line(package.at.start),
            package.name,
            package.version,
            package.source
        ));
        let flags = [
            ("patched", package.is_patched),
            ("dev", package.marks.dev),
            ("optional", package.marks.optional),
            ("scripts", package.has_install_script == Some(true)),
            ("scripts?", package.has_install_script.is_none()),
        ];
        for (flag, is_set) in flags {
            if is_set {
                out.push_str(&format!(" {flag}"));
            }
        }
        for (word, value) in [
            ("resolved", package.resolved.as_ref().map(|(text, _)| text)),
            (
                "integrity",
                package.integrity.as_ref().map(|(text, _)| text),
            ),
            ("deprecated", package.deprecated.as_ref()),
            ("node", package.engines_node.as_ref()),
            ("published", package.published.as_ref()),
        ] {
            if let Some(value) = value {
                out.push_str(&format!(" {word}={value:?}"));
            }
        }
        out.push('\n');
        for edge in &package.dependencies {
            out.push_str(&format!(
                "  {:?} {} {:?} -> {}\n",
                edge.need,
                edge.name,
                edge.specifier,
                to(edge.to)
            ));
        }
    }
    for record in &lockfile.records {
        out.push_str(&format!(
            "{}: {:?} {}={}\n",
            line(record.at.start),
            record.what,
            record.key,
            record.value
        ));
    }
    for (descriptor, index) in &lockfile.descriptors {
        out.push_str(&format!("{descriptor} = {}\n", name(lockfile, *index)));
    }
    for problem in &lockfile.problems {
        out.push_str(&format!("{}: {:?}\n", line(problem.at.start), problem.what));
    }
    out
}

/// Reads a text, and compares what was read. Blanks before the text and before each expected line do not count.
fn assert_facts(kind: LockfileKind, text: &str, expected: &str) {
    let lockfile = read(kind, text.to_owned());
    let read = facts(&lockfile);
    let plain = |text: &str| {
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join("\n")
    };
    assert!(
        plain(&read) == plain(expected),
        "--- read\n{read}\n--- expected\n{expected}"
    );
}
