//! `.yarnrc` of Yarn 1: lines of a key and a value, both in quotes where they hold more than a word.
//!
//! Format: <https://classic.yarnpkg.com/lang/en/docs/yarnrc>. What begins with `--` is given to commands: all of them,
//! or the one behind the dashes, as in `--install.ignore-scripts true`.

use crate::syntax::Span;

use super::{Safeguard, Said, Value, lines, replace, said};

/// Reads a file. Of a key that stands in it twice the last one counts.
#[must_use]
pub fn read(content: &str) -> Vec<Said> {
    let mut found: Vec<Said> = Vec::new();
    for (line, at) in lines(content) {
        let Some((key, rest)) = word(line) else {
            continue;
        };
        // A switch may stand alone.
        let value = word(rest.trim_start_matches(':')).map_or("true", |(value, _)| value);
        let Some(one) = understood(key.trim_end_matches(':'), value, at) else {
            continue;
        };
        replace(&mut found, one);
    }
    found
}

/// The first word of a line, without its quotes, and what follows it; none before a comment.
fn word(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    if let Some(quoted) = line.strip_prefix('"') {
        return quoted.split_once('"');
    }
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    line.split_at_checked(end)
}

fn understood(name: &str, value: &str, at: Span) -> Option<Said> {
    let is_true = value == "true";
    let option = match name.strip_prefix("--") {
        Some(option) => option
            .strip_prefix("install.")
            .or_else(|| option.strip_prefix("add."))
            .unwrap_or(option),
        None => name,
    };
    let (what, key, value) = match option {
        "registry" => (Safeguard::Registry, "", Value::Word(value.into())),
        "ignore-scripts" => (Safeguard::NoScripts, "", Value::Switch(is_true)),
        "strict-ssl" => (Safeguard::StrictTls, "", Value::Switch(value != "false")),
        "frozen-lockfile" => (Safeguard::Immutable, "", Value::Switch(is_true)),
        "pure-lockfile" | "no-lockfile" => (Safeguard::Lockfile, "", Value::Switch(!is_true)),
        "yarn-path" => (Safeguard::Code, value, Value::Listed),
        _ => {
            let scope = option.strip_suffix(":registry")?;
            let is_scope = scope.starts_with('@') && !scope.contains('/');
            is_scope.then_some((Safeguard::Registry, scope, Value::Word(value.into())))?
        }
    };
    Some(said(what, key, value, name, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_settings() {
        let text = "# ours\nregistry \"https://npm.acme.example/\"\n\"@acme:registry\" \"https://a.example\"\n\
            strict-ssl false\n\"--install.ignore-scripts\" true\n--add.exact true\nyarn-path \".yarn/releases/yarn-1.22.19.cjs\"\n\
            lastUpdateCheck 1556\nstrict-ssl true\n";
        let found = read(text);
        let shown: Vec<_> = found
            .iter()
            .map(|said| (said.what, &*said.key, &said.value, &text[said.at.range()]))
            .collect();
        assert_eq!(
            shown,
            [
                (
                    Safeguard::Registry,
                    "",
                    &Value::Word("https://npm.acme.example/".into()),
                    "registry \"https://npm.acme.example/\""
                ),
                (
                    Safeguard::Registry,
                    "@acme",
                    &Value::Word("https://a.example".into()),
                    "\"@acme:registry\" \"https://a.example\""
                ),
                (
                    Safeguard::NoScripts,
                    "",
                    &Value::Switch(true),
                    "\"--install.ignore-scripts\" true"
                ),
                (
                    Safeguard::Code,
                    ".yarn/releases/yarn-1.22.19.cjs",
                    &Value::Listed,
                    "yarn-path \".yarn/releases/yarn-1.22.19.cjs\""
                ),
                (
                    Safeguard::StrictTls,
                    "",
                    &Value::Switch(true),
                    "strict-ssl true"
                ),
            ]
        );
    }
}
