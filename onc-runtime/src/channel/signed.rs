//! Calls with credentials that sign, check and seal.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::error::{Deadline, Error, Phase, Refusal};
use crate::observe::{Observation, Side};
use crate::rpc::{
    ClientFlavour, FlavourError, MARK_SIZE, Recovery, RejectStatus, Reply, parse_reply, patch_mark, put_unsigned_call,
};

use super::caller::{Caller, Request, Response};
use super::client::{Client, Through};
use super::pending::CallKey;
use super::queue::{Channel, Expiry, Terms};
use super::raw::response;

/// How often a call is signed anew after the server refused its credential.
const RECOVERIES: usize = 2;

impl Client {
    /// A client over the same connection whose calls are signed, and their replies checked, by `flavour`.
    ///
    /// A session is set up with the first call, and again when the server has forgotten it. What stands in front of the connection,
    /// such as a layer, has to stand in front of this: [`ClientBuilder::flavour`](crate::client::ClientBuilder::flavour) sees to it.
    #[must_use]
    pub fn with_flavour(&self, flavour: impl ClientFlavour) -> Self {
        let signed = Signed { client: self.clone(), flavour: Box::new(flavour), session: Mutex::default() };
        Self::in_front_of(self, Arc::new(signed))
    }
}

/// A client whose calls are signed.
struct Signed {
    client: Client,
    flavour: Box<dyn ClientFlavour>,
    /// Held while a session is set up, so that calls wait for it.
    session: Mutex<Session>,
}

#[derive(Default)]
struct Session {
    /// How many there have been: one that fails for many calls at once is set up again once.
    number: u64,
    ready: bool,
}

impl Caller for Arc<Signed> {
    fn call(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        let signed = Self::clone(self);
        Box::pin(async move {
            let begun = Instant::now();
            // Setting a session up may take several calls: one deadline holds for all of it.
            let default = || begun.checked_add(signed.timeout()?);
            let Some(deadline) = request.deadline.or_else(default) else { return signed.exchange(&request).await };
            match timeout_at(deadline, signed.exchange(&request)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Error::Deadline(Deadline { after: deadline - begun, phase: Phase::Reply })),
            }
        })
    }
}

impl Signed {
    /// How long a call may take that does not say.
    fn timeout(&self) -> Option<std::time::Duration> {
        match &self.client.shared.target {
            Through::Channel(channel) => Some(channel.settings.timeout),
            Through::Caller(_) => None,
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Error> {
        let mut recoveries = 0;
        let mut lost = None;
        loop {
            let sent = match self.establish(request).await {
                Ok(session) => self.send(request, lost.is_some()).await.map(|sent| (session, sent)),
                Err(error) => Err(error),
            };
            let (session, (call, message)) = match (sent, lost.take()) {
                (Ok(sent), _) => sent,
                (Err(Error::Closed), Some(lost)) => return Err(Error::Lost(lost)),
                // As of a call that is not signed: what never left, or may be executed twice, is sent again.
                (Err(Error::Lost(error)), _) if request.idempotent || !error.sent => {
                    lost = Some(error);
                    continue;
                }
                (Err(error), _) => return Err(error),
            };
            let status = match parse_reply(&message).map_err(|error| Error::Reply(Arc::new(error)))? {
                (_, Reply::Accepted { verifier, status }, offset) => {
                    // Not before the verifier is right does the rest of the reply mean anything.
                    self.flavour.check(call, verifier).map_err(failed)?;
                    if let Some(refusal) = Refusal::of(status) {
                        return Err(Error::Refused(refusal));
                    }
                    let results = message.slice(offset..);
                    let opened = if self.flavour.seals(call) {
                        self.flavour.open(call, results).map_err(failed)?
                    } else {
                        results
                    };
                    return Ok(Response::new(opened));
                }
                (_, Reply::Denied(RejectStatus::AuthError(status)), _) => status,
                (_, Reply::Denied(status), _) => return Err(Error::Refused(status.into())),
            };
            // The server has not executed the call: it may be signed and sent again.
            recoveries += 1;
            match self.flavour.refused(call, status) {
                Recovery::Retry if recoveries <= RECOVERIES => {}
                Recovery::Establish if recoveries <= RECOVERIES => self.lose(session).await,
                _ => return Err(Error::Refused(Refusal::Auth(status))),
            }
        }
    }

    /// Sets a session up by calls to procedure 0, unless there is one. Returns its number.
    async fn establish(&self, request: &Request) -> Result<u64, Error> {
        let mut session = self.session.lock().await;
        if session.ready {
            return Ok(session.number);
        }
        let mut arguments = self.flavour.establish(None).map_err(failed)?;
        while let Some(step) = arguments {
            let null = Request::new(request.interface, 0, step);
            let (call, message) = self.send(&null, false).await?;
            let results = match parse_reply(&message).map_err(|error| Error::Reply(Arc::new(error)))? {
                (_, Reply::Accepted { verifier, status }, offset) => {
                    if let Some(refusal) = Refusal::of(status) {
                        return Err(Error::Refused(refusal));
                    }
                    self.flavour.check(call, verifier).map_err(failed)?;
                    message.slice(offset..)
                }
                (_, Reply::Denied(status), _) => return Err(Error::Refused(status.into())),
            };
            arguments = self.flavour.establish(Some(&results)).map_err(failed)?;
        }
        session.number += 1;
        session.ready = true;
        Ok(session.number)
    }

    /// The server does not know this session any more.
    async fn lose(&self, lost: u64) {
        let mut session = self.session.lock().await;
        if session.number == lost {
            session.ready = false;
        }
    }

    /// Signs a call and sends it; returns the flavour's number for it, and the whole reply.
    async fn send(&self, request: &Request, again: bool) -> Result<(u64, Bytes), Error> {
        let Through::Channel(channel) = &self.client.shared.target else {
            return Err(Error::Auth(Arc::new(FlavourError::new(
                "calls are signed on a connection, not on middleware",
            ))));
        };
        let started = Observation::start();
        let (key, call) = poll_fn(|cx| Poll::Ready(self.submit(channel, request, again, cx))).await?;
        let _forget = channel.forget_on_drop(key);
        let (interface, procedure, server) = (request.interface, request.procedure, channel.settings.server());
        let observation = Observation::begin(started, Side::Client, interface, procedure, key.xid, server);
        let message = poll_fn(|cx| channel.poll_reply(key, cx.waker(), |body| body.into_bytes())).await;
        if let Some(observation) = observation {
            observation.end(message.as_ref().map_or_else(Error::status, status));
        }
        Ok((call, message?))
    }

    fn submit(
        &self,
        channel: &Channel,
        request: &Request,
        again: bool,
        cx: &Context<'_>,
    ) -> Result<(CallKey, u64), Error> {
        let interface = request.interface;
        let mut call = 0;
        let terms = Terms { expiry: Expiry::Default, idempotent: request.idempotent, again };
        let (key, _) = channel.submit(cx.waker(), terms, |out, xid| {
            let out = out.buffer();
            let mark = out.len();
            out.extend_from_slice(&[0; MARK_SIZE]);
            put_unsigned_call(out, xid, interface.program, interface.version, request.procedure);
            call = self.flavour.sign(out, mark + MARK_SIZE).map_err(failed)?;
            let start = out.len();
            out.extend_from_slice(&request.arguments);
            if self.flavour.seals(call) {
                self.flavour.seal(call, out, start).map_err(failed)?;
            }
            let length = out.len() - mark - MARK_SIZE;
            // Checked here, not before: only now is it known how much sealing adds.
            channel.admit(length).map_err(|error| Error::Arguments(Arc::new(error)))?;
            patch_mark(out, mark, length);
            Ok(())
        })?;
        Ok((key, call))
    }
}

/// How a reply says that the call ended, before its verifier is checked.
fn status(message: &Bytes) -> &'static str {
    response(message).map_or_else(|error| error.status(), |_| "SUCCESS")
}

fn failed(error: FlavourError) -> Error {
    Error::Auth(Arc::new(error))
}
