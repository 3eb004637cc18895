//! What an action or an image is called, and how firmly.

use crate::syntax::Span;

/// The program that judges: an action or a container image with the version that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// Owner and repository, or the image, without the version; in lower case.
    pub(super) name: String,
    /// What stands behind the name.
    pub(super) version: String,
    /// The numbers of the version, where the reference or the comment behind it tells them.
    numbers: Vec<u64>,
    pub(super) at: Span,
}

/// The last part of the names that tidegate goes by.
const OUR_NAME: &str = "tidegate";

fn is_ours(name: &str) -> bool {
    name.rsplit_once('/')
        .is_some_and(|(_, last)| last.eq_ignore_ascii_case(OUR_NAME))
}

impl Program {
    /// What a `uses:` names, if it is tidegate. `comment` is what stands behind it on its line.
    pub(super) fn of_uses(uses: &str, comment: &str, at: Span) -> Option<Self> {
        if let Some(image) = uses.strip_prefix("docker://") {
            return Self::of_image(image, at);
        }
        let (name, version) = uses.split_once('@')?;
        // A path of this repository is whatever the repository says.
        (is_ours(name) && !name.starts_with('.')).then(|| Self::new(name, version, comment, at))
    }

    /// An image by reference, if it is tidegate.
    pub(super) fn of_image(image: &str, at: Span) -> Option<Self> {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (rest, ""),
        };
        if !is_ours(name) {
            return None;
        }
        Some(Self::new(name, digest.unwrap_or(tag), tag, at))
    }

    fn new(name: &str, version: &str, hint: &str, at: Span) -> Self {
        let numbers = numbers(version)
            .or_else(|| hint.split_whitespace().find_map(numbers))
            .unwrap_or_default();
        Self {
            name: name.to_ascii_lowercase(),
            version: version.to_owned(),
            numbers,
            at,
        }
    }

    /// True if nobody can make the reference mean something else.
    pub(super) fn is_fixed(&self) -> bool {
        let hexadecimal = self
            .version
            .strip_prefix("sha256:")
            .unwrap_or(&self.version);
        matches!(hexadecimal.len(), 40 | 64)
            && hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// True if both tell their versions, and these differ, or only this one does.
    pub(super) fn tells_another_version_than(&self, other: &Self) -> bool {
        !self.numbers.is_empty() && self.numbers != other.numbers
    }

    /// True if it tells its version.
    pub(super) fn tells_its_version(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// True if both tell their versions, and this one is older.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let pairs = self.numbers.iter().zip(&other.numbers);
        let first = pairs.map(|(own, other)| own.cmp(other));
        first.into_iter().find(|order| order.is_ne()) == Some(std::cmp::Ordering::Less)
    }

    /// The version as people know it.
    pub(super) fn told(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(u64::to_string).collect();
        format!("v{}", numbers.join("."))
    }
}

/// `v1.2.3`, `1.2` and `v1` as numbers.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let plain = text.strip_prefix('v').unwrap_or(text);
    let release = plain.split(['-', '+']).next()?;
    release
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<Vec<u64>>>()
        .filter(|numbers| numbers.len() > 1 || text.starts_with('v'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        let sha = "8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e";
        let read = |uses: &str, comment: &str| Program::of_uses(uses, comment, Span::default());
        let pinned = read(&format!("Tidegate/tidegate@{sha}"), " # v1.4.0 stable").unwrap();
        assert_eq!(
            (pinned.name.as_str(), pinned.told().as_str()),
            ("tidegate/tidegate", "v1.4.0")
        );
        assert!(pinned.is_fixed());
        let tag = read("tidegate/tidegate@v1.10", "").unwrap();
        assert!(!tag.is_fixed() && pinned.is_older_than(&tag) && !tag.is_older_than(&pinned));
        let major = read("tidegate/tidegate@v1", "").unwrap();
        assert!(!major.is_older_than(&pinned) && !pinned.is_older_than(&major));
        let image = read("docker://ghcr.io:443/tidegate/tidegate:1.2@sha256:0", "").unwrap();
        assert_eq!(image.name, "ghcr.io:443/tidegate/tidegate");
        assert_eq!(image.told(), "v1.2");
        for other in [
            "./tidegate",
            "./.github/tidegate@x",
            "actions/checkout@v5",
            "tidegate@v1",
            "a/tidegate",
        ] {
            assert_eq!(read(other, ""), None, "{other}");
        }
    }
}
