//! Which fault meets which request: everything follows from a seed.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The connection is reset before the request is carried out.
    Reset,
    /// Nobody answers, and nothing is carried out.
    Timeout,
    /// It is carried out, and nobody answers in time.
    LateAnswer,
    /// It is carried out, and the connection is closed instead of an answer.
    LostAnswer,
    /// It is carried out, and half of the answer comes.
    Truncated,
    /// The answer comes in drops.
    Slow,
    /// HTTP 500.
    Internal,
    /// HTTP 503.
    Unavailable,
    /// The error by which the service's protocol tells of throttling.
    Throttled,
    /// The credentials have expired.
    Expired,
    /// SIGKILL for rlx, before the request is carried out.
    KillBefore,
    /// SIGKILL for rlx, after the request was carried out, before it is answered.
    KillAfter,
    /// Ctrl-C, after the request was carried out.
    Interrupt,
}

impl Fault {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Reset => "connection reset",
            Self::Timeout => "no answer, not carried out",
            Self::LateAnswer => "no answer in time, carried out",
            Self::LostAnswer => "answer lost, carried out",
            Self::Truncated => "answer cut off, carried out",
            Self::Slow => "slow body",
            Self::Internal => "500",
            Self::Unavailable => "503",
            Self::Throttled => "throttled",
            Self::Expired => "expired token",
            Self::KillBefore => "SIGKILL before the call",
            Self::KillAfter => "SIGKILL after the call was carried out",
            Self::Interrupt => "Ctrl-C",
        }
    }
}

/// Faults that meet any request; the others are planned once for a run of rlx.
const COMMON: [Fault; 9] = [
    Fault::Reset,
    Fault::LostAnswer,
    Fault::Truncated,
    Fault::Slow,
    Fault::Internal,
    Fault::Unavailable,
    Fault::Throttled,
    Fault::LostAnswer,
    Fault::Throttled,
];

/// The faults of one run of rlx.
pub struct Plan {
    random: Random,
    /// Of a thousand requests, how many meet a fault.
    rate: u64,
    /// Faults planned for the request of a number.
    at: BTreeMap<u64, Fault>,
    /// Faults planned for an operation, and whether for each call of it or the first alone.
    on: BTreeMap<String, (Fault, bool)>,
    /// From this request on, so many are reset.
    outage: Option<(u64, u64)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: u64,
    /// How often each operation was asked for. Keys of the draw, so that requests which run side by side do not
    /// change each other's lot.
    operations: BTreeMap<String, u64>,
}

impl Plan {
    /// Nothing happens.
    pub fn quiet() -> Self {
        Self::planned(BTreeMap::new())
    }

    /// The first call of each of these operations.
    pub fn at<'a>(calls: impl IntoIterator<Item = (&'a str, Fault)>) -> Self {
        Self::planned(calls.into_iter().map(|(operation, fault)| (operation.to_owned(), (fault, false))).collect())
    }

    /// Each call of an operation.
    pub fn always(operation: &str, fault: Fault) -> Self {
        Self::planned(BTreeMap::from([(operation.to_owned(), (fault, true))]))
    }

    fn planned(on: BTreeMap<String, (Fault, bool)>) -> Self {
        Self { random: Random::new(0), rate: 0, at: BTreeMap::new(), on, outage: None, state: Mutex::default() }
    }

    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let rate = [30, 100, 200, 350][random.below(4) as usize];
        let mut at = BTreeMap::new();
        if random.below(100) < 45 {
            let end = [Fault::KillBefore, Fault::KillAfter, Fault::KillAfter, Fault::Interrupt];
            at.insert(random.below(40), end[random.below(4) as usize]);
        }
        if random.below(100) < 20 {
            at.insert(random.below(30), Fault::Expired);
        }
        if random.below(100) < 25 {
            at.insert(random.below(30), [Fault::Timeout, Fault::LateAnswer][random.below(2) as usize]);
        }
        let outage = (random.below(100) < 15).then(|| (random.below(30), 2 + random.below(30)));
        Self { random, rate, at, on: BTreeMap::new(), outage, state: Mutex::default() }
    }

    /// What happens to the next request.
    pub fn next(&self, operation: &str) -> Option<Fault> {
        let (number, nth) = {
            let mut state = self.state.lock().unwrap();
            let number = state.requests;
            state.requests += 1;
            let nth = state.operations.entry(operation.to_owned()).or_default();
            *nth += 1;
            (number, *nth)
        };
        if let Some((fault, always)) = self.on.get(operation) {
            return (*always || nth == 1).then_some(*fault);
        }
        if let Some(fault) = self.at.get(&number) {
            return Some(*fault);
        }
        if self.outage.is_some_and(|(from, count)| number >= from && number < from + count) {
            return Some(Fault::Reset);
        }
        let mut random = self.random.fork(operation, nth);
        (random.below(1000) < self.rate).then(|| COMMON[random.below(COMMON.len() as u64) as usize])
    }
}

/// SplitMix64: the same numbers on every machine and with every compiler.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A source of its own for the `nth` call of an operation.
    fn fork(&self, operation: &str, nth: u64) -> Self {
        let hash =
            operation.bytes().fold(self.0 ^ nth, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self::new(hash)
    }
}
