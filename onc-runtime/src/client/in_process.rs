//! A service in this process, without a socket.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;

use crate::channel::{Caller, Client, Request, Response, response};
use crate::error::Error;
use crate::rpc::{CallTemplate, Credential};
use crate::service::{ConnectionInfo, Program, Registry, RegistryBuilder, Reply, Verdict};
use crate::transport::{Outgoing, Peer};
use crate::xdr::Limits;

use super::deadline::within;

/// How long a call may take that does not say: as of every client.
const TIMEOUT: Duration = Duration::from_secs(25);

/// Answers calls from programs in this process.
struct InProcess {
    registry: Registry,
    info: Arc<ConnectionInfo>,
}

impl Client {
    /// A client of a program in this process: nothing is bound, and calls are encoded and decoded as if they had travelled.
    ///
    /// An implementation of a server can so stand in for a client in tests. Its handlers see the credential that the calls
    /// [carry](Self::with_credential), and a peer without an address. A call that is not replied to
    /// ([`Fault::NoReply`](crate::Fault::NoReply)) waits for its deadline, as one over a connection does.
    #[must_use]
    pub fn in_process(program: impl Program) -> Self {
        let mut programs = RegistryBuilder::default();
        programs.add(program);
        Self::in_process_all(programs.build())
    }

    /// [`in_process`](Self::in_process) for several programs.
    #[must_use]
    pub fn in_process_all(registry: Registry) -> Self {
        let info = Arc::new(ConnectionInfo::new(Peer::local(None), None));
        Self::from_caller(InProcess { registry, info })
    }
}

impl Caller for InProcess {
    fn call(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        let (registry, info) = (self.registry.clone(), Arc::clone(&self.info));
        Box::pin(async move {
            let deadline = request.deadline;
            let mut answering = pin!(answer(request, registry, info));
            // Most are ready at once, and need neither a timer nor a runtime that has one.
            if let Poll::Ready(outcome) = poll_fn(|cx| Poll::Ready(answering.as_mut().poll(cx))).await {
                return outcome;
            }
            within(deadline, TIMEOUT, answering).await
        })
    }
}

async fn answer(request: Request, registry: Registry, info: Arc<ConnectionInfo>) -> Result<Response, Error> {
    let credential = request.credential.as_deref().unwrap_or(&Credential::None);
    let template = CallTemplate::new(request.interface.program, request.interface.version, credential)
        .map_err(|error| Error::Arguments(Arc::new(error)))?;
    let mut message = Vec::new();
    template.put_unmarked(&mut message, 1, request.procedure);
    message.extend_from_slice(&request.arguments);
    let message = Bytes::from(message);
    let verdict = registry.dispatch(&message, Some(&message), &info, &Limits::default(), None);
    let Verdict::Answer { xid, mut handling } = verdict else {
        unreachable!("a call was encoded");
    };
    let mut out = Outgoing::default();
    poll_fn(|cx| handling.poll(cx, &mut Reply::new(&mut out, xid, usize::MAX >> 1))).await;
    let reply = Bytes::copy_from_slice(out.datagram(&mut Vec::new()));
    if reply.is_empty() {
        // The handler chose not to reply.
        return pending().await;
    }
    response(&reply)
}
