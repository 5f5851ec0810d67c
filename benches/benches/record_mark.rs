//! Finding records in what was read.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use onc_runtime::rpc::{RecordReader, record_mark};

fn record_mark_reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record mark");
    for (name, size, split) in [("48 bytes, 64 at once", 48, usize::MAX), ("48 bytes, in pieces of 100", 48, 100)] {
        const RECORDS: usize = 64;
        let burst = [&record_mark(size)[..], &vec![7; size]].concat().repeat(RECORDS);
        group.throughput(Throughput::Elements(RECORDS as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            let mut reader = RecordReader::new(1 << 20);
            bencher.iter(|| {
                let mut bytes = 0;
                for mut piece in burst.chunks(split.min(burst.len())) {
                    while let Some(record) = reader.next(&mut piece).expect("records") {
                        bytes += record.len();
                    }
                }
                assert_eq!(bytes, RECORDS * size);
            });
        });
    }
}

criterion_group!(benches, record_mark_reading);
criterion_main!(benches);
