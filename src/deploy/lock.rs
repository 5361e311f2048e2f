//! One rlx at a time works on a stage of a working tree.

use super::DeployError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// Held while a command changes a stage; released at its end, however it ends.
#[derive(Debug)]
pub struct StageLock(#[allow(dead_code, reason = "the lock lives as long as the file")] File);

impl StageLock {
    /// Takes the lock, or tells who has it.
    pub fn take(service_dir: &Path, stage: &str, holder: &str) -> Result<Self, DeployError> {
        let dir = service_dir.join(".rlx").join(stage);
        std::fs::create_dir_all(&dir).map_err(DeployError::io("create", &dir))?;
        keep_out_of_git(service_dir);
        let path = dir.join("lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(DeployError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(DeployError::Locked { stage: stage.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(DeployError::io("lock", &path)(error)),
        }
        let _ = file.set_len(0);
        let _ = write!(file, "{holder}");
        Ok(Self(file))
    }
}

/// Lets git leave rlx's own folder out: templates hold what the manifest's secrets resolve to. A file that is there
/// stays, and where it cannot be written nothing is lost.
pub fn keep_out_of_git(service_dir: &Path) {
    let file = service_dir.join(".rlx").join(".gitignore");
    let _ = OpenOptions::new().create_new(true).write(true).open(file).and_then(|mut file| file.write_all(b"*\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_was_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = StageLock::take(dir.path(), "dev", "process 7 of ada@laptop").unwrap();
        let error = StageLock::take(dir.path(), "dev", "process 8").unwrap_err();
        assert_eq!(error.to_string(), "another rlx works on stage dev: process 7 of ada@laptop");
        drop(first);
        StageLock::take(dir.path(), "dev", "process 8").unwrap();
    }

    #[test]
    fn what_is_kept_beside_the_service_is_left_out_of_git_unless_somebody_decided_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        let _dev = StageLock::take(dir.path(), "dev", "").unwrap();
        let file = dir.path().join(".rlx/.gitignore");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "*\n");
        std::fs::write(&file, "!dev\n").unwrap();
        let _prod = StageLock::take(dir.path(), "prod", "").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "!dev\n");
    }

    #[test]
    fn stages_do_not_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let _dev = StageLock::take(dir.path(), "dev", "").unwrap();
        StageLock::take(dir.path(), "prod", "").unwrap();
    }
}
