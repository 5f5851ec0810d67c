//! How often memory is allocated on the way of a small call.

use allocation_counter::measure;
use onc_benches::{bench::BenchV1Client, in_memory};
use onc_runtime::Client;

const CALLS: u64 = 1000;

fn call(client: &BenchV1Client, calls: u64) -> impl Future<Output = ()> {
    let client = client.clone();
    async move {
        for _ in 0..calls {
            assert_eq!(client.add(1, 2).await.expect("answered"), 3);
        }
    }
}

fn read(client: &BenchV1Client, calls: u64) -> impl Future<Output = ()> {
    let client = client.clone();
    async move {
        for _ in 0..calls {
            assert_eq!(client.read(4096).await.expect("answered").len(), 4096);
        }
    }
}

/// Both sides in one thread, and the client alone in a thread of its own: the difference is the server's share.
#[test]
fn a_small_call_allocates_nothing_on_either_side() {
    let both = onc_benches::runtime(0).expect("a runtime");
    let client = both.block_on(in_memory::client()).expect("a client");
    both.block_on(call(&client, CALLS));
    let reader = client.clone();
    let together = measure(|| both.block_on(call(&client, CALLS))).count_total;

    let server = onc_benches::runtime(1).expect("a runtime");
    let near = server.block_on(in_memory::served()).expect("a server");
    let own = onc_benches::runtime(0).expect("a runtime");
    let client: BenchV1Client = own.block_on(async { Client::builder().connect_stream(near) }).expect("a client");
    own.block_on(call(&client, CALLS));
    let clients = measure(|| own.block_on(call(&client, CALLS))).count_total;

    // A timer that ticks meanwhile may add one or the other.
    let slack = CALLS / 10;
    let servers = together.saturating_sub(clients);
    println!("{CALLS} calls: {clients} allocations of the client, {servers} of the server");
    assert!(clients <= slack, "{clients} allocations of the client in {CALLS} calls");
    assert!(servers <= slack, "{servers} allocations of the server in {CALLS} calls");

    // Payloads are copied into memory of their own: were that not seen here, nothing else would be.
    let large = measure(|| both.block_on(read(&reader, CALLS))).count_total;
    assert!(large >= CALLS, "{large} allocations in {CALLS} calls that cannot do without");
}
