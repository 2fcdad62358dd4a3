//! Asks rsigma for verdicts, and times it.
//!
//! `vigil-peer-rsigma verdicts` reads cases from standard input, one JSON object a line:
//!   {"id": "...", "rules": "YAML, or absent", "files": ["rule files"], "events": [{...}], "times": [seconds]}
//! and answers each with a line {"id", "hits": [[rule ids] per event], "errors": [...]}.
//!
//! `vigil-peer-rsigma lanes RULES_DIR.. -- LANE.ndjson..` times every lane: bytes -> serde_json -> verdicts, one thread,
//! all rules, and prints one JSON object. The first pass warms up and counts the matches.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine, Engine, EvaluationResult, LogSourceExtractor};
use rsigma_parser::{SigmaCollection, parse_sigma_directory, parse_sigma_file, parse_sigma_yaml};
use serde_json::{Value, json};

/// Each lane is timed at least so long, and in at least PASSES_MIN passes.
const SECONDS_MIN: f64 = 3.0;
const PASSES_MIN: usize = 3;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("verdicts") => verdicts(),
        Some("lanes") => lanes(&args[1..]),
        Some("--version") => println!("rsigma-eval 0.23.0"),
        _ => {
            eprintln!("usage: vigil-peer-rsigma verdicts < CASES | lanes RULES_DIR.. -- LANE.ndjson..");
            std::process::exit(2);
        }
    }
}

fn verdicts() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input is UTF-8");
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Value>(&line) {
            Ok(case) => judge(&case),
            Err(e) => json!({ "id": null, "hits": [], "errors": [format!("case: {e}")] }),
        };
        writeln!(out, "{answer}").expect("standard output is open");
    }
}

fn judge(case: &Value) -> Value {
    let mut errors: Vec<String> = Vec::new();
    let collection = collect(case, &mut errors);
    let none = Vec::new();
    let events = case["events"].as_array().unwrap_or(&none);
    let hits: Vec<Value> = if collection.correlations.is_empty() {
        // Rule by rule, so that one that does not compile takes none with it.
        let mut engine = Engine::new();
        for (i, e) in engine.add_rules(&collection.rules) {
            errors.push(format!("{}: {e}", collection.rules[i].title));
        }
        for filter in &collection.filters {
            if let Err(e) = engine.apply_filter(filter) {
                errors.push(format!("{}: {e}", filter.title));
            }
        }
        events.iter().map(|v| ids(&engine.evaluate(&JsonEvent::borrow(v)))).collect()
    } else {
        let mut engine = CorrelationEngine::new(CorrelationConfig::default());
        if let Err(e) = engine.add_collection(&collection) {
            errors.push(format!("{e}"));
        }
        let times = case["times"].as_array().unwrap_or(&none);
        let at = |i: usize| times.get(i).and_then(Value::as_i64).unwrap_or(1_772_719_200 + i as i64);
        events
            .iter()
            .enumerate()
            .map(|(i, v)| ids(&engine.process_event_at(&JsonEvent::borrow(v), at(i))))
            .collect()
    };
    json!({ "id": case["id"], "hits": hits, "errors": errors })
}

fn collect(case: &Value, errors: &mut Vec<String>) -> SigmaCollection {
    let mut all = SigmaCollection::new();
    let mut take = |what: &str, read: Result<SigmaCollection, String>| match read {
        Ok(c) => {
            errors.extend(c.errors.iter().map(|e| format!("{what}: {e}")));
            all.rules.extend(c.rules);
            all.correlations.extend(c.correlations);
            all.filters.extend(c.filters);
        }
        Err(e) => errors.push(format!("{what}: {e}")),
    };
    if let Some(text) = case["rules"].as_str() {
        take("rules", parse_sigma_yaml(text).map_err(|e| e.to_string()));
    }
    for f in case["files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        take(f, parse_sigma_file(Path::new(f)).map_err(|e| e.to_string()));
    }
    all
}

fn ids(results: &[EvaluationResult]) -> Value {
    let mut out: Vec<&str> = results
        .iter()
        .map(|r| r.header.rule_id.as_deref().unwrap_or(&r.header.rule_title))
        .collect();
    out.sort_unstable();
    out.dedup();
    json!(out)
}

fn lanes(args: &[String]) {
    let split = args.iter().position(|a| a == "--").unwrap_or(args.len());
    let mut collection = SigmaCollection::new();
    let began = Instant::now();
    for dir in &args[..split] {
        let read = parse_sigma_directory(Path::new(dir)).expect("the folder of rules can be read");
        collection.rules.extend(read.rules);
    }
    let mut engine = Engine::new();
    let refused = engine.add_rules(&collection.rules).len();
    let load = began.elapsed().as_secs_f64();
    engine.set_logsource_extractor(Some(LogSourceExtractor::new()));
    let mut out = Vec::new();
    for file in args.iter().skip(split + 1) {
        let text = std::fs::read(file).expect("the lane can be read");
        let events: Vec<&[u8]> = text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
        let bytes: usize = events.iter().map(|e| e.len()).sum();
        let parse = time(|| parse_all(&events));
        // The ways in which its documentation says it can be run; the best of them counts.
        let mut ways = Vec::new();
        let mut matches = 0;
        for (way, bloom, across) in [
            ("index", false, false),
            ("index + bloom", true, false),
            ("index + cross-rule automaton", false, true),
        ] {
            engine.set_bloom_prefilter(bloom);
            if engine.cross_rule_ac_enabled() != across {
                engine.set_cross_rule_ac(across);
            }
            matches = run(&engine, &events);
            let seconds = time(|| run(&engine, &events));
            ways.push((way, events.len() as f64 / seconds));
        }
        let best = ways.iter().copied().fold(("", 0.0), |a, b| if b.1 > a.1 { b } else { a });
        out.push(json!({
            "lane": Path::new(file).file_stem().and_then(|s| s.to_str()),
            "events": events.len(),
            "bytes": bytes,
            "matches": matches,
            "parseEventsPerSecond": (events.len() as f64 / parse).round(),
            "eventsPerSecond": best.1.round(),
            "way": best.0,
            "ways": ways.iter().map(|(w, n)| json!([w, n.round()])).collect::<Vec<_>>(),
        }));
    }
    println!(
        "{}",
        json!({
            "engine": "rsigma",
            "version": "0.23.0",
            "rules": engine.rule_count(),
            "refused": refused,
            "loadSeconds": load,
            "lanes": out,
        })
    );
}

fn parse_all(events: &[&[u8]]) -> usize {
    let mut n = 0;
    for e in events {
        let v: Value = serde_json::from_slice(e).expect("a lane holds JSON");
        n += black_box(&v).is_object() as usize;
    }
    n
}

fn run(engine: &Engine, events: &[&[u8]]) -> usize {
    let mut n = 0;
    for e in events {
        let v: Value = serde_json::from_slice(e).expect("a lane holds JSON");
        n += black_box(engine.evaluate(&JsonEvent::borrow(&v))).len();
    }
    n
}

/// Seconds of the median pass.
fn time(mut pass: impl FnMut() -> usize) -> f64 {
    let mut taken = Vec::new();
    let began = Instant::now();
    while taken.len() < PASSES_MIN || began.elapsed().as_secs_f64() < SECONDS_MIN {
        let from = Instant::now();
        black_box(pass());
        taken.push(from.elapsed().as_secs_f64());
    }
    taken.sort_by(f64::total_cmp);
    taken[taken.len() / 2]
}
