//! How a workflow names the action.

use std::fmt;
use std::str::FromStr;

/// The repository of the action.
pub const REPOSITORY: &str = "tidegate/tidegate";

/// The newest release whose commit was known when this program was built: the full id of the commit, and its tag.
///
/// The commit of a release names the image by its digest, so it is made after the image, and no program can hold the
/// commit of its own release: this is one that came before it. There is none before the first release.
const RELEASED: Option<(&str, &str)> = None;

/// A release of the action, fixed by its commit or only named by its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionReference {
    commit: Option<Commit>,
    version: String,
}

/// The full id of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit(String);

impl FromStr for Commit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_full = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_full {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("write the full id of the commit, 40 hexadecimal digits")
        }
    }
}

impl ActionReference {
    /// The release to name: the commit that the caller gave, which is that of this version, else the newest that is
    /// known, else the tag of this version.
    #[must_use]
    pub fn new(given: Option<Commit>) -> Self {
        let own = concat!("v", env!("CARGO_PKG_VERSION"));
        match (given, RELEASED) {
            (None, Some((commit, version))) => Self {
                commit: Some(Commit(commit.to_owned())),
                version: version.to_owned(),
            },
            (commit, _) => Self {
                commit,
                version: own.to_owned(),
            },
        }
    }

    /// True if nobody can make it mean something else.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.commit.is_some()
    }

    /// The tag of the release.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// As it stands behind `uses:`, with the comment.
impl fmt::Display for ActionReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = &self.version;
        match &self.commit {
            Some(Commit(commit)) => write!(f, "{REPOSITORY}@{commit} # {version}"),
            None => write!(
                f,
                "{REPOSITORY}@{version} # to pin: the full commit of this release, as a tag can be moved"
            ),
        }
    }
}
