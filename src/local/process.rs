//! The emulator's process.

use rustix::process::{Pid, Signal};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long the emulator may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Makes the process a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it.
pub(super) const MAIN: &str = "import os; os.setsid(); from ministack.app import main; main()";

/// Whether a process exists.
pub(super) fn alive(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()) && !is_zombie(pid)
}

/// Whether a process is an emulator, by its command line.
pub(super) fn is_emulator(pid: i32) -> bool {
    let command = match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(bytes) => bytes,
        Err(_) => match Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output() {
            Ok(output) => output.stdout,
            Err(_) => return false,
        },
    };
    String::from_utf8_lossy(&command).contains("ministack")
}

/// Ends the emulator and the functions that it runs: asked first, killed after a grace period.
pub(super) fn end(pid: i32) {
    let Some(process) = Pid::from_raw(pid) else { return };
    let _ = rustix::process::kill_process(process, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while alive(pid) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(25));
    }
    // The emulator leads its own process group: what is left of its workers ends with it.
    let _ = rustix::process::kill_process_group(process, Signal::KILL);
}

/// A process that ended but was not waited for still has an id.
fn is_zombie(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}
