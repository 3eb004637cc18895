//! The rules, one file each: `<family>/<name>.rs` is the rule `<family>/<name>`.
//!
//! Written by `tests/suite/rules_registry.rs`. To add a rule, add its file and run the tests; to take one
//! away, take its two lines away here first.

use crate::rule::Rule;

mod dockerfile {
    pub(crate) mod base_without_digest;
    pub(crate) mod build_tools_in_image;
    pub(crate) mod copies_everything;
    pub(crate) mod npm_install;
    pub(crate) mod piped_script;
    pub(crate) mod remote_add;
    pub(crate) mod root_user;
    pub(crate) mod scripts_near_secrets;
    pub(crate) mod secret_argument;
    pub(crate) mod unpinned_base;
}

mod exposure {
    pub(crate) mod external_ips;
    pub(crate) mod gateway_without_tls;
    pub(crate) mod ingress_snippet;
    pub(crate) mod ingress_without_tls;
    pub(crate) mod load_balancer;
    pub(crate) mod node_port;
    pub(crate) mod opened;
    pub(crate) mod retired_ingress_class;
}

mod gate {
    pub(crate) mod broad_waiver;
    pub(crate) mod configuration_weakened;
    pub(crate) mod expired_waiver;
    pub(crate) mod invalid_configuration;
    pub(crate) mod invalid_waiver;
    pub(crate) mod unknown_rule;
    pub(crate) mod unknown_version;
    pub(crate) mod unmatched_workload;
    pub(crate) mod unused_waiver;
    pub(crate) mod waiver_added;
    pub(crate) mod workflow_weakened;
}

mod image {
    pub(crate) mod digest_changed;
    pub(crate) mod digest_removed;
    pub(crate) mod full_base;
    pub(crate) mod invalid_reference;
    pub(crate) mod moving_tag;
    pub(crate) mod registry_not_allowed;
    pub(crate) mod unpinned;
}

mod input {
    pub(crate) mod alias_bomb;
    pub(crate) mod duplicate_key;
    pub(crate) mod duplicate_object;
    pub(crate) mod empty_lockfile;
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

mod network_policy {
    pub(crate) mod allow_all;
    pub(crate) mod alternative_peers;
    pub(crate) mod any_address;
    pub(crate) mod any_namespace;
    pub(crate) mod connectivity_added;
    pub(crate) mod dns_blocked;
    pub(crate) mod host_network;
    pub(crate) mod ignored_rules;
    pub(crate) mod implicit_types;
    pub(crate) mod invalid_range;
    pub(crate) mod metadata_reachable;
    pub(crate) mod name_label;
    pub(crate) mod no_default_deny;
    pub(crate) mod peer_selects_nothing;
    pub(crate) mod port_mismatch;
    pub(crate) mod protection_removed;
    pub(crate) mod selects_nothing;
    pub(crate) mod unprotected;
}

mod node {
    pub(crate) mod debug_environment;
    pub(crate) mod end_of_life;
    pub(crate) mod heap_above_limit;
    pub(crate) mod inspector_open;
    pub(crate) mod not_production;
    pub(crate) mod npmrc_shipped;
    pub(crate) mod source_maps_shipped;
    pub(crate) mod tls_verification_off;
    pub(crate) mod unpinned_version;
    pub(crate) mod versions_disagree;
    pub(crate) mod wrapped_process;
}

mod observability {
    pub(crate) mod audit_gap;
    pub(crate) mod audit_logs_secrets;
    pub(crate) mod encryption_identity_first;
    pub(crate) mod log_file;
}

mod package {
    pub(crate) mod deprecated;
    pub(crate) mod disallowed_license;
    pub(crate) mod drift_over_budget;
    pub(crate) mod duplicate_key;
    pub(crate) mod exotic_source;
    pub(crate) mod floating_range;
    pub(crate) mod foreign_host;
    pub(crate) mod insecure_protocol;
    pub(crate) mod install_code_changed;
    pub(crate) mod install_script_added;
    pub(crate) mod integrity_changed;
    pub(crate) mod integrity_lost;
    pub(crate) mod integrity_missing;
    pub(crate) mod lockfile_out_of_step;
    pub(crate) mod lockfile_removed;
    pub(crate) mod malicious;
    pub(crate) mod moving_source;
    pub(crate) mod name_mismatch;
    pub(crate) mod outdated;
    pub(crate) mod provenance_dropped;
    pub(crate) mod public_name;
    pub(crate) mod settings_weakened;
    pub(crate) mod source_changed;
    pub(crate) mod too_new;
    pub(crate) mod typosquat;
    pub(crate) mod unmaintained;
    pub(crate) mod unreached;
    pub(crate) mod vulnerable;
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

mod rbac {
    pub(crate) mod aggregate_to_built_in;
    pub(crate) mod anonymous_binding;
    pub(crate) mod api_definitions_write;
    pub(crate) mod authenticated_binding;
    pub(crate) mod bind;
    pub(crate) mod bindings_write;
    pub(crate) mod cloud_identity;
    pub(crate) mod cluster_admin_binding;
    pub(crate) mod csr_approve;
    pub(crate) mod csr_sign;
    pub(crate) mod default_account_binding;
    pub(crate) mod endpoints_write;
    pub(crate) mod ephemeral_containers;
    pub(crate) mod escalate;
    pub(crate) mod escalation_path_added;
    pub(crate) mod events_delete;
    pub(crate) mod impersonate;
    pub(crate) mod ineffective_rule;
    pub(crate) mod invalid_binding;
    pub(crate) mod masters_group;
    pub(crate) mod namespace_label;
    pub(crate) mod nodes_proxy;
    pub(crate) mod nodes_write;
    pub(crate) mod permissions_widened;
    pub(crate) mod pods_exec;
    pub(crate) mod port_forward;
    pub(crate) mod powerful_workload;
    pub(crate) mod proxy_subresource;
    pub(crate) mod pv_create;
    pub(crate) mod roles_write;
    pub(crate) mod secrets_read;
    pub(crate) mod secrets_write_token;
    pub(crate) mod system_configuration_write;
    pub(crate) mod system_role_binding;
    pub(crate) mod token_request;
    pub(crate) mod unresolved_binding;
    pub(crate) mod webhooks_write;
    pub(crate) mod wildcard;
    pub(crate) mod workload_write;
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

mod workload {
    pub(crate) mod bidirectional_mount;
    pub(crate) mod default_namespace;
    pub(crate) mod default_service_account;
    pub(crate) mod deprecated_api;
    pub(crate) mod misplaced_field;
    pub(crate) mod no_user_namespace;
    pub(crate) mod node_volume;
    pub(crate) mod probe_missing;
    pub(crate) mod removed_api;
    pub(crate) mod resources_unset;
    pub(crate) mod token_automounted;
    pub(crate) mod unknown_api;
    pub(crate) mod unknown_field;
    pub(crate) mod writable_root_filesystem;
    pub(crate) mod wrong_type;
}

/// All rules, by id.
pub static ALL: &[&Rule] = &[
    &dockerfile::base_without_digest::RULE,
    &dockerfile::build_tools_in_image::RULE,
    &dockerfile::copies_everything::RULE,
    &dockerfile::npm_install::RULE,
    &dockerfile::piped_script::RULE,
    &dockerfile::remote_add::RULE,
    &dockerfile::root_user::RULE,
    &dockerfile::scripts_near_secrets::RULE,
    &dockerfile::secret_argument::RULE,
    &dockerfile::unpinned_base::RULE,
    &exposure::external_ips::RULE,
    &exposure::gateway_without_tls::RULE,
    &exposure::ingress_snippet::RULE,
    &exposure::ingress_without_tls::RULE,
    &exposure::load_balancer::RULE,
    &exposure::node_port::RULE,
    &exposure::opened::RULE,
    &exposure::retired_ingress_class::RULE,
    &gate::broad_waiver::RULE,
    &gate::configuration_weakened::RULE,
    &gate::expired_waiver::RULE,
    &gate::invalid_configuration::RULE,
    &gate::invalid_waiver::RULE,
    &gate::unknown_rule::RULE,
    &gate::unknown_version::RULE,
    &gate::unmatched_workload::RULE,
    &gate::unused_waiver::RULE,
    &gate::waiver_added::RULE,
    &gate::workflow_weakened::RULE,
    &image::digest_changed::RULE,
    &image::digest_removed::RULE,
    &image::full_base::RULE,
    &image::invalid_reference::RULE,
    &image::moving_tag::RULE,
    &image::registry_not_allowed::RULE,
    &image::unpinned::RULE,
    &input::alias_bomb::RULE,
    &input::duplicate_key::RULE,
    &input::duplicate_object::RULE,
    &input::empty_lockfile::RULE,
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
    &network_policy::allow_all::RULE,
    &network_policy::alternative_peers::RULE,
    &network_policy::any_address::RULE,
    &network_policy::any_namespace::RULE,
    &network_policy::connectivity_added::RULE,
    &network_policy::dns_blocked::RULE,
    &network_policy::host_network::RULE,
    &network_policy::ignored_rules::RULE,
    &network_policy::implicit_types::RULE,
    &network_policy::invalid_range::RULE,
    &network_policy::metadata_reachable::RULE,
    &network_policy::name_label::RULE,
    &network_policy::no_default_deny::RULE,
    &network_policy::peer_selects_nothing::RULE,
    &network_policy::port_mismatch::RULE,
    &network_policy::protection_removed::RULE,
    &network_policy::selects_nothing::RULE,
    &network_policy::unprotected::RULE,
    &node::debug_environment::RULE,
    &node::end_of_life::RULE,
    &node::heap_above_limit::RULE,
    &node::inspector_open::RULE,
    &node::not_production::RULE,
    &node::npmrc_shipped::RULE,
    &node::source_maps_shipped::RULE,
    &node::tls_verification_off::RULE,
    &node::unpinned_version::RULE,
    &node::versions_disagree::RULE,
    &node::wrapped_process::RULE,
    &observability::audit_gap::RULE,
    &observability::audit_logs_secrets::RULE,
    &observability::encryption_identity_first::RULE,
    &observability::log_file::RULE,
    &package::deprecated::RULE,
    &package::disallowed_license::RULE,
    &package::drift_over_budget::RULE,
    &package::duplicate_key::RULE,
    &package::exotic_source::RULE,
    &package::floating_range::RULE,
    &package::foreign_host::RULE,
    &package::insecure_protocol::RULE,
    &package::install_code_changed::RULE,
    &package::install_script_added::RULE,
    &package::integrity_changed::RULE,
    &package::integrity_lost::RULE,
    &package::integrity_missing::RULE,
    &package::lockfile_out_of_step::RULE,
    &package::lockfile_removed::RULE,
    &package::malicious::RULE,
    &package::moving_source::RULE,
    &package::name_mismatch::RULE,
    &package::outdated::RULE,
    &package::provenance_dropped::RULE,
    &package::public_name::RULE,
    &package::settings_weakened::RULE,
    &package::source_changed::RULE,
    &package::too_new::RULE,
    &package::typosquat::RULE,
    &package::unmaintained::RULE,
    &package::unreached::RULE,
    &package::vulnerable::RULE,
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
    &rbac::aggregate_to_built_in::RULE,
    &rbac::anonymous_binding::RULE,
    &rbac::api_definitions_write::RULE,
    &rbac::authenticated_binding::RULE,
    &rbac::bind::RULE,
    &rbac::bindings_write::RULE,
    &rbac::cloud_identity::RULE,
    &rbac::cluster_admin_binding::RULE,
    &rbac::csr_approve::RULE,
    &rbac::csr_sign::RULE,
    &rbac::default_account_binding::RULE,
    &rbac::endpoints_write::RULE,
    &rbac::ephemeral_containers::RULE,
    &rbac::escalate::RULE,
    &rbac::escalation_path_added::RULE,
    &rbac::events_delete::RULE,
    &rbac::impersonate::RULE,
    &rbac::ineffective_rule::RULE,
    &rbac::invalid_binding::RULE,
    &rbac::masters_group::RULE,
    &rbac::namespace_label::RULE,
    &rbac::nodes_proxy::RULE,
    &rbac::nodes_write::RULE,
    &rbac::permissions_widened::RULE,
    &rbac::pods_exec::RULE,
    &rbac::port_forward::RULE,
    &rbac::powerful_workload::RULE,
    &rbac::proxy_subresource::RULE,
    &rbac::pv_create::RULE,
    &rbac::roles_write::RULE,
    &rbac::secrets_read::RULE,
    &rbac::secrets_write_token::RULE,
    &rbac::system_configuration_write::RULE,
    &rbac::system_role_binding::RULE,
    &rbac::token_request::RULE,
    &rbac::unresolved_binding::RULE,
    &rbac::webhooks_write::RULE,
    &rbac::wildcard::RULE,
    &rbac::workload_write::RULE,
    &secret::account_token::RULE,
    &secret::as_environment::RULE,
    &secret::exposed::RULE,
    &secret::in_file::RULE,
    &secret::in_image::RULE,
    &secret::last_applied::RULE,
    &secret::literal::RULE,
    &workload::bidirectional_mount::RULE,
    &workload::default_namespace::RULE,
    &workload::default_service_account::RULE,
    &workload::deprecated_api::RULE,
    &workload::misplaced_field::RULE,
    &workload::no_user_namespace::RULE,
    &workload::node_volume::RULE,
    &workload::probe_missing::RULE,
    &workload::removed_api::RULE,
    &workload::resources_unset::RULE,
    &workload::token_automounted::RULE,
    &workload::unknown_api::RULE,
    &workload::unknown_field::RULE,
    &workload::writable_root_filesystem::RULE,
    &workload::wrong_type::RULE,
];

/// A rule by its id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    let index = ALL.binary_search_by(|rule| rule.id.cmp(id)).ok()?;
    ALL.get(index).copied()
}
