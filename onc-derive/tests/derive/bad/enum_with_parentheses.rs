use onc_runtime::Xdr;

#[derive(Xdr)]
enum Colour {
    Red(),
    Green {},
    Blue,
}

fn main() {}
