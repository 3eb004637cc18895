//! The keys under which pnpm writes packages, and the references by which dependencies name them.
//!
//! Source: `@pnpm/dependency-path` of the versions that wrote each notation (MIT), as facts.

/// The notation of a lockfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// 5.x: `/name/1.2.3_peers`.
    Five,
    /// 6.x: `/name@1.2.3(peer@1.0.0)`.
    Six,
    /// 9.x: `name@1.2.3`, and edges apart in `snapshots`.
    Nine,
}

/// What a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// The host, where it is not that of the configured registry.
    pub(super) registry: Option<&'a str>,
    /// The name; none where the key is an address.
    pub(super) name: Option<&'a str>,
    /// A version, or an address.
    pub(super) version: &'a str,
    /// True if the suffix names a patch.
    pub(super) is_patched: bool,
}

impl Key<'_> {
    /// True if the key names a version of a package, as those from registries do.
    pub(super) fn is_of_registry(&self) -> bool {
        self.name.is_some() && is_version(self.version)
    }
}

/// True if a text can be a version. Addresses hold a colon or a slash; versions begin with a digit.
pub(super) fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit()) && !text.contains(['/', ':', '@'])
}

/// A key, or a reference, with its suffix of peers and patches: balanced parentheses at the end.
pub(super) fn split_suffix(key: &str) -> (&str, &str) {
    if !key.ends_with(')') {
        return (key, "");
    }
    let mut open = 0_usize;
    let mut start = key.len();
    for (at, byte) in key.bytes().enumerate().rev() {
        match byte {
            b')' => open += 1,
            _ if open == 0 => break,
            b'(' => {
                open -= 1;
                start = at;
            }
            _ => {}
        }
    }
    if open > 0 {
        return (key, "");
    }
    key.split_at_checked(start).unwrap_or((key, ""))
}

/// Takes a key apart.
pub(super) fn parse(key: &str, notation: Notation) -> Key<'_> {
    let (bare, suffix) = match notation {
        Notation::Five => (key, ""),
        Notation::Six | Notation::Nine => split_suffix(key),
    };
    let is_patched = suffix.contains("(patch_hash=");
    let address = Key {
        registry: None,
        name: None,
        version: bare,
        is_patched,
    };
    let (registry, path) = match notation {
        Notation::Five | Notation::Six => match bare.strip_prefix('/') {
            Some(path) => (None, path),
            None => match bare.split_once('/') {
                // `file:…`, `link:…` and addresses have a colon in what would be the host.
                Some((host, path)) if !host.contains([':', '@']) => (Some(host), path),
                _ => return address,
            },
        },
        Notation::Nine => {
            let before = bare.split('@').next().unwrap_or_default();
            match bare.split_once('/') {
                Some((host, path)) if host.len() < before.len() => (Some(host), path),
                _ => (None, bare),
            }
        }
    };
    let parted = if notation == Notation::Five {
        name_and_version(path, '/').map(|(name, rest)| {
            let version = rest.split('_').next().unwrap_or(rest);
            (name, version)
        })
    } else {
        name_and_version(path, '@')
    };
    match parted {
        // Beside a host only a version shows that it is a registry's, and not `github.com/user/repository/…`.
        Some((name, version)) if registry.is_none() || is_version(version) => Key {
            registry,
            name: Some(name),
            version,
            is_patched,
        },
        _ => address,
    }
}

/// `name/version`, or `name@version`, in its parts; a scope holds a slash of its own.
fn name_and_version(path: &str, separator: char) -> Option<(&str, &str)> {
    let scope = if path.starts_with('@') {
        path.find('/')? + 1
    } else {
        0
    };
    let length = scope + path.get(scope..)?.find(separator)?;
    let name = path.get(..length)?;
    let version = path.get(length + separator.len_utf8()..)?;
    let is_name = length > scope && !version.is_empty() && !name.get(scope..)?.contains('/');
    is_name.then_some((name, version))
}

/// The key that a reference of a dependency leads to, in a buffer where it has to be put together.
pub(super) fn target<'b>(
    name: &str,
    reference: &'b str,
    notation: Notation,
    buffer: &'b mut String,
) -> &'b str {
    buffer.clear();
    match notation {
        Notation::Five | Notation::Six => {
            let bare = match notation {
                Notation::Six => split_suffix(reference).0,
                _ => reference,
            };
            if bare.contains('/') || bare.starts_with("file:") {
                return reference;
            }
            buffer.push('/');
            buffer.push_str(name);
            buffer.push(if notation == Notation::Five { '/' } else { '@' });
            buffer.push_str(reference);
        }
        Notation::Nine => {
            let bare = split_suffix(reference).0;
            let is_key = bare.starts_with('@')
                || bare
                    .find(['@', ':'])
                    .is_some_and(|at| bare.get(at..).is_some_and(|rest| rest.starts_with('@')));
            if is_key {
                return bare;
            }
            buffer.push_str(name);
            buffer.push('@');
            buffer.push_str(bare);
        }
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_notations() {
        let cases = [
            (Notation::Five, "/acorn/8.7.0", None, Some("acorn"), "8.7.0"),
            (
                Notation::Five,
                "/@s/n/1.2.3_@babel+core@7.0.0",
                None,
                Some("@s/n"),
                "1.2.3",
            ),
            (
                Notation::Five,
                "/a_b/1.0.0-rc.1_hash",
                None,
                Some("a_b"),
                "1.0.0-rc.1",
            ),
            (
                Notation::Five,
                "npm.example.com/@s/n/1.2.3",
                Some("npm.example.com"),
                Some("@s/n"),
                "1.2.3",
            ),
            (
                Notation::Five,
                "github.com/u/r/0a2d25",
                None,
                None,
                "github.com/u/r/0a2d25",
            ),
            (Notation::Five, "file:../x", None, None, "file:../x"),
            (Notation::Five, "nothing", None, None, "nothing"),
            (
                Notation::Six,
                "/n@1.2.3(a@1.0.0)(b@2.0.0(c@3.0.0))",
                None,
                Some("n"),
                "1.2.3",
            ),
            (Notation::Six, "/@s/n@1.2.3", None, Some("@s/n"), "1.2.3"),
            (
                Notation::Six,
                "npm.example.com/n@1.2.3",
                Some("npm.example.com"),
                Some("n"),
                "1.2.3",
            ),
            (
                Notation::Six,
                "@codeload.github.com/u/r/tar.gz/sha",
                None,
                None,
                "@codeload.github.com/u/r/tar.gz/sha",
            ),
            (
                Notation::Nine,
                "@s/n@1.2.3(x@1.0.0)",
                None,
                Some("@s/n"),
                "1.2.3",
            ),
            (
                Notation::Nine,
                "n@https://e.com/@a/b.tgz",
                None,
                Some("n"),
                "https://e.com/@a/b.tgz",
            ),
            (
                Notation::Nine,
                "n@file:a(b)/c",
                None,
                Some("n"),
                "file:a(b)/c",
            ),
            (
                Notation::Nine,
                "npm.example.com/@s/n@1.2.3",
                Some("npm.example.com"),
                Some("@s/n"),
                "1.2.3",
            ),
            (Notation::Nine, "nothing", None, None, "nothing"),
        ];
        for (notation, key, registry, name, version) in cases {
            let read = parse(key, notation);
            assert_eq!(
                (read.registry, read.name, read.version),
                (registry, name, version),
                "{key}"
            );
            assert!(!read.is_patched);
        }
        assert!(parse("/n@1.0.0(patch_hash=abc)(a@1.0.0)", Notation::Six).is_patched);
    }

    #[test]
    fn references_lead_to_keys() {
        let cases = [
            (Notation::Five, "8.7.0_acorn@8.7.0", "/n/8.7.0_acorn@8.7.0"),
            (Notation::Five, "/real/1.0.0", "/real/1.0.0"),
            (Notation::Five, "file:x.tgz", "file:x.tgz"),
            (Notation::Six, "1.0.0(@s/p@1.0.0)", "/n@1.0.0(@s/p@1.0.0)"),
            (
                Notation::Six,
                "/real@1.0.0(@s/p@1.0.0)",
                "/real@1.0.0(@s/p@1.0.0)",
            ),
            (Notation::Nine, "1.0.0(@s/p@1.0.0(x@1.0.0))", "n@1.0.0"),
            (Notation::Nine, "@s/real@1.0.0(x@1.0.0)", "@s/real@1.0.0"),
            (Notation::Nine, "real@1.0.0", "real@1.0.0"),
            (
                Notation::Nine,
                "https://user@e.com/x.tgz",
                "n@https://user@e.com/x.tgz",
            ),
            (Notation::Nine, "file:a", "n@file:a"),
        ];
        for (notation, reference, key) in cases {
            let mut buffer = String::new();
            assert_eq!(target("n", reference, notation, &mut buffer), key);
        }
        assert_eq!(
            split_suffix("1.0.0(a@1(b@2))(c@3)"),
            ("1.0.0", "(a@1(b@2))(c@3)")
        );
        assert_eq!(split_suffix("x)"), ("x)", ""));
        assert_eq!(split_suffix("()"), ("", "()"));
    }
}
