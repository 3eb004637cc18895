//! Which package an archive of a registry is, by its address.

use crate::packages::percent::{decode, is_encoded};
use crate::packages::web_address::{PUBLIC_REGISTRIES, WebAddress};

/// A package, as the address of its archive names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The name, with its scope.
    pub name: String,
    /// The version.
    pub version: String,
}

impl Archive {
    /// Reads `<registry>/<name>/-/<name without scope>-<version>.tgz`, also where parts of it are encoded; none where an
    /// address is written otherwise.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        Self::at(&asked(address)?)
    }

    /// The same of a path with its host.
    fn at(path: &str) -> Option<Self> {
        let (before, file) = path.rsplit_once("/-/")?;
        let (around, unscoped) = before.rsplit_once('/')?;
        let scope = around
            .rsplit('/')
            .next()
            .filter(|scope| scope.starts_with('@'));
        let name = match scope {
            Some(scope) => format!("{scope}/{unscoped}"),
            None => unscoped.to_owned(),
        };
        let file = file.rsplit('/').next()?.strip_suffix(".tgz")?;
        // Where the file has another name than its folder, the version begins at the last digits that can begin one.
        let behind = file
            .strip_prefix(unscoped)
            .and_then(|rest| rest.strip_prefix('-'));
        let Some(version) = behind else {
            let at = version_start(file)?;
            return Some(Self {
                name: file.get(..at.checked_sub(1)?)?.to_owned(),
                version: file.get(at..)?.to_owned(),
            });
        };
        let version = version.to_owned();
        Some(Self { name, version })
    }

    /// The same of an archive of the public registry alone, in just the way in which it writes addresses. What is
    /// encoded twice is no name there.
    #[must_use]
    pub fn public(address: &str) -> Option<Self> {
        let server = WebAddress::parse(address)?.server();
        let path = asked(address).filter(|_| PUBLIC_REGISTRIES.contains(&&*server))?;
        let archive = Self::at(&path).filter(|_| !is_encoded(&path))?;
        let (_, path) = path.split_once('/')?;
        let Self { name, version } = &archive;
        let unscoped = name.rsplit('/').next()?;
        (path == format!("{name}/-/{unscoped}-{version}.tgz")).then_some(archive)
    }

    /// True if it is the package of an entry. What stands behind a `+` is no part of a version.
    #[must_use]
    pub fn is(&self, name: &str, version: &str) -> bool {
        let plain = |version: &str| version.split('+').next().unwrap_or_default().to_owned();
        self.name == name && (version.is_empty() || plain(&self.version) == plain(version))
    }
}

/// The host and the path that a server is asked for, by an address: without what is encoded, and without the dots and
/// slashes that clients and servers resolve (<https://url.spec.whatwg.org/#path-state>).
fn asked(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let path = decode(rest.split(['?', '#']).next()?).replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.len() > 1 => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where `1.2.3` begins in `name-1.2.3-rc.1`.
fn version_start(file: &str) -> Option<usize> {
    let dashes = file.match_indices('-').map(|(at, _)| at + 1);
    let mut starts = dashes.filter(|at| {
        let rest = file.get(*at..).unwrap_or_default();
        rest.starts_with(|letter: char| letter.is_ascii_digit()) && rest.contains('.')
    });
    starts.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_its_server_reads_it() {
        for path in [
            "evil/-/evil-1.0.0.tgz",
            "ev%69l/-/ev%69l-1.0.0.tgz",
            "evil/-/evil%2D1.0.0.tgz",
            "evil/%2d/evil-1%2E0.0.tgz",
            "evil%2F-/evil-1.0.0%2etgz?x#y",
            "ms/../evil/./-//evil-1.0.0.tgz",
            "ms/%2e%2E/evil\\-\\evil-1.0.0.tgz",
        ] {
            let address = format!("https://registry.npmjs.org/{path}");
            for found in [Archive::parse(&address), Archive::public(&address)] {
                let found = found.unwrap();
                assert!(found.name == "evil" && found.version == "1.0.0", "{path}");
            }
        }
        let scoped = Archive::public("https://registry.npmjs.org/@s%2Fa/-/a-1.0.0.tgz").unwrap();
        assert_eq!(scoped.name, "@s/a");
        // Nobody decodes it twice, and it is not the package that a reader takes it for.
        let twice = "https://registry.npmjs.org/ev%2569l/-/ev%2569l-1.0.0.tgz";
        assert_eq!(Archive::public(twice), None);
        assert!(!Archive::parse(twice).unwrap().is("evil", "1.0.0"));
    }

    #[test]
    fn an_address_names_a_package() {
        for (address, name, version) in [
            (
                "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz",
                "lodash",
                "4.17.21",
            ),
            (
                "https://registry.npmjs.org/@babel/core/-/core-7.1.0-rc.1.tgz",
                "@babel/core",
                "7.1.0-rc.1",
            ),
            (
                "https://registry.yarnpkg.com/@babel%2fcore/-/core-7.1.0.tgz#abc",
                "@babel/core",
                "7.1.0",
            ),
            (
                "https://a.example/artifactory/api/npm/npm/left-pad/-/left-pad-1.0.0.tgz",
                "left-pad",
                "1.0.0",
            ),
            (
                "https://g.example/api/v4/packages/npm/@a/b/-/@a/b-1.0.0.tgz",
                "@a/b",
                "1.0.0",
            ),
            (
                "https://registry.npmjs.org/lodash/-/evil-pad-1.0.0.tgz",
                "evil-pad",
                "1.0.0",
            ),
        ] {
            let found = Archive::parse(address).unwrap();
            assert_eq!(
                (&*found.name, &*found.version),
                (name, version),
                "{address}"
            );
        }
        for address in [
            "https://npm.pkg.github.com/download/@a/b/1.0.0/abc",
            "https://codeload.github.com/u/r/tar.gz/abc",
            "git+ssh://git@github.com/u/r.git#abc",
        ] {
            assert_eq!(Archive::parse(address), None, "{address}");
        }
        let built = Archive::parse("https://r.example/a/-/a-1.0.0+5.tgz").unwrap();
        assert!(built.is("a", "1.0.0") && built.is("a", "1.0.0+6") && !built.is("a", "1.0.1"));
    }
}
