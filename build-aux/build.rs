//! Compiles what the desktop client carries inside itself, so that plain `cargo run` works uninstalled.
//!
//! Without the feature `gui` there is nothing to compile, and no tool of GLib is needed.

fn main() {
    println!("cargo:rerun-if-changed=build-aux/build.rs");
    #[cfg(feature = "gui")]
    gui::compile();
}

#[cfg(feature = "gui")]
mod gui {
    use std::path::PathBuf;
    use std::process::{self, Command};
    use std::{env, fs};

    const SCHEMA: &str = "im.klatch.Klatch.gschema.xml";

    pub(crate) fn compile() {
        for tool in ["glib-compile-resources", "glib-compile-schemas"] {
            require(tool);
        }
        glib_build_tools::compile_resources(&["data"], "data/klatch.gresource.xml", "klatch.gresource");
        compile_schema();
    }

    /// Says which package is missing, instead of "No such file or directory" somewhere in a log.
    fn require(tool: &str) {
        if let Err(error) = Command::new(tool).arg("--version").output() {
            fail(&format!(
                "{tool} cannot be run ({error}). The desktop client needs it: install libglib2.0-dev-bin and \
                 libgtk-4-dev (Debian, Ubuntu), glib2-devel and gtk4-devel (Fedora) or glib2-devel and gtk4 (Arch). \
                 The server and the terminal client build without it: cargo build --no-default-features"
            ));
        }
    }

    /// Puts the compiled settings schema beside the resources, for [`include_bytes!`].
    fn compile_schema() {
        let source = format!("data/{SCHEMA}");
        println!("cargo:rerun-if-changed={source}");
        let Some(out) = env::var_os("OUT_DIR").map(|out| PathBuf::from(out).join("schemas")) else {
            fail("OUT_DIR is not set: this is a build script of cargo");
        };
        let copied = fs::create_dir_all(&out).and_then(|()| fs::copy(&source, out.join(SCHEMA)));
        if let Err(error) = copied {
            fail(&format!("{source} cannot be copied to {}: {error}", out.display()));
        }
        match Command::new("glib-compile-schemas").arg("--strict").arg(&out).status() {
            Ok(status) if status.success() => {}
            Ok(_) => fail(&format!("{source} does not compile, see above")),
            Err(error) => fail(&format!("glib-compile-schemas cannot be run: {error}")),
        }
    }

    fn fail(why: &str) -> ! {
        println!("cargo:warning={why}");
        eprintln!("error: {why}");
        process::exit(1)
    }
}
