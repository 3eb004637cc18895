//! What GitHub says of a run: its variables and the event, read into a [`Target`].
//!
//! The payload describes a pull request, so that its author chose parts of it. Nothing of it is believed beyond
//! its type: commits must look like commits, and everything else is for display.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::github::{Connection, Patience, Token};

/// GitHub cuts payloads off at 25 MB.
const LARGEST_PAYLOAD: u64 = 32 << 20;

/// The variables of a run. They are collected once, at the edge. The token is kept apart, so that nothing that shows
/// variables shows it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    token: Option<Token>,
    /// Where something stands that can be no token, if nothing else is one.
    misplaced: Option<&'static str>,
}

/// Where a token is: the input of the action first, then what other CI systems and people set.
const TOKENS: [&str; 2] = ["INPUT_GITHUB-TOKEN", "GITHUB_TOKEN"];

/// The unit of waiting for GitHub, in milliseconds.
const PACE: &str = "TIDEGATE_GITHUB_PACE_MS";

/// True for a variable that is any business of a run. Others of a workflow may hold secrets.
#[must_use]
pub fn is_wanted(name: &str) -> bool {
    let is_of_run = name.starts_with("GITHUB_") || name.starts_with("INPUT_");
    TOKENS.contains(&name)
        || is_of_run && !name.ends_with("_TOKEN")
        || matches!(name, "RUNNER_DEBUG" | PACE)
}

impl Environment {
    /// The value of a variable; none where it is not set or empty, which GitHub does not tell apart.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of an input of the action; none where it is not set or blank.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&str> {
        // The runner upper-cases the name and keeps its hyphens.
        self.get(&format!("INPUT_{}", name.to_uppercase()))
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| {
            Error::Event(format!(
                "{name} is not set: `tidegate action` runs as a step of GitHub Actions; elsewhere, run `tidegate check`"
            ))
        })
    }

    /// Which GitHub to ask, about which repository, and with what token; none without a token or a repository.
    #[must_use]
    pub fn connection(&self) -> Option<Connection> {
        let token = self.token.clone()?;
        let public = Connection::public(self.get("GITHUB_REPOSITORY")?);
        let own = |name: &str, otherwise: String| self.get(name).map_or(otherwise, str::to_owned);
        let api_url = own("GITHUB_API_URL", public.api_url);
        let beside_it = api_url
            .strip_suffix("/v3")
            .unwrap_or(&api_url)
            .trim_end_matches('/');
        Some(Connection {
            graphql_url: own("GITHUB_GRAPHQL_URL", format!("{beside_it}/graphql")),
            server_url: own("GITHUB_SERVER_URL", public.server_url),
            token: Some(token),
            api_url,
            ..public
        })
    }

    /// What is wrong, where something was given that can be no token, and nothing else is one.
    #[must_use]
    pub fn misplaced_token(&self) -> Option<String> {
        let place = match self.misplaced? {
            "INPUT_GITHUB-TOKEN" => "the input `github-token`".to_owned(),
            variable => format!("the variable `{variable}`"),
        };
        Some(format!(
            "{place} holds something that is no token: a token is one word of visible ASCII, without a line break inside"
        ))
    }

    /// How long GitHub is waited for.
    #[must_use]
    pub fn patience(&self) -> Patience {
        let usual = Patience::default();
        let pace = self.get(PACE).and_then(|pace| pace.parse().ok());
        Patience {
            pace: pace.map_or(usual.pace, Duration::from_millis),
            ..usual
        }
    }

    /// The payload of the event.
    ///
    /// # Errors
    /// [`Error::Event`] outside of a workflow, [`Error::Io`] if its file cannot be read.
    pub fn payload(&self) -> Result<Vec<u8>, Error> {
        let path = self.required("GITHUB_EVENT_PATH")?;
        read_payload(path).map_err(|source| Error::Io {
            what: format!("cannot read the event {path}"),
            source,
        })
    }

    /// The folder that the repository was checked out into.
    ///
    /// # Errors
    /// [`Error::Event`] outside of a workflow.
    pub fn workspace(&self) -> Result<&str, Error> {
        self.required("GITHUB_WORKSPACE")
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let mut variables: BTreeMap<String, String> = variables.into_iter().collect();
        let given = TOKENS.map(|name| (name, variables.remove(name).unwrap_or_default()));
        let mut given = given.iter().filter(|(_, text)| !text.trim().is_empty());
        let misplaced = given.clone().next().map(|(name, _)| *name);
        let token = given.find_map(|(_, text)| Token::new(text));
        Self {
            misplaced: misplaced.filter(|_| token.is_none()),
            token,
            variables,
        }
    }
}

/// The events that a change can be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A pull request, run on its test merge.
    PullRequest,
    /// A pull request, run on its base: the head is data only.
    PullRequestTarget,
    /// A group of pull requests in a merge queue.
    MergeGroup,
    /// Commits that were pushed.
    Push,
    /// The clock.
    Schedule,
    /// A person who pressed the button.
    WorkflowDispatch,
}

impl Event {
    const ALL: [Self; 6] = [
        Self::PullRequest,
        Self::PullRequestTarget,
        Self::MergeGroup,
        Self::Push,
        Self::Schedule,
        Self::WorkflowDispatch,
    ];

    /// The name in `on:`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::PullRequestTarget => "pull_request_target",
            Self::MergeGroup => "merge_group",
            Self::Push => "push",
            Self::Schedule => "schedule",
            Self::WorkflowDispatch => "workflow_dispatch",
        }
    }

    fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|event| event.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::Event(format!(
                "the event {} is not supported: run tidegate on one of {names}",
                name.escape_debug()
            ))
        })
    }
}

/// What the head is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Where the head parted from this commit: the tip of the base branch, or what a branch was before a push.
    Tip(String),
    /// The head itself, so that all is existing; with the reason.
    Head(&'static str),
}

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What started it.
    pub event: Event,
    /// What the head is compared with.
    pub base: Base,
    /// The full id of the commit that is judged.
    pub head: String,
    /// The test merge that GitHub made of a pull request.
    pub merge: Option<String>,
    /// The ref that the run belongs to.
    pub reference: Option<String>,
    /// The number of the pull request.
    pub pull_request: Option<u64>,
    /// True if the head comes from another repository than the base, or from one that is gone. That of a queue may: its
    /// event does not say.
    pub is_fork: bool,
    /// The number of the pull request that a queue tries, which names its branch.
    pub queued: Option<u64>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// Where people look at the repository, such as `https://github.com`.
    pub server_url: Option<String>,
}

impl Target {
    /// Reads the event that the environment names.
    ///
    /// # Errors
    /// [`Error::Event`] if it is none that is supported, or lacks what a run needs; [`Error::Io`] if its file cannot
    /// be read.
    pub fn read(environment: &Environment) -> Result<Self, Error> {
        let name = environment.required("GITHUB_EVENT_NAME")?;
        // Before the file is looked for: what to do about it is the same whatever it holds.
        Event::parse(name)?;
        Self::parse(environment, &environment.payload()?)
    }

    /// Reads an event from its payload.
    ///
    /// # Errors
    /// [`Error::Event`] if it is none that is supported, or lacks what a run needs.
    pub fn parse(environment: &Environment, payload: &[u8]) -> Result<Self, Error> {
        let event = Event::parse(environment.required("GITHUB_EVENT_NAME")?)?;
        let payload: Payload = serde_json::from_slice(payload).map_err(|error| {
            // The error may hold all that stands there.
            let why: String = error.to_string().chars().take(300).collect();
            Error::Event(format!("the event cannot be understood: {why}"))
        })?;
        let queued = payload.merge_group.as_ref().and_then(MergeGroup::queued);
        let Ends {
            base,
            head,
            pull_request,
            is_fork,
        } = match event {
            Event::PullRequest | Event::PullRequestTarget => of_pull_request(payload)?,
            Event::MergeGroup => of_merge_group(payload)?,
            Event::Push => of_push(environment, &payload)?,
            Event::Schedule | Event::WorkflowDispatch => Ends::head_alone(
                environment,
                "no change started this run: all findings count as existing",
            )?,
        };
        // Only this event runs on the test merge. It is optional: a run without it asks for more history.
        let merge = (event == Event::PullRequest)
            .then(|| environment.get("GITHUB_SHA"))
            .flatten()
            .filter(|sha| is_commit_id(sha))
            .map(str::to_owned);
        let shown = |name| environment.get(name).map(str::to_owned);
        Ok(Self {
            event,
            base,
            head,
            merge,
            reference: shown("GITHUB_REF"),
            pull_request,
            is_fork,
            queued,
            repository: shown("GITHUB_REPOSITORY"),
            server_url: shown("GITHUB_SERVER_URL"),
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the runner names the file of the event"
)]
fn read_payload(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST_PAYLOAD)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The two ends of a change.
struct Ends {
    base: Base,
    head: String,
    pull_request: Option<u64>,
    is_fork: bool,
}

impl Ends {
    fn head_alone(environment: &Environment, reason: &'static str) -> Result<Self, Error> {
        Ok(Self {
            base: Base::Head(reason),
            head: commit_id("GITHUB_SHA", environment.get("GITHUB_SHA"))?,
            pull_request: None,
            is_fork: false,
        })
    }
}

fn of_pull_request(payload: Payload) -> Result<Ends, Error> {
    let pull_request = payload.pull_request.unwrap_or_default();
    let base = pull_request.base.unwrap_or_default();
    let head = pull_request.head.unwrap_or_default();
    let is_fork = match (&base.repo, &head.repo) {
        (Some(base), Some(head)) => base.full_name != head.full_name,
        // A fork that was deleted has no repository; its commits are still here.
        _ => true,
    };
    Ok(Ends {
        base: Base::Tip(commit_id("pull_request.base.sha", base.sha.as_deref())?),
        head: commit_id("pull_request.head.sha", head.sha.as_deref())?,
        pull_request: pull_request.number.or(payload.number),
        is_fork,
    })
}

fn of_merge_group(payload: Payload) -> Result<Ends, Error> {
    let group = payload.merge_group.unwrap_or_default();
    Ok(Ends {
        base: Base::Tip(commit_id(
            "merge_group.base_sha",
            group.base_sha.as_deref(),
        )?),
        head: commit_id("merge_group.head_sha", group.head_sha.as_deref())?,
        pull_request: None,
        is_fork: true,
    })
}

fn of_push(environment: &Environment, payload: &Payload) -> Result<Ends, Error> {
    let after = commit_id("after", payload.after.as_deref())?;
    if is_nothing(&after) {
        return Err(Error::Event(
            "the push deleted a branch: nothing is left to judge".to_owned(),
        ));
    }
    let before = commit_id("before", payload.before.as_deref())?;
    if is_nothing(&before) {
        let reason = "the push made a new branch or tag, which has nothing before it: all findings count as existing";
        return Ends::head_alone(environment, reason);
    }
    // For a tag with a message, `after` names the tag, and GITHUB_SHA the commit that the checkout has.
    let head = environment
        .get("GITHUB_SHA")
        .filter(|sha| is_commit_id(sha));
    Ok(Ends {
        base: Base::Tip(before),
        head: head.map_or(after, str::to_owned),
        pull_request: None,
        is_fork: false,
    })
}

/// What stands for no commit: the branch is new, or gone.
fn is_nothing(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}

fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn commit_id(field: &str, value: Option<&str>) -> Result<String, Error> {
    match value {
        Some(value) if is_commit_id(value) => Ok(value.to_ascii_lowercase()),
        Some(value) => {
            let shown: String = value.chars().take(80).collect();
            Err(Error::Event(format!(
                "{field} is no commit id: '{}'",
                shown.escape_debug()
            )))
        }
        None => Err(Error::Event(format!(
            "the event lacks {field}, so there is no telling what to judge"
        ))),
    }
}

/// The part of a payload that matters. GitHub adds fields as it likes.
#[derive(Debug, Default, Deserialize)]
struct Payload {
    number: Option<u64>,
    pull_request: Option<PullRequest>,
    merge_group: Option<MergeGroup>,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct PullRequest {
    number: Option<u64>,
    base: Option<End>,
    head: Option<End>,
}

#[derive(Debug, Default, Deserialize)]
struct End {
    sha: Option<String>,
    repo: Option<Repo>,
}

#[derive(Debug, Default, Deserialize)]
struct Repo {
    full_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct MergeGroup {
    base_sha: Option<String>,
    head_sha: Option<String>,
    head_ref: Option<String>,
}

impl MergeGroup {
    /// The pull request of a branch such as `refs/heads/gh-readonly-queue/main/pr-104-0123abcd`, which GitHub names.
    fn queued(&self) -> Option<u64> {
        let head_ref = self.head_ref.as_deref()?;
        let branch = head_ref.strip_prefix("refs/heads/gh-readonly-queue/")?;
        let (_, last) = branch.rsplit_once('/')?;
        let (number, _) = last.strip_prefix("pr-")?.split_once('-')?;
        number.parse().ok()
    }
}

#[cfg(test)]
mod tests;
