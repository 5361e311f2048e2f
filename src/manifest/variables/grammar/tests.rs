use super::*;
use proptest::prelude::*;
use serde_json::json;

/// A compact form of what was parsed, to compare with.
fn shape(text: &str) -> Value {
    match parse(text) {
        Ok(found) => found.iter().map(variable_shape).collect(),
        Err(_) => json!("error"),
    }
}

fn variable_shape(variable: &Variable) -> Value {
    match &variable.content {
        Content::Escape(text) => json!({ "escape": text, "at": [variable.range.start, variable.range.end] }),
        Content::Lookup(sources) => sources.iter().map(source_shape).collect(),
    }
}

fn source_shape(source: &Source) -> Value {
    match source {
        Source::Literal(value) => json!({ "literal": value }),
        Source::Call(call) => {
            let mut shape = serde_json::Map::new();
            shape.insert("type".into(), call.kind.clone().into());
            if let Some(params) = &call.params {
                shape.insert("params".into(), params.iter().map(argument_shape).collect());
            }
            if let Some(address) = &call.address {
                shape.insert("address".into(), argument_shape(address));
            }
            shape.into()
        }
    }
}

fn argument_shape(argument: &Argument) -> Value {
    if argument.variables.is_empty() {
        return argument.value.clone();
    }
    let inner: Value = argument.variables.iter().map(variable_shape).collect();
    json!({ "text": argument.value, "holds": inner })
}

#[test]
fn a_variable_has_a_type_and_an_address() {
    assert_eq!(shape("${self:custom.a}"), json!([[{"type": "self", "address": "custom.a"}]]));
    assert_eq!(shape("${self:}"), json!([[{"type": "self"}]]));
    assert_eq!(shape("${sls:  stage }"), json!([[{"type": "sls", "address": "stage"}]]));
    assert_eq!(shape("${env:'A B, C'}"), json!([[{"type": "env", "address": "A B, C"}]]));
}

#[test]
fn params_are_literals_strings_or_text() {
    assert_eq!(
        shape("${file(./a b.yml, 1, true, 'x,y', \"\\u00e4\", , z):k}"),
        json!([[{"type": "file", "params": ["./a b.yml", 1, true, "x,y", "ä", null, "z"], "address": "k"}]])
    );
    assert_eq!(shape("${git()}"), json!([[{"type": "git", "params": []}]]));
    assert_eq!(shape("${x(0, false)}"), json!([[{"type": "x", "params": [null, null]}]]));
}

#[test]
fn fallbacks_and_literals_follow_commas() {
    assert_eq!(
        shape("${opt:a, env:B, file(c), 'd'}"),
        json!([[
            {"type": "opt", "address": "a"},
            {"type": "env", "address": "B"},
            {"type": "file", "params": ["c"]},
            {"literal": "d"},
        ]])
    );
    for (text, literal) in [
        ("true", json!(true)),
        ("false", json!(false)),
        ("null", json!(null)),
        ("12", json!(12)),
        ("-1.5", json!(-1.5)),
        ("1e3", json!(1000)),
        ("0x10", json!(16)),
        ("''", json!("")),
        ("\"a\\n\"", json!("a\n")),
    ] {
        assert_eq!(
            shape(&format!("${{a:b, {text} }}")),
            json!([[{"type": "a", "address": "b"}, {"literal": literal}]])
        );
    }
}

#[test]
fn variables_nest_in_params_and_addresses() {
    assert_eq!(
        shape("${file(./${opt:a}.yml):${self:b, 'c'}.d}"),
        json!([[{
            "type": "file",
            "params": [{"text": "./${opt:a}.yml", "holds": [[{"type": "opt", "address": "a"}]]}],
            "address": {
                "text": "${self:b, 'c'}.d",
                "holds": [[{"type": "self", "address": "b"}, {"literal": "c"}]],
            },
        }]])
    );
}

#[test]
fn what_belongs_to_others_is_left_alone() {
    for text in [
        "${AWS::Region}",
        "${foo}",
        "${}",
        "${a b}",
        "${self}",
        "$",
        "${",
        "${foo",
        "{}",
        "$(x)",
        "${aws::x}",
        "${ x:y }",
    ] {
        assert_eq!(shape(text), json!([]), "{text}");
    }
}

#[test]
fn variables_inside_foreign_ones_are_ours() {
    assert_eq!(shape("${AWS::${self:a}}"), json!([[{"type": "self", "address": "a"}]]));
    assert_eq!(parse("x${Foo ${self:a}}").expect("valid")[0].range, 7..16);
}

#[test]
fn backslashes_escape() {
    assert_eq!(shape("\\${self:a}"), json!([{"escape": "$", "at": [0, 2]}]));
    assert_eq!(shape("\\\\${self:a}"), json!([{"escape": "\\", "at": [0, 2]}, [{"type": "self", "address": "a"}]]));
    assert_eq!(shape("\\\\\\${self:a}"), json!([{"escape": "\\$", "at": [0, 4]}]));
    assert_eq!(shape("\\n $\\ \\$x"), json!([]));
}

#[test]
fn dollars_before_a_variable_belong_to_it() {
    assert_eq!(parse("a$$${self:a}").expect("valid")[0].range, 1..12);
}

#[test]
fn what_is_wrong_is_refused() {
    for text in [
        "${self:a",
        "${self:a, ",
        "${self:a, ${self:b}}",
        "${self:a, b}",
        "${self:a, b c:d}",
        "${self:a, 'b', self:c}",
        "${self:a, true, self:c}",
        "${file(a}",
        "${file(a)x}",
        "${file('a' b)}",
        "${self:${foo}}",
        "${self:${}}",
        "${file(x)::y}",
        "${self:'a' b}",
        "${self:a, \"\\x\"}",
        "${self:a, Foo:b}",
        "${self:a, -}",
        "${self:a, 'b}",
    ] {
        assert_eq!(shape(text), json!("error"), "{text}");
    }
}

#[test]
fn endless_nesting_is_refused() {
    assert_eq!(shape(&"${".repeat(100_000)), json!("error"));
    assert_eq!(shape(&"${a:".repeat(100_000)), json!("error"));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_and_ranges_are_in_order(text in "[\\\\$\\{\\}a-c:,()'\"ä .]{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.range).is_some());
        }
        if let Ok(found) = parse(&text) {
            let mut last = 0;
            for variable in found {
                prop_assert!(last <= variable.range.start && variable.range.start < variable.range.end);
                prop_assert!(text.get(variable.range.clone()).is_some());
                last = variable.range.end;
            }
        }
    }

    #[test]
    fn an_escaped_variable_is_no_variable(name in "[a-z]{1,8}", before in "[a-z ]{0,8}") {
        let text = format!("{before}\\${{self:{name}}}");
        let found = parse(&text).expect("valid");
        let contents: Vec<_> = found.into_iter().map(|v| v.content).collect();
        prop_assert_eq!(contents, vec![Content::Escape("$".to_owned())]);
    }
}
