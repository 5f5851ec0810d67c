//! The time that a call may take in all, where it does not go straight to a channel.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::channel::{Caller, Client, Request, Response};
use crate::error::{Deadline, Error, Phase};

/// A client whose calls have a deadline, also while they wait in its middleware.
pub(super) struct Hurried {
    pub(super) client: Client,
    /// How long a call may take that does not say.
    pub(super) timeout: Duration,
}

impl Caller for Hurried {
    fn call(&self, mut request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        let (client, timeout) = (self.client.share(), self.timeout);
        Box::pin(async move {
            let own = request.deadline;
            request.deadline = own.or_else(|| Instant::now().checked_add(timeout));
            within(own, timeout, client.call_raw(request)).await
        })
    }
}

/// The outcome of a call until its deadline, `timeout` from now if it has none.
pub(super) async fn within(
    deadline: Option<Instant>,
    timeout: Duration,
    call: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, Error> {
    let begun = Instant::now();
    let after = deadline.map_or(timeout, |deadline| deadline - begun);
    let Some(deadline) = begun.checked_add(after) else { return call.await };
    let late = |_| Error::Deadline(Deadline { after, phase: Phase::Reply });
    timeout_at(deadline, call).await.map_err(late).flatten()
}
