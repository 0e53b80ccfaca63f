//! The tensors of a safetensors file, by name and shape, in single precision.

use std::path::Path;

use ndarray::{Array1, Array2};
use safetensors::{Dtype, SafeTensors};

use crate::EmbedError;

/// A file of tensors.
pub(crate) struct Weights<'a> {
    tensors: SafeTensors<'a>,
    /// Before the names: files of whole models have one.
    prefix: &'static str,
    path: &'a Path,
}

impl<'a> Weights<'a> {
    pub(crate) fn new(tensors: SafeTensors<'a>, path: &'a Path) -> Self {
        let bare = tensors.names().iter().any(|name| name.starts_with("embeddings."));
        Self { tensors, prefix: if bare { "" } else { "bert." }, path }
    }

    pub(crate) fn matrix(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Array2<f32>, EmbedError> {
        let numbers = self.numbers(name, &[rows, columns])?;
        let matrix = Array2::from_shape_vec((rows, columns), numbers);
        matrix.map_err(|error| self.error(name, &error))
    }

    pub(crate) fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, EmbedError> {
        Ok(Array1::from_vec(self.numbers(name, &[length])?))
    }

    fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let found = self.tensors.tensor(&format!("{}{name}", self.prefix));
        let found = found.map_err(|_| self.error(name, &"it is missing"))?;
        if found.shape() != shape {
            let why = format!("shape {:?}, expected {shape:?}", found.shape());
            return Err(self.error(name, &why));
        }
        match found.dtype() {
            Dtype::F32 => Ok(each(found.data(), f32::from_le_bytes)),
            Dtype::BF16 => {
                Ok(each(found.data(), |[low, high]| f32::from_le_bytes([0, 0, low, high])))
            }
            Dtype::F16 => Ok(each(found.data(), |bytes| half(u16::from_le_bytes(bytes)))),
            other => Err(self.error(name, &format!("numbers of type {other:?}, expected floats"))),
        }
    }

    fn error(&self, name: &str, why: &dyn ToString) -> EmbedError {
        let name = format!("{}{name}", self.prefix);
        EmbedError::Tensor { path: self.path.to_owned(), name, why: why.to_string() }
    }
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
}

/// A number in half precision: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_half_precision_are_read() {
        let known =
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8)];
        for (bits, number) in known.into_iter().chain([(0x7c00, f32::INFINITY), (0x0000, 0.0)]) {
            assert_eq!(half(bits), number, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
