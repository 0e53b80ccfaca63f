//! A model small enough to be written by a test: two layers, random weights, a few words.

use std::fs;
use std::path::Path;

use serde_json::json;

pub(crate) const WIDTH: usize = 32;
pub(crate) const WIDE: usize = 48;
pub(crate) const HEADS: usize = 4;
pub(crate) const LAYERS: usize = 2;
pub(crate) const POSITIONS: usize = 64;
pub(crate) const EPS: f64 = 1e-6;

/// The vocabulary; a word's place is its token.
pub(crate) const WORDS: [&str; 12] =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "bike", "is", "##s", "red", "blue", "return", "?"];

/// A folder with a model.
pub(crate) struct Tiny {
    folder: tempfile::TempDir,
    pub(crate) tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl Tiny {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, value: serde_json::Value| {
            fs::write(folder.path().join(name), value.to_string()).unwrap();
        };
        fs::create_dir(folder.path().join("1_Pooling")).unwrap();
        write(
            "config.json",
            json!({
                "model_type": "bert", "hidden_size": WIDTH, "intermediate_size": WIDE,
                "num_attention_heads": HEADS, "num_hidden_layers": LAYERS,
                "vocab_size": WORDS.len(), "max_position_embeddings": POSITIONS,
                "type_vocab_size": 2, "layer_norm_eps": EPS, "hidden_act": "gelu",
                "position_embedding_type": "absolute",
            }),
        );
        let module = |at: usize, path: &str, kind: &str| {
            let kind = format!("sentence_transformers.models.{kind}");
            json!({"idx": at, "name": at.to_string(), "path": path, "type": kind})
        };
        let modules = [
            module(0, "", "Transformer"),
            module(1, "1_Pooling", "Pooling"),
            module(2, "2_Normalize", "Normalize"),
        ];
        write("modules.json", json!(modules));
        write(
            "1_Pooling/config.json",
            json!({"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}),
        );
        write("sentence_bert_config.json", json!({"max_seq_length": 16}));
        write("tokenizer.json", tokenizer());
        let tensors = tensors();
        fs::write(folder.path().join("model.safetensors"), safetensors(&tensors)).unwrap();
        Self { folder, tensors }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The numbers of a tensor.
    pub(crate) fn tensor(&self, name: &str) -> &[f32] {
        &self.tensors.iter().find(|(found, ..)| found == name).unwrap().2
    }

    /// Writes other tensors into the model's file.
    pub(crate) fn write(&self, tensors: &[(String, Vec<usize>, Vec<f32>)]) {
        fs::write(self.path().join("model.safetensors"), safetensors(tensors)).unwrap();
    }
}

/// Replaces a part of a file that is there.
pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn tokenizer() -> serde_json::Value {
    let words: serde_json::Map<String, serde_json::Value> =
        WORDS.iter().enumerate().map(|(at, word)| ((*word).to_owned(), json!(at))).collect();
    let special = |word: &str, id: usize| {
        json!({"id": id, "content": word, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    let begin = json!({"SpecialToken": {"id": "[CLS]", "type_id": 0}});
    let end = json!({"SpecialToken": {"id": "[SEP]", "type_id": 0}});
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    json!({
        "version": "1.0",
        // What some models ship with, and what must not count.
        "truncation": {"max_length": 5, "strategy": "LongestFirst", "stride": 0,
                       "direction": "Right"},
        "padding": {"strategy": {"Fixed": 5}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [special("[PAD]", 0), special("[UNK]", 1), special("[CLS]", 2),
                         special("[SEP]", 3)],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin.clone(), text.clone(), end.clone()], "pair": [begin, text, end],
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
            },
        },
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": words},
    })
}

fn tensors() -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![WORDS.len(), WIDTH]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![POSITIONS, WIDTH]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, WIDTH]),
        ("embeddings.LayerNorm.weight".to_owned(), vec![WIDTH]),
        ("embeddings.LayerNorm.bias".to_owned(), vec![WIDTH]),
    ];
    for layer in 0..LAYERS {
        let mut dense = |part: &str, to: usize, from: usize| {
            let name = format!("encoder.layer.{layer}.{part}");
            let weight = if from == 0 { vec![to] } else { vec![to, from] };
            shapes.push((format!("{name}.weight"), weight));
            shapes.push((format!("{name}.bias"), vec![to]));
        };
        for part in ["query", "key", "value"] {
            dense(&format!("attention.self.{part}"), WIDTH, WIDTH);
        }
        dense("attention.output.dense", WIDTH, WIDTH);
        dense("attention.output.LayerNorm", WIDTH, 0);
        dense("intermediate.dense", WIDE, WIDTH);
        dense("output.dense", WIDTH, WIDE);
        dense("output.LayerNorm", WIDTH, 0);
    }
    // A linear congruential generator: the same weights each time.
    let mut state = 12345_u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut fill = |shape: &[usize]| (0..shape.iter().product()).map(|_| number()).collect();
    shapes.into_iter().map(|(name, shape)| (name, shape.clone(), fill(&shape))).collect()
}

/// The bytes of a safetensors file.
fn safetensors(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::<u8>::new());
    for (name, shape, numbers) in tensors {
        let start = data.len();
        data.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name.clone(), entry);
    }
    let header = serde_json::Value::from(header).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}
