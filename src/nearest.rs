//! What somebody most likely meant who typed a name that nobody knows.

/// How alike two names must be, of 1, for the one to be meant by the other.
const NEAR: f32 = 0.6;

/// The known name that is nearest to what was typed, if any is near; of equally near ones the first by name.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What nobody types is not worth the time that the comparison of long texts takes.
    if typed.len() > 100 {
        return None;
    }
    let likeness = |name: &str| {
        // `privileged` is short for `pod-security/privileged`.
        let last = name.rsplit('/').next().unwrap_or(name);
        likeness(typed, name).max(likeness(typed, last))
    };
    known
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > NEAR)
        .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(one.1)))
        .map(|(_, name)| name)
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
