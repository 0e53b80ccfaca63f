//! The encoder: embeddings, then layers of attention and of a small network for each token.
//!
//! Names of tensors are those that `transformers` writes. Shapes are checked when the tensors are
//! loaded, and what follows relies on that.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use safetensors::SafeTensors;

use crate::EmbedError;
use crate::math::{gelu, gelu_tanh, softmax};
use crate::settings::{Activation, Architecture};
use crate::weights::Weights;

/// The encoder with its weights.
pub(crate) struct Bert {
    words: Array2<f32>,
    /// Of the positions, that of the one token type added.
    positions: Array2<f32>,
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
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
    eps: f32,
}

impl Linear {
    fn forward(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weight) + &self.bias
    }
}

impl Norm {
    /// Brings each row to mean 0 and variance 1, then to the learnt ones.
    fn apply(&self, x: &mut Array2<f32>) {
        for mut row in x.rows_mut() {
            let count = row.len() as f32;
            let mean = row.sum() / count;
            let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
            let scale = 1.0 / (variance + self.eps).sqrt();
            for ((x, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *x = (*x - mean) * scale * weight + bias;
            }
        }
    }
}

impl Bert {
    /// Builds the encoder from the bytes of a safetensors file; `path` is for errors.
    pub(crate) fn load(
        bytes: &[u8],
        architecture: &Architecture,
        activation: Activation,
        path: &Path,
    ) -> Result<Self, EmbedError> {
        let held = SafeTensors::deserialize(bytes);
        let held = held.map_err(|error| EmbedError::invalid(path, &error))?;
        let weights = Weights::new(held, path);
        let (width, eps) = (architecture.hidden_size, architecture.layer_norm_eps as f32);
        let table =
            |name: &str, rows| weights.matrix(&format!("embeddings.{name}.weight"), rows, width);
        let mut positions = table("position_embeddings", architecture.max_position_embeddings)?;
        positions += &table("token_type_embeddings", architecture.type_vocab_size)?.row(0);
        let layers = 0..architecture.num_hidden_layers;
        Ok(Self {
            words: table("word_embeddings", architecture.vocab_size)?,
            positions,
            norm: norm(&weights, "embeddings.LayerNorm", width, eps)?,
            layers: layers.map(|at| layer(&weights, at, architecture)).collect::<Result<_, _>>()?,
            heads: architecture.num_attention_heads,
            activation,
        })
    }

    /// The vectors of the tokens, one a row. Tokens beyond the last position and those that are no
    /// word of the model are left out.
    pub(crate) fn forward(&self, tokens: &[u32]) -> Array2<f32> {
        let known = tokens.iter().map(|&token| token as usize).filter(|&t| t < self.words.nrows());
        let known: Vec<usize> = known.take(self.positions.nrows()).collect();
        let mut x = self.words.select(Axis(0), &known);
        x += &self.positions.slice_axis(Axis(0), Slice::from(..known.len()));
        self.norm.apply(&mut x);
        for layer in &self.layers {
            layer.apply(&mut x, self.heads, self.activation);
        }
        x
    }
}

impl Layer {
    fn apply(&self, x: &mut Array2<f32>, heads: usize, activation: Activation) {
        *x += &self.attention_out.forward(&self.attend(x, heads));
        self.attention_norm.apply(x);
        let mut wide = self.wide.forward(x);
        match activation {
            Activation::Gelu => wide.mapv_inplace(gelu),
            Activation::GeluTanh => wide.mapv_inplace(gelu_tanh),
            Activation::Relu => wide.mapv_inplace(|x| x.max(0.0)),
        }
        *x += &self.narrow.forward(&wide);
        self.norm.apply(x);
    }

    fn attend(&self, x: &Array2<f32>, heads: usize) -> Array2<f32> {
        let (width, all) = (x.ncols(), self.attention.forward(x));
        let size = width / heads;
        let scale = 1.0 / (size as f32).sqrt();
        let mut mixed = Array2::zeros(x.raw_dim());
        for start in (0..heads).map(|head| head * size) {
            let part = |at: usize| -> ArrayView2<'_, f32> {
                all.slice_axis(Axis(1), Slice::from(at * width + start..at * width + start + size))
            };
            let mut scores = part(0).dot(&part(1).t());
            for row in scores.rows_mut() {
                softmax(row, scale);
            }
            let mut own = mixed.slice_axis_mut(Axis(1), Slice::from(start..start + size));
            own.assign(&scores.dot(&part(2)));
        }
        mixed
    }
}

fn layer(weights: &Weights<'_>, at: usize, of: &Architecture) -> Result<Layer, EmbedError> {
    let (width, wide, eps) = (of.hidden_size, of.intermediate_size, of.layer_norm_eps as f32);
    let name = |part: &str| format!("encoder.layer.{at}.{part}");
    let linear = |part: &str, from, to| linear(weights, &name(part), from, to);
    let norm = |part: &str| norm(weights, &name(part), width, eps);
    let parts = ["query", "key", "value"];
    let parts = parts.map(|part| linear(&format!("attention.self.{part}"), width, width));
    let [query, key, value] = parts;
    let (query, key, value) = (query?, key?, value?);
    let mut attention =
        Linear { weight: Array2::zeros((width, 3 * width)), bias: Array1::zeros(3 * width) };
    for (at, part) in [query, key, value].into_iter().enumerate() {
        let columns = at * width..(at + 1) * width;
        let columns = Slice::from(columns);
        attention.weight.slice_axis_mut(Axis(1), columns).assign(&part.weight);
        attention.bias.slice_axis_mut(Axis(0), columns).assign(&part.bias);
    }
    Ok(Layer {
        attention,
        attention_out: linear("attention.output.dense", width, width)?,
        attention_norm: norm("attention.output.LayerNorm")?,
        wide: linear("intermediate.dense", width, wide)?,
        narrow: linear("output.dense", wide, width)?,
        norm: norm("output.LayerNorm")?,
    })
}

fn linear(weights: &Weights<'_>, name: &str, from: usize, to: usize) -> Result<Linear, EmbedError> {
    let weight = weights.matrix(&format!("{name}.weight"), to, from)?;
    // Laid out as it is read.
    let weight = weight.t().as_standard_layout().into_owned();
    Ok(Linear { weight, bias: weights.vector(&format!("{name}.bias"), to)? })
}

fn norm(weights: &Weights<'_>, name: &str, width: usize, eps: f32) -> Result<Norm, EmbedError> {
    let part = |part: &str| weights.vector(&format!("{name}.{part}"), width);
    Ok(Norm { weight: part("weight")?, bias: part("bias")?, eps })
}
