//! Deploys, changes and removals under faults: a few lives of the soak, of which `tests/soak` has as many as wanted.

#[path = "../soak/cases.rs"]
mod cases;
#[path = "../soak/life.rs"]
mod life;
#[path = "../soak/plan.rs"]
mod plan;
#[path = "../soak/proxy.rs"]
pub mod proxy;
#[path = "../soak/world.rs"]
mod world;

use crate::harness::emulator;
use assert_cmd::cargo::cargo_bin;
use life::Life;
use proxy::Proxy;
use world::World;

/// Seconds that rlx waits for an answer: no machine is so slow that an answer is missed which was not withheld.
const TIMEOUT: u64 = 60;

fn world() -> World {
    World { endpoint: emulator().endpoint.clone() }
}

fn check(case: usize) {
    if let Err(problem) = cases::CASES[case].check(&cargo_bin("rlx"), &world(), &emulator().cache, TIMEOUT) {
        panic!("{problem}");
    }
}

#[test]
fn a_call_that_was_carried_out_and_not_answered_is_not_carried_out_twice() {
    check(0);
}

#[test]
fn a_run_that_was_killed_after_any_of_its_changes_is_taken_up() {
    check(1);
}

#[test]
fn what_a_killed_run_uploaded_is_known_to_a_record_though_the_code_was_edited() {
    check(2);
}

#[test]
fn credentials_that_expire_on_the_way_are_renewed() {
    check(3);
}

#[test]
fn credentials_that_cannot_be_renewed_are_told_of_and_the_next_run_goes_on() {
    check(4);
}

#[test]
fn lives_under_faults_of_all_kinds_reach_their_goal() {
    for seed in SEEDS {
        let home = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(world().endpoint.trim_start_matches("http://"));
        let rlx = cargo_bin("rlx");
        let mut life = Life::new(seed, &rlx, &world(), &proxy, home.path(), &emulator().cache).patient(TIMEOUT);
        if let Err(problem) = life.live() {
            let met: Vec<String> = proxy.counts().iter().map(|(fault, n)| format!("{n} x {}", fault.text())).collect();
            panic!("seed {seed}: {problem} ({})\n{}", met.join(", "), life.story);
        }
        assert!(!proxy.counts().is_empty(), "seed {seed} met no fault");
    }
}

/// Seeds whose faults need no waiting.
const SEEDS: [u64; 3] = [57, 63, 74];
