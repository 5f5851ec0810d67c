//! A call from the stub to the handler and back, without the kernel.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use onc_benches::bench::{BenchV1Client, BenchV1Server};
use onc_benches::in_memory;
use onc_benches::service::Bench;
use onc_runtime::Client;

fn dispatch(criterion: &mut Criterion) {
    let runtime = onc_benches::runtime(0).expect("a runtime");
    let mut group = criterion.benchmark_group("call");
    let in_process = BenchV1Client::new(Client::in_process(BenchV1Server::new(Bench::default())));
    group.bench_function("in process", |bencher| {
        bencher.iter(|| runtime.block_on(async { in_process.add(1, 2).await.expect("answered") }));
    });
    let client = runtime.block_on(in_memory::client()).expect("a client");
    group.bench_function("through a pipe in memory", |bencher| {
        bencher.iter(|| runtime.block_on(async { client.add(1, 2).await.expect("answered") }));
    });
    const CALLERS: u64 = 64;
    group.throughput(Throughput::Elements(CALLERS));
    group.bench_function("through a pipe in memory, 64 at once", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let calls = (0..CALLERS).map(|_| tokio::spawn(client.add(1, 2)));
                for call in calls.collect::<Vec<_>>() {
                    call.await.expect("it ran").expect("answered");
                }
            });
        });
    });
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
