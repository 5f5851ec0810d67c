use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(max = 4)]
struct Name {
    #[xdr(case = 1)]
    text: String,
    #[xdr(union(i32))]
    other: String,
}

#[derive(Xdr)]
#[xdr(union(i32))]
enum Arm {
    #[xdr(case = 1, max = 4)]
    Text(String),
    #[xdr(case = 2)]
    Other(#[xdr(default)] String),
}

fn main() {}
