//! What there is to say of comments that would cover more than they were written for.

use std::collections::BTreeMap;

use crate::finding::{Finding, Status};
use crate::rule::Sink;
use crate::rules;
use crate::waivers::uses::Stretched;

const RULE: &str = "gate/waiver-added";

/// One finding for each comment whose line a change gives something new to cover.
pub(super) fn tell(
    stretched: &[Stretched<'_>],
    findings: &[Finding],
    accepted: bool,
) -> Vec<Finding> {
    let Some(rule) = rules::find(RULE) else {
        return Vec::new();
    };
    let mut by_comment: BTreeMap<_, Vec<&Stretched<'_>>> = BTreeMap::new();
    for one in stretched {
        let place = (&**one.stated.path, one.stated.span);
        by_comment.entry(place).or_default().push(one);
    }
    let mut told = Vec::new();
    for of_comment in by_comment.into_values() {
        let mut covered = of_comment
            .iter()
            .filter_map(|one| findings.get(one.finding));
        let (Some(one), Some(first)) = (of_comment.first(), covered.next()) else {
            continue;
        };
        let more = match covered.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sentence = if accepted {
            format!(
                "this waiver was written for something else and now covers {}{more} as well: {}",
                first.rule,
                first.sentence()
            )
        } else {
            format!(
                "this waiver was written for something else and does not cover {}{more} before it is merged",
                first.rule
            )
        };
        let stated = &one.stated;
        let mut made = Vec::new();
        let mut sink = Sink::new(rule, stated.path, stated.object, &mut made);
        sink.report_at(stated.span, stated.field.clone())
            .discriminator(&format!("stretched {}", stated.selectors()))
            .say(&sentence);
        for mut finding in made {
            finding.status = Status::Introduced;
            finding.changed_at.clone_from(&first.changed_at);
            told.push(finding);
        }
    }
    told
}
