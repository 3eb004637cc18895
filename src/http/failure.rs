//! What can go wrong between a question and its answer.

use std::time::Duration;

/// A question that stayed without an answer. Its text is one line without a URL, which may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {kind}")]
pub struct Failure {
    /// Who was asked, with the port where it is written; empty if it is not known.
    pub host: String,
    /// What happened.
    pub kind: Kind,
}

/// What happened to a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// The client could not be made, such as for a file of certificates that cannot be read.
    #[error("cannot be asked: {0}")]
    Setup(String),
    /// The address or a header is none.
    #[error("cannot be asked: {0}")]
    Request(String),
    /// No connection came to stand.
    #[error("cannot be reached: {0}")]
    Connect(String),
    /// The answer took too long.
    #[error("did not answer in time")]
    Timeout,
    /// Nothing came of all attempts together.
    #[error("gave no answer within {} seconds", .0.as_secs_f32().ceil())]
    Late(Duration),
    /// The answer broke off, or was no HTTP.
    #[error("the answer broke off: {0}")]
    Broken(String),
    /// The answer was a redirect that is not followed.
    #[error("redirects to {0}, which is not followed")]
    Redirect(String),
    /// The server said no.
    #[error("answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The body is longer than it may be.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// The body is not what was asked for, or could not be kept.
    #[error("{0}")]
    Refused(String),
}

impl Kind {
    /// True if the same question may fare better a little later: no connection, no time, 429 and what servers say of
    /// themselves. What a server says of the question, it will say again.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Timeout | Self::Broken(_) => true,
            Self::Status { status, .. } => matches!(status, 429 | 500 | 502..=504 | 506..=599),
            Self::Setup(_)
            | Self::Request(_)
            | Self::Late(_)
            | Self::Redirect(_)
            | Self::TooLarge(_)
            | Self::Refused(_) => false,
        }
    }
}
