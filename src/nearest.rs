//! What somebody most likely meant who typed a name that nobody knows.

/// The known name that is nearest to what was typed, if any is near; of equally near ones the first by name.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What nobody types is not worth the time that the comparison of long texts takes.
    if typed.len() > 100 {
        return None;
    }
    let likeness = |name: &str| {
        let whole = similar::TextDiff::from_chars(typed, name).ratio();
        // `privileged` is short for `pod-security/privileged`.
        let last = name.rsplit('/').next().unwrap_or(name);
        whole.max(similar::TextDiff::from_chars(typed, last).ratio())
    };
    known
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(one.1)))
        .map(|(_, name)| name)
}
