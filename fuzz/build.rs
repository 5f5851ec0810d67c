//! Compiles the types that `onc decode` is compared with.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::configure().serde(true).compile(["../tests/x/everything.x"])
}
