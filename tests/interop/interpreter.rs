//! The Python interpreters that the tests run. A missing one fails the test: nothing is skipped in silence.

use std::path::PathBuf;
use std::process::Command;

/// One of the interpreters in which class programs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interpreter {
    /// Jython 2.7, for Python 2.
    Jython,
    /// CPython 3.
    CPython,
}

impl Interpreter {
    /// Both of them.
    pub(crate) const ALL: [Self; 2] = [Self::Jython, Self::CPython];

    /// A command that runs a script of `tests/interop`.
    pub(crate) fn script(self, name: &str) -> Command {
        let (program, package) = match self {
            Self::Jython => ("jython", "jython"),
            Self::CPython => ("python3", "python3"),
        };
        let is_there = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
        assert!(is_there, "{program} is needed for this test and is not installed: apt-get install {package}");
        let mut command = Command::new(program);
        command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name));
        command
    }
}
