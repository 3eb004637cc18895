//! What somebody most likely meant who typed a name that nobody knows.

/// How alike two names must be, of 1, for the one to be meant by the other.
const NEAR: f32 = 0.6;

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
    let alike = |name: &str| {
        // `privileged` is short for `pod-security/privileged`.
        let last = name.rsplit('/').next().unwrap_or(name);
        likeness(typed, name).max(likeness(typed, last))
    };
    let known = known.into_iter().map(|name| (alike(name), name));
    let near: Vec<_> = known.filter(|(likeness, _)| *likeness > NEAR).collect();
    let best = near.iter().map(|(likeness, _)| *likeness);
    let best = best.max_by(f32::total_cmp);
    near.into_iter()
        .filter(|(likeness, _)| best.is_some_and(|best| *likeness >= best))
        .map(|(_, name)| name)
        .collect()
}

/// How alike two names are; zero if they cannot be near. To count their letters costs much less than to align them.
fn likeness(typed: &str, name: &str) -> f32 {
    let mut counts = [0_usize; 256];
    for byte in name.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let mut shared = 0;
    for byte in typed.bytes() {
        if let Some(count) = counts
            .get_mut(usize::from(byte))
            .filter(|count| **count > 0)
        {
            *count -= 1;
            shared += 1;
        }
    }
    // In characters of more than one byte there is more to share than there are characters: never too little.
    let letters = typed.chars().count() + name.chars().count();
    if 10 * 2 * shared < 6 * letters {
        return 0.0;
    }
    similar::TextDiff::from_chars(typed, name).ratio()
}
