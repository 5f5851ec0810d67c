//! Compiles what is in `x/`.

use xdrgen::Includes;

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::compile("x/everything.x")?;
    xdrgen::configure().includes(Includes::Use).compile(["x/geometry.x", "x/drawing.x"])
}
