//! Where a package comes from, by the address that a lockfile writes.

use super::{Source, hosted};

/// How addresses of git repositories begin.
const GIT: [&str; 9] = [
    "git+",
    "git://",
    "git@",
    "ssh://",
    "github:",
    "gitlab:",
    "bitbucket:",
    "gist:",
    "git:",
];

/// How names of archives end.
const ARCHIVES: [&str; 3] = [".tgz", ".tar.gz", ".tar"];

/// The host that npm takes for "the configured registry", whatever that is (`replace-registry-host`).
const DEFAULT_HOST: &str = "registry.npmjs.org";

/// What an address or a specifier names; none where it is no address, such as a version.
pub(super) fn of(written: &str) -> Option<Source> {
    if GIT.iter().any(|start| written.starts_with(start)) {
        return Some(git(written));
    }
    if let Some(path) = written.strip_prefix("file:") {
        return Some(local(path));
    }
    for start in ["link:", "portal:"] {
        if let Some(path) = written.strip_prefix(start) {
            return Some(Source::Folder(relative(path).into()));
        }
    }
    if is_web(written) {
        let address = written.split('#').next().unwrap_or(written);
        return Some(match address.strip_suffix(".git") {
            Some(_) => git(written),
            None => hosted::of_archive(written),
        });
    }
    if is_archive(written) {
        return Some(Source::File(relative(written).into()));
    }
    if written.starts_with(['.', '/']) {
        return Some(Source::Folder(relative(written).into()));
    }
    // `user/repository`: no version, and no name of a tag, holds a slash.
    written.contains('/').then(|| git(written))
}

/// `name@rest` in its two parts; a scope begins with an `@` of its own.
pub(super) fn name_and_rest(written: &str) -> (&str, &str) {
    let after = written.strip_prefix('@').unwrap_or(written);
    after.split_once('@').map_or((written, ""), |(name, rest)| {
        let length = written.len() - after.len() + name.len();
        (written.get(..length).unwrap_or(name), rest)
    })
}

/// Where a package comes from whose archive lies at an address: a registry's where it looks like one.
pub(super) fn of_archive(address: &str) -> Source {
    registry(address)
        .or_else(|| of(address))
        .unwrap_or_else(|| Source::Other(address.into()))
}

fn git(written: &str) -> Source {
    let (repository, commit) = match written.split_once('#') {
        Some((repository, commit)) => (repository, Some(commit.into())),
        None => (written, None),
    };
    Source::Git {
        repository: repository.into(),
        commit,
    }
}

fn local(path: &str) -> Source {
    if is_archive(path) {
        Source::File(relative(path).into())
    } else {
        Source::Folder(relative(path).into())
    }
}

/// A path without what does not change its meaning.
pub(super) fn relative(path: &str) -> &str {
    let path = path.strip_prefix("./").unwrap_or(path);
    if path == "." {
        return "";
    }
    path.strip_suffix('/').unwrap_or(path)
}

fn is_web(written: &str) -> bool {
    written.starts_with("https://") || written.starts_with("http://")
}

fn is_archive(path: &str) -> bool {
    ARCHIVES.iter().any(|end| path.ends_with(end))
}

/// The registry of an archive's address, without its own where it is the default; none where it looks like none.
///
/// Registries serve `<registry>/<name>/-/<name without scope>-<version>.tgz`; GitHub's has a notation of its own.
fn registry(address: &str) -> Option<Source> {
    let (_, rest) = address.split_once("://").filter(|_| is_web(address))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let root = address.get(..address.len() - rest.len() + host.len())?;
    if host == "npm.pkg.github.com" && rest.starts_with("npm.pkg.github.com/download/") {
        return Some(Source::Registry(Some(root.into())));
    }
    let path = address.split(['?', '#']).next()?;
    let (before, file) = path.rsplit_once("/-/")?;
    let (around, unscoped) = before.rsplit_once('/')?;
    // The scope is a folder of its own, or is joined to the name by an escaped slash.
    let (base, unscoped) = match around.rsplit_once('/') {
        Some((base, scope)) if scope.starts_with('@') => (base, unscoped),
        _ if unscoped.starts_with('@') => {
            let slash = unscoped.find("%2f").or_else(|| unscoped.find("%2F"))?;
            (around, unscoped.get(slash + "%2f".len()..)?)
        }
        _ => (around, unscoped),
    };
    let file = match file.split_once('/') {
        Some((scope, file)) if scope.starts_with('@') => file,
        _ => file,
    };
    let version = file.strip_prefix(unscoped)?.strip_prefix('-')?;
    let version = version.strip_suffix(".tgz")?;
    if base.len() < root.len() || version.contains('/') {
        return None;
    }
    let named = (host != DEFAULT_HOST).then(|| base.into());
    Some(Source::Registry(named))
}
