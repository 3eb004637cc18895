//! What keeps a Dockerfile from being built as it stands.

use super::super::tree::Span;
use super::{Dockerfile, Instruction, Origin, words};

/// Something that is no Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the instruction's keyword, or of the flag.
    pub at: Span,
    /// The keyword.
    pub keyword: String,
    /// What is wrong, as a sentence goes on behind the keyword.
    pub what: &'static str,
}

/// The problems of a Dockerfile, in order. Source: what the reader of `BuildKit` refuses; a `CMD` whose list does not
/// end it takes for a script, which no shell can run.
pub(super) fn all(dockerfile: &Dockerfile) -> Vec<Problem> {
    let mut found = Vec::new();
    for instruction in dockerfile.instructions() {
        if let Some(what) = problem(dockerfile, instruction) {
            found.push(Problem {
                at: instruction.keyword_span,
                keyword: instruction.keyword.clone(),
                what,
            });
        }
    }
    let stages = dockerfile.stages();
    for stage in stages.all() {
        for instruction in stages.body(stage) {
            let Some(flag) = instruction
                .flag("from")
                .filter(|_| instruction.keyword == "COPY")
            else {
                continue;
            };
            let is_number =
                !flag.value.is_empty() && flag.value.bytes().all(|b| b.is_ascii_digit());
            if is_number && matches!(stages.origin(stage, instruction), Origin::Image(_)) {
                found.push(Problem {
                    at: flag.span,
                    keyword: instruction.keyword.clone(),
                    what: "takes files from a stage that is not there",
                });
            }
        }
    }
    found.sort_by_key(|problem| problem.at.start);
    found
}

fn problem(dockerfile: &Dockerfile, instruction: &Instruction) -> Option<&'static str> {
    let is_open = |heredoc: &super::Heredoc| {
        let rest = dockerfile.text().get(heredoc.body.range().end..);
        let last = rest.and_then(|rest| rest.lines().next());
        last.is_none_or(|line| line.trim_start_matches('\t').trim_end_matches('\r') != heredoc.name)
    };
    if instruction.heredocs.iter().any(is_open) {
        return Some("begins a here-document that nothing ends");
    }
    let words = || dockerfile.words(instruction).len();
    match &*instruction.keyword {
        "FROM" => match words() {
            0 => Some("names no image"),
            1 | 3 => None,
            _ => Some("is neither an image nor an image, `AS` and a name"),
        },
        "COPY" | "ADD" if words() < 2 => Some("does not say what to copy where"),
        "USER" | "WORKDIR" if words() == 0 => Some("names nothing"),
        "CMD" | "ENTRYPOINT" => {
            let logical = dockerfile.logical(instruction.operands);
            let begins = logical.text.trim_start().starts_with('[');
            let is_list = !begins || logical.text.contains(']') || words::json(&logical).is_some();
            (!is_list).then_some("begins a list that does not end")
        }
        _ => None,
    }
}
