//! The `rlx` binary: parses the command line, runs one command, exits with its code.

// Compiling a template is mostly small allocations: a quarter faster than with glibc's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    rlx::cli::main()
}
