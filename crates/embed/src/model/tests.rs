//! The encoder against a plain one, written as the papers have it: loops and nothing else.

use super::*;
use crate::testing::{EPS, HEADS, LAYERS, Tiny, WIDE, WIDTH, edit};

/// `x · weightᵀ + bias`, in double precision as everything here.
fn linear(tiny: &Tiny, name: &str, x: &[Vec<f64>], to: usize) -> Vec<Vec<f64>> {
    let weight = tiny.tensor(&format!("{name}.weight"));
    let bias = tiny.tensor(&format!("{name}.bias"));
    let row = |x: &Vec<f64>| {
        let one = |at: usize| {
            let weights = &weight[at * x.len()..(at + 1) * x.len()];
            let sum: f64 = weights.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum();
            sum + f64::from(bias[at])
        };
        (0..to).map(one).collect()
    };
    x.iter().map(row).collect()
}

fn norm(tiny: &Tiny, name: &str, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let weight = tiny.tensor(&format!("{name}.weight"));
    let bias = tiny.tensor(&format!("{name}.bias"));
    let row = |x: &Vec<f64>| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let scaled = x.iter().map(|x| (x - mean) / (variance + EPS).sqrt());
        scaled
            .zip(weight.iter().zip(bias))
            .map(|(x, (w, b))| x * f64::from(*w) + f64::from(*b))
            .collect()
    };
    x.iter().map(row).collect()
}

fn add(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    a.iter().zip(b).map(row).collect()
}

/// The error function, by its series: exact enough for the small arguments here.
fn erf(x: f64) -> f64 {
    let (mut sum, mut term) = (0.0, x);
    for n in 0..200 {
        sum += term / f64::from(2 * n + 1);
        term *= -x * x / f64::from(n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

fn attended(tiny: &Tiny, name: &str, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let part = |part: &str| linear(tiny, &format!("{name}.attention.self.{part}"), x, WIDTH);
    let (query, key, value) = (part("query"), part("key"), part("value"));
    let size = WIDTH / HEADS;
    let mut mixed = vec![vec![0.0; WIDTH]; x.len()];
    for head in 0..HEADS {
        let of = |row: &Vec<f64>| row[head * size..(head + 1) * size].to_vec();
        for (at, query) in query.iter().map(of).enumerate() {
            let dot = |key: Vec<f64>| query.iter().zip(key).map(|(a, b)| a * b).sum::<f64>();
            let scores = key.iter().map(of).map(|key| (dot(key) / (size as f64).sqrt()).exp());
            let scores: Vec<f64> = scores.collect();
            let total: f64 = scores.iter().sum();
            for (value, score) in value.iter().map(of).zip(&scores) {
                for (to, value) in mixed[at][head * size..].iter_mut().zip(value) {
                    *to += value * score / total;
                }
            }
        }
    }
    linear(tiny, &format!("{name}.attention.output.dense"), &mixed, WIDTH)
}

/// The vector of some tokens, by loops.
fn plain(tiny: &Tiny, tokens: &[usize], pooling: Pooling) -> Vec<f64> {
    let row = |name: &str, at: usize| -> Vec<f64> {
        let table = tiny.tensor(&format!("embeddings.{name}.weight"));
        table[at * WIDTH..(at + 1) * WIDTH].iter().map(|x| f64::from(*x)).collect()
    };
    let sum = |(at, &token): (usize, &usize)| -> Vec<f64> {
        let words = row("word_embeddings", token);
        let rest = add(&[row("position_embeddings", at)], &[row("token_type_embeddings", 0)]);
        words.iter().zip(&rest[0]).map(|(a, b)| a + b).collect()
    };
    let mut x: Vec<Vec<f64>> = tokens.iter().enumerate().map(sum).collect();
    x = norm(tiny, "embeddings.LayerNorm", &x);
    for layer in 0..LAYERS {
        let name = format!("encoder.layer.{layer}");
        let after = add(&attended(tiny, &name, &x), &x);
        x = norm(tiny, &format!("{name}.attention.output.LayerNorm"), &after);
        let mut wide = linear(tiny, &format!("{name}.intermediate.dense"), &x, WIDE);
        for x in wide.iter_mut().flatten() {
            *x *= 0.5 * (1.0 + erf(*x / std::f64::consts::SQRT_2));
        }
        let after = add(&linear(tiny, &format!("{name}.output.dense"), &wide, WIDTH), &x);
        x = norm(tiny, &format!("{name}.output.LayerNorm"), &after);
    }
    let pooled: Vec<f64> = match pooling {
        Pooling::First => x[0].clone(),
        Pooling::Mean => {
            (0..WIDTH).map(|at| x.iter().map(|row| row[at]).sum::<f64>() / x.len() as f64).collect()
        }
    };
    let length = pooled.iter().map(|x| x * x).sum::<f64>().sqrt();
    pooled.iter().map(|x| x / length).collect()
}

fn check(tiny: &Tiny, text: &str, tokens: &[usize], pooling: Pooling) {
    let model = Model::open(tiny.path()).unwrap();
    let found = &model.embed(TextKind::Passage, &[text]).unwrap()[0];
    let expected = plain(tiny, tokens, pooling);
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((f64::from(*found) - expected).abs() < 1e-4, "{text:?} {at}: {found} {expected}");
    }
}

#[test]
fn the_encoder_agrees_with_a_plain_one() {
    let tiny = Tiny::new();
    check(&tiny, "The bikes is red?", &[2, 4, 5, 7, 6, 8, 11, 3], Pooling::Mean);
    check(&tiny, "", &[2, 3], Pooling::Mean);
    check(&tiny, "zebra", &[2, 1, 3], Pooling::Mean);
    // Sixteen tokens are read, the two special ones included.
    let read: Vec<usize> = [2].into_iter().chain(std::iter::repeat_n(9, 14)).chain([3]).collect();
    check(&tiny, &"blue ".repeat(40), &read, Pooling::Mean);
    let pooling = tiny.path().join("1_Pooling/config.json");
    edit(&pooling, r#""pooling_mode_cls_token":false"#, r#""pooling_mode_cls_token":true"#);
    edit(&pooling, r#""pooling_mode_mean_tokens":true"#, r#""pooling_mode_mean_tokens":false"#);
    check(&tiny, "return the bike", &[2, 10, 4, 5, 3], Pooling::First);
}

#[test]
fn a_vector_depends_on_its_text_alone() {
    let tiny = Tiny::new();
    let model = Model::open(tiny.path()).unwrap();
    let texts = ["the red bike", "blue", "return the bikes ? is the bike red ?", ""];
    let together = model.embed(TextKind::Passage, &texts).unwrap();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let own = alone.install(|| model.embed(TextKind::Passage, &[text]).unwrap());
        assert_eq!(&own[0], vector, "{text:?}");
    }
}

#[test]
fn a_question_gets_the_prompt_of_its_model() {
    let tiny = Tiny::new();
    let prompts = tiny.path().join("config_sentence_transformers.json");
    std::fs::write(prompts, r#"{"prompts":{"query":"return "}}"#).unwrap();
    let model = Model::open(tiny.path()).unwrap();
    let question = model.embed(TextKind::Question, &["the bike"]).unwrap();
    assert_eq!(question, model.embed(TextKind::Passage, &["return the bike"]).unwrap());
}

#[test]
fn every_file_that_counts_is_part_of_the_key() {
    let key = |tiny: &Tiny| Model::open(tiny.path()).unwrap().key();
    let (one, other) = (Tiny::new(), Tiny::new());
    assert_eq!(key(&one), key(&other));
    edit(&other.path().join("sentence_bert_config.json"), "16", "12");
    assert_ne!(key(&one), key(&other));
    let mut tensors = one.tensors.clone();
    tensors[0].2[0] += 0.5;
    let before = key(&one);
    one.write(&tensors);
    assert_ne!(before, key(&one));
}

#[test]
fn a_broken_model_is_refused_with_file_and_part() {
    let check = |break_it: &dyn Fn(&Tiny), expected: &[&str]| {
        let tiny = Tiny::new();
        break_it(&tiny);
        let message = Model::open(tiny.path()).unwrap_err().to_string();
        assert!(expected.iter().all(|part| message.contains(part)), "{message}");
    };
    let weights = "model.safetensors";
    let query = "encoder.layer.1.attention.self.query.weight";
    let without = |tiny: &Tiny| {
        let kept = tiny.tensors.iter().filter(|(name, ..)| name != query).cloned();
        tiny.write(&kept.collect::<Vec<_>>());
    };
    check(&without, &[weights, query, "it is missing"]);
    let reshaped = |tiny: &Tiny| {
        let mut tensors = tiny.tensors.clone();
        tensors.iter_mut().filter(|(name, ..)| name == query).for_each(|(_, shape, _)| {
            *shape = vec![WIDTH * 2, WIDTH / 2];
        });
        tiny.write(&tensors);
    };
    check(&reshaped, &[weights, query, "expected [32, 32]"]);
    for bytes in [&b""[..], b"\xff\xff\xff\xff\xff\xff\xff\xff{}", b"\x02\0\0\0\0\0\0\0{}"] {
        check(&|tiny| std::fs::write(tiny.path().join(weights), bytes).unwrap(), &[weights]);
    }
    let missing = |name: &'static str| {
        move |tiny: &Tiny| std::fs::remove_file(tiny.path().join(name)).unwrap()
    };
    for name in ["config.json", "tokenizer.json", weights] {
        check(&missing(name), &[name]);
    }
    let tokenizer = "tokenizer.json";
    check(&|tiny| edit(&tiny.path().join(tokenizer), "{", "["), &[tokenizer]);
    let more = |tiny: &Tiny| {
        edit(&tiny.path().join(tokenizer), r#""[UNK]":1"#, r#""[UNK]":1,"more":12"#);
    };
    check(&more, &[tokenizer, "13 words, the model knows 12"]);
    let large = |tiny: &Tiny| {
        let file = std::fs::File::create(tiny.path().join("config.json")).unwrap();
        file.set_len(crate::folder::JSON_BYTES_MAX + 1).unwrap();
    };
    check(&large, &["config.json", "1048577 bytes, limit 1048576"]);
}

#[test]
fn a_vector_without_a_direction_is_an_error() {
    let tiny = Tiny::new();
    let mut tensors = tiny.tensors.clone();
    tensors[0].2.fill(f32::NAN);
    tiny.write(&tensors);
    let model = Model::open(tiny.path()).unwrap();
    let error = model.embed(TextKind::Passage, &["the bike"]).unwrap_err().to_string();
    assert!(error.contains("a text of 8 bytes") && error.contains("no direction"), "{error}");
}

/// Runs where `JELY_TEST_MODEL` names the folder of all-MiniLM-L6-v2.
#[test]
#[expect(clippy::disallowed_methods, reason = "a model of 90 MB is no fixture")]
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
fn a_real_model_knows_what_belongs_together() {
    let Ok(folder) = std::env::var("JELY_TEST_MODEL") else {
        eprintln!("JELY_TEST_MODEL names no model: not tested with a real one");
        return;
    };
    let model = Model::open(Path::new(&folder)).unwrap();
    let texts =
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."];
    let vectors = model.embed(TextKind::Passage, &texts).unwrap();
    // What the documentation of sentence-transformers prints for these.
    for (a, b, expected) in [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411)] {
        let found: f32 = vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum();
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}
