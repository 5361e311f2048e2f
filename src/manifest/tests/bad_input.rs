//! Files that no one should write: one clear error each, in bounded time and memory.

use super::Project;

#[track_caller]
fn refused(name: &str, project: &Project, expected: &str) {
    let refusal = project.refusal();
    assert_eq!(refusal.len(), 1, "{name}: {refusal:?}");
    assert!(refusal[0].contains(expected), "{name}: {refusal:?}");
}

#[test]
fn files_that_are_no_manifest_are_refused() {
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..12).map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "))))
        .collect();
    let block: String = (0..300).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let utf16: Vec<u8> = "service: x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", b"".to_vec(), "serverless.yml is empty"),
        ("a comment", b"# x\n".to_vec(), "serverless.yml is empty"),
        ("a scalar", b"hello".to_vec(), "a manifest is a mapping"),
        ("a list", b"- a\n- b\n".to_vec(), "a manifest is a mapping"),
        ("no YAML", b"service: [a, b".to_vec(), "not valid YAML"),
        ("a tab", b"service: x\nprovider:\n\tname: aws\n".to_vec(), "not valid YAML"),
        ("an unknown alias", b"service: *x".to_vec(), "not valid YAML"),
        ("an unknown tag", b"service: !Foo x".to_vec(), "unknown tag !Foo"),
        ("two documents", b"service: a\n---\nservice: b\n".to_vec(), "more than one YAML document"),
        ("a duplicate key", b"service: a\nservice: b\n".to_vec(), "the key `service` stands here twice"),
        ("a NUL byte", b"service: a\0b".to_vec(), "a NUL byte"),
        ("a bell", b"service: a\x07b".to_vec(), "a control character"),
        ("Latin-1", b"service: caf\xE9".to_vec(), "a byte (0xE9) that is not UTF-8"),
        ("UTF-16 without a mark", utf16, "a NUL byte"),
        ("an archive", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), "a control character"),
        ("17 MiB", vec![b'#'; 17 << 20], "larger than 16 MiB"),
        ("an alias bomb", bomb.into_bytes(), "too many values"),
        ("an alias in itself", b"a: &a [*a]".to_vec(), "inside the value that it names"),
        ("deep lists", "[".repeat(10_000).into_bytes(), ""),
        ("deep mappings", "{a: ".repeat(10_000).into_bytes(), ""),
        ("deep blocks", block.into_bytes(), "nested more than 100 levels deep"),
        ("deep dashes", "- ".repeat(10_000).into_bytes(), "nested more than 100 levels deep"),
    ];
    for (name, bytes, expected) in cases {
        refused(name, &Project::raw(bytes), expected);
    }
}

#[test]
fn files_that_variables_name_are_refused_in_the_same_way() {
    let with = |name: &str, bytes: &[u8]| Project::new(&format!("custom: ${{file(./{name})}}\n")).file(name, bytes);
    refused("no JSON", &with("a.json", b"{\"a\": }"), "not valid JSON");
    refused("deep JSON", &with("a.json", "[".repeat(100_000).as_bytes()), "not valid JSON");
    refused("no YAML", &with("a.yml", b"a: [1"), "not valid YAML");
    refused("no text", &with("a.txt", b"\xFF\xFF"), "a.txt is not text");
    refused("too large", &with("a.txt", &vec![b'x'; 17 << 20]), "larger than 16 MiB");
    let many = format!("[{}1]", "1,".repeat(500_000));
    refused("a long list in JSON", &with("a.json", many.as_bytes()), "too many values");
    refused("a directory", &Project::new("custom: ${file(./d)}\n").file("d/x", "y"), "it is a directory");
}

#[test]
fn a_manifest_with_more_values_than_anything_takes_is_refused() {
    let many = format!("[{}1]", "1,".repeat(500_000));
    let yaml = format!("service: shop\ncustom: {many}\n");
    refused("YAML", &Project::raw(yaml), "too many values");
    for (file, text) in [
        ("serverless.json", format!("{{\"service\": \"shop\", \"custom\": {many}}}")),
        ("serverless.toml", format!("service = \"shop\"\ncustom = {many}\n")),
    ] {
        let project = Project::raw("").file(file, text);
        std::fs::remove_file(project.path().join("serverless.yml")).expect("removed");
        refused(file, &project, "too many values");
    }
}

#[test]
fn a_text_that_looks_like_many_values_is_one() {
    let text = "[{,".repeat(200_000);
    let project = Project::new("custom: ${file(./a.json):text}\n").file("a.json", format!("{{\"text\": \"{text}\"}}"));
    assert_eq!(project.value("custom"), serde_json::Value::String(text));
}

#[test]
fn a_script_with_more_values_than_anything_takes_is_refused() {
    if which::which("node").is_err() {
        return;
    }
    let project =
        Project::new("custom: ${file(./a.js)}\n").file("a.js", "module.exports = new Array(500_000).fill(1);");
    refused("a long list of a script", &project, "its value is too large");
    let project = Project::new("custom: ${file(./a.js)}\n").file("a.js", "module.exports = 'x'.repeat(17 << 20);");
    refused("a long text of a script", &project, "its value is too large");
}

#[cfg(unix)]
#[test]
fn a_device_is_not_read_without_end() {
    refused("a device", &Project::new("custom: ${file(/dev/zero)}\n"), "it is no regular file");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let project = Project::new("custom: ${file(./pipe)}\n");
    mknodat(CWD, project.path().join("pipe"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
    refused("a pipe", &project, "it is no regular file");
}

#[test]
fn files_that_include_each_other_are_refused_with_their_chain() {
    let project = Project::new("custom: ${file(./a.yml)}\n")
        .file("a.yml", "x: ${file(./b.yml)}\n")
        .file("b.yml", "y: [1, '${file(./a.yml)}']\n");
    refused("a circle of files", &project, "a file includes itself: file(./a.yml) → file(./b.yml) → file(./a.yml)");
}

#[test]
fn a_file_that_names_the_key_to_itself_is_refused() {
    let project = Project::new("custom: ${file(./a.yml):${file(./a.yml):a}}\n")
        .file("a.yml", "a: ${file(./a.yml):${file(./a.yml):a}}\n");
    refused("an address without end", &project, "variables lead to variables more than 2000 times");
}

#[test]
fn functions_that_ask_for_each_other_are_refused() {
    if which::which("node").is_err() {
        return;
    }
    let asks = |file: &str| format!("module.exports = ({{ resolveVariable }}) => resolveVariable('file(./{file})');");
    let project = Project::new("custom: ${file(./a.js)}\n").file("a.js", asks("b.js")).file("b.js", asks("a.js"));
    refused("a circle of functions", &project, "a file asks for itself: file(./a.js) → file(./b.js) → file(./a.js)");
}

#[test]
fn expansions_without_bound_are_refused() {
    let values: String = (1..9)
        .map(|i| format!("  v{i}: [{}]\n", vec![format!("'${{self:custom.v{}}}'", i - 1); 10].join(", ")))
        .collect();
    refused(
        "values",
        &Project::new(&format!("custom:\n  v0: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n{values}")),
        "grows too large",
    );
    let texts: String =
        (1..30).map(|i| format!("  v{i}: '{}'\n", format!("${{self:custom.v{}}}", i - 1).repeat(10))).collect();
    refused("texts", &Project::new(&format!("custom:\n  v0: xxxxxxxxxx\n{texts}")), "grows too large");
}

#[test]
fn references_without_end_are_refused() {
    let chain: String = (0..5_000).map(|i| format!("  v{i}: ${{self:custom.v{}}}\n", i + 1)).collect();
    refused("a long chain", &Project::new(&format!("custom:\n{chain}  v5000: 1\n")), "more than 1000 other values");
    let deep = Project::new(&format!("custom: '{}'\n", "${self:".repeat(50_000)));
    refused("deep variables", &deep, "variable syntax");
    let many = Project::new(&format!("custom: '{}'\n", "${self:service}".repeat(100_001)));
    refused("many variables", &many, "more than 100000 variables in one text");
    let fallbacks = Project::new(&format!("custom: ${{{}1}}\n", "opt:x, ".repeat(100_001)));
    refused("many fallbacks", &fallbacks, "more than 100000 variables in one text");
    let grows =
        Project::new("custom:\n  a: '${file(./f.yml):${self:service}}'\n").file("f.yml", "shop: '${self:custom.b}'\n");
    refused("a missing value", &grows, "`custom` has no `b`");
}
