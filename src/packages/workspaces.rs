//! Which folders the patterns of a root make workspaces.
//!
//! npm, Yarn, Bun and pnpm share the notation: globs of folders below the root, where a later `!` takes out what an
//! earlier pattern took in.

use globset::{GlobBuilder, GlobMatcher};

/// The most patterns of one root that are read.
const MOST: usize = 1_000;

/// The patterns of one root.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// Each with whether it takes in.
    all: Vec<(GlobMatcher, bool)>,
}

impl Patterns {
    /// Reads patterns; one that is no glob means nothing.
    #[must_use]
    pub fn of<'a>(written: impl Iterator<Item = &'a str>) -> Self {
        let all = written.take(MOST).filter_map(|pattern| {
            let (takes_in, pattern) = match pattern.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, pattern),
            };
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            let pattern = pattern.trim_matches('/');
            let glob = GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .ok()?;
            Some((glob.compile_matcher(), takes_in))
        });
        Self { all: all.collect() }
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// True if a folder is a workspace, by its path below the root. The last pattern that knows it decides.
    #[must_use]
    pub fn hold(&self, folder: &str) -> bool {
        let mut known = self.all.iter().rev();
        known
            .find(|(glob, _)| glob.is_match(folder))
            .is_some_and(|(_, takes_in)| *takes_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_knows_a_folder_decides() {
        let patterns =
            Patterns::of(["packages/*", "./apps/**", "tools/cli/", "!apps/**/test"].into_iter());
        for folder in ["packages/a", "apps/a", "apps/a/b", "tools/cli"] {
            assert!(patterns.hold(folder), "{folder}");
        }
        for folder in ["", "packages", "packages/a/b", "apps/a/test", "tools"] {
            assert!(!patterns.hold(folder), "{folder}");
        }
        assert!(Patterns::of(std::iter::empty()).is_empty());
    }
}
