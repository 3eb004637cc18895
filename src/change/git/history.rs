//! Which commit a revision names, and where two histories part.
//!
//! A wrong merge base would compare the wrong things and look like an answer, so that a history with holes is
//! believed only as far as no hole can change the answer.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::ObjectId;

use crate::error::Error;

/// Where two histories part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeBase {
    /// The full id of the best common ancestor.
    pub commit: String,
    /// The full id of the commit that the base names.
    pub base: String,
    /// The full id of the commit that the head names.
    pub head: String,
}

const FETCH_ALL: &str =
    "With actions/checkout, set `fetch-depth: 0`; elsewhere, run `git fetch --unshallow`";

/// The commit that a revision names.
pub(super) fn resolve(repo: &gix::Repository, revision: &str) -> Result<ObjectId, Error> {
    let shown = revision.escape_debug();
    if revision.trim().is_empty() {
        return Err(Error::Usage("a revision cannot be empty".to_owned()));
    }
    // A full id is looked up as such: a tag can be named like the id of another commit.
    let full_id = ObjectId::from_hex(revision.as_bytes()).ok();
    let id = full_id.map_or_else(|| repo.rev_parse_single(revision).map(gix::Id::detach), Ok);
    let found = id.and_then(|id| {
        let commit = repo
            .find_object(id)?
            .peel_to_kind(gix::objs::Kind::Commit)?;
        Ok(commit.id)
    });
    let error = match found {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    let is_head = revision == "HEAD" || revision == "@";
    if is_head && repo.head().is_ok_and(|head| head.is_unborn()) {
        return Err(Error::Usage(
            "the repository has no commits yet: there is no HEAD to read".to_owned(),
        ));
    }
    let is_full_id = full_id.is_some_and(|id| !repo.has_object(id));
    if !is_shallow(repo)? {
        return Err(if is_full_id && is_partial(repo) {
            Error::HistoryMissing(format!(
                "commit {shown} is not in this clone: fetch it with `git fetch origin {shown}`"
            ))
        } else {
            Error::Usage(format!(
                "there is no commit '{shown}' in this repository: {error}"
            ))
        });
    }
    if is_full_id {
        return Err(Error::HistoryMissing(format!(
            "commit {shown} is not in this shallow clone. {FETCH_ALL}, or fetch the one commit with `git fetch --depth=1 origin {shown}`"
        )));
    }
    // `main~3` where `main` is here: the commits before it are what was cut off.
    let start = revision.split(['~', '^']).next().unwrap_or_default();
    if start != revision && !start.is_empty() && repo.rev_parse_single(start).is_ok() {
        return Err(Error::HistoryMissing(format!(
            "'{shown}' goes back further than this shallow clone does. {FETCH_ALL}"
        )));
    }
    Err(Error::Usage(format!(
        "there is no commit '{shown}' in this repository: {error}. The clone is shallow and has few branches: fetch the one that is meant, or with actions/checkout set `fetch-depth: 0`"
    )))
}

/// Why an object that is referred to is not there, and what to do.
pub(super) fn missing_object(repo: &gix::Repository, id: ObjectId) -> String {
    if is_partial(repo) {
        format!(
            "object {id} is not in this clone, which was made with a filter. Clone without one (with actions/checkout, remove `filter`), or run `git fetch --refetch --no-filter`"
        )
    } else {
        format!(
            "object {id} is missing: the repository is damaged or incomplete. Clone it again, or run `git fetch --refetch`"
        )
    }
}

fn is_shallow(repo: &gix::Repository) -> Result<bool, Error> {
    repo.is_shallow().map_err(|error| {
        Error::Repository(format!("cannot tell whether the clone is shallow: {error}"))
    })
}

/// Whether a remote promised to send later what it left out.
pub(super) fn is_partial(repo: &gix::Repository) -> bool {
    let config = repo.config_snapshot();
    config.string("extensions.partialClone").is_some()
        || repo.remote_names().iter().any(|name| {
            let promisor = format!("remote.{name}.promisor");
            config.boolean(promisor.as_str()).unwrap_or(false)
        })
}

/// The best common ancestor of two revisions.
pub(super) fn merge_base(
    repo: &gix::Repository,
    base: &str,
    head: &str,
) -> Result<MergeBase, Error> {
    let base_id = resolve(repo, base)?;
    let head_id = resolve(repo, head)?;
    let commit = if base_id == head_id {
        base_id
    } else if is_shallow(repo)? {
        exact(repo, (base, base_id), (head, head_id))?
    } else {
        let found = repo
            .merge_bases_many(base_id, &[head_id])
            .map_err(|error| Error::Repository(format!("cannot walk the history: {error}")))?;
        match found.as_slice() {
            [only] => only.detach(),
            // Several, where the quick walk may hold one to be best that is behind another; or none, where a
            // missing commit may be why.
            _ => exact(repo, (base, base_id), (head, head_id))?,
        }
    };
    Ok(MergeBase {
        commit: commit.to_string(),
        base: base_id.to_string(),
        head: head_id.to_string(),
    })
}

/// The commits that can be reached from one, itself among them.
struct Ancestry {
    reached: HashSet<ObjectId>,
    /// Those with a parent that is not here.
    cut: BTreeSet<ObjectId>,
}

type Parents = HashMap<ObjectId, Option<Vec<ObjectId>>>;

/// The merge base by walking all that there is, and only if nothing that is missing could change it.
fn exact(
    repo: &gix::Repository,
    (base, base_id): (&str, ObjectId),
    (head, head_id): (&str, ObjectId),
) -> Result<ObjectId, Error> {
    let mut parents = Parents::new();
    let ours = ancestry(repo, base_id, &mut parents)?;
    // Where one is an ancestor of the other, a chain of commits proves it, whatever else is missing.
    if ours.reached.contains(&head_id) {
        return Ok(head_id);
    }
    let theirs = ancestry(repo, head_id, &mut parents)?;
    if theirs.reached.contains(&base_id) {
        return Ok(base_id);
    }

    let is_common = |id: &ObjectId| ours.reached.contains(id) && theirs.reached.contains(id);
    let common: HashSet<ObjectId> = ours
        .reached
        .intersection(&theirs.reached)
        .copied()
        .collect();
    let behind: HashSet<ObjectId> = common
        .iter()
        .filter_map(|id| parents.get(id)?.as_ref())
        .flatten()
        .copied()
        .collect();
    let best: BTreeSet<ObjectId> = common.difference(&behind).copied().collect();

    // What is missing behind a commit of one side alone may lead to the other side, above any ancestor that is
    // known. What is missing behind a common ancestor is behind it; but where there are several, it may connect them.
    let cuts = || ours.cut.iter().chain(&theirs.cut);
    let is_open = cuts().any(|id| !is_common(id)) || (best.len() > 1 && cuts().next().is_some());
    let (base, head) = (base.escape_debug(), head.escape_debug());
    if is_open {
        return Err(Error::HistoryMissing(format!(
            "the merge base of '{base}' and '{head}' cannot be known: this clone does not have the history between them. {FETCH_ALL}"
        )));
    }
    let dated = best.into_iter().map(|id| {
        let time = repo.find_commit(id).and_then(|commit| commit.time());
        (std::cmp::Reverse(time.map_or(0, |time| time.seconds)), id)
    });
    dated.min().map(|(_, id)| id).ok_or_else(|| {
        Error::Usage(format!(
            "'{base}' ({base_id}) and '{head}' ({head_id}) have no commit in common: there is nothing to compare with"
        ))
    })
}

fn ancestry(repo: &gix::Repository, tip: ObjectId, known: &mut Parents) -> Result<Ancestry, Error> {
    let mut ancestry = Ancestry {
        reached: HashSet::from([tip]),
        cut: BTreeSet::new(),
    };
    let mut open = vec![tip];
    while let Some(id) = open.pop() {
        // What a commit says of its parents is true even where the clone was told to stop: only what is not here
        // is a hole.
        for parent in parents_of(repo, id, known)?.clone().unwrap_or_default() {
            if parents_of(repo, parent, known)?.is_none() {
                ancestry.cut.insert(id);
            } else if ancestry.reached.insert(parent) {
                open.push(parent);
            }
        }
    }
    Ok(ancestry)
}

/// The parents of a commit; none if it is not here.
fn parents_of<'a>(
    repo: &gix::Repository,
    id: ObjectId,
    known: &'a mut Parents,
) -> Result<&'a Option<Vec<ObjectId>>, Error> {
    use std::collections::hash_map::Entry;
    match known.entry(id) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => {
            let unreadable =
                |error: gix::Error| Error::Repository(format!("cannot read commit {id}: {error}"));
            let parents = match repo.try_find_object(id).map_err(unreadable)? {
                None => None,
                Some(object) if object.kind == gix::objs::Kind::Commit => {
                    let commit = object.into_commit();
                    Some(commit.parent_ids().map(gix::Id::detach).collect())
                }
                Some(object) => {
                    return Err(Error::Repository(format!(
                        "{id} is a {} where a commit should be",
                        object.kind
                    )));
                }
            };
            Ok(entry.insert(parents))
        }
    }
}
