//! Plain scalars as Kubernetes resolves them.
//!
//! `kubectl` and the API server read YAML through `sigs.k8s.io/yaml`, whose reader (goyaml.v2, `resolve.go`)
//! keeps the YAML 1.1 booleans (`y`, `yes`, `on` and their capitals), octals with a bare leading zero and
//! digits grouped by underscores. The tables here follow that file.

use super::tree::Stored;

/// The tags that change how a scalar is read; every other tag makes it text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// No tag.
    None,
    /// `!!str`, or a tag that nobody knows.
    Text,
    /// `!!bool`, `!!int`, `!!float`, `!!null`, `!!timestamp`: read by shape even when quoted.
    Scalar,
}

/// Resolves a scalar that is neither quoted nor tagged as text; `None` means text.
pub(super) fn resolve(text: &str) -> Option<Stored> {
    let Some(first) = text.bytes().next() else {
        return Some(Stored::Null);
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => special_float(text).or_else(|| float(text)),
        b'0'..=b'9' | b'+' | b'-' => special_float(text).or_else(|| number(text)),
        _ => None,
    }
}

fn word(text: &str) -> Option<Stored> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Stored::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Stored::Bool(false))
        }
        "~" | "null" | "Null" | "NULL" => Some(Stored::Null),
        _ => None,
    }
}

fn special_float(text: &str) -> Option<Stored> {
    let value = match text {
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        _ => return None,
    };
    Some(Stored::Float(value))
}

fn number(text: &str) -> Option<Stored> {
    let plain: std::borrow::Cow<'_, str> = if text.contains('_') {
        text.replace('_', "").into()
    } else {
        text.into()
    };
    integer(&plain).or_else(|| float(&plain))
}

/// An integer with Go's prefixes: `0x`, `0o`, `0b` and a bare leading zero for octal.
fn integer(plain: &str) -> Option<Stored> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, plain.get(1..)?),
        b'+' => (false, plain.get(1..)?),
        _ => (false, plain),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        Some(_) if digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let Ok(magnitude) = i128::from_str_radix(digits, radix) else {
        // Beyond 128 bits: the exact value matters to nobody, that it is a number does.
        return Some(Stored::Float(if negative { f64::MIN } else { f64::MAX }));
    };
    let value = if negative { -magnitude } else { magnitude };
    #[expect(
        clippy::cast_precision_loss,
        reason = "integers beyond 64 bits become floats, as in JSON"
    )]
    Some(i64::try_from(value).map_or_else(|_| Stored::Float(value as f64), Stored::Int))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn float(plain: &str) -> Option<Stored> {
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    if !exponent_fits || !mantissa_fits {
        return None;
    }
    plain.parse().ok().map(Stored::Float)
}
