//! One call to many servers: RFC 5531 §8.4.2.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::channel::{Client, response};
use crate::error::Error;
use crate::rpc::{CallTemplate, Credential, Procedure, random_xid};
use crate::transport::udp;
use crate::xdr::{DecodeError, Decoder, Encoder, Limits, Shape};

use super::builder::connect_error;

/// A call that goes to every server which an address reaches, over UDP: a broadcast address of IPv4, a multicast address, or
/// that of one server.
///
/// ```no_run
/// # async fn run<P: onc_runtime::Procedure<Arguments = ()>>() -> Result<(), onc_runtime::Error> {
/// use onc_runtime::Client;
///
/// let everybody = "192.0.2.255:2049".parse().expect("an address");
/// let mut replies = Client::broadcast::<P>(everybody, ()).send().await?;
/// while let Some((server, results)) = replies.next().await {
///     println!("{server} answers {}", if results.is_ok() { "with results" } else { "with a refusal" });
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before `send` is called"]
pub struct Broadcast<P: Procedure> {
    address: SocketAddr,
    arguments: P::Arguments,
    credential: Credential,
    first_wait: Duration,
    timeout: Duration,
    max_replies: usize,
}

/// The replies to a [`Broadcast`], as they come: one of each server.
///
/// A [`Stream`] that ends when the time is over.
#[derive(Debug)]
pub struct Replies<P> {
    socket: UdpSocket,
    address: SocketAddr,
    message: Vec<u8>,
    xid: u32,
    buffer: Box<[u8]>,
    heard: HashSet<SocketAddr>,
    max_replies: usize,
    /// When the call is sent again, and how long to wait after that.
    again: Pin<Box<Sleep>>,
    wait: Duration,
    end: Pin<Box<Sleep>>,
    procedure: PhantomData<fn() -> P>,
}

/// A reply, and whose it is.
type Heard<P> = (SocketAddr, Result<<P as Procedure>::Results, Error>);

/// The largest datagram there is.
const ROOM: usize = 64 << 10;

impl Client {
    /// A call of `P` to every server that `address` reaches: that of an interface's network is told by
    /// `transport::broadcast_address`, on Unix. No port mapper is asked: the port is the servers' own.
    pub fn broadcast<P: Procedure>(address: SocketAddr, arguments: P::Arguments) -> Broadcast<P> {
        Broadcast {
            address,
            arguments,
            credential: Credential::None,
            first_wait: Duration::from_secs(4),
            timeout: Duration::from_secs(8),
            max_replies: 1024,
        }
    }
}

impl<P: Procedure> Broadcast<P> {
    /// Who calls. Default: `AUTH_NONE`.
    pub fn credential(mut self, credential: impl Into<Credential>) -> Self {
        self.credential = credential.into();
        self
    }

    /// How long to wait for replies before the call is sent again. Default: 4 s, as of libtirpc; each further wait is twice as
    /// long. Servers that have answered get it again too, and may execute it again.
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// How long to wait for replies in all. Default: 8 s, as of libtirpc.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// After so many replies it ends. Default: 1024.
    pub fn max_replies(mut self, replies: usize) -> Self {
        self.max_replies = replies;
        self
    }

    /// Sends the call.
    ///
    /// # Errors
    ///
    /// [`Error::Arguments`]: they cannot be encoded. [`Error::Connect`]: there is no way to the address.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the call may have been sent.
    pub async fn send(self) -> Result<Replies<P>, Error> {
        let xid = random_xid();
        let message = self.message(xid)?;
        let failed = |error| connect_error(self.address, error);
        let any: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = udp::bind(any).map_err(failed)?;
        if self.address.is_ipv4() {
            socket.set_broadcast(true).map_err(failed)?;
        }
        socket.send_to(&message, self.address).await.map_err(failed)?;
        let now = Instant::now();
        let far = Duration::from_secs(1 << 30);
        let at = |wait: Duration| sleep_until(now + wait.min(far));
        Ok(Replies {
            socket,
            address: self.address,
            message,
            xid,
            buffer: vec![0; ROOM].into_boxed_slice(),
            heard: HashSet::new(),
            max_replies: self.max_replies,
            again: Box::pin(at(self.first_wait)),
            wait: self.first_wait.max(Duration::from_millis(1)),
            end: Box::pin(at(self.timeout)),
            procedure: PhantomData,
        })
    }

    fn message(&self, xid: u32) -> Result<Vec<u8>, Error> {
        let wrong = |error| Error::Arguments(Arc::new(error));
        let template =
            CallTemplate::new(P::INTERFACE.program, P::INTERFACE.version, &self.credential).map_err(wrong)?;
        let size = <P::ArgumentsShape as Shape<P::Arguments>>::measure(&self.arguments).map_err(wrong)?;
        let mut message = Vec::new();
        template.put_unmarked(&mut message, xid, P::NUMBER);
        let mut encoder = Encoder::new(&mut message);
        encoder.reserve(size);
        <P::ArgumentsShape as Shape<P::Arguments>>::encode(&self.arguments, &mut encoder);
        Ok(message)
    }
}

impl<P: Procedure> Replies<P> {
    /// The next reply, and whose it is; none when the time is over. A server that refuses the call gives an error.
    ///
    /// # Cancel safety
    ///
    /// Safe: no reply is lost.
    pub async fn next(&mut self) -> Option<(SocketAddr, Result<P::Results, Error>)> {
        std::future::poll_fn(|cx| self.poll_reply(cx)).await
    }

    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Option<Heard<P>>> {
        loop {
            if self.heard.len() >= self.max_replies {
                return Poll::Ready(None);
            }
            let mut room = ReadBuf::new(&mut self.buffer);
            match self.socket.poll_recv_from(cx, &mut room) {
                Poll::Ready(Ok(from)) => {
                    let datagram = room.filled();
                    if !is_reply_to(datagram, self.xid) || !self.heard.insert(from) {
                        continue;
                    }
                    let message = Bytes::copy_from_slice(datagram);
                    return Poll::Ready(Some((from, results::<P>(&message))));
                }
                // One of the servers has gone, or its host says that there is none: the others may still answer.
                Poll::Ready(Err(error)) => {
                    tracing::debug!(target: "onc::client", %error, "an error instead of a reply to a broadcast");
                    continue;
                }
                Poll::Pending => {}
            }
            if self.end.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            ready!(self.again.as_mut().poll(cx));
            // One that does not leave is as good as one lost on the way.
            let _ = self.socket.try_send_to(&self.message, self.address);
            self.wait *= 2;
            self.again.as_mut().reset(Instant::now() + self.wait);
        }
    }
}

impl<P: Procedure> Stream for Replies<P> {
    type Item = (SocketAddr, Result<P::Results, Error>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_reply(cx)
    }
}

/// Whether a datagram is a reply to our call.
fn is_reply_to(datagram: &[u8], xid: u32) -> bool {
    // RFC 5531 §9: behind the xid the msg_type, of which REPLY is 1.
    datagram.starts_with(&xid.to_be_bytes()) && datagram.get(4..8) == Some(&1_u32.to_be_bytes())
}

fn results<P: Procedure>(message: &Bytes) -> Result<P::Results, Error> {
    let response = response(message)?;
    let mut decoder = Decoder::shared(&response.results, Limits::default());
    let results: Result<P::Results, DecodeError> = <P::ResultsShape as Shape<P::Results>>::decode(&mut decoder);
    results.and_then(|results| decoder.finish().map(|()| results)).map_err(|error| Error::Results(Arc::new(error)))
}

impl<P: Procedure> fmt::Debug for Broadcast<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("procedure", &P::NAME)
            .field("address", &self.address)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
