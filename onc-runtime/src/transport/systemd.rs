//! Sockets that systemd, or whoever speaks its protocol, has bound for this process: `LISTEN_FDS`.

use std::io;

use listenfd::ListenFd;

use super::Sockets;

impl Sockets {
    /// The sockets that this process was started with: those of a systemd `.socket` unit with `ListenStream=` and
    /// `ListenDatagram=`. None if it was not started so.
    ///
    /// The server then starts with the first connection, may listen at ports below 1024 as any user, and can be restarted
    /// without that a client notices.
    ///
    /// # Errors
    ///
    /// One of them is neither a TCP nor a Unix listener nor a UDP socket.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn from_systemd() -> io::Result<Self> {
        let mut handed_over = ListenFd::from_env();
        let mut sockets = Self::new();
        for at in 0..handed_over.len() {
            // One that is of another kind stays where it is.
            if let Ok(Some(listener)) = handed_over.take_tcp_listener(at) {
                sockets.add_tcp(listener)?;
            } else if let Ok(Some(socket)) = handed_over.take_udp_socket(at) {
                sockets.add_udp(socket)?;
            } else if let Ok(Some(listener)) = handed_over.take_unix_listener(at) {
                sockets.add_unix(listener)?;
            } else {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("socket {at} of LISTEN_FDS is neither a TCP nor a Unix listener nor a UDP socket"),
                ));
            }
        }
        Ok(sockets)
    }
}
