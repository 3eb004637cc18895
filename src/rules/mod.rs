//! The rules, one file each: `<family>/<name>.rs` is the rule `<family>/<name>`.
//!
//! Written by `tests/suite/rules_registry.rs`. To add a rule, add its file and run the tests; to take one
//! away, take its two lines away here first.

use crate::rule::Rule;

mod gate {
    pub(crate) mod broad_waiver;
    pub(crate) mod configuration_weakened;
    pub(crate) mod expired_waiver;
    pub(crate) mod invalid_configuration;
    pub(crate) mod invalid_waiver;
    pub(crate) mod unknown_rule;
    pub(crate) mod unused_waiver;
    pub(crate) mod waiver_added;
    pub(crate) mod workflow_weakened;
}

mod input {
    pub(crate) mod alias_bomb;
    pub(crate) mod duplicate_key;
    pub(crate) mod duplicate_object;
    pub(crate) mod not_judged;
    pub(crate) mod oversized;
    pub(crate) mod unreadable;
}

mod namespace {
    pub(crate) mod admission_policy_weakened;
    pub(crate) mod invalid_level;
    pub(crate) mod pod_security_policy;
    pub(crate) mod privileged;
    pub(crate) mod protection_removed;
    pub(crate) mod unlabelled;
    pub(crate) mod weakened;
    pub(crate) mod webhook_fails_open;
}

mod pod_security {
    pub(crate) mod added_capability;
    pub(crate) mod apparmor_unconfined;
    pub(crate) mod host_namespaces;
    pub(crate) mod host_path;
    pub(crate) mod host_port;
    pub(crate) mod may_run_as_root;
    pub(crate) mod privilege_escalation;
    pub(crate) mod privileged;
    pub(crate) mod probe_host;
    pub(crate) mod proc_mount;
    pub(crate) mod refused_after_upgrade;
    pub(crate) mod root_user;
    pub(crate) mod seccomp_unconfined;
    pub(crate) mod seccomp_unset;
    pub(crate) mod selinux_options;
    pub(crate) mod undropped_capabilities;
    pub(crate) mod unmasked_proc;
    pub(crate) mod unsafe_sysctl;
    pub(crate) mod volume_type;
    pub(crate) mod windows_host_process;
}

mod secret {
    pub(crate) mod account_token;
    pub(crate) mod as_environment;
    pub(crate) mod exposed;
    pub(crate) mod in_file;
    pub(crate) mod in_image;
    pub(crate) mod last_applied;
    pub(crate) mod literal;
}

/// All rules, by id.
pub static ALL: &[&Rule] = &[
    &gate::broad_waiver::RULE,
    &gate::configuration_weakened::RULE,
    &gate::expired_waiver::RULE,
    &gate::invalid_configuration::RULE,
    &gate::invalid_waiver::RULE,
    &gate::unknown_rule::RULE,
    &gate::unused_waiver::RULE,
    &gate::waiver_added::RULE,
    &gate::workflow_weakened::RULE,
    &input::alias_bomb::RULE,
    &input::duplicate_key::RULE,
    &input::duplicate_object::RULE,
    &input::not_judged::RULE,
    &input::oversized::RULE,
    &input::unreadable::RULE,
    &namespace::admission_policy_weakened::RULE,
    &namespace::invalid_level::RULE,
    &namespace::pod_security_policy::RULE,
    &namespace::privileged::RULE,
    &namespace::protection_removed::RULE,
    &namespace::unlabelled::RULE,
    &namespace::weakened::RULE,
    &namespace::webhook_fails_open::RULE,
    &pod_security::added_capability::RULE,
    &pod_security::apparmor_unconfined::RULE,
    &pod_security::host_namespaces::RULE,
    &pod_security::host_path::RULE,
    &pod_security::host_port::RULE,
    &pod_security::may_run_as_root::RULE,
    &pod_security::privilege_escalation::RULE,
    &pod_security::privileged::RULE,
    &pod_security::probe_host::RULE,
    &pod_security::proc_mount::RULE,
    &pod_security::refused_after_upgrade::RULE,
    &pod_security::root_user::RULE,
    &pod_security::seccomp_unconfined::RULE,
    &pod_security::seccomp_unset::RULE,
    &pod_security::selinux_options::RULE,
    &pod_security::undropped_capabilities::RULE,
    &pod_security::unmasked_proc::RULE,
    &pod_security::unsafe_sysctl::RULE,
    &pod_security::volume_type::RULE,
    &pod_security::windows_host_process::RULE,
    &secret::account_token::RULE,
    &secret::as_environment::RULE,
    &secret::exposed::RULE,
    &secret::in_file::RULE,
    &secret::in_image::RULE,
    &secret::last_applied::RULE,
    &secret::literal::RULE,
];

/// A rule by its id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    let index = ALL.binary_search_by(|rule| rule.id.cmp(id)).ok()?;
    ALL.get(index).copied()
}
