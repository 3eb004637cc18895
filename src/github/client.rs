//! The client: sends, waits, asks again, turns pages.

use std::fmt;

use http::{HeaderMap, Request, StatusCode};
use octocrab::{Octocrab, OctocrabBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, MutexGuard};

use super::answer::{Answer, Order};
use super::connection::{Address, Connection, Token, TokenKind, owner_and_name};
use super::failure::Failure;
use super::patience::{Patience, Waits};
use crate::http::{Limits, Proxies, transport, within_host};

/// How many pages of a listing are turned: no listing of ours is that long, and one without an end must end.
const MOST_PAGES: usize = 100;

/// The entries on a page; GitHub gives no more.
pub(super) const PAGE: usize = 100;

/// Speaks with GitHub about one repository.
pub struct Client {
    connection: Connection,
    rest: Address,
    graphql: Address,
    inner: reqwest::Client,
    /// The same, but for redirects, which the caller sees: what is no question would become one on its way.
    pub(super) unled: reqwest::Client,
    waits: Waits,
    /// True once something was written.
    writing: Mutex<bool>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.connection).finish()
    }
}

impl Client {
    /// A client with the patience that GitHub asks for, through the proxies of the environment.
    ///
    /// # Errors
    /// An address or a repository that is none.
    pub fn new(connection: Connection) -> Result<Self, Failure> {
        Self::patient(connection, Patience::default(), Proxies::System)
    }

    /// A client with a patience of one's own.
    ///
    /// # Errors
    /// An address or a repository that is none.
    pub fn patient(
        connection: Connection,
        patience: Patience,
        proxies: Proxies,
    ) -> Result<Self, Failure> {
        owner_and_name(&connection.repository)?;
        let has_token = connection.token.is_some();
        let rest = Address::parse(&connection.api_url, has_token)?;
        let graphql = Address::parse(&connection.graphql_url, has_token)?;
        let failed = |error: crate::http::Failure| Failure::Unavailable {
            what: error.to_string(),
        };
        let limits = Limits::default();
        Ok(Self {
            inner: transport(limits, proxies, within_host()).map_err(failed)?,
            unled: transport(limits, proxies, reqwest::redirect::Policy::none()).map_err(failed)?,
            connection,
            rest,
            graphql,
            waits: Waits::new(patience),
            writing: Mutex::new(false),
        })
    }

    /// Which GitHub this speaks with.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Who gave the token.
    #[must_use]
    pub fn token_kind(&self) -> TokenKind {
        let token = self.connection.token.as_ref();
        token.map_or(TokenKind::Job, Token::kind)
    }

    /// Where the API is, without the path that all of it shares.
    pub(super) fn origin(&self) -> &str {
        &self.rest.origin
    }

    /// The path of something of the repository, such as `pulls/7`.
    pub(super) fn path(&self, below: &str) -> String {
        format!(
            "{}/repos/{}/{below}",
            self.rest.path, self.connection.repository
        )
    }

    /// octocrab for one call. It keeps a task running in the runtime that it was made in, so that it is not kept; what
    /// is dear, the connections, is.
    fn octocrab(&self, address: &Address, inner: &reqwest::Client) -> Result<Octocrab, Failure> {
        let no_address = |_| Failure::Malformed {
            what: "the address of the API is none".to_owned(),
        };
        let mut builder = OctocrabBuilder::new()
            .base_uri(address.origin.as_str())
            .and_then(|builder| builder.upload_uri(address.origin.as_str()))
            .map_err(no_address)?
            .add_header(
                http::header::ACCEPT,
                "application/vnd.github+json".to_owned(),
            );
        if let Some(token) = &self.connection.token {
            builder = builder.personal_token(token.reveal());
        }
        builder
            .build_with_reqwest(inner.clone())
            .map_err(no_address)
    }

    /// Sends, and once more where GitHub says that it belongs: a repository that got another name is known by its number.
    /// What was led elsewhere was not carried out.
    async fn send<B: Serialize + ?Sized>(
        &self,
        address: &Address,
        method: http::Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Answer, Failure> {
        let place = match self.attempt(address, &method, path, body).await? {
            Sent::Answered(answer) => return Ok(answer),
            Sent::Led(place) => place,
        };
        let moved = || Failure::Rejected {
            message: "it belongs to another address by now, which is not on this API".to_owned(),
            errors: Vec::new(),
        };
        let path = within(address, &place).ok_or_else(moved)?;
        match self.attempt(address, &method, &path, body).await? {
            Sent::Answered(answer) => Ok(answer),
            Sent::Led(_) => Err(moved()),
        }
    }

    async fn attempt<B: Serialize + ?Sized>(
        &self,
        address: &Address,
        method: &http::Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Sent, Failure> {
        let inner = if *method == http::Method::GET {
            &self.inner
        } else {
            &self.unled
        };
        let octocrab = self.octocrab(address, inner)?;
        let builder = Request::builder().method(method).uri(path);
        let request = octocrab
            .build_request(builder, body)
            .map_err(|_| Failure::Malformed {
                what: "the question is none".to_owned(),
            })?;
        let answered = async {
            let raw = octocrab.execute(request).await;
            let raw = raw.map_err(|error| Failure::no_answer(&error))?;
            if let Some(place) = led_to(raw.status(), raw.headers()) {
                return Ok(Sent::Led(place));
            }
            let answer = Answer::take(raw, self.connection.token.as_ref()).await?;
            Ok(Sent::Answered(answer))
        };
        tokio::time::timeout(Limits::default().attempt, answered)
            .await
            .unwrap_or_else(|_| {
                Err(Failure::Unavailable {
                    what: "the API did not answer in time".to_owned(),
                })
            })
    }

    /// Asks, again and again while it is likely to help.
    pub(super) async fn insist<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, Failure> {
        let mut retries = 0;
        loop {
            let failure = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(wait) = self.waits.after(&failure, retries) else {
                return Err(failure);
            };
            tokio::time::sleep(wait).await;
            retries += 1;
        }
    }

    /// Asks for a path of the API.
    pub(super) async fn read(&self, path: &str) -> Result<Answer, Failure> {
        self.insist(|| self.send(&self.rest, http::Method::GET, path, None::<&()>))
            .await
    }

    /// Asks for a path of the API, and takes the answer for what it should be.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.read(path).await?.json()
    }

    /// All pages of a listing.
    pub(super) async fn pages<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Failure> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut path = format!("{path}{mark}per_page={PAGE}");
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.read(&path).await?;
            all.extend(answer.json::<Vec<T>>()?);
            match answer.next() {
                Some(next) => {
                    path = within(&self.rest, next).ok_or_else(|| Failure::Malformed {
                        what: "the next page of a listing is not on the API".to_owned(),
                    })?;
                }
                None => return Ok(all),
            }
        }
        Err(Failure::TooLarge)
    }

    /// Writes, once: what came to nothing may still have been kept. Between two writes there is a pause.
    pub(super) async fn write<B: Serialize + ?Sized>(
        &self,
        order: Order,
        path: &str,
        body: Option<&B>,
    ) -> Result<Answer, Failure> {
        let _turn = self.turn().await;
        self.send(&self.rest, order.method(), path, body).await
    }

    /// Waits for the turn to write, which lasts as long as what is given is held.
    async fn turn(&self) -> MutexGuard<'_, bool> {
        let mut has_written = self.writing.lock().await;
        if *has_written {
            tokio::time::sleep(self.waits.pace()).await;
        }
        *has_written = true;
        has_written
    }

    /// Asks by GraphQL.
    pub(super) async fn ask<B: Serialize + ?Sized>(&self, body: &B) -> Result<Answer, Failure> {
        self.insist(|| self.send_graphql(body)).await
    }

    /// Writes by GraphQL, once. What the answer says of errors is the caller's to read.
    pub(super) async fn order<B: Serialize + ?Sized>(&self, body: &B) -> Result<Answer, Failure> {
        let _turn = self.turn().await;
        self.post_graphql(body).await
    }

    async fn send_graphql<B: Serialize + ?Sized>(&self, body: &B) -> Result<Answer, Failure> {
        let answer = self.post_graphql(body).await?;
        super::graphql::refuse(&answer, self.connection.token.as_ref())?;
        Ok(answer)
    }

    async fn post_graphql<B: Serialize + ?Sized>(&self, body: &B) -> Result<Answer, Failure> {
        let path = &self.graphql.path;
        let method = http::Method::POST;
        self.send(&self.graphql, method, path, Some(body)).await
    }
}

/// What came of one attempt.
enum Sent {
    Answered(Answer),
    /// It belongs to this address.
    Led(String),
}

/// Where an answer leads: only by a status after which the very same is sent there. GitHub answers 301 to questions and
/// 307 to everything else.
fn led_to(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let is_led = matches!(status.as_u16(), 301 | 302 | 307 | 308);
    let place = headers.get(http::header::LOCATION).filter(|_| is_led)?;
    Some(place.to_str().ok()?.to_owned())
}

/// The path of an address on the API. Nobody else is asked, whatever an answer says.
fn within(Address { origin, path }: &Address, link: &str) -> Option<String> {
    link.strip_prefix(origin.as_str())
        .filter(|rest| {
            rest.strip_prefix(path.as_str())
                .is_some_and(|below| below.starts_with('/'))
        })
        .filter(|rest| !rest.contains(['\\', '#']))
        .map(str::to_owned)
}

/// The full id of a commit or an object, which becomes a part of an address.
pub(super) fn object_id(text: &str) -> Result<&str, Failure> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(text).ok_or_else(|| Failure::Malformed {
        what: "what should be the id of an object is none".to_owned(),
    })
}
