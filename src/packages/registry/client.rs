//! Asks registries for the documents of many packages at once.
//!
//! Only names that the caller knows to come from a registry are asked, each at the one registry that the settings name
//! for it. A document is read while it arrives, so that memory holds a few pieces of it and what is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use super::cache::{Cache, Validators};
use super::document::{Document, MAX_DOCUMENT, Malformed, Times};
use super::settings::{Settings, Why};
use crate::http::{Client, Failure, Kind, Limits, Request, Sink};

/// How many documents are asked for at the same time.
const AT_ONCE: usize = 20;

/// How many pieces of a body may wait for their reader.
const WAITING: usize = 8;

/// After so many names that a registry did not answer, and none that it did, it is given up.
const PATIENCE: usize = 10;

/// A registry whose dates contradict each other in more than half of so many packages keeps no dates.
const JUDGED: usize = 3;

/// What is known of a name.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The registry knows it.
    Known(Arc<Document>),
    /// The registry does not know it.
    Absent,
    /// The registry did not say.
    Unavailable(Unavailable),
}

/// Why a registry did not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// No answer.
    Failed(Failure),
    /// An answer that needs an account: status 401 or 403.
    Refused {
        /// Who was asked.
        host: String,
        /// The status.
        status: u16,
        /// True if it serves a scope only.
        is_of_scope: bool,
    },
    /// An answer that is no document.
    Malformed {
        /// Who was asked.
        host: String,
        /// What it is instead.
        why: Malformed,
    },
    /// The name is one that no package can have: it was not asked for.
    Name,
    /// The lockfile, or the settings of the head, have it from another registry, which nobody told us how to ask: whoever
    /// else has the name need not hear of it, and could not know it.
    Elsewhere {
        /// The host that it comes from.
        host: String,
    },
    /// The settings name a registry that cannot be asked: whoever else has the name need not hear of it.
    Unread {
        /// The file or the variable that names it.
        from: String,
        /// Why its address is not known.
        why: Why,
        /// True if it serves a scope only.
        is_of_scope: bool,
    },
    /// The registry left too many other names unanswered: this one was not asked for.
    GivenUp {
        /// Who was not asked.
        host: String,
    },
}

impl Unavailable {
    /// True if the registry was silent as long as anybody waits.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Failed(failure) if matches!(failure.kind, Kind::Late(_)))
    }
}

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Refused { host, status, .. } => {
                write!(
                    f,
                    "{host}: answered with status {status}, which asks for a token that may read it"
                )
            }
            Self::Malformed { host, why } => {
                let why = match why {
                    Malformed::Oversized => "the document is larger than is read",
                    Malformed::Truncated => "the document ends before its end",
                    Malformed::Foreign => "the answer is no package document",
                };
                write!(f, "{host}: {why}")
            }
            Self::Name => f.write_str("no package can have this name"),
            Self::Elsewhere { host } => write!(
                f,
                "{host}: not asked, as only the lockfile or the change names it; name it as a registry in .npmrc of the base"
            ),
            Self::Unread {
                from,
                why,
                is_of_scope,
            } => {
                let whose = if *is_of_scope { "of the scope " } else { "" };
                write!(
                    f,
                    "the registry {whose}that {from} names is not asked, as {why}"
                )
            }
            Self::GivenUp { host } => {
                write!(
                    f,
                    "{host}: not asked, as it left other questions unanswered"
                )
            }
        }
    }
}

/// What registries said, by name.
#[derive(Clone, Debug, Default)]
pub struct RegistryAnswers {
    answers: BTreeMap<Arc<str>, Answer>,
    /// The hosts of the registries that serve them.
    hosts: BTreeSet<String>,
}

impl RegistryAnswers {
    /// What is known of a name; none if it was not asked for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Answer> {
        self.answers.get(name)
    }

    /// The document of a name, where there is one.
    #[must_use]
    pub fn document(&self, name: &str) -> Option<&Document> {
        match self.answers.get(name)? {
            Answer::Known(document) => Some(document),
            Answer::Absent | Answer::Unavailable(_) => None,
        }
    }

    /// Says which hosts serve the names.
    #[must_use]
    pub fn of_hosts(self, hosts: BTreeSet<String>) -> Self {
        Self { hosts, ..self }
    }

    /// The hosts of the registries that serve the names, where that was said.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(String::as_str)
    }

    /// All names with what is known of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Answer)> {
        self.answers.iter()
    }

    /// The names that no registry said anything of, with the reasons.
    pub fn unavailable(&self) -> impl Iterator<Item = (&Arc<str>, &Unavailable)> {
        self.answers
            .iter()
            .filter_map(|(name, answer)| match answer {
                Answer::Unavailable(why) => Some((name, why)),
                Answer::Known(_) | Answer::Absent => None,
            })
    }

    /// Why the run does not know what it was asked to find out, a reason for each name; none where all is known that
    /// can be. The account that may see one scope, or one name among many, is not this run's to have: that is told,
    /// and no reason. A registry for everything that lets nobody in is one, and so is a setting that cannot be
    /// understood, which the repository can mend, and that nobody could be asked about any name.
    pub fn shortcomings(&self) -> impl Iterator<Item = &Unavailable> {
        let is_refusal = |why: &Unavailable| matches!(why, Unavailable::Refused { is_of_scope, .. } if !is_of_scope);
        let refused = self.unavailable().filter(|(_, why)| is_refusal(why));
        let refused = refused.count();
        let answered = self.answers.len() - self.unavailable().count();
        let is_asked = |(_, answer): (&Arc<str>, &Answer)| match answer {
            Answer::Known(_) | Answer::Absent => true,
            Answer::Unavailable(why) => !matches!(
                why,
                Unavailable::Name | Unavailable::Elsewhere { .. } | Unavailable::Unread { .. }
            ),
        };
        let is_nobody_asked = !self.iter().any(is_asked);
        self.unavailable()
            .map(|(_, why)| why)
            .filter(move |why| match why {
                Unavailable::Failed(_)
                | Unavailable::Malformed { .. }
                | Unavailable::Unread { .. } => true,
                Unavailable::Elsewhere { .. } => is_nobody_asked,
                Unavailable::Refused { .. } => is_refusal(why) && refused > answered,
                Unavailable::Name | Unavailable::GivenUp { .. } => false,
            })
    }
}

impl FromIterator<(Arc<str>, Answer)> for RegistryAnswers {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Answer)>>(answers: I) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            hosts: BTreeSet::new(),
        }
    }
}

/// A question that can be asked.
struct Question {
    name: Arc<str>,
    host: String,
    /// True if the registry serves a scope only.
    is_of_scope: bool,
    address: String,
    authorization: Option<String>,
}

/// How a registry has answered so far.
#[derive(Default)]
struct Record {
    answered: usize,
    failed: usize,
}

/// Asks for the documents of names. The names must be those of packages that come from a registry: a workspace, a
/// folder or a repository may be called as somebody else's package is.
///
/// Answers of a registry whose dates contradict each other in most packages come without dates.
pub async fn gather(
    client: &Client,
    settings: &Settings,
    cache: Option<&Cache>,
    names: &BTreeSet<Arc<str>>,
    now: Timestamp,
) -> RegistryAnswers {
    let limits = Limits {
        body: MAX_DOCUMENT,
        ..client.limits()
    };
    let client = client.within(limits);
    let mut answers: BTreeMap<Arc<str>, Answer> = BTreeMap::new();
    let mut host_of: BTreeMap<Arc<str>, String> = BTreeMap::new();
    let mut waiting = Vec::new();
    for name in names.iter().rev() {
        let registry = settings.registry_of(name);
        if let Some(why) = registry.unread {
            let why = Unavailable::Unread {
                from: registry.from.as_deref().unwrap_or_default().to_owned(),
                why,
                is_of_scope: settings.registry_of_scope(name).is_some(),
            };
            answers.insert(Arc::clone(name), Answer::Unavailable(why));
            continue;
        }
        let registry = &registry.url;
        let Some(address) = registry.document(name) else {
            answers.insert(Arc::clone(name), Answer::Unavailable(Unavailable::Name));
            continue;
        };
        host_of.insert(Arc::clone(name), registry.as_str().to_owned());
        waiting.push(Question {
            name: Arc::clone(name),
            host: registry.host().to_owned(),
            is_of_scope: settings.registry_of_scope(name).is_some(),
            address,
            authorization: settings.authorization(registry).map(str::to_owned),
        });
    }
    let mut records: BTreeMap<String, Record> = BTreeMap::new();
    let mut running: JoinSet<(Arc<str>, String, Answer)> = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(question) = waiting.pop()
        {
            let record = records.entry(question.host.clone()).or_default();
            if record.answered == 0 && record.failed >= PATIENCE {
                let why = Unavailable::GivenUp {
                    host: question.host,
                };
                answers.insert(question.name, Answer::Unavailable(why));
                continue;
            }
            let (client, cache) = (client.clone(), cache.cloned());
            running.spawn(async move {
                let answer = ask(&client, cache.as_ref(), &question, now).await;
                (question.name, question.host, answer)
            });
        }
        let Some(joined) = running.join_next().await else {
            break;
        };
        // A task is neither stopped nor does it panic; if it did, its name is missing below.
        let Ok((name, host, answer)) = joined else {
            continue;
        };
        let record = records.entry(host).or_default();
        match &answer {
            // One that was silent for so long will be silent again.
            Answer::Unavailable(why) if why.is_late() => record.failed += PATIENCE,
            Answer::Unavailable(Unavailable::Failed(_)) => record.failed += 1,
            _ => record.answered += 1,
        }
        answers.insert(name, answer);
    }
    for name in names {
        answers.entry(Arc::clone(name)).or_insert_with(|| {
            Answer::Unavailable(Unavailable::Failed(Failure {
                host: String::new(),
                kind: Kind::Broken("the question was dropped".to_owned()),
            }))
        });
    }
    distrust(&mut answers, &host_of);
    answers.into_iter().collect()
}

/// Takes the dates from registries that do not know them.
fn distrust(answers: &mut BTreeMap<Arc<str>, Answer>, registry_of: &BTreeMap<Arc<str>, String>) {
    let mut weighed: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (name, answer) in &*answers {
        let (Answer::Known(document), Some(registry)) = (answer, registry_of.get(name)) else {
            continue;
        };
        let (wrong, right) = weighed.entry(registry).or_default();
        match document.times {
            Times::Nonsense => *wrong += 1,
            // Of few versions it can hardly be told.
            Times::Known if document.releases.len() > 5 => *right += 1,
            Times::Known | Times::Missing => {}
        }
    }
    let wrong: BTreeSet<&str> = weighed
        .into_iter()
        .filter(|(_, (wrong, right))| *wrong >= JUDGED && wrong > right)
        .map(|(registry, _)| registry)
        .collect();
    for (name, answer) in answers {
        let is_wrong = registry_of
            .get(name)
            .is_some_and(|registry| wrong.contains(registry.as_str()));
        if let (true, Answer::Known(document)) = (is_wrong, answer) {
            Arc::make_mut(document).distrust_times();
        }
    }
}

async fn ask(
    client: &Client,
    cache: Option<&Cache>,
    question: &Question,
    now: Timestamp,
) -> Answer {
    let kept = cache
        .map(|cache| cache.validators(&question.address))
        .unwrap_or_default();
    match asked(client, cache, question, &kept, now).await {
        Ok(answer) => answer,
        Err(why) => Answer::Unavailable(why),
    }
}

async fn asked(
    client: &Client,
    cache: Option<&Cache>,
    question: &Question,
    kept: &Validators,
    now: Timestamp,
) -> Result<Answer, Unavailable> {
    let host = || question.host.clone();
    let request = request(question, kept).map_err(Unavailable::Failed)?;
    let malformed: Arc<Mutex<Option<Malformed>>> = Arc::default();
    let answered = client
        .stream(&request, || Ok(Parsing::start(&malformed, now)))
        .await;
    let answered = answered.map_err(|failure| {
        let why = malformed.lock().ok().and_then(|why| *why);
        match (&failure.kind, why) {
            (Kind::TooLarge(_), _) => Unavailable::Malformed {
                host: host(),
                why: Malformed::Oversized,
            },
            (Kind::Refused(_), Some(why)) => Unavailable::Malformed { host: host(), why },
            _ => Unavailable::Failed(failure),
        }
    })?;
    let validators = Validators {
        etag: answered.header("etag").map(str::to_owned),
        last_modified: answered.header("last-modified").map(str::to_owned),
    };
    let unexpected = |status| {
        let kind = Kind::Status {
            status,
            retry_after: None,
        };
        Unavailable::Failed(Failure { host: host(), kind })
    };
    match answered.status {
        200 => {
            let document = answered.body.finish().await;
            let document = document.map_err(|why| Unavailable::Malformed { host: host(), why })?;
            if let Some(cache) = cache {
                cache.keep(&question.address, validators, &document);
            }
            Ok(Answer::Known(Arc::new(document)))
        }
        304 => {
            let document = cache.and_then(|cache| cache.document(&question.address, now));
            let document = document.ok_or_else(|| unexpected(304))?;
            Ok(Answer::Known(Arc::new(document)))
        }
        404 => Ok(Answer::Absent),
        status @ (401 | 403) => Err(Unavailable::Refused {
            host: host(),
            status,
            is_of_scope: question.is_of_scope,
        }),
        status => Err(unexpected(status)),
    }
}

fn request(question: &Question, kept: &Validators) -> Result<Request, Failure> {
    let mut request = Request::get(&question.address)?.with_header("accept", "application/json")?;
    if let Some(authorization) = &question.authorization {
        request = request.with_header("authorization", authorization)?;
    }
    if let Some(etag) = &kept.etag {
        request = request.with_header("if-none-match", etag)?;
    }
    if let Some(date) = &kept.last_modified {
        request = request.with_header("if-modified-since", date)?;
    }
    Ok(request)
}

/// A document that is read on another thread while it arrives.
struct Parsing {
    pieces: Option<SyncSender<Vec<u8>>>,
    read: JoinHandle<Result<Document, Malformed>>,
}

impl Parsing {
    fn start(malformed: &Arc<Mutex<Option<Malformed>>>, now: Timestamp) -> Self {
        let (pieces, arriving) = sync_channel(WAITING);
        let malformed = Arc::clone(malformed);
        let read = spawn_blocking(move || {
            let mut arriving = Arriving {
                pieces: arriving,
                piece: io::Cursor::default(),
            };
            let document = Document::read(&mut arriving, now);
            // Whoever sends learns why nothing more is wanted: this stands before the channel is closed.
            if let (Err(why), Ok(mut slot)) = (&document, malformed.lock()) {
                *slot = Some(*why);
            }
            document
        });
        Self {
            pieces: Some(pieces),
            read,
        }
    }

    async fn finish(mut self) -> Result<Document, Malformed> {
        self.pieces = None;
        self.read.await.unwrap_or(Err(Malformed::Foreign))
    }
}

impl Sink for Parsing {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        // A reader that is slower than the network holds it up: so much and no more waits in memory.
        let sent = self
            .pieces
            .as_ref()
            .map(|pieces| pieces.send(bytes.to_vec()));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err("the answer is no package document".to_owned()),
        }
    }
}

/// The pieces of a body as one stream.
struct Arriving {
    pieces: Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.pieces.recv() {
                Ok(piece) => self.piece = io::Cursor::new(piece),
                Err(_) => return Ok(0),
            }
        }
    }
}
