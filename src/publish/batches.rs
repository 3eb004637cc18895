//! Changes of comments and threads in as few requests as GitHub takes them in.

use crate::github::{Change, Client, Failure};

use super::writes::Writes;

/// The most changes in one request: GitHub gives up on a document that takes it longer than ten seconds.
const MOST: usize = 20;

/// The most text in one request, in bytes.
const LONGEST: usize = 512 << 10;

/// Parts a list into what goes into one request each, by the text that an entry brings.
pub(super) fn rounds<T>(list: &[T], length: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut rounds = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let mut total: usize = 0;
        let fits = rest.iter().take(MOST).take_while(|entry| {
            total = total.saturating_add(length(entry));
            total <= LONGEST
        });
        // One that is too long goes alone.
        let (round, others) = rest.split_at(fits.count().max(1));
        rounds.push(round);
        rest = others;
    }
    rounds
}

/// Makes the changes of one round, and says what became of each.
///
/// Where no answer came, nobody knows whether that was the server or the length of the document: the halves are sent once
/// more, which takes nothing back, as each change sets what it should be.
pub(super) async fn send(
    client: &Client,
    changes: &[Change<'_>],
    writes: &mut Writes,
) -> Vec<Result<(), Failure>> {
    if changes.is_empty() {
        return Vec::new();
    }
    let whole = once(client, changes, writes).await;
    if changes.len() == 1 || !matches!(whole, Err(Failure::Unavailable { .. })) {
        return each(whole, changes.len());
    }
    let mut results = Vec::with_capacity(changes.len());
    for half in changes.chunks(changes.len().div_ceil(2)) {
        let answered = once(client, half, writes).await;
        results.extend(each(answered, half.len()));
    }
    results
}

type Results = Vec<Result<(), Failure>>;

async fn once(
    client: &Client,
    changes: &[Change<'_>],
    writes: &mut Writes,
) -> Result<Results, Failure> {
    writes.once(|| client.change(changes)).await
}

fn each(whole: Result<Results, Failure>, number: usize) -> Results {
    whole.unwrap_or_else(|failure| vec![Err(failure); number])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_bounded_in_number_and_in_length() {
        let sizes = |list: &[usize]| -> Vec<usize> {
            let rounds = rounds(list, |length| *length);
            rounds.iter().map(|round| round.len()).collect()
        };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[1; 45]), [20, 20, 5]);
        assert_eq!(sizes(&[LONGEST / 3; 7]), [3, 3, 1]);
        assert_eq!(sizes(&[LONGEST * 2, 1, LONGEST * 2]), [1, 1, 1]);
    }
}
