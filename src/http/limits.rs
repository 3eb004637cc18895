//! How long a server may take, how much it may send, and how often it is asked again.

use std::time::Duration;

/// The bounds of a client.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest that a connection may take to stand.
    pub connect: Duration,
    /// The longest silence in the middle of an answer.
    pub silence: Duration,
    /// The longest that one attempt may take from the question to the last byte.
    pub attempt: Duration,
    /// The longest that a server may take to begin an answer, all attempts together; after that, nothing is asked again.
    pub patience: Duration,
    /// The bytes of a body after it was unpacked.
    pub body: u64,
    /// How often a question is asked again that failed for a while only.
    pub retries: usize,
    /// The wait before it is asked again for the first time; doubled each time.
    pub first_wait: Duration,
    /// The longest wait. A server that asks for a longer one with `Retry-After` is given up.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(15),
            attempt: Duration::from_mins(1),
            patience: Duration::from_secs(30),
            body: 32 << 20,
            retries: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        }
    }
}
