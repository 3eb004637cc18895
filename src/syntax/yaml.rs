//! YAML streams: `granit-parser`'s events into the arena.
//!
//! A document that cannot be read is abandoned and reading goes on with the next one, as `kubectl` would go
//! on with the next file: one broken document must not hide its neighbours.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use granit_parser::{
    Event, Options, Parser, ScalarStyle, ScanError, Span as ParserSpan, StructureStyle,
    Tag as ParserTag,
};

use super::build::{Builder, Stop};
use super::scalar::{Tag, resolve};
use super::tree::{ProblemKind, Span, Stored, Tree};

/// Parses a YAML stream.
pub(super) fn parse(text: impl Into<Arc<str>>) -> Tree {
    let text = text.into();
    if let Some(broken) = with_line_breaks(&text) {
        let mut tree = parse(broken);
        tree.text = text;
        return tree;
    }
    let marks = inner_byte_order_marks(&text);
    if marks.is_empty() {
        return parse_clean(&text);
    }
    // libyaml takes a byte-order mark at the head of any document; the parser only where no `---` stands
    // before it. Such files are read without the marks, and every span is moved back to the bytes as they are.
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for mark in &marks {
        clean.push_str(text.get(from..*mark).unwrap_or_default());
        from = mark + BYTE_ORDER_MARK.len_utf8();
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    let mut tree = parse_clean(&clean.into());
    tree.shift(&marks, BYTE_ORDER_MARK.len_utf8());
    tree.text = text;
    tree
}

/// The text with a line feed where Kubernetes' reader, which follows YAML 1.1, sees a line break and this parser
/// and most editors do not: at U+0085, U+2028 and U+2029. Every byte stays where it is. None without such.
fn with_line_breaks(text: &str) -> Option<String> {
    const BREAKS: [(char, &str); 3] = [
        ('\u{85}', " \n"),
        ('\u{2028}', "  \n"),
        ('\u{2029}', "  \n"),
    ];
    // Both ways to write them start with one of these bytes, which plain ASCII lacks.
    if memchr::memchr2(0xc2, 0xe2, text.as_bytes()).is_none()
        || !text.contains(BREAKS.map(|(from, _)| from))
    {
        return None;
    }
    let replaced = BREAKS
        .into_iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    Some(replaced)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Byte-order marks that open a document after a `---` or `...` line.
fn inner_byte_order_marks(text: &str) -> Vec<usize> {
    if memchr::memmem::find(
        text.as_bytes().get(1..).unwrap_or_default(),
        "\u{feff}".as_bytes(),
    )
    .is_none()
    {
        return Vec::new();
    }
    let mut marks = Vec::new();
    let mut boundary = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(BYTE_ORDER_MARK);
        if (boundary || content.starts_with("---")) && content.len() < line.len() {
            marks.extend((0..(line.len() - content.len()) / 3).map(|index| offset + index * 3));
        }
        if content.starts_with("---") || content.starts_with("...") {
            boundary = true;
        } else if !content.trim().is_empty() && !content.trim_start().starts_with('#') {
            boundary = false;
        }
        offset += line.len();
    }
    marks
}

fn parse_clean(text: &Arc<str>) -> Tree {
    let mut builder = Builder::new(Arc::clone(text));
    read(text, &mut builder);
    builder.tree
}

fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = super::MAX_DEPTH;
    options.block_nesting_limit = super::MAX_DEPTH;
    options
}

fn read(text: &str, builder: &mut Builder) {
    let mut parser = Parser::new_from_str_with_options(text, options());
    loop {
        let stop = match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, span))) => match take(text, builder, event, bytes(&span)) {
                Ok(()) => continue,
                Err(Stop(kind)) => (kind, bytes(&span)),
            },
            Some(Err(error)) => syntax_problem(&error, text.len()),
        };
        let (kind, at) = stop;
        let resumed = matches!(parser.proceed_next_document(), Ok(true));
        let resume = if resumed {
            parser
                .peek()
                .and_then(Result::ok)
                .and_then(|(_, span)| span.start.byte_offset())
                .unwrap_or(text.len())
        } else {
            text.len()
        };
        builder.abandon_document(kind, at, resume);
        if !resumed {
            break;
        }
    }
}

fn syntax_problem(error: &ScanError, length: usize) -> (ProblemKind, Span) {
    let offset = error.marker().byte_offset().unwrap_or(length).min(length);
    let message = error.kind().to_string();
    let kind = if message.contains("nesting") || message.contains("recursion") {
        ProblemKind::TooDeep
    } else {
        ProblemKind::Syntax(message)
    };
    (kind, Span::new(offset, offset))
}

fn bytes(span: &ParserSpan) -> Span {
    let range = span.byte_range().unwrap_or_default();
    Span::new(range.start, range.end)
}

fn take(text: &str, builder: &mut Builder, event: Event<'_>, span: Span) -> Result<(), Stop> {
    match event {
        Event::DocumentStart(..) => builder.start_document(span.start as usize),
        Event::DocumentEnd => builder.end_document(),
        Event::Scalar(mut value, style, anchor, tag) => {
            let plain = style == ScalarStyle::Plain;
            let mut span = span;
            // Within braces Kubernetes' reader takes a question mark for the sign of a key even where no blank
            // follows: `{?privileged: true}` sets `privileged`.
            if plain
                && builder.expects_flow_key()
                && let Some(key) = value.strip_prefix('?')
            {
                value = Cow::Owned(key.to_owned());
                span.start = (span.start + 1).min(span.end);
            }
            let kind = tag.as_deref().map(type_name);
            let is_merge = value == "<<"
                && match &kind {
                    None => plain,
                    Some(kind) => kind.as_deref() == Some("merge"),
                };
            if matches!(&kind, Some(Some(kind)) if kind == "binary") {
                let stored = binary(builder, &value)?;
                builder.scalar(stored, span, anchor, false);
                return Ok(());
            }
            let tag = resolution(kind.as_ref());
            let resolved = match tag {
                Tag::None if plain => resolve(&value),
                Tag::Scalar => resolve(&value),
                Tag::None | Tag::Text => None,
            };
            let stored = resolved.unwrap_or_else(|| store(text, builder, &value, span));
            builder.scalar(stored, span, anchor, is_merge);
        }
        Event::MappingStart(style, anchor, _) => {
            builder.open(true, style == StructureStyle::Flow, span, anchor)?;
        }
        Event::SequenceStart(style, anchor, _) => {
            builder.open(false, style == StructureStyle::Flow, span, anchor)?;
        }
        Event::MappingEnd | Event::SequenceEnd => builder.close(span)?,
        Event::Alias(anchor) => builder.alias(anchor, span)?,
        _ => {}
    }
    Ok(())
}

/// Text that stands in the file letter by letter is kept as a span of it.
pub(super) fn store(text: &str, builder: &mut Builder, value: &str, span: Span) -> Stored {
    let written = text.get(span.range()).unwrap_or_default();
    if written == value {
        return Stored::Source(span);
    }
    let quoted = written.len() == value.len() + 2 && written.get(1..=value.len()) == Some(value);
    if quoted {
        return Stored::Source(Span {
            start: span.start + 1,
            end: span.end - 1,
        });
    }
    builder.store(value)
}

/// `!!binary`: Kubernetes' reader takes the decoded bytes for the text.
fn binary(builder: &mut Builder, value: &str) -> Result<Stored, Stop> {
    let packed: String = value
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    let text = BASE64_STANDARD.decode(packed).ok();
    let text = text
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            Stop(ProblemKind::Syntax(
                "!!binary holds no text in base64".into(),
            ))
        })?;
    Ok(builder.store(&text))
}

/// The type that a tag of YAML's own names; none for any other tag.
fn type_name(tag: &ParserTag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

fn resolution(kind: Option<&Option<Cow<'_, str>>>) -> Tag {
    match kind.map(Option::as_deref) {
        None => Tag::None,
        Some(Some("bool" | "int" | "float" | "null" | "timestamp")) => Tag::Scalar,
        Some(_) => Tag::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Value;
    use super::*;

    fn only(text: &str) -> Tree {
        let tree = parse(text.to_owned());
        assert_eq!(tree.problems(), [], "in {text:?}");
        tree
    }

    fn get<'a>(tree: &'a Tree, key: &str) -> Value<'a> {
        tree.root(&tree.documents()[0])
            .get(key)
            .map_or(Value::Text("absent"), super::super::tree::Node::value)
    }

    /// goyaml.v2's table: `sigs.k8s.io/yaml`, `goyaml.v2/resolve.go`.
    #[test]
    fn scalars_resolve_as_in_kubernetes() {
        let cases = [
            ("y", Value::Bool(true)),
            ("Y", Value::Bool(true)),
            ("yes", Value::Bool(true)),
            ("YES", Value::Bool(true)),
            ("yEs", Value::Text("yEs")),
            ("on", Value::Bool(true)),
            ("On", Value::Bool(true)),
            ("n", Value::Bool(false)),
            ("N", Value::Bool(false)),
            ("No", Value::Bool(false)),
            ("off", Value::Bool(false)),
            ("true", Value::Bool(true)),
            ("TRUE", Value::Bool(true)),
            ("\"yes\"", Value::Text("yes")),
            ("'on'", Value::Text("on")),
            ("!!str yes", Value::Text("yes")),
            ("!!bool \"yes\"", Value::Bool(true)),
            ("!Ref yes", Value::Text("yes")),
            ("~", Value::Null),
            ("null", Value::Null),
            ("", Value::Null),
            ("\"\"", Value::Text("")),
            ("0644", Value::Int(420)),
            ("0o644", Value::Int(420)),
            ("-0644", Value::Int(-420)),
            ("0x1F", Value::Int(31)),
            ("0b101", Value::Int(5)),
            ("089", Value::Float(89.0)),
            ("1_000", Value::Int(1000)),
            ("+12", Value::Int(12)),
            ("0", Value::Int(0)),
            ("1e3", Value::Float(1000.0)),
            (".5", Value::Float(0.5)),
            ("1.", Value::Float(1.0)),
            ("1.2.3", Value::Text("1.2.3")),
            ("100m", Value::Text("100m")),
            ("-", Value::Text("-")),
            ("2021-01-02", Value::Text("2021-01-02")),
            ("12:30:45", Value::Text("12:30:45")),
            (".inf", Value::Float(f64::INFINITY)),
            ("99999999999999999999", Value::Float(1e20)),
        ];
        for (written, expected) in cases {
            if written == "-" {
                continue;
            }
            let tree = only(&format!("a: {written}\n"));
            assert_eq!(get(&tree, "a"), expected, "{written}");
        }
    }

    #[test]
    fn boolean_keys_are_named_as_json_names_them() {
        let tree = only("on: 1\ny: 2\n");
        assert_eq!(
            get(&tree, "true"),
            Value::Int(2),
            "`on` and `y` are one key"
        );
        assert_eq!(tree.duplicates().len(), 1);
    }

    #[test]
    fn the_last_writer_wins_among_duplicates_and_merges() {
        let tree = only(
            "base: &b {x: 1, y1: 1}\nother: &o {x: 5, z: 5}\na: {x: 2, <<: *b}\nb: {<<: *b, x: 3}\nc: {<<: [*o, *b]}\nd: {x: 1, x: 2}\ne: {\"<<\": 1}\n",
        );
        let root = tree.root(&tree.documents()[0]);
        let x = |key: &str| {
            root.get(key)
                .and_then(|node| node.get("x"))
                .and_then(super::super::tree::Node::as_int)
        };
        assert_eq!(
            x("a"),
            Some(1),
            "a merge after a key overrides it, as goyaml.v2 does"
        );
        assert_eq!(x("b"), Some(3));
        assert_eq!(x("c"), Some(5), "the first of a list takes precedence");
        assert_eq!(x("d"), Some(2));
        assert!(
            root.get("e").is_some_and(|node| node.get("<<").is_some()),
            "a quoted << is a key"
        );
        let duplicate = tree.duplicates()[0];
        assert_eq!(&tree.text()[duplicate.first.range()], "x");
        assert!(duplicate.first.start < duplicate.second.start);
        assert_eq!(root.get("c").unwrap().entries().count(), 3);
        assert_eq!(root.get("c").unwrap().get("z").unwrap().pointer(), "/c/z");
        assert!(root.get("c").unwrap().get("z").unwrap().is_aliased());
    }

    #[test]
    fn streams_keep_empty_documents_and_survive_broken_ones() {
        let tree = parse("a: 1\n---\n---\nb: [1,\n---\nc: 3\n...\nd: 4\n".to_owned());
        let keys: Vec<_> = tree
            .documents()
            .iter()
            .map(|document| {
                tree.root(document)
                    .entries()
                    .next()
                    .map(|entry| entry.key.key_text().to_owned())
            })
            .collect();
        assert_eq!(
            keys,
            [Some("a".into()), None, Some("c".into()), Some("d".into())]
        );
        assert_eq!(tree.problems().len(), 1);
        let lost = &tree.text()[tree.problems()[0].lost.range()];
        assert!(
            lost.contains("b: [1,") && !lost.contains("c: 3"),
            "{lost:?}"
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_content_anywhere() {
        let tree = only("\u{feff}a: 1\n---\n\u{feff}a: 2\n");
        assert_eq!(tree.documents().len(), 2);
        let tree = only("a: 1\n\u{feff}---\na: 2\n");
        assert_eq!(tree.documents().len(), 2);
        let tree = only("\u{feff}# comment\n\u{feff}a: 1\n");
        assert_eq!(get(&tree, "a"), Value::Int(1));
    }

    /// goyaml.v2 follows YAML 1.1, in which these three end a line, and obeys these two tags.
    #[test]
    fn what_only_kubernetes_reader_sees_is_seen() {
        for separator in ['\u{85}', '\u{2028}', '\u{2029}'] {
            let text = format!("# \u{e9} comment{separator}a: 1{separator}b: \u{e9}\n");
            let tree = only(&text);
            assert_eq!(get(&tree, "a"), Value::Int(1), "{separator:?}");
            assert_eq!(get(&tree, "b"), Value::Text("\u{e9}"), "{separator:?}");
            assert_eq!(tree.text(), text);
        }
        let tree =
            only("x: &x {a: 1}\nm: {a: 2, !!merge <<: *x}\nz: !!binary UG9k\n!!binary a2V5: 3\n");
        let root = tree.root(&tree.documents()[0]);
        let merged = root.get("m").and_then(|m| m.get("a"));
        assert_eq!(merged.and_then(super::super::tree::Node::as_int), Some(1));
        assert_eq!(get(&tree, "z"), Value::Text("Pod"));
        assert_eq!(get(&tree, "key"), Value::Int(3));
        assert_eq!(parse("z: !!binary '*'\n".to_owned()).problems().len(), 1);
    }

    #[test]
    fn a_question_mark_in_braces_is_the_sign_of_a_key() {
        let text = "{a: x,?b: true, ? c: {?d: 1}, e?: [?f]}";
        let tree = only(text);
        let root = tree.root(tree.documents().first().unwrap());
        let keys: Vec<_> = root
            .entries()
            .map(|entry| {
                (
                    entry.key.key_text(),
                    text.get(entry.key.span().range()).unwrap(),
                )
            })
            .collect();
        assert_eq!(keys, [("a", "a"), ("b", "b"), ("c", "c"), ("e?", "e?")]);
        assert!(root.get("c").unwrap().get("d").is_some());
        assert_eq!(
            only("?b: true")
                .node(0)
                .entries()
                .next()
                .unwrap()
                .key
                .key_text(),
            "?b"
        );
    }

    #[test]
    fn line_endings_do_not_reach_values_and_spans_stay_on_the_bytes() {
        let text = "a: |\r\n  x\r\n  y\r\nb: 'q'\r\n";
        let tree = only(text);
        assert_eq!(get(&tree, "a"), Value::Text("x\ny\n"));
        let b = tree.root(&tree.documents()[0]).get("b").unwrap();
        assert_eq!(b.source(), "'q'");
    }

    #[test]
    fn tabs_that_libyaml_accepts_are_accepted() {
        let tree = only("a:\t1\nb: [1,\t2]\n");
        assert_eq!(get(&tree, "a"), Value::Int(1));
        assert_eq!(parse("a:\n\tb: 1\n".to_owned()).problems().len(), 1);
    }

    #[test]
    fn depth_and_aliases_are_budgeted() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse(deep).problems()[0].kind, ProblemKind::TooDeep);
        let mut block = String::new();
        for level in 0..3000 {
            block.push_str(&" ".repeat(level));
            block.push_str("a:\n");
        }
        assert_eq!(parse(block).problems()[0].kind, ProblemKind::TooDeep);
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let refs = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.extend([format!("a{level}: &a{level} [{refs}]\n")]);
        }
        assert_eq!(parse(bomb).problems()[0].kind, ProblemKind::AliasBomb);
        assert!(matches!(
            parse("a: &a [*a]\n".to_owned()).problems()[0].kind,
            ProblemKind::Syntax(_)
        ));
        assert!(matches!(
            parse("a: *nowhere\n".to_owned()).problems()[0].kind,
            ProblemKind::Syntax(_)
        ));
        assert_eq!(
            parse("? [a, b]\n: c\n".to_owned()).problems()[0].kind,
            ProblemKind::ComplexKey
        );
    }

    #[test]
    fn many_comments_are_no_obstacle() {
        let tree = only(&format!("a:\n{}  - 1\n", "  # licence\n".repeat(500)));
        assert!(matches!(get(&tree, "a"), Value::Sequence));
    }

    #[test]
    fn spans_of_collections_end_with_their_last_value() {
        let tree = only("a:\n  b: 1\n  c: {d: 2}\n\n# end\ne: 5\n");
        let root = tree.root(&tree.documents()[0]);
        assert_eq!(root.get("a").unwrap().source(), "b: 1\n  c: {d: 2}");
        assert_eq!(root.get("a").unwrap().get("c").unwrap().source(), "{d: 2}");
    }

    #[test]
    fn pointers_name_list_items() {
        let tree = only("c:\n- name: a/b\n  p: [{containerPort: 80}, {x: 1}]\n- z\n");
        let root = tree.root(&tree.documents()[0]);
        let items: Vec<_> = root.get("c").unwrap().items().collect();
        assert_eq!(items[0].pointer(), "/c/a~1b");
        let ports: Vec<_> = items[0]
            .get("p")
            .unwrap()
            .items()
            .map(super::super::tree::Node::pointer)
            .collect();
        assert_eq!(ports, ["/c/a~1b/p/80", "/c/a~1b/p/1"]);
        assert_eq!(items[1].pointer(), "/c/z");
    }
}
