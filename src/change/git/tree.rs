//! The files of a commit, from its trees.
//!
//! Trees are untrusted: a small one can hold itself so many times that its paths never end, so that their number
//! and length are bounded.

use std::sync::Arc;

use gix::bstr::{BStr, ByteSlice};
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;

use super::history::missing_object;
use crate::change::{
    ContentId, INSTALLED, IsRelevant, LONGEST_PATH, LeftOutReason, ListedFile, Listing,
    is_in_scope, is_listed, is_passed_over, may_hide,
};
use crate::error::Error;

/// The most entries that are looked at. The largest public repositories have a third of it.
const MOST_ENTRIES: usize = 1_000_000;

pub(super) fn list(
    repo: &gix::Repository,
    commit: gix::ObjectId,
    is_relevant: IsRelevant,
) -> Result<Listing, Error> {
    list_at_most(repo, commit, is_relevant, MOST_ENTRIES)
}

/// The kind and the id of one entry of a commit, by its path; none where there is none.
pub(super) fn entry(
    repo: &gix::Repository,
    commit: gix::ObjectId,
    path: &str,
) -> Result<Option<(gix::objs::tree::EntryMode, gix::ObjectId)>, Error> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::Repository(format!("cannot read commit {commit}: {error}"))
    };
    let mut id = repo
        .find_commit(commit)
        .map_err(|error| unreadable(&error))?
        .tree_id()
        .map_err(|error| unreadable(&error))?
        .detach();
    let mut found = None;
    for part in path.split('/') {
        if found.is_some_and(|mode: gix::objs::tree::EntryMode| !mode.is_tree()) {
            return Ok(None);
        }
        let object = repo
            .try_find_object(id)
            .map_err(|error| unreadable(&error))?
            .ok_or_else(|| Error::HistoryMissing(missing_object(repo, id)))?;
        let mut entries = TreeRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1);
        let entry = entries.find_map(|entry| {
            let entry = entry.ok()?;
            (*entry.filename == *part.as_bytes()).then(|| (entry.mode, entry.oid.to_owned()))
        });
        let Some((mode, next)) = entry else {
            return Ok(None);
        };
        found = Some(mode);
        id = next;
    }
    Ok(found.map(|mode| (mode, id)))
}

pub(super) fn list_at_most(
    repo: &gix::Repository,
    commit: gix::ObjectId,
    is_relevant: IsRelevant,
    mut entries_left: usize,
) -> Result<Listing, Error> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::Repository(format!("cannot read commit {commit}: {error}"))
    };
    let root = repo
        .find_commit(commit)
        .map_err(|error| unreadable(&error))?
        .tree_id()
        .map_err(|error| unreadable(&error))?
        .detach();
    let mut listing = Listing::default();
    let mut folders: Vec<(Vec<u8>, gix::ObjectId)> = vec![(Vec::new(), root)];
    while let Some((prefix, id)) = folders.pop() {
        let shown = || prefix.strip_suffix(b"/").unwrap_or(&prefix).to_str_lossy();
        let object = repo
            .try_find_object(id)
            .map_err(|error| unreadable(&error))?
            .ok_or_else(|| Error::HistoryMissing(missing_object(repo, id)))?;
        if object.kind != gix::objs::Kind::Tree {
            listing.leave_out(shown(), LeftOutReason::Malformed);
            continue;
        }
        for entry in TreeRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1) {
            let Ok(entry) = entry else {
                listing.leave_out(shown(), LeftOutReason::Malformed);
                break;
            };
            let Some(left) = entries_left.checked_sub(1) else {
                listing.leave_out(shown(), LeftOutReason::TooMany);
                return Ok(listing);
            };
            entries_left = left;
            let path = [&*prefix, entry.filename].concat();
            match entry.mode.kind() {
                EntryKind::Tree if *entry.filename == *INSTALLED => {
                    listing.leave_out(path.to_str_lossy(), LeftOutReason::Installed);
                }
                EntryKind::Tree if is_passed_over(entry.filename) => {}
                _ if !is_name(entry.filename) => {
                    listing.leave_out(path.to_str_lossy(), LeftOutReason::Malformed);
                }
                EntryKind::Tree if path.len() > LONGEST_PATH => {
                    listing.leave_out(path.to_str_lossy(), LeftOutReason::TooDeep);
                }
                EntryKind::Tree => folders.push(([&*path, b"/"].concat(), entry.oid.to_owned())),
                EntryKind::Commit => {
                    listing.leave_out(path.to_str_lossy(), LeftOutReason::Submodule);
                }
                EntryKind::Link => {
                    let path = path.to_str_lossy();
                    if may_hide(&path, target(repo, entry.oid).as_deref(), is_relevant) {
                        listing.leave_out(path, LeftOutReason::Symlink);
                    }
                }
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    add_file(&mut listing, path, entry.oid, is_relevant);
                }
            }
        }
    }
    Ok(listing)
}

fn add_file(listing: &mut Listing, path: Vec<u8>, id: &gix::oid, is_relevant: IsRelevant) {
    let path = match String::from_utf8(path) {
        Ok(path) => path,
        Err(error) => {
            let path = error.as_bytes().to_str_lossy();
            if is_in_scope(&path, is_relevant) {
                listing.leave_out(path, LeftOutReason::NotUnicodePath);
            }
            return;
        }
    };
    if !is_listed(&path, is_relevant) {
        return;
    }
    if path.len() > LONGEST_PATH {
        listing.leave_out(path, LeftOutReason::TooDeep);
        return;
    }
    listing.files.push(ListedFile {
        path: Arc::from(path),
        id: <[u8; 20]>::try_from(id.as_bytes()).ok().map(ContentId),
        size: None,
    });
}

/// Whether a tree may have an entry of this name; git writes no other.
fn is_name(name: &BStr) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(&b'/') && !name.contains(&0)
}

/// Where a symbolic link points, if that is here to be read.
fn target(repo: &gix::Repository, id: &gix::oid) -> Option<String> {
    let header = repo.try_find_header(id.to_owned()).ok()??;
    if header.size() > LONGEST_PATH as u64 {
        return None;
    }
    let object = repo.find_object(id.to_owned()).ok()?;
    Some(object.data.to_str_lossy().into_owned())
}
