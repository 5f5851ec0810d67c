//! Sockets that systemd, or whoever speaks its protocol, has bound for this process: `LISTEN_FDS`.

use std::io;

use listenfd::ListenFd;

use super::Sockets;

impl Sockets {
    /// The sockets that this process was started with: those of a systemd `.socket` unit with `ListenStream=` and
    /// `ListenDatagram=`. None if it was not started so.
    ///
    /// The server then starts with the first connection, may listen at ports below 1024 as any user, and can be restarted
    /// without that a client notices. [The guide](crate::guide::deploying) has the units.
    ///
    /// ```
    /// # use onc_runtime::{Context, Fault};
    /// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
    /// # struct Calculator;
    /// # impl calc::CalcV1 for Calculator {
    /// #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
    /// # }
    /// use onc_runtime::Server;
    /// use onc_runtime::transport::Sockets;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sockets = Sockets::from_systemd()?;
    /// # let started_by_systemd = !sockets.is_empty();
    /// let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).listen(sockets).build().await?;
    /// # assert_eq!(server.tcp_addr().is_some(), started_by_systemd);
    /// # Ok(()) }
    /// ```
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
