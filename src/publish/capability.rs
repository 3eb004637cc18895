//! What a run may tell GitHub, chosen up front from the event and the token, and said once as a table.
//!
//! Whatever is missing takes away one rung of the ladder and no more: review, summary comment, annotations, job summary,
//! log. None of it changes the verdict.

use std::fmt::Write as _;

use crate::github::TokenKind;
use crate::report::summary::beyond_sarif;

/// A way to tell people on GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Comments on the changed lines.
    Review,
    /// One comment on the pull request.
    Summary,
    /// Alerts of code scanning.
    CodeScanning,
}

impl Feature {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Review, Self::Summary, Self::CodeScanning];

    /// The word in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Summary => "summary",
            Self::CodeScanning => "code-scanning",
        }
    }

    /// What to do that a token of this kind may do it.
    #[must_use]
    pub fn grant(self, token: TokenKind) -> &'static str {
        let is_comment = self != Self::CodeScanning;
        match token {
            TokenKind::Job if is_comment => {
                "write `pull-requests: write` under `permissions:` of this job"
            }
            TokenKind::Job => "write `security-events: write` under `permissions:` of this job",
            TokenKind::FineGrained if is_comment => {
                "give the personal access token of `github-token` the permission \"Pull requests: write\" on this repository"
            }
            TokenKind::FineGrained => {
                "give the personal access token of `github-token` the permission \"Code scanning alerts: write\" on this repository"
            }
            TokenKind::Classic if is_comment => {
                "give the personal access token of `github-token` the scope `repo`, or `public_repo` if the repository is public"
            }
            TokenKind::Classic => {
                "give the personal access token of `github-token` the scope `security_events`"
            }
        }
    }
}

/// Whether and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// It is done, as far as can be said before.
    Yes,
    /// Nobody asked for it.
    NotAsked,
    /// This run has no use for it, as where there is no pull request.
    NotHere(&'static str),
    /// It is done, but not all of it can be; with the reason.
    Part(String),
    /// It was asked for and cannot be; with the reason and the remedy.
    No(String),
}

/// What started the run, as far as it counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A pull request.
    PullRequest,
    /// A pull request, with the rights of the base.
    PullRequestTarget,
    /// The end of another run, whose report is published.
    WorkflowRun,
    /// A merge queue.
    MergeGroup,
    /// A push, the clock or a button.
    Branch,
}

/// What is known before anything was asked.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a run, each of which takes something away"
)]
pub struct Situation {
    /// What started the run.
    pub occasion: Occasion,
    /// True if the number of a pull request is known.
    pub has_pull_request: bool,
    /// True if its head comes from elsewhere.
    pub is_fork: bool,
    /// True if there is a token.
    pub has_token: bool,
    /// True if comments on lines are wanted.
    pub wants_review: bool,
    /// True if a summary comment is wanted.
    pub wants_summary: bool,
    /// True if an upload is wanted.
    pub wants_upload: bool,
    /// True if something that changed was not seen.
    pub is_partial: bool,
    /// How many findings the SARIF file has no room for.
    pub left_out: usize,
}

/// What this run may tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// By [`Feature::ALL`].
    features: [Capability; 3],
    occasion: Occasion,
}

const NO_TOKEN: &str =
    "there is no token; write `github-token: ${{ github.token }}` under `with:` of this step";
const FORK: &str = "the token of a run for a fork may only read; keep the report, and post it with `tidegate publish` in a workflow `on: workflow_run`";

impl Capabilities {
    /// What the situation allows.
    #[must_use]
    pub fn of(situation: Situation) -> Self {
        Self {
            features: Feature::ALL.map(|feature| situation.allows(feature)),
            occasion: situation.occasion,
        }
    }

    /// Whether one of them is there.
    #[must_use]
    pub fn get(&self, feature: Feature) -> &Capability {
        let [review, summary, code_scanning] = &self.features;
        match feature {
            Feature::Review => review,
            Feature::Summary => summary,
            Feature::CodeScanning => code_scanning,
        }
    }

    /// True if it is to be tried.
    #[must_use]
    pub fn allows(&self, feature: Feature) -> bool {
        matches!(self.get(feature), Capability::Yes | Capability::Part(_))
    }

    /// True if nothing is to be asked of GitHub.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !Feature::ALL.into_iter().any(|feature| self.allows(feature))
    }

    /// Takes one away, as GitHub refused it.
    pub fn refuse(&mut self, feature: Feature, why: impl Into<String>) {
        self.set(feature, Capability::No(why.into()));
    }

    /// Takes away whatever of these is still there.
    pub fn refuse_all(&mut self, features: &[Feature], why: &str) {
        for feature in features {
            if self.allows(*feature) {
                self.refuse(*feature, why);
            }
        }
    }

    /// Takes one away, as it turned out that there is no use for it.
    pub fn need_not(&mut self, feature: Feature, why: &'static str) {
        self.set(feature, Capability::NotHere(why));
    }

    fn set(&mut self, feature: Feature, capability: Capability) {
        let [review, summary, code_scanning] = &mut self.features;
        let slot = match feature {
            Feature::Review => review,
            Feature::Summary => summary,
            Feature::CodeScanning => code_scanning,
        };
        *slot = capability;
    }

    /// What was asked for and could not be, for a later step to read: words with a comma between them.
    #[must_use]
    pub fn degraded(&self) -> String {
        let lost = Feature::ALL.into_iter().filter(|feature| {
            matches!(self.get(*feature), Capability::No(_) | Capability::Part(_))
        });
        let names: Vec<&str> = lost.map(Feature::name).collect();
        names.join(",")
    }

    /// The table: one line for each, with what is missing and what grants it. What comes from GitHub in it is escaped
    /// by whoever prints it.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from("told on GitHub:\n");
        // Whoever posts a saved report has neither a SARIF file nor annotations, and writes a summary of its job only about
        // what is missing.
        let is_judge = self.occasion != Occasion::WorkflowRun;
        for feature in Feature::ALL {
            if is_judge || feature != Feature::CodeScanning {
                self.line(feature, &mut text);
            }
        }
        if is_judge {
            text.push_str("  annotations, job summary, log: yes\n");
        }
        text
    }

    /// What came otherwise than `planned`: the lines of the table that changed; nothing if none did.
    #[must_use]
    pub fn changes(&self, planned: &Self) -> String {
        let mut text = String::new();
        for feature in Feature::ALL {
            if self.get(feature) != planned.get(feature) {
                if text.is_empty() {
                    text.push_str("otherwise than planned:\n");
                }
                self.line(feature, &mut text);
            }
        }
        text
    }

    fn line(&self, feature: Feature, text: &mut String) {
        let name = feature.name();
        // Writing to a String cannot fail.
        let _ = match self.get(feature) {
            Capability::Yes => writeln!(text, "  {name}: yes"),
            Capability::Part(why) => writeln!(text, "  {name}: in part, {why}"),
            Capability::NotAsked => writeln!(text, "  {name}: not asked for"),
            Capability::NotHere(why) => writeln!(text, "  {name}: no need, {why}"),
            Capability::No(why) => writeln!(text, "  {name}: no, {why}"),
        };
    }
}

impl Situation {
    fn allows(self, feature: Feature) -> Capability {
        let is_asked = match feature {
            Feature::Review => self.wants_review,
            Feature::Summary => self.wants_summary,
            Feature::CodeScanning => self.wants_upload,
        };
        if !is_asked {
            return Capability::NotAsked;
        }
        let is_comment = feature != Feature::CodeScanning;
        match self.occasion {
            Occasion::MergeGroup if is_comment => {
                return Capability::NotHere("as a merge queue has no pull request to comment on");
            }
            Occasion::MergeGroup => {
                return Capability::NotHere("as code scanning takes nothing for a merge queue");
            }
            Occasion::Branch if is_comment => {
                return Capability::NotHere("as there is no pull request to comment on");
            }
            Occasion::WorkflowRun if !is_comment => {
                return Capability::NotHere("as a saved report holds no SARIF");
            }
            _ if is_comment && !self.has_pull_request => {
                return Capability::No("the event names no pull request".to_owned());
            }
            _ => {}
        }
        if !is_comment && self.is_partial {
            return Capability::No(
                "something that changed was not seen, and alerts of what was not seen would be closed".to_owned(),
            );
        }
        if self.is_fork && self.occasion == Occasion::PullRequest {
            let why = if is_comment {
                FORK
            } else {
                "the token of a run for a fork may only read; upload the file with github/codeql-action/upload-sarif"
            };
            return Capability::No(why.to_owned());
        }
        if !self.has_token {
            return Capability::No(NO_TOKEN.to_owned());
        }
        if !is_comment && self.left_out > 0 {
            return Capability::Part(beyond_sarif(self.left_out));
        }
        Capability::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Situation = Situation {
        occasion: Occasion::PullRequest,
        has_pull_request: true,
        is_fork: false,
        has_token: true,
        wants_review: true,
        wants_summary: true,
        wants_upload: true,
        is_partial: false,
        left_out: 0,
    };

    #[test]
    fn each_situation_takes_away_what_it_must() {
        for (situation, expected) in [
            (USUAL, ["yes", "yes", "yes"]),
            (
                Situation {
                    has_token: false,
                    ..USUAL
                },
                ["no", "no", "no"],
            ),
            (
                Situation {
                    is_fork: true,
                    ..USUAL
                },
                ["no", "no", "no"],
            ),
            (
                Situation {
                    is_fork: true,
                    occasion: Occasion::PullRequestTarget,
                    ..USUAL
                },
                ["yes", "yes", "yes"],
            ),
            (
                Situation {
                    is_fork: true,
                    occasion: Occasion::WorkflowRun,
                    ..USUAL
                },
                ["yes", "yes", "not here"],
            ),
            (
                Situation {
                    occasion: Occasion::MergeGroup,
                    has_token: false,
                    ..USUAL
                },
                ["not here", "not here", "not here"],
            ),
            (
                Situation {
                    occasion: Occasion::Branch,
                    has_pull_request: false,
                    ..USUAL
                },
                ["not here", "not here", "yes"],
            ),
            (
                Situation {
                    is_partial: true,
                    ..USUAL
                },
                ["yes", "yes", "no"],
            ),
            (
                Situation {
                    left_out: 7,
                    ..USUAL
                },
                ["yes", "yes", "in part"],
            ),
            (
                Situation {
                    wants_review: false,
                    wants_upload: false,
                    ..USUAL
                },
                ["not asked", "yes", "not asked"],
            ),
        ] {
            let capabilities = Capabilities::of(situation);
            let words = Feature::ALL.map(|feature| match capabilities.get(feature) {
                Capability::Yes => "yes",
                Capability::Part(_) => "in part",
                Capability::NotAsked => "not asked",
                Capability::NotHere(_) => "not here",
                Capability::No(_) => "no",
            });
            assert_eq!(words, expected, "{situation:?}");
        }
    }

    #[test]
    fn the_table_names_what_grants_it() {
        let mut capabilities = Capabilities::of(Situation {
            has_token: false,
            wants_upload: false,
            ..USUAL
        });
        assert_eq!(
            capabilities.table(),
            format!(
                "told on GitHub:\n  review: no, {NO_TOKEN}\n  summary: no, {NO_TOKEN}\n  code-scanning: not asked for\n  annotations, job summary, log: yes\n"
            )
        );
        assert_eq!(capabilities.degraded(), "review,summary");
        capabilities.refuse(Feature::CodeScanning, "GitHub");
        assert_eq!(capabilities.degraded(), "review,summary,code-scanning");
        assert!(capabilities.is_empty());
    }

    #[test]
    fn what_came_otherwise_is_told_alone() {
        let planned = Capabilities::of(USUAL);
        let mut capabilities = planned.clone();
        assert_eq!(capabilities.changes(&planned), "");
        capabilities.refuse(Feature::Summary, "GitHub");
        assert_eq!(
            capabilities.changes(&planned),
            "otherwise than planned:\n  summary: no, GitHub\n"
        );
    }

    #[test]
    fn whoever_posts_a_saved_report_promises_no_more_than_comments() {
        let capabilities = Capabilities::of(Situation {
            occasion: Occasion::WorkflowRun,
            wants_upload: false,
            ..USUAL
        });
        assert_eq!(
            capabilities.table(),
            "told on GitHub:\n  review: yes\n  summary: yes\n"
        );
    }

    #[test]
    fn an_analysis_that_is_cut_is_sent_and_told() {
        let capabilities = Capabilities::of(Situation {
            left_out: 7,
            ..USUAL
        });
        assert!(capabilities.allows(Feature::CodeScanning));
        assert_eq!(capabilities.degraded(), "code-scanning");
        let table = capabilities.table();
        assert!(table.contains("code-scanning: in part, "), "{table}");
        assert!(table.contains("the 7 least urgent"), "{table}");
    }
}
