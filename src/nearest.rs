//! What somebody most likely meant who typed a name that nobody knows.

/// The known name that is nearest to what was typed, if any is near; of equally near ones the first.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    all_nearest(typed, known).into_iter().next()
}

/// The known names that are equally near to what was typed and nearer than all others; none if none is near.
#[must_use]
pub fn all_nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // What nobody types is not worth the time that the comparison of long texts takes.
    if typed.len() > 100 {
        return Vec::new();
    }
    let likeness = |name: &str| {
        let whole = similar::TextDiff::from_chars(typed, name).ratio();
        // `privileged` is short for `pod-security/privileged`.
        let last = name.rsplit('/').next().unwrap_or(name);
        whole.max(similar::TextDiff::from_chars(typed, last).ratio())
    };
    let known = known.into_iter().map(|name| (likeness(name), name));
    let near: Vec<_> = known.filter(|(likeness, _)| *likeness > 0.6).collect();
    let best = near.iter().map(|(likeness, _)| *likeness);
    let best = best.max_by(f32::total_cmp);
    near.into_iter()
        .filter(|(likeness, _)| best.is_some_and(|best| *likeness >= best))
        .map(|(_, name)| name)
        .collect()
}
