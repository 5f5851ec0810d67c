use onc_runtime::Xdr;

#[derive(Xdr)]
struct Name {
    #[xdr(maximum = 255)]
    text: String,
    #[xdr(Max = 255, boxed(deeply))]
    other: String,
}

fn main() {}
