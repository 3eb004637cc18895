//! Under which keys of a text a key stands: those above it that are indented less, or the section of its file.

use super::label::fit;

/// How far above a key its section is looked for, in bytes.
const FARTHEST: usize = 8192;

/// More levels are none of a file that people write.
const DEEPEST: usize = 8;

/// A key on the line of a place, behind the keys that it stands under: `spring.datasource.password`.
pub(super) fn of(text: &str, at: usize, key: &str) -> String {
    let before = text.get(..at).unwrap_or_default();
    let Some(start) = before.rfind('\n') else {
        return key.to_owned();
    };
    let own = before.get(start + 1..).unwrap_or_default();
    let from = before.ceil_char_boundary(start.saturating_sub(FARTHEST));
    let mut names = vec![key];
    let mut indent = key_indent(own);
    // The items beside the one that it belongs to are none above it.
    let mut in_item = is_item(own.trim_start());
    if in_item {
        indent = indent_of(own) + 1;
    }
    let is_setting = indent == 0 && own.contains('=');
    for line in before.get(from..start).unwrap_or_default().rsplit('\n') {
        let written = line.trim();
        if written.is_empty() || written.starts_with(['#', ';']) {
            continue;
        }
        if is_setting {
            let name = written.strip_prefix('[');
            if let Some(name) = name.and_then(|name| name.strip_suffix(']')) {
                names.push(fit(name));
                break;
            }
            continue;
        }
        if indent == 0 || names.len() > DEEPEST {
            break;
        }
        let line_indent = indent_of(line);
        let is_beside = in_item && is_item(written) && line_indent + 1 == indent;
        if line_indent < indent && !is_beside {
            in_item = is_item(written);
            // A list may be indented as its key is.
            indent = line_indent + usize::from(in_item);
            names.extend(opened(written).map(fit));
        }
    }
    names.retain(|name| !name.is_empty());
    names.reverse();
    names.join(".")
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_item(written: &str) -> bool {
    written.starts_with("- ")
}

/// Where the key of a line begins; the dash of a list stands before it.
fn key_indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '-']).len()
}

/// The key of a line that holds nothing else, `datasource:` or `"datasource": {`; or the name that an item of a list
/// begins with, `- name: shop`.
fn opened(line: &str) -> Option<&str> {
    let bare = line.trim_start_matches(['-', ' ']);
    let (key, value) = bare.split_once(':')?;
    let key = unquoted(key);
    match value.trim() {
        "" | "{" | "[" | "|" => Some(key),
        value if is_item(line) && matches!(key, "name" | "user" | "username" | "host" | "id") => {
            Some(unquoted(value))
        }
        _ => None,
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_called_by_those_above_it() {
        let called = |text: &str| of(text, text.len(), "password");
        assert_eq!(called("password: "), "password");
        assert_eq!(called("a:\n  url: x\npassword: "), "password");
        assert_eq!(
            called(
                "spring:\n  data:\n    x: y\n  mail:\n    # of it\n\n    host: z\n    password: "
            ),
            "spring.mail.password"
        );
        assert_eq!(
            called("users:\n- name: shop\n  password: "),
            "users.shop.password"
        );
        assert_eq!(
            called("users:\n  - name: shop\n    password: x\n  - password: "),
            "users.password"
        );
        assert_eq!(
            called("{\n  \"db\": {\n    \"password\": \""),
            "db.password"
        );
        assert_eq!(called("[a]\nx=1\n[b]\ny=2\npassword="), "b.password");
    }
}
