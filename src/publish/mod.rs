//! Tells GitHub what [`report::review`](crate::report::review) planned: the review, the summary, the analysis.
//!
//! Nothing here decides anything: whatever GitHub refuses, the verdict and the exit code stay. Each refusal takes one rung
//! off the ladder and is told in a line that names what grants it ([`capability`]). What then stands nowhere on the pull
//! request is named, for annotations to tell. Before anything is written, the head of the pull request is read once more:
//! what was judged must be what stands there.

mod batches;
pub mod capability;
mod code_scanning;
mod first;
mod review;
pub mod runner_files;
pub mod saved;
mod saved_access;
mod saved_network;
mod saved_packages;
pub mod saved_report;
mod standing;
mod summary;
pub mod this_run;
pub mod unjudged;
pub mod workflow_run;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::github::{Client, Failure, Patience, Pull};
use crate::report::annotation::Untold;
use crate::report::one_line;
use crate::report::review::anchor::{ChangedFile, ChangedFiles};
use crate::report::review::digest::Digest;
use crate::report::review::marker::{Key, RunNumber};
use crate::report::review::standing::StandingComment;
use crate::report::review::sticky::{self, SummaryWhen, Told, Writer};
use crate::report::summary::Links;

use capability::{Capabilities, Feature};
use code_scanning::Refused;
use review::{Place, Sent};
use standing::Myself;
use writes::{Writes, explain};

pub use code_scanning::{Analysis, NO_REFERENCE};

/// What is to be told, and where.
#[derive(Debug)]
pub struct Order<'o> {
    /// The report.
    pub digest: &'o Digest,
    /// Where files can be looked at.
    pub links: &'o Links,
    /// What there is to say beside the report.
    pub note: Option<&'o str>,
    /// Where the run can be looked at.
    pub run_url: Option<&'o str>,
    /// What tells this configuration of the gate apart.
    pub key: Key,
    /// Which run this is.
    pub run: RunNumber,
    /// The commit that was judged.
    pub head: &'o str,
    /// The number of the pull request.
    pub pull_request: Option<u64>,
    /// When a summary is written.
    pub summary: SummaryWhen,
    /// What code scanning is given.
    pub analysis: Option<Analysis<'o>>,
    /// How long is waited.
    pub patience: Patience,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Delivered {
    /// What is not as planned, for the log; what GitHub said in it is not escaped.
    pub notes: Vec<String>,
    /// What does not stand on the pull request, so that annotations have to tell it.
    pub untold: Untold,
    /// True if nothing was written because something else stands there by now.
    pub is_outdated: bool,
}

impl Delivered {
    /// What is to be printed: the table or what became of it, and what there is to say beside it. What GitHub said in it
    /// is not escaped.
    #[must_use]
    pub fn log(&self, table: String) -> String {
        let mut text = table;
        for note in &self.notes {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", one_line(note));
        }
        text
    }
}

/// Tells what may be told. What is refused is taken away from the capabilities.
pub async fn deliver(
    client: &Client,
    order: &Order<'_>,
    capabilities: &mut Capabilities,
) -> Delivered {
    let mut writes = Writes::new(order.patience);
    let mut delivered = Delivered::default();
    let comments = [Feature::Review, Feature::Summary];
    if let Some(number) = order.pull_request
        && comments.iter().any(|feature| capabilities.allows(*feature))
    {
        let mut conversation = Conversation {
            client,
            order,
            number,
            writes: &mut writes,
            notes: &mut delivered.notes,
        };
        match conversation.hold(capabilities).await {
            Ok(Held::Spoken(untold, late)) => {
                delivered.untold = untold;
                if let Some(why) = late {
                    delivered.is_outdated = true;
                    capabilities.refuse_all(&[Feature::Summary], why);
                }
            }
            Ok(Held::Outdated(why)) => {
                delivered.is_outdated = true;
                capabilities.refuse_all(&Feature::ALL, why);
            }
            Err(failure) => {
                for feature in comments {
                    if capabilities.allows(feature) {
                        capabilities
                            .refuse(feature, explain(&failure, feature, client.token_kind()));
                    }
                }
            }
        }
    }
    if let Some(analysis) = order.analysis
        && capabilities.allows(Feature::CodeScanning)
    {
        if let Err(why) = still_stands(client, order).await {
            capabilities.refuse(Feature::CodeScanning, why);
            return delivered;
        }
        match code_scanning::send(client, analysis, &mut writes).await {
            Ok(note) => delivered.notes.extend(note),
            Err(Refused::Why(why)) => capabilities.refuse(Feature::CodeScanning, why),
            Err(Refused::Failure(failure)) => {
                let why = explain(&failure, Feature::CodeScanning, client.token_kind());
                capabilities.refuse(Feature::CodeScanning, why);
            }
        }
    }
    delivered
}

/// Said where another commit is at the tip of the pull request by now.
const MOVED_ON: &str =
    "the head of the pull request has moved on meanwhile, and the next run will speak";

/// Why nothing is written about this commit any more.
fn outdated(pull: &Pull, head: &str) -> Option<&'static str> {
    if pull.head_sha != head {
        Some(MOVED_ON)
    } else if pull.state != "open" {
        Some("the pull request is closed")
    } else {
        None
    }
}

/// Whether an analysis is of what stands there: alerts of another commit would be those of nobody. A token that may not
/// read pull requests settles nothing: the event is the runner's own.
async fn still_stands(client: &Client, order: &Order<'_>) -> Result<(), String> {
    let Some(number) = order.pull_request else {
        return Ok(());
    };
    match client.pull(number).await {
        Ok(pull) => outdated(&pull, order.head).map_or(Ok(()), |why| Err(why.to_owned())),
        Err(Failure::Denied { .. } | Failure::NotFound) => Ok(()),
        Err(failure) => Err(explain(
            &failure,
            Feature::CodeScanning,
            client.token_kind(),
        )),
    }
}

/// How a conversation went.
enum Held {
    /// It was held, and something is untold; with why it was not held to its end.
    Spoken(Untold, Option<&'static str>),
    /// Nothing was written, for a reason.
    Outdated(&'static str),
}

/// What has to be known before lines are commented on.
struct Read {
    comments: Vec<StandingComment>,
    files: ChangedFiles,
    /// How many files GitHub lists; none where it was not asked.
    listed: Option<u64>,
}

/// What is said on one pull request.
struct Conversation<'c, 'o> {
    client: &'c Client,
    order: &'c Order<'o>,
    number: u64,
    writes: &'c mut Writes,
    notes: &'c mut Vec<String>,
}

impl Conversation<'_, '_> {
    /// A failure is one of reading what both review and summary need, before anything was written.
    async fn hold(&mut self, capabilities: &mut Capabilities) -> Result<Held, Failure> {
        let order = self.order;
        let is_review_wanted = capabilities.allows(Feature::Review);
        let myself = Myself::ask(self.client).await?;
        let mut read = None;
        if is_review_wanted {
            match self.read(&myself).await {
                Ok(found) => read = Some(found),
                // The summary needs none of it.
                Err(failure) => {
                    let why = explain(&failure, Feature::Review, self.client.token_kind());
                    capabilities.refuse(Feature::Review, why);
                }
            }
        }
        let pull = self.client.pull(self.number).await?;
        if let Some(why) = outdated(&pull, order.head) {
            return Ok(Held::Outdated(why));
        }
        let sent = match &read {
            Some(read) => Some(self.review(&myself, read, &pull, capabilities).await),
            None => None,
        };
        let late = match sent.as_ref().and_then(|sent| sent.late) {
            Some(why) => Ok(Some(why)),
            None => self.late().await,
        };
        let (late, has_summary) = match late {
            Ok(None) => (
                None,
                self.summarise(&myself, sent.as_ref(), capabilities).await,
            ),
            Ok(late) => (late, false),
            Err(failure) => {
                let why = explain(&failure, Feature::Summary, self.client.token_kind());
                capabilities.refuse_all(&[Feature::Summary], &why);
                (None, false)
            }
        };
        let untold = Untold {
            findings: match sent {
                // What has no comment on its line is annotated there.
                Some(sent) => Some(sent.rest),
                None if has_summary && !is_review_wanted => Some(BTreeSet::new()),
                None => None,
            },
            incomplete: !has_summary,
        };
        Ok(Held::Spoken(untold, late))
    }

    /// Why the summary would be that of another commit: writing comments takes its time, and a summary goes on to say
    /// what it says until the next run is done.
    async fn late(&self) -> Result<Option<&'static str>, Failure> {
        if !self.writes.has_written() {
            return Ok(None);
        }
        let pull = self.client.pull(self.number).await?;
        Ok(outdated(&pull, self.order.head))
    }

    async fn read(&self, myself: &Myself) -> Result<Read, Failure> {
        let comments = standing::comments(self.client, self.number, myself).await?;
        let (files, listed) = self.files().await?;
        Ok(Read {
            comments,
            files,
            listed,
        })
    }

    /// The files that comments can stand on, and how many there are; nothing where nothing is to be said about any.
    async fn files(&self) -> Result<(ChangedFiles, Option<u64>), Failure> {
        if self.order.digest.findings.is_empty() {
            return Ok((ChangedFiles::default(), None));
        }
        let files = self.client.files(self.number).await?;
        let listed = u64::try_from(files.len()).unwrap_or(u64::MAX);
        let files = files.into_iter().map(|file| ChangedFile {
            is_removed: file.status == "removed",
            previous_path: file.previous_path.filter(|_| file.status == "renamed"),
            path: file.path,
            patch: file.patch,
        });
        Ok((ChangedFiles::new(files), Some(listed)))
    }

    /// Brings the comments on lines and files up to date.
    async fn review(
        &mut self,
        myself: &Myself,
        read: &Read,
        pull: &Pull,
        capabilities: &mut Capabilities,
    ) -> Sent {
        let order = self.order;
        if let (Some(listed), Some(changed)) = (read.listed, pull.changed_files)
            && listed < changed
        {
            self.notes.push(format!(
                "GitHub lists {listed} of {changed} changed files: findings in the others stand in the summary"
            ));
        }
        let plan = crate::report::review::plan(
            order.digest,
            &read.files,
            &read.comments,
            &order.key,
            order.head,
        );
        let comments = read.comments.iter();
        let before: BTreeMap<u64, String> = comments
            .map(|comment| (comment.id, comment.node_id.clone()))
            .collect();
        let place = Place {
            client: self.client,
            number: self.number,
            head: order.head,
            key: &order.key,
            myself,
            before: &before,
            on_files: standing::open_on_files(&read.comments, &order.key, &plan),
        };
        let sent = review::send(&place, &order.digest.headline, &plan, self.writes).await;
        self.notes.extend(sent.notes.iter().cloned());
        if let Some(why) = sent.late {
            capabilities.refuse(Feature::Review, why);
        } else if let Some(failure) = &sent.failure {
            let why = explain(failure, Feature::Review, self.client.token_kind());
            capabilities.refuse(Feature::Review, why);
        } else if sent.left > 0 {
            capabilities.refuse(Feature::Review, review::left(sent.left));
        }
        sent
    }

    /// Gives true if the summary says what this run found.
    async fn summarise(
        &mut self,
        myself: &Myself,
        sent: Option<&Sent>,
        capabilities: &mut Capabilities,
    ) -> bool {
        if !capabilities.allows(Feature::Summary) {
            return false;
        }
        let order = self.order;
        let told = Told {
            note: order.note,
            rest: sent.map(|sent| &sent.rest),
            run_url: order.run_url,
        };
        let text = sticky::render(order.digest, order.links, told);
        let wanted = summary::Wanted {
            text: &text,
            is_made: order.summary == SummaryWhen::Always || !order.digest.is_clean(),
            writer: Writer {
                key: &order.key,
                run: order.run,
                head: order.head,
            },
        };
        match summary::send(self.client, self.number, myself, &wanted, self.writes).await {
            Ok(summary::Told::Yes) => true,
            Ok(summary::Told::ByNewer) => {
                self.notes.push(summary::NEWER.to_owned());
                false
            }
            Err(failure) => {
                let why = explain(&failure, Feature::Summary, self.client.token_kind());
                capabilities.refuse(Feature::Summary, why);
                false
            }
        }
    }
}
