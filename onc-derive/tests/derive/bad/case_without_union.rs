use onc_runtime::Xdr;

#[derive(Xdr)]
enum Status {
    #[xdr(case = 0)]
    Ok,
    #[xdr(default)]
    Other,
}

fn main() {}
