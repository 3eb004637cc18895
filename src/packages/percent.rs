//! Percent-encoding, as addresses and locators have it.

/// Undoes it once; what is none stays.
#[must_use]
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if let Some(byte) = octet(rest) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// True if a part of a text is encoded.
#[must_use]
pub fn is_encoded(text: &str) -> bool {
    (0..text.len()).any(|at| text.as_bytes().get(at..).and_then(octet).is_some())
}

/// The byte that a text begins with, where that is encoded.
fn octet(text: &[u8]) -> Option<u8> {
    let (first, after) = text.split_first()?;
    let digits = after.first_chunk::<2>().filter(|_| *first == b'%')?;
    let digits = std::str::from_utf8(digits).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_undone_once() {
        for (text, decoded, is_left) in [
            ("a", "a", false),
            ("%61%2Db%2fc", "a-b/c", false),
            ("%2561", "%61", true),
            ("100%", "100%", false),
            ("%zz%+1", "%zz%+1", false),
            ("%ff", "%ff", true),
        ] {
            assert_eq!(decode(text), decoded, "{text}");
            assert_eq!(is_encoded(&decode(text)), is_left, "{text}");
        }
    }
}
