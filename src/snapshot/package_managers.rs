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

/// Which lockfiles of a folder count, and which are set aside. npm reads a shrinkwrap first, and whoever takes that out
/// again, or installs by something else, gets what stands beside it; of several package managers that counts which
/// `packageManager` names, or all, where it names none of them. Of Bun's the one that can be read takes the place of the
/// other.
pub(super) fn chosen<'a>(
    files: &[&'a SourceFile],
    root: Option<&SourceFile>,
) -> (Vec<&'a SourceFile>, Vec<&'a SourceFile>) {
    let is = |file: &SourceFile, name: &str| file.path.rsplit('/').next() == Some(name);
    let has = |name: &str| files.iter().any(|file| is(file, name));
    let (shrinkwrapped, has_text) = (has("npm-shrinkwrap.json"), has("bun.lock"));
    let read = files.iter().copied();
    let read = read.filter(|file| !(has_text && is(file, "bun.lockb")));
    let read: Vec<&SourceFile> = read.collect();
    let named = root.and_then(named_manager).map(|(kind, _)| kind);
    let has_named = read.iter().any(|file| kind(file) == named);
    read.into_iter().partition(|file| {
        let is_second = shrinkwrapped && is(file, "package-lock.json");
        !is_second && (!has_named || kind(file) == named)
    })
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
