use onc_runtime::Xdr;

#[derive(Xdr)]
enum Nothing {}

#[derive(Xdr)]
#[xdr(union(i32))]
enum Neither {}

fn main() {}
