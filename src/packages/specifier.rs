//! What the value of a dependency in `package.json` asks for.
//!
//! The kinds are told apart before anything is read as a version: `user/repo` and `latest` are no broken ranges. npm's
//! own order of questions is kept (`npm-package-arg`), with the protocols of Yarn, pnpm and Bun added.

use super::range::Range;
use super::version::Version;

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Specifier<'a> {
    /// Any version: nothing is written, or `*`, or `x`.
    Any,
    /// One version.
    Exact(Version),
    /// A range of versions.
    Range(Range),
    /// The version that a tag of the registry names today, such as `latest`.
    Tag(&'a str),
    /// Another package under this name: `npm:real@^1`.
    Alias {
        /// The real name.
        name: &'a str,
        /// What is asked of it.
        specifier: Box<Specifier<'a>>,
    },
    /// A workspace: `workspace:^`.
    Workspace {
        /// The real name of the workspace, where it differs.
        name: Option<&'a str>,
        /// `*`, `^`, `~`, a range or a path.
        wanted: &'a str,
    },
    /// What a catalogue says; empty for the default one.
    Catalog(&'a str),
    /// A folder: `file:`, `link:`, `portal:`, or a path.
    Folder(&'a str),
    /// A tarball of the repository.
    File(&'a str),
    /// A patched package: `patch:real@…#file`.
    Patch(&'a str),
    /// A package of JSR: `jsr:^1`, `jsr:@scope/name@^1`.
    Jsr {
        /// The real name, where it differs.
        name: Option<&'a str>,
        /// What is asked of it.
        wanted: &'a str,
    },
    /// A git repository.
    Git {
        /// Where, as written, without what stands behind the `#`.
        repository: &'a str,
        /// What of it.
        reference: GitReference<'a>,
    },
    /// A tarball at an address.
    Tarball(&'a str),
    /// Something that no package manager is known to read.
    Unknown(&'a str),
}

/// Which commit of a repository is meant.
#[derive(Clone, Debug)]
pub enum GitReference<'a> {
    /// The tip of the default branch.
    Default,
    /// A commit by its whole id: the only reference that cannot move.
    Commit(&'a str),
    /// The newest tag in a range: `#semver:^1`.
    Semver(&'a str),
    /// A branch, a tag or a part of an id.
    Named(&'a str),
}

/// Hosts that have a shortcut, by prefix.
const HOSTED: [&str; 5] = ["github:", "gitlab:", "bitbucket:", "gist:", "sourcehut:"];

/// Hosts whose web addresses of two parts are repositories.
const HOSTS: [&str; 4] = [
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "gist.github.com",
];

impl<'a> Specifier<'a> {
    /// Reads a specifier. Everything is one: what cannot be understood is [`Specifier::Unknown`].
    #[must_use]
    pub fn parse(written: &'a str) -> Self {
        let text = written.trim();
        match text.split_once(':') {
            Some((protocol, rest)) => of_protocol(text, protocol, rest),
            None => without_protocol(text),
        }
    }

    /// True if what is asked for lies in the repository itself, so that no registry is asked.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(
            self,
            Self::Workspace { .. } | Self::Folder(_) | Self::File(_)
        )
    }

    /// True if the registry is asked, whatever the name.
    #[must_use]
    pub fn is_of_registry(&self) -> bool {
        match self {
            Self::Any | Self::Exact(_) | Self::Range(_) | Self::Tag(_) => true,
            Self::Alias { specifier, .. } => specifier.is_of_registry(),
            _ => false,
        }
    }

    /// What is asked for under a name: that name and this, or what an alias stands for.
    #[must_use]
    pub fn unaliased(self, name: &'a str) -> (&'a str, Self) {
        match self {
            Self::Alias { name, specifier } => (name, *specifier),
            own => (name, own),
        }
    }

    /// True if a package of a version may be what is asked for; one whose version is not known may be.
    #[must_use]
    pub fn may_be(&self, version: Option<&Version>) -> bool {
        match (self, version) {
            (Self::Range(range), Some(version)) => range.satisfies(version),
            (Self::Exact(asked), Some(version)) => asked == version,
            _ => true,
        }
    }

    /// True if it comes neither from the registry nor from the repository: git, or an address.
    #[must_use]
    pub fn is_exotic(&self) -> bool {
        matches!(self, Self::Git { .. } | Self::Tarball(_))
    }
}

fn of_protocol<'a>(text: &'a str, protocol: &str, rest: &'a str) -> Specifier<'a> {
    match protocol {
        "npm" => alias(rest),
        "workspace" => {
            let (name, wanted) = name_and_rest(rest);
            Specifier::Workspace { name, wanted }
        }
        "catalog" => Specifier::Catalog(rest.trim()),
        "link" | "portal" => Specifier::Folder(rest),
        "file" => path(rest),
        "patch" => Specifier::Patch(rest),
        "jsr" => {
            let (name, wanted) = match name_and_rest(rest) {
                (None, wanted) if wanted.starts_with('@') => (Some(wanted), ""),
                both => both,
            };
            Specifier::Jsr { name, wanted }
        }
        "http" | "https" => web(text, rest),
        "ssh" | "git" => git(text),
        _ if protocol.starts_with("git+") => git(text),
        _ if HOSTED.iter().any(|host| text.starts_with(host)) => git(text),
        // `git@github.com:user/repo.git`, as scp writes it; and `C:\folder`.
        _ if protocol.contains('@') && !protocol.contains('/') => git(text),
        _ if protocol.len() == 1 && rest.starts_with(['\\', '/']) => path(text),
        _ if text.starts_with(['.', '/', '~']) => path(text),
        // A range, or `user/repo#semver:^1`, may hold a colon as well.
        _ => without_protocol(text),
    }
}

fn without_protocol(text: &str) -> Specifier<'_> {
    if text.is_empty() || ["*", "x", "X"].contains(&text) {
        return Specifier::Any;
    }
    let is_path = text.starts_with("./")
        || text.starts_with("../")
        || text.starts_with('/')
        || text.starts_with("~/")
        || [".", ".."].contains(&text);
    if is_path {
        return path(text);
    }
    if let Some(version) = Version::parse(text.trim_start_matches('=').trim_start()) {
        return Specifier::Exact(version);
    }
    if let Some(range) = Range::parse(text) {
        return Specifier::Range(range);
    }
    if is_repository(text) {
        return git(text);
    }
    if is_archive(text) {
        return Specifier::File(text);
    }
    let is_tag = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "-_.!~*'()".contains(letter));
    // What begins like a version, and is none, is a mistake rather than a tag.
    if is_tag && !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        Specifier::Tag(text)
    } else {
        Specifier::Unknown(text)
    }
}

fn alias(rest: &str) -> Specifier<'_> {
    match name_and_rest(rest) {
        (Some(name), wanted) => Specifier::Alias {
            name,
            specifier: Box::new(without_protocol(wanted.trim())),
        },
        // `npm:^1` of Yarn is the package itself; `npm:real` asks for any version of another one.
        (None, wanted) => match without_protocol(wanted.trim()) {
            Specifier::Tag(name) | Specifier::Unknown(name) => Specifier::Alias {
                name,
                specifier: Box::new(Specifier::Any),
            },
            Specifier::Git { repository, .. } if repository.starts_with('@') => Specifier::Alias {
                name: repository,
                specifier: Box::new(Specifier::Any),
            },
            own => own,
        },
    }
}

/// `name@rest`; none where no name stands before an `@`.
fn name_and_rest(text: &str) -> (Option<&str>, &str) {
    let from = usize::from(text.starts_with('@'));
    let at = text.get(from..).and_then(|rest| rest.find('@'));
    let parts = at.and_then(|at| Some((text.get(..at + from)?, text.get(at + from + 1..)?)));
    match parts {
        Some((name, rest)) if !name.is_empty() => (Some(name), rest),
        _ => (None, text),
    }
}

fn path(text: &str) -> Specifier<'_> {
    if is_archive(text) {
        Specifier::File(text)
    } else {
        Specifier::Folder(text)
    }
}

fn is_archive(text: &str) -> bool {
    [".tgz", ".tar.gz", ".tar"]
        .iter()
        .any(|end| text.ends_with(end))
}

/// `user/repo`, with anything behind a `#`.
fn is_repository(text: &str) -> bool {
    let path = text.split('#').next().unwrap_or(text);
    let mut parts = path.split('/');
    let is_name = |part: Option<&str>| {
        part.is_some_and(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || "-_.@".contains(letter))
        })
    };
    is_name(parts.next()) && is_name(parts.next()) && parts.next().is_none()
}

fn web<'a>(text: &'a str, rest: &'a str) -> Specifier<'a> {
    let address = text.split('#').next().unwrap_or(text);
    let below = rest.trim_start_matches('/').split('#').next().unwrap_or("");
    let (host, path) = below.split_once('/').unwrap_or((below, ""));
    let host = host.rsplit('@').next().unwrap_or(host);
    let parts = path.trim_end_matches('/').split('/').count();
    let is_hosted = HOSTS.contains(&host.strip_prefix("www.").unwrap_or(host)) && parts == 2;
    if address.strip_suffix(".git").is_some() || is_hosted && !is_archive(address) {
        git(text)
    } else {
        Specifier::Tarball(text)
    }
}

fn git(text: &str) -> Specifier<'_> {
    let (repository, reference) = text.split_once('#').unwrap_or((text, ""));
    // Yarn and pnpm say what they mean, and may add more behind an `&`.
    let reference = reference.split('&').next().unwrap_or(reference);
    let value = |name: &str| reference.strip_prefix(name);
    let named = value("commit=")
        .or_else(|| value("head="))
        .or_else(|| value("tag="))
        .or_else(|| value("branch="))
        .unwrap_or(reference);
    let semver = value("semver:").or_else(|| value("semver="));
    let reference = if let Some(range) = semver {
        GitReference::Semver(range)
    } else if named.is_empty() || value("path:").is_some() || value("workspace=").is_some() {
        GitReference::Default
    } else if is_commit(named) {
        GitReference::Commit(named)
    } else {
        GitReference::Named(named)
    };
    Specifier::Git {
        repository,
        reference,
    }
}

/// True for the whole id of a commit.
#[must_use]
pub fn is_commit(text: &str) -> bool {
    [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(written: &str) -> String {
        fn of(specifier: &Specifier<'_>) -> String {
            let name = |name: Option<&str>| name.map(|name| format!("{name} ")).unwrap_or_default();
            match specifier {
                Specifier::Any => "any".to_owned(),
                Specifier::Exact(version) => format!("exact {version}"),
                Specifier::Range(_) => "range".to_owned(),
                Specifier::Tag(tag) => format!("tag {tag}"),
                Specifier::Alias { name, specifier } => format!("alias {name}: {}", of(specifier)),
                Specifier::Workspace { name: own, wanted } => {
                    format!("workspace {}{wanted}", name(*own))
                }
                Specifier::Catalog(catalog) => format!("catalog {catalog}"),
                Specifier::Folder(path) => format!("folder {path}"),
                Specifier::File(path) => format!("file {path}"),
                Specifier::Patch(inner) => format!("patch {inner}"),
                Specifier::Jsr { name: own, wanted } => format!("jsr {}{wanted}", name(*own)),
                Specifier::Git {
                    repository,
                    reference,
                } => match reference {
                    GitReference::Default => format!("git {repository} moving"),
                    GitReference::Commit(_) => format!("git {repository} fixed"),
                    GitReference::Semver(range) => format!("git {repository} in {range}"),
                    GitReference::Named(name) => format!("git {repository} at {name}"),
                },
                Specifier::Tarball(address) => format!("tarball {address}"),
                Specifier::Unknown(text) => format!("unknown {text}"),
            }
        }
        of(&Specifier::parse(written))
    }

    #[test]
    fn each_form_is_what_npm_takes_it_for() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let fixed = format!("user/repo#{commit}");
        let archive = format!("https://codeload.github.com/u/r/tar.gz/{commit}");
        let tarball = format!("tarball {archive}");
        for (written, expected) in [
            ("", "any"),
            (" * ", "any"),
            ("x", "any"),
            ("1.2.3", "exact 1.2.3"),
            ("=1.2.3", "exact 1.2.3"),
            ("v1.2.3-rc.1", "exact 1.2.3-rc.1"),
            ("^1.2.3", "range"),
            ("1", "range"),
            (">=1 <3 || 5.x", "range"),
            ("1.2 - 2", "range"),
            ("latest", "tag latest"),
            ("next-13", "tag next-13"),
            ("1.2.3.4", "unknown 1.2.3.4"),
            ("npm:real@^1", "alias real: range"),
            ("npm:@s/real@1.0.0", "alias @s/real: exact 1.0.0"),
            ("npm:@s/real", "alias @s/real: any"),
            ("npm:real", "alias real: any"),
            ("npm:^1.0.0", "range"),
            ("workspace:*", "workspace *"),
            ("workspace:^1.0.0", "workspace ^1.0.0"),
            ("workspace:../ui", "workspace ../ui"),
            ("workspace:other@*", "workspace other *"),
            ("workspace:@s/other@^", "workspace @s/other ^"),
            ("catalog:", "catalog "),
            ("catalog:react18", "catalog react18"),
            ("link:../a", "folder ../a"),
            ("portal:../a", "folder ../a"),
            ("file:../a", "folder ../a"),
            ("file:a.tgz", "file a.tgz"),
            ("../a", "folder ../a"),
            ("./a.tar.gz", "file ./a.tar.gz"),
            ("~/a", "folder ~/a"),
            ("patch:a@npm:1.0.0#./a.patch", "patch a@npm:1.0.0#./a.patch"),
            ("jsr:^1", "jsr ^1"),
            ("jsr:@s/a@^1", "jsr @s/a ^1"),
            ("jsr:@s/a", "jsr @s/a "),
            ("user/repo", "git user/repo moving"),
            ("user/repo#main", "git user/repo at main"),
            ("user/repo#semver:^1", "git user/repo in ^1"),
            (&fixed, "git user/repo fixed"),
            ("user/repo#0123456", "git user/repo at 0123456"),
            ("github:user/repo", "git github:user/repo moving"),
            ("gist:abc", "git gist:abc moving"),
            (
                "git@github.com:u/r.git#v1",
                "git git@github.com:u/r.git at v1",
            ),
            ("git+ssh://git@h/r.git", "git git+ssh://git@h/r.git moving"),
            ("git://h/r", "git git://h/r moving"),
            (
                "https://github.com/u/r",
                "git https://github.com/u/r moving",
            ),
            ("https://h/r.git", "git https://h/r.git moving"),
            ("https://h/r.git#commit=abc", "git https://h/r.git at abc"),
            ("https://h/a.tgz", "tarball https://h/a.tgz"),
            (&archive, &tarball),
            ("a b c", "unknown a b c"),
        ] {
            assert_eq!(told(written), expected, "{written:?}");
        }
    }

    #[test]
    fn nothing_local_is_asked_of_a_registry() {
        for (written, of_registry, is_local, is_exotic) in [
            ("^1", true, false, false),
            ("npm:a@1", true, false, false),
            ("workspace:*", false, true, false),
            ("file:a", false, true, false),
            ("u/r", false, false, true),
            ("http://h/a.tgz", false, false, true),
            ("catalog:", false, false, false),
        ] {
            let specifier = Specifier::parse(written);
            assert_eq!(specifier.is_of_registry(), of_registry, "{written}");
            assert_eq!(specifier.is_local(), is_local, "{written}");
            assert_eq!(specifier.is_exotic(), is_exotic, "{written}");
        }
    }
}
