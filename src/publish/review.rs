//! Sends what is planned for the lines and files of a pull request.

use std::collections::{BTreeMap, BTreeSet};

use crate::github::{Change, Client, Failure, NewComment, NewReview};
use crate::report::count;
use crate::report::occurrence::Occurrence;
use crate::report::review::anchor::Anchor;
use crate::report::review::body::Draft;
use crate::report::review::marker::{FindingMarker, Key};
use crate::report::review::reconcile::{
    EditedComment, MOST_FILES, Plan, ReopenedComment, SettledComment,
};

use super::batches::{self, rounds};
use super::outdated;
use super::standing::{self, Myself};
use super::writes::Writes;

/// The pull request that is written to.
pub(super) struct Place<'p> {
    pub(super) client: &'p Client,
    pub(super) number: u64,
    pub(super) head: &'p str,
    pub(super) key: &'p Key,
    pub(super) myself: &'p Myself,
    /// The comments that stood there before: their ids, which GraphQL goes by, by their numbers.
    pub(super) before: &'p BTreeMap<u64, String>,
    /// How many of our comments on whole files stand there open, and stay so.
    pub(super) on_files: usize,
}

impl Place<'_> {
    fn edit<'c>(&'c self, id: u64, body: &'c str) -> Change<'c> {
        // What is edited stood there before.
        let comment = self.before.get(&id).map_or("", String::as_str);
        Change::Edit { comment, body }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The findings that have no comment after all, and that the summary tells.
    pub(super) rest: BTreeSet<Occurrence>,
    /// What is not as planned, for the log.
    pub(super) notes: Vec<String>,
    /// What kept comments from being written; the first of all.
    pub(super) failure: Option<Failure>,
    /// How many comments are not up to date, for want of room.
    pub(super) left: usize,
    /// Why the rest is not written any more, where something else stands there by now.
    pub(super) late: Option<&'static str>,
    /// True if nobody knows that the rest would be about what stands there.
    is_stopped: bool,
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
        self.rest.extend(draft.occurrences());
    }

    fn leave(&mut self, draft: &Draft) {
        self.left += 1;
        self.summarises(draft);
    }

    /// Leaves what is to be edited and folded to the next run.
    fn leave_amendments(&mut self, plan: &Plan) {
        self.left += amendments(plan);
        let news = plan.edited.iter().flat_map(|edit| &edit.news);
        self.rest.extend(news.cloned());
    }

    /// True if it makes no sense to go on: what is missing is missing for all that follows.
    fn is_over(&self) -> bool {
        if self.is_stopped {
            return true;
        }
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
    for draft in reopen_all(place, plan, writes, &mut sent).await {
        match draft.anchor {
            Anchor::Lines { .. } => drafts.push(draft),
            Anchor::File { .. } => on_files.push(draft),
            Anchor::Summary => sent.summarises(draft),
        }
    }
    if !(drafts.is_empty() && on_files.is_empty()) {
        look_again(place, writes, &mut sent).await;
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
                on_files.extend(drafts);
            }
            Err(failure) => sent.failed(failure, &drafts),
        }
    }
    // What stands there takes its room first, whatever a review was refused for: else each push would add to the pile.
    let mut taken = place.on_files;
    for draft in on_files {
        if sent.is_over() || taken >= MOST_FILES {
            sent.summarises(draft);
            continue;
        }
        taken += 1;
        if let Err(failure) = create_on_file(place, draft, writes).await {
            sent.failed(failure, &[draft]);
        }
    }
    if !sent.is_over() && amendments(plan) > 0 {
        look_again(place, writes, &mut sent).await;
        if sent.is_over() {
            sent.leave_amendments(plan);
        } else {
            amend(place, plan, writes, &mut sent).await;
        }
    }
    if sent.left > 0 && sent.failure.is_some() {
        sent.notes.push(left(sent.left));
    }
    sent
}

/// How many comments are to be edited or folded.
fn amendments(plan: &Plan) -> usize {
    plan.edited.len() + plan.settled.len() + plan.folded.len()
}

/// Asks, once something was written, whether what follows would still be about the commit at the tip: writing takes its
/// time. Before the first write, whoever planned has just asked. Where no answer comes, nothing more is written.
async fn look_again(place: &Place<'_>, writes: &Writes, sent: &mut Sent) {
    if sent.is_over() || !writes.has_written() {
        return;
    }
    match place.client.pull(place.number).await {
        Ok(pull) => sent.late = outdated(&pull, place.head),
        Err(failure) => {
            sent.failed(failure, &[]);
            sent.is_stopped = true;
        }
    }
    sent.is_stopped |= sent.late.is_some();
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
    // A file has no lines that a suggestion could replace.
    let draft = &Draft {
        body: draft.bare.as_ref().unwrap_or(&draft.body).clone(),
        ..draft.clone()
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
        .filter(|comment| comment.is_ours && !place.before.contains_key(&comment.id))
        .filter_map(|comment| Some((comment.path.as_deref(), read(&comment.body)?)));
    // What a body remembers of its findings is bounded, so that bodies are compared.
    let wanted: Vec<(&str, FindingMarker)> = drafts
        .iter()
        .filter_map(|draft| Some((draft.anchor.path()?, read(&draft.body)?)))
        .collect();
    Ok(new.any(|(path, marker)| {
        wanted.iter().any(|(wanted_path, wanted)| {
            path.is_none_or(|path| path == *wanted_path) && marker == *wanted
        })
    }))
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
    place: &Place<'_>,
    plan: &'p Plan,
    writes: &mut Writes,
    sent: &mut Sent,
) -> Vec<&'p Draft> {
    let mut closed = Vec::new();
    // Threads belong to whoever may write contents; that is never asked for.
    let mut may_resolve = true;
    for round in rounds(&plan.reopened, |reopened| reopened.draft.body.len()) {
        if sent.is_over() || !writes.has_room(Step::ALL.len()) {
            for reopened in round {
                sent.leave(&reopened.draft);
            }
            continue;
        }
        closed.extend(reopen(place, round, writes, sent, &mut may_resolve).await);
    }
    closed
}

/// What it takes to open a comment again. What it says of itself is edited last: until then it counts as settled, so that
/// the next run takes up what was cut short, and takes nothing for a person's answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Unresolve,
    Unfold,
    Edit,
}

impl Step {
    const ALL: [Self; 3] = [Self::Unresolve, Self::Unfold, Self::Edit];

    /// None where it is not needed.
    fn change<'c>(self, place: &'c Place<'_>, reopened: &'c ReopenedComment) -> Option<Change<'c>> {
        match self {
            Self::Unresolve => {
                let thread = reopened.unresolve.as_deref()?;
                Some(Change::Unresolve { thread })
            }
            Self::Unfold => {
                let comment = reopened.unminimize.as_deref()?;
                Some(Change::Unminimize { comment })
            }
            Self::Edit => Some(place.edit(reopened.id, &reopened.body)),
        }
    }
}

/// Opens comments again, and gives those whose threads are not ours to open.
async fn reopen<'p>(
    place: &Place<'_>,
    round: &'p [ReopenedComment],
    writes: &mut Writes,
    sent: &mut Sent,
    may_resolve: &mut bool,
) -> Vec<&'p Draft> {
    let mut closed = Vec::new();
    let mut open: Vec<&ReopenedComment> = round.iter().collect();
    for step in Step::ALL {
        let (mut next, mut opening, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for reopened in open {
            match step.change(place, reopened) {
                None => next.push(reopened),
                Some(_) if step == Step::Unresolve && !*may_resolve => {
                    closed.push(&reopened.draft);
                }
                Some(_) if sent.is_over() => sent.leave(&reopened.draft),
                Some(change) => {
                    changes.push(change);
                    opening.push(reopened);
                }
            }
        }
        let results = batches::send(place.client, &changes, writes).await;
        for (reopened, result) in opening.into_iter().zip(results) {
            match result {
                Ok(()) => next.push(reopened),
                // Somebody deleted it meanwhile, or closed it for good.
                Err(Failure::NotFound) => closed.push(&reopened.draft),
                Err(Failure::Denied { .. } | Failure::Rejected { .. })
                    if step == Step::Unresolve =>
                {
                    *may_resolve = false;
                    closed.push(&reopened.draft);
                }
                Err(failure) => sent.failed(failure, &[&reopened.draft]),
            }
        }
        open = next;
    }
    closed
}

/// Edits and folds. What does not fit into one run, or fails, is done by the next: what a comment says of itself is
/// edited first, and one that is settled and in sight is folded later.
async fn amend(place: &Place<'_>, plan: &Plan, writes: &mut Writes, sent: &mut Sent) {
    let client = place.client;
    for round in rounds(&plan.edited, |edit| edit.body.len()) {
        let results = edit_all(place, round.iter(), writes, sent, 1).await;
        for (edit, is_done) in round.iter().zip(results) {
            if !is_done {
                sent.rest.extend(edit.news.iter().cloned());
            }
        }
    }
    let mut threads: Vec<&str> = Vec::new();
    let mut may_fold = true;
    let is_lost = |one: &Occurrence| sent.rest.contains(one) && !plan.rest.contains(one);
    let (waiting, settled): (Vec<&SettledComment>, Vec<&SettledComment>) =
        (plan.settled.iter()).partition(|settled| settled.told_elsewhere.iter().any(is_lost));
    sent.left += waiting.len();
    for round in rounds(&settled, |settled| settled.edit.body.len()) {
        let edits = round.iter().map(|settled| &settled.edit);
        let results = edit_all(place, edits, writes, sent, 2).await;
        let done = round.iter().zip(results).filter(|(_, is_done)| *is_done);
        let done: Vec<&SettledComment> = done.map(|(settled, _)| *settled).collect();
        let nodes = done
            .iter()
            .filter_map(|settled| settled.minimize.as_deref());
        if may_fold {
            may_fold = fold_all(client, nodes, writes, sent).await;
        }
        threads.extend(done.iter().filter_map(|settled| settled.resolve.as_deref()));
    }
    for round in rounds(&plan.folded, String::len) {
        if !may_fold {
            break;
        }
        if sent.is_over() || !writes.has_room(1) {
            sent.left += round.len();
        } else {
            let nodes = round.iter().map(String::as_str);
            may_fold = fold_all(client, nodes, writes, sent).await;
        }
    }
    // Last, as it is no more than an extra: threads belong to whoever may write contents, and that is never asked for.
    for round in rounds(&threads, |thread| thread.len()) {
        if sent.is_over() || !writes.has_room(1) {
            break;
        }
        let changes = round.iter().map(|thread| Change::Resolve { thread });
        let changes: Vec<Change<'_>> = changes.collect();
        let results = batches::send(client, &changes, writes).await;
        if results.iter().any(Result::is_err) {
            break;
        }
    }
}

/// Edits one round, if there is room for as many requests, and says of each whether it was done.
async fn edit_all<'p>(
    place: &Place<'_>,
    edits: impl Iterator<Item = &'p EditedComment>,
    writes: &mut Writes,
    sent: &mut Sent,
    needed: usize,
) -> Vec<bool> {
    let changes: Vec<Change<'_>> = edits.map(|edit| place.edit(edit.id, &edit.body)).collect();
    if sent.is_over() || !writes.has_room(needed) {
        sent.left += changes.len();
        return vec![false; changes.len()];
    }
    let results = batches::send(place.client, &changes, writes).await;
    let results = results.into_iter();
    results.map(|result| note(result, sent)).collect()
}

/// Said where GitHub lets comments be edited and not be folded.
const FOLDING_REFUSED: &str = "GitHub lets this token fold no comments: those whose findings are gone say so, and stay in sight";

/// Folds one round, and says whether GitHub lets this token fold at all.
async fn fold_all<'p>(
    client: &Client,
    nodes: impl Iterator<Item = &'p str>,
    writes: &mut Writes,
    sent: &mut Sent,
) -> bool {
    let changes: Vec<Change<'_>> = nodes.map(|comment| Change::Minimize { comment }).collect();
    if sent.is_over() {
        return true;
    }
    for result in batches::send(client, &changes, writes).await {
        match result {
            // What a comment says of itself is edited by then: that it stays in sight takes nothing away.
            Err(Failure::Denied { .. } | Failure::Rejected { .. }) => {
                sent.notes.push(FOLDING_REFUSED.to_owned());
                return false;
            }
            other => note(other, sent),
        };
    }
    true
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
