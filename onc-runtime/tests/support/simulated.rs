//! A connection in simulated time: where its bytes are cut into pieces, how long they travel and where they break off is the
//! test's to say.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What happens to the bytes that go one way.
#[derive(Clone, Debug)]
pub struct Way {
    pub pieces: Pieces,
    /// How long a piece travels.
    pub delay: Duration,
    /// How long the writer has to wait between two pieces.
    pub pause: Duration,
    /// After so many bytes the way is gone.
    pub breaks_off: Option<(usize, Breach)>,
}

/// How a way ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The reader sees an end.
    End,
    /// The reader sees an error.
    Reset,
}

/// A write takes no more than the rest of a piece, and a read gives no more than one.
#[derive(Clone, Debug)]
pub enum Pieces {
    /// What is written is a piece.
    AsWritten,
    /// There is one cut, behind so many bytes.
    CutAt(usize),
    /// Each piece has so many bytes.
    Each(usize),
    /// The pieces have lengths up to a largest one, drawn from a seed.
    Random { seed: u64, most: usize },
}

impl Default for Way {
    fn default() -> Self {
        Self { pieces: Pieces::AsWritten, delay: Duration::ZERO, pause: Duration::from_millis(1), breaks_off: None }
    }
}

impl From<Pieces> for Way {
    fn from(pieces: Pieces) -> Self {
        Self { pieces, ..Self::default() }
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct Simulated {
    reads: Arc<Pipe>,
    writes: Arc<Pipe>,
    read_timer: Option<Pin<Box<Sleep>>>,
    write_timer: Option<Pin<Box<Sleep>>>,
}

/// Sees a connection from outside.
#[derive(Clone, Debug)]
pub struct Observer {
    there: Arc<Pipe>,
    back: Arc<Pipe>,
}

/// A connection: the near end, the far end, and what sees it from outside. `there` is the way from near to far.
pub fn connection(there: impl Into<Way>, back: impl Into<Way>) -> (Simulated, Simulated, Observer) {
    let (there, back) = (Pipe::new(there.into()), Pipe::new(back.into()));
    let end = |reads: &Arc<Pipe>, writes: &Arc<Pipe>| Simulated {
        reads: Arc::clone(reads),
        writes: Arc::clone(writes),
        read_timer: None,
        write_timer: None,
    };
    (end(&back, &there), end(&there, &back), Observer { there, back })
}

impl Observer {
    /// Bytes that were written there and back.
    pub fn written(&self) -> (usize, usize) {
        (self.there.lock().written, self.back.lock().written)
    }

    /// Whether near and far end have been dropped.
    pub fn dropped(&self) -> (bool, bool) {
        (self.back.lock().reader_gone, self.there.lock().reader_gone)
    }
}

#[derive(Debug)]
struct Pipe(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    way: Way,
    written: usize,
    /// Where the next piece ends.
    cut: usize,
    /// When the next piece may be written.
    open: Instant,
    /// What is on its way, and when it arrives.
    travelling: VecDeque<(Instant, Bytes)>,
    /// The writer writes no more.
    ended: bool,
    broken: bool,
    reader_gone: bool,
    reader: Option<Waker>,
}

impl Pipe {
    fn new(way: Way) -> Arc<Self> {
        let mut inner = Inner {
            way,
            written: 0,
            cut: 0,
            open: Instant::now(),
            travelling: VecDeque::new(),
            ended: false,
            broken: false,
            reader_gone: false,
            reader: None,
        };
        inner.cut = inner.next_cut();
        Arc::new(Self(Mutex::new(inner)))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing in here panics")
    }
}

impl Inner {
    /// Where the piece ends that begins behind what was written.
    fn next_cut(&mut self) -> usize {
        match &mut self.way.pieces {
            Pieces::AsWritten => usize::MAX,
            Pieces::CutAt(at) if self.written < *at => *at,
            Pieces::CutAt(_) => usize::MAX,
            Pieces::Each(length) => self.written + *length,
            Pieces::Random { seed, most } => {
                // xorshift64.
                *seed ^= *seed << 13;
                *seed ^= *seed >> 7;
                *seed ^= *seed << 17;
                self.written + 1 + (*seed % *most as u64) as usize
            }
        }
    }

    /// Takes what goes into the piece under way.
    fn take(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let limit = self.way.breaks_off.map_or(usize::MAX, |(at, _)| at);
        if self.written == limit {
            self.broken = true;
            self.wake();
        }
        if self.broken || self.reader_gone {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let mut room = self.cut.min(limit) - self.written;
        let mut piece = BytesMut::new();
        for part in parts {
            let taken = part.len().min(room);
            piece.extend_from_slice(&part[..taken]);
            room -= taken;
        }
        let length = piece.len();
        if length == 0 {
            return Ok(0);
        }
        self.written += length;
        let now = Instant::now();
        if self.written == self.cut {
            self.open = now + self.way.pause;
            self.cut = self.next_cut();
        }
        self.travelling.push_back((now + self.way.delay, piece.freeze()));
        self.wake();
        Ok(length)
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// Waits until that time.
fn wait(timer: &mut Option<Pin<Box<Sleep>>>, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
    let sleep = timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
    if sleep.deadline() != until {
        sleep.as_mut().reset(until);
    }
    ready!(sleep.as_mut().poll(cx));
    *timer = None;
    Poll::Ready(())
}

impl AsyncRead for Simulated {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { reads, read_timer, .. } = self.get_mut();
        loop {
            let mut guard = reads.lock();
            let inner = &mut *guard;
            let breach = inner.way.breaks_off.filter(|_| inner.broken).map(|(_, breach)| breach);
            match inner.travelling.front_mut() {
                Some((arrives, _)) if *arrives > Instant::now() => {
                    let arrives = *arrives;
                    drop(guard);
                    ready!(wait(read_timer, arrives, cx));
                }
                Some((_, piece)) => {
                    let length = piece.len().min(room.remaining());
                    room.put_slice(&piece[..length]);
                    piece.advance(length);
                    if piece.is_empty() {
                        inner.travelling.pop_front();
                    }
                    return Poll::Ready(Ok(()));
                }
                None if breach == Some(Breach::Reset) => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
                None if breach.is_some() || inner.ended => return Poll::Ready(Ok(())),
                None => {
                    inner.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }
}

impl AsyncWrite for Simulated {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { writes, write_timer, .. } = self.get_mut();
        let open = writes.lock().open;
        if open > Instant::now() {
            ready!(wait(write_timer, open, cx));
        }
        Poll::Ready(writes.lock().take(parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.writes.lock();
        inner.ended = true;
        inner.wake();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.reads.lock().reader_gone = true;
        let mut inner = self.writes.lock();
        inner.ended = true;
        inner.wake();
    }
}
