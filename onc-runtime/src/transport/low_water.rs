//! Waking up less often while the rest of a large record is on its way.

use std::any::Any;

use tokio::net::TcpStream;

use super::Stream;

/// Below this it does not matter.
pub(super) const WORTH_WAITING: usize = 128 << 10;

/// What is waited for at once. More would leave the sender idle between the kernel's buffers being full and our waking up.
pub(super) const MOST: usize = 512 << 10;

/// How many bytes a socket must have received before it wakes its task.
///
/// The kernel wakes a reader for every segment. Of a megabyte these are a dozen wake-ups, each of which costs more than
/// copying the segment.
#[derive(Debug, Default)]
pub(super) struct LowWater {
    /// None: the socket's own, which is 1.
    set: Option<usize>,
    /// It is not a socket that can do it.
    unable: bool,
}

impl LowWater {
    /// Must be told how many bytes are certain to come before it is waited for them.
    #[inline]
    pub(super) fn await_bytes<S: Stream>(&mut self, io: &S, missing: usize) {
        let wanted = (missing >= WORTH_WAITING).then(|| missing.min(MOST));
        // What is less than the mark would never be heard of.
        let wanted = wanted.or(if self.set.is_some() { Some(1) } else { None });
        if wanted.is_some() && wanted != self.set && !self.unable {
            self.set(io, wanted.unwrap_or(1));
        }
    }

    /// The socket's mark is raised.
    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.set.is_some()
    }

    #[cold]
    fn set<S: Stream>(&mut self, io: &S, bytes: usize) {
        let done = tcp(io).is_some_and(|stream| super::tcp::set_receive_low_water(stream, bytes).is_ok());
        self.unable = !done;
        self.set = if bytes > 1 { Some(bytes) } else { None };
    }
}

/// The TCP socket that a stream is, or that is in its box.
fn tcp<S: Stream>(io: &S) -> Option<&TcpStream> {
    let io: &dyn Any = io;
    plain(io).or_else(|| {
        let boxed: &dyn Stream = &**io.downcast_ref::<Box<dyn Stream>>()?;
        plain(boxed)
    })
}

/// The TCP socket that a stream is, perhaps with its bytes counted.
fn plain(io: &dyn Any) -> Option<&TcpStream> {
    #[cfg(feature = "metrics")]
    if let Some(metered) = io.downcast_ref::<super::Metered<TcpStream>>() {
        return Some(metered.within());
    }
    io.downcast_ref()
}
