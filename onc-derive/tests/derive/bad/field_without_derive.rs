use onc_runtime::Xdr;

struct Inner {
    a: u32,
}

#[derive(Xdr)]
struct Outer {
    inner: Inner,
    many: Vec<Inner>,
    maybe: Option<Box<Inner>>,
}

fn main() {}
