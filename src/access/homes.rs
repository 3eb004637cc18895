//! Whom workloads run as that lie in no namespace which anybody says: they are applied where their account is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::kubernetes::accounts::DEFAULT;

use super::parts::Runner;
use super::subject::Subject;

/// Has each of them run as the one account of its name that is given rights in a namespace which somebody says, if there
/// is just one.
pub(super) fn settle<'a>(runners: &mut [Arc<Runner>], subjects: impl Iterator<Item = &'a Subject>) {
    let mut homes: HashMap<&Arc<str>, BTreeSet<&Subject>> = HashMap::new();
    for subject in subjects {
        if let Subject::Account(_, name) = subject {
            homes.entry(name).or_default().insert(subject);
        }
    }
    for runner in runners {
        let Subject::Account(landed, name) = &runner.account else {
            continue;
        };
        let is_open = runner.is_homeless && **name != *DEFAULT;
        let homes = homes.get(name).filter(|_| is_open).into_iter().flatten();
        // What is bound without a namespace lands where the workload does.
        let mut homes = homes.filter(|home| home.members_namespace() != Some(landed));
        if let (Some(home), None) = (homes.next(), homes.next()) {
            let account = Subject::clone(home);
            *runner = Arc::new(Runner {
                account,
                ..Runner::clone(runner)
            });
        }
    }
}
