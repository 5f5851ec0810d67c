//! Compiles proto/calc.x and proto/news.x.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::compile("proto/calc.x")?;
    xdrgen::compile("proto/news.x")
}
