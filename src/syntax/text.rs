//! Bytes to text: UTF-8 is read, anything else is named.

/// Why bytes are not text that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The file starts with a UTF-16 byte-order mark. Such files are named, not decoded.
    Utf16,
    /// Not UTF-8; the offset is that of the first byte that does not fit.
    NotUtf8 {
        /// Byte offset of the first invalid byte.
        offset: usize,
    },
}

/// Decodes a file.
///
/// # Errors
/// The encoding that was found instead of UTF-8, with the bytes handed back.
pub fn decode(bytes: Vec<u8>) -> Result<String, (Encoding, Vec<u8>)> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err((Encoding::Utf16, bytes));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        (Encoding::NotUtf8 { offset }, error.into_bytes())
    })
}
