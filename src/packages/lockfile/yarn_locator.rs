//! The locators of Yarn 2 and later: `name@protocol:what`, with what they lock behind it.
//!
//! Source: Yarn's own documentation of its protocols (BSD-2-Clause), as facts.

use super::{Source, hosted};
use crate::packages::percent::decode;

/// How deep patches of patches are looked through.
const DEPTH: usize = 8;

/// What a locator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located {
    /// The real name.
    pub(super) name: String,
    /// The version, where the locator has one.
    pub(super) version: Option<String>,
    pub(super) source: Source,
    /// True if a patch of the repository is applied; those that Yarn brings along do not count.
    pub(super) is_patched: bool,
    /// The address of the archive, where it is not the registry's usual one.
    pub(super) archive: Option<String>,
}

/// `name@rest` in its two parts; a scope begins with an `@` of its own.
pub(super) fn split(written: &str) -> Option<(&str, &str)> {
    let scope = usize::from(written.starts_with('@'));
    let length = scope + written.get(scope..)?.find('@')?;
    let name = written.get(..length)?;
    (length > scope).then_some((name, written.get(length + 1..)?))
}

/// What a locator says; none where it is none.
pub(super) fn locate(locator: &str) -> Option<Located> {
    locate_within(locator, DEPTH)
}

fn locate_within(locator: &str, depth: usize) -> Option<Located> {
    let depth = depth.checked_sub(1)?;
    let (name, reference) = split(locator)?;
    let (reference, parameters) = match reference.split_once("::") {
        Some((reference, parameters)) => (reference, parameters),
        None => (reference, ""),
    };
    if let Some(rest) = reference.strip_prefix("virtual:") {
        let (_, inner) = rest.split_once('#')?;
        return locate_within(&format!("{name}@{inner}"), depth);
    }
    if let Some(rest) = reference.strip_prefix("patch:") {
        let (inner, patches) = rest.split_once('#').unwrap_or((rest, ""));
        let mut located = locate_within(&decode(inner), depth)?;
        located.is_patched |= !are_builtin(patches);
        return Some(located);
    }
    let mut located = Located {
        name: name.to_owned(),
        version: None,
        source: Source::Registry(None),
        is_patched: false,
        archive: None,
    };
    if let Some(version) = reference.strip_prefix("npm:") {
        let (name, version) = split(version).unwrap_or((name, version));
        name.clone_into(&mut located.name);
        located.version = Some(version.to_owned());
        located.archive = parameters
            .split('&')
            .find_map(|parameter| parameter.strip_prefix("__archiveUrl="))
            .map(decode);
        return Some(located);
    }
    located.source = source(reference);
    Some(located)
}

/// Where a reference leads that is no registry's.
fn source(reference: &str) -> Source {
    if let Some(path) = reference.strip_prefix("workspace:") {
        return Source::Workspace(relative(path).into());
    }
    for protocol in ["portal:", "link:"] {
        if let Some(path) = reference.strip_prefix(protocol) {
            return Source::Folder(relative(path).into());
        }
    }
    if let Some(path) = reference.strip_prefix("file:") {
        return file(path);
    }
    hosted::source(reference)
}

/// A tarball or a folder. The path may be repeated behind a `#`.
pub(super) fn file(path: &str) -> Source {
    let path = path.split('#').next().unwrap_or(path);
    if hosted::is_archive(path) {
        Source::File(relative(path).into())
    } else {
        Source::Folder(relative(path).into())
    }
}

/// A path without what does not change its meaning.
fn relative(path: &str) -> &str {
    let path = path.strip_prefix("./").unwrap_or(path);
    if path == "." { "" } else { path }
}

/// What a descriptor takes the place of, by itself: the inner descriptor of a patch that Yarn brings along.
pub(super) fn replaced(specifier: &str) -> Option<String> {
    let rest = specifier.strip_prefix("patch:")?;
    let (inner, patches) = rest.split_once('#')?;
    let patches = patches.split("::").next().unwrap_or(patches);
    are_builtin(patches).then(|| decode(inner))
}

/// True if all patches are those that Yarn brings along.
fn are_builtin(patches: &str) -> bool {
    !patches.is_empty()
        && patches.split('&').all(|patch| {
            let patch = patch.trim_start_matches('~');
            let patch = patch.strip_prefix("optional!").unwrap_or(patch);
            patch.trim_start_matches('~').starts_with("builtin<")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(name: &str, version: &str, is_patched: bool) -> Located {
        Located {
            name: name.into(),
            version: Some(version.into()),
            source: Source::Registry(None),
            is_patched,
            archive: None,
        }
    }

    #[test]
    fn locators_of_registries() {
        for (written, name, version, is_patched) in [
            ("a@npm:1.2.3", "a", "1.2.3", false),
            ("@s/a@npm:1.2.3", "@s/a", "1.2.3", false),
            ("b@npm:@s/a@1.2.3", "@s/a", "1.2.3", false),
            ("a@virtual:0f0f#npm:1.2.3", "a", "1.2.3", false),
            (
                "t@patch:t@npm%3A4.4.4#~builtin<compat/t>::version=4.4.4&hash=bb",
                "t",
                "4.4.4",
                false,
            ),
            (
                "t@patch:t@npm%3A4.4.4#optional!builtin<compat/t>",
                "t",
                "4.4.4",
                false,
            ),
            (
                "t@patch:t@npm%3A4.4.4#./p.patch::locator=w%40workspace%3A.",
                "t",
                "4.4.4",
                true,
            ),
            (
                "t@patch:t@patch%3At@npm%253A4.4.4%23builtin<x>#./p.patch",
                "t",
                "4.4.4",
                true,
            ),
        ] {
            assert_eq!(
                locate(written),
                Some(registry(name, version, is_patched)),
                "{written}"
            );
        }
        let located = locate("a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fh.com%2Fa.tgz").unwrap();
        assert_eq!(located.archive.as_deref(), Some("https://h.com/a.tgz"));
        for none in ["", "a", "@s/a", "@", "a@patch:b#x"] {
            assert_eq!(locate(none), None, "{none}");
        }
        assert_eq!(decode("100%+1%zz%é%C3%A9"), "100%+1%zz%éé");
    }

    #[test]
    fn locators_of_other_places() {
        let git = |repository: &str| Source::Git {
            repository: repository.into(),
            commit: Some("0f".into()),
        };
        for (reference, source) in [
            (
                "workspace:packages/a",
                Source::Workspace("packages/a".into()),
            ),
            ("workspace:.", Source::Workspace("".into())),
            ("portal:../x::locator=w", Source::Folder("../x".into())),
            ("link:./x::locator=w", Source::Folder("x".into())),
            ("file:./x.tgz#./x.tgz::hash=1", Source::File("x.tgz".into())),
            ("file:../x#../x::hash=1", Source::Folder("../x".into())),
            ("https://h.com/a.git#commit=0f", git("https://h.com/a.git")),
            (
                "git@github.com:u/r.git#commit=0f",
                git("git@github.com:u/r.git"),
            ),
            (
                "https://h.com/a#workspace=b&commit=0f",
                git("https://h.com/a"),
            ),
            (
                "https://h.com/a.tgz",
                Source::Tarball("https://h.com/a.tgz".into()),
            ),
            ("exec:./x.js", Source::Other("exec:./x.js".into())),
        ] {
            let located = locate(&format!("a@{reference}")).unwrap();
            assert_eq!(located.source, source, "{reference}");
            assert_eq!(located.version, None);
        }
    }
}
