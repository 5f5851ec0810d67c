//! `crowd SERVER CONNECTIONS BYTES`: so many connections to one server at once, from so many addresses of the loopback network
//! that each has fewer than a server allows. Each has a call answered, then promises a record of 4 MiB and sends so many bytes of
//! it. Prints `ready` and how many there are, and keeps them until it is killed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use onc_tests::wire::{CallMessage, Item, mark, record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Connections from one address.
const EACH: usize = 900;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or(format!("{what} is missing"));
    let server: SocketAddr = next("the server's address")?.parse()?;
    let (connections, bytes) = (next("how many")?.parse::<usize>()?, next("how many bytes")?.parse::<usize>()?);
    let mut promise = mark(4 << 20, true).to_vec();
    promise.resize(promise.len() + bytes, 0);
    let mut all = Vec::new();
    for at in 0..connections {
        let mut stream = connect(server, at / EACH).await?;
        // Answered once, it is one of the server's.
        let ping = CallMessage::new(0x2000_0e77, 1, 0, Item::new());
        stream.write_all(&record(&ping.bytes())).await?;
        stream.read_exact(&mut [0; 28]).await?;
        if bytes > 0 {
            stream.write_all(&promise).await?;
        }
        all.push(stream);
    }
    println!("ready {}", all.len());
    std::future::pending::<()>().await;
    Ok(())
}

async fn connect(server: SocketAddr, source: usize) -> Result<TcpStream, Box<dyn std::error::Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(source + 1)?)), 0))?;
    Ok(socket.connect(server).await?)
}
