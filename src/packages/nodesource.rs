//! `NodeSource`: the packages of Node.js for Debian and Red Hat, one archive for each release line.
//!
//! Source: the README of nodesource/distributions: `https://deb.nodesource.com/setup_24.x`, and
//! `https://deb.nodesource.com/node_24.x` of the script itself.

/// The release line whose packages an address of `NodeSource` gives, and the part of the address that says it.
#[must_use]
pub fn line_of(text: &str) -> Option<(&str, std::ops::Range<usize>)> {
    let host = ["deb.nodesource.com/", "rpm.nodesource.com/"]
        .iter()
        .find_map(|host| Some(text.find(host)? + host.len()))?;
    let path = text.get(host..)?;
    let (at, name) = ["setup_", "node_"]
        .iter()
        .find_map(|name| Some((path.find(name)?, *name)))?;
    let (line, _) = path.get(at + name.len()..)?.split_once(".x")?;
    let is_line =
        !line.is_empty() && line.len() <= 2 && line.bytes().all(|byte| byte.is_ascii_digit());
    let start = host + at;
    let end = start + name.len() + line.len() + ".x".len();
    is_line.then_some((line, start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_archives_of_a_line_say_one() {
        for (text, line) in [
            ("https://deb.nodesource.com/setup_18.x", Some("18")),
            ("https://rpm.nodesource.com/setup_8.x", Some("8")),
            (
                "'deb https://deb.nodesource.com/node_16.x nodistro main'",
                Some("16"),
            ),
            ("https://deb.nodesource.com/setup_lts.x", None),
            ("https://deb.nodesource.com/setup_$MAJOR.x", None),
            ("https://deb.nodesource.com/setup_18", None),
            ("https://example.com/setup_18.x", None),
        ] {
            assert_eq!(line_of(text).map(|(line, _)| line), line, "{text}");
        }
    }
}
