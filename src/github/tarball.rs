//! All files of a commit in one packed archive.
//!
//! Source: GitHub's REST API, "Download a repository archive (tar)". The answer is a redirect to another host, which
//! has a pass of its own in its address: the token does not go there.

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION};

use super::client::{Client, object_id};
use super::failure::Failure;
use crate::http::{Limits, Sink};

/// How long an archive may take from the first byte to the last.
const LONGEST: std::time::Duration = std::time::Duration::from_mins(10);

/// How many redirects in a row are followed.
const MOST_REDIRECTS: usize = 3;

impl Client {
    /// Hands the archive of a commit on while it arrives: a tar file, packed with gzip, with one folder around all.
    ///
    /// # Errors
    /// See [`Failure`]; [`Failure::TooLarge`] beyond `limit` bytes, and [`Failure::Rejected`] with what the sink says.
    pub async fn tarball(
        &self,
        sha: &str,
        sink: &mut impl Sink,
        limit: u64,
    ) -> Result<(), Failure> {
        let path = self.path(&format!("tarball/{}", object_id(sha)?));
        let start = format!("{}{path}", self.origin());
        let response = self.insist(|| self.archive(&start)).await?;
        let taken = take(response, sink, limit);
        tokio::time::timeout(LONGEST, taken)
            .await
            .unwrap_or_else(|_| {
                Err(Failure::Unavailable {
                    what: "the archive did not arrive in time".to_owned(),
                })
            })
    }

    /// The answer that brings the archive, its body not yet read.
    async fn archive(&self, start: &str) -> Result<reqwest::Response, Failure> {
        let nowhere = || Failure::Malformed {
            what: "the archive is said to be at no address".to_owned(),
        };
        let mut url = Url::parse(start).map_err(|_| nowhere())?;
        let api = url.origin();
        let is_encrypted = url.scheme() == "https";
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.unled.get(url.clone());
            if url.origin() == api {
                request = request.header(ACCEPT, "application/vnd.github+json");
                if let Some(token) = &self.connection().token {
                    let mut value = HeaderValue::try_from(format!("Bearer {}", token.reveal()))
                        .map_err(|_| Failure::BadCredentials)?;
                    value.set_sensitive(true);
                    request = request.header(AUTHORIZATION, value);
                }
            }
            let sent = tokio::time::timeout(Limits::default().attempt, request.send());
            let response = sent
                .await
                .map_err(|_| Failure::Unavailable {
                    what: "the archive did not arrive in time".to_owned(),
                })?
                .map_err(|error| Failure::of_transport(&error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            if !status.is_redirection() {
                let headers = response.headers().clone();
                let body = response.bytes().await.unwrap_or_default();
                return Err(Failure::of(
                    status,
                    &headers,
                    &body,
                    self.connection().token.as_ref(),
                ));
            }
            let next = response
                .headers()
                .get(LOCATION)
                .and_then(|location| location.to_str().ok())
                .and_then(|location| url.join(location).ok());
            url = next
                .filter(|next| next.scheme() == "https" || next.scheme() == "http" && !is_encrypted)
                .ok_or_else(nowhere)?;
        }
        Err(nowhere())
    }
}

async fn take(
    mut response: reqwest::Response,
    sink: &mut impl Sink,
    limit: u64,
) -> Result<(), Failure> {
    let mut length = 0_u64;
    let failed = |error: reqwest::Error| Failure::of_transport(&error);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        length = length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if length > limit {
            return Err(Failure::TooLarge);
        }
        sink.take(&chunk).map_err(|message| Failure::Rejected {
            message,
            errors: Vec::new(),
        })?;
    }
    Ok(())
}
