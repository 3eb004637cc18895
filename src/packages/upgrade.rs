//! What a person types to move a dependency to another version.

use super::lockfile::{Lockfile, LockfileKind};
use super::specifier::Specifier;

/// The command that moves a package which workspaces ask for themselves within what its specifier takes. `workspaces` says
/// how many the lockfile serves: pnpm goes through them only if it is told to, and by none where there are none.
#[must_use]
pub fn refresh(lockfile: Option<&Lockfile>, name: &str, workspaces: usize) -> String {
    match lockfile.map(|lockfile| lockfile.kind) {
        // Yarn 1 writes no version of its notation.
        Some(LockfileKind::Yarn) if lockfile.is_some_and(|own| own.version.is_empty()) => {
            format!("yarn upgrade {name}")
        }
        Some(LockfileKind::Yarn) => format!("yarn up -R {name}"),
        Some(LockfileKind::Pnpm) if workspaces < 2 => format!("pnpm update {name}"),
        Some(LockfileKind::Pnpm) => format!("pnpm update -r {name}"),
        Some(LockfileKind::Bun | LockfileKind::BunBinary) => format!("bun update {name}"),
        Some(LockfileKind::Npm) | None => format!("npm update {name}"),
    }
}

/// The same in words for a package that other packages bring. Yarn 1 upgrades none of those, and resolves anew what has no
/// entry.
#[must_use]
pub fn refresh_below(lockfile: Option<&Lockfile>, name: &str, workspaces: usize) -> String {
    let is_classic =
        lockfile.is_some_and(|own| own.kind == LockfileKind::Yarn && own.version.is_empty());
    if is_classic {
        return format!("`yarn install` without the entry of `{name}` in yarn.lock");
    }
    format!("`{}`", refresh(lockfile, name, workspaces))
}

/// The command that has a workspace ask for a version of a package. `name` is what it is installed under, `real` its real
/// name, `folder` that of the workspace below the lockfile, empty for the root.
#[must_use]
pub fn take(
    lockfile: Option<&Lockfile>,
    (name, real): (&str, &str),
    version: &str,
    folder: &str,
) -> String {
    let wish = if name == real {
        format!("{name}@{version}")
    } else {
        format!("{name}@npm:{real}@{version}")
    };
    let (command, within) = match lockfile.map(|lockfile| lockfile.kind) {
        Some(LockfileKind::Yarn) => ("yarn", "--cwd"),
        Some(LockfileKind::Pnpm) => ("pnpm", "-C"),
        Some(LockfileKind::Bun | LockfileKind::BunBinary) => ("bun", "--cwd"),
        Some(LockfileKind::Npm) | None => ("npm", "-w"),
    };
    match (command, folder.is_empty()) {
        ("npm", true) => format!("npm install {wish}"),
        ("npm", false) => format!("npm install {wish} -w {folder}"),
        ("bun", true) => format!("bun add {wish}"),
        ("bun", false) => format!("bun add {wish} --cwd {folder}"),
        (_, true) => format!("{command} add {wish}"),
        (_, false) => format!("{command} {within} {folder} add {wish}"),
    }
}

/// A specifier that asks for a version in the manner of another one: `^2.0.0` for `^1.4.0`, `2.0.0` for `1.4.0`,
/// `npm:real@~2.0.0` for `npm:real@~1`. None where the other one is no range: a tag, a repository, a folder.
#[must_use]
pub fn respelled(specifier: &str, version: &str) -> Option<String> {
    let text = specifier.trim();
    // Yarn writes the protocol of the registry before a range as well.
    let (protocol, range) = match text.strip_prefix("npm:") {
        Some(range) => ("npm:", range.trim_start()),
        None => ("", text),
    };
    match Specifier::parse(text) {
        Specifier::Exact(_) => Some(format!("{protocol}{version}")),
        Specifier::Range(_) => {
            let lead = if range.starts_with('~') { '~' } else { '^' };
            Some(format!("{protocol}{lead}{version}"))
        }
        Specifier::Alias { name, .. } => {
            let rest = text.strip_prefix("npm:")?.strip_prefix(name)?;
            let range = respelled(rest.strip_prefix('@')?, version)?;
            Some(format!("npm:{name}@{range}"))
        }
        _ => None,
    }
}

/// The real name and the range of what is asked for under a name, without the alias or the protocol around them.
#[must_use]
pub fn target<'a>(name: &'a str, specifier: &'a str) -> (&'a str, &'a str) {
    let text = specifier.trim();
    let Some(range) = text.strip_prefix("npm:") else {
        return (name, text);
    };
    match Specifier::parse(text) {
        Specifier::Alias { name, .. } => {
            let range = range.strip_prefix(name);
            let range = range.and_then(|range| range.strip_prefix('@'));
            (name, range.unwrap_or("*"))
        }
        _ => (name, range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manner_of_a_specifier_stays() {
        for (specifier, expected) in [
            ("^1.4.0", Some("^2.0.0")),
            ("~1.4", Some("~2.0.0")),
            ("1.4.0", Some("2.0.0")),
            (">=1 <2", Some("^2.0.0")),
            ("npm:real@~1", Some("npm:real@~2.0.0")),
            ("npm:@acme/real@1.0.0", Some("npm:@acme/real@2.0.0")),
            ("npm:~1.4.0", Some("npm:~2.0.0")),
            ("npm:real", None),
            ("latest", None),
            ("*", None),
            ("workspace:^", None),
            ("github:a/b", None),
        ] {
            assert_eq!(
                respelled(specifier, "2.0.0").as_deref(),
                expected,
                "{specifier}"
            );
        }
    }

    #[test]
    fn behind_an_alias_or_a_protocol_stands_the_range() {
        for (specifier, expected) in [
            ("^1.4.0", ("x", "^1.4.0")),
            ("npm:^1.4.0", ("x", "^1.4.0")),
            ("npm:real@~1", ("real", "~1")),
            ("npm:@acme/real@1.0.0", ("@acme/real", "1.0.0")),
            ("npm:real", ("real", "*")),
        ] {
            assert_eq!(target("x", specifier), expected, "{specifier}");
        }
    }
}
