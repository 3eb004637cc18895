//! What a run compares with what, and where the two are.

use std::fmt::Write as _;

use super::remote::Remote;
use crate::change::Side;
use crate::change::git::Repository;
use crate::error::Error;
use crate::event::{Base, Event, Target};
use crate::run::sides::Tip;
use crate::snapshot::load::is_relevant;

/// The two sides of a change, and what there is to say about the choice of them.
pub(super) struct Compared {
    pub(super) base: Side,
    pub(super) head: Side,
    /// The commit whose configuration counts.
    pub(super) tip: Tip,
    pub(super) note: Option<&'static str>,
}

/// Where commits can be looked for: in the checkout first, then on GitHub.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) repository: Option<&'a Repository>,
    pub(super) remote: Option<&'a Remote>,
}

/// A push and a clock are judged by the configuration of their own commit: nobody else's is newer.
pub(super) fn tip(target: &Target) -> &str {
    match (&target.event, &target.base) {
        (Event::PullRequest | Event::PullRequestTarget | Event::MergeGroup, Base::Tip(tip)) => tip,
        _ => &target.head,
    }
}

/// The two sides of a change. What the checkout lacks is read through the API, if there is a token.
///
/// # Errors
/// What can be had from neither; with the lines of the workflow that mend it.
pub(super) fn compared(places: Places<'_>, target: &Target) -> Result<Compared, Error> {
    let here = places.repository.map(|repository| {
        let ends = here(repository, target)?;
        // The merge that was checked out may be one of a later base than the one that the event names.
        if lacks(repository, tip(target)) {
            return Err(missing(repository, target, Some(tip(target))));
        }
        Ok((repository, ends))
    });
    match (here, places.remote) {
        (Some(Ok((repository, ends))), remote) => {
            let is_whole = repository.holds(&ends.base) && repository.holds(&ends.head);
            // Without GitHub, what a filter left out is told file by file.
            let fetched = remote
                .filter(|_| !is_whole)
                .and_then(|remote| remote.compared(Some(repository), target).ok());
            let Ends { base, head, note } = ends;
            Ok(fetched.unwrap_or_else(|| Compared {
                base,
                head,
                tip: Tip::Revision(repository.clone(), tip(target).to_owned()),
                note,
            }))
        }
        (None | Some(Err(Error::HistoryMissing(_))), Some(remote)) => {
            remote.compared(places.repository, target)
        }
        (Some(Err(error)), _) => Err(error),
        (None, None) => Err(Error::Usage("there is no repository".to_owned())),
    }
}

/// The two sides, and what there is to say about the choice of them.
struct Ends {
    base: Side,
    head: Side,
    note: Option<&'static str>,
}

fn here(repository: &Repository, target: &Target) -> Result<Ends, Error> {
    let side = |commit: &str| repository.side(commit, is_relevant);
    match &target.base {
        Base::Head(reason) => {
            let head = side(&target.head).map_err(|error| match error {
                Error::Usage(_) | Error::HistoryMissing(_) => missing(repository, target, None),
                other => other,
            })?;
            Ok(Ends {
                base: side(&target.head)?,
                head,
                note: Some(reason),
            })
        }
        Base::Tip(tip) => match repository.merge_base(tip, &target.head) {
            Ok(found) => Ok(Ends {
                base: side(&found.commit)?,
                head: side(&target.head)?,
                note: None,
            }),
            Err(Error::HistoryMissing(_)) => of_test_merge(repository, target)
                .ok_or_else(|| missing(repository, target, Some(tip))),
            // In a clone that is not shallow, a commit that is not here is the caller's mistake; but this caller is
            // GitHub, and the commit exists.
            Err(Error::Usage(_)) if lacks(repository, &target.head) || lacks(repository, tip) => {
                Err(missing(repository, target, Some(tip)))
            }
            Err(error) => Err(error),
        },
    }
}

/// The sides of a pull request where only GitHub's test merge and its parents are here, as with `fetch-depth: 2`.
///
/// The merge differs from its first parent, the tip of the base, by what the pull request does. That is as good as
/// a merge base if the merge changed no file that matters: then the files of the head are those of the merge, line
/// for line.
fn of_test_merge(repository: &Repository, target: &Target) -> Option<Ends> {
    let merge = target.merge.as_deref()?;
    let parent = |number: usize| repository.commit_of(&format!("{merge}^{number}"));
    let base = parent(1).ok()?;
    let is_test_merge = parent(2).is_ok_and(|second| second == target.head) && parent(3).is_err();
    if !is_test_merge {
        return None;
    }
    let merged = repository.side(merge, is_relevant).ok()?;
    let head = repository.side(&target.head, is_relevant).ok()?;
    let is_same = merged.files() == head.files() && merged.left_out() == head.left_out();
    is_same.then_some(())?;
    Some(Ends {
        base: repository.side(&base, is_relevant).ok()?,
        head,
        note: Some(
            "the checkout has no history, so the head is compared with the base that GitHub merged it into",
        ),
    })
}

fn lacks(repository: &Repository, commit: &str) -> bool {
    matches!(
        repository.commit_of(commit),
        Err(Error::Usage(_) | Error::HistoryMissing(_))
    )
}

/// Why there is nothing to compare, and the lines of the workflow that mend it.
fn missing(repository: &Repository, target: &Target, tip: Option<&str>) -> Error {
    let head = &target.head;
    let lacks_head = lacks(repository, head);
    let what = match tip {
        _ if lacks_head => format!("the head {head} is not"),
        Some(tip) if lacks(repository, tip) => format!("the base {tip} is not"),
        Some(tip) => format!("the history between the base {tip} and the head {head} is not"),
        None => format!("what the head {head} holds is not"),
    };
    let mut text = format!(
        "{what} in this checkout, so that there is no telling what the change does. Let the step with actions/checkout fetch all of the history:\n\
         \x20       with:\n\
         \x20         fetch-depth: 0"
    );
    match (target.event, target.pull_request, tip) {
        (Event::PullRequestTarget, Some(number), _) => {
            let _ = write!(
                text,
                "\nThis event checks out the base. Fetch the head, without checking it out, in a step after it:\n\
                 \x20     - run: git fetch --no-tags origin refs/pull/{number}/head"
            );
        }
        (Event::Push, _, Some(tip)) if !lacks_head => {
            let _ = write!(
                text,
                "\nAfter a forced push, also fetch what was there before, in a step after it:\n\
                 \x20     - run: git fetch --no-tags origin {tip}"
            );
        }
        _ => {}
    }
    Error::HistoryMissing(text)
}
