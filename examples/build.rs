//! Compiles the files of proto/.

fn main() -> Result<(), xdrgen::Error> {
    xdrgen::configure().compile(["proto/calc.x", "proto/journal.x", "proto/news.x"])
}
