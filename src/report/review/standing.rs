//! What already stands on a pull request, as far as it concerns us.

use super::patch::Side;

/// Where a comment stands in the difference as it is now: GitHub lets it follow its lines from push to push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// On the file as a whole.
    File,
    /// On lines, both included.
    Lines {
        /// Whose they are.
        side: Side,
        /// The first.
        first: u32,
        /// The last.
        last: u32,
    },
    /// It is not known, or no longer anywhere.
    Unknown,
}

/// A comment on lines or on a file, with which a thread begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a comment, as GitHub gives them"
)]
pub struct StandingComment {
    /// The number that the REST API takes.
    pub id: u64,
    /// The id that the GraphQL API takes.
    pub node_id: String,
    /// The id of the thread that it opened, where it is known.
    pub thread_id: Option<String>,
    /// The file that it is about, where it is known.
    pub path: Option<String>,
    /// Where in it it stands by now.
    pub spot: Spot,
    /// True if whoever the token belongs to wrote it: nobody else's comment is ever touched.
    pub is_ours: bool,
    /// Its text.
    pub body: String,
    /// True if it is folded away.
    pub is_minimized: bool,
    /// True if its thread is resolved.
    pub is_resolved: bool,
    /// True if the difference no longer has its lines: it is shown folded, and on no line.
    pub is_outdated: bool,
    /// True if somebody else wrote below it.
    pub has_reply: bool,
}

impl StandingComment {
    /// True if somebody closed it: it is folded away, or its thread is resolved.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_resolved || self.is_minimized
    }
}

/// A comment on the pull request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingSummary {
    /// The number that the REST API takes.
    pub id: u64,
    /// True if whoever the token belongs to wrote it.
    pub is_ours: bool,
    /// Its text.
    pub body: String,
}
