//! Reports to print, made from folders that are written for a moment.

use std::fs;

use tidegate::change::folder;
use tidegate::run::governance::Governance;
use tidegate::run::judge;
use tidegate::run::sides::Sides;
use tidegate::snapshot::load::is_relevant;
use tidegate::verdict::Report;

use crate::program::write;

/// What a pull request may say to be taken for something else.
pub(crate) const HOSTILE: &[&str] = &[
    "::error::x",
    "a\n::stop-commands::y",
    "a\r\n##[group]b",
    "\u{ad}::debug::x",
    "a,line=1::b%0A%25",
    "`",
    "``` \n ```",
    "a`b``c",
    "<!-- tidegate -->",
    "<img src=https://evil.test/x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "![x](https://evil.test/x)",
    "[x](javascript:alert(1))",
    "https://evil.test www.evil.test a@evil.test",
    "@org/team #12 GH-12 org/repo#12",
    "| a | b |",
    "a \\| b \\` c",
    "\u{202e}gnp.exe\u{2066}",
    "\u{200b}\u{feff}\u{e0001}",
    "\u{1b}[31mred\u{1b}]8;;https://evil.test\u{7}x",
    "\n# heading\n- item\n> quote\n---\n",
    "&lt;b&gt; &#64;org",
    "$\\textcolor{red}{x}$",
    "$$x$$",
];

/// The report of a change between two folders.
pub(crate) fn of(base: &[(&str, &str)], head: &[(&str, &str)]) -> Report {
    let temporary = tempfile::tempdir().expect("a folder");
    let side = |name: &str, files: &[(&str, &str)]| {
        let root = temporary.path().join(name);
        fs::create_dir(&root).expect("a folder");
        write(&root, files);
        folder::open(&root, is_relevant).expect("the folder is read")
    };
    let sides = Sides {
        history_missing: None,
        tip: None,
        base: Some(side("base", base)),
        head: side("head", head),
        scope: Vec::new(),
    };
    judge(&sides, &Governance::default(), None)
}

/// The report of a folder, in which everything is introduced.
pub(crate) fn of_folder(root: &std::path::Path) -> Report {
    let sides = Sides {
        tip: None,
        history_missing: None,
        base: None,
        head: folder::open(root, is_relevant).expect("the folder is read"),
        scope: Vec::new(),
    };
    judge(&sides, &Governance::default(), None)
}

/// A line of Markdown without its code spans.
pub(crate) fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        out.push_str(&rest[..start]);
        if out.ends_with('\\') {
            rest = &rest[start + 1..];
            continue;
        }
        let fence: String = rest[start..].chars().take_while(|c| *c == '`').collect();
        let inside = &rest[start + fence.len()..];
        let mut at = 0;
        let end = loop {
            let Some(found) = inside[at..].find(&fence) else {
                panic!("a fence does not close: {line}");
            };
            let end = at + found;
            let run = inside[end..].chars().take_while(|c| *c == '`').count();
            if run == fence.len() {
                break end;
            }
            at = end + run;
        };
        rest = &inside[end + fence.len()..];
    }
    out + rest + "\n"
}
