//! Tokens that providers mark as theirs.
//!
//! Source: the providers' own descriptions of their token formats, as of 2026.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::ops::Range;

use super::What;
use super::placeholder::has_placeholder_mark;
use super::strength::{entropy, run};

/// What a body consists of where the token is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// Letters, digits and the others, as many as the number says or more.
    Least(usize),
    /// Exactly so many letters, digits and others.
    Exactly(usize),
    /// Exactly so many hexadecimal digits.
    Hex(usize),
    /// A JSON Web Token: three parts.
    Jwt,
}

/// A token: how it starts, what it is made of beside letters and digits, how much of it is hidden, when it is
/// evidence, and what to call it.
#[derive(Debug)]
pub(super) struct Shape {
    prefix: &'static str,
    others: &'static [u8],
    least: usize,
    body: Body,
    name: &'static str,
}

impl Shape {
    /// True where the mark is one of a provider, and not of what everybody builds.
    pub(super) fn is_of_provider(&self) -> bool {
        self.body != Jwt
    }

    /// True for what opens little: the key of a test account, half of a pair, what browsers are given anyway.
    pub(super) fn is_weak(&self) -> bool {
        ["AKIA", "ASIA", "AIza", "sk_test_", "rk_test_"].contains(&self.prefix)
    }
}

const fn shape(
    prefix: &'static str,
    others: &'static [u8],
    least: usize,
    body: Body,
    name: &'static str,
) -> Shape {
    Shape {
        prefix,
        others,
        least,
        body,
        name,
    }
}

use Body::{Exactly, Hex, Jwt, Least};

const SLACK: &str = "a token of Slack";
const GITHUB: &str = "a token of GitHub";
const GITLAB: &str = "a token of GitLab";
const STRIPE: &str = "a key of Stripe";
const AZURE: &str = "a key of Azure";
const DOPPLER: &str = "a token of Doppler";
const SENTRY: &str = "a token of Sentry";

/// The first that fits counts.
const SHAPES: &[Shape] = &[
    shape("AGE-SECRET-KEY-1", b"", 40, Least(50), "a key of age"),
    shape("AIza", b"_-", 30, Exactly(35), "an API key of Google"),
    shape("AKIA", b"", 16, Exactly(16), "an access key of AWS"),
    shape("ASIA", b"", 16, Exactly(16), "an access key of AWS"),
    shape("ATATT3", b"_-=", 40, Least(100), "a token of Atlassian"),
    shape("AccountKey=", b"+/=", 20, Least(40), AZURE),
    shape("GOCSPX-", b"_-", 20, Least(24), "a client secret of Google"),
    shape("NRAK-", b"", 20, Exactly(27), "a key of New Relic"),
    // 24 and 34 hexadecimal digits.
    shape("PMAK-", b"-", 40, Exactly(59), "a key of Postman"),
    shape("SG.", b"._-", 40, Least(50), "a key of SendGrid"),
    shape("SK", b"", 32, Hex(32), "a key of Twilio"),
    shape("SharedAccessKey=", b"+/=", 20, Least(40), AZURE),
    shape("dapi", b"-", 32, Hex(32), "a token of Databricks"),
    shape("dckr_pat_", b"_-", 20, Least(24), "a token of Docker"),
    shape("dop_v1_", b"", 32, Hex(64), "a token of DigitalOcean"),
    shape("dp.pt.", b"", 30, Least(40), DOPPLER),
    shape("dp.st.", b"._-", 30, Least(40), DOPPLER),
    // JSON in Base64: a JSON Web Token, or the configuration of a registry.
    shape("eyJ", b"._-+/=", 17, Jwt, "a JSON Web Token"),
    shape("figd_", b"_-", 30, Least(40), "a token of Figma"),
    shape("ghp_", b"", 30, Least(36), GITHUB),
    shape("gho_", b"", 30, Least(36), GITHUB),
    shape("ghu_", b"", 30, Least(36), GITHUB),
    shape("ghs_", b"_.-", 30, Least(36), GITHUB),
    shape("ghr_", b"", 30, Least(36), GITHUB),
    shape("github_pat_", b"_", 22, Least(50), GITHUB),
    shape("gldt-", b"_.-", 20, Least(20), GITLAB),
    shape("glpat-", b"_.-", 20, Least(20), GITLAB),
    shape("glrt-", b"_.-", 20, Least(20), GITLAB),
    // 32 letters and digits, and a sum over them of eight hexadecimal digits.
    shape("glsa_", b"_", 30, Exactly(41), "a token of Grafana"),
    shape("gsk_", b"", 40, Exactly(52), "a key of Groq"),
    shape("hf_", b"", 30, Least(34), "a token of Hugging Face"),
    shape("hvs.", b"_-", 24, Least(24), "a token of Vault"),
    shape("key-", b"", 32, Hex(32), "a key of Mailgun"),
    shape("lin_api_", b"", 30, Exactly(40), "a key of Linear"),
    shape("npm_", b"", 36, Exactly(36), "a token of npm"),
    shape("phx_", b"", 30, Least(40), "a personal key of PostHog"),
    shape("pypi-", b"_-", 50, Least(80), "a token of PyPI"),
    shape("rk_live_", b"", 16, Least(24), STRIPE),
    shape("rk_test_", b"", 16, Least(24), STRIPE),
    shape("rubygems_", b"", 32, Hex(48), "a key of RubyGems"),
    shape("sbp_", b"", 40, Hex(40), "a token of Supabase"),
    shape("shpat_", b"", 32, Hex(32), "a token of Shopify"),
    shape("sk-ant-", b"_-", 32, Least(40), "a key of Anthropic"),
    shape("sk-proj-", b"_-", 32, Least(40), "a key of OpenAI"),
    shape("sk-or-v1-", b"", 32, Hex(64), "a key of OpenRouter"),
    shape("sk-", b"_-", 40, Exactly(48), "a key of OpenAI"),
    shape("sk.eyJ", b"._-", 40, Least(60), "a token of Mapbox"),
    shape("sk_live_", b"", 16, Least(24), STRIPE),
    shape("sk_test_", b"", 16, Least(24), STRIPE),
    shape("sntrys_", b"_-+/=", 40, Least(60), SENTRY),
    shape("sntryu_", b"", 40, Hex(64), SENTRY),
    shape("whsec_", b"+/=", 24, Least(32), STRIPE),
    shape("xapp-", b"-", 10, Least(24), SLACK),
    shape("xoxa-", b"-", 10, Least(24), SLACK),
    shape("xoxb-", b"-", 10, Least(24), SLACK),
    shape("xoxe-", b"-", 10, Least(24), SLACK),
    shape("xoxp-", b"-", 10, Least(24), SLACK),
    shape("xoxr-", b"-", 10, Least(24), SLACK),
    shape("xoxs-", b"-", 10, Least(24), SLACK),
    shape("ya29.", b"_-", 40, Least(40), "a token of Google"),
];

/// Two letters that a webhook's address, a client secret of Azure and a token of Terraform have, which do not begin
/// with their mark.
const SLACK_PAIR: [u8; 2] = *b"k.";
const DISCORD_PAIR: [u8; 2] = *b"d.";
const AZURE_PAIR: [u8; 2] = *b"Q~";
const TERRAFORM_PAIR: [u8; 2] = *b".a";

/// Which two letters a token shows itself by, a bit for each pair: one look at the bytes of a text for all of them.
#[expect(
    clippy::indexing_slicing,
    reason = "worked out by the compiler, which refuses to build what would panic here"
)]
static STARTS: [u64; 1024] = {
    let mut starts = [0; 1024];
    let mut rest = SHAPES;
    while let [shape, more @ ..] = rest {
        if let [first, second, ..] = shape.prefix.as_bytes() {
            let pair = (*first as usize) << 8 | *second as usize;
            starts[pair / 64] |= 1 << (pair % 64);
        }
        rest = more;
    }
    let mut rest: &[[u8; 2]] = &[SLACK_PAIR, DISCORD_PAIR, AZURE_PAIR, TERRAFORM_PAIR];
    while let [[first, second], more @ ..] = rest {
        let pair = (*first as usize) << 8 | *second as usize;
        starts[pair / 64] |= 1 << (pair % 64);
        rest = more;
    }
    starts
};

/// The first and the second letters of these pairs, a bit for each of eight groups: what has no bit in common is none.
static LETTERS: [(u8, u8); 256] = letters();

#[expect(
    clippy::indexing_slicing,
    reason = "worked out by the compiler, which refuses to build what would panic here"
)]
const fn letters() -> [(u8, u8); 256] {
    let mut letters = [(0, 0); 256];
    let mut pair = 0;
    while pair < 256 * 256 {
        if STARTS[pair / 64] >> (pair % 64) & 1 == 1 {
            let (first, second) = (pair / 256, pair % 256);
            let group = 1 << (first % 8);
            letters[first].0 |= group;
            letters[second].1 |= group;
        }
        pair += 1;
    }
    letters
}

/// Where the next of these pairs stands.
fn next_pair(bytes: &[u8]) -> Option<usize> {
    let seconds = bytes.get(1..)?;
    let group = |byte: &u8| LETTERS.get(usize::from(*byte)).copied().unwrap_or_default();
    bytes.iter().zip(seconds).position(|(first, second)| {
        if group(first).0 & group(second).1 == 0 {
            return false;
        }
        let pair = usize::from(*first) << 8 | usize::from(*second);
        let starts = STARTS.get(pair / 64).copied().unwrap_or_default();
        starts >> (pair % 64) & 1 == 1
    })
}

/// A webhook's address is its password.
static SLACK_WEBHOOK: Shape = shape(
    "hooks.slack.com/services/",
    b"/",
    20,
    Least(40),
    "the address of a webhook of Slack",
);

static DISCORD_WEBHOOK: Shape = shape(
    "discord.com/api/webhooks/",
    b"/_-",
    20,
    Least(60),
    "the address of a webhook of Discord",
);

/// A bot's number goes before its key.
static TELEGRAM: Shape = shape("", b"_-", 30, Least(33), "a token of Telegram");

static AZURE_CLIENT: Shape = shape("", b"_~.-", 24, Least(30), "a client secret of Azure");

static TERRAFORM: Shape = shape("", b"_-=", 40, Least(60), "a token of Terraform");

/// Something that starts as a token does.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) range: Range<usize>,
    pub(super) shape: &'static Shape,
    /// Where the body starts.
    body: usize,
}

impl Candidate {
    /// What it is, where it is whole and no placeholder.
    pub(super) fn proves(&self, text: &str) -> Option<What> {
        let body = text.get(self.body..self.range.end)?;
        let length = body.len();
        let fits = match self.shape.body {
            Least(least) => length >= least,
            Exactly(exactly) => length == exactly,
            Hex(exactly) => length == exactly && body.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Jwt => is_web_token(body),
        };
        let is_noise = entropy(body.as_bytes()) >= if length < 24 { 2.8 } else { 3.0 };
        let is_whole = fits && is_noise && !has_placeholder_mark(body);
        is_whole.then_some(What::Token(self.shape.name))
    }
}

/// Header, claims and signature.
fn is_web_token(body: &str) -> bool {
    // What the site about these tokens shows everybody.
    const SHOWN: &str = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9l";
    let mut parts = body.split('.');
    let parts = (parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(header), Some(claims), Some(signature), None) = parts else {
        return false;
    };
    header.len() >= 12
        && claims.starts_with("eyJ")
        && claims.len() >= 12
        && signature.len() >= 20
        && !claims.starts_with(SHOWN)
        && !is_for_whoever_comes(claims)
}

/// True for the claims of a token that its issuer hands to every browser: Supabase's key for the role `anon`.
fn is_for_whoever_comes(claims: &str) -> bool {
    let plain = BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('='));
    let claims = plain
        .ok()
        .and_then(|plain| serde_json::from_slice::<Claims>(&plain).ok());
    claims.is_some_and(|claims| claims.role == "anon")
}

#[derive(serde::Deserialize)]
struct Claims {
    #[serde(default)]
    role: String,
}

/// What is left of a token that was cut must at least be this long.
const LEAST_CUT: usize = 6;

/// Visits what starts as a token does and is long enough to be one. Only the bots of Telegram come behind the others.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Candidate)) {
    // The shortest prefix with the least that stands behind it.
    const SHORTEST: usize = 12;
    if text.len() < SHORTEST {
        return;
    }
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(step) = bytes.get(from..).and_then(next_pair) {
        let at = from + step;
        let pair = [at, at + 1].map(|at| bytes.get(at).copied().unwrap_or_default());
        let candidate = match pair {
            AZURE_PAIR => azure_client(text, at),
            TERRAFORM_PAIR => terraform(text, at),
            SLACK_PAIR => webhook(text, at, &SLACK_WEBHOOK, "hooks.slac".len()),
            DISCORD_PAIR => webhook(text, at, &DISCORD_WEBHOOK, "discor".len()),
            _ => token(text, at),
        };
        from = at + 1;
        if let Some(candidate) = candidate {
            from = from.max(candidate.range.end);
            visit(candidate);
        }
    }
    telegram_bots(text, visit);
}

/// The webhook's path, where its host has `at` so many bytes behind its start.
fn webhook(text: &str, at: usize, shape: &'static Shape, behind: usize) -> Option<Candidate> {
    let start = at.checked_sub(behind)?;
    let rest = text.as_bytes().get(start..)?;
    let path = rest.strip_prefix(shape.prefix.as_bytes())?;
    let length = run(path, shape.others);
    let body = start + shape.prefix.len();
    (length >= shape.least).then_some(Candidate {
        range: body..body + length,
        shape,
        body,
    })
}

/// A number of eight to twelve digits, a colon, and a key that begins with `AA` where `bot` does not stand before it.
fn telegram_bots(text: &str, visit: &mut dyn FnMut(Candidate)) {
    let bytes = text.as_bytes();
    if bytes.len() < TELEGRAM.least {
        return;
    }
    for colon in memchr::memchr_iter(b':', bytes) {
        let head = bytes.get(..colon).unwrap_or_default();
        let digits = head.iter().rev().take(13);
        let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
        if !(8..=12).contains(&digits) {
            continue;
        }
        let start = colon - digits;
        let head = bytes.get(..start).unwrap_or_default();
        let is_bot = head.ends_with(b"bot");
        let behind = bytes.get(colon + 1..).unwrap_or_default();
        let is_apart = !head.last().is_some_and(u8::is_ascii_alphanumeric);
        if !(is_bot || is_apart && behind.starts_with(b"AA")) {
            continue;
        }
        let length = run(behind, TELEGRAM.others);
        let end = colon + 1 + length;
        let is_cut = text.get(end..).is_some_and(|rest| rest.starts_with('…'));
        if length >= TELEGRAM.least || is_cut && length >= LEAST_CUT {
            visit(Candidate {
                range: start..end,
                shape: &TELEGRAM,
                body: colon + 1,
            });
        }
    }
}

/// True behind the `\n` of a string that is written with escapes.
fn is_behind_escape(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| bytes.get(at.checked_sub(back)?).copied();
    before(2) == Some(b'\\') && matches!(before(1), Some(b'n' | b't' | b'r'))
}

fn token(text: &str, start: usize) -> Option<Candidate> {
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    let is_apart = before.is_none_or(|before| !before.is_ascii_alphanumeric());
    if !is_apart && !is_behind_escape(bytes, start) {
        return None;
    }
    let rest = bytes.get(start..)?;
    // Names of other things end in this word as well: `cache-key-…`.
    if rest.starts_with(b"key-") && before.is_some_and(|before| b"-_./".contains(before)) {
        return None;
    }
    let pair = rest.first_chunk::<2>();
    let shape = SHAPES
        .iter()
        .filter(|shape| shape.prefix.as_bytes().first_chunk() == pair)
        .find(|shape| rest.starts_with(shape.prefix.as_bytes()))?;
    let body = start + shape.prefix.len();
    let length = run(bytes.get(body..)?, shape.others);
    let end = body + length;
    let is_cut = text.get(end..).is_some_and(|rest| rest.starts_with('…'));
    // Two letters are no mark: what follows must be what it should.
    let is_vague = matches!(shape.body, Hex(_)) && shape.prefix.len() <= 4;
    let fits = if is_vague {
        let body = bytes.get(body..end)?;
        length == shape.least && body.iter().all(u8::is_ascii_hexdigit)
    } else {
        length >= shape.least || is_cut && length >= LEAST_CUT
    };
    fits.then_some(Candidate {
        range: start..end,
        shape,
        body,
    })
}

/// A client secret of Azure has its mark behind three letters and a digit.
fn azure_client(text: &str, at: usize) -> Option<Candidate> {
    let bytes = text.as_bytes();
    let start = at.checked_sub(4)?;
    let head = bytes.get(start..at)?;
    let is_head = run(head, b"_~.-") == 4 && head.last().is_some_and(u8::is_ascii_digit);
    if !is_head {
        return None;
    }
    let length = run(bytes.get(at..)?, b"_~.-");
    (length >= AZURE_CLIENT.least).then_some(Candidate {
        range: start..at + length,
        shape: &AZURE_CLIENT,
        body: at,
    })
}

/// A token of Terraform has its mark behind fourteen letters and digits.
fn terraform(text: &str, at: usize) -> Option<Candidate> {
    const MARK: &str = ".atlasv1.";
    const HEAD: usize = 14;
    let bytes = text.as_bytes();
    let behind = bytes.get(at..)?.strip_prefix(MARK.as_bytes())?;
    let start = at.checked_sub(HEAD)?;
    let is_apart = start
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .is_none_or(|before| !before.is_ascii_alphanumeric());
    let length = run(behind, TERRAFORM.others);
    let is_whole = is_apart && run(bytes.get(start..at)?, b"") == HEAD;
    let body = at + MARK.len();
    (is_whole && length >= TERRAFORM.least).then_some(Candidate {
        range: start..body + length,
        shape: &TERRAFORM,
        body,
    })
}
