//! A client with no opinions: it sends what it is told, and hands back what came.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::loopback_github::Github;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }
}

/// Asks an address.
pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let rest = url
        .strip_prefix("http://")
        .expect("an address of this machine");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).expect("it listens");
    let mut head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    stream.write_all(body).expect("it reads");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("it answers");
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head has an end");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    Reply {
        status: status.expect("a status").parse().expect("a number"),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

/// Asks the API about the repository, with the token.
pub(crate) fn ask(github: &Github, method: &str, path: &str, body: &Value) -> Reply {
    let url = format!("{}/repos/shop/deploy{path}", github.api_url());
    let bytes = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let token = github.with(|state| format!("Bearer {}", state.token.value));
    send(
        method,
        &url,
        &[("user-agent", "test"), ("authorization", &token)],
        &bytes,
    )
}

pub(crate) fn get(github: &Github, path: &str) -> Reply {
    ask(github, "GET", path, &Value::Null)
}

pub(crate) fn post(github: &Github, path: &str, body: &Value) -> Reply {
    ask(github, "POST", path, body)
}

/// Runs a document.
pub(crate) fn run(github: &Github, query: &str, variables: &Value) -> Value {
    let token = github.with(|state| format!("Bearer {}", state.token.value));
    let body = serde_json::json!({"query": query, "variables": variables}).to_string();
    let headers = [("user-agent", "test"), ("authorization", token.as_str())];
    send("POST", &github.graphql_url(), &headers, body.as_bytes()).is(200)
}
