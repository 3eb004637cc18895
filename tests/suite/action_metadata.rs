//! `action.yml` and the image say what the program does.

use std::fs;
use std::path::Path;

use tidegate::action::OUTPUTS;
use tidegate::action::input::Input;
use tidegate::syntax::{Format, Node, Tree, parse};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn action() -> Tree {
    parse(Format::Yaml, file("action.yml"))
}

fn section<'a>(tree: &'a Tree, name: &str) -> Vec<(&'a str, Node<'a>)> {
    let root = tree.root(&tree.documents()[0]);
    let section = root.get(name).expect(name);
    let entries = section.entries();
    entries
        .map(|entry| (entry.key.key_text(), entry.value))
        .collect()
}

fn text<'a>(node: Node<'a>, key: &str) -> &'a str {
    node.get(key)
        .and_then(Node::as_str)
        .unwrap_or_else(|| panic!("{key} is no text"))
}

#[test]
fn inputs_are_those_that_are_read() {
    let tree = action();
    assert!(tree.problems().is_empty());
    let inputs = section(&tree, "inputs");
    let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, Input::ALL.map(Input::name));
    for ((name, declared), input) in inputs.iter().zip(Input::ALL) {
        assert_eq!(text(*declared, "default"), input.default(), "{name}");
        assert!(text(*declared, "description").ends_with('.'), "{name}");
        assert!(
            declared.get("required").is_none(),
            "GitHub does not enforce it: {name}"
        );
    }
}

#[test]
fn outputs_are_those_that_are_written() {
    let tree = action();
    let outputs = section(&tree, "outputs");
    let names: Vec<&str> = outputs.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, OUTPUTS);
    for (name, declared) in outputs {
        assert!(text(declared, "description").ends_with('.'), "{name}");
    }
}

#[test]
fn the_image_is_the_program_and_nothing_else() {
    let tree = action();
    let root = tree.root(&tree.documents()[0]);
    let runs = root.get("runs").expect("runs");
    assert_eq!(
        (text(runs, "using"), text(runs, "image")),
        ("docker", "Dockerfile")
    );

    let dockerfile = file("Dockerfile");
    let (_, image) = dockerfile
        .split_once("FROM scratch\n")
        .expect("an empty image");
    let words: Vec<&str> = image
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(words, ["COPY", "ENTRYPOINT"]);
    assert!(image.contains("\nENTRYPOINT [\"/tidegate\", \"action\"]\n"));
    let toolchain = file("rust-toolchain.toml");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "));
    let channel = channel.expect("a channel").trim_matches('"');
    assert!(
        dockerfile.contains(&format!("FROM rust:{channel}-slim-")),
        "{channel}"
    );
}

/// The first two cells of every row of the README's table whose first heading is `heading`.
fn table(heading: &str) -> Vec<(String, String)> {
    let readme = file("README.md");
    let rows = readme
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {heading} |")))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        (cells[1].to_owned(), cells[2].to_owned())
    })
    .collect()
}

#[test]
fn the_readme_lists_the_same_inputs_and_outputs() {
    let inputs: Vec<(String, String)> = Input::ALL
        .iter()
        .map(|input| (input.name().to_owned(), input.default().to_owned()))
        .collect();
    assert_eq!(table("input"), inputs);
    let outputs = table("output");
    let named: Vec<&str> = outputs
        .iter()
        .flat_map(|(names, _)| names.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    assert_eq!(named, OUTPUTS);
}
