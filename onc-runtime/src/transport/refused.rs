//! Learning that nobody is at the address that a datagram was sent to.

use std::io;

use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Waits until a socket that is connected has failed: as a rule, because its peer's host has said that nobody listens there.
///
/// Reading alone would not tell: waiting for datagrams is not ended by an error, which shows only at the next one that is sent.
///
/// # Cancel safety
///
/// Safe: nothing is lost.
pub(crate) async fn failure(socket: &UdpSocket) -> io::Error {
    loop {
        if let Err(error) = socket.ready(Interest::ERROR).await {
            return error;
        }
        match socket.take_error() {
            Ok(Some(error)) | Err(error) => return error,
            // Somebody who sent or received has been told. There may be another one later.
            Ok(None) => {
                let _: io::Result<()> = socket.try_io(Interest::ERROR, || Err(io::ErrorKind::WouldBlock.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lone_datagram_to_nobody_is_told_of() {
        let nobody = UdpSocket::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        socket.connect(nobody).await.expect("connected");
        for _ in 0..3 {
            socket.send(b"x").await.expect("sent");
            assert_eq!(failure(&socket).await.kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}
