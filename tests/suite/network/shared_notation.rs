//! The notation that tools for network policies share, read back into what it means, so that two answers can be compared
//! as sets: however ranges are cut, and however selectors are written.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use tidegate::network::intervals::Intervals;
use tidegate::network::notation::Named;
use tidegate::network::selector::Selector;
use tidegate::network::world::Pods;

/// What passes by pair. Ranges of addresses are put together where the same passes, and IPv6 is left out: the other tool
/// knows IPv4 alone.
pub(crate) type Pairs = BTreeSet<(String, String, String)>;

/// Puts lines together.
pub(crate) fn pairs<'l>(lines: impl Iterator<Item = (&'l str, &'l str, &'l str)>) -> Pairs {
    let mut all = Pairs::new();
    let mut outside: BTreeMap<(bool, &str, &str), Vec<(u32, u32)>> = BTreeMap::new();
    for (from, to, passes) in lines {
        let range = |end: &'l str| end.strip_suffix("[External]");
        let (is_source, own, range) = match (range(from), range(to)) {
            (Some(range), _) => (true, to, range),
            (_, Some(range)) => (false, from, range),
            _ => {
                all.insert((from.to_owned(), to.to_owned(), passes.to_owned()));
                continue;
            }
        };
        if range.contains(':') {
            continue;
        }
        let (first, last) = range.split_once('-').expect("a range");
        let address = |text: &str| u32::from(text.parse::<Ipv4Addr>().expect("an address"));
        let ranges = outside.entry((is_source, own, passes)).or_default();
        ranges.push((address(first), address(last)));
    }
    for ((is_source, own, passes), ranges) in outside {
        let range = format!("{:?}", Intervals::of(ranges));
        let (from, to) = if is_source {
            (range, own.to_owned())
        } else {
            (own.to_owned(), range)
        };
        all.insert((from, to, passes.to_owned()));
    }
    all
}

/// The lines of a list of connections.
pub(crate) fn connections(text: &str) -> Pairs {
    let list = text
        .split("Exposure Analysis Result")
        .next()
        .unwrap_or_default();
    pairs(list.lines().filter_map(|line| {
        let (from, rest) = line.split_once(" => ")?;
        let (to, passes) = rest.rsplit_once(" : ")?;
        Some((from, to, passes))
    }))
}

/// The lines of a difference: what became of a pair, before and after.
pub(crate) fn changes(text: &str) -> Pairs {
    let told: Vec<(String, String, String)> = text
        .lines()
        .filter_map(|line| {
            if let [
                verb @ ("added" | "removed" | "changed"),
                from,
                to,
                before,
                after,
                ..,
            ] = *line.split(',').collect::<Vec<&str>>()
            {
                let what = format!("{verb}: {before} to {after}");
                return Some((from.to_owned(), to.to_owned(), what));
            }
            let rest = line.strip_prefix("diff-type: ")?;
            let (verb, rest) = rest.split_once(", source: ")?;
            let (from, rest) = rest.split_once(", destination: ")?;
            let (to, rest) = rest.split_once(", ref1: ")?;
            let (before, after) = rest.split_once(", ref2: ")?;
            // Workloads that are new or gone are told behind that.
            let after = after.split(", workloads-diff-info").next()?;
            Some((
                from.to_owned(),
                to.to_owned(),
                format!("{verb}: {before} to {after}"),
            ))
        })
        .collect();
    pairs(
        told.iter()
            .map(|(from, to, what)| (&**from, &**to, &**what)),
    )
}

/// What stands open to pods that are not there: the workload, whether it is the source, the pods, and what passes.
pub(crate) type Exposure = BTreeSet<(String, bool, Pods, String)>;

/// The lines about pods of a list of what stands open.
pub(crate) fn exposure(text: &str) -> Exposure {
    let lines = text.lines().filter_map(|line| {
        let (own, rest) = line.split_once('\t')?;
        let (arrow, rest) = rest.split_once(' ')?;
        let (other, passes) = rest.trim().rsplit_once(" : ")?;
        if other.ends_with("[External]") {
            return None;
        }
        // A name of an AdminNetworkPolicy is that of a port of any protocol.
        let passes = match passes.trim() {
            name if passes.starts_with(' ') => format!("SCTP {name},TCP {name},UDP {name}"),
            passes => passes.to_owned(),
        };
        Some((own.trim().to_owned(), arrow == "=>", pods(other), passes))
    });
    lines.collect()
}

/// What was worked out, in the same form.
pub(crate) fn told_exposure<'l>(
    lines: impl Iterator<Item = (&'l Named, &'l Named, [&'l Arc<str>; 1])>,
) -> Exposure {
    let told = lines.map(|(from, to, [passes])| {
        let passes = passes.to_string();
        match (from, to) {
            (Named::Pods(pods), own) => (own.to_string(), false, pods.clone(), passes),
            (own, Named::Pods(pods)) => (own.to_string(), true, pods.clone(), passes),
            _ => panic!("{from} => {to} is about no pods"),
        }
    });
    told.collect()
}

/// Pods as the other tool writes them: `entire-cluster`, `shop/[all pods]`, `[namespace with {…}]/[pod with {…}]`.
fn pods(text: &str) -> Pods {
    if text == "entire-cluster" {
        return Pods::all();
    }
    let cut = match text.strip_prefix("[namespace with ") {
        Some(_) => text.find("}]/").expect("the end of the namespaces") + 2,
        None => text.find('/').expect("a namespace"),
    };
    let (namespaces, pods) = (&text[..cut], &text[cut + 1..]);
    let of = |text: &str, what: &str| {
        let text = text.strip_prefix(&format!("[{what} with {{"))?;
        Some(selector(text.strip_suffix("}]")?))
    };
    Pods {
        namespaces: match of(namespaces, "namespace") {
            Some(selector) => selector,
            None if namespaces == "[all namespaces]" => Selector::all(),
            None => Selector::namespace(namespaces),
        },
        pods: of(pods, "pod").unwrap_or_default(),
    }
}

/// `app=web,{Key:tier,Operator:In,Values:[a b],}`.
fn selector(text: &str) -> Selector {
    let mut selector = Selector::all();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(expression) = rest.strip_prefix("{Key:") {
            let (key, after) = expression.split_once(",Operator:").expect("an operator");
            let (operator, after) = after.split_once(",Values:[").expect("values");
            let (values, after) = after.split_once("],}").expect("an end");
            let values: Vec<&str> = values.split_whitespace().collect();
            selector = selector.with_expression(key, operator, &values);
            rest = after;
        } else {
            let (label, after) = rest.split_once(',').unwrap_or((rest, ""));
            let (key, value) = label.split_once('=').expect("a label");
            selector = selector.with_label(key, value);
            rest = after;
        }
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    selector
}
