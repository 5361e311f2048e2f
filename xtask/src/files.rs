//! A generated file.

use std::path::Path;

/// A file that is made by a generator and committed.
pub struct Generated {
    /// Where it lies, relative to the repository's root.
    pub path: &'static str,
    /// Its whole text.
    pub text: String,
}

impl Generated {
    /// Whether the committed file has this very text.
    pub fn is_current(&self, root: &Path) -> bool {
        std::fs::read_to_string(root.join(self.path)).is_ok_and(|text| text == self.text)
    }

    /// Writes the file unless it is there already.
    pub fn write(&self, root: &Path) -> std::io::Result<()> {
        if self.is_current(root) {
            return Ok(());
        }
        println!("{}", self.path);
        std::fs::write(root.join(self.path), &self.text)
    }
}
