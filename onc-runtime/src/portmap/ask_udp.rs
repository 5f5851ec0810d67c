//! One question over UDP, without a stub.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::transport::{failure, udp};

/// How long to wait before the question is sent again.
const AGAIN: Duration = Duration::from_secs(1);

/// The largest answer that is taken.
const MAX_REPLY: usize = 16 << 10;

/// Sends `call` to `address` again and again until a message comes from there that `is_answer` takes for its answer. Set a
/// time limit around it.
pub(super) async fn ask_udp<T>(
    address: SocketAddr,
    call: &[u8],
    mut is_answer: impl FnMut(&[u8]) -> Option<T>,
) -> io::Result<T> {
    let socket = udp::connect(address)?;
    let mut buffer = vec![0; MAX_REPLY];
    loop {
        socket.send(call).await?;
        let again = Instant::now() + AGAIN;
        while let Ok(received) = timeout_at(again, receive(&socket, &mut buffer)).await {
            if let Some(answer) = is_answer(&buffer[..received?]) {
                return Ok(answer);
            }
        }
    }
}

/// Receives a datagram, or learns that nobody is there.
async fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    tokio::select! {
        received = socket.recv(buffer) => received,
        error = failure(socket) => Err(error),
    }
}
