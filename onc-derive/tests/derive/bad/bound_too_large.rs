use onc_runtime::Xdr;

const HUGE: u64 = 1 << 32;

#[derive(Xdr)]
struct Name {
    #[xdr(max = HUGE)]
    text: String,
}

fn measure(name: &Name) -> bool {
    name.measure().is_ok()
}

fn main() {}
