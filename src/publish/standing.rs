//! What stands on a pull request, and which of it is ours.

use std::collections::BTreeSet;

use crate::github::{Client, Failure, Thread};
use crate::report::review::marker::{FindingMarker, Key};
use crate::report::review::patch::Side;
use crate::report::review::reconcile::Plan;
use crate::report::review::standing::{Spot, StandingComment, StandingSummary};

/// Who writes in a workflow, where GitHub does not say who the token belongs to.
const ACTIONS: &str = "github-actions[bot]";

/// Whoever the token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Myself {
    login: String,
    is_bot: bool,
}

impl Myself {
    pub(super) async fn ask(client: &Client) -> Result<Self, Failure> {
        match client.viewer().await {
            Ok(login) => Ok(Self::of(&login)),
            Err(Failure::Denied { .. } | Failure::Rejected { .. }) => Ok(Self::of(ACTIONS)),
            Err(failure) => Err(failure),
        }
    }

    fn of(login: &str) -> Self {
        let slug = login.strip_suffix("[bot]");
        Self {
            login: slug.unwrap_or(login).to_ascii_lowercase(),
            is_bot: slug.is_some(),
        }
    }

    /// True if this is the same account: GraphQL leaves `[bot]` out where REST has it, and a person may bear the name of
    /// an app.
    fn is(&self, author: &str, is_bot: bool) -> bool {
        let slug = author.strip_suffix("[bot]").unwrap_or(author);
        self.is_bot == is_bot && !slug.is_empty() && slug.eq_ignore_ascii_case(&self.login)
    }
}

/// The comments that threads begin with.
pub(super) async fn comments(
    client: &Client,
    number: u64,
    myself: &Myself,
) -> Result<Vec<StandingComment>, Failure> {
    let threads = client.threads(number).await?;
    let comments = threads.into_iter();
    Ok(comments
        .filter_map(|thread| comment(thread, myself))
        .collect())
}

/// How many of our comments on whole files stand there open, and stay so or are opened again.
pub(super) fn open_on_files(comments: &[StandingComment], key: &Key, plan: &Plan) -> usize {
    let settled: BTreeSet<u64> = plan.settled.iter().map(|it| it.edit.id).collect();
    let reopened: BTreeSet<u64> = plan.reopened.iter().map(|it| it.id).collect();
    let stays = |comment: &&StandingComment| {
        let marker = FindingMarker::read(&comment.body, key);
        let stays_open = !comment.is_closed() && !settled.contains(&comment.id);
        comment.is_ours
            && comment.spot == Spot::File
            && marker.is_some_and(|marker| {
                marker.is_open && stays_open || reopened.contains(&comment.id)
            })
    };
    comments.iter().filter(stays).count()
}

fn comment(thread: Thread, myself: &Myself) -> Option<StandingComment> {
    let seen = u64::try_from(thread.comments.len()).unwrap_or(u64::MAX);
    let mut comments = thread.comments.into_iter();
    let first = comments.next()?;
    let has_reply = comments.any(|reply| !myself.is(&reply.author, reply.author_is_bot));
    let spot = match thread.lines {
        _ if thread.is_on_file => Spot::File,
        Some(lines) => Spot::Lines {
            side: if lines.is_left {
                Side::Left
            } else {
                Side::Right
            },
            first: lines.first,
            last: lines.last,
        },
        None => Spot::Unknown,
    };
    Some(StandingComment {
        spot,
        id: first.database_id?,
        node_id: first.node_id,
        thread_id: Some(thread.id),
        path: thread.path,
        is_ours: myself.is(&first.author, first.author_is_bot),
        body: first.body,
        is_minimized: first.is_minimized,
        is_resolved: thread.is_resolved,
        is_outdated: thread.is_outdated,
        // What is too long to be seen whole is no soliloquy.
        has_reply: has_reply || thread.total > seen,
    })
}

/// The comments on the pull request as a whole, the oldest first.
pub(super) async fn summaries(
    client: &Client,
    number: u64,
    myself: &Myself,
) -> Result<Vec<StandingSummary>, Failure> {
    let comments = client.comments(number).await?;
    Ok(comments
        .into_iter()
        .map(|comment| StandingSummary {
            id: comment.id,
            is_ours: myself.is(&comment.author, comment.author_is_bot),
            body: comment.body,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_is_taken_for_us() {
        let myself = Myself::of("github-actions[bot]");
        assert!(myself.is("github-actions[bot]", true));
        assert!(myself.is("github-actions", true));
        assert!(!myself.is("github-actions", false), "a person of that name");
        assert!(!myself.is("other[bot]", true));
        assert!(!myself.is("", true));
        let person = Myself::of("octocat");
        assert!(person.is("Octocat", false) && !person.is("octocat[bot]", true));
    }
}
