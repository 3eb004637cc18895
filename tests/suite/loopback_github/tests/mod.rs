//! The double itself: that it keeps what it is told and refuses what GitHub refuses.

pub(crate) mod asking;
mod contents;
mod graphql;
mod limits;
mod objects;
mod reviews;
mod uploads;

use super::Github;
use super::objects::{Files, files};
use super::state::State;

/// Twenty lines, with the word at one of them.
fn numbered(at: usize, word: &str) -> String {
    (1..=20)
        .map(|line| {
            if line == at {
                format!("{word}\n")
            } else {
                format!("line {line}\n")
            }
        })
        .collect()
}

fn start_files() -> Files {
    files([
        ("deploy/web.yaml", numbered(0, "").as_str()),
        ("README.md", "hello\n"),
    ])
}

/// Pull request 7 changes line 10 of one file.
fn usual_state() -> State {
    let mut state = State::new(&start_files());
    let mut after = start_files();
    after.insert("deploy/web.yaml".to_owned(), numbered(10, "changed").into());
    state.open_pull(7, &after);
    state
}

fn usual() -> Github {
    Github::start(usual_state())
}

fn head_of(github: &Github) -> String {
    github.with(|state| state.pulls[&7].head.clone())
}
