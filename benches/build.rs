//! Compiles what is measured: the benchmark's program, and the types of the codec's table.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::configure().compile(["proto/bench.x", "proto/codec.x"])
}
