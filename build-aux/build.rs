//! Compiles what the desktop client carries inside itself, so that plain `cargo run` works uninstalled.

fn main() {
    println!("cargo:rerun-if-changed=build-aux/build.rs");
}
