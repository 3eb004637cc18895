//! The client: sends, waits, asks again, and keeps to the limits.

use std::error::Error as _;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use super::failure::{Failure, Kind};
use super::limits::Limits;
use super::redirect::{self, Elsewhere};
use super::request::Request;
use super::tls;

/// Who is asking.
const USER_AGENT: &str = concat!("tidegate/", env!("CARGO_PKG_VERSION"));

/// Whether a proxy may stand in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proxies {
    /// Those of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, and those of the system.
    #[default]
    System,
    /// None.
    None,
}

/// Asks servers. Cheap to clone: all clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    limits: Limits,
}

/// What a server answered: a success, `304 Not Modified`, or that the question is wrong (4xx but for 429).
#[derive(Clone, Debug)]
pub struct Answer<S = Vec<u8>> {
    /// Who answered.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    headers: HeaderMap,
    /// The body of a success; of anything else nothing is kept.
    pub body: S,
}

impl<S> Answer<S> {
    /// A header, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body of a success.
    ///
    /// # Errors
    /// Any other status.
    pub fn success(self) -> Result<S, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        Err(Failure {
            host: self.host,
            kind: Kind::Status {
                status: self.status,
                retry_after: None,
            },
        })
    }
}

/// Where a body goes to while it arrives.
pub trait Sink {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Why no more is wanted.
    fn take(&mut self, bytes: &[u8]) -> Result<(), String>;
}

impl Sink for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl Client {
    /// A client within limits.
    ///
    /// # Errors
    /// A file of certificates that is named in the environment and cannot be read.
    pub fn new(limits: Limits, proxies: Proxies) -> Result<Self, Failure> {
        Ok(Self {
            inner: transport(limits, proxies, redirect::policy())?,
            limits,
        })
    }

    /// The same client with other limits of size, time and patience; those of the connection stay.
    #[must_use]
    pub fn within(&self, limits: Limits) -> Self {
        Self {
            inner: self.inner.clone(),
            limits,
        }
    }

    /// The limits that are kept to.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Asks, and keeps the body in memory.
    ///
    /// # Errors
    /// No answer, or one that breaks a limit, after all attempts.
    pub async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        self.stream(request, || Ok(Vec::new())).await
    }

    /// Asks, and hands the body on while it arrives, to a fresh sink in each attempt.
    ///
    /// # Errors
    /// No answer, or one that breaks a limit, after all attempts; or what the sink says.
    pub async fn stream<S: Sink>(
        &self,
        request: &Request,
        fresh: impl Fn() -> Result<S, String>,
    ) -> Result<Answer<S>, Failure> {
        let waits = ExponentialBuilder::default()
            .with_jitter()
            .with_factor(2.0)
            .with_min_delay(self.limits.first_wait)
            .with_max_delay(self.limits.longest_wait)
            .with_max_times(self.limits.retries);
        let longest = self.limits.longest_wait;
        let patience = self.limits.patience;
        let start = Instant::now();
        (|| self.attempt(request, &fresh, start + patience))
            .retry(waits)
            .when(|kind: &Kind| kind.is_passing())
            .adjust(|kind, wait| {
                // What would be asked after the last moment is not asked.
                wait_after(kind, wait, longest).filter(|wait| start.elapsed() + *wait < patience)
            })
            .await
            .map_err(|kind| match kind {
                Kind::Timeout if start.elapsed() >= patience => Kind::Late(patience),
                other => other,
            })
            .map_err(|kind| Failure {
                host: request.host(),
                kind,
            })
    }

    async fn attempt<S: Sink>(
        &self,
        request: &Request,
        fresh: impl Fn() -> Result<S, String>,
        last: Instant,
    ) -> Result<Answer<S>, Kind> {
        let mut builder = self
            .inner
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .timeout(self.limits.attempt);
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let Ok(response) = timeout_at(last, builder.send()).await else {
            return Err(Kind::Timeout);
        };
        let mut response = response.map_err(|error| kind_of(&error))?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Kind::Status {
                status: status.as_u16(),
                retry_after: retry_after(response.headers()),
            });
        }
        // A redirect that carries no address is not followed, and is no answer either.
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Err(Kind::Redirect("nowhere".to_owned()));
        }
        let mut body = fresh().map_err(Kind::Refused)?;
        if status.is_success() {
            let limit = self.limits.body;
            if response
                .content_length()
                .is_some_and(|length| length > limit)
            {
                return Err(Kind::TooLarge(limit));
            }
            let mut length = 0_u64;
            while let Some(chunk) = response.chunk().await.map_err(|error| kind_of(&error))? {
                length = length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
                if length > limit {
                    return Err(Kind::TooLarge(limit));
                }
                body.take(&chunk).map_err(Kind::Refused)?;
            }
        }
        Ok(Answer {
            host: request.host(),
            status: status.as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

/// The connections beneath a client, with the encryption, the proxies and the manners that all of them share. How long
/// an attempt may take as a whole, and how much it may bring, is for whoever asks.
///
/// # Errors
/// A file of certificates that is named in the environment and cannot be read.
pub(crate) fn transport(
    limits: Limits,
    proxies: Proxies,
    redirects: reqwest::redirect::Policy,
) -> Result<reqwest::Client, Failure> {
    let failed = |why: String| Failure {
        host: "the network".to_owned(),
        kind: Kind::Setup(why),
    };
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::config().map_err(failed)?)
        .user_agent(USER_AGENT)
        .redirect(redirects)
        .referer(false)
        .connect_timeout(limits.connect)
        .read_timeout(limits.silence);
    if proxies == Proxies::None {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| failed(deepest(&error)))
}

/// How long to wait before the next attempt; none if that is longer than anyone should wait.
fn wait_after(kind: &Kind, wait: Option<Duration>, longest: Duration) -> Option<Duration> {
    let wait = wait?;
    match kind {
        Kind::Status {
            retry_after: Some(asked),
            ..
        } => (*asked <= longest).then(|| wait.max(*asked)),
        _ => Some(wait),
    }
}

/// `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3). A date is taken against that of the answer, so that no
/// clock of ours is asked.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = asked.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let instant = |text: &str| Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp());
    let until = instant(asked)?;
    let now = instant(headers.get(DATE)?.to_str().ok()?)?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

pub(crate) fn kind_of(error: &reqwest::Error) -> Kind {
    if error.is_timeout() {
        return Kind::Timeout;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Elsewhere(host)) = inner.downcast_ref() {
            return Kind::Redirect(host.clone());
        }
        cause = inner.source();
    }
    if error.is_connect() {
        return Kind::Connect(deepest(error));
    }
    if error.is_builder() {
        return Kind::Request(deepest(error));
    }
    Kind::Broken(deepest(error))
}

/// The innermost cause, which says most and names no URL.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    text.unwrap_or_else(|| "for no reason that it tells".to_owned())
}

/// Runs something that waits for servers to its end, on this thread. Connections last as long as that: what asks many
/// servers belongs into one call.
///
/// # Errors
/// A machine that has no room for it.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure {
            host: "the network".to_owned(),
            kind: Kind::Setup(error.to_string()),
        })?;
    Ok(runtime.block_on(future))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_server_may_ask_for_seconds_or_for_a_date() {
        let seconds = |pairs: &[(&'static str, &'static str)]| {
            retry_after(&headers(pairs)).map(|wait| wait.as_secs())
        };
        assert_eq!(seconds(&[("retry-after", "7")]), Some(7));
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let later = ("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT");
        let earlier = ("retry-after", "Sun, 06 Nov 1994 08:49:17 GMT");
        assert_eq!(seconds(&[now, later]), Some(20));
        assert_eq!(seconds(&[now, earlier]), Some(0));
        assert_eq!(seconds(&[later]), None);
        assert_eq!(seconds(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn a_wait_is_the_longer_one_and_an_overlong_one_ends_it() {
        let status = |seconds| Kind::Status {
            status: 429,
            retry_after: Some(Duration::from_secs(seconds)),
        };
        let wait = |kind: &Kind, seconds| {
            wait_after(
                kind,
                Some(Duration::from_secs(seconds)),
                Duration::from_secs(30),
            )
            .map(|wait| wait.as_secs())
        };
        assert_eq!(wait(&status(5), 1), Some(5));
        assert_eq!(wait(&status(5), 9), Some(9));
        assert_eq!(wait(&status(31), 1), None);
        assert_eq!(wait(&Kind::Timeout, 2), Some(2));
        assert_eq!(wait_after(&status(1), None, Duration::from_secs(30)), None);
    }
}
