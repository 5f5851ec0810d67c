//! Compiles `x/everything.x`.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::compile("x/everything.x")
}
