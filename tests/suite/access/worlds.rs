//! Random roles and bindings, with the words that make a difference.

use std::fmt::Write as _;

/// Numbers that look random and are the same in each run.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Between `least` and `most` of some words.
    fn some(&mut self, all: &[&str], least: usize, most: usize) -> Vec<String> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| self.of(all).to_owned()).collect()
    }

    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) groups: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) verbs: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) urls: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) is_of_cluster: bool,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) rules: Vec<Rule>,
    pub(super) labels: Vec<String>,
    /// The label of the roles that it is the sum of.
    pub(super) sums_up: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// Empty for one of the cluster.
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) names_cluster_role: bool,
    pub(super) role: String,
    /// Kind, name, namespace.
    pub(super) subjects: Vec<(String, String, String)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) roles: Vec<Role>,
    pub(super) bindings: Vec<Binding>,
}

impl Rule {
    fn random(chance: &mut Chance) -> Self {
        let verbs = [
            "get",
            "get",
            "list",
            "watch",
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
            "bind",
            "mix",
            "*",
        ];
        if chance.one_in(8) {
            let urls = [
                "/healthz",
                "/healthz/*",
                "/metrics",
                "*",
                "/api*",
                "/version",
            ];
            return Self {
                urls: chance.some(&urls, 1, 2),
                verbs: chance.some(&["get", "post", "*"], 1, 2),
                ..Self::default()
            };
        }
        let groups = [
            "",
            "",
            "",
            "apps",
            "example.com",
            "rbac.authorization.k8s.io",
            "*",
        ];
        let resources = [
            "pods",
            "pods",
            "pods/exec",
            "pods/log",
            "pods/*",
            "secrets",
            "configmaps",
            "deployments",
            "nodes",
            "nodes/status",
            "namespaces",
            "namespaces/status",
            "clusterroles",
            "rolebindings",
            "*/exec",
            "*/status",
            "*",
        ];
        let names = if chance.one_in(3) {
            chance.some(&["a", "b", "shop", "bank", ""], 1, 2)
        } else {
            Vec::new()
        };
        Self {
            groups: chance.some(&groups, 1, 3),
            resources: chance.some(&resources, 1, 5),
            verbs: chance.some(&verbs, 1, 5),
            names,
            urls: Vec::new(),
        }
    }
}

impl World {
    pub(super) fn random(chance: &mut Chance) -> Self {
        let mut world = Self::default();
        for number in 0..=2 + chance.below(4) {
            let is_of_cluster = chance.one_in(2);
            let is_sum = is_of_cluster && chance.one_in(4);
            let rules = (0..=1 + chance.below(4))
                .map(|_| Rule::random(chance))
                .collect();
            let namespace = if is_of_cluster {
                ""
            } else {
                chance.of(&["shop", "bank"])
            };
            world.roles.push(Role {
                is_of_cluster,
                namespace: namespace.to_owned(),
                name: format!("role-{number}"),
                rules,
                labels: chance.some(&["one", "two"], 0, 1),
                sums_up: is_sum.then(|| chance.of(&["one", "two"]).to_owned()),
            });
        }
        for number in 0..=3 + chance.below(6) {
            let role = chance.below(world.roles.len());
            let role = &world.roles[role];
            let namespace = if role.is_of_cluster {
                chance.of(&["", "", "shop", "bank"]).to_owned()
            } else {
                role.namespace.clone()
            };
            let count = chance.below(2) + 1;
            let subjects: Vec<_> = (0..count)
                .map(|_| {
                    let (kind, name, namespace) = chance.of(&[
                        ("User", "jane", ""),
                        ("ServiceAccount", "cart", "shop"),
                        ("ServiceAccount", "teller", "bank"),
                        ("User", "system:serviceaccount:shop:default", ""),
                        ("Group", "system:authenticated", ""),
                        ("Group", "system:serviceaccounts", ""),
                        ("Group", "system:serviceaccounts:shop", ""),
                    ]);
                    (kind.to_owned(), name.to_owned(), namespace.to_owned())
                })
                .collect();
            world.bindings.push(Binding {
                namespace,
                name: format!("binding-{number}"),
                names_cluster_role: role.is_of_cluster,
                role: if chance.one_in(10) {
                    "nobody".to_owned()
                } else {
                    role.name.clone()
                },
                subjects,
            });
        }
        world
    }

    /// Its objects, one a text.
    pub(super) fn objects(&self) -> Vec<String> {
        let roles = self.roles.iter().map(Role::manifest);
        roles
            .chain(self.bindings.iter().map(Binding::manifest))
            .collect()
    }

    pub(super) fn manifest(&self) -> String {
        self.objects().join("---\n")
    }
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

fn head(kind: &str, namespace: &str, name: &str) -> String {
    let mut text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n"
    );
    if !namespace.is_empty() {
        writeln!(text, "  namespace: {namespace}").unwrap();
    }
    text
}

impl Role {
    fn manifest(&self) -> String {
        let kind = if self.is_of_cluster {
            "ClusterRole"
        } else {
            "Role"
        };
        let mut text = head(kind, &self.namespace, &self.name);
        if !self.labels.is_empty() {
            text.push_str("  labels:\n");
            let mut labels = self.labels.clone();
            labels.sort();
            labels.dedup();
            for label in labels {
                writeln!(text, "    example.com/{label}: \"true\"").unwrap();
            }
        }
        if let Some(label) = &self.sums_up {
            writeln!(
                text,
                "aggregationRule:\n  clusterRoleSelectors:\n    - matchLabels: {{example.com/{label}: \"true\"}}"
            )
            .unwrap();
        }
        text.push_str("rules:\n");
        for rule in &self.rules {
            writeln!(text, "  - verbs: {}", list(&rule.verbs)).unwrap();
            for (key, words) in [
                ("apiGroups", &rule.groups),
                ("resources", &rule.resources),
                ("resourceNames", &rule.names),
                ("nonResourceURLs", &rule.urls),
            ] {
                if !words.is_empty() {
                    writeln!(text, "    {key}: {}", list(words)).unwrap();
                }
            }
        }
        text
    }
}

impl Binding {
    fn manifest(&self) -> String {
        let is_of_cluster = self.namespace.is_empty();
        let kind = if is_of_cluster {
            "ClusterRoleBinding"
        } else {
            "RoleBinding"
        };
        let mut text = head(kind, &self.namespace, &self.name);
        let role = if self.names_cluster_role {
            "ClusterRole"
        } else {
            "Role"
        };
        writeln!(
            text,
            "roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: {}}}\nsubjects:",
            self.role
        )
        .unwrap();
        for (kind, name, namespace) in &self.subjects {
            write!(text, "  - {{kind: {kind}, name: \"{name}\"").unwrap();
            if !namespace.is_empty() {
                write!(text, ", namespace: {namespace}").unwrap();
            }
            text.push_str("}\n");
        }
        text
    }
}
