//! Condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators").

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    NumericEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    /// `ArnEquals` and `ArnLike`, which behave the same.
    Arn,
    /// Whether the key is absent.
    Null,
}

/// How an operator treats a key with several values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quantifier {
    /// No prefix.
    #[default]
    Single,
    /// `ForAllValues:`
    ForAll,
    /// `ForAnyValue:`
    ForAny,
}

/// A condition operator with its prefix and suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    pub comparison: Comparison,
    /// Whether it asks for the opposite (`StringNotEquals`).
    pub negated: bool,
    /// Whether it has the suffix `IfExists`.
    pub if_exists: bool,
    pub quantifier: Quantifier,
}

const NAMES: &[(&str, Comparison, bool)] = &[
    ("stringequals", Comparison::StringEquals, false),
    ("stringnotequals", Comparison::StringEquals, true),
    ("stringequalsignorecase", Comparison::StringEqualsIgnoreCase, false),
    ("stringnotequalsignorecase", Comparison::StringEqualsIgnoreCase, true),
    ("stringlike", Comparison::StringLike, false),
    ("stringnotlike", Comparison::StringLike, true),
    ("numericequals", Comparison::NumericEquals, false),
    ("numericnotequals", Comparison::NumericEquals, true),
    ("numericlessthan", Comparison::NumericLessThan, false),
    ("numericlessthanequals", Comparison::NumericLessThanEquals, false),
    ("numericgreaterthan", Comparison::NumericGreaterThan, false),
    ("numericgreaterthanequals", Comparison::NumericGreaterThanEquals, false),
    ("dateequals", Comparison::DateEquals, false),
    ("datenotequals", Comparison::DateEquals, true),
    ("datelessthan", Comparison::DateLessThan, false),
    ("datelessthanequals", Comparison::DateLessThanEquals, false),
    ("dategreaterthan", Comparison::DateGreaterThan, false),
    ("dategreaterthanequals", Comparison::DateGreaterThanEquals, false),
    ("bool", Comparison::Bool, false),
    ("binaryequals", Comparison::BinaryEquals, false),
    ("ipaddress", Comparison::IpAddress, false),
    ("notipaddress", Comparison::IpAddress, true),
    ("arnequals", Comparison::Arn, false),
    ("arnlike", Comparison::Arn, false),
    ("arnnotequals", Comparison::Arn, true),
    ("arnnotlike", Comparison::Arn, true),
    ("null", Comparison::Null, false),
];

impl Operator {
    /// The operator of a name, whose letter case does not matter.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (quantifier, name) = match name.split_once(':') {
            Some(("forallvalues", rest)) => (Quantifier::ForAll, rest),
            Some(("foranyvalue", rest)) => (Quantifier::ForAny, rest),
            Some(_) => return None,
            None => (Quantifier::Single, name.as_str()),
        };
        let (if_exists, name) = match name.strip_suffix("ifexists") {
            Some(plain) if plain != "null" => (true, plain),
            _ => (false, name),
        };
        let (_, comparison, negated) = NAMES.iter().find(|(known, ..)| *known == name)?;
        Some(Self { comparison: *comparison, negated: *negated, if_exists, quantifier })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_suffix_and_negation_are_told_apart() {
        let operator = Operator::parse("ForAllValues:StringNotLikeIfExists").unwrap();
        assert_eq!(operator.comparison, Comparison::StringLike);
        assert_eq!(operator.quantifier, Quantifier::ForAll);
        assert!(operator.negated && operator.if_exists);
    }

    #[test]
    fn what_is_no_operator_is_refused() {
        for name in ["", "StringEqual", "ForSomeValues:StringEquals", "NullIfExists", "IfExists"] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
