use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(i32))]
struct Point {
    x: i32,
    y: i32,
}

fn main() {}
