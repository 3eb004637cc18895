//! What a repository puts in the place of what its dependencies ask for.
//!
//! npm: `overrides`, nested, where `.` is the package around; Yarn: `resolutions`, paths with globs; pnpm: `overrides`,
//! in `package.json` or `pnpm-workspace.yaml`, with `>` between parent and child. Bun reads the first two.

use super::lockfile::LockfileKind;
use super::package_json::PackageJson;
use super::pnpm_workspace::PnpmWorkspace;
use crate::syntax::{Entry, Node, Span};

/// How deep overrides of npm are nested that are read.
const DEEPEST: usize = 16;

/// Where an override is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// `overrides` of `package.json`.
    Overrides,
    /// `resolutions` of `package.json`.
    Resolutions,
    /// `pnpm.overrides` of `package.json`, or `overrides` of `pnpm-workspace.yaml`.
    Pnpm,
}

impl Home {
    /// True if a package manager follows what is written there.
    #[must_use]
    pub fn is_read_by(self, kind: LockfileKind) -> bool {
        match kind {
            LockfileKind::Npm => self == Self::Overrides,
            LockfileKind::Yarn => self == Self::Resolutions,
            LockfileKind::Pnpm => self != Self::Overrides,
            LockfileKind::Bun | LockfileKind::BunBinary => self != Self::Pnpm,
        }
    }
}

/// One override.
#[derive(Clone, Debug)]
pub struct Override<'a> {
    /// Where it is written.
    pub home: Home,
    /// The parents that it is for, the outermost first; empty where it is for all.
    pub within: Vec<Selector<'a>>,
    /// What it replaces.
    pub package: Selector<'a>,
    /// What it puts there.
    pub replacement: Replacement<'a>,
    /// The key.
    pub key: Node<'a>,
    /// The value.
    pub value: Node<'a>,
}

/// A package as an override names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector<'a> {
    /// Its name; `**` stands for any number of packages between two others.
    pub name: &'a str,
    /// The range that it must ask for, or have; none where every one is meant.
    pub range: Option<&'a str>,
}

/// What an override puts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement<'a> {
    /// A specifier.
    Specifier(&'a str),
    /// The specifier that the root itself has for a name: `$name`.
    OfRoot(&'a str),
    /// Nothing: pnpm's `-` takes the dependency out.
    Nothing,
}

impl<'a> Override<'a> {
    /// The bytes of key and value.
    #[must_use]
    pub fn span(&self) -> Span {
        self.key.span().to(self.value.span())
    }

    fn new(
        home: Home,
        within: Vec<Selector<'a>>,
        package: Selector<'a>,
        entry: Entry<'a>,
    ) -> Option<Self> {
        let written = entry.value.as_str()?;
        let replacement = match written.strip_prefix('$') {
            Some(name) => Replacement::OfRoot(name),
            None if written == "-" => Replacement::Nothing,
            None => Replacement::Specifier(written),
        };
        Some(Self {
            home,
            within,
            package,
            replacement,
            key: entry.key,
            value: entry.value,
        })
    }
}

impl<'a> Selector<'a> {
    /// `name`, `name@range`.
    #[must_use]
    pub fn parse(written: &'a str) -> Self {
        let after_scope = usize::from(written.starts_with('@'));
        let at = written
            .get(after_scope..)
            .and_then(|rest| rest.find('@'))
            .map(|at| at + after_scope);
        match at.and_then(|at| Some((written.get(..at)?, written.get(at + 1..)?))) {
            Some((name, range)) => Self {
                name,
                range: Some(range.strip_prefix("npm:").unwrap_or(range)),
            },
            None => Self {
                name: written,
                range: None,
            },
        }
    }
}

impl<'a> PackageJson<'a> {
    /// `overrides`, `resolutions` and `pnpm.overrides`, in this order.
    #[must_use]
    pub fn overrides(self) -> Vec<Override<'a>> {
        let mut all = Vec::new();
        for entry in self.mapping("overrides") {
            nested(entry, &mut Vec::new(), &mut all);
        }
        all.extend(self.resolutions());
        let pnpm = self.root.get("pnpm").and_then(|pnpm| pnpm.get("overrides"));
        all.extend(of_pnpm(pnpm));
        all
    }
}

impl<'a> PackageJson<'a> {
    /// `resolutions`: all that Yarn reads.
    pub fn resolutions(self) -> impl Iterator<Item = Override<'a>> {
        self.mapping("resolutions").filter_map(resolution)
    }
}

impl<'a> PnpmWorkspace<'a> {
    /// `overrides`.
    #[must_use]
    pub fn overrides(self) -> Vec<Override<'a>> {
        of_pnpm(self.root.get("overrides")).collect()
    }
}

fn nested<'a>(entry: Entry<'a>, within: &mut Vec<Selector<'a>>, all: &mut Vec<Override<'a>>) {
    let key = entry.key.key_text();
    if !entry.value.is_mapping() {
        let (package, within) = match within.split_last() {
            Some((around, outer)) if key == "." => (*around, outer.to_vec()),
            _ => (Selector::parse(key), within.clone()),
        };
        all.extend(Override::new(Home::Overrides, within, package, entry));
        return;
    }
    if within.len() < DEEPEST {
        within.push(Selector::parse(key));
        for inner in entry.value.entries() {
            nested(inner, within, all);
        }
        within.pop();
    }
}

/// `a/b`, `a/**/b`, `**/b`, `@s/a/b`, `b@npm:^1`, `a@npm:1.0.0/b`: a range holds no slash.
fn resolution(entry: Entry<'_>) -> Option<Override<'_>> {
    let mut rest = entry.key.key_text();
    let mut path = Vec::new();
    while !rest.is_empty() {
        let scope = if rest.starts_with('@') {
            rest.find('/').map_or(rest.len(), |slash| slash + 1)
        } else {
            0
        };
        let tail = rest.get(scope..).unwrap_or_default();
        let end = tail.find('/').map_or(rest.len(), |slash| scope + slash);
        path.push(Selector::parse(rest.get(..end).unwrap_or(rest)));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    let package = path.pop()?;
    // At the start, any number of packages is everywhere.
    if path.first().is_some_and(|first| first.name == "**") {
        path.remove(0);
    }
    Override::new(Home::Resolutions, path, package, entry)
}

fn of_pnpm<'a>(mapping: Option<Node<'a>>) -> impl Iterator<Item = Override<'a>> {
    let entries = mapping.into_iter().flat_map(Node::entries);
    entries.filter_map(|entry| {
        let key: &'a str = entry.key.key_text();
        let mut path: Vec<_> = parents(key).map(Selector::parse).collect();
        let package = path.pop()?;
        Override::new(Home::Pnpm, path, package, entry)
    })
}

/// Splits `a@1>b@>=2` at the marks between packages: one that begins a comparison follows an `@`, a space or a `|`.
fn parents(key: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let bytes = key.as_bytes();
    let mut ends: Vec<usize> = key
        .match_indices('>')
        .map(|(at, _)| at)
        .filter(|at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            before.is_some_and(|before| !b"@ |<>".contains(before))
                && bytes.get(at + 1) != Some(&b'=')
        })
        .collect();
    ends.push(key.len());
    ends.into_iter().map(move |end| {
        let part = key.get(start..end).unwrap_or_default();
        start = end + 1;
        part.trim()
    })
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    use super::*;

    fn told(found: &Override<'_>) -> String {
        let selector = |selector: &Selector<'_>| match selector.range {
            Some(range) => format!("{}[{range}]", selector.name),
            None => selector.name.to_owned(),
        };
        let mut path: Vec<String> = found.within.iter().map(selector).collect();
        path.push(selector(&found.package));
        let replacement = match found.replacement {
            Replacement::Specifier(specifier) => specifier.to_owned(),
            Replacement::OfRoot(name) => format!("root's {name}"),
            Replacement::Nothing => "nothing".to_owned(),
        };
        format!("{} = {replacement}", path.join(" > "))
    }

    #[test]
    fn each_notation_says_the_same() {
        let text = r#"{
            "overrides": {"a": "1", "b@^2": {".": "2.1", "@s/c": {"d": "$d"}}},
            "resolutions": {"**/e": "3", "f/**/g": "4", "@s/h/@t/i": "5", "j@npm:^1": "6", "k@npm:^2/@s/l@^1": "7"},
            "pnpm": {"overrides": {"l@1>m@>=2": "8", "n@>1 <3": "9", "o": "-", "q>r": "10"}}}"#;
        let tree = parse(Format::Json, text.to_owned());
        let found: Vec<String> = PackageJson::of(&tree)
            .unwrap()
            .overrides()
            .iter()
            .map(told)
            .collect();
        assert_eq!(
            found,
            [
                "a = 1",
                "b[^2] = 2.1",
                "b[^2] > @s/c > d = root's d",
                "e = 3",
                "f > ** > g = 4",
                "@s/h > @t/i = 5",
                "j[^1] = 6",
                "k[^2] > @s/l[^1] = 7",
                "l[1] > m[>=2] = 8",
                "n[>1 <3] = 9",
                "o = nothing",
                "q > r = 10",
            ]
        );
    }
}
