//! DUMP: the list is encoded once after each change, and leaves by reference.

use std::sync::Arc;

use bytes::Bytes;

use crate::portmap::protocol::{Rpcb, RpcbList, RpcbNode, pmap_v2, rpcb_v3, rpcb_v4};
use crate::portmap::table::{Entry, Table};
use crate::rpc::{Interface, Procedure};
use crate::service::{Context, Fault, Handling, IncomingCall, Program};
use crate::xdr::{BY_REFERENCE, DecodeError, EncodeError, Encoder, List, Shape, Sink, Size, Source};

use super::caller::Caller;
use super::v2::mappings;
use super::{Programs, State};

/// A program whose DUMP is answered with the encoded list of `programs`.
pub(super) struct Listed<P> {
    pub(super) program: P,
    pub(super) programs: Arc<Programs>,
}

/// The list as it is on the wire, and after which change.
pub(super) struct Listing {
    changes: u64,
    encoded: Bytes,
}

/// The lists that have been asked for.
#[derive(Default)]
pub(super) struct Listings {
    /// Of version 2.
    mappings: Option<Listing>,
    /// Of versions 3 and 4, which are alike.
    entries: Option<Listing>,
}

impl<P: Program> Program for Listed<P> {
    fn interface(&self) -> &'static Interface {
        self.program.interface()
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        if call.procedure() != rpcb_v4::Dump::NUMBER {
            return self.program.call(call);
        }
        call.handle::<EncodedDump, _, _, _>(&self.programs, |call, ()| async move {
            let listing = call.service.listing_for(&call.context).await;
            (call, listing)
        })
    }
}

impl Programs {
    /// DUMP of versions 3 and 4, for servers that these were added to without their list.
    pub(super) fn list(&self, cx: &Context) -> Result<RpcbList, Fault> {
        self.rules().list(&Caller::of(cx))?;
        Ok(nodes(&self.state().table))
    }

    /// The list of all entries, encoded, for those who may see it.
    async fn listing_for(&self, cx: &Context) -> Result<Bytes, Fault> {
        self.admit(cx).await?;
        self.rules().list(&Caller::of(cx))?;
        Ok(self.listing(cx.version()))
    }

    /// The list of all entries as this version of the protocol has it, encoded.
    fn listing(&self, version: u32) -> Bytes {
        let mut state = self.state();
        let State { table, changes, listings, .. } = &mut *state;
        let is_old = version == pmap_v2::Dump::INTERFACE.version;
        let listing = if is_old { &mut listings.mappings } else { &mut listings.entries };
        if let Some(Listing { changes: after, encoded }) = listing
            && after == changes
        {
            return encoded.clone();
        }
        let encoded = if is_old { encode(&mappings(table)) } else { encode(&nodes(table)) };
        *listing = Some(Listing { changes: *changes, encoded: encoded.clone() });
        encoded
    }
}

/// DUMP of any version, with results that are encoded already.
struct EncodedDump;

impl Procedure for EncodedDump {
    type Arguments = ();
    type Results = Bytes;
    type ArgumentsShape = ();
    type ResultsShape = Verbatim;
    const INTERFACE: &'static Interface = rpcb_v4::Dump::INTERFACE;
    const NUMBER: u32 = rpcb_v4::Dump::NUMBER;
    const NAME: &'static str = rpcb_v4::Dump::NAME;
    const IDEMPOTENT: bool = true;
}

const _: () = assert!(
    rpcb_v3::Dump::NUMBER == rpcb_v4::Dump::NUMBER && pmap_v2::Dump::NUMBER == rpcb_v4::Dump::NUMBER,
    "one procedure answers for all"
);

/// Bytes that are encoded already.
struct Verbatim;

impl Shape<Bytes> for Verbatim {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 0;

    fn measure(value: &Bytes) -> Result<Size, EncodeError> {
        let by_reference = if value.len() >= BY_REFERENCE { value.len() } else { 0 };
        Ok(Size { total: value.len(), by_reference })
    }

    fn encode<S: Sink>(value: &Bytes, out: &mut S) {
        // An encoding is a multiple of four bytes: there is no padding to it.
        out.put_shared(value);
    }

    fn decode<S: Source>(from: &mut S) -> Result<Bytes, DecodeError> {
        from.shared(from.remaining())
    }
}

fn encode<L>(list: &L) -> Bytes
where
    List: Shape<L>,
{
    let mut encoded = Vec::new();
    let mut encoder = Encoder::new(&mut encoded);
    // The bounds of a table's entries are far below those of the encoding.
    if let Ok(size) = <List as Shape<L>>::measure(list) {
        encoder.reserve(size);
    }
    <List as Shape<L>>::encode(list, &mut encoder);
    encoded.into()
}

fn nodes(table: &Table) -> RpcbList {
    table.entries().map(node).collect()
}

fn node(entry: &Entry) -> RpcbNode {
    RpcbNode {
        map: Rpcb {
            prog: entry.program,
            vers: entry.version,
            netid: entry.netid.to_string(),
            address: entry.address.to_string(),
            owner: entry.owner.to_string(),
        },
    }
}
