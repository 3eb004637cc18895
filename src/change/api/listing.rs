//! What a commit holds, from the clone if it has it, else from GitHub.

use std::sync::Arc;

use super::super::git::Repository;
use super::super::{
    ContentId, IsRelevant, LONGEST_PATH, LeftOutReason, ListedFile, Listing, Relevance,
    installed_folder, relevance,
};
use super::{CHECK_OUT, Wanted, told};
use crate::error::Error;
use crate::github::{Client, Entry, Failure, Tree};

/// What a commit holds, before it is known where its links point.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) listing: Listing,
    /// Links by path, with the id of what holds their target.
    pub(super) links: Vec<(String, Option<ContentId>)>,
}

pub(super) async fn of(
    client: &Client,
    repository: Option<&Repository>,
    wanted: &Wanted<'_>,
) -> Result<Listed, Error> {
    let commit = wanted.commit;
    if let Some(Ok((_, listing))) =
        repository.map(|repository| repository.listing(commit, wanted.is_relevant))
    {
        let links = Vec::new();
        return Ok(Listed { listing, links });
    }
    let tree = client.tree(commit).await.map_err(|failure| match failure {
        Failure::NotFound => Error::HistoryMissing(format!(
            "GitHub has no commit {commit}, or this token may not read it (permission `contents: read`)"
        )),
        failure => told(&format!("the list of files of commit {commit}"), &failure),
    })?;
    of_tree(&tree, wanted.is_relevant).map_err(|why| {
        Error::Unavailable(format!(
            "the list of files of commit {commit} {why}. {CHECK_OUT}"
        ))
    })
}

fn of_tree(tree: &Tree, is_relevant: IsRelevant) -> Result<Listed, &'static str> {
    if tree.truncated {
        return Err("is longer than GitHub hands over, so that files would be missed");
    }
    let mut listed = Listed::default();
    for entry in &tree.entries {
        add(&mut listed, entry, is_relevant)?;
    }
    Ok(listed)
}

/// The most bytes of a file that matters only where another one names it.
const MOST_WHERE_NAMED: u64 = 16 << 10;

fn add(listed: &mut Listed, entry: &Entry, is_relevant: IsRelevant) -> Result<(), &'static str> {
    let Listed { listing, links } = listed;
    let path = entry.path.as_str();
    if let Some(folder) = installed_folder(path.as_bytes()) {
        listing.leave_out(String::from_utf8_lossy(folder), LeftOutReason::Installed);
        return Ok(());
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.contains('\0') {
        listing.leave_out(path, LeftOutReason::Malformed);
        return Ok(());
    }
    let id = id_of(&entry.id);
    match entry.mode.as_str() {
        "040000" => {}
        "160000" => listing.leave_out(path, LeftOutReason::Submodule),
        "120000" => links.push((path.to_owned(), id)),
        "100644" | "100755" | "100664" => {
            let is_small = entry.size.is_none_or(|size| size <= MOST_WHERE_NAMED);
            match relevance(path, is_relevant) {
                Relevance::None => return Ok(()),
                // What only another file may name is asked for where it is as small as what people write by hand.
                Relevance::WhereNamed if !is_small => return Ok(()),
                Relevance::WhereNamed | Relevance::Own => {}
            }
            // JSON is Unicode: what is not was replaced, and two paths may have become one.
            if path.contains('\u{fffd}') {
                listing.leave_out(path, LeftOutReason::NotUnicodePath);
            } else if path.len() > LONGEST_PATH {
                listing.leave_out(path, LeftOutReason::TooDeep);
            } else {
                listing.files.push(ListedFile {
                    path: Arc::from(path),
                    id: Some(id.ok_or("names contents in a way that is not understood")?),
                    size: entry.size,
                });
            }
        }
        _ => listing.leave_out(path, LeftOutReason::Malformed),
    }
    Ok(())
}

/// The id that a text of 40 hexadecimal digits stands for.
pub(super) fn id_of(text: &str) -> Option<ContentId> {
    let id = gix::ObjectId::from_hex(text.as_bytes()).ok()?;
    <[u8; 20]>::try_from(id.as_slice()).ok().map(ContentId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, mode: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            mode: mode.to_owned(),
            id: "ce013625030ba8dba906f756967f9e9ca394464a".to_owned(),
            size: Some(6),
        }
    }

    fn of(entries: Vec<Entry>, truncated: bool) -> Result<Listed, &'static str> {
        let nothing: IsRelevant = |_| Relevance::None;
        of_tree(&Tree { entries, truncated }, nothing)
    }

    #[test]
    fn files_links_and_what_is_left_out_are_told_apart() {
        let listed = of(
            vec![
                entry("deploy", "040000"),
                entry("deploy/a.yaml", "100644"),
                entry("deploy/run.sh", "100755"),
                entry("deploy/b.yaml", "120000"),
                entry("vendor/lib", "160000"),
                entry("web/node_modules", "040000"),
                entry("web/node_modules/x/a.yaml", "100644"),
                entry("../a.yaml", "100644"),
                entry("caf\u{fffd}.yaml", "100644"),
                entry("c.yaml", "100000"),
            ],
            false,
        )
        .unwrap();
        let files: Vec<&str> = listed
            .listing
            .files
            .iter()
            .map(|file| &*file.path)
            .collect();
        assert_eq!(files, ["deploy/a.yaml"]);
        assert_eq!(listed.links.len(), 1);
        let left_out: Vec<(&str, &LeftOutReason)> = listed
            .listing
            .left_out
            .iter()
            .map(|left_out| (left_out.path.as_str(), &left_out.reason))
            .collect();
        assert_eq!(
            left_out,
            [
                ("vendor/lib", &LeftOutReason::Submodule),
                ("web/node_modules", &LeftOutReason::Installed),
                ("../a.yaml", &LeftOutReason::Malformed),
                ("caf\u{fffd}.yaml", &LeftOutReason::NotUnicodePath),
                ("c.yaml", &LeftOutReason::Malformed),
            ]
        );
    }

    #[test]
    fn a_listing_that_was_cut_short_is_none() {
        assert!(of(vec![entry("a.yaml", "100644")], true).is_err());
        let mut strange = entry("a.yaml", "100644");
        strange.id = "a".repeat(64);
        assert!(of(vec![strange], false).is_err());
    }
}
