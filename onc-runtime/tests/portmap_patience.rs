//! How long a port mapper waits for those who are silent, or slow.
//!
//! The clock stands still while anything can be done, and then jumps to where something happens. Over Unix sockets: what is
//! sent is there when the call returns, and not when the kernel gets round to it, before which the clock would jump.
#![cfg(unix)]

mod portmap_common;

use std::path::PathBuf;
use std::time::Duration;

use onc_runtime::portmap::{Daemon, DaemonBuilder, Mapper};
use portmap_common::Folder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::Instant;

/// Further away than anything here.
const NEVER: Duration = Duration::from_secs(1 << 20);

/// A port mapper, and its socket.
async fn mapper(builder: DaemonBuilder, folder: &Folder) -> (Daemon, PathBuf) {
    let socket = folder.path().join("mapper.sock");
    let mapper = builder.bind(format!("unix:{}", socket.display())).await.expect("bound");
    (mapper, socket)
}

/// Waits until the connection is closed from the other side: how long that took.
async fn closed(stream: &mut UnixStream) -> Duration {
    let begun = Instant::now();
    // It makes no difference how it is closed.
    let _ = stream.read(&mut [0; 16]).await;
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_and_one_in_use_is_not() {
    let limit = Duration::from_secs(300);
    let folder = Folder::new("silent");
    let builder = Daemon::embedded().local_idle_timeout(limit).record_timeout(NEVER);
    let (_mapper, socket) = mapper(builder, &folder).await;
    let mut silent = UnixStream::connect(&socket).await.expect("connected");
    let mut used = Mapper::unix(&socket).await.expect("connected");
    let begun = Instant::now();
    let ended = tokio::spawn(async move { closed(&mut silent).await });
    while begun.elapsed() < 3 * limit {
        tokio::time::sleep(limit / 2).await;
        let _ = used.entries().await.expect("it is still there");
    }
    let after = ended.await.expect("it ends");
    assert!((limit..limit + Duration::from_secs(5)).contains(&after), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_byte_by_byte_is_not_waited_for() {
    let limit = Duration::from_secs(20);
    let folder = Folder::new("slow");
    let builder = Daemon::embedded().local_idle_timeout(NEVER).record_timeout(limit);
    let (_mapper, socket) = mapper(builder, &folder).await;
    let (mut stream, mut sending) = UnixStream::connect(socket).await.expect("connected").into_split();
    let begun = Instant::now();
    let sender = tokio::spawn(async move {
        // A record of 4000 bytes, each in time for one that is only idle.
        let _ = sending.write_all(&[0x80, 0, 0x0f, 0xa0]).await;
        while sending.write_all(&[0]).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let _ = stream.read(&mut [0; 16]).await;
    let after = begun.elapsed();
    assert!((limit..limit + Duration::from_secs(5)).contains(&after), "{after:?}");
    sender.await.expect("it ends");
}
