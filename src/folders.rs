//! The folders of paths, which are written with slashes.

/// The folder of a path, without a slash behind it; empty for the root.
#[must_use]
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder and those above it, the nearest first; the root is empty.
pub fn folders_up(own: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(own), |at| (!at.is_empty()).then(|| folder(at)))
}
