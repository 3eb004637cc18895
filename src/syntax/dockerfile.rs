//! Dockerfiles as instructions with the bytes that they were written with.
//!
//! Source: the Dockerfile reference (docs.docker.com/reference/dockerfile). Nothing here fails: a line that is no
//! instruction is one with an unknown keyword.

use super::tree::Span;

/// A Dockerfile.
#[derive(Debug)]
pub struct Dockerfile {
    text: String,
    instructions: Vec<Instruction>,
}

/// One instruction, its continuation lines included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The keyword in capitals, such as `FROM`.
    pub keyword: String,
    /// The bytes of the keyword.
    pub keyword_span: Span,
    /// What follows the keyword, continuation marks and comments between included.
    pub arguments: Span,
    /// All of it.
    pub span: Span,
}

impl Dockerfile {
    /// Reads a Dockerfile.
    #[must_use]
    pub fn read(text: String) -> Self {
        let instructions = instructions(&text);
        Self { text, instructions }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The instructions, in order.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let mut end = at - (line.len() - line.trim_end().len());
        if start >= end || line.trim_start().starts_with('#') {
            continue;
        }
        let mut continued = line.trim_end().ends_with('\\');
        while continued {
            let Some(next) = lines.next() else { break };
            let trimmed = next.trim();
            at += next.len();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            end = at - (next.len() - next.trim_end().len());
            continued = trimmed.ends_with('\\');
        }
        let whole = text.get(start..end).unwrap_or_default();
        let length = whole.find(char::is_whitespace).unwrap_or(whole.len());
        let keyword = whole.get(..length).unwrap_or_default();
        let rest = whole.get(length..).unwrap_or_default();
        let arguments = start + length + (rest.len() - rest.trim_start().len());
        found.push(Instruction {
            keyword: keyword.to_ascii_uppercase(),
            keyword_span: Span::new(start, start + length),
            arguments: Span::new(arguments, end),
            span: Span::new(start, end),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_goes_on_over_lines_and_comments() {
        let file =
            Dockerfile::read("# a\nfrom node:24\nRUN a \\\n  # b\n\n  b\nUSER node".to_owned());
        let read = |span: Span| file.text().get(span.range()).unwrap();
        let found: Vec<_> = file
            .instructions()
            .iter()
            .map(|found| (&*found.keyword, read(found.arguments)))
            .collect();
        let run = ("RUN", "a \\\n  # b\n\n  b");
        assert_eq!(found, [("FROM", "node:24"), run, ("USER", "node")]);
    }
}
