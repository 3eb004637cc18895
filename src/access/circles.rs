//! What leads to each other in a circle, by Tarjan's algorithm.

/// The circles of nodes that lead to each other, each with all its nodes; those that a circle leads to come before it.
/// `next` gives where the edges of a node end, one after the other.
pub(super) fn circles(
    size: usize,
    next: impl Fn(usize, usize) -> Option<usize>,
) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let (mut numbers, mut lowest) = (vec![NEW; size], vec![NEW; size]);
    let mut is_open = vec![false; size];
    let (mut stack, mut circles, mut found) = (Vec::new(), Vec::new(), 0);
    for first in 0..size {
        if numbers.get(first) != Some(&NEW) {
            continue;
        }
        // A node, and how many of its edges were gone along.
        let mut path: Vec<(usize, usize)> = vec![(first, 0)];
        while let Some((node, gone)) = path.last_mut() {
            let node = *node;
            if *gone == 0 {
                set(&mut numbers, node, found);
                set(&mut lowest, node, found);
                found += 1;
                stack.push(node);
                set(&mut is_open, node, true);
            }
            let to = next(node, *gone);
            *gone += 1;
            if let Some(to) = to {
                if get(&numbers, to) == NEW {
                    path.push((to, 0));
                } else if is_open.get(to) == Some(&true) {
                    let low = get(&lowest, node).min(get(&numbers, to));
                    set(&mut lowest, node, low);
                }
                continue;
            }
            path.pop();
            if let Some((above, _)) = path.last() {
                let low = get(&lowest, *above).min(get(&lowest, node));
                set(&mut lowest, *above, low);
            }
            if get(&lowest, node) == get(&numbers, node) {
                let mut circle = Vec::new();
                while let Some(member) = stack.pop() {
                    set(&mut is_open, member, false);
                    circle.push(member);
                    if member == node {
                        break;
                    }
                }
                circles.push(circle);
            }
        }
    }
    circles
}

fn get(all: &[usize], at: usize) -> usize {
    all.get(at).copied().unwrap_or_default()
}

fn set<T>(all: &mut [T], at: usize, value: T) {
    if let Some(slot) = all.get_mut(at) {
        *slot = value;
    }
}
