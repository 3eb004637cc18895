//! The version of Node.js that `mise.toml` asks for.
//!
//! Source: the configuration of mise (mise.jdx.dev/configuration.html). Lines of a TOML file are read, and nothing of
//! it but this: a value on one line or a list over several.

use crate::syntax::Span;

/// What a table may call Node.js.
const NAMES: [&str; 3] = ["node", "nodejs", "core:node"];

/// The version as it is written, with its bytes. Of a list it is the first, which is what `node` starts.
#[must_use]
pub fn node(text: &str) -> Option<(&str, Span)> {
    let mut table = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim_start_matches('\u{feff}').trim();
        if let Some(header) = trimmed.strip_prefix('[') {
            let end = header.find(']').unwrap_or(header.len());
            table = plain(header.get(..end).unwrap_or_default());
            continue;
        }
        let Some((key, _)) = trimmed
            .split_once('=')
            .filter(|_| !trimmed.starts_with('#'))
        else {
            continue;
        };
        let key = plain(key);
        let path = match &*table {
            "" => key,
            table => format!("{table}.{key}"),
        };
        let Some(rest) = path.strip_prefix("tools.") else {
            continue;
        };
        let is_version = rest
            .strip_suffix(".version")
            .is_some_and(|name| NAMES.contains(&name));
        if !is_version && !NAMES.contains(&rest) {
            continue;
        }
        let from = start + line.find('=')? + 1;
        return value(text, from);
    }
    None
}

/// A key or the name of a table without quotes and blanks.
fn plain(key: &str) -> String {
    key.replace(['"', '\'', ' ', '\t'], "")
}

/// The first text of a value: `"22"`, `["22", "20"]`, `{ version = "22" }`.
fn value(text: &str, from: usize) -> Option<(&str, Span)> {
    let mut from = from;
    let mut rest = text.get(from..)?;
    let blanks = |rest: &str| rest.len() - rest.trim_start_matches([' ', '\t']).len();
    from += blanks(rest);
    rest = text.get(from..)?;
    if rest.starts_with('[') {
        // The list may go over several lines, with comments between.
        loop {
            from += 1;
            from += text.get(from..)?.len() - text.get(from..)?.trim_start().len();
            rest = text.get(from..)?;
            if !rest.starts_with('#') {
                break;
            }
            from += rest.find('\n')?;
        }
    }
    if rest.starts_with('{') {
        let line = rest.lines().next()?;
        let key = line.find("version")?;
        from += key + line.get(key..)?.find('=')? + 1;
        rest = text.get(from..)?;
        from += blanks(rest);
        rest = text.get(from..)?;
    }
    let quote = rest
        .chars()
        .next()
        .filter(|first| ['"', '\''].contains(first))?;
    let inner = rest.get(1..)?;
    let end = inner.find([quote, '\n'])?;
    let written = inner.get(..end)?;
    Some((written, Span::new(from + 1, from + 1 + end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_of_node_is_found() {
        for (text, wanted) in [
            ("[tools]\nnode = \"16\"\n", Some("16")),
            (
                "[env]\nnode = \"1\"\n[tools]\n\"nodejs\" = '20' # old\n",
                Some("20"),
            ),
            ("[tools]\nnode = [\"22\", \"20\"]", Some("22")),
            (
                "[tools]\nnode = [\n  # the new one\n  \"24\",\n]",
                Some("24"),
            ),
            (
                "[tools]\nnode = { version = \"18\", postinstall = \"x\" }",
                Some("18"),
            ),
            ("[tools.node]\nversion = \"18\"", Some("18")),
            ("tools.node = \"18\"", Some("18")),
            ("[tools]\n# node = \"16\"\npython = \"3\"", None),
            ("[tasks.node]\nversion = \"3\"", None),
            ("[tools]\nnode = [", None),
            ("[tools]\nnode =", None),
            ("node = \"16\"", None),
        ] {
            let found = node(text);
            assert_eq!(found.map(|found| found.0), wanted, "{text}");
            if let Some((written, span)) = found {
                assert_eq!(text.get(span.range()), Some(written));
            }
        }
    }
}
