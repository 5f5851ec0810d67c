//! The network interfaces of this host.

use std::io;
use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// The broadcast address of the network that an interface is on: of IPv4, since IPv6 has none. Of several it is the first.
///
/// # Errors
///
/// The system's; `NotFound`: the interface is not there, is down, or has none. The text says which have one.
///
/// ```no_run
/// # async fn run<P: onc_runtime::Procedure<Arguments = ()>>() -> Result<(), Box<dyn std::error::Error>> {
/// use onc_runtime::Client;
/// use onc_runtime::transport::broadcast_address;
///
/// let everybody = (broadcast_address("eth0")?, 2049).into();
/// let mut replies = Client::broadcast::<P>(everybody, ()).send().await?;
/// # let _ = replies.next().await;
/// # Ok(())
/// # }
/// ```
pub fn broadcast_address(interface: &str) -> io::Result<Ipv4Addr> {
    let mut others = Vec::new();
    for address in getifaddrs()? {
        let can = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_BROADCAST;
        let broadcast = address.broadcast.as_ref().and_then(|broadcast| broadcast.as_sockaddr_in());
        match broadcast {
            Some(broadcast) if address.flags.contains(can) && address.interface_name == interface => {
                return Ok(broadcast.ip());
            }
            Some(_) if address.flags.contains(can) => others.push(address.interface_name),
            _ => {}
        }
    }
    others.sort_unstable();
    others.dedup();
    let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("the interface {interface:?} has no broadcast address; those that have one: {others}"),
    ))
}
