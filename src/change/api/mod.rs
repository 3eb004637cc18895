//! Commits as sides, read through GitHub's API where the objects are not on this machine.
//!
//! What a commit holds is listed by git's own ids, here or by GitHub, and contents are taken from whoever has them: the
//! clone, an archive, or GitHub one by one. Each is proven to have the id that the listing gives it, so that nothing
//! that an archive leaves out or alters (`export-ignore` and `export-subst` in `.gitattributes`) can hide anything. A
//! listing that GitHub cuts short is no listing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::git::{Blobs, Repository};
use super::{
    Content, ContentId, IsRelevant, LeftOutReason, ListedFile, Listing, Side, SideKind, SideLabel,
    Source, may_hide,
};
use crate::error::Error;
use crate::github::{Client, Failure};

mod archive;
mod listing;

use listing::Listed;

/// Files beyond this are not fetched: nothing of theirs would be read but their size.
const LARGEST_FILE: u64 = 16 << 20;

/// What is fetched in all, in bytes.
const BUDGET: u64 = 512 << 20;

/// The most contents that are fetched.
const MOST_CONTENTS: usize = 50_000;

/// From so many contents on, an archive is less work for everybody than asking for them one by one. With a clone, what
/// is missing is what differs, and the archive would bring all that does not.
const WORTH_AN_ARCHIVE: usize = 100;
const WORTH_AN_ARCHIVE_BESIDE_A_CLONE: usize = 2_000;

/// A commit, and what of it is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The full id of the commit.
    pub commit: &'a str,
    /// Which files are listed, beside YAML and JSON.
    pub is_relevant: IsRelevant,
    /// Which of those are read; all others are told as missing if somebody tries.
    pub is_read: fn(&str) -> bool,
}

/// The commit where a head parted from a base, as GitHub sees it.
///
/// # Errors
/// [`Error::HistoryMissing`] if the two have no ancestor that GitHub knows; [`Error::Unavailable`] if it does not say.
pub async fn merge_base(client: &Client, base: &str, head: &str) -> Result<String, Error> {
    match client.compare(base, head).await {
        Ok(comparison) => Ok(comparison.merge_base),
        Err(Failure::NotFound) => Err(Error::HistoryMissing(format!(
            "GitHub finds no history between the base {base} and the head {head}, or this token may not read it (permission `contents: read`)"
        ))),
        Err(failure) => Err(told(
            &format!("where the head {head} parted from the base {base}"),
            &failure,
        )),
    }
}

/// The sides of some commits, in their order. What `repository` has is not asked for.
///
/// # Errors
/// [`Error::Unavailable`] if GitHub does not answer, lists only a part, or if it is more than this program fetches;
/// [`Error::HistoryMissing`] if it knows no such commit.
pub async fn sides(
    client: &Client,
    repository: Option<&Repository>,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Side>, Error> {
    let mut listed = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        listed.push(listing::of(client, repository, wanted).await?);
    }
    let mut pool = Pool {
        local: repository.map(Repository::blobs),
        fetched: BTreeMap::new(),
    };
    for (wanted, listed) in wanted.iter().zip(&listed) {
        pool.fill(client, wanted, listed).await?;
    }
    let pool = Arc::new(pool);
    let sides = wanted.iter().zip(listed).map(|(wanted, listed)| {
        let listing = settle(listed, &pool, wanted.is_relevant);
        let label = SideLabel {
            kind: SideKind::Revision,
            name: wanted.commit.to_owned(),
            commit: Some(wanted.commit.to_owned()),
            root: None,
        };
        Side::new(label, listing, Box::new(Shared(Arc::clone(&pool))))
    });
    Ok(sides.collect())
}

/// Decides of each link whether it may hide something, now that it can be known where it points.
fn settle(listed: Listed, pool: &Pool, is_relevant: IsRelevant) -> Listing {
    let Listed { mut listing, links } = listed;
    for (path, id) in links {
        let target = match id.map(|id| pool.content(&path, id, super::LONGEST_PATH)) {
            Some(Content::Bytes(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        };
        if may_hide(&path, target.as_deref(), is_relevant) {
            listing.leave_out(path, LeftOutReason::Symlink);
        }
    }
    listing
}

/// Contents by their ids: those of the clone, and those that were fetched.
#[derive(Debug)]
struct Pool {
    local: Option<Blobs>,
    fetched: BTreeMap<ContentId, Vec<u8>>,
}

impl Pool {
    fn has(&self, id: ContentId) -> bool {
        self.fetched.contains_key(&id) || self.local.as_ref().is_some_and(|blobs| blobs.hold(id))
    }

    fn content(&self, path: &str, id: ContentId, limit: usize) -> Content {
        match (self.fetched.get(&id), &self.local) {
            (Some(bytes), _) if bytes.len() > limit => Content::Oversized(bytes.len() as u64),
            (Some(bytes), _) => Content::of(bytes.clone()),
            (None, Some(blobs)) if blobs.hold(id) => {
                let file = ListedFile {
                    path: Arc::from(path),
                    id: Some(id),
                    size: None,
                };
                blobs.read(&file, limit)
            }
            _ => Content::Missing(format!("{path} was not fetched from GitHub")),
        }
    }

    /// Fetches what a commit has and nobody here does.
    async fn fill(
        &mut self,
        client: &Client,
        wanted: &Wanted<'_>,
        listed: &Listed,
    ) -> Result<(), Error> {
        let mut missing = self.missing(wanted, listed)?;
        let worth = if self.local.is_some() {
            WORTH_AN_ARCHIVE_BESIDE_A_CLONE
        } else {
            WORTH_AN_ARCHIVE
        };
        if missing.len() > worth {
            let found = archive::fetch(client, wanted.commit, missing.clone()).await?;
            self.fetched.extend(found);
            missing.retain(|id| !self.fetched.contains_key(id));
        }
        let ids: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let found = client
            .blobs(&ids)
            .await
            .map_err(|failure| told(&format!("the files of commit {}", wanted.commit), &failure))?;
        let mut length = self.length();
        for (id, bytes) in found {
            if let Some(id) = listing::id_of(&id) {
                length = length.saturating_add(bytes.len() as u64);
                self.fetched.insert(id, bytes);
            }
        }
        if length > BUDGET {
            return Err(too_much(wanted.commit));
        }
        Ok(())
    }

    /// What is to be fetched, if it is not too much.
    fn missing(&self, wanted: &Wanted<'_>, listed: &Listed) -> Result<BTreeSet<ContentId>, Error> {
        let files = listed.listing.files.iter();
        let files = files
            .filter(|file| (wanted.is_read)(&file.path))
            .filter_map(|file| Some((file.id?, file.size.unwrap_or_default())))
            .filter(|(_, size)| *size <= LARGEST_FILE);
        let links = listed.links.iter().filter_map(|(_, id)| Some(((*id)?, 0)));
        let mut missing = BTreeSet::new();
        let mut length = self.length();
        for (id, size) in files.chain(links) {
            if !missing.contains(&id) && !self.has(id) {
                length = length.saturating_add(size);
                missing.insert(id);
            }
        }
        if length > BUDGET || missing.len() > MOST_CONTENTS {
            return Err(too_much(wanted.commit));
        }
        Ok(missing)
    }

    fn length(&self) -> u64 {
        self.fetched.values().map(|bytes| bytes.len() as u64).sum()
    }
}

/// A pool that several sides read from.
#[derive(Debug)]
struct Shared(Arc<Pool>);

impl Source for Shared {
    fn read(&self, file: &ListedFile, limit: usize) -> Content {
        let Some(id) = file.id else {
            return Content::Missing(format!("{} has no id", file.path));
        };
        match file.size {
            Some(size) if size > LARGEST_FILE && !self.0.has(id) => Content::Oversized(size),
            _ => self.0.content(&file.path, id, limit),
        }
    }
}

const CHECK_OUT: &str = "Put a step with actions/checkout and `fetch-depth: 0` before this one, so that nothing is fetched";

fn too_much(commit: &str) -> Error {
    Error::Unavailable(format!(
        "what commit {commit} holds is more than is fetched from GitHub. {CHECK_OUT}"
    ))
}

/// Why a run cannot go on without GitHub.
fn told(what: &str, failure: &Failure) -> Error {
    let hint = match failure {
        _ if failure.lacks_permission() => " The token needs `permissions: contents: read`.",
        Failure::BadCredentials => " Look at the input `github-token`.",
        _ => "",
    };
    Error::Unavailable(format!(
        "{what} cannot be had from GitHub: {failure}.{hint} {CHECK_OUT}"
    ))
}
