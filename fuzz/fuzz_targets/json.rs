#![no_main]
//! Any text parses as JSON without a panic, and every span lies inside the text, on character boundaries.

use libfuzzer_sys::fuzz_target;
use tidegate::syntax::{Format, Node, parse};

fn visit(node: Node<'_>, text: &str) {
    assert!(text.get(node.span().range()).is_some(), "a span splits a character");
    let _ = (node.pointer(), node.content_hash());
    node.items().for_each(|item| visit(item, text));
    node.entries().for_each(|entry| visit(entry.value, text));
}

fuzz_target!(|text: &str| {
    let tree = parse(Format::Json, text.to_owned());
    for document in tree.documents() {
        visit(tree.root(document), tree.text());
    }
    for problem in tree.problems() {
        assert!(problem.at.end as usize <= text.len() && problem.lost.end as usize <= text.len());
    }
});
