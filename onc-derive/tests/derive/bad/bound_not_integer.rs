use onc_runtime::Xdr;

#[derive(Xdr)]
struct Names {
    #[xdr(max = "255")]
    quoted: String,
    #[xdr(max = 2.5)]
    fraction: String,
    #[xdr(max = -1)]
    negative: String,
    #[xdr(max = 4_294_967_296)]
    large: String,
    #[xdr(max = true)]
    boolean: String,
}

fn main() {}
