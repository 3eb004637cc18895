//! Asking GitHub, and telling it: one client for github.com and for GitHub Enterprise Server.
//!
//! Knows nothing of findings or reports. What comes back is plain data, or a [`Failure`] that says which of GitHub's
//! ways to say no it was. Held everywhere: a question may be asked again, within a budget of waiting; what writes is
//! sent once, as GitHub may have kept what it answers with an error; the token goes to the hosts of the API alone, and
//! into no text; a listing that has no end is an error and not a shorter listing.
//!
//! All of it waits for a network, so that it is `async`: [`crate::http::block_on`] is for the edge.

mod answer;
mod changes;
mod client;
mod code_scanning;
mod connection;
mod failure;
mod graphql;
mod issues;
mod patience;
mod pulls;
mod repository;
mod reviews;
mod tarball;
mod threads;

pub use changes::Change;
pub use client::Client;
pub use code_scanning::{Analysis, State, Status, Upload};
pub use connection::{Connection, Token, TokenKind};
pub use failure::Failure;
pub use issues::IssueComment;
pub use patience::Patience;
pub use pulls::{Pull, PullFile};
pub use repository::{Comparison, Entry, Tree};
pub use reviews::{NewComment, NewReview, ReviewComment};
pub use threads::{Thread, ThreadComment, ThreadLines, documents};

#[cfg(test)]
mod tests;
