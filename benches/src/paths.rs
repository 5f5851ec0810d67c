//! The paths that every call takes, each to be run so and so often: for counting instructions.

use std::hint::black_box;

use bytes::Bytes;
use onc_runtime::Client;
use onc_runtime::rpc::success_header;
use onc_runtime::rpc::{AuthSys, CallHeader, CallTemplate, Credential, RecordReader, parse_reply, record_mark};
use onc_runtime::xdr::{Decoder, Encoder, Limits, Plain, Xdr};

use crate::bench::{BenchV1Client, BenchV1Server};
use crate::service::Bench;
use crate::{data, in_memory};

/// A path by its name.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// The name.
    pub name: &'static str,
    /// Takes it so often.
    pub run: fn(u64),
    /// How often it is to be taken to be measured.
    pub count: u64,
}

/// All paths.
pub const PATHS: &[Path] = &[
    Path { name: "call-64-in-flight", run: calls_in_flight, count: 64 * 500 },
    Path { name: "call-alone", run: call_alone, count: 20_000 },
    Path { name: "call-in-process", run: call_in_process, count: 20_000 },
    Path { name: "record-mark-read", run: read_records, count: 64_000 },
    Path { name: "call-header-read", run: read_call_header, count: 50_000 },
    Path { name: "call-header-written", run: write_call_header, count: 50_000 },
    Path { name: "reply-header-read", run: read_reply_header, count: 50_000 },
    Path { name: "scalars-encoded", run: |count| encode(&data::scalars(), count), count: 50_000 },
    Path { name: "scalars-decoded", run: |count| decode(&data::scalars(), count), count: 50_000 },
    Path { name: "page-encoded", run: |count| encode(&data::page(100), count), count: 500 },
    Path { name: "page-decoded", run: |count| decode(&data::page(100), count), count: 500 },
    Path { name: "integers-encoded", run: |count| encode(&data::integers(65_536), count), count: 50 },
    Path { name: "integers-decoded", run: |count| decode(&data::integers(65_536), count), count: 50 },
];

/// Client and server in one thread, 64 callers.
fn calls_in_flight(count: u64) {
    const CALLERS: u64 = 64;
    in_a_runtime(async move {
        let client = in_memory::client().await.expect("a client");
        let callers = (0..CALLERS).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { add(&client, count / CALLERS).await })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("it ran");
        }
    });
}

/// Client and server in one thread, one call after the other.
fn call_alone(count: u64) {
    in_a_runtime(async move { add(&in_memory::client().await.expect("a client"), count).await });
}

/// Encoding, dispatch, the handler and decoding, without a connection.
fn call_in_process(count: u64) {
    in_a_runtime(async move {
        add(&BenchV1Client::new(Client::in_process(BenchV1Server::new(Bench::default()))), count).await;
    });
}

async fn add(client: &BenchV1Client, count: u64) {
    for _ in 0..count {
        assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    }
}

fn in_a_runtime(run: impl Future<Output = ()>) {
    crate::runtime(0).expect("a runtime").block_on(run);
}

/// A burst of 64 records of 48 bytes that was read at once.
fn read_records(count: u64) {
    const BURST: u64 = 64;
    let record = [&record_mark(48)[..], &[7; 48]].concat();
    let burst = record.repeat(BURST as usize);
    let mut reader = RecordReader::new(1 << 20);
    for _ in 0..count / BURST {
        let mut input = black_box(&burst[..]);
        while let Some(record) = reader.next(&mut input).expect("records") {
            black_box(&*record);
        }
    }
}

fn user() -> Credential {
    Credential::Sys(AuthSys {
        stamp: 0,
        machine_name: "client-host-01".into(),
        uid: 1000,
        gid: 1000,
        gids: (1000..1016).collect(),
    })
}

fn read_call_header(count: u64) {
    let mut marked = Vec::new();
    CallTemplate::new(100_003, 3, &user()).expect("it fits").put(&mut marked, 1, 6, 0);
    for _ in 0..count {
        let (header, offset) = CallHeader::parse(black_box(&marked[4..])).expect("a call");
        AuthSys::validate(header.credential.body).expect("a user");
        black_box((header, offset));
    }
}

fn write_call_header(count: u64) {
    let template = CallTemplate::new(100_003, 3, &user()).expect("it fits");
    let mut out = Vec::new();
    for _ in 0..count {
        out.clear();
        template.put(black_box(&mut out), 1, 6, 0);
    }
}

fn read_reply_header(count: u64) {
    let message = success_header(7);
    for _ in 0..count {
        black_box(parse_reply(black_box(&message)).expect("a reply"));
    }
}

fn encode<T: Xdr>(value: &T, count: u64) {
    let (mut buffer, mut segments) = (Vec::new(), Vec::new());
    for _ in 0..count {
        buffer.clear();
        segments.clear();
        let mut encoder = Encoder::gathering(&mut buffer, &mut segments);
        let size = black_box(value).measure().expect("within its bounds");
        encoder.write::<T, Plain>(value, size);
        black_box(&buffer);
    }
}

fn decode<T: Xdr>(value: &T, count: u64) {
    let record = Bytes::from(onc_runtime::xdr::to_vec(value).expect("within its bounds"));
    for _ in 0..count {
        let mut decoder = Decoder::shared(black_box(&record), Limits::default());
        black_box(T::decode(&mut decoder).expect("what was encoded"));
    }
}
