//! The sentence `User: P is not authorized to perform: A on resource: R because no ... policy allows ...`
//! and its relatives, whole or in fragments (IAM user guide, "Troubleshoot access denied error messages").

use super::field;
use super::squeeze::Squeezed;
use crate::diagnose::{Effect, Layer};
use crate::iam::catalogue;
use std::ops::Range;

/// How far a field may reach, in squeezed bytes.
const FIELD: usize = 700;

/// A denial as its text tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Denial {
    /// Who was denied.
    pub principal: Option<String>,
    /// The action as the text spells it; without a colon where it names an operation only.
    pub action: Option<String>,
    /// On what.
    pub resource: Option<String>,
    /// Which policy layer decided, where the text says.
    pub layer: Option<Layer>,
    /// Whether that layer denied, or did not allow.
    pub effect: Option<Effect>,
    /// ARN of the policy that denied, where the text says.
    pub policy: Option<String>,
    /// Whether a tool mentions it in passing and goes on.
    pub aside: bool,
    /// Whether it ends within the words that would name the resource.
    pub cut: bool,
    /// Whether S3's own settings against public access stand in the way.
    pub public: bool,
    /// Where it stands in the cleaned text.
    pub range: Range<usize>,
}

impl Denial {
    /// Whether another sentence says the same and more: tools print a shortened answer before the whole one.
    fn is_cut_of(&self, other: &Self) -> bool {
        let same = self.principal == other.principal
            && self.principal.is_some()
            && self.action == other.action
            && self.action.is_some()
            && self.layer.is_none()
            && self.effect.is_none()
            && other.range.start != self.range.start;
        match (&self.resource, &other.resource) {
            (Some(short), Some(long)) => {
                same && long.len() > short.len()
                    && long.starts_with(short.as_str())
                    && !long[short.len()..].starts_with(['/', ':', '*'])
            }
            (None, Some(_)) => same && self.cut,
            _ => false,
        }
    }
}

const ANCHORS: [&str; 7] = [
    "notauthorizedtoperform",
    "n'tauthorizedtoperform",
    "notauthorisedtoperform",
    "nopermissiontoperform",
    "nothavepermissiontoperform",
    "nothavepermissionstoperform",
    "notallowedtoperform",
];

/// All denials of a text, in order.
pub fn read(text: &str, squeezed: &Squeezed) -> Vec<Denial> {
    let mut found: Vec<Denial> = Vec::new();
    for anchor in ANCHORS {
        for (at, _) in squeezed.text.match_indices(anchor) {
            found.extend(sentence(text, squeezed, at, at + anchor.len()));
        }
    }
    found.extend(super::labelled::read(text, squeezed));
    found.extend(super::decoded::read(text, squeezed));
    let all = found.clone();
    found.retain(|denial| !all.iter().any(|other| denial.is_cut_of(other)));
    found.extend(headless(text, squeezed, &all));
    found.sort_by_key(|denial| denial.range.start);
    let fragments = fragments(text, squeezed, &found);
    found.extend(fragments);
    found.sort_by_key(|denial| denial.range.start);
    found
}

/// The sentence around an anchor.
fn sentence(text: &str, squeezed: &Squeezed, start: usize, mut after: usize) -> Option<Denial> {
    let rest = squeezed.window(after, FIELD);
    for word in ["theaction", "action", "theoperation", "the"] {
        let Some(behind) = rest.strip_prefix(word) else { continue };
        if behind.starts_with([':', '\'', '"', '`']) || (word != "the" && behind.contains(':')) {
            after += word.len();
            break;
        }
    }
    let rest = squeezed.window(after, FIELD);
    if ["thisoperation", "thisaction", "theoperation", "theaction", "therequested", "anyoperation"]
        .iter()
        .any(|word| rest.starts_with(word))
    {
        return None;
    }
    after += rest.len() - rest.trim_start_matches([':', '"', '\'', '`', '[']).len();
    let mut denial = Denial { principal: field::principal(text, squeezed, start), ..Denial::default() };
    let (action, behind_action) = field::action(text, squeezed, after)?;
    let mut end = behind_action;
    if !action.is_empty() {
        denial.action = Some(action);
    }
    // Serverless Framework v3 cannot compare the functions, and goes on.
    denial.aside = squeezed.window(behind_action, 40).starts_with("foratleastone");
    if let Some((resource, behind)) = field::resource(text, squeezed, behind_action) {
        denial.resource = resource;
        end = behind;
    }
    denial.cut = denial.resource.is_none() && is_cut(squeezed.window(behind_action, 24));
    end = reason(text, squeezed, &mut denial, end);
    let from = start.saturating_sub(8);
    denial.range = squeezed.range(from..end.max(from));
    Some(denial)
}

/// Fills in the reason that stands at `end` of the squeezed text, and gives where it ends.
fn reason(text: &str, squeezed: &Squeezed, denial: &mut Denial, mut end: usize) -> usize {
    let reason = squeezed.window(end, 420);
    // S3's own settings: `because public policies are prevented by the BlockPublicPolicy setting`.
    if reason.starts_with("becausepublic") {
        denial.layer = Some(Layer::Resource);
        denial.effect = Some(Effect::Explicit);
        denial.public = true;
        end += reason.find("blockpublicaccess").map_or(0, |at| at + "blockpublicaccess".len());
    } else if let Some(found) = reason_of(reason, denial.action.as_deref()) {
        denial.layer = found.layer;
        denial.effect = Some(found.effect);
        denial.policy = policy_arn(text, squeezed, end + found.end);
        end += found.end;
    }
    end
}

/// Sentences whose beginning was cut off: an action, `on resource:`, and perhaps a reason.
fn headless(text: &str, squeezed: &Squeezed, known: &[Denial]) -> Vec<Denial> {
    const MARKS: [char; 4] = ['"', '\'', '`', ':'];
    let without_head = |at: usize| {
        let origin = squeezed.start(at);
        if known.iter().any(|denial| denial.range.start <= origin && origin < denial.range.end) {
            return None;
        }
        let word = text[..origin].split_whitespace().next_back()?.trim_matches(MARKS);
        let action = catalogue::action(word)?.name();
        let (resource, behind) = field::resource(text, squeezed, at)?;
        let mut denial = Denial { action: Some(action.to_owned()), resource, ..Denial::default() };
        let end = reason(text, squeezed, &mut denial, behind);
        denial.range = squeezed.range(at.saturating_sub(word.len())..end);
        Some(denial)
    };
    squeezed.text.match_indices("onresource:").filter_map(|(at, _)| without_head(at)).collect()
}

/// Whether a squeezed text breaks off within `on resource:`.
fn is_cut(rest: &str) -> bool {
    const WORDS: &str = "onresource:arn:";
    let shared = WORDS.bytes().zip(rest.bytes()).take_while(|(a, b)| a == b).count();
    let behind = &rest[shared..];
    shared < WORDS.len()
        && (behind.is_empty() || ["...", "…", "(trunc", "[trunc", "<trunc"].iter().any(|mark| behind.starts_with(mark)))
}

/// A reason, and where it ends in the squeezed text.
pub(super) struct Reason {
    pub(super) layer: Option<Layer>,
    pub(super) effect: Effect,
    end: usize,
}

const LAYERS: [(&str, Layer); 20] = [
    ("identity-basedpolicy", Layer::Identity),
    ("identitybasedpolicy", Layer::Identity),
    ("identity-basedpolicies", Layer::Identity),
    ("resource-basedpolicy", Layer::Resource),
    ("resourcebasedpolicy", Layer::Resource),
    ("resource-basedpolicies", Layer::Resource),
    ("permissionsboundary", Layer::Boundary),
    ("permissionboundary", Layer::Boundary),
    ("permissionsboundarypolicy", Layer::Boundary),
    ("sessionpolicy", Layer::Session),
    ("sessionpolicies", Layer::Session),
    ("servicecontrolpolicy", Layer::Scp),
    ("servicecontrolpolicies", Layer::Scp),
    ("servicecontrolpolicy(scp)", Layer::Scp),
    ("resourcecontrolpolicy", Layer::Rcp),
    ("resourcecontrolpolicies", Layer::Rcp),
    ("vpcendpointpolicy", Layer::Endpoint),
    ("vpcendpointpolicies", Layer::Endpoint),
    ("roletrustpolicy", Layer::Trust),
    ("trustpolicy", Layer::Trust),
];

/// The reason at the start of a squeezed text, perhaps behind a few words.
pub(super) fn reason_of(text: &str, action: Option<&str>) -> Option<Reason> {
    // The next sentence of the same kind begins a denial of its own.
    let text = &text[..text.find("isnotauthorizedto").unwrap_or(text.len())];
    let implicit = ["becauseno", "becausethe", "asno", "sinceno"]
        .iter()
        .filter_map(|word| text.find(word).map(|at| (at, at + word.len(), Effect::Implicit)));
    let explicit = ["withanexplicitdeny", "withexplicitdeny", "explicitdeny", "explicitlydenied"]
        .iter()
        .filter_map(|word| text.find(word).map(|at| (at, at + word.len(), Effect::Explicit)));
    let (at, end, effect) = implicit.chain(explicit).min_by_key(|(at, end, _)| (*at, usize::MAX - *end))?;
    // Far behind the action stands something else.
    if at > 200 && action.is_some() {
        return None;
    }
    let rest = &text[end..];
    if rest.contains("nosuchpolicy") {
        return None;
    }
    if rest.starts_with("resourcedoesnotexistinthisregion") || rest.starts_with("resource-basedpoliciesallow") {
        let end = end + rest.find("deniesaccess").map_or(0, |at| at + "deniesaccess".len());
        return Some(Reason { layer: Some(Layer::Resource), effect: Effect::Implicit, end });
    }
    let (layer, mut behind) = layer_of(rest);
    // `... VPC endpoint policy transitively through a service control policy`: the last one decides.
    let mut layer = layer;
    if let Some(through) = rest[behind..].strip_prefix("transitivelythrough") {
        let (last, length) = layer_of(through);
        layer = last.or(layer);
        behind = rest.len() - through.len() + length;
    }
    Some(Reason { layer, effect, end: end + behind })
}

/// The layer that a squeezed text names at its start, and the length of that.
fn layer_of(text: &str) -> (Option<Layer>, usize) {
    let start = ["inan", "ina", "inthe", "inone", "byan", "bya", "in", "an", "a", "the", ""]
        .iter()
        .filter(|word| text.starts_with(**word))
        .map(|word| word.len());
    for skip in start {
        let rest = &text[skip..];
        let named = LAYERS.iter().filter(|(name, _)| rest.starts_with(name)).max_by_key(|(name, _)| name.len());
        if let Some((name, layer)) = named {
            return (Some(*layer), skip + name.len());
        }
    }
    (None, 0)
}

/// The ARN behind `... policy:`.
fn policy_arn(text: &str, squeezed: &Squeezed, at: usize) -> Option<String> {
    let rest = squeezed.window(at, FIELD);
    let skipped = rest.len() - rest.trim_start_matches([':', '"', '\'']).len();
    rest[skipped..].starts_with("arn:").then(|| field::token(text, squeezed.start(at + skipped)))
}

/// Reasons that stand alone, because the sentence before them was cut off or never printed.
fn fragments(text: &str, squeezed: &Squeezed, known: &[Denial]) -> Vec<Denial> {
    let mut out: Vec<Denial> = Vec::new();
    let starts = ["no", "explicitdenyin", "explicitlydeniedby"];
    for (name, layer) in LAYERS {
        for (at, _) in squeezed.text.match_indices(name) {
            let origin = squeezed.start(at);
            if known.iter().chain(&out).any(|denial| denial.range.start <= origin && origin < denial.range.end) {
                continue;
            }
            let before = &squeezed.text[floor(&squeezed.text, at.saturating_sub(24))..at];
            let before = ["an", "a", "the"].iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before);
            let Some(start) = starts.iter().find(|start| before.ends_with(**start)) else { continue };
            let effect = if *start == "no" { Effect::Implicit } else { Effect::Explicit };
            let behind = at + name.len();
            let mut denial = Denial { layer: Some(layer), effect: Some(effect), ..Denial::default() };
            let rest = squeezed.window(behind, 40);
            let mut end = behind;
            if effect == Effect::Implicit {
                let Some(allows) = ["allowsthe", "allowthe", "allows", "allow"].iter().find(|w| rest.starts_with(**w))
                else {
                    continue;
                };
                end += allows.len();
                if let Some((action, behind_action)) = field::action(text, squeezed, end)
                    && action.contains(':')
                {
                    denial.action = Some(action);
                    end = behind_action;
                }
            } else {
                denial.policy = policy_arn(text, squeezed, behind);
            }
            denial.range = squeezed.range(at - start.len()..end);
            out.push(denial);
        }
    }
    out
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
