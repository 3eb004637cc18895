//! Asking servers over HTTP: one client, with one set of manners.
//!
//! Knows nothing of advisories or registries. What is asked is a [`Request`], what comes back is an [`Answer`] or a
//! [`Failure`] that says in one line which host failed and how. Held everywhere: time limits, a bound on the size of a
//! body after it was unpacked, retries only where they help, no redirect to another host, no credentials in a message,
//! the proxies of the system.

mod client;
mod failure;
mod limits;
mod redirect;
mod request;
mod tls;

pub use client::{Answer, Client, Proxies, Sink, block_on};
pub(crate) use client::{kind_of, retry_after, transport};
pub use failure::{Failure, Kind};
pub use limits::Limits;
pub(crate) use redirect::policy as within_host;
pub use request::Request;
