use onc_runtime::Xdr;

#[derive(Xdr)]
#[repr(u32)]
enum Flag {
    Low = 1,
    High = 0x8000_0000,
}

fn main() {}
