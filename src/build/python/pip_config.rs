//! What pip's configuration says of indexes (pip documentation, "Configuration").

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The settings by pip's long option name; environment variables go before files, the user's
/// file before the machine's.
pub fn read(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let home = env.get("HOME").map(PathBuf::from);
    let config_home =
        env.get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| home.as_ref().map(|h| h.join(".config")));
    let files = [
        Some(PathBuf::from("/etc/pip.conf")),
        home.map(|h| h.join(".pip/pip.conf")),
        config_home.map(|h| h.join("pip/pip.conf")),
        env.get("PIP_CONFIG_FILE").map(PathBuf::from),
    ];
    for text in files.iter().flatten().filter_map(|f| std::fs::read_to_string(f).ok()) {
        settings.extend(parse(&text));
    }
    for (name, value) in env {
        if let Some(key) = name.strip_prefix("PIP_").filter(|_| !value.is_empty()) {
            settings.insert(key.to_lowercase().replace('_', "-"), value.clone());
        }
    }
    settings
}

/// The values of `[global]` and `[install]`; several lines are joined by spaces.
fn parse(text: &str) -> BTreeMap<String, String> {
    let mut settings: BTreeMap<String, String> = BTreeMap::new();
    let (mut wanted, mut last) = (false, None::<String>);
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
            wanted = matches!(section, "global" | "install");
            last = None;
        } else if line.starts_with([' ', '\t']) {
            if let Some(value) = last.as_ref().and_then(|key| settings.get_mut(key)) {
                *value = format!("{value} {trimmed}").trim().to_owned();
            }
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']).filter(|_| wanted) {
            let key = key.trim().to_lowercase().replace('_', "-");
            settings.insert(key.clone(), value.trim().to_owned());
            last = Some(key);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_from_the_sections_that_install_uses() {
        let text = "[global]\nindex-url = https://a\nextra-index-url =\n  https://b\n  https://c\n[list]\ncert = x\n";
        let settings = parse(text);
        assert_eq!(settings["index-url"], "https://a");
        assert_eq!(settings["extra-index-url"], "https://b https://c");
        assert!(!settings.contains_key("cert"));
    }
}
