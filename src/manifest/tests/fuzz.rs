//! The fuzz targets without a fuzzer: mutations of real input, for as long as `RLX_FUZZ_SECONDS` says.

#[path = "../../../fuzz/src/targets.rs"]
mod targets;

use std::time::{Duration, Instant};

const SEEDS: &[&str] = &[
    "service: a\nprovider: {name: aws}\nfunctions:\n  - f: &x {handler: a.b}\n  - <<: *x\n    g: !Sub '${a}'\n",
    "a: |\n  text\nb: >-\n  folded\n? [c, d]\n: 'e'\n\"f\\u00e4\": 0x1F # c\n--- \n",
    "${self:a.b, opt:c, file(./d.yml):e, 'f', true} \\${g} ${AWS::Region} ${env:${sls:stage}}",
    "a: ${self:b}\nb: [1, '${self:c}', {d: '${opt:e, 3}'}]\nc: x${self:a}y\n",
];
const TOKENS: &[&str] = &[
    "${", "}", "self:", "\\", "'", "\"", ",", "(", ")", ":", "- ", "\n", "  ", "&a ", "*a", "<<: ", "!Ref ", "[", "]",
    "{", "|", ">", "#", "\t", "ä", "\u{feff}", "a", "1", "? ", "---\n", "%", "@",
];

/// A sequence that is the same on every machine (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    fn input(&mut self) -> Vec<u8> {
        let mut bytes = SEEDS[self.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=self.below(12) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 => drop(bytes.drain(at..(at + self.below(8)).min(bytes.len()))),
                1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                2 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
                _ => drop(bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].bytes())),
            }
        }
        bytes
    }
}

#[test]
fn mutated_input_is_read_or_refused() {
    let seconds = std::env::var("RLX_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let end = seconds.map(|s| Instant::now() + Duration::from_secs(s));
    let mut random = Random(seconds.unwrap_or(7));
    let mut inputs = 0_u64;
    while end.map_or(inputs < 500, |end| Instant::now() < end) {
        let input = random.input();
        for target in [targets::yaml, targets::grammar, targets::resolver] {
            let started = Instant::now();
            let failed = std::panic::catch_unwind(|| target(&input)).is_err();
            assert!(!failed, "panicked: {:?}", String::from_utf8_lossy(&input));
            if seconds.is_some() {
                assert!(started.elapsed() < Duration::from_secs(5), "slow: {:?}", String::from_utf8_lossy(&input));
            }
        }
        inputs += 1;
    }
    assert!(inputs >= 100);
}
