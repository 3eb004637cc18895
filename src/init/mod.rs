//! What `tidegate init` writes: a workflow that runs the gate, and a configuration to start from.
//!
//! Pure: what is known of the repository goes in, texts come out. Reading and writing are `run`'s.

pub mod action_reference;
mod configuration;
pub mod shape;
mod workflow;

use std::fmt::Write as _;

use crate::report::one_line;
use action_reference::ActionReference;
use shape::Shape;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The workflow that runs the gate.
    Workflow,
    /// The configuration.
    Configuration,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Workflow, Self::Configuration];

    /// Where it is written, below the root of the repository.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Workflow => ".github/workflows/tidegate.yml",
            Self::Configuration => crate::config::PATHS[0],
        }
    }

    /// Files of which one is enough: where another is there already, this one would come on top of it.
    #[must_use]
    pub fn stands_at(self) -> &'static [&'static str] {
        match self {
            Self::Workflow => &[
                ".github/workflows/tidegate.yml",
                ".github/workflows/tidegate.yaml",
            ],
            Self::Configuration => &crate::config::PATHS,
        }
    }

    /// What is written.
    #[must_use]
    pub fn text(self, shape: &Shape, action: &ActionReference) -> String {
        match self {
            Self::Workflow => workflow::text(shape, action),
            Self::Configuration => configuration::text(shape),
        }
    }
}

/// What a person does after both files are there.
#[must_use]
pub fn next_steps(shape: &Shape, action: &ActionReference) -> String {
    let branch = one_line(shape.branch());
    let mut steps = Vec::new();
    if !action.is_fixed() {
        steps.push(format!(
            "Pin the action: replace {tag} in the workflow by the full commit of that release, which\n   `git ls-remote https://github.com/{repository} refs/tags/{tag}` prints. A tag can be moved, a commit cannot.",
            tag = action.version(),
            repository = action_reference::REPOSITORY,
        ));
    }
    steps.push(format!(
        "Read what was written, and merge it into {branch}: the configuration counts from there. In the pull request\n   that brings it in, the defaults hold."
    ));
    steps.push(
        "Make the job `tidegate` a required status check (Settings, Rules, Rulesets). Give the workflow no `paths:`:\n   a required check that a filter leaves out stays pending for ever, and where nothing is in scope it passes at once."
            .to_owned(),
    );
    steps.push(
        "For alerts in code scanning, take the comment signs away at `security-events` and at `upload-sarif`. Private\n   repositories need GitHub Code Security for that."
            .to_owned(),
    );
    steps.push(
        "Pull requests from forks may only read: their findings are annotations, and the exit code is the gate all the\n   same. Waivers that they add do not hold, in the merge queue neither. For comments there too, add the workflow\n   with `tidegate publish`."
            .to_owned(),
    );
    let mut text =
        "\nNext, with more at https://github.com/tidegate/tidegate/blob/main/docs/github.md:\n"
            .to_owned();
    for (index, step) in steps.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}. {step}", index + 1);
    }
    text
}
