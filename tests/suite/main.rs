//! The integration tests: one crate, one file a subject, so that they link once.

#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and it may read what it likes"
)]

mod access;
mod action;
mod action_metadata;
mod admission;
mod advisories;
mod annotation;
mod api_versions;
mod architecture;
mod built_workloads;
mod catalogue;
mod change_rules;
mod changed_lines;
mod command_line;
mod configuration;
mod corpora;
mod credentials;
mod credentials_drawn;
mod credentials_hidden;
mod credentials_in_files;
mod credentials_misplaced;
mod credentials_qualified;
mod declared_kinds;
mod dockerfile;
mod fixes;
mod folded;
mod formats;
mod freshness;
mod github_contract;
mod github_stories;
mod hidden;
mod hostile;
mod identity;
mod image_references;
mod init;
mod install_settings;
mod installations;
mod judgement;
mod kinds;
mod kustomizations;
mod labelled;
mod lockfiles;
mod lockfiles_pnpm_yarn;
mod lockfiles_read;
mod loopback_github;
mod miswritten;
mod neighbours;
mod network;
mod node;
mod package_facts;
mod package_files_blank;
mod package_sources;
mod package_standing;
mod packages_command;
mod patch_operations;
mod pinned_beside_lockfiles;
mod planted;
mod pod_security;
mod program;
mod publication;
mod quiet;
mod reading;
mod readme;
mod registry_client;
mod registry_documents;
mod registry_runs;
mod registry_settings;
mod release;
mod report_schema;
mod reports;
mod robustness;
mod rule_examples;
mod rule_fixtures;
mod rules_registry;
mod runner;
mod sarif;
mod schema;
mod semver;
mod set_aside_lockfiles;
mod stories;
mod strategic_patches;
mod summary;
mod through_the_api;
mod waivers;
mod ways_of_malware;
mod weakening;
mod weakening_patches;
mod workflow;
mod workflow_scripts;
mod workspace_debts;
mod written_yaml;
