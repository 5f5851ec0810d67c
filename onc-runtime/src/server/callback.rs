//! Calls from a server to its client, over the connection that the client made (RFC 8167).

use std::any::Any;
use std::sync::Arc;

use crate::channel::{Channel, Client, Link, Settings, StreamLink, Stub};
use crate::rpc::Credential;
use crate::service::{Attached, Attachment, ConnectionInfo, Context};
use crate::transport::{Side, SideStream, side};

impl Context {
    /// A client of the one who calls, over the connection that its call came by: for programs that the caller
    /// [serves](crate::client::ClientBuilder::serve).
    ///
    /// None over UDP, and on a server that does not [allow it](super::ServerBuilder::callbacks). It may be kept: as long as it is, the
    /// connection is not closed for being [idle](super::ServerBuilder::idle_timeout). Its calls fail once the connection is gone, which
    /// is not made again from this side.
    ///
    /// ```
    /// # use onc_runtime::client::Stub;
    /// # use onc_runtime::{Context, Fault};
    /// async fn subscribe<NotifyV1Client: Stub>(cx: &Context) -> Result<NotifyV1Client, Fault> {
    ///     cx.client().ok_or(Fault::SystemError)
    /// }
    /// ```
    #[must_use]
    pub fn client<S: Stub>(&self) -> Option<S> {
        let Attached(attached) = self.connection.attached.as_ref()?;
        let attached: &dyn Any = &**attached;
        let WayBack(client) = attached.downcast_ref()?;
        Some(S::from_client(client.clone()))
    }
}

/// The client of a connection's other end.
struct WayBack(Client);

impl Attachment for WayBack {
    fn keeps_open(&self) -> bool {
        self.0.is_shared()
    }
}

/// Lets the handlers of a connection know the way back; what goes that way is to be carried by it.
pub(super) fn attach(info: &mut ConnectionInfo, settings: &Settings) -> Side {
    let (side, stream) = side();
    let settings = Settings { server: Some(info.peer.to_string().into()), ..settings.clone() };
    info.attached = client(stream, settings).map(|client| Attached(Arc::new(WayBack(client))));
    side
}

fn client(stream: SideStream, settings: Settings) -> Option<Client> {
    let link = Link::Stream(StreamLink::new(stream, settings.max_record_size));
    // Without a credential there is nothing that could be too long.
    Client::start(Channel::new(settings), link, None, Credential::None, None).ok()
}
