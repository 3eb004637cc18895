//! What more than one target asks of its input.

use tidegate::syntax::{Format, Node, Span, Tree, parse, parse_any_yaml};

/// What stands between the parts of one input, so that a corpus is made of files that people can read.
const BETWEEN: &str = "\n%%\n";

/// The parts of an input, as many as are asked for; the last ones are empty where it has fewer.
#[must_use]
pub fn parts<const N: usize>(text: &str) -> [&str; N] {
    let mut parts = text.splitn(N, BETWEEN);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// Any text parses, and every span lies inside the text, on character boundaries.
pub fn parses(format: Format, text: &str) {
    let tree = parse(format, text.to_owned());
    for document in tree.documents() {
        visit(tree.root(document), &tree);
    }
    for problem in tree.problems() {
        lies_within(problem.at, tree.text());
        lies_within(problem.lost, tree.text());
    }
}

fn visit(node: Node<'_>, tree: &Tree) {
    lies_within(node.span(), tree.text());
    let _ = (node.pointer(), node.content_hash());
    node.items().for_each(|item| visit(item, tree));
    node.entries().for_each(|entry| visit(entry.value, tree));
}

/// The quick reader of YAML, where it takes a text, makes the tree of it that the general one makes.
pub fn reads_alike(text: &str) {
    let [quick, general] = [parse(Format::Yaml, text.to_owned()), parse_any_yaml(text.to_owned())].map(|tree| {
        let mut nodes = Vec::new();
        for document in tree.documents() {
            list(tree.root(document), &mut nodes);
        }
        let spans: Vec<Span> = tree.documents().iter().map(|document| document.span).collect();
        format!("{nodes:#?} {spans:?} {:?} {:?}", tree.duplicates(), tree.problems())
    });
    assert_eq!(quick, general, "{text:?}");
}

fn list(node: Node<'_>, nodes: &mut Vec<String>) {
    nodes.push(format!("{} {:?} {:?}", node.id(), node.span(), node.value()));
    node.items().for_each(|item| list(item, nodes));
    for entry in node.written_entries() {
        list(entry.key, nodes);
        list(entry.value, nodes);
    }
}

/// A span is bytes of the text, and splits no character.
#[track_caller]
pub fn lies_within(span: Span, text: &str) {
    assert!(text.get(span.range()).is_some(), "{span:?} is no part of the text");
}
