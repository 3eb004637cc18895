//! Sends what is planned for the lines and files of a pull request.

use std::collections::BTreeSet;

use crate::github::{Classifier, Client, Failure, NewComment, NewReview};
use crate::report::count;
use crate::report::review::anchor::Anchor;
use crate::report::review::body::Draft;
use crate::report::review::marker::{FindingMarker, Key};
use crate::report::review::reconcile::{MOST_FILES, Plan, ReopenedComment};

use super::standing::{self, Myself};
use super::writes::Writes;

/// The pull request that is written to.
pub(super) struct Place<'p> {
    pub(super) client: &'p Client,
    pub(super) number: u64,
    pub(super) head: &'p str,
    pub(super) key: &'p Key,
    pub(super) myself: &'p Myself,
    /// The numbers of the comments that stood there before.
    pub(super) before: &'p BTreeSet<u64>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The fingerprints of findings that have no comment after all, and that the summary tells.
    pub(super) rest: BTreeSet<String>,
    /// What is not as planned, for the log.
    pub(super) notes: Vec<String>,
    /// What kept comments from being written; the first of all.
    pub(super) failure: Option<Failure>,
    /// How many comments are not up to date, for want of room.
    pub(super) left: usize,
}

/// What it means that comments are left.
pub(super) fn left(number: usize) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    let comments = count(number, "comment");
    format!("{comments} {verb} left for the next run to bring up to date")
}

impl Sent {
    fn failed(&mut self, failure: Failure, drafts: &[&Draft]) {
        for draft in drafts {
            self.summarises(draft);
        }
        self.failure.get_or_insert(failure);
    }

    fn summarises(&mut self, draft: &Draft) {
        self.rest.extend(draft.marker.fingerprints.iter().cloned());
    }

    /// True if it makes no sense to go on: what is missing is missing for all that follows.
    fn is_over(&self) -> bool {
        let over = |failure: &Failure| {
            matches!(
                failure,
                Failure::Denied { .. }
                    | Failure::BadCredentials
                    | Failure::NotFound
                    | Failure::Limited { .. }
            )
        };
        self.failure.as_ref().is_some_and(over)
    }
}

/// Carries out a plan: what came back first, as what cannot be opened again is told anew, then what is new, in one review,
/// then what is edited, which notifies nobody.
pub(super) async fn send(
    place: &Place<'_>,
    headline: &str,
    plan: &Plan,
    writes: &mut Writes,
) -> Sent {
    let mut sent = Sent {
        rest: plan.rest.clone(),
        ..Sent::default()
    };
    let mut drafts: Vec<&Draft> = plan.review.iter().collect();
    let mut on_files: Vec<&Draft> = plan.files.iter().collect();
    for draft in reopen_all(place.client, plan, writes, &mut sent).await {
        match draft.anchor {
            Anchor::Lines { .. } => drafts.push(draft),
            Anchor::File { .. } => on_files.push(draft),
            Anchor::Summary => sent.summarises(draft),
        }
    }
    if sent.is_over() {
        for draft in drafts {
            sent.summarises(draft);
        }
    } else if !drafts.is_empty() {
        match create_review(place, headline, &drafts, writes).await {
            Ok(()) => {}
            // All or none, and GitHub does not say which: the files themselves are surely there.
            Err(Failure::Rejected { message, errors }) => {
                sent.notes.push(format!(
                    "GitHub rejects the review, so that its comments go to files and to the summary: {message} {}",
                    errors.join("; ")
                ));
                let room = MOST_FILES.saturating_sub(on_files.len());
                let (first, others) = drafts.split_at(room.min(drafts.len()));
                on_files.extend(first);
                for draft in others {
                    sent.summarises(draft);
                }
            }
            Err(failure) => sent.failed(failure, &drafts),
        }
    }
    for draft in on_files {
        if sent.is_over() {
            sent.summarises(draft);
            continue;
        }
        if let Err(failure) = create_on_file(place, draft, writes).await {
            sent.failed(failure, &[draft]);
        }
    }
    if !sent.is_over() {
        amend(place, plan, writes, &mut sent).await;
    }
    if sent.left > 0 && sent.failure.is_some() {
        sent.notes.push(left(sent.left));
    }
    sent
}

async fn create_review(
    place: &Place<'_>,
    headline: &str,
    drafts: &[&Draft],
    writes: &mut Writes,
) -> Result<(), Failure> {
    let review = NewReview {
        commit_id: place.head.to_owned(),
        body: format!("tidegate: {headline}"),
        comments: drafts.iter().filter_map(|draft| comment(draft)).collect(),
    };
    let create = || place.client.create_review(place.number, &review);
    for is_last in [false, true] {
        match writes.once(create).await {
            // GitHub may have kept what it did not answer for.
            Err(failure @ Failure::Unavailable { .. }) => {
                if stands(place, drafts).await? {
                    return Ok(());
                }
                if is_last || !writes.wait(writes.pace()).await {
                    return Err(failure);
                }
            }
            other => return other.map(|_| ()),
        }
    }
    Ok(())
}

async fn create_on_file(
    place: &Place<'_>,
    draft: &Draft,
    writes: &mut Writes,
) -> Result<(), Failure> {
    let (Anchor::File { path } | Anchor::Lines { path, .. }) = &draft.anchor else {
        return Ok(());
    };
    let client = place.client;
    let create = || client.create_file_comment(place.number, place.head, path, &draft.body);
    match writes.once(create).await {
        Err(failure @ Failure::Unavailable { .. }) => {
            if stands(place, &[draft]).await? {
                return Ok(());
            }
            if !writes.wait(writes.pace()).await {
                return Err(failure);
            }
            writes.once(create).await.map(|_| ())
        }
        other => other.map(|_| ()),
    }
}

/// True if one of these comments stands there and did not before.
async fn stands(place: &Place<'_>, drafts: &[&Draft]) -> Result<bool, Failure> {
    let standing = standing::comments(place.client, place.number, place.myself).await?;
    let read = |body: &str| FindingMarker::read(body, place.key);
    let mut new = standing
        .iter()
        .filter(|comment| comment.is_ours && !place.before.contains(&comment.id))
        .filter_map(|comment| read(&comment.body));
    // What a body remembers of its findings is bounded, so that bodies are compared.
    let wanted: Vec<FindingMarker> = drafts
        .iter()
        .filter_map(|draft| read(&draft.body))
        .collect();
    Ok(new.any(|marker| wanted.contains(&marker)))
}

fn comment(draft: &Draft) -> Option<NewComment> {
    let Anchor::Lines {
        path,
        side,
        first,
        last,
    } = &draft.anchor
    else {
        return None;
    };
    let side = side.name().to_owned();
    let is_long = first < last;
    Some(NewComment {
        path: path.to_string(),
        body: draft.body.clone(),
        line: u64::from(*last),
        start_line: is_long.then_some(u64::from(*first)),
        start_side: is_long.then(|| side.clone()),
        side,
    })
}

/// Opens comments again, and gives those that stay closed.
async fn reopen_all<'p>(
    client: &Client,
    plan: &'p Plan,
    writes: &mut Writes,
    sent: &mut Sent,
) -> Vec<&'p Draft> {
    let mut closed = Vec::new();
    // Threads belong to whoever may write contents; that is never asked for.
    let mut may_resolve = true;
    for reopened in &plan.reopened {
        let draft = &reopened.draft;
        if sent.is_over() || !writes.has_room(3) {
            sent.left += 1;
            sent.summarises(draft);
            continue;
        }
        match reopen(client, reopened, writes, &mut may_resolve).await {
            Ok(true) => {}
            // Somebody deleted it meanwhile, or closed it for good.
            Ok(false) | Err(Failure::NotFound) => closed.push(draft),
            Err(failure) => sent.failed(failure, &[draft]),
        }
    }
    closed
}

/// Opens a comment again; false if its thread is not ours to open. What it says of itself is edited last: until then it
/// counts as settled, so that the next run takes up what was cut short, and takes nothing for a person's answer.
async fn reopen(
    client: &Client,
    reopened: &ReopenedComment,
    writes: &mut Writes,
    may_resolve: &mut bool,
) -> Result<bool, Failure> {
    if let Some(thread) = &reopened.unresolve {
        if !*may_resolve {
            return Ok(false);
        }
        match writes.once(|| client.unresolve(thread)).await {
            Ok(()) => {}
            Err(Failure::Denied { .. } | Failure::Rejected { .. }) => {
                *may_resolve = false;
                return Ok(false);
            }
            Err(failure) => return Err(failure),
        }
    }
    if let Some(node) = &reopened.unminimize {
        writes.once(|| client.unminimize(node)).await?;
    }
    let body = &reopened.draft.body;
    let edit = || client.edit_review_comment(reopened.id, body);
    writes.once(edit).await.map(|()| true)
}

/// Edits and folds. What does not fit into one run, or fails, is done by the next: what a comment says of itself is
/// edited first, and one that is settled and in sight is folded later.
async fn amend(place: &Place<'_>, plan: &Plan, writes: &mut Writes, sent: &mut Sent) {
    let client = place.client;
    for edit in &plan.edited {
        let has_room = !sent.is_over() && writes.has_room(1);
        let write = || client.edit_review_comment(edit.id, &edit.body);
        if !has_room {
            sent.left += 1;
        }
        if !has_room || !note(writes.once(write).await, sent) {
            sent.rest.extend(edit.news.iter().cloned());
        }
    }
    let mut threads = Vec::new();
    for settled in &plan.settled {
        let needed = if settled.minimize.is_some() { 2 } else { 1 };
        if sent.is_over() || !writes.has_room(needed) {
            sent.left += 1;
            continue;
        }
        let edit = &settled.edit;
        let write = || client.edit_review_comment(edit.id, &edit.body);
        if !note(writes.once(write).await, sent) {
            continue;
        }
        if let Some(node) = &settled.minimize {
            let fold = || client.minimize(node, Classifier::Resolved);
            note(writes.once(fold).await, sent);
        }
        threads.extend(&settled.resolve);
    }
    for node in &plan.folded {
        if sent.is_over() || !writes.has_room(1) {
            sent.left += 1;
            continue;
        }
        let fold = || client.minimize(node, Classifier::Resolved);
        note(writes.once(fold).await, sent);
    }
    // Last, as it is no more than an extra: threads belong to whoever may write contents, and that is never asked for.
    for thread in threads {
        let may_go_on = !sent.is_over() && writes.has_room(1);
        if !may_go_on || writes.once(|| client.resolve(thread)).await.is_err() {
            break;
        }
    }
}

/// True if it was done.
fn note(result: Result<(), Failure>, sent: &mut Sent) -> bool {
    match result {
        Ok(()) => true,
        // Somebody deleted it meanwhile, which settles it.
        Err(Failure::NotFound) => false,
        Err(failure) => {
            sent.failed(failure, &[]);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted() {
        assert!(left(1).starts_with("1 comment is left "));
        assert!(left(2).starts_with("2 comments are left "));
    }
}
