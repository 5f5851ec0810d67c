use onc_runtime::Xdr;

#[derive(Xdr)]
struct Names {
    #[xdr(max)]
    nothing: String,
    #[xdr(max = )]
    empty: String,
    #[xdr(max = 1 +)]
    half: String,
    #[xdr(max(4))]
    call: String,
    #[xdr(item)]
    items: Vec<String>,
    #[xdr(with = Plain)]
    unquoted: u32,
    #[xdr(with = "1 + 1")]
    no_type: u32,
}

fn main() {}
