//! Untrusted text for Markdown and for the log of a workflow.
//!
//! Names, values and file names come from the pull request. Here they lose the power to link, mention, draw or
//! command; that they can still be read is the second aim.

use std::fmt::Write as _;

use super::plain;

/// Joins without being seen: it parts what GitHub would otherwise turn into a link or a mention.
const JOINER: char = '\u{2060}';

/// Text as a code span, in which Markdown and GitHub recognise nothing.
#[must_use]
pub fn code(text: &str) -> String {
    let text = one_line(text);
    let fence = "`".repeat(longest_fence(&text) + 1);
    let needs_padding = text.starts_with('`')
        || text.ends_with('`')
        || text.trim().is_empty()
        || text.starts_with(' ') && text.ends_with(' ');
    let padding = if needs_padding { " " } else { "" };
    if text.is_empty() {
        // Two fences around nothing are no code span.
        return "` `".to_owned();
    }
    format!("{fence}{padding}{text}{padding}{fence}")
}

/// A code span for a cell of a table. A cell ends at a pipe even within code, and no escape of it survives every
/// neighbour, so that its look-alike stands in; no name that Kubernetes accepts has one.
#[must_use]
pub fn code_in_table(text: &str) -> String {
    code(&text.replace('|', "\u{2502}"))
}

/// Text of several lines as a block of code.
#[must_use]
pub fn block(text: &str) -> String {
    let text = plain(text);
    let fence = "`".repeat(longest_fence(&text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

fn longest_fence(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// Text as prose on one line. What is between single backticks stays code.
#[must_use]
pub fn prose(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('`') {
        words(before, &mut out);
        match after.split_once('`') {
            // A backtick next to another one belongs to a longer fence, which no message of ours has.
            Some((inside, behind)) if !inside.is_empty() && !behind.starts_with('`') => {
                out.push_str(&code(inside));
                rest = behind;
            }
            _ => {
                out.push_str("\\`");
                rest = after;
            }
        }
    }
    words(rest, &mut out);
    out
}

/// Prose without code.
fn words(text: &str, out: &mut String) {
    let mut before = [' '; 3];
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // GitHub looks for mentions and numbers in the finished text, where a backslash is gone.
            '@' | '#' => {
                out.push('\\');
                out.push(character);
                out.push(JOINER);
            }
            // Mathematics: a lone dollar in an element of its own is none.
            '$' => out.push_str("<span>$</span>"),
            '\\' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '+' | '^' => {
                out.push('\\');
                out.push(character);
            }
            '/' if before.ends_with(&[':']) => {
                out.push(JOINER);
                out.push('/');
            }
            '.' if before
                .iter()
                .all(|character| matches!(character, 'w' | 'W')) =>
            {
                out.push(JOINER);
                out.push('.');
            }
            '-' if matches!(before, [_, 'g' | 'G', 'h' | 'H']) => {
                out.push('-');
                out.push(JOINER);
            }
            _ => out.push(character),
        }
        before.rotate_left(1);
        if let Some(last) = before.last_mut() {
            *last = character;
        }
    }
}

/// Text without line breaks and without anything that changes how its neighbours look.
fn one_line(text: &str) -> String {
    plain(text)
        .chars()
        .map(|character| match character {
            '\n' | '\u{2028}' | '\u{2029}' => ' ',
            other => other,
        })
        .collect()
}

/// A path as part of an address: everything but letters, digits and `-._~/` is percent-encoded.
#[must_use]
pub fn url_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Text for the log of a workflow, in which some lines are commands: none of these will be.
///
/// The runner takes a line for a command that starts with `::`, blanks aside, or has `##[` anywhere. It compares as
/// a language does, to which many characters are nothing at all; so a line may start with nothing but a character
/// that is surely something, and whatever is not ASCII is no reason to trust what is around it.
#[must_use]
pub fn log(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in plain(text).split_inclusive('\n') {
        let start = line.trim_start_matches(' ').chars().next();
        let is_sure =
            start.is_none_or(|first| first == '\n' || first != ':' && first.is_ascii_graphic());
        if !is_sure {
            out.push_str("| ");
        }
        let mut after_hash = false;
        for character in line.chars() {
            if character == '[' && after_hash {
                out.push(' ');
            }
            after_hash = character == '#' || after_hash && !character.is_ascii();
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        for (text, expected) in [
            ("api", "`api`"),
            ("", "` `"),
            (" ", "`   `"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("a``b`c", "```a``b`c```"),
            ("`<img>", "`` `<img> ``"),
            ("a\nb\r\u{2028}c", "`a b\u{fffd} c`"),
            ("\u{202e}evil", "`\u{fffd}evil`"),
            ("a|b", "`a|b`"),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
        assert_eq!(
            block("a\n```\n@x\r"),
            "````text\na\n```\n@x\u{fffd}\n````\n"
        );
        assert_eq!(code_in_table("a\\|b"), "`a\\\u{2502}b`");
    }

    #[test]
    fn prose_keeps_its_code_and_nothing_else() {
        for (text, expected) in [
            ("container `api`: is not set", "container `api`: is not set"),
            ("a ` b", "a \\` b"),
            ("``a``", "\\`\\`a\\`\\`"),
            ("@org/team and #12", "\\@\u{2060}org/team and \\#\u{2060}12"),
            ("GH-12 gh-1", "GH-\u{2060}12 gh-\u{2060}1"),
            ("see https://evil.test", "see https:\u{2060}//evil.test"),
            ("www.evil.test", "www\u{2060}.evil.test"),
            ("<!-- tidegate -->", "&lt;\\!-- tidegate --&gt;"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("![x](y) [a](b)", "\\!\\[x\\]\\(y\\) \\[a\\]\\(b\\)"),
            ("a|b*c*_d_~e~", "a\\|b\\*c\\*\\_d\\_\\~e\\~"),
            ("&amp;", "&amp;amp;"),
            ("\\@x", "\\\\\\@\u{2060}x"),
            ("$x$", "<span>$</span>x<span>$</span>"),
            ("a\n# b", "a \\#\u{2060} b"),
            ("\u{200b}\u{202e}", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(prose(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_address_holds_no_markdown() {
        assert_eq!(
            url_path("a b/(c)[d]\"é.yaml"),
            "a%20b/%28c%29%5Bd%5D%22%C3%A9.yaml"
        );
    }

    #[test]
    fn no_line_of_the_log_is_a_command() {
        for (text, expected) in [
            ("plain: text::here\n", "plain: text::here\n"),
            ("\n\n  x", "\n\n  x"),
            ("::error::x", "| ::error::x"),
            ("a\n  ::stop-commands::y\n", "a\n|   ::stop-commands::y\n"),
            ("\u{a0}::x", "| \u{a0}::x"),
            // To some languages a soft hyphen is nothing.
            ("\u{ad}::x", "| \u{ad}::x"),
            ("\t::x", "| \u{fffd}::x"),
            ("a\r::x", "a\u{fffd}::x"),
            ("a ##[error]b", "a ## [error]b"),
            ("#\u{ad}#\u{ad}[group]", "#\u{ad}#\u{ad} [group]"),
            ("a[#b]", "a[#b]"),
        ] {
            assert_eq!(log(text), expected, "{text:?}");
        }
    }
}
