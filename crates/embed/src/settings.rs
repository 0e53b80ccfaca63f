//! The configuration files of a model, checked.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::EmbedError;
use crate::folder::Folder;

/// Largest width of a layer; the largest encoders in use have 1,024.
const WIDTH_MAX: usize = 4096;

/// Most layers; the largest encoders in use have 24.
const LAYERS_MAX: usize = 64;

/// Largest vocabulary; multilingual ones have 250,000 words.
const WORDS_MAX: usize = 1_000_000;

/// Most tokens of a text. Attention costs their square.
const TOKENS_MAX: usize = 8192;

/// `config.json`, as far as the encoder needs it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Architecture {
    model_type: String,
    pub(crate) hidden_size: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) vocab_size: usize,
    pub(crate) max_position_embeddings: usize,
    #[serde(default = "two")]
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn two() -> usize {
    2
}

fn absolute() -> String {
    "absolute".to_owned()
}

/// The function between the two halves of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// By the error function.
    Gelu,
    /// Its approximation by the hyperbolic tangent.
    GeluTanh,
    Relu,
}

/// How the vectors of the tokens become that of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// Their mean.
    Mean,
    /// That of the first token.
    First,
}

/// What a model is, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) architecture: Architecture,
    pub(crate) activation: Activation,
    pub(crate) pooling: Pooling,
    /// Tokens of a text that are read, the special ones included.
    pub(crate) tokens_max: usize,
    /// What is put before a question.
    pub(crate) question_prompt: String,
    /// What is put before a passage.
    pub(crate) passage_prompt: String,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(default)]
struct PoolingFile {
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

impl Default for PoolingFile {
    fn default() -> Self {
        Self {
            pooling_mode_cls_token: false,
            pooling_mode_mean_tokens: true,
            pooling_mode_max_tokens: false,
            pooling_mode_mean_sqrt_len_tokens: false,
            pooling_mode_weightedmean_tokens: false,
            pooling_mode_lasttoken: false,
        }
    }
}

#[derive(Deserialize)]
struct SentenceFile {
    max_seq_length: Option<usize>,
}

#[derive(Deserialize, Default)]
struct PromptFile {
    #[serde(default)]
    prompts: BTreeMap<String, String>,
}

impl Settings {
    /// Reads and checks the configuration of a model.
    pub(crate) fn read(folder: &mut Folder) -> Result<Self, EmbedError> {
        let architecture: Architecture = folder.json("config.json")?;
        let path = folder.file("config.json");
        architecture.check(&path)?;
        let activation = architecture.activation(&path)?;
        let pooling = pooling(folder)?;
        let sentence: Option<SentenceFile> = folder.json_if_there("sentence_bert_config.json")?;
        let tokens_max = sentence.and_then(|file| file.max_seq_length);
        let tokens_max = tokens_max.unwrap_or(architecture.max_position_embeddings);
        let most = architecture.max_position_embeddings.min(TOKENS_MAX);
        // Two of them are special.
        within(&folder.file("sentence_bert_config.json"), "max_seq_length", tokens_max, 3, most)?;
        let mut prompts = folder
            .json_if_there::<PromptFile>("config_sentence_transformers.json")?
            .unwrap_or_default()
            .prompts;
        let mut prompt = |names: [&str; 2]| {
            names.into_iter().find_map(|name| prompts.remove(name)).unwrap_or_default()
        };
        Ok(Self {
            architecture,
            activation,
            pooling,
            tokens_max,
            question_prompt: prompt(["query", "question"]),
            passage_prompt: prompt(["document", "passage"]),
        })
    }
}

impl Architecture {
    fn check(&self, path: &Path) -> Result<(), EmbedError> {
        is_one_of(path, "model_type", &self.model_type, &["bert"])?;
        let kind = &self.position_embedding_type;
        is_one_of(path, "position_embedding_type", kind, &["absolute"])?;
        within(path, "hidden_size", self.hidden_size, 1, WIDTH_MAX)?;
        within(path, "intermediate_size", self.intermediate_size, 1, 4 * WIDTH_MAX)?;
        within(path, "num_hidden_layers", self.num_hidden_layers, 1, LAYERS_MAX)?;
        within(path, "num_attention_heads", self.num_attention_heads, 1, self.hidden_size)?;
        within(path, "vocab_size", self.vocab_size, 1, WORDS_MAX)?;
        within(path, "max_position_embeddings", self.max_position_embeddings, 3, 1 << 20)?;
        within(path, "type_vocab_size", self.type_vocab_size, 1, 16)?;
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let found = self.num_attention_heads.to_string();
            let expected = format!("expected a divisor of hidden_size ({})", self.hidden_size);
            return Err(unsupported(path, "num_attention_heads", found, expected));
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            let found = self.layer_norm_eps.to_string();
            let expected = "expected a number between 0 and 1".to_owned();
            return Err(unsupported(path, "layer_norm_eps", found, expected));
        }
        Ok(())
    }

    fn activation(&self, path: &Path) -> Result<Activation, EmbedError> {
        let known = ["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"];
        is_one_of(path, "hidden_act", &self.hidden_act, &known)?;
        Ok(match self.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "relu" => Activation::Relu,
            _ => Activation::GeluTanh,
        })
    }
}

/// The pooling that `modules.json` names; the mean where there is no such file. Vectors are
/// brought to unit length in any case, so whether a module says so makes no difference.
fn pooling(folder: &mut Folder) -> Result<Pooling, EmbedError> {
    let modules: Option<Vec<Module>> = folder.json_if_there("modules.json")?;
    let path = folder.file("modules.json");
    let mut pooling = Pooling::Mean;
    for module in modules.unwrap_or_default() {
        let kind = module.kind.rsplit('.').next().unwrap_or_default();
        is_one_of(&path, "type", kind, &["Transformer", "Pooling", "Normalize"])?;
        if kind == "Transformer" && !module.path.is_empty() {
            let expected = "expected the encoder in the folder itself".to_owned();
            return Err(unsupported(&path, "path", format!("{:?}", module.path), expected));
        }
        if kind == "Pooling" {
            // A name and no path: nothing outside of the folder is read.
            let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if module.path.is_empty() || !module.path.chars().all(inside) {
                let expected = "expected the name of a folder".to_owned();
                return Err(unsupported(&path, "path", format!("{:?}", module.path), expected));
            }
            pooling = pooling_of(folder, &format!("{}/config.json", module.path))?;
        }
    }
    Ok(pooling)
}

fn pooling_of(folder: &mut Folder, name: &str) -> Result<Pooling, EmbedError> {
    let file: PoolingFile = folder.json(name)?;
    let others = [
        (file.pooling_mode_max_tokens, "max"),
        (file.pooling_mode_mean_sqrt_len_tokens, "mean_sqrt_len"),
        (file.pooling_mode_weightedmean_tokens, "weightedmean"),
        (file.pooling_mode_lasttoken, "lasttoken"),
    ];
    let other = others.iter().find(|(set, _)| *set).map(|(_, name)| *name);
    match (file.pooling_mode_cls_token, file.pooling_mode_mean_tokens, other) {
        (false, true, None) => Ok(Pooling::Mean),
        (true, false, None) => Ok(Pooling::First),
        (_, _, other) => {
            let found = other.unwrap_or("several or none").to_owned();
            let expected = "expected cls_token or mean_tokens alone".to_owned();
            Err(unsupported(&folder.file(name), "pooling_mode", found, expected))
        }
    }
}

fn within(
    path: &Path,
    field: &'static str,
    found: usize,
    min: usize,
    max: usize,
) -> Result<(), EmbedError> {
    if (min..=max).contains(&found) {
        return Ok(());
    }
    Err(unsupported(path, field, found.to_string(), format!("expected {min} to {max}")))
}

fn is_one_of(
    path: &Path,
    field: &'static str,
    found: &str,
    known: &[&str],
) -> Result<(), EmbedError> {
    if known.contains(&found) {
        return Ok(());
    }
    let found = format!("{:?}", found.chars().take(80).collect::<String>());
    Err(unsupported(path, field, found, format!("expected {}", known.join(" or "))))
}

fn unsupported(path: &Path, field: &'static str, found: String, expected: String) -> EmbedError {
    EmbedError::Unsupported { path: path.to_owned(), field, found, expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tiny, edit};

    fn check(file: &str, from: &str, to: &str, expected: &str) {
        let tiny = Tiny::new();
        edit(&tiny.path().join(file), from, to);
        let message = Settings::read(&mut Folder::new(tiny.path())).unwrap_err().to_string();
        assert!(message.contains(file) && message.contains(expected), "{message}");
    }

    #[test]
    fn what_the_encoder_does_not_know_is_refused_by_its_field() {
        check("config.json", r#""bert""#, r#""t5""#, "model_type is \"t5\": expected bert");
        check("config.json", r#""gelu""#, r#""silu""#, "hidden_act is \"silu\"");
        check("config.json", r#""hidden_size":32"#, r#""hidden_size":33"#, "num_attention_heads");
        check("config.json", r#""hidden_size":32"#, r#""hidden_size":9999"#, "expected 1 to 4096");
        check("config.json", r#""vocab_size":"#, r#""vocab_size":1000001,"x":"#, "vocab_size");
        check("config.json", r#""absolute""#, r#""relative_key""#, "position_embedding_type");
        check("config.json", "{", "[", "line 1");
        check("modules.json", "models.Normalize", "models.Dense", "type is \"Dense\"");
        check("modules.json", "1_Pooling", "../1_Pooling", "path is");
        let pooling = "1_Pooling/config.json";
        check(
            pooling,
            r#""pooling_mode_cls_token":false"#,
            r#""pooling_mode_cls_token":true"#,
            "several",
        );
        check("sentence_bert_config.json", "16", "65", "expected 3 to 64");
    }

    #[test]
    fn what_is_missing_has_its_usual_value() {
        let tiny = Tiny::new();
        for file in ["modules.json", "sentence_bert_config.json"] {
            std::fs::remove_file(tiny.path().join(file)).unwrap();
        }
        let settings = Settings::read(&mut Folder::new(tiny.path())).unwrap();
        assert_eq!((settings.pooling, settings.tokens_max), (Pooling::Mean, 64));
        std::fs::remove_file(tiny.path().join("config.json")).unwrap();
        let error = Settings::read(&mut Folder::new(tiny.path())).unwrap_err();
        assert!(matches!(error, EmbedError::Io { .. }), "{error}");
    }

    #[test]
    fn prompts_are_read_where_the_model_has_some() {
        let tiny = Tiny::new();
        let text = r#"{"prompts":{"query":"ask: ","document":""},"default_prompt_name":null}"#;
        std::fs::write(tiny.path().join("config_sentence_transformers.json"), text).unwrap();
        let settings = Settings::read(&mut Folder::new(tiny.path())).unwrap();
        assert_eq!(settings.question_prompt, "ask: ");
        assert_eq!(settings.passage_prompt, "");
    }
}
