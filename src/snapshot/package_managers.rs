//! Who installs what is in a folder: by its lockfiles, and by `packageManager`.

use crate::packages::PackageJson;
use crate::packages::lockfile::LockfileKind;

use super::SourceFile;
use super::file_kind::FileKind;

/// Whose lockfile a file is.
pub(super) fn kind(file: &SourceFile) -> Option<LockfileKind> {
    match file.kind() {
        FileKind::Lockfile(kind) => Some(kind),
        _ => None,
    }
}

/// Which lockfiles of a folder count, and which are set aside. npm reads a shrinkwrap first, Bun its text; of several
/// package managers that counts which `packageManager` names, or all, where it names none of them.
pub(super) fn chosen<'a>(
    files: &[&'a SourceFile],
    root: Option<&SourceFile>,
) -> (Vec<&'a SourceFile>, Vec<&'a SourceFile>) {
    let has = |name: &str| files.iter().any(|file| file.path.ends_with(name));
    let (shrinkwrapped, has_text) = (has("npm-shrinkwrap.json"), has("bun.lock"));
    let read: Vec<&SourceFile> = files
        .iter()
        .copied()
        .filter(|file| {
            !(shrinkwrapped && file.path.ends_with("package-lock.json")
                || has_text && file.path.ends_with("bun.lockb"))
        })
        .collect();
    let named = root.and_then(named_manager).map(|(kind, _)| kind);
    let (used, set_aside): (Vec<&SourceFile>, Vec<&SourceFile>) =
        read.iter().partition(|file| kind(file) == named);
    if used.is_empty() {
        return (read, Vec::new());
    }
    (used, set_aside)
}

/// The package manager that `packageManager` names, by its lockfiles, and the major version.
pub(super) fn named_manager(root: &SourceFile) -> Option<(LockfileKind, Option<u64>)> {
    let package = PackageJson::of(root.tree()?)?;
    let text = package.package_manager()?.as_str()?;
    let (name, version) = text.split_once('@').unwrap_or((text, ""));
    let kind = match name {
        "npm" => LockfileKind::Npm,
        "yarn" => LockfileKind::Yarn,
        "pnpm" => LockfileKind::Pnpm,
        "bun" => LockfileKind::Bun,
        _ => return None,
    };
    Some((kind, version.split('.').next()?.parse().ok()))
}
