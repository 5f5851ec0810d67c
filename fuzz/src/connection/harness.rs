//! What both checks run in: a simulated clock, a connection that is watched, memory that is counted, panics that are noticed.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, IoSlice};
use std::panic;
use std::pin::Pin;
use std::sync::{Arc, Once, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use allocation_counter::measure;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::runtime::Builder;
use tokio::time::{Instant, timeout};

/// What a run may take whatever it is sent: buffers that are there once, and limits.
const MEMORY: u64 = 2 << 20;

/// What it may take for each byte that came or went, this check's own copies included.
const MEMORY_PER_BYTE: u64 = 16;

/// The shortest time: all that can happen without waiting for anything else has happened when it has passed.
pub(super) const MOMENT: Duration = Duration::from_millis(1);

thread_local! {
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a check to its end. It returns how many bytes crossed the connection, and whether the input was accepted.
///
/// # Panics
///
/// If anything in it did, in whatever task, or if it took more memory than what crossed the connection justifies.
pub(super) fn run(check: impl Future<Output = (usize, bool)>) -> bool {
    notice_panics();
    PANICKED.set(false);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let mut outcome = (0, false);
    let taken = measure(|| outcome = runtime.block_on(check)).bytes_max;
    // With its tasks.
    drop(runtime);
    assert!(!PANICKED.take(), "a task panicked");
    let (crossed, accepted) = outcome;
    let most = MEMORY + MEMORY_PER_BYTE * crossed as u64;
    assert!(taken <= most, "{taken} bytes of memory for {crossed} bytes that crossed");
    accepted
}

/// A panic inside a task is the runtime's to catch, and would pass unseen.
fn notice_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICKED.set(true);
            hook(info);
        }));
    });
}

/// The end of a connection that is given away: it can be seen when it is dropped.
pub(super) struct Watched {
    io: DuplexStream,
    _alive: Arc<()>,
}

/// The end of a connection that the script is played on.
pub(super) struct Played {
    io: DuplexStream,
    other: Weak<()>,
    /// What is to be sent still.
    outbound: Vec<u8>,
    /// All that was to be sent, sent or not.
    pub(super) sent: Vec<u8>,
    pub(super) received: Vec<u8>,
    /// What comes is read.
    pub(super) reads: bool,
    /// Nothing more can be written.
    pub(super) broken: bool,
    started: Instant,
    /// So many bytes are sent in all.
    most: usize,
}

/// A connection in which one end may be `room` bytes ahead of the other. What is longer than it takes at a time in many small
/// pieces takes its time, and shows nothing else.
pub(super) fn connection(room: usize) -> (Played, Watched) {
    let (near, far) = tokio::io::duplex(room);
    let alive = Arc::new(());
    let played = Played {
        io: near,
        other: Arc::downgrade(&alive),
        outbound: Vec::new(),
        sent: Vec::new(),
        received: Vec::new(),
        reads: true,
        broken: false,
        started: Instant::now(),
        most: (room * 300).min(200 << 10),
    };
    (played, Watched { io: far, _alive: alive })
}

impl Played {
    /// Sends these bytes in the next [`turn`](Self::turn), as far as the other end takes them. What is too much is cut off.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(self.most - self.sent.len())];
        self.sent.extend_from_slice(bytes);
        self.outbound.extend_from_slice(bytes);
    }

    /// Sends and reads, until neither goes on and the other end has done what it can.
    pub(super) async fn turn(&mut self) {
        loop {
            let mut moved = false;
            if !self.outbound.is_empty() && !self.broken {
                match timeout(MOMENT, self.io.write(&self.outbound)).await {
                    Ok(Ok(length)) => {
                        self.outbound.drain(..length);
                        moved = true;
                    }
                    Ok(Err(_)) => self.broken = true,
                    Err(_) => {}
                }
            }
            if self.reads {
                let before = self.received.len();
                let _ = timeout(MOMENT, self.io.read_buf(&mut self.received)).await;
                moved |= self.received.len() > before;
            }
            if !moved {
                return tokio::time::sleep(MOMENT).await;
            }
        }
    }

    /// There is nothing more to be sent.
    pub(super) fn is_at_its_end(&self) -> bool {
        self.sent.len() == self.most
    }

    /// How much time has passed since the connection was made.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The other end has been dropped.
    pub(super) fn other_is_gone(&self) -> bool {
        self.other.strong_count() == 0
    }

    /// Both ways are gone at once.
    pub(super) fn hang_up(&mut self) {
        self.io = tokio::io::duplex(1).0;
        self.broken = true;
    }

    /// Sends the rest and closes this side, reading on to the end, which has to come within the time. True if all of it could
    /// be sent.
    pub(super) async fn finish(&mut self, within: Duration) -> bool {
        let (mut reading, mut writing) = tokio::io::split(&mut self.io);
        let outbound = std::mem::take(&mut self.outbound);
        let send = async { writing.write_all(&outbound).await.is_ok() && writing.shutdown().await.is_ok() };
        let both = async { tokio::join!(send, reading.read_to_end(&mut self.received)) };
        let (sent, read) = timeout(within, both).await.expect("the other end closes too");
        read.expect("a pipe in memory does not fail");
        self.broken |= !sent;
        !self.broken
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, room)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
