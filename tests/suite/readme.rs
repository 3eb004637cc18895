//! What the README and the pages beside it show is what happens: every command with an output is run as it is written.

use std::fs;
use std::path::Path;

use crate::program::tidegate;

/// The commands of `console` blocks with the output that stands below them.
fn sessions(readme: &str) -> Vec<(String, String)> {
    let mut sessions: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            sessions.push((command.to_owned(), String::new()));
        } else if inside && let Some((_, output)) = sessions.last_mut() {
            output.push_str(line);
            output.push('\n');
        }
    }
    sessions
}

/// The words of a command; what stands between quotes is one.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(number, part)| {
            if number % 2 == 1 {
                vec![part]
            } else {
                part.split_whitespace().collect()
            }
        })
        .collect()
}

#[test]
fn every_output_of_the_readme_is_what_the_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |page: &str| fs::read_to_string(root.join(page)).expect("there is such a page");
    let pages = ["README.md", "docs/access.md", "docs/network.md"].map(read);
    let mut run = 0;
    for (command, expected) in pages.iter().flat_map(|page| sessions(page)) {
        let words = words(&command);
        let Some((&"target/release/tidegate", arguments)) = words.split_first() else {
            assert!(
                expected.is_empty(),
                "an output that no test runs: {command}"
            );
            continue;
        };
        let answer = tidegate(root, arguments, &[]);
        assert_eq!(answer.stdout, expected, "{command}");
        run += 1;
    }
    assert!(run >= 10, "only {run} commands were found");
}

/// The exit codes of the README and of `--help` are those that `command_line` tests.
#[test]
fn the_exit_codes_are_told_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("there is a README");
    let help = tidegate(root, &["--help"], &[]).stdout;
    for code in ["0", "1", "2", "3"] {
        let row = readme
            .lines()
            .any(|line| line.starts_with('|') && line.ends_with(&format!("| {code} |")));
        assert!(row, "the README says nothing of {code}");
        assert!(
            help.contains(&format!("\n  {code}  ")),
            "--help says nothing of {code}"
        );
    }
}
