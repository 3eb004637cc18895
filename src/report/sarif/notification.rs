//! What the run has to say beside its results: what it passed over, what it could not read, what it left out.

use std::collections::BTreeSet;

use serde_sarif::sarif::Notification;

use crate::report::severity::Level;
use crate::verdict::{PassedOver, Report};

use super::result::{message, place};
use super::{SarifOptions, limits};

/// The notifications of a run: what makes it incomplete as errors, the rest as warnings and notes.
pub(super) fn all(report: &Report, options: &SarifOptions, dropped: usize) -> Vec<Notification> {
    // A reason that names a file is told at that file, and once.
    let mut reasons: BTreeSet<&str> = report.incomplete.iter().map(String::as_str).collect();
    let mut about_files = |files: &[PassedOver], otherwise: Level| -> Vec<(Level, Notification)> {
        files
            .iter()
            .map(|file| {
                let text = format!("{}: {}", file.path, file.reason);
                let level = if reasons.remove(text.as_str()) {
                    Level::Error
                } else {
                    otherwise
                };
                (level, about_file(level, file, options))
            })
            .collect()
    };
    let mut told = about_files(&report.coverage.unreadable, Level::Warning);
    told.extend(about_files(&report.coverage.skipped, Level::Note));
    let rest = reasons.into_iter();
    told.extend(rest.map(|reason| (Level::Error, notification(Level::Error, reason))));
    if dropped > 0 {
        let most = limits::RESULTS;
        let text = format!(
            "code scanning takes {most} results of a run: the {dropped} least urgent findings are left out"
        );
        told.push((Level::Warning, notification(Level::Warning, &text)));
    }
    if report.coverage.objects == 0 {
        let text = crate::report::coverage(&report.coverage);
        told.push((Level::Note, notification(Level::Note, &text)));
    }
    // The worst first, as only so many are told; sorting keeps the order of equals.
    told.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let untold = told.len().saturating_sub(limits::NOTIFICATIONS);
    told.truncate(limits::NOTIFICATIONS);
    let mut notifications: Vec<_> = told
        .into_iter()
        .map(|(_, notification)| notification)
        .collect();
    if untold > 0 {
        let text = format!("{untold} more notifications are left out");
        notifications.push(notification(Level::Warning, &text));
    }
    notifications
}

fn about_file(level: Level, file: &PassedOver, options: &SarifOptions) -> Notification {
    let mut notification = notification(level, &file.reason);
    if !file.path.is_empty() {
        notification.locations = Some(vec![place(options, &file.path, None)]);
    }
    notification
}

fn notification(level: Level, text: &str) -> Notification {
    Notification::builder()
        .level(level.name())
        .message(message(text))
        .build()
}
