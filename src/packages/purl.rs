//! Package URLs: names of packages that other tools know.

use std::fmt::Write as _;

/// The package URL of a package of npm, as <https://github.com/package-url/purl-spec> has it: `pkg:npm/%40scope/name@1.2.3`.
/// Without a version it means all of them.
#[must_use]
pub fn of_npm(name: &str, version: &str) -> String {
    let mut purl = String::with_capacity(name.len() + version.len() + 12);
    purl.push_str("pkg:npm/");
    for (index, part) in name.split('/').enumerate() {
        if index > 0 {
            purl.push('/');
        }
        escape(part, &mut purl);
    }
    if !version.is_empty() {
        purl.push('@');
        escape(version, &mut purl);
    }
    purl
}

fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_versions_are_escaped() {
        assert_eq!(of_npm("lodash", "4.17.21"), "pkg:npm/lodash@4.17.21");
        assert_eq!(of_npm("@babel/core", ""), "pkg:npm/%40babel/core");
        assert_eq!(of_npm("a", "1.0.0-rc.1+5"), "pkg:npm/a@1.0.0-rc.1%2B5");
    }
}
