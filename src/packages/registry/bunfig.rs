//! `bunfig.toml`: the part of it that says where packages come from, how old they must be and what may run.
//!
//! Format: <https://bun.com/docs/runtime/bunfig>.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::syntax::Span;

/// What a `bunfig.toml` says of packages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bunfig {
    /// `install.registry`.
    pub registry: Option<Place>,
    /// `install.scopes`: the scope with its `@`, and where it comes from; in the order of their names.
    pub scopes: Vec<(String, Place)>,
    /// `install.minimumReleaseAge`, in seconds.
    pub minimum_release_age: Option<Written<f64>>,
    /// `install.minimumReleaseAgeExcludes`: names.
    pub excludes: Vec<Written<String>>,
    /// `install.ignoreScripts`.
    pub ignore_scripts: Option<Written<bool>>,
    /// `install.frozenLockfile`.
    pub frozen_lockfile: Option<Written<bool>>,
    /// `install.lockfile.save`.
    pub saves_lockfile: Option<Written<bool>>,
    /// `install.linkWorkspacePackages`: whether workspaces take the place of packages that have their name.
    pub links_workspaces: Option<Written<bool>>,
    /// `install.lockfile.path`: where the lockfile is read from.
    pub lockfile_path: Option<Written<String>>,
    /// `install.security.scanner`: the package that looks at what is to be installed.
    pub scanner: Option<Written<String>>,
    /// True if something in the file is no TOML, so that it may say more than was read.
    pub is_broken: bool,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// The bytes of its key and of itself.
    pub at: Span,
}

/// Where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub url: String,
    /// The token as written.
    pub token: Option<String>,
    /// The bytes of the setting.
    pub at: Span,
}

type Key<'i> = Spanned<toml::de::DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Bunfig {
    /// Reads a file, as far as it is TOML.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut read = Self {
            is_broken: !errors.is_empty(),
            ..Self::default()
        };
        let install = root.get_ref().get("install");
        let Some(install) = install.and_then(|install| install.get_ref().as_table()) else {
            return read;
        };
        for (key, value) in install {
            read.take(key, value);
        }
        read
    }

    fn take(&mut self, key: &Key<'_>, value: &Value<'_>) {
        match &**key.get_ref() {
            "registry" => self.registry = place(key, value),
            "minimumReleaseAge" => {
                self.minimum_release_age =
                    number(value).map(|value_of| written(key, value, value_of));
            }
            "minimumReleaseAgeExcludes" => {
                let items = value.get_ref().as_array().into_iter().flatten();
                self.excludes = items
                    .filter_map(|item| {
                        Some(Written {
                            value: item.get_ref().as_str()?.to_owned(),
                            at: span(item),
                        })
                    })
                    .collect();
            }
            "ignoreScripts" => self.ignore_scripts = switch(key, value),
            "linkWorkspacePackages" => self.links_workspaces = switch(key, value),
            "frozenLockfile" => self.frozen_lockfile = switch(key, value),
            "lockfile" => {
                self.saves_lockfile =
                    inner(value, "save").and_then(|(key, value)| switch(key, value));
                self.lockfile_path = inner(value, "path").and_then(|(key, value)| {
                    let path = value.get_ref().as_str()?;
                    Some(written(key, value, path.to_owned()))
                });
            }
            "security" => {
                self.scanner = inner(value, "scanner").and_then(|(key, value)| {
                    let name = value.get_ref().as_str()?;
                    Some(written(key, value, name.to_owned()))
                });
            }
            "scopes" => {
                let scopes = value.get_ref().as_table().into_iter().flatten();
                self.scopes = scopes
                    .filter_map(|(key, value)| {
                        let scope = key.get_ref().trim_start_matches('@');
                        Some((format!("@{scope}"), place(key, value)?))
                    })
                    .collect();
            }
            _ => {}
        }
    }
}

fn span<T>(spanned: &Spanned<T>) -> Span {
    let range = spanned.span();
    Span::new(range.start, range.end)
}

fn written<T>(key: &Key<'_>, value: &Value<'_>, read: T) -> Written<T> {
    Written {
        value: read,
        at: span(key).to(span(value)),
    }
}

fn inner<'v, 'i>(table: &'v Value<'i>, key: &str) -> Option<(&'v Key<'i>, &'v Value<'i>)> {
    let mut entries = table.get_ref().as_table()?.iter();
    entries.find(|(known, _)| **known.get_ref() == *key)
}

fn switch(key: &Key<'_>, value: &Value<'_>) -> Option<Written<bool>> {
    let is_on = value.get_ref().as_bool()?;
    Some(written(key, value, is_on))
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// An address, or a table with one.
fn place(key: &Key<'_>, value: &Value<'_>) -> Option<Place> {
    let text_of = |name: &str| {
        let (_, value) = inner(value, name)?;
        Some(value.get_ref().as_str()?.to_owned())
    };
    let (url, token) = match value.get_ref().as_str() {
        Some(url) => (url.to_owned(), None),
        None => (text_of("url")?, text_of("token")),
    };
    let at = match value.get_ref() {
        // A table of its own, `[install.scopes.acme]`, has a heading and no value behind the key.
        DeValue::Table(_) => span(key),
        _ => span(key).to(span(value)),
    };
    (!url.is_empty()).then_some(Place { url, token, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bun_installs_from() {
        let text = "[test]\nregistry = \"https://no.example\"\n[install] # ours\nregistry = { url = \"https://a.example\", token = \"$T\" }\n\
            minimumReleaseAge = 259_200 # 3 days\nminimumReleaseAgeExcludes = [\n  \"@acme/a\", # mine\n  'b',\n]\n\
            ignoreScripts = true\nlockfile.save = false\n[install.security]\nscanner = \"@acme/scanner\"\n\
            [install.scopes]\nacme = \"https://acme.example/#/\"\n\"@x\" = { token = \"t\", url = \"https://x.example\" }\n";
        let read = Bunfig::read(text);
        let shown = |place: &Place| {
            let at = text[place.at.range()].to_owned();
            (place.url.clone(), place.token.clone(), at)
        };
        let place = |url: &str, token: Option<&str>, at: &str| {
            (url.to_owned(), token.map(str::to_owned), at.to_owned())
        };
        assert!(!read.is_broken);
        assert_eq!(
            read.registry.as_ref().map(shown),
            Some(place("https://a.example", Some("$T"), "registry"))
        );
        let age = read.minimum_release_age.unwrap();
        assert_eq!(
            (age.value, &text[age.at.range()]),
            (259_200.0, "minimumReleaseAge = 259_200")
        );
        let excludes: Vec<_> = read.excludes.iter().map(|one| &*one.value).collect();
        assert_eq!(excludes, ["@acme/a", "b"]);
        assert_eq!(read.ignore_scripts.map(|one| one.value), Some(true));
        assert_eq!(read.saves_lockfile.map(|one| one.value), Some(false));
        assert_eq!(
            read.scanner.map(|one| one.value).as_deref(),
            Some("@acme/scanner")
        );
        let scopes: Vec<_> = read
            .scopes
            .iter()
            .map(|(scope, place)| (&**scope, shown(place)))
            .collect();
        assert_eq!(
            scopes,
            [
                ("@x", place("https://x.example", Some("t"), "\"@x\"")),
                (
                    "@acme",
                    place(
                        "https://acme.example/#/",
                        None,
                        "acme = \"https://acme.example/#/\""
                    )
                ),
            ]
        );
    }

    #[test]
    fn what_is_broken_is_read_around() {
        let read = Bunfig::read(
            "[install]\nminimumReleaseAge = 60\nregistry = \"https://a.example\nignoreScripts = true\n",
        );
        assert!(read.is_broken);
        assert_eq!(read.minimum_release_age.map(|one| one.value), Some(60.0));
    }
}
