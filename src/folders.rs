//! The folders of paths, which are written with slashes.

/// The folder of a path, without a slash behind it; empty for the root.
#[must_use]
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// True if a path is a folder or lies in it; everything lies in the root, which is empty.
#[must_use]
pub fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A folder and those above it, the nearest first; the root is empty.
pub fn folders_up(own: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(own), |at| (!at.is_empty()).then(|| folder(at)))
}
