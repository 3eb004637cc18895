//! Lines → instructions: directives, comments, continuations and here-documents.

use super::super::tree::Span;
use super::words::{self, Logical};
use super::{Flag, Heredoc, Instruction};

/// A line with the offset that it starts at.
#[derive(Clone, Copy)]
struct Line<'a> {
    start: usize,
    /// The line without what ends it.
    text: &'a str,
    /// One past its end, what ends it included.
    next: usize,
}

impl Line<'_> {
    /// Where the text ends, blanks not counted.
    fn end(self) -> usize {
        self.start + self.text.trim_end().len()
    }

    fn is_comment(self) -> bool {
        self.text.trim_start().starts_with('#')
    }
}

fn lines(text: &str, from: usize) -> impl Iterator<Item = Line<'_>> {
    let mut at = from;
    let rest = text.get(from..).unwrap_or_default();
    rest.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        let text = line.strip_suffix('\n').unwrap_or(line);
        Line {
            start,
            text: text.strip_suffix('\r').unwrap_or(text),
            next: at,
        }
    })
}

/// The name and the value of a parser directive: `# escape=x`.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
    let name = name.trim();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    let value = value.trim();
    (is_name && !value.is_empty()).then_some((name, value))
}

/// The line without the mark that it goes on with, if it has one. Two marks are one that is written.
pub(super) fn continued(line: &str, escape: char) -> Option<&str> {
    let line = line.trim_end_matches([' ', '\t']);
    let before = line.strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}

/// The escape character and the instructions of a text.
pub(super) fn instructions(text: &str) -> (char, Vec<Instruction>) {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut escape = '\\';
    for line in lines(text, start) {
        let Some((name, value)) = directive(line.text) else {
            break;
        };
        if name.eq_ignore_ascii_case("escape") && value == "`" {
            escape = '`';
        }
    }
    let mut found = Vec::new();
    let mut lines = lines(text, start);
    while let Some(line) = lines.next() {
        let start = line.start + (line.text.len() - line.text.trim_start().len());
        let mut end = line.end();
        if start >= end || line.is_comment() {
            continue;
        }
        let mut next = line.next;
        let mut goes_on = continued(line.text, escape).is_some();
        while goes_on {
            let Some(line) = lines.next() else { break };
            if line.is_comment() || line.text.trim().is_empty() {
                continue;
            }
            (end, next) = (line.end(), line.next);
            goes_on = continued(line.text, escape).is_some();
        }
        let mut instruction = instruction(text, start, end, escape);
        for (name, expands, strips_tabs) in heredocs_of(text, &instruction, escape) {
            let mut body = Span::new(next, next);
            for line in lines.by_ref() {
                let last = if strips_tabs {
                    line.text.trim_start_matches('\t')
                } else {
                    line.text
                };
                (end, next) = (line.start + line.text.len(), line.next);
                if last == name {
                    break;
                }
                body = Span::new(body.range().start, line.next);
            }
            // One that nothing ends goes to the end of the file, its last line break included.
            end = end.max(body.range().end);
            instruction.span = instruction.span.to(Span::new(start, end));
            instruction.heredocs.push(Heredoc {
                name,
                body,
                expands,
            });
        }
        found.push(instruction);
    }
    (escape, found)
}

fn instruction(text: &str, start: usize, end: usize, escape: char) -> Instruction {
    let whole = text.get(start..end).unwrap_or_default();
    let length = whole.find(char::is_whitespace).unwrap_or(whole.len());
    // `RUN\` at the end of a line: the mark is no part of the keyword.
    let word = whole.get(..length).unwrap_or_default();
    let is_last = whole
        .get(length..)
        .is_some_and(|rest| rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n'));
    let keyword = if is_last {
        continued(word, escape).unwrap_or(word)
    } else {
        word
    };
    let length = keyword.len();
    let rest = Logical::of(text, Span::new(start + length, end), escape);
    let blanks = rest.text.len() - rest.text.trim_start().len();
    let arguments = if blanks == rest.text.len() {
        Span::new(end, end)
    } else {
        Span::new(rest.offset(blanks), end)
    };
    let mut instruction = Instruction {
        keyword: keyword.to_ascii_uppercase(),
        keyword_span: Span::new(start, start + length),
        arguments,
        operands: arguments,
        flags: Vec::new(),
        heredocs: Vec::new(),
        span: Span::new(start, end),
    };
    read_flags(&rest, end, &mut instruction);
    instruction
}

fn takes_flags(keyword: &str) -> bool {
    ["FROM", "RUN", "COPY", "ADD", "HEALTHCHECK"].contains(&keyword)
}

/// Takes the flags from the front of the arguments.
fn read_flags(rest: &Logical, end: usize, instruction: &mut Instruction) {
    if !takes_flags(&instruction.keyword) {
        return;
    }
    let mut at = 0;
    loop {
        let left = rest.text.get(at..).unwrap_or_default();
        let start = at + (left.len() - left.trim_start().len());
        let left = left.trim_start();
        if !left.starts_with("--") {
            let start = if left.is_empty() {
                end
            } else {
                rest.offset(start)
            };
            instruction.operands = Span::new(start, end);
            return;
        }
        let mut quote = None;
        let length = left.find(|letter: char| match quote {
            Some(open) => {
                if letter == open {
                    quote = None;
                }
                false
            }
            None if letter == '"' || letter == '\'' => {
                quote = Some(letter);
                false
            }
            None => letter.is_whitespace(),
        });
        let length = length.unwrap_or(left.len());
        let flag = left.get(..length).unwrap_or_default();
        at = start + length;
        if flag == "--" {
            continue;
        }
        let name = flag.trim_start_matches('-');
        let (name, value) = name.split_once('=').unwrap_or((name, ""));
        instruction.flags.push(Flag {
            name: name.to_ascii_lowercase(),
            value: value.replace(['"', '\''], ""),
            span: rest.span(&(start..at)),
        });
    }
}

/// The here-documents that an instruction announces: the word that ends it, whether variables count in it, whether
/// its lines lose their tabs.
fn heredocs_of(text: &str, instruction: &Instruction, escape: char) -> Vec<(String, bool, bool)> {
    let is_one = |keyword: &str| ["RUN", "COPY", "ADD"].contains(&keyword);
    let operands = text.get(instruction.operands.range()).unwrap_or_default();
    let takes = is_one(&instruction.keyword)
        || instruction.keyword == "ONBUILD"
            && operands
                .split_whitespace()
                .next()
                .is_some_and(|word| is_one(&word.to_ascii_uppercase()));
    if !takes || !operands.contains("<<") {
        return Vec::new();
    }
    let logical = Logical::of(text, instruction.operands, escape);
    if words::json(&logical).is_some() {
        return Vec::new();
    }
    let words = words::split(&logical, escape);
    words
        .iter()
        .filter_map(|word| {
            let raw = word
                .raw
                .trim_start_matches(|digit: char| digit.is_ascii_digit());
            let rest = raw.strip_prefix("<<")?;
            let (rest, strips_tabs) = match rest.strip_prefix('-') {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let name = words::unquoted(rest, escape);
            let is_name = !name.is_empty() && !rest.contains('<');
            is_name.then(|| {
                let expands = !rest.contains(['"', '\'']);
                (name, expands, strips_tabs)
            })
        })
        .collect()
}
