//! Compiles proto/calc.x.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::compile("proto/calc.x")
}
