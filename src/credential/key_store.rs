//! Stores of keys: what kinds of files there are, and which hold nothing that is secret.
//!
//! Source of the format: `engineLoad` of `sun.security.provider.JavaKeyStore` and `com.sun.crypto.provider.JceKeyStore`
//! (`OpenJDK` 21).

/// Stores of keys, by their extension.
const STORES: [&str; 6] = ["jks", "p12", "pfx", "keytab", "keystore", "kdbx"];

/// Words that say that a store holds only the certificates that its owner trusts.
const OF_TRUST: [&str; 2] = ["truststore", "cacerts"];

/// True for a file that keeps keys, by its name and its bytes. What only keeps the certificates of others is none:
/// everybody may read those.
#[must_use]
pub fn is_key_store(name: &str, bytes: &[u8]) -> bool {
    let extension = name.rsplit('.').next().unwrap_or_default();
    let is_store = STORES
        .iter()
        .any(|store| extension.eq_ignore_ascii_case(store));
    if !is_store {
        return false;
    }
    holds_keys(bytes).unwrap_or_else(|| {
        let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
        !OF_TRUST.iter().any(|word| plain.contains(word))
    })
}

/// True for a store of Java with an entry that is no certificate of somebody else. None for any other file, and for one
/// that is cut.
fn holds_keys(bytes: &[u8]) -> Option<bool> {
    const JKS: u32 = 0xfeed_feed;
    const JCEKS: u32 = 0xcece_cece;
    const CERTIFICATE: u32 = 2;
    let mut rest = Rest(bytes);
    if ![JKS, JCEKS].contains(&rest.number()?) {
        return None;
    }
    // The first version does not say what kind of certificate it is.
    let says_kind = rest.number()? > 1;
    for _ in 0..rest.number()? {
        if rest.number()? != CERTIFICATE {
            return Some(true);
        }
        rest.text()?;
        rest.skip(8)?;
        if says_kind {
            rest.text()?;
        }
        let length = rest.number()?;
        rest.skip(usize::try_from(length).ok()?)?;
    }
    Some(false)
}

/// What is left of a file.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u32> {
        let number = u32::from_be_bytes(*self.0.first_chunk()?);
        self.skip(4)?;
        Some(number)
    }

    /// Skips a text with its length before it.
    fn text(&mut self) -> Option<()> {
        let length = u16::from_be_bytes(*self.0.first_chunk()?);
        self.skip(2 + usize::from(length))
    }
}
