//! The server's side of one stream connection.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::observe::step;
use crate::rpc::Record;
use crate::transport::{Arrival, Incoming, Outgoing, Stream};
use crate::xdr::Limits;

use super::outbox::Outbox;
use super::registry::Verdict;
use super::{ConnectionInfo, Handling, Lifecycle, Registry, Reply};

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// The largest record that is taken or sent.
    pub(crate) max_record_size: usize,
    /// What decoding arguments may cost.
    pub(crate) limits: Limits,
    /// Calls of one connection that run at the same time; further ones wait in the socket.
    pub(crate) max_calls: usize,
    /// Bytes of replies that the peer has not taken; above it no further calls are read.
    pub(crate) max_unsent: usize,
}

/// One connection: reads calls, runs them, writes replies, until the peer closes or the server stops.
///
/// A handler that is ready at once is run here and its reply leaves with those of the other calls that came in the same
/// read. One that waits goes on in a task of its own.
pub(crate) struct Connection<S> {
    io: S,
    incoming: Incoming,
    outgoing: Outgoing,
    outbox: Arc<Outbox>,
    registry: Registry,
    info: Arc<ConnectionInfo>,
    settings: Settings,
    lifecycle: Lifecycle,
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// No further calls are read: the peer has closed its side, or the server stops.
    ending: bool,
    /// Replies are waiting for others to leave together with them.
    gathering: bool,
}

impl<S: Stream> Connection<S> {
    pub(crate) fn new(
        io: S,
        registry: Registry,
        info: Arc<ConnectionInfo>,
        settings: Settings,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            io,
            incoming: Incoming::new(settings.max_record_size),
            outgoing: Outgoing::default(),
            outbox: Arc::default(),
            registry,
            info,
            settings,
            stopping: Box::pin(lifecycle.clone().stopping()),
            lifecycle,
            ending: false,
            gathering: false,
        }
    }

    /// Reads once and answers or starts each call that came.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let Self { io, incoming, outgoing, outbox, registry, info, settings, lifecycle, .. } = self;
        // Handlers are polled inside the reading, with the connection's own waker: it is a spurious wake-up at worst.
        let waker = cx.waker().clone();
        incoming.poll_read(Pin::new(io), cx, |record| {
            let (message, shared) = match &record {
                Record::Borrowed(bytes) => (*bytes, None),
                Record::Owned(bytes) => (&bytes[..], Some(bytes)),
            };
            let Verdict::Answer { xid, mut handling } = registry.dispatch(message, shared, info, settings.limits)
            else {
                tracing::debug!(target: "onc::server", peer = %info.peer, "a record that is not a call");
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a record that is not a call"));
            };
            let mut reply = Reply::new(outgoing, xid, settings.max_record_size);
            if handling.poll(&mut Context::from_waker(&waker), &mut reply).is_pending() {
                outbox.begin(&waker);
                lifecycle.spawn(finish(handling, xid, settings.max_record_size, Arc::clone(outbox)));
            }
            Ok(())
        })
    }
}

/// Runs a handler to its end and leaves the reply in the outbox.
async fn finish(mut handling: Handling, xid: u32, max_record_size: usize, outbox: Arc<Outbox>) {
    /// Tells the outbox even if the handler is cut off.
    struct End(Arc<Outbox>, Option<Outgoing>);

    impl Drop for End {
        fn drop(&mut self) {
            self.0.end(self.1.take());
        }
    }

    let mut end = End(outbox, None);
    let mut out = Outgoing::default();
    std::future::poll_fn(|cx| handling.poll(cx, &mut Reply::new(&mut out, xid, max_record_size))).await;
    end.1 = Some(out);
}

impl<S: Stream> Future for Connection<S> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ending && this.stopping.as_mut().poll(cx).is_ready() {
            this.ending = true;
        }
        loop {
            if this.outbox.is_filled() {
                if this.outbox.running() > 0 && !std::mem::replace(&mut this.gathering, true) {
                    // More handlers are running: one turn of the scheduler lets those that are about to finish leave
                    // in the same write.
                    cx.waker().wake_by_ref();
                } else {
                    this.gathering = false;
                    this.outbox.collect(&mut this.outgoing);
                }
            }
            let bytes = this.outgoing.len();
            let flushed = bytes == 0 || this.outgoing.poll_flush(Pin::new(&mut this.io), cx)?.is_ready();
            if flushed && bytes > 0 {
                step!(8, "the reply crosses back", bytes);
            }
            if this.ending {
                if flushed && this.outbox.running() == 0 && !this.outbox.is_filled() {
                    ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
                    return Poll::Ready(Ok(()));
                }
                return Poll::Pending;
            }
            // Backpressure: what is not read stays in the socket, and the peer's own buffer fills.
            if this.outgoing.len() > this.settings.max_unsent || this.outbox.running() >= this.settings.max_calls {
                return Poll::Pending;
            }
            match ready!(this.poll_calls(cx))? {
                Arrival::Bytes => {}
                Arrival::End { inside_record } => {
                    if inside_record {
                        tracing::debug!(target: "onc::server", peer = %this.info.peer, "closed in the middle of a record");
                    }
                    this.ending = true;
                }
            }
        }
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.outbox.close();
    }
}
