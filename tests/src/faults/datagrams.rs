//! Datagrams lost, repeated, delayed and so reordered.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::dice::Dice;

/// How often, in thousandths, and how much.
#[derive(Clone, Copy, Debug)]
pub struct DatagramFaults {
    /// Datagrams that are lost.
    pub lost: u32,
    /// Datagrams that come twice.
    pub repeated: u32,
    /// Datagrams that are delayed.
    pub delayed: u32,
    /// By how much at most. What is sent behind them overtakes them.
    pub delay: Duration,
}

/// So long after its last datagram a client is forgotten: longer than one waits before it repeats a call, which has to come from
/// the same address to be known again.
const MEMORY: Duration = Duration::from_secs(20);

/// Where datagrams go to.
#[derive(Clone, Copy)]
struct Way {
    to: SocketAddr,
    faults: DatagramFaults,
}

/// A client's own socket towards the server, so that the server sees each client at an address of its own.
struct Guest {
    socket: Arc<UdpSocket>,
    back: JoinHandle<()>,
    last: Instant,
}

/// Starts a proxy for datagrams to `server`; returns its address, and its task, which is to be aborted.
///
/// # Errors
///
/// As binding a socket.
pub async fn datagram_proxy(
    server: SocketAddr,
    faults: DatagramFaults,
    dice: Dice,
) -> io::Result<(SocketAddr, JoinHandle<io::Result<()>>)> {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
    let address = socket.local_addr()?;
    Ok((address, tokio::spawn(serve(socket, server, faults, dice))))
}

async fn serve(socket: Arc<UdpSocket>, server: SocketAddr, faults: DatagramFaults, mut dice: Dice) -> io::Result<()> {
    let mut guests: HashMap<SocketAddr, Guest> = HashMap::new();
    let mut room = vec![0; 64 << 10];
    loop {
        // A client that is gone is told of by an error, which is not this socket's.
        let Ok((length, client)) = socket.recv_from(&mut room).await else { continue };
        let now = Instant::now();
        guests.retain(|_, guest| {
            let stays = now - guest.last < MEMORY;
            if !stays {
                guest.back.abort();
            }
            stays
        });
        let guest = match guests.get_mut(&client) {
            Some(guest) => guest,
            None => {
                // The server may be on another host.
                let own = Arc::new(UdpSocket::bind("0.0.0.0:0").await?);
                let way = Way { to: client, faults };
                let back = tokio::spawn(return_replies(Arc::clone(&own), Arc::clone(&socket), way, dice.fork()));
                guests.entry(client).or_insert(Guest { socket: own, back, last: now })
            }
        };
        guest.last = now;
        pass_on(&room[..length], &guest.socket, Way { to: server, faults }, &mut dice);
    }
}

async fn return_replies(from: Arc<UdpSocket>, through: Arc<UdpSocket>, way: Way, mut dice: Dice) {
    let mut room = vec![0; 64 << 10];
    loop {
        if let Ok((length, _)) = from.recv_from(&mut room).await {
            pass_on(&room[..length], &through, way, &mut dice);
        }
    }
}

/// Sends a datagram on, never, once or twice, now or later.
fn pass_on(datagram: &[u8], through: &Arc<UdpSocket>, way: Way, dice: &mut Dice) {
    let Way { to, faults } = way;
    if dice.thousandths(faults.lost) {
        return;
    }
    for _ in 0..=u32::from(dice.thousandths(faults.repeated)) {
        if dice.thousandths(faults.delayed) {
            let delay = faults.delay.mul_f64(dice.below(1000) as f64 / 1000.0);
            let (through, datagram) = (Arc::clone(through), datagram.to_vec());
            tokio::spawn(async move {
                sleep(delay).await;
                // As lost as any other.
                let _ = through.send_to(&datagram, to).await;
            });
        } else {
            let _ = through.try_send_to(datagram, to);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.back.abort();
    }
}
