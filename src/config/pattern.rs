//! Patterns in the configuration: of rules, of names and of paths.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobMatcher};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// True if text fits a pattern in which `*` stands for any number of characters, and everything else for itself.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        // The first place is as good as any: what is behind it only grows shorter.
        match text.split_once(part) {
            Some((_, behind)) => text = behind,
            None => return false,
        }
    }
    true
}

/// A rule by its id, or rules by a pattern such as `pod-security/*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulePattern(String);

impl RulePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it can name no rule.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_known = |character: char| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || matches!(character, '-' | '/' | '*')
        };
        if text.is_empty() || !text.chars().all(is_known) || text.len() > 100 {
            return Err("a rule is written as `family/name`, or as a pattern such as `family/*`");
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one rule that it names; none for a pattern.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&*self.0)
    }

    /// True if it names this rule. The rules of `gate/` watch over the configuration itself: only a pattern that
    /// says so reaches them.
    #[must_use]
    pub fn names(&self, rule: &str) -> bool {
        let may = !rule.starts_with("gate/") || self.0.starts_with("gate/");
        may && fits(&self.0, rule)
    }

    /// How much of it is said in so many letters: of two patterns that fit, the one that says more counts.
    #[must_use]
    pub fn exactness(&self) -> (bool, usize) {
        let letters = self.0.bytes().filter(|byte| *byte != b'*').count();
        (self.exact().is_some(), letters)
    }
}

impl fmt::Display for RulePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Files by their path from the root: `*` and `?` stay within a folder, `**` does not.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    /// Letters that every path has that fits: to look for them costs next to nothing.
    needed: String,
    matcher: OnceLock<Option<GlobMatcher>>,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a path cannot be empty".to_owned());
        }
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(
                "a path is relative to the root of the repository, without `..`".to_owned(),
            );
        }
        glob(text).map_err(|error| format!("not a path pattern: {}", error.kind()))?;
        Ok(Self {
            text: text.to_owned(),
            needed: needed(text).to_owned(),
            matcher: OnceLock::new(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The one file that it names; none for a pattern.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        let is_plain = !self.text.contains(['*', '?', '[', '{', '\\']);
        is_plain.then_some(&*self.text)
    }

    /// The letters that every path begins with that fits.
    #[must_use]
    pub fn start(&self) -> &str {
        let meta = ['*', '?', '[', '{', '\\'];
        self.text.split(meta).next().unwrap_or_default()
    }

    /// The longest folder or file name that every path has that fits; nothing where each may be many.
    #[must_use]
    pub fn part(&self) -> &str {
        if self.text.contains(['[', '{', '\\']) {
            return "";
        }
        let parts = self
            .text
            .split('/')
            .filter(|part| !part.contains(['*', '?']));
        parts.max_by_key(|part| part.len()).unwrap_or_default()
    }

    /// The letters that every path ends with that fits.
    #[must_use]
    pub fn end(&self) -> &str {
        let end = self
            .text
            .rsplit(['*', '?', '[', ']', '{', '}', '\\'])
            .next();
        // A slash beside `**` may stand for nothing.
        end.unwrap_or_default().trim_start_matches('/')
    }

    /// True if a path fits. Most patterns are plain paths, which need no matcher; the others get theirs when they
    /// are first asked for.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        if let Some(exact) = self.exact() {
            return exact == path;
        }
        if !path.contains(&self.needed) {
            return false;
        }
        let matcher = self
            .matcher
            .get_or_init(|| glob(&self.text).ok().map(|glob| glob.compile_matcher()));
        matcher
            .as_ref()
            .is_some_and(|matcher| matcher.is_match(path))
    }
}

impl PathPattern {
    /// True if every path that fits the other one can be shown to fit this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        /// More folders than paths have.
        const MOST: usize = 64;
        // With alternatives a slash may stand within a part.
        let is_open = |pattern: &Self| pattern.text.contains(['[', '{', '\\']);
        let parts = |pattern: &'_ Self| -> Vec<String> {
            let parts = pattern.text.split('/').map(ToOwned::to_owned);
            parts.take(MOST + 1).collect()
        };
        if self.text == other.text {
            return true;
        }
        let (own, others) = (parts(self), parts(other));
        if is_open(self) || is_open(other) || own.len().max(others.len()) > MOST {
            return false;
        }
        // `row[at]`: the parts behind the one in hand cover those of the other from `at` on.
        let mut row: Vec<bool> = (0..=others.len()).map(|at| at == others.len()).collect();
        for (index, part) in own.iter().enumerate().rev() {
            let mut new = vec![false; others.len() + 1];
            for at in (0..=others.len()).rev() {
                let other = others.get(at);
                let behind = |row: &[bool], at: usize| row.get(at).copied().unwrap_or_default();
                let fits = if part == "**" {
                    // The last one stands for at least one part, the others for any number.
                    let none = if index + 1 == own.len() {
                        other.is_some() && at + 1 == others.len()
                    } else {
                        behind(&row, at)
                    };
                    none || other.is_some() && behind(&new, at + 1)
                } else {
                    other.is_some_and(|other| part_covers(part, other)) && behind(&row, at + 1)
                };
                if let Some(slot) = new.get_mut(at) {
                    *slot = fits;
                }
            }
            row = new;
        }
        row.first().copied().unwrap_or_default()
    }
}

/// The same for one part of a path.
fn part_covers(own: &str, other: &str) -> bool {
    if own.contains("**") || other.contains("**") {
        return false;
    }
    let is_plain = !other.contains(['*', '?']);
    own == other || own == "*" || is_plain && !own.contains('?') && fits(own, other)
}

/// The longest run of letters in a glob that stands for itself; nothing where it has alternatives or escapes. A
/// slash beside `**` may stand for nothing.
fn needed(text: &str) -> &str {
    if text.contains(['[', '{', '\\']) {
        return "";
    }
    let parts = text.split(['*', '?']).map(|part| part.trim_matches('/'));
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

/// The glob of a path pattern.
///
/// # Errors
/// What is wrong with it.
pub fn glob(text: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).build()
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PathPattern {}

/// Objects: `Kind/name` as far as the namespace is not written, or `Kind/namespace/name`; `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    text: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl ResourcePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it can name no object.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, None, *name),
            [kind, namespace, name] => (*kind, Some(*namespace), *name),
            _ => return Err("a resource is written as `Kind/namespace/name` or `Kind/name`"),
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err("a resource is written as `Kind/namespace/name` or `Kind/name`");
        }
        Ok(Self {
            text: text.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the one object that it names, whatever its kind; none where that is a pattern.
    #[must_use]
    pub fn exact_name(&self) -> Option<&str> {
        (!self.name.contains('*')).then_some(&*self.name)
    }

    /// The letters that every name begins with that fits, and those that it ends with.
    #[must_use]
    pub fn name_ends(&self) -> (&str, &str) {
        let start = self.name.split('*').next();
        let end = self.name.rsplit('*').next();
        (start.unwrap_or_default(), end.unwrap_or_default())
    }

    /// True if an object fits; `namespaces` are the one that is written and the one that it lands in.
    #[must_use]
    pub fn fits(&self, kind: &str, namespaces: [Option<&str>; 2], name: &str) -> bool {
        let [written, _] = namespaces;
        let in_namespace = match &self.namespace {
            None => written.is_none(),
            Some(pattern) => namespaces
                .into_iter()
                .flatten()
                .any(|namespace| fits(pattern, namespace)),
        };
        in_namespace && fits(&self.kind, kind) && fits(&self.name, name)
    }

    /// True if it fits everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        [Some(&self.kind), self.namespace.as_ref(), Some(&self.name)]
            .into_iter()
            .flatten()
            .all(|part| part == "*")
    }
}

macro_rules! written_as_text {
    ($type:ident, $name:literal, $description:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "description": $description })
            }
        }
    };
}

written_as_text!(
    RulePattern,
    "RulePattern",
    "A rule such as `image/unpinned`, or a pattern such as `rbac/*`."
);
written_as_text!(
    PathPattern,
    "PathPattern",
    "A path from the root of the repository; `**` stands for any folders."
);
written_as_text!(
    ResourcePattern,
    "ResourcePattern",
    "`Kind/namespace/name`, or `Kind/name` where no namespace is written; `*` stands for anything."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_covers_a_pattern_fits_all_that_fits_it() {
        let read = |text: &str| PathPattern::parse(text).unwrap();
        for (wide, narrow) in [
            ("**/testdata/**", "a/testdata/**"),
            ("**/testdata/**", "testdata/*/b.yaml"),
            ("**/testdata/**", "a/**/testdata/x"),
            ("a/**", "a/*"),
            ("a/**", "a/b/**"),
            ("**", "**/*.yaml"),
            ("a/*.yaml", "a/b.yaml"),
            ("a/**/b", "a/b"),
            ("{a,b}/**", "{a,b}/**"),
        ] {
            assert!(read(wide).covers(&read(narrow)), "{wide} {narrow}");
            if wide != narrow {
                assert!(!read(narrow).covers(&read(wide)), "{narrow} {wide}");
            }
        }
        for (one, other) in [
            ("a/**", "a"),
            ("a/*", "a/**"),
            ("a/*", "a/b/c"),
            ("*/a", "**/a"),
            ("**/a/**", "**/a"),
            ("a/**", "{a,b/c}/d"),
            ("a/?.yaml", "a/bc.yaml"),
        ] {
            assert!(!read(one).covers(&read(other)), "{one} {other}");
        }
    }

    #[test]
    fn what_a_path_needs_never_keeps_out_one_that_fits() {
        for pattern in [
            "**/team-1/*.yaml",
            "team-1/**",
            "**",
            "*/a?.yaml",
            "team-1/**/a1.yaml",
            "{team-1,b}/*.yaml",
            "team-[0-9]/a1.yaml",
            "team\\-1/*",
            "**/a1.yaml",
            "**/*1.yaml",
            "team-1/**/**",
            "a/team-1/**a1.yaml",
            "**/{b,x}.yaml",
            "**/team-1/**/a1.yaml",
        ] {
            let matcher = glob(pattern).unwrap().compile_matcher();
            let read = PathPattern::parse(pattern).unwrap();
            for path in [
                "team-1/a1.yaml",
                "a/team-1/b/a1.yaml",
                "b/x.yaml",
                "a1.yaml",
            ] {
                assert_eq!(read.fits(path), matcher.is_match(path), "{pattern} {path}");
                if matcher.is_match(path) {
                    assert!(path.starts_with(read.start()), "{pattern} {path}");
                    assert!(path.ends_with(read.end()), "{pattern} {path}");
                    let part = read.part();
                    assert!(part.is_empty() || path.split('/').any(|own| own == part));
                }
            }
        }
    }

    #[test]
    fn a_star_is_anything_and_the_rest_is_itself() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("*b*", "abc", true),
            ("*b*b", "ab", false),
            ("rbac/*", "rbac/wildcard", true),
            ("rbac/*", "rbac", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn only_what_says_gate_reaches_the_gate() {
        let names = |pattern: &str, rule| RulePattern::parse(pattern).unwrap().names(rule);
        assert!(names("*", "pod-security/privileged"));
        assert!(!names("*", "gate/unused-waiver"));
        assert!(names("gate/*", "gate/unused-waiver"));
        assert!(RulePattern::parse("Pod-Security/x").is_err());
    }

    #[test]
    fn resources_go_by_the_namespace_as_written_or_as_it_comes_to_be() {
        let fits = |pattern: &str, written, lands| {
            let pattern = ResourcePattern::parse(pattern).unwrap();
            pattern.fits("DaemonSet", [written, lands], "fluent-bit")
        };
        assert!(fits(
            "DaemonSet/logging/fluent-bit",
            Some("logging"),
            Some("logging")
        ));
        assert!(fits("DaemonSet/logging/fluent-bit", None, Some("logging")));
        assert!(fits("*/logging/*", None, Some("logging")));
        assert!(fits("DaemonSet/fluent-bit", None, Some("logging")));
        assert!(!fits(
            "DaemonSet/fluent-bit",
            Some("logging"),
            Some("logging")
        ));
        assert!(!fits(
            "DaemonSet/shop/fluent-bit",
            Some("logging"),
            Some("logging")
        ));
        assert!(ResourcePattern::parse("fluent-bit").is_err());
        assert!(ResourcePattern::parse("a//b").is_err());
    }

    #[test]
    fn paths_are_globs_within_the_repository() {
        let fits = |pattern: &str, path| PathPattern::parse(pattern).unwrap().fits(path);
        assert!(fits("deploy/prod/**", "deploy/prod/a/b.yaml"));
        assert!(!fits("deploy/*", "deploy/a/b.yaml"));
        assert!(fits("**/testdata/**", "a/testdata/b.yaml"));
        assert!(fits("a.yaml", "a.yaml"));
        for refused in ["", "/etc", "../x", "a/../b", "a[", "{a"] {
            assert!(PathPattern::parse(refused).is_err(), "{refused}");
        }
    }
}
