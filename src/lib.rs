//! tidegate: the pull-request gate for JavaScript microservices on Kubernetes.
//!
//! # One run
//!
//! ```text
//! arguments, event ─▶ run: two sides            change/     where base and head come from: git, a folder, github/
//!   ─▶ trees with spans                          syntax/     parsed once per distinct blob
//!   ─▶ objects, pods, containers                 kubernetes/ views that borrow the trees
//!   ─▶ who may do what, and what follows          access/     RBAC as rights by subject and scope, ways, difference
//!   ─▶ who can reach whom                         network/    policies as connections between workloads, namespaces, addresses
//!   ─▶ package.json, versions of Node.js         packages/   the same for what JavaScript brings
//!   ─▶ the configuration in force               config/     of the tip of the base, never of the head
//!   ─▶ steps that run tidegate                   workflow/   what keeps the gate itself in place
//!   ─▶ Snapshot × base, head                     snapshot/   everything known of one revision
//!   ─▶ Facts                                     facts, http what the outside world said, once for both
//!   ─▶ waivers, where they stand                 waivers/    what each covers, and which are in force
//!   ─▶ findings of each side                     rule, rules/, evaluate
//!   ─▶ introduced │ existing │ fixed             compare     by identity, never by line
//!   ─▶ Report                                    verdict     outcome, posture, coverage
//!   ─▶ what of it is fit to be shown             shown       secrets redacted, lengths bounded
//!   ─▶ terminal, JSON, SARIF, annotations, …     report/     all from the one report
//!   ─▶ review, summary comment, code scanning    publish/    what of it GitHub is told, and what it refused
//! ```
//!
//! # Invariants
//!
//! Each is kept by a lint, or by the test that is named.
//!
//! 1. Disk, network, environment, clock and processes are touched only in `change/{git,folder,api}`, `http`,
//!    `github`, the fetchers of `packages/{advisory,registry}`, `run`, `publish`, `command`, `progress`, `action` and `main` (clippy's
//!    `disallowed-methods`).
//! 2. From `syntax` to `report` nothing fails: values plus problems. A broken file is a finding (`input/…`),
//!    never an abort and never silence (`robustness`).
//! 3. A rule is a pure function of a snapshot, or of a pair of them.
//! 4. A snapshot holds all files in scope of its revision, not only the changed ones.
//! 5. A fingerprint is rule, subject and discriminator, never a line, an offset, an ordinal or a message
//!    (`identity`).
//! 6. Lines and columns exist only in `syntax/lines` and in the reporters; elsewhere it is byte spans.
//! 7. The output format changes neither verdict nor exit code (`command_line`).
//! 8. Same input, same bytes out (`command_line`; clippy's `iter_over_hash_type`).
//! 9. Everything that comes from a pull request is untrusted: size, depth and aliases are budgeted, secrets
//!    are redacted and text is escaped in whatever is printed, no link is followed (`hostile`).
//! 10. No panic on any input: clippy forbids `unwrap`, `expect` and indexing; `robustness` and `fuzz/` try.
//! 11. Imports never point upwards, and there are no circles (`architecture`).
//!
//! # Words
//!
//! A *rule* looks, a *finding* is what it says of a *subject*. *Base* and *head* are the two revisions; a
//! finding is *introduced*, *existing* or *fixed*. *Posture* is a fact before and after the change, *coverage*
//! what was looked at. A *waiver* accepts findings and says why. *Targets* are the versions of Kubernetes that
//! clusters run. A *place* is bytes of a file; lines are for reports.

pub mod access;
pub mod action;
pub mod advisories;
pub mod change;
pub mod cli;
pub mod command;
pub mod compare;
pub mod config;
pub mod connectivity;
pub mod credential;
pub mod error;
pub mod evaluate;
pub mod event;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod folders;
pub mod github;
pub mod http;
pub mod init;
pub mod inventory;
pub mod kubernetes;
pub mod nearest;
pub mod network;
pub mod packages;
pub mod permissions;
pub mod pod_security;
pub mod progress;
pub mod publish;
pub mod redact;
pub mod report;
pub mod rule;
pub mod rules;
pub mod run;
pub mod shown;
pub mod snapshot;
pub mod syntax;
pub mod verdict;
pub mod waivers;
pub mod workflow;
