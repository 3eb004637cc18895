//! Addresses of what comes from no registry: git repositories, the archives that hosts of git make, other tarballs.

use super::Source;
use super::archive::Archive;

/// How names of archives end.
const ARCHIVES: [&str; 3] = [".tgz", ".tar.gz", ".tar"];

/// How addresses of git repositories on the web end.
const REPOSITORY: &str = ".git";

/// How addresses of git repositories begin.
const GIT: [&str; 5] = ["git+", "git://", "git@", "ssh://", "git:"];

/// True if a path, or an address without its fragment, names an archive.
pub(super) fn is_archive(path: &str) -> bool {
    ARCHIVES.iter().any(|end| path.ends_with(end))
}

/// True if an address asks for the web.
pub(super) fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

/// True if an address can only be that of a git repository.
pub(super) fn is_git(address: &str) -> bool {
    let path = address.split(['#', '?']).next().unwrap_or(address);
    GIT.iter().any(|start| address.starts_with(start))
        || is_web(address) && path.ends_with(REPOSITORY)
}

/// What lies at an address that is no registry's.
pub(super) fn source(address: &str) -> Source {
    if let Some((repository, commit)) = archive_of_git(address) {
        return Source::Git {
            repository: repository.into(),
            commit: Some(commit.into()),
        };
    }
    let (path, fragment) = match address.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (address, None),
    };
    let names_commit = !is_archive(path)
        && fragment.is_some_and(|fragment| is_commit(fragment) || fragment.contains("commit="));
    if is_git(address) || names_commit {
        return git(path, fragment);
    }
    if is_web(address) {
        return of_archive(address);
    }
    Source::Other(address.into())
}

/// What an archive at an address is: the public registry's are packages of it, whoever asks for them by their address.
pub(super) fn of_archive(address: &str) -> Source {
    match Archive::public(address) {
        Some(_) => Source::Registry(None),
        None => Source::Tarball(address.into()),
    }
}

/// A repository, with what stands behind the `#` of its address; Yarn writes `commit=` there.
pub(super) fn git(repository: &str, fragment: Option<&str>) -> Source {
    let commit = fragment.map(|fragment| {
        let mut parts = fragment.split('&');
        parts
            .find_map(|part| part.strip_prefix("commit="))
            .unwrap_or(fragment)
    });
    Source::Git {
        repository: repository.into(),
        commit: commit.map(Into::into),
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The repository and the commit of an archive that a host of git makes on demand.
fn archive_of_git(address: &str) -> Option<(String, &str)> {
    let (_, rest) = address.split_once("://").filter(|_| is_web(address))?;
    let (host, path) = rest.split_once('/')?;
    match host {
        "codeload.github.com" => {
            let mut parts = path.splitn(4, '/');
            let (owner, name, _) = (parts.next()?, parts.next()?, parts.next()?);
            let commit = parts.next()?;
            Some((format!("https://github.com/{owner}/{name}"), commit))
        }
        "gitlab.com" => {
            if let Some((path, commit)) = path.split_once("repository/archive.tar.gz?ref=") {
                let path = path.trim_end_matches('/');
                let path = path.strip_prefix("api/v4/projects/").unwrap_or(path);
                let path = path.replace("%2F", "/").replace("%2f", "/");
                return Some((format!("https://gitlab.com/{path}"), commit));
            }
            let (path, rest) = path.split_once("/-/archive/")?;
            let commit = rest.split('/').next()?;
            Some((format!("https://gitlab.com/{path}"), commit))
        }
        "bitbucket.org" => {
            let (path, file) = path.split_once("/get/")?;
            let commit = file.strip_suffix(".tar.gz")?;
            Some((format!("https://bitbucket.org/{path}"), commit))
        }
        _ => None,
    }
}
