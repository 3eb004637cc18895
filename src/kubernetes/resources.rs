//! What containers ask of their node, and what bounds them.

use super::container::Container;
use super::field::Field;
use super::object::Object;
use super::pod::Pod;

/// Which of three values are set. A limit that is set is the request as well, where that is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// `requests.cpu`.
    pub cpu_request: bool,
    /// `requests.memory`.
    pub memory_request: bool,
    /// `limits.memory`.
    pub memory_limit: bool,
}

impl Stated {
    /// What a container sets.
    #[must_use]
    pub fn of_container(container: Container<'_>) -> Self {
        Self::of(container.resources())
    }

    /// What a pod sets for all of its containers together.
    #[must_use]
    pub fn of_pod(pod: Pod<'_>) -> Self {
        Self::of(pod.resources())
    }

    fn of(resources: Field<'_>) -> Self {
        let Some(resources) = resources.node() else {
            return Self::default();
        };
        let is_set = |path| Field::follow(resources, path).is_set();
        let memory_limit = is_set(&["limits", "memory"]);
        Self {
            cpu_request: is_set(&["requests", "cpu"]) || is_set(&["limits", "cpu"]),
            memory_request: is_set(&["requests", "memory"]) || memory_limit,
            memory_limit,
        }
    }

    /// What a `LimitRange` gives containers that set nothing. The API server takes what is missing from the next
    /// best: the default limit from the maximum, the default request from the default limit, else from the minimum.
    #[must_use]
    pub fn given_by(limit_range: Object<'_>) -> Self {
        let limits = limit_range.field(&["spec", "limits"]).items();
        let mut given = Self::default();
        for limit in limits {
            if Field::follow(limit, &["type"]).as_str() != Some("Container") {
                continue;
            }
            let is_set = |path| Field::follow(limit, path).is_set();
            let memory = is_set(&["default", "memory"]) || is_set(&["max", "memory"]);
            let cpu = is_set(&["default", "cpu"]) || is_set(&["max", "cpu"]);
            given = given.with(Self {
                cpu_request: cpu || is_set(&["defaultRequest", "cpu"]) || is_set(&["min", "cpu"]),
                memory_request: memory
                    || is_set(&["defaultRequest", "memory"])
                    || is_set(&["min", "memory"]),
                memory_limit: memory,
            });
        }
        given
    }

    /// What either of the two sets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            cpu_request: self.cpu_request || other.cpu_request,
            memory_request: self.memory_request || other.memory_request,
            memory_limit: self.memory_limit || other.memory_limit,
        }
    }

    /// The fields that are missing.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        let fields = [
            ("requests.cpu", self.cpu_request),
            ("requests.memory", self.memory_request),
            ("limits.memory", self.memory_limit),
        ];
        let missing = fields.into_iter().filter(|(_, is_set)| !is_set);
        missing.map(|(field, _)| field).collect()
    }
}
