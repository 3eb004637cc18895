//! Paths that files of a repository name relative to where they lie.

/// A path that is relative to a folder, relative to where that folder's own path is. It may lead out of there; an
/// absolute one stays as it is.
#[must_use]
pub fn joined(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_from_its_folder() {
        for (folder, path, leads_to) in [
            ("", "./lib", "lib"),
            ("packages/a", "../b/", "packages/b"),
            ("packages/a", "..\\b", "packages/b"),
            ("a", "../../b", "../b"),
            ("a", "/b/../c", "/b/../c"),
            ("a", "", "a"),
        ] {
            assert_eq!(joined(folder, path), leads_to, "{folder} {path}");
        }
    }
}
