//! What a pull request is told where nothing was judged: the summary that stands there is of another commit, and a green
//! one would be taken for the answer.

use crate::github::{Client, Failure, Patience};
use crate::report::review::marker::{Key, RunNumber, SummaryMarker};
use crate::report::review::sticky::Writer;

use super::capability::{Capabilities, Feature};
use super::standing::{self, Myself};
use super::summary::{self, NEWER, Told, Wanted};
use super::writes::{Writes, explain};
use super::{Delivered, outdated};

/// What there is to say, and where.
#[derive(Debug)]
pub struct Unjudged<'u> {
    /// The summary, which says why nothing was judged.
    pub text: &'u str,
    /// What tells this configuration of the gate apart.
    pub key: Key,
    /// Which run this is.
    pub run: RunNumber,
    /// The commit that should have been judged.
    pub head: &'u str,
    /// The number of the pull request.
    pub pull_request: Option<u64>,
    /// How long is waited.
    pub patience: Patience,
}

/// Puts the reason in the place of a summary that stands there. None is made, and nothing else is touched.
pub async fn withdraw(
    client: &Client,
    unjudged: &Unjudged<'_>,
    capabilities: &mut Capabilities,
) -> Delivered {
    let mut delivered = Delivered::default();
    let Some(number) = unjudged.pull_request else {
        return delivered;
    };
    if !capabilities.allows(Feature::Summary) {
        return delivered;
    }
    match replace(client, unjudged, number, &mut delivered).await {
        Ok(Replaced::Yes) => {}
        Ok(Replaced::NoneStands) => {
            capabilities.need_not(
                Feature::Summary,
                "as none stands there that would be outdated",
            );
        }
        Ok(Replaced::Outdated(why)) => {
            delivered.is_outdated = true;
            capabilities.refuse(Feature::Summary, why);
        }
        Err(failure) => {
            let why = explain(&failure, Feature::Summary, client.token_kind());
            capabilities.refuse(Feature::Summary, why);
        }
    }
    delivered
}

enum Replaced {
    Yes,
    NoneStands,
    Outdated(&'static str),
}

async fn replace(
    client: &Client,
    unjudged: &Unjudged<'_>,
    number: u64,
    delivered: &mut Delivered,
) -> Result<Replaced, Failure> {
    let myself = Myself::ask(client).await?;
    let standing = standing::summaries(client, number, &myself).await?;
    let is_there = standing.iter().any(|comment| {
        comment.is_ours && SummaryMarker::read(&comment.body, &unjudged.key).is_some()
    });
    if !is_there {
        return Ok(Replaced::NoneStands);
    }
    if let Some(why) = outdated(&client.pull(number).await?, unjudged.head) {
        return Ok(Replaced::Outdated(why));
    }
    let wanted = Wanted {
        text: unjudged.text,
        is_made: false,
        writer: Writer {
            key: &unjudged.key,
            run: unjudged.run,
            head: unjudged.head,
        },
    };
    let mut writes = Writes::new(unjudged.patience);
    if summary::send(client, number, &myself, &wanted, &mut writes).await? == Told::ByNewer {
        delivered.notes.push(NEWER.to_owned());
    }
    Ok(Replaced::Yes)
}
