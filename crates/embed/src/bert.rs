//! The encoder: embeddings, then layers of attention and of a small network for each token.
//!
//! Names of tensors are those that `transformers` writes.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};

use crate::EmbedError;
use crate::settings::{Activation, Architecture};

/// The encoder with its weights.
pub(crate) struct Bert {
    words: Tensor,
    /// Of the positions, that of the one token type added.
    positions: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    activation: Activation,
}

struct Layer {
    /// Query, key and value of all heads: one product instead of three.
    attention: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    wide: Linear,
    narrow: Linear,
    norm: Norm,
}

/// `x · weight + bias`.
struct Linear {
    weight: Tensor,
    bias: Tensor,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

impl Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}

impl Bert {
    /// Builds the encoder from the bytes of a safetensors file; `path` is for errors.
    pub(crate) fn load(
        bytes: &[u8],
        architecture: &Architecture,
        activation: Activation,
        path: &Path,
    ) -> std::result::Result<Self, EmbedError> {
        let held = candle_core::safetensors::load_buffer(bytes, &Device::Cpu);
        let tensors = held.map_err(|error| EmbedError::invalid(path, error))?;
        let prefix = if tensors.contains_key(WORDS) { "" } else { "bert." };
        Weights { tensors, prefix, path, eps: architecture.layer_norm_eps as f32 }
            .bert(architecture, activation)
    }

    /// The vectors of the tokens, one a row. At least one token, no more than there are positions,
    /// each below the size of the vocabulary.
    pub(crate) fn forward(&self, tokens: &[u32]) -> Result<Tensor> {
        let ids = Tensor::new(tokens, &Device::Cpu)?;
        let words = self.words.index_select(&ids, 0)?;
        let mut x = self.norm.forward(&(words + self.positions.narrow(0, 0, tokens.len())?)?)?;
        for layer in &self.layers {
            x = layer.forward(&x, self.heads, self.activation)?;
        }
        Ok(x)
    }
}

impl Layer {
    fn forward(&self, x: &Tensor, heads: usize, activation: Activation) -> Result<Tensor> {
        let attended = self.attend(x, heads)?;
        let x = self.attention_norm.forward(&(self.attention_out.forward(&attended)? + x)?)?;
        let wide = self.wide.forward(&x)?;
        let wide = match activation {
            Activation::Gelu => wide.gelu_erf()?,
            Activation::GeluTanh => wide.gelu()?,
            Activation::Relu => wide.relu()?,
        };
        self.norm.forward(&(self.narrow.forward(&wide)? + x)?)
    }

    fn attend(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let (tokens, width) = x.dims2()?;
        let all = self.attention.forward(x)?.reshape((tokens, 3, heads, width / heads))?;
        // Each is (heads, tokens, width of a head).
        let part = |at: usize| all.narrow(1, at, 1)?.squeeze(1)?.transpose(0, 1)?.contiguous();
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let scale = 1.0 / ((width / heads) as f64).sqrt();
        let scores = (query.matmul(&key.t()?)? * scale)?;
        let mixed = softmax_last_dim(&scores)?.matmul(&value)?;
        mixed.transpose(0, 1)?.contiguous()?.reshape((tokens, width))
    }
}

const WORDS: &str = "embeddings.word_embeddings.weight";

/// The tensors of a file.
struct Weights<'a> {
    tensors: HashMap<String, Tensor>,
    /// Before the names: files of whole models have one.
    prefix: &'static str,
    path: &'a Path,
    eps: f32,
}

impl Weights<'_> {
    fn bert(
        &self,
        architecture: &Architecture,
        activation: Activation,
    ) -> std::result::Result<Bert, EmbedError> {
        let width = architecture.hidden_size;
        let words = self.tensor(WORDS, &[architecture.vocab_size, width])?;
        let name = "embeddings.position_embeddings.weight";
        let positions = self.tensor(name, &[architecture.max_position_embeddings, width])?;
        let name = "embeddings.token_type_embeddings.weight";
        let types = self.tensor(name, &[architecture.type_vocab_size, width])?;
        let first = types.narrow(0, 0, 1).and_then(|first| positions.broadcast_add(&first));
        let layers = 0..architecture.num_hidden_layers;
        Ok(Bert {
            words,
            positions: first.map_err(|error| self.error(name, error))?,
            norm: self.norm("embeddings.LayerNorm", width)?,
            layers: layers
                .map(|at| self.layer(at, architecture))
                .collect::<std::result::Result<_, EmbedError>>()?,
            heads: architecture.num_attention_heads,
            activation,
        })
    }

    fn layer(
        &self,
        at: usize,
        architecture: &Architecture,
    ) -> std::result::Result<Layer, EmbedError> {
        let (width, wide) = (architecture.hidden_size, architecture.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{at}.{part}");
        let parts = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
        Ok(Layer {
            attention: self.stacked(&parts, width)?,
            attention_out: self.linear(&name("attention.output.dense"), width, width)?,
            attention_norm: self.norm(&name("attention.output.LayerNorm"), width)?,
            wide: self.linear(&name("intermediate.dense"), width, wide)?,
            narrow: self.linear(&name("output.dense"), wide, width)?,
            norm: self.norm(&name("output.LayerNorm"), width)?,
        })
    }

    fn linear(
        &self,
        name: &str,
        from: usize,
        to: usize,
    ) -> std::result::Result<Linear, EmbedError> {
        let weight = self.tensor(&format!("{name}.weight"), &[to, from])?;
        let weight = weight.t().and_then(|weight| weight.contiguous());
        let weight = weight.map_err(|error| self.error(name, error))?;
        Ok(Linear { weight, bias: self.tensor(&format!("{name}.bias"), &[to])? })
    }

    /// Several square layers over one input as one.
    fn stacked(&self, names: &[String], width: usize) -> std::result::Result<Linear, EmbedError> {
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for name in names {
            let Linear { weight, bias } = self.linear(name, width, width)?;
            weights.push(weight);
            biases.push(bias);
        }
        let error = |error| self.error(names.first().map_or("", String::as_str), error);
        let weight = Tensor::cat(&weights, 1).map_err(error)?;
        Ok(Linear { weight, bias: Tensor::cat(&biases, 0).map_err(error)? })
    }

    fn norm(&self, name: &str, width: usize) -> std::result::Result<Norm, EmbedError> {
        let weight = self.tensor(&format!("{name}.weight"), &[width])?;
        let bias = self.tensor(&format!("{name}.bias"), &[width])?;
        Ok(Norm { weight, bias, eps: self.eps })
    }

    /// A tensor of this shape, in single precision.
    fn tensor(&self, name: &str, shape: &[usize]) -> std::result::Result<Tensor, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let found = self.tensors.get(&name).ok_or_else(|| self.error(&name, "it is missing"))?;
        if found.dims() != shape {
            let why = format!("shape {:?}, expected {shape:?}", found.dims());
            return Err(self.error(&name, why));
        }
        found.to_dtype(DType::F32).map_err(|error| self.error(&name, error))
    }

    fn error(&self, name: &str, why: impl ToString) -> EmbedError {
        let (path, name) = (self.path.to_owned(), name.to_owned());
        EmbedError::Tensor { path, name, why: why.to_string() }
    }
}
