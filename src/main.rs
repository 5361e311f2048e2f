//! The `rlx` binary: parses the command line, runs one command, exits with its code.

fn main() -> std::process::ExitCode {
    rlx::cli::main()
}
