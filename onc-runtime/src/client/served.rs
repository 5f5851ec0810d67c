//! What a client serves to its server, over the connection to it.

use std::sync::Arc;

use crate::channel::{Link, StreamLink};
use crate::observe::{Side, observed};
use crate::service::{Connection, ConnectionInfo, Lifecycle, Program, RegistryBuilder, Settings};
use crate::transport::{Peer, Stream, side};
use crate::xdr::Limits;

/// The programs that a client serves.
#[derive(Clone, Default)]
pub(super) struct Served {
    programs: Vec<Arc<dyn Program>>,
}

impl Served {
    pub(super) fn add(&mut self, program: impl Program) {
        self.programs.push(Arc::new(program));
    }

    /// The link over a stream to `peer`; if anything is to be served, calls come by it too.
    pub(super) fn link(&self, io: impl Stream, max_record_size: usize, peer: Peer) -> Link {
        let link = StreamLink::new(observed(io, Side::Client, peer.netid()), max_record_size);
        if self.programs.is_empty() {
            return Link::Stream(link);
        }
        let mut registry = RegistryBuilder::default();
        for program in &self.programs {
            registry.add(Arc::clone(program));
        }
        let (side, stream) = side();
        let settings = Settings { max_record_size, limits: Limits::default(), max_calls: 1024, max_unsent: 4 << 20 };
        let info = Arc::new(ConnectionInfo::new(peer, None));
        // It ends with the link, whose other side the stream is.
        let connection = Connection::new(stream, registry.build(), info, settings, Lifecycle::default());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(target: "onc::client", %error, "programs are served to the server no longer");
            }
        });
        Link::Stream(link.both_ways(side))
    }
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.programs.iter().map(|program| program.interface())).finish()
    }
}
