//! Sets of IP addresses, as `ipBlock` and `networks` write them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::intervals::Intervals;

/// A set of addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addresses {
    /// IPv4.
    pub v4: Intervals<u32>,
    /// IPv6.
    pub v6: Intervals<u128>,
}

impl Addresses {
    /// Every address.
    #[must_use]
    pub fn all() -> Self {
        Self {
            v4: Intervals::range(0, u32::MAX),
            v6: Intervals::range(0, u128::MAX),
        }
    }

    /// The addresses of a range such as `10.0.0.0/8`; none if it is none. Bits behind the prefix do not count, as for
    /// the API server.
    #[must_use]
    pub fn of_cidr(cidr: &str) -> Option<Self> {
        // Written as the API server takes it: with a prefix length.
        let net: IpNet = cidr.parse().ok()?;
        Some(match net {
            IpNet::V4(net) => Self {
                v4: Intervals::range(u32::from(net.network()), u32::from(net.broadcast())),
                v6: Intervals::none(),
            },
            IpNet::V6(net) => Self {
                v4: Intervals::none(),
                v6: Intervals::range(u128::from(net.network()), u128::from(net.broadcast())),
            },
        })
    }

    /// True if there is no address in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// The addresses of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.union(&other.v4),
            v6: self.v6.union(&other.v6),
        }
    }

    /// The addresses of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.intersection(&other.v4),
            v6: self.v6.intersection(&other.v6),
        }
    }

    /// The addresses of this one that the other lacks.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.minus(&other.v4),
            v6: self.v6.minus(&other.v6),
        }
    }

    /// True if every address of it is in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.v4.is_within(&other.v4) && self.v6.is_within(&other.v6)
    }

    /// Its ranges as text, such as `10.0.0.0-10.255.255.255`, IPv4 first.
    pub fn ranges(&self) -> impl Iterator<Item = String> {
        let v4 = self.v4.ranges().iter().map(|(first, last)| {
            let (first, last) = (Ipv4Addr::from(*first), Ipv4Addr::from(*last));
            format!("{first}-{last}")
        });
        let v6 = self.v6.ranges().iter().map(|(first, last)| {
            let (first, last) = (Ipv6Addr::from(*first), Ipv6Addr::from(*last));
            format!("{first}-{last}")
        });
        v4.chain(v6)
    }
}

/// Ranges that no address of the internet lies in, as far as people leave them out of what they mean by it.
///
/// Source: the IANA registries of special-purpose addresses of IPv4 and IPv6.
const PRIVATE: [&str; 13] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
    "::1/128",
];

/// The addresses of a set without those that are not of the internet.
#[must_use]
pub fn without_private(set: &Addresses) -> Addresses {
    let ranges = PRIVATE.iter().filter_map(|range| Addresses::of_cidr(range));
    ranges.fold(set.clone(), |left, range| left.minus(&range))
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges: Vec<String> = self.ranges().collect();
        f.write_str(&ranges.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Addresses {
        Addresses::of_cidr(text).expect("it is a range")
    }

    #[test]
    fn two_halves_are_the_whole() {
        let whole = cidr("0.0.0.0/1").union(&cidr("128.0.0.0/1"));
        assert_eq!(whole, cidr("0.0.0.0/0"));
        let whole = whole.union(&cidr("::/1")).union(&cidr("8000::/1"));
        assert_eq!(whole, Addresses::all());
    }

    #[test]
    fn what_is_left_out_splits_a_range() {
        let left = cidr("10.0.0.0/8").minus(&cidr("10.1.0.0/16"));
        assert_eq!(
            left.to_string(),
            "10.0.0.0-10.0.255.255,10.2.0.0-10.255.255.255"
        );
        assert_eq!(cidr("10.7.0.1/8"), cidr("10.0.0.0/8"));
        assert!(cidr("::/0").intersection(&cidr("0.0.0.0/0")).is_empty());
        assert_eq!(Addresses::of_cidr("10.0.0.0"), None);
        assert_eq!(Addresses::of_cidr("10.0.0.0/33"), None);
    }
}
