//! Compiles the files of proto/.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::compile("proto/calc.x")?;
    xdrgen::compile("proto/journal.x")?;
    xdrgen::compile("proto/news.x")
}
