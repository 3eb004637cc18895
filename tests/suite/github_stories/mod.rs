//! What people see on GitHub: whole stories through the built program, beside the GitHub of `loopback_github`.
//!
//! The pull request of each story brings one finding of medium severity into `deploy/web.yaml`, which blocks.

mod copies;
mod fixes;
mod ladder;
mod limits;
mod pictures;
mod pushes;
mod returns;
mod runner;
mod saved;
mod sizes;
mod tokens;

use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::State;
use crate::runner::{BAD, GOOD};

/// The files with this text of the one that matters.
fn with(text: &str) -> Files {
    files([("deploy/web.yaml", text), ("README.md", "hello\n")])
}

fn usual() -> State {
    let mut state = State::new(&with(GOOD));
    state.open_pull(7, &with(BAD));
    state
}
