//! What is to leave by a stream: one buffer, and large payloads by reference between its parts.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use crate::xdr::{Encoder, Segment};

/// Pieces of one vectored write: the kernel takes up to 1024, and past a few dozen nothing is gained.
const PIECES: usize = 64;

/// A buffer that grew above this is not kept once it is empty.
const KEEP: usize = 64 << 10;

/// Messages on their way out.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Everything that was copied, and of which `sent` bytes have left.
    buffer: Vec<u8>,
    sent: usize,
    /// What goes between parts of the buffer, in order; of the first, the part that has left is cut off.
    segments: Vec<Segment>,
    /// Segments before this one have left.
    gone: usize,
    /// Bytes of segments that are still here.
    referenced: usize,
}

impl Outgoing {
    /// Bytes that have not left.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.buffer.len() - self.sent + self.referenced
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.buffer.len() && self.referenced == 0
    }

    /// Writes a message at the end; large [`Bytes`] in it will leave by reference. If `write` fails or panics, nothing was
    /// added.
    #[inline]
    pub(crate) fn append<T, E>(&mut self, write: impl FnOnce(&mut Encoder<'_>) -> Result<T, E>) -> Result<T, E> {
        /// Takes back what was written unless it is told not to.
        struct Undo<'a> {
            out: &'a mut Outgoing,
            copied: usize,
            segments: usize,
        }

        impl Drop for Undo<'_> {
            fn drop(&mut self) {
                self.out.buffer.truncate(self.copied);
                self.out.segments.truncate(self.segments);
            }
        }

        let (copied, segments) = (self.buffer.len(), self.segments.len());
        let undo = Undo { out: &mut *self, copied, segments };
        let written = write(&mut Encoder::gathering(&mut undo.out.buffer, &mut undo.out.segments))?;
        std::mem::forget(undo);
        self.referenced += self.segments[segments..].iter().map(|segment| segment.bytes.len()).sum::<usize>();
        Ok(written)
    }

    /// Takes over all of `other`, behind what is here.
    pub(crate) fn absorb(&mut self, other: &mut Self) {
        if self.is_empty() {
            self.clear();
            std::mem::swap(self, other);
            return;
        }
        debug_assert!(other.sent == 0 && other.gone == 0, "what has begun to leave is never moved");
        let base = self.buffer.len();
        self.buffer.append(&mut other.buffer);
        self.segments.extend(other.segments.drain(..).map(|segment| Segment { at: base + segment.at, ..segment }));
        self.referenced += std::mem::take(&mut other.referenced);
        other.clear();
    }

    /// Writes until everything has left or the stream takes no more.
    pub(crate) fn poll_flush<W: AsyncWrite>(
        &mut self,
        mut io: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let written = if self.gone == self.segments.len() {
                let rest = &self.buffer[self.sent..];
                let written = ready!(io.as_mut().poll_write(cx, rest))?;
                if written == rest.len() {
                    break;
                }
                written
            } else {
                let mut pieces = [IoSlice::new(&[]); PIECES];
                let count = self.pieces(&mut pieces);
                ready!(io.as_mut().poll_write_vectored(cx, &pieces[..count]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        self.clear();
        io.poll_flush(cx)
    }

    /// The first bytes that are to leave, in as many pieces as there is room for.
    fn pieces<'a>(&'a self, pieces: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        let mut at = self.sent;
        for segment in &self.segments[self.gone..] {
            if count + 2 > pieces.len() {
                return count;
            }
            if segment.at > at {
                pieces[count] = IoSlice::new(&self.buffer[at..segment.at]);
                count += 1;
                at = segment.at;
            }
            pieces[count] = IoSlice::new(&segment.bytes);
            count += 1;
        }
        if count < pieces.len() && at < self.buffer.len() {
            pieces[count] = IoSlice::new(&self.buffer[at..]);
            count += 1;
        }
        count
    }

    fn advance(&mut self, mut written: usize) {
        while written > 0 {
            let until = self.segments.get(self.gone).map_or(self.buffer.len(), |segment| segment.at);
            let copied = written.min(until - self.sent);
            self.sent += copied;
            written -= copied;
            if written == 0 {
                return;
            }
            let Some(segment) = self.segments.get_mut(self.gone) else { return };
            let referenced = written.min(segment.bytes.len());
            self.referenced -= referenced;
            written -= referenced;
            if referenced == segment.bytes.len() {
                // The payload is let go as soon as it has left, not with the last of the buffer.
                segment.bytes = Bytes::new();
                self.gone += 1;
            } else {
                let _ = segment.bytes.split_to(referenced);
            }
        }
    }

    /// The only message in it, as a datagram: without its record mark, in one piece. `scratch` is used if it is not.
    pub(crate) fn datagram<'a>(&'a self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        const MARK: usize = 4;
        if self.segments.is_empty() {
            return self.buffer.get(MARK..).unwrap_or_default();
        }
        scratch.clear();
        scratch.reserve(self.len());
        let mut at = MARK;
        for segment in &self.segments {
            scratch.extend_from_slice(&self.buffer[at..segment.at]);
            scratch.extend_from_slice(&segment.bytes);
            at = segment.at;
        }
        scratch.extend_from_slice(&self.buffer[at..]);
        scratch
    }

    /// Forgets everything in it.
    pub(crate) fn discard(&mut self) {
        self.referenced = 0;
        self.clear();
    }

    fn clear(&mut self) {
        self.sent = 0;
        self.gone = 0;
        self.segments.clear();
        if self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::xdr::Xdr;

    fn add(out: &mut Outgoing, payload: &Bytes) {
        let value = (7_u32, payload.clone(), 9_u32);
        out.append(|encoder| {
            encoder.reserve(value.measure()?);
            value.encode(encoder);
            Ok::<_, crate::xdr::EncodeError>(())
        })
        .expect("fits");
    }

    #[tokio::test]
    async fn leaves_in_order_whatever_the_stream_takes_at_once() {
        let payload = Bytes::from((0..20_000_u32).map(|byte| byte as u8).collect::<Vec<_>>());
        for room in [1, 7, 4096, 5000, 1 << 20] {
            let mut out = Outgoing::default();
            let mut late = Outgoing::default();
            add(&mut out, &payload);
            add(&mut out, &Bytes::from_static(b"small"));
            add(&mut late, &payload);
            out.absorb(&mut late);
            assert!(late.is_empty());
            let value = crate::xdr::to_vec(&(7_u32, payload.clone(), 9_u32)).expect("fits");
            let small = crate::xdr::to_vec(&(7_u32, Bytes::from_static(b"small"), 9_u32)).expect("fits");
            let expected = [value.clone(), small, value].concat();
            assert_eq!(out.len(), expected.len());

            let (mut near, mut far) = tokio::io::duplex(room);
            let send = async {
                poll_fn(|cx| out.poll_flush(Pin::new(&mut near), cx)).await.expect("written");
                drop(near);
            };
            let receive = async {
                let mut received = Vec::new();
                far.read_to_end(&mut received).await.expect("read");
                received
            };
            let ((), received) = tokio::join!(send, receive);
            assert!(received == expected, "differs at a room of {room}");
            assert!(out.is_empty());
        }
    }

    #[test]
    fn a_failed_message_leaves_no_trace() {
        let mut out = Outgoing::default();
        add(&mut out, &Bytes::from_static(b"kept"));
        let before = out.len();
        let failed = out.append(|encoder| {
            Bytes::from(vec![1; 10_000]).encode(encoder);
            Err::<(), _>(())
        });
        assert!(failed.is_err());
        assert_eq!(out.len(), before);
    }
}
