//! Connections cut into pieces, delayed, and broken in the middle of records.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::dice::Dice;

/// How often, in thousandths of the pieces that are sent on, and how much.
#[derive(Clone, Copy, Debug)]
pub struct StreamFaults {
    /// Pieces in which the connection is broken, both ways, in the middle of whatever it is: every other time by a reset, which
    /// also takes what had arrived and was not read yet, otherwise by an end.
    pub broken: u32,
    /// Pieces that are delayed, and all that is behind them.
    pub delayed: u32,
    /// By how much at most.
    pub delay: Duration,
    /// The largest piece, in bytes.
    pub piece: usize,
}

/// Starts a proxy for TCP connections to `server`; returns its address, and its task, which is to be aborted.
///
/// # Errors
///
/// As binding a socket.
pub async fn stream_proxy(
    server: SocketAddr,
    faults: StreamFaults,
    mut dice: Dice,
) -> io::Result<(SocketAddr, JoinHandle<io::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (mut near, _) = listener.accept().await?;
            let mut dice = dice.fork();
            connections.spawn(async move {
                let Ok(mut far) = TcpStream::connect(server).await else { return };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let resets = dice.thousandths(500);
                if relay(&mut near, &mut far, faults, dice).await.is_err() && resets {
                    let _ = (near.set_zero_linger(), far.set_zero_linger());
                }
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok((address, task))
}

/// The same for Unix sockets, which are bound at `at` and lead to the one at `server`.
///
/// # Errors
///
/// As binding a socket.
#[cfg(unix)]
pub async fn unix_proxy(
    at: PathBuf,
    server: PathBuf,
    faults: StreamFaults,
    mut dice: Dice,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let listener = UnixListener::bind(at)?;
    Ok(tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (mut near, _) = listener.accept().await?;
            let (dice, server) = (dice.fork(), server.clone());
            connections.spawn(async move {
                let Ok(mut far) = UnixStream::connect(server).await else { return };
                // There are no resets here.
                let _ = relay(&mut near, &mut far, faults, dice).await;
            });
            while connections.try_join_next().is_some() {}
        }
    }))
}

/// Relays both ways until one of them breaks, or both have ended.
async fn relay<S>(near: &mut S, far: &mut S, faults: StreamFaults, mut dice: Dice) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (near_reads, near_writes) = tokio::io::split(near);
    let (far_reads, far_writes) = tokio::io::split(far);
    let there = pass_on(near_reads, far_writes, faults, dice.fork());
    let back = pass_on(far_reads, near_writes, faults, dice);
    // The first that fails takes the other one with it.
    tokio::try_join!(there, back).map(drop)
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    faults: StreamFaults,
    mut dice: Dice,
) -> io::Result<()> {
    let mut room = vec![0; faults.piece];
    loop {
        let most = 1 + dice.below(faults.piece as u64) as usize;
        let length = from.read(&mut room[..most]).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        if dice.thousandths(faults.delayed) {
            sleep(faults.delay.mul_f64(dice.below(1000) as f64 / 1000.0)).await;
        }
        let breaks = dice.thousandths(faults.broken);
        // A part of the piece still arrives.
        let kept = if breaks { dice.below(length as u64) as usize } else { length };
        to.write_all(&room[..kept]).await?;
        if breaks {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    }
}
