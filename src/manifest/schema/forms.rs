//! Values that may have several forms: `allOf`, `anyOf`, `oneOf` and `not`.

use super::expect;
use super::validate::{Kind, Path, Validator, Violation, quoted, violation};
use crate::manifest::document::{Entry, Node, Span, Value};
use serde_json::{Map, Value as Json};

impl<'s> Validator<'s> {
    pub(super) fn check_combinations(
        &mut self,
        node: &mut Node,
        schema: &'s Map<String, Json>,
        path: &Path,
        found: &mut Vec<Violation>,
    ) {
        for part in schema.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            found.extend(self.check(node, part, path));
        }
        if let Some(Json::Array(branches)) = schema.get("anyOf") {
            found.extend(self.check_any(node, branches, path));
        }
        if let Some(Json::Array(branches)) = schema.get("oneOf") {
            found.extend(self.check_one(node, branches, path));
        }
        if let Some(not) = schema.get("not") {
            let mut copy = node.clone();
            if self.check(&mut copy, not, path).is_empty() {
                let message = format!("{} must not be {}", quoted(path), expect::value(node));
                found.push(violation(Kind::Value, node, path, message));
            }
        }
    }

    fn check_any(&mut self, node: &mut Node, branches: &'s [Json], path: &Path) -> Vec<Violation> {
        if let Some(kinds) = self.kinds(branches) {
            return self.check_kind(node, &kinds, path);
        }
        let mut failed = Vec::with_capacity(branches.len());
        for branch in branches {
            let violations = self.check(node, branch, path);
            if violations.is_empty() {
                return violations;
            }
            failed.push(violations);
        }
        self.nearest(node, branches, failed, path)
    }

    fn check_one(&mut self, node: &mut Node, branches: &'s [Json], path: &Path) -> Vec<Violation> {
        let failed: Vec<_> = branches.iter().map(|branch| self.check(node, branch, path)).collect();
        match failed.iter().filter(|violations| violations.is_empty()).count() {
            1 => Vec::new(),
            0 => self.nearest(node, branches, failed, path),
            _ => {
                let keys: Vec<_> = branches.iter().filter_map(|b| b["required"][0].as_str()).collect();
                let message = match keys.as_slice() {
                    [] => format!("{} fits several forms at once", quoted(path)),
                    keys => format!("{} has both {}: use one of them", quoted(path), expect::words(keys, "and")),
                };
                vec![violation(Kind::Value, node, path, message)]
            }
        }
    }

    /// Branches that are told apart by the one key that each of them must have (events), by this key.
    fn kinds(&self, branches: &'s [Json]) -> Option<Vec<(&'s str, &'s Json)>> {
        let mut kinds = Vec::with_capacity(branches.len());
        for branch in branches {
            let branch = self.resolve(branch)?;
            let properties = branch.get("properties")?.as_object()?;
            let (name, schema) = properties.iter().next().filter(|_| properties.len() == 1)?;
            if branch.get("required")?.as_array()?.first()? != name.as_str() || name.starts_with("Fn::") {
                return None;
            }
            if kinds.iter().any(|(other, _)| other == name) {
                return None;
            }
            kinds.push((name.as_str(), schema));
        }
        (kinds.len() > 1).then_some(kinds)
    }

    fn check_kind(&mut self, node: &mut Node, kinds: &[(&'s str, &'s Json)], path: &Path) -> Vec<Violation> {
        let names = || kinds.iter().map(|(name, _)| *name);
        let Value::Map(map) = &mut node.value else {
            return vec![expect::not_a_kind(node, names(), path)];
        };
        let kind = map.iter().find_map(|(key, _)| kinds.iter().find(|(name, _)| name == key)).copied();
        let Some((name, schema)) = kind else {
            return vec![expect::unknown_kind(node, names(), path)];
        };
        let here = path.key(name);
        let empty = map.get(name).is_some_and(|entry| entry.node.value == Value::Null);
        let others: Vec<(String, Option<Span>)> = map
            .iter()
            .filter(|(key, entry)| *key != name && entry.node.value != Value::Null)
            .map(|(key, entry)| (key.clone(), entry.key_span))
            .collect();
        if empty {
            return vec![expect::empty_kind(node, name, !others.is_empty(), path)];
        }
        let Some(Entry { node: value, .. }) = map.get_mut(name) else { return Vec::new() };
        let mut found = self.check(value, schema, &here);
        for (key, span) in others {
            let mut violation = expect::beside_kind(node, name, &key, path);
            violation.span = span.or(violation.span);
            found.push(violation);
        }
        found
    }

    /// The violations of the form that was most likely meant: not one of another type, or with another
    /// constant; of those left, the one that is wrong deepest inside, with the fewest violations.
    fn nearest(
        &self,
        node: &Node,
        branches: &'s [Json],
        mut failed: Vec<Vec<Violation>>,
        path: &Path,
    ) -> Vec<Violation> {
        let meant = |violations: &Vec<Violation>| {
            !violations.iter().any(|v| match v.kind {
                Kind::Type => v.depth == path.depth,
                Kind::Constant => v.depth <= path.depth + 1,
                _ => false,
            })
        };
        let mut candidates: Vec<usize> = (0..failed.len()).filter(|i| meant(&failed[*i])).collect();
        let scalar = !matches!(node.value, Value::Map(_) | Value::List(_));
        if candidates.is_empty() || (scalar && candidates.len() > 1) {
            let branches = if candidates.is_empty() {
                branches.iter().collect()
            } else {
                candidates.iter().map(|i| &branches[*i]).collect::<Vec<_>>()
            };
            let forms = expect::forms(&branches, |schema| self.resolve(schema));
            let message = format!("{} must be {forms}, not {}", quoted(path), expect::value(node));
            return vec![violation(Kind::Type, node, path, message)];
        }
        let rank = |i: &usize| {
            let violations = &failed[*i];
            let missing = violations.iter().any(|v| v.kind == Kind::Missing && v.depth == path.depth);
            let deepest = violations.iter().map(|v| v.depth).max().unwrap_or_default();
            (missing, usize::MAX - deepest, violations.len())
        };
        candidates.sort_by_key(rank);
        failed.swap_remove(candidates[0])
    }
}
