//! The identities of clouds that accounts have in each variant, as it builds them.

use std::collections::HashMap;

use crate::kubernetes::Object;
use crate::kubernetes::accounts::cloud_identities;

use super::Snapshot;

/// The namespace that an account lands in, and its identities.
type Landed<'a> = (Option<&'a str>, Vec<&'a str>);

/// The accounts of a revision that variants build, and the identities of clouds that each of them has there.
pub struct BuiltAccounts<'a> {
    snapshot: &'a Snapshot,
    /// By the file of the variant and the name of the account.
    known: HashMap<(&'a str, &'a str), Vec<Landed<'a>>>,
    has_identities: bool,
}

impl<'a> BuiltAccounts<'a> {
    /// Those of a revision.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut accounts = Self {
            snapshot,
            known: HashMap::new(),
            has_identities: false,
        };
        let objects = snapshot.landed_objects();
        for object in objects.filter(|it| it.kind().name == "ServiceAccount") {
            let identities = cloud_identities(object).map(|(identity, _)| identity);
            let identities: Vec<&str> = identities.collect();
            accounts.has_identities |= !identities.is_empty();
            if let Some(variant) = object.variant() {
                let key = (&*variant.at, &*object.resource().name);
                let own = accounts.known.entry(key).or_default();
                own.push((object.stated_namespace(), identities));
            }
        }
        accounts
    }

    /// True if some account has an identity.
    #[must_use]
    pub fn have_identities(&self) -> bool {
        self.has_identities
    }

    /// The identities that an account gives a workload that runs as it: by the variant that builds both, else by any copy
    /// of the account that may be meant.
    #[must_use]
    pub fn identities(&self, workload: Object<'a>, account: &'a str) -> Vec<&'a str> {
        let namespace = workload.stated_namespace();
        let variant = workload.variant().map(|variant| &*variant.at);
        let built = variant.and_then(|variant| self.known.get(&(variant, account)));
        let built = built.into_iter().flatten();
        let mut built = built.filter(|(own, _)| *own == namespace).peekable();
        if built.peek().is_some() {
            return built.flat_map(|(_, found)| found).copied().collect();
        }
        let neighbours = self.snapshot.neighbours();
        neighbours.cloud_identities(workload, account).collect()
    }
}
