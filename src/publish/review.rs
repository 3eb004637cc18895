//! Sends what is planned for the lines and files of a pull request.

use std::collections::BTreeSet;

use crate::github::{Classifier, Client, Failure, NewComment, NewReview};
use crate::report::review::anchor::Anchor;
use crate::report::review::body::Draft;
use crate::report::review::marker::{FindingMarker, Key};
use crate::report::review::reconcile::{MOST_FILES, Plan};

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
}

impl Sent {
    fn failed(&mut self, failure: Failure, drafts: &[&Draft]) {
        for draft in drafts {
            self.rest.extend(draft.marker.fingerprints.iter().cloned());
        }
        self.failure.get_or_insert(failure);
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

/// Carries out a plan: what is new first, in one review, then what is edited, which notifies nobody.
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
    let mut on_files: Vec<&Draft> = plan.files.iter().collect();
    if !plan.review.is_empty() {
        let drafts: Vec<&Draft> = plan.review.iter().collect();
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
                    sent.rest.extend(draft.marker.fingerprints.iter().cloned());
                }
            }
            Err(failure) => sent.failed(failure, &drafts),
        }
    }
    for draft in on_files {
        if sent.is_over() {
            sent.rest.extend(draft.marker.fingerprints.iter().cloned());
            continue;
        }
        if let Err(failure) = create_on_file(place, draft, writes).await {
            sent.failed(failure, &[draft]);
        }
    }
    if !sent.is_over() {
        amend(place, plan, writes, &mut sent).await;
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

/// Edits, folds and unfolds. What does not fit into one run, or fails, is done by the next: what a comment says of
/// itself is edited first.
async fn amend(place: &Place<'_>, plan: &Plan, writes: &mut Writes, sent: &mut Sent) {
    let client = place.client;
    let mut left = 0;
    // Threads belong to whoever may write contents; that is never asked for.
    let mut may_resolve = true;
    for edit in &plan.edited {
        if sent.is_over() || !writes.has_room(1) {
            left += 1;
            continue;
        }
        let edited = writes
            .once(|| client.edit_review_comment(edit.id, &edit.body))
            .await;
        note(edited, sent);
    }
    for settled in &plan.settled {
        if sent.is_over() || !writes.has_room(3) {
            left += 1;
            continue;
        }
        let edit = &settled.edit;
        let edited = writes
            .once(|| client.edit_review_comment(edit.id, &edit.body))
            .await;
        if !note(edited, sent) {
            continue;
        }
        if let Some(node) = &settled.minimize {
            let folded = writes
                .once(|| client.minimize(node, Classifier::Resolved))
                .await;
            note(folded, sent);
        }
        if let Some(thread) = settled.resolve.as_ref().filter(|_| may_resolve) {
            may_resolve = writes.once(|| client.resolve(thread)).await.is_ok();
        }
    }
    for reopened in &plan.reopened {
        if sent.is_over() || !writes.has_room(3) {
            left += 1;
            continue;
        }
        let edit = &reopened.edit;
        let edited = writes
            .once(|| client.edit_review_comment(edit.id, &edit.body))
            .await;
        if !note(edited, sent) {
            continue;
        }
        if let Some(node) = &reopened.unminimize {
            note(writes.once(|| client.unminimize(node)).await, sent);
        }
        if let Some(thread) = reopened.unresolve.as_ref().filter(|_| may_resolve) {
            may_resolve = writes.once(|| client.unresolve(thread)).await.is_ok();
        }
    }
    if left > 0 {
        sent.notes.push(format!(
            "{left} comments are left for the next run to bring up to date"
        ));
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
