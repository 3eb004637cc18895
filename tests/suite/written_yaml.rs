//! The quick reader of YAML and the general one make the same tree of everything.

use proptest::prelude::*;
use tidegate::syntax::{Format, Node, Tree, Value, parse, parse_any_yaml};

use crate::corpora;

fn describe(node: Node<'_>, depth: usize, out: &mut String) {
    let value = match node.value() {
        Value::Float(value) => format!("Float({:x})", value.to_bits()),
        value => format!("{value:?}"),
    };
    out.push_str(&format!(
        "{:depth$}{} {:?} {:?} {} {value}\n",
        "",
        node.id(),
        node.span(),
        node.parent().map(Node::id),
        node.all_take_effect(),
    ));
    for item in node.items() {
        describe(item, depth + 1, out);
    }
    for entry in node.written_entries() {
        describe(entry.key, depth + 1, out);
        describe(entry.value, depth + 1, out);
    }
}

/// Everything that a tree says.
fn description(tree: &Tree) -> String {
    let mut out = String::new();
    for document in tree.documents() {
        out.push_str(&format!("document {:?}\n", document.span));
        describe(tree.root(document), 1, &mut out);
        for entry in tree.root(document).entries() {
            out.push_str(&format!("{} ", entry.key.id()));
        }
    }
    format!("{out}{:?}\n{:?}", tree.duplicates(), tree.problems())
}

fn assert_agreement(text: &str) {
    let quick = parse(Format::Yaml, text.to_owned());
    let general = parse_any_yaml(text.to_owned());
    assert_eq!(quick.text(), general.text());
    let (quick, general) = (description(&quick), description(&general));
    assert!(
        quick == general,
        "{text:?}\n--- quick\n{quick}\n--- general\n{general}"
    );
}

#[test]
fn the_readers_agree_on_what_is_easily_misread() {
    let texts = [
        "",
        "# nothing\n",
        "a: b\n",
        "a: b",
        "a: b\r\nc:\r\n  - d\r\n",
        "a:\n- b\n- c\nd: e\n",
        "a:\n  - b\nc: {}\nd: []\n",
        "a:\n",
        "a:\nb: c\n",
        "a: b\n c\n",
        "a: 'b'\n c: d\n",
        "a: b # c\n",
        "a: b#c\n",
        "a #b: c\n",
        "a: 'it''s'\nb: \"x\\n\\\"y\\\\\"\nc: ''\nd: \"\"\n",
        "'a': 1.10\n\"b\": on\non: y\ny: n\n",
        "a: {b: c, d: 'e', f: [g, h], i: {j: k}}\n",
        "a: { b: c }\n",
        "a: {b: c, }\n",
        "a: {b, c}\n",
        "a: [b: c]\n",
        "a: {b: c\n",
        "a: {b: https://c.d/e?f=g#h, i: ^1 || ^2}\n",
        "a: {b:}\n",
        "a: {'b':c}\n",
        "a: [b] # c\n",
        "a: [b]c\n",
        "a : b\n",
        "a:  b\n",
        "a: b \n",
        "a: \n  b: c\n",
        "a: -b\n-c: d\n",
        "- a\n- b\n",
        "- a: b\n",
        "-\n",
        "a\n",
        "a b c: d e f\n",
        "a: b: c\n",
        "a: b:\n",
        "a: >=1\nb: <1\nc: =1\nd: ~1\ne: ^1\n",
        "a: |-\n  b\n",
        "a: &b c\nd: *b\n",
        "a: !!str 1\n",
        "? a\n: b\n",
        "<<: {a: b}\nc: d\n",
        "a: {<<: {b: c}}\n",
        "a: 1\na: 2\nb:\n  c: 1\n  c: 2\n",
        "---\na: b\n---\nc: d\n",
        "---\na: b\n---\n",
        "---\n---\na: b\n",
        "a: b\n...\nc: d\n",
        "--- a\n",
        "--- # c\na: b\n",
        "%YAML 1.2\n---\na: b\n",
        "\u{feff}a: b\n",
        "a: b\u{feff}\n",
        "a: \u{85}b\n",
        "a: é\né: b\n",
        "a: b\u{2028}c: d\n",
        "a:\tb\n",
        "\ta: b\n",
        "a: b\rc: d\n",
        "  a: b\n",
        "a:\n    b:\n        c: d\n  e: f\n",
        "a:\n    b: c\n    d:\n    - e\n    f: g\nh: i\n",
        "a:\n  # c\nb: d\n",
        "a: b\n# c\n  # d\n\n   \ne: f\n",
        "a: \u{0}\n",
        "a: 'b\n  c'\n",
    ];
    for text in texts {
        assert_agreement(text);
    }
}

#[test]
fn the_readers_agree_on_what_goes_on_in_further_lines() {
    let texts = [
        "a: 'b\nc'\n",
        "a: 'b  \n\n  \n  c' # d\ne: f\n",
        "a: \"b \\\n\n   c\\n\n  \\ d\\\"e\"\nf: g\n",
        "a: \"b\\\n",
        "- \"a\n  b\": c\n",
        "a: b\n\n  c\n   # d\n  e\nf: g\n",
        "a: b\n  - c\n  ? d\n  'e\n  {f\ng: h\n",
        "a: 1\n  2\nb: null\n  x\n",
        "a: b\n  c:\n",
        "a:\n  b\n  c\nd:\n  'e'\nf:\n  {}\ng:\n  [h]: i\n",
        "a:\n\n  # b\n  c\n",
        "a: # b\n  c: d\ne: #f\n",
        "- a: b\n  c: d\n-  e:\n   - f\n   g: h\n- 'i': j\n- {k: l}\n- m:\n- n: o\n",
        "- - a\n  - b: c\n    d: e\n-\n- # f\n  g: h\n",
        "- a: b\n c: d\n",
        "- a: b\n   c: d\n",
        "a:\n- b:\n  - c\n  d:\n    - e\nf:\n- g\nh: i\n",
        "a: |\n  b\n   c\n\n  # d\n e: f\n",
        "a: |\n  b\n # c\nd: e\n",
        "a: |-\n\n  b\n\n\nc: |+\n  d\n\n\ne: |\n  f\n\n",
        "a: |\n    \n  b\n",
        "a: |\n  b\n    \nc: d\n",
        "a: |\n  b\n    ",
        "a: |\n  b\n  ",
        "a: |\n  b",
        "a: |\nb: c\n",
        "a: |\n",
        "a: |\n\tb\n",
        "a: |\n  \tb\n",
        "a: |\n  b\n  \tc\n\td\n",
        "a: |2\n  b\n",
        "a: | # b\n  c\n---\na: |x\n  b\n",
        "a:\n- |\n b\n- |\n  c\n",
        "a:\n  |\n  b\n",
        "a: >\n  b\n  c\n\n  d\n    e\n  f\n\n\n    g\n\n  h\ni: j\n",
        "a: >-\n    b\n  c\n",
        "- --\n- --a\n- -1\n- -\n",
        "--a: b\n",
        "---a: b\n",
        "...: b\n",
        "---\n# a\n---\n\n--- \na: b\n",
        "a: [-1, --b, -, c]\n",
        "a: [b,\n  c]\n",
        "a: é\n  è\n\u{a0}b: c\n",
        "a: b\u{a0}\n",
    ];
    for text in texts {
        assert_agreement(text);
    }
}

#[test]
fn the_readers_agree_on_the_corpora() {
    for (corpus, ends) in [
        ("apps", ["pnpm-lock.yaml", "yarn.lock"]),
        ("lockfiles/osv-scalibr/pnpm", [".yaml", ".txt"]),
        ("lockfiles/osv-scalibr/yarn", [".v2.lock", ".lock"]),
        ("prs", ["pnpm-lock.yaml", "yarn.lock"]),
        ("manifests", [".yaml", ".yml"]),
    ] {
        let Some(folder) = corpora::folder(corpus) else {
            return;
        };
        let mut count = 0;
        for entry in ignore::WalkBuilder::new(folder)
            .standard_filters(false)
            .build()
        {
            let path = entry.expect("it can be walked").into_path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !path.is_file() || !ends.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("it can be read");
            assert_agreement(&text);
            count += 1;
        }
        assert!(count > 1, "{corpus} has no such files");
    }
}

/// Pieces of which both valid and broken files are made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "c: ",
        "'d'",
        "\"e\"",
        "'f''g'",
        "\"h\\\"i\"",
        "\"\\x41\"",
        ":",
        ": ",
        " ",
        "  ",
        "- ",
        "-",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "#",
        " #",
        "~",
        "null",
        "on",
        "1.0",
        "0x1F",
        "<<",
        "<<: ",
        "---",
        "...",
        "é",
        "\t",
        "|",
        ">",
        "&a ",
        "*a",
        "!t ",
        "?",
        "? ",
        "@",
        "`",
        "%",
        "\r\n",
        "\r",
        "{}",
        "[]",
        "{a: b}",
        "[a, b]",
        "^1",
        "=",
        "/",
        "\u{feff}",
        "\u{85}",
        "\u{a0}",
        "- a: ",
        "|-\n",
        ">\n",
        "\\",
        "\"a",
        "'a",
        "--",
        "\n",
    ]);
    let line = (0_usize..5, prop::collection::vec(piece, 0..5))
        .prop_map(|(indent, pieces)| format!("{:indent$}{}\n", "", pieces.concat()));
    prop::collection::vec(line, 0..7).prop_map(|lines| lines.concat())
}

/// Values that take more than the line of their key, or less.
fn values_in_lines() -> impl Strategy<Value = Vec<String>> {
    let lines = prop::sample::select(vec![
        " |\n  a\n\n   b: c\n",
        " |-\n  # a",
        " |+\n  a\n",
        " >-\n  a\n  b\n\n  c\n   d\n  e",
        " a\n  b\n\n  c",
        " 'a\n\n  b'",
        " \"a \\\n  b\\n\n  \\ c\"",
        "",
        " # a",
        "\n  a\n  b",
        "\n  {}",
        " a # b",
        " [a] # b",
    ]);
    lines.prop_map(|lines| lines.split('\n').map(str::to_owned).collect())
}

/// What a program would write: nested mappings and lists, with every kind of scalar.
fn written() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "a",
        "'>=1'",
        "\"x: y\"",
        "1.2.3",
        "true",
        "5.4",
        "{}",
        "[]",
        "{integrity: sha512-a+b/c==, tarball: https://a.b/c.tgz}",
        "[x64, 'arm']",
        "{node: '>=10', npm: ^6 || ^7}",
        "https://a.b/c#d",
        "link:../x",
        "1.0.0(a@1.0.0(b@2.0.0))",
        "'it''s'",
        "''",
    ]);
    let key = prop::sample::select(vec![
        "a",
        "'@s/n'",
        "\"b\"",
        "/c/1.0.0",
        "d@1.0.0(e@2.0.0)",
        "on",
        "1",
        "x y",
    ]);
    let value = prop_oneof![
        3 => scalar.prop_map(|scalar| vec![format!(" {scalar}")]),
        1 => values_in_lines(),
    ];
    let tree = value.prop_recursive(5, 40, 5, move |inner| {
        let item = prop::sample::select(vec!["- a", "- 'b'", "- {c: d}", "-  e"]);
        prop_oneof![
            4 => prop::collection::vec((key.clone(), inner.clone(), 0_u8..8), 1..5).prop_map(|entries| {
                let mut lines = vec![String::new()];
                for (key, value, extra) in entries {
                    match extra {
                        0 => lines.push(String::new()),
                        1 => lines.push("  # comment".into()),
                        _ => {}
                    }
                    let mut value = value.into_iter();
                    lines.push(format!("  {key}:{}", value.next().unwrap_or_default()));
                    lines.extend(value.map(|line| format!("  {line}")));
                }
                lines
            }),
            2 => (prop::collection::vec(inner.clone(), 1..4), 0_usize..3).prop_map(|(items, indent)| {
                let mut lines = vec![String::new()];
                for item in items {
                    let (first, rest) = match item.split_first() {
                        Some((first, rest)) if first.is_empty() => (None, rest),
                        Some((first, rest)) => (Some(first.clone()), rest),
                        None => (None, item.as_slice()),
                    };
                    let dashed = first.map(|first| format!("-{first}"));
                    let mut rest = rest.iter();
                    let dashed = dashed.or_else(|| {
                        let line = rest.next()?;
                        Some(format!("- {}", line.strip_prefix("  ").unwrap_or(line)))
                    });
                    lines.extend(dashed.map(|line| format!("{:indent$}{line}", "")));
                    lines.extend(rest.map(|line| format!("{:indent$}{line}", "")));
                }
                lines
            }),
            1 => (prop::collection::vec(item, 1..4), 0_usize..3).prop_map(|(items, indent)| {
                let items = items.into_iter().map(|item| format!("{:indent$}{item}", ""));
                std::iter::once(String::new()).chain(items).collect()
            }),
        ]
    });
    prop::collection::vec(tree, 1..3).prop_map(|documents| {
        let texts: Vec<String> = documents
            .into_iter()
            .map(|lines| {
                let lines: Vec<_> = lines
                    .iter()
                    .map(|line| line.strip_prefix("  ").unwrap_or(line))
                    .collect();
                lines.join("\n")
            })
            .collect();
        texts.join("\n---\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_readers_agree_on_pieces(text in pieces()) {
        assert_agreement(&text);
    }

    #[test]
    fn the_readers_agree_on_what_programs_write(text in written(), feeds in any::<bool>()) {
        let text = if feeds { text.replace('\n', "\r\n") } else { text };
        assert_agreement(&text);
    }

    #[test]
    fn the_readers_agree_on_what_was_damaged(
        text in written(),
        at in any::<prop::sample::Index>(),
        piece in prop::sample::select(vec!["", " ", "\n", ":", "'", "\"", "#", "- ", "{", "]", "  x: y\n", "\t"]),
    ) {
        let mut damaged = text;
        let places: Vec<usize> = damaged.char_indices().map(|(at, _)| at).collect();
        if !places.is_empty() {
            let at = places[at.index(places.len())];
            let end = if piece.is_empty() { at + damaged[at..].chars().next().map_or(0, char::len_utf8) } else { at };
            damaged.replace_range(at..end, piece);
        }
        assert_agreement(&damaged);
    }
}
