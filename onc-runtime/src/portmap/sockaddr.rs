//! Addresses as Linux's system calls take them: UADDR2TADDR and TADDR2UADDR.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use bytes::Bytes;

use crate::rpc::UniversalAddress;

use super::protocol::Netbuf;

// Linux's numbers of address families, and the sizes of their structures.
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const SIZE_UNIX: usize = 110;
const SIZE_INET: usize = 16;
const SIZE_INET6: usize = 28;

/// The `struct sockaddr` of an address, in the memory layout of this host.
pub(super) fn to_netbuf(address: &UniversalAddress) -> Option<Netbuf> {
    let mut bytes = Vec::with_capacity(SIZE_UNIX);
    match address {
        UniversalAddress::Ip(SocketAddr::V4(address)) => {
            bytes.extend(AF_INET.to_ne_bytes());
            bytes.extend(address.port().to_be_bytes());
            bytes.extend(address.ip().octets());
            bytes.resize(SIZE_INET, 0);
        }
        UniversalAddress::Ip(SocketAddr::V6(address)) => {
            bytes.extend(AF_INET6.to_ne_bytes());
            bytes.extend(address.port().to_be_bytes());
            bytes.extend(address.flowinfo().to_be_bytes());
            bytes.extend(address.ip().octets());
            bytes.extend(address.scope_id().to_ne_bytes());
            debug_assert_eq!(bytes.len(), SIZE_INET6);
        }
        UniversalAddress::Local(path) => {
            bytes.extend(AF_UNIX.to_ne_bytes());
            bytes.extend(path.strip_prefix('@').map_or_else(|| path.to_string(), |name| format!("\0{name}")).bytes());
            if bytes.len() > SIZE_UNIX {
                return None;
            }
            bytes.resize(SIZE_UNIX, 0);
        }
    }
    Some(Netbuf { max_length: u32::try_from(bytes.len()).ok()?, buffer: bytes.into() })
}

/// The address in a `struct sockaddr`, if it is one.
pub(super) fn from_netbuf(netbuf: &Netbuf) -> Option<UniversalAddress> {
    let (family, rest) = netbuf.buffer.split_first_chunk::<2>()?;
    match u16::from_ne_bytes(*family) {
        AF_INET => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            let (ip, _) = rest.split_first_chunk::<4>()?;
            Some(SocketAddr::from((Ipv4Addr::from(*ip), u16::from_be_bytes(*port))).into())
        }
        AF_INET6 => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            let (_flow, rest) = rest.split_first_chunk::<4>()?;
            let (ip, _scope) = rest.split_first_chunk::<16>()?;
            let address = SocketAddrV6::new(Ipv6Addr::from(*ip), u16::from_be_bytes(*port), 0, 0);
            Some(SocketAddr::V6(address).into())
        }
        AF_UNIX => {
            let (mark, path) = if rest.first() == Some(&0) { ("@", &rest[1..]) } else { ("", rest) };
            let path = path.split(|byte| *byte == 0).next().filter(|path| !path.is_empty())?;
            format!("{mark}{}", std::str::from_utf8(path).ok()?).parse().ok()
        }
        _ => None,
    }
}

/// What says that there is no such address.
pub(super) fn nothing() -> Netbuf {
    Netbuf { max_length: 0, buffer: Bytes::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back() {
        for (text, size) in [("192.0.2.7.8.1", 16), ("2001:db8::1.0.111", 28), ("/run/x.sock", 110), ("@run/x", 110)] {
            let address: UniversalAddress = text.parse().expect("address");
            let netbuf = to_netbuf(&address).expect("it has one");
            assert_eq!(netbuf.buffer.len(), size, "{text}");
            assert_eq!(from_netbuf(&netbuf), Some(address));
        }
        let v4 = to_netbuf(&"192.0.2.7.8.1".parse().expect("address")).expect("it has one");
        assert_eq!(v4.buffer[2..8], [8, 1, 192, 0, 2, 7], "port and address in network order");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(to_netbuf(&UniversalAddress::Local(format!("/{}", "x".repeat(200)).into())), None);
        let [family, other] = [AF_INET, 77].map(u16::to_ne_bytes);
        for bytes in [&[][..], &[2], &family, &[family[0], family[1], 0, 111, 127, 0, 0], &other] {
            assert_eq!(from_netbuf(&Netbuf { max_length: 0, buffer: Bytes::copy_from_slice(bytes) }), None);
        }
    }
}
