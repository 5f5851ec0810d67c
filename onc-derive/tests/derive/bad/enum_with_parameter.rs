use onc_runtime::Xdr;

#[derive(Xdr)]
enum Colour<const N: usize> {
    Red,
    Green,
}

fn main() {}
