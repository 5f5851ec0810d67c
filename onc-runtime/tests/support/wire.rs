//! Clients and servers that say exactly what is sent, and when something is read.

use onc_runtime::rpc::{CallTemplate, Credential, RecordReader, patch_mark, record_mark, success_header};
use onc_runtime::{Procedure, Xdr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::INTERFACE;

/// A call as a datagram carries it.
pub fn datagram<P: Procedure>(xid: u32, arguments: impl Xdr) -> Vec<u8> {
    let mut message = Vec::new();
    let template = CallTemplate::new(INTERFACE.program, INTERFACE.version, &Credential::None).expect("short");
    template.put_unmarked(&mut message, xid, P::NUMBER);
    message.extend(onc_runtime::xdr::to_vec(&arguments).expect("fits"));
    message
}

/// A call as a stream carries it.
pub fn record<P: Procedure>(xid: u32, arguments: impl Xdr) -> Vec<u8> {
    let mut record = vec![0; 4];
    record.extend(datagram::<P>(xid, arguments));
    let length = record.len() - 4;
    patch_mark(&mut record, 0, length);
    record
}

/// Reads one call, and nothing may come with it; returns its xid.
pub async fn call(stream: &mut (impl AsyncRead + Unpin)) -> u32 {
    let xids = calls(stream, 1).await;
    assert_eq!(xids.len(), 1, "one call");
    xids[0]
}

/// Reads calls; returns the xids of so many, and of those that come with them.
pub async fn calls(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u32> {
    xids(stream, count).await
}

/// Answers a call with these results.
pub async fn answer(stream: &mut (impl AsyncWrite + Unpin), xid: u32, results: impl Xdr) {
    let message = [&success_header(xid)[..], &onc_runtime::xdr::to_vec(&results).expect("fits")].concat();
    let record = [&record_mark(message.len())[..], &message].concat();
    stream.write_all(&record).await.expect("written");
}

/// Reads replies; returns their xids when there are so many, or the stream has ended.
pub async fn replies(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u32> {
    xids(stream, count).await
}

/// The xids of what comes, until it is so many, or the stream has ended.
async fn xids(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u32> {
    let mut reader = RecordReader::new(16 << 20);
    let mut xids = Vec::new();
    let mut room = vec![0; 64 << 10];
    while xids.len() < count {
        let length = stream.read(&mut room).await.expect("read");
        if length == 0 {
            break;
        }
        let mut bytes = &room[..length];
        while let Some(record) = reader.next(&mut bytes).expect("records") {
            xids.push(u32::from_be_bytes(record[..4].try_into().expect("an xid")));
        }
    }
    xids
}
