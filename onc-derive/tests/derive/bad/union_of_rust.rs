use onc_runtime::Xdr;

#[derive(Xdr)]
union Word {
    signed: i32,
    unsigned: u32,
}

fn main() {}
