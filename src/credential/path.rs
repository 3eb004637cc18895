//! Drawn parts in the path of an address, as those of webhooks and of links that only some should have.
//!
//! Nothing is proved here: they are only not shown.

use std::ops::Range;

use super::address::MARK;
use super::strength::{is_identifier, is_random};

/// Nothing shorter is hidden: names of releases look as drawn.
const SHORTEST: usize = 30;
/// What is left of a part that was cut must at least be this long.
const LEAST_CUT: usize = 6;

/// Visits the drawn parts of the paths of addresses, in order.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Range<usize>)) {
    let mut from = 0;
    for mark in MARK.find_iter(text.as_bytes()) {
        if mark < from {
            continue;
        }
        let start = mark + "://".len();
        let rest = text.get(start..).unwrap_or_default();
        let is_end = |letter: char| letter.is_whitespace() || "\"'`<>\\()[]{}|?#…".contains(letter);
        let length = rest.find(is_end).unwrap_or(rest.len());
        let end = start + length;
        from = end;
        let is_cut = text.get(end..).is_some_and(|rest| rest.starts_with('…'));
        let mut at = start;
        for (number, part) in rest
            .get(..length)
            .unwrap_or_default()
            .split('/')
            .enumerate()
        {
            let range = at..at + part.len();
            at = range.end + 1;
            // The host is none of the path, and the end of a sentence none of the address.
            let bare = part.trim_end_matches([',', '.', ':', ';', '!']);
            if number > 0 && is_to_hide(bare, is_cut && range.end == end) {
                visit(range.start..range.start + bare.len());
            }
        }
    }
}

fn is_to_hide(part: &str, is_cut: bool) -> bool {
    let holds = |is: fn(&u8) -> bool| part.bytes().any(|byte| is(&byte));
    let is_mixed = holds(u8::is_ascii_digit) && holds(u8::is_ascii_alphabetic);
    // Sums and numbers of versions name what is fetched.
    let is_sum = |piece: &str| is_identifier(piece) || piece.len() >= 20 && is_hex(piece);
    let is_drawn = part
        .split('.')
        .any(|piece| piece.len() >= SHORTEST && is_random(piece))
        && !part.split(['-', '_', '.', ':']).any(is_sum)
        && !is_identifier(part);
    let is_of_all = is_mixed && holds(u8::is_ascii_lowercase) && holds(u8::is_ascii_uppercase);
    is_mixed && is_drawn || is_cut && is_of_all && part.len() >= LEAST_CUT
}

fn is_hex(piece: &str) -> bool {
    piece.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_parts_of_a_path_are_told_from_names() {
        let hidden = |text: &'static str| -> Vec<&str> {
            let mut found = Vec::new();
            scan(text, &mut |range| found.push(&text[range]));
            found
        };
        assert_eq!(
            hidden("from https://get.acme.io/q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3FwT5yU0/i.sh."),
            ["q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3FwT5yU0"]
        );
        assert_eq!(hidden("https://get.acme.io/q8Zr2Lw7…"), ["q8Zr2Lw7"]);
        for silent in [
            "https://github.com/acme/x/archive/9f86d081884c7d659a2feaa0c55ad0159f86d081.tar.gz",
            "https://acme.io/123e4567-e89b-12d3-a456-426614174000/x",
            "https://nodejs.org/dist/v24.11.1/node-v24.11.1-linux-x64-musl-static.tar.xz",
            "https://get.acme.io/install…",
        ] {
            assert_eq!(hidden(silent), Vec::<&str>::new(), "{silent}");
        }
    }
}
