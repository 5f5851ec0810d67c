//! Encoding and decoding: what the codec's table has, and lists as they grow.

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use onc_benches::data;
use onc_runtime::xdr::{Decoder, Encoder, Limits, Plain, Xdr};

fn case<T: Xdr>(criterion: &mut Criterion, name: &str, value: &T) {
    let record = Bytes::from(onc_runtime::xdr::to_vec(value).expect("within its bounds"));
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(record.len() as u64));
    let (mut buffer, mut segments) = (Vec::new(), Vec::new());
    group.bench_function(BenchmarkId::new("encode", name), |bencher| {
        bencher.iter(|| {
            buffer.clear();
            segments.clear();
            let mut encoder = Encoder::gathering(&mut buffer, &mut segments);
            encoder.write::<T, Plain>(value, value.measure().expect("within its bounds"));
            buffer.len()
        });
    });
    group.bench_function(BenchmarkId::new("decode", name), |bencher| {
        bencher.iter_batched(
            || (),
            |()| T::decode(&mut Decoder::shared(&record, Limits::default())).expect("what was encoded"),
            BatchSize::SmallInput,
        );
    });
}

fn codec(criterion: &mut Criterion) {
    case(criterion, "scalars", &data::scalars());
    for entries in [1, 100, 10_000] {
        case(criterion, &format!("page of {entries}"), &data::page(entries));
    }
    case(criterion, "1 MiB", &data::bulk(1 << 20));
    case(criterion, "65536 integers", &data::integers(65_536));
}

criterion_group!(benches, codec);
criterion_main!(benches);
