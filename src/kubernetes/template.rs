//! Whether the actions of a template can be what keeps a text from being YAML.

/// True if an action stands where it is no part of a value that YAML reads as it is: outside of comments, of quotes
/// that hold the whole of it, and of block scalars.
pub(super) fn may_break(text: &str) -> bool {
    // What is deeper than the line that began it belongs to a block scalar.
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if content.is_empty() {
            continue;
        }
        if block.is_some_and(|around| indent > around) {
            continue;
        }
        block = opens_block(content).then_some(indent);
        if content.starts_with('#') {
            continue;
        }
        if content.contains("{{") && has_open_action(content) {
            return true;
        }
    }
    false
}

/// True if a line ends with the sign of a block scalar.
fn opens_block(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or(line).trim_end();
    let sign = line.trim_end_matches(|last: char| last.is_ascii_digit() || "+-".contains(last));
    let before = sign
        .strip_suffix('|')
        .or_else(|| sign.strip_suffix('>'))
        .map(str::trim_end);
    before.is_some_and(|before| before.ends_with([':', '-']))
}

/// True if an action of a line does not stand between quotes as a whole.
fn has_open_action(line: &str) -> bool {
    let mut rest = line;
    let mut before = ' ';
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        // Within a word an apostrophe opens nothing.
        let opens = matches!(letter, '"' | '\'') && !before.is_alphanumeric();
        if opens && let Some((quoted, behind)) = after.split_once(letter) {
            if quoted.matches("{{").count() != quoted.matches("}}").count() {
                return true;
            }
            rest = behind;
            before = letter;
            continue;
        }
        if rest.starts_with("{{") {
            return true;
        }
        if letter == '#' && before.is_whitespace() {
            return false;
        }
        before = letter;
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_action_that_yaml_would_read_can_break_it() {
        for text in [
            "a: {{ .Values.a }}",
            "{{- if .Values.a }}\na: b",
            "a: |\n  b\n{{ .Values.b | indent 2 }}",
            "a: \"{{ .Values.a | default \"b\" }}\"",
            "a: it's {{ .Values.a }}",
        ] {
            assert!(may_break(text), "{text}");
        }
        for text in [
            "a: \"{{name}}\"",
            "a: '{{ name }}' # {{ b }}",
            "# {{ a }}",
            "a: |-\n  {{ $labels.a }}\n  b",
            "- >\n  {{ a }}",
        ] {
            assert!(!may_break(text), "{text}");
        }
    }
}
