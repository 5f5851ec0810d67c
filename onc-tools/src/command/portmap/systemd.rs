//! Started by systemd: sockets are handed over, and it is told when we serve.

use std::env;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use listenfd::ListenFd;
use onc_runtime::portmap::Sockets;

use crate::command::Failure;

/// Takes the sockets that were handed over (`LISTEN_FDS`). False: there are none.
pub(super) fn take_sockets(sockets: &mut Sockets) -> Result<bool, Failure> {
    let mut handed = ListenFd::from_env();
    for at in 0..handed.len() {
        // A socket of another kind is an error here, and stays to be taken as what it is.
        if let Ok(Some(listener)) = handed.take_tcp_listener(at) {
            sockets.add_tcp(listener)?;
        } else if let Ok(Some(socket)) = handed.take_udp_socket(at) {
            sockets.add_udp(socket)?;
        } else if let Ok(Some(listener)) = handed.take_unix_listener(at) {
            sockets.add_unix(listener)?;
        } else {
            return Err(Failure::new(format!(
                "socket {at} of those that systemd hands over is not one for TCP, UDP or a Unix stream"
            )));
        }
    }
    Ok(handed.len() > 0)
}

/// Tells systemd how we are, if it wants to know.
pub(super) fn notify(state: &str) {
    let Some(path) = env::var("NOTIFY_SOCKET").ok() else { return };
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    let told = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = told {
        tracing::warn!(%error, "systemd was not told");
    }
}
