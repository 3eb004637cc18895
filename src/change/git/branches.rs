//! Which branch a repository comes back to.

use gix::bstr::ByteSlice;

/// What the default branch of most repositories is called, the most frequent first.
const USUAL: [&str; 3] = ["main", "master", "trunk"];

/// The default branch: the one that the remote `origin` named when it was cloned, else one with a usual name, else the
/// one that is checked out. None where a name is no text, or where no branch is checked out.
pub(super) fn default_branch(repo: &gix::Repository) -> Option<String> {
    of_origin(repo).or_else(|| usual(repo)).or_else(|| {
        let name = repo.head_name().ok().flatten()?;
        Some(name.shorten().to_str().ok()?.to_owned())
    })
}

fn of_origin(repo: &gix::Repository) -> Option<String> {
    const ORIGIN: &str = "refs/remotes/origin/";
    let head = repo.try_find_reference(&*format!("{ORIGIN}HEAD")).ok()??;
    let target = head
        .target()
        .try_name()?
        .as_bstr()
        .to_str()
        .ok()?
        .to_owned();
    Some(target.strip_prefix(ORIGIN)?.to_owned())
}

fn usual(repo: &gix::Repository) -> Option<String> {
    let is_there = |name: &&str| {
        ["refs/remotes/origin/", "refs/heads/"]
            .iter()
            .any(|folder| {
                matches!(
                    repo.try_find_reference(&*format!("{folder}{name}")),
                    Ok(Some(_))
                )
            })
    };
    USUAL
        .iter()
        .find(|name| is_there(name))
        .map(|name| (*name).to_owned())
}
