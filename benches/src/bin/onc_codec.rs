//! The contender of the codec's table, for the harness of peers: what xdrgen and the derive make of `proto/codec.x`.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Parser;
use onc_benches::data;
use onc_runtime::rpc::{AuthFlavour, AuthSys, CallHeader, CallTemplate, Credential};
use onc_runtime::xdr::{Decoder, Encoder, Limits, Plain, Segment, Xdr};

/// Tells the harness that there is no such codec or case.
const UNSUPPORTED: u8 = 3;

/// How long one measurement takes.
const BATCH: Duration = Duration::from_millis(4);

#[derive(Debug, Parser)]
struct Arguments {
    /// Names the codecs and their cases.
    #[arg(long)]
    list: bool,
    #[arg(long, default_value = "onc")]
    codec: String,
    /// a: scalars, b: a page of a directory, c: 1 MiB, d: 65,536 integers, h: the header of a call.
    #[arg(long, default_value = "a")]
    case: String,
    #[arg(long, default_value_t = 0.3)]
    seconds: f64,
}

struct Outcome {
    size: usize,
    encode: f64,
    decode: f64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for case in ["a", "b", "c", "d", "h"] {
            println!("onc {case}");
        }
        return ExitCode::SUCCESS;
    }
    let time = Duration::from_secs_f64(arguments.seconds);
    let result = match (arguments.codec.as_str(), arguments.case.as_str()) {
        ("onc", "a") => value(&data::scalars(), time),
        ("onc", "b") => value(&data::page(100), time),
        ("onc", "c") => value(&data::bulk(1 << 20), time),
        ("onc", "d") => value(&data::integers(65_536), time),
        ("onc", "h") => header(time),
        _ => return ExitCode::from(UNSUPPORTED),
    };
    println!(
        r#"{{"codec":"onc","case":"{}","size":{},"enc_ns":{:.2},"dec_ns":{:.2}}}"#,
        arguments.case, result.size, result.encode, result.decode
    );
    ExitCode::SUCCESS
}

/// As a connection does it: into a buffer that is used again, large payloads by reference; out of a received record.
fn value<T: Xdr>(value: &T, time: Duration) -> Outcome {
    let record = Bytes::from(onc_runtime::xdr::to_vec(value).expect("within its bounds"));
    let (mut buffer, mut segments) = (Vec::<u8>::new(), Vec::<Segment>::new());
    let encode = nanoseconds(time, || {
        buffer.clear();
        segments.clear();
        let mut encoder = Encoder::gathering(&mut buffer, &mut segments);
        let size = black_box(value).measure().expect("within its bounds");
        encoder.write::<T, Plain>(value, size);
        black_box(&buffer);
    });
    let decode = nanoseconds(time, || {
        let mut decoder = Decoder::shared(black_box(&record), Limits::default());
        let value = T::decode(&mut decoder).expect("what was encoded");
        decoder.finish().expect("nothing is left");
        drop(black_box(value));
    });
    Outcome { size: record.len(), encode, decode }
}

/// A record mark and the header of a call with the credential of a user in 16 groups.
fn header(time: Duration) -> Outcome {
    let user =
        AuthSys { stamp: 0, machine_name: "client-host-01".into(), uid: 1000, gid: 1000, gids: (1000..1016).collect() };
    let template = CallTemplate::new(100_003, 3, &Credential::Sys(user)).expect("it fits");
    let mut buffer = Vec::new();
    let encode = nanoseconds(time, || {
        buffer.clear();
        template.put(&mut buffer, black_box(0x1234_5678), black_box(6), black_box(0));
        black_box(&buffer);
    });
    let message = buffer[4..].to_vec();
    let decode = nanoseconds(time, || {
        let (header, offset) = CallHeader::parse(black_box(&message)).expect("a call");
        assert_eq!(header.credential.flavour, AuthFlavour::SYS);
        AuthSys::validate(header.credential.body).expect("a user");
        black_box((header, offset));
    });
    Outcome { size: buffer.len(), encode, decode }
}

/// What one run of `body` takes: the median of batches.
fn nanoseconds(time: Duration, mut body: impl FnMut()) -> f64 {
    let mut batch = |count: u64| {
        let start = Instant::now();
        for _ in 0..count {
            body();
        }
        start.elapsed()
    };
    let mut count = 1;
    let mut taken = batch(count);
    while taken < BATCH {
        count *= 2;
        taken = batch(count);
    }
    let start = Instant::now();
    let mut batches = Vec::new();
    while start.elapsed() < time || batches.len() < 5 {
        batches.push(batch(count).as_nanos() as f64 / count as f64);
    }
    batches.sort_by(f64::total_cmp);
    batches[batches.len() / 2]
}
