//! Which IP addresses are public, that is on the internet and not in a network of the service.
//!
//! An address is refused if IANA's special-purpose registries do not call it globally reachable. It is also refused if
//! it embeds a refused IPv4 address, as mapped and translated addresses do. IPv6 outside 2000::/3 is not allocated, and
//! is refused too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 networks that are not public, as first address and prefix length.
const PRIVATE_V4: [(Ipv4Addr, u32); 14] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared by a carrier's customers
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, and the metadata of clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 3),     // multicast, reserved, broadcast
];

/// The IPv6 networks inside 2000::/3 that are not public, as first address and prefix length.
const PRIVATE_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, with Teredo
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether `address` is public.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !PRIVATE_V4.iter().any(|(network, length)| (bits ^ network.to_bits()) >> (32 - length) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let v4 = |[high, low]: [u16; 2]| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // A mapped address makes a socket connect to the embedded IPv4 address. NAT64 and 6to4 addresses make a gateway
        // do so.
        [0, 0, 0, 0, 0, 0xffff, inside @ ..] | [0x0064, 0xff9b, 0, 0, 0, 0, inside @ ..] => is_public_v4(v4(inside)),
        [0x2002, high, low, ..] => is_public_v4(v4([high, low])),
        [first, ..] => {
            let bits = address.to_bits();
            let is_allotted = first >> 13 == 0b001;
            is_allotted && !PRIVATE_V6.iter().any(|(network, length)| (bits ^ network.to_bits()) >> (128 - length) == 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_public_or_not_at_both_ends_of_each_network() {
        let case = |text: &str, expected: bool| {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(is_public(address), expected, "{text}");
            if let IpAddr::V4(address) = address {
                let mapped = IpAddr::V6(address.to_ipv6_mapped());
                assert_eq!(is_public(mapped), expected, "{mapped}");
                let [a, b, c, d] = address.octets();
                let nat64: IpAddr = format!("64:ff9b::{a:x}{b:02x}:{c:x}{d:02x}").parse().unwrap();
                assert_eq!(is_public(nat64), expected, "{nat64}");
                let relayed: IpAddr = format!("2002:{a:x}{b:02x}:{c:x}{d:02x}::1").parse().unwrap();
                assert_eq!(is_public(relayed), expected, "{relayed}");
            }
        };
        for (last_before, first, last, first_after) in [
            ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
            ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
            ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
            ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
            ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
            ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
            ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
            ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
            ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
            ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
            ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
            ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
            ("2001:db7:ffff::", "2001:db8::", "2001:db8:ffff::", "2001:db9::"),
            ("2000:ffff::", "2001::", "2001:1ff:ffff::", "2001:200::"),
            ("3ffe:ffff::", "3fff::", "3fff:fff:ffff::", "3fff:1000::"),
        ] {
            case(last_before, true);
            case(first, false);
            case(last, false);
            case(first_after, true);
        }
        case("0.0.0.0", false);
        case("0.255.255.255", false);
        case("1.0.0.0", true);
        case("223.255.255.255", true);
        case("224.0.0.0", false); // multicast
        case("240.0.0.0", false); // reserved
        case("255.255.255.255", false); // broadcast
        case("::", false);
        case("::1", false);
        case("::7f00:1", false); // compatible
        case("::808:808", false);
        case("::ffff:0:808:808", false); // translated
        case("64:ff9b:1::808:808", false); // translated, locally
        case("100::1", false); // discarded
        case("1fff:ffff::", false); // not allocated
        case("2606:4700:4700::1111", true);
        case("4000::", false);
        case("5f00::1", false); // segment routing
        case("fc00::1", false); // unique local
        case("fd12:3456::1", false);
        case("fe80::1", false); // link-local
        case("fec0::1", false); // site-local
        case("ff02::1", false); // multicast
    }
}
