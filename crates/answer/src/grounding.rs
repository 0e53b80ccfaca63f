//! Passages fitted to a token budget: what a generator may see.

use document::{Chunk, PageRange, Span};

use crate::reading::{Reading, Unit};
use crate::terms::Terms;
use crate::{Passage, Question};

/// What an answer is made from.
#[derive(Debug, Clone)]
pub struct Grounding {
    /// What was asked.
    pub question: Question,
    /// Passages by score descending, within the token budget; the last may be cut to whole
    /// sentences.
    pub passages: Vec<Passage>,
    /// How likely the passages hold the answer, 0 to 1.
    pub confidence: f32,
    pub(crate) terms: Terms,
    pub(crate) sentences_max: usize,
}

/// An estimate of the tokens a language model makes of a text, on the high side: four ASCII
/// characters a token (English prose of common vocabularies has 4.2 to 4.7), two of other
/// alphabets, one of ideographs and everything else above.
pub fn estimate_tokens(text: &str) -> usize {
    let quarters = |c: char| match c {
        '\0'..='\u{7f}' => 1,
        '\u{80}'..='\u{7ff}' => 2,
        _ => 4,
    };
    text.chars().map(quarters).sum::<usize>().div_ceil(4)
}

/// Keeps passages while they fit; the first that does not is cut to the sentences around its
/// best one, and nothing follows it.
pub(crate) fn fit(passages: Vec<Passage>, tokens_max: usize, terms: &Terms) -> Vec<Passage> {
    let mut left = tokens_max;
    let mut out = Vec::new();
    for passage in passages {
        let cost: usize = passage.chunks.iter().map(|chunk| estimate_tokens(&chunk.text)).sum();
        if cost > left {
            out.extend(window(&passage, left, terms).map(|span| cut(&passage, span)));
            break;
        }
        left -= cost;
        out.push(passage);
    }
    out
}

/// The longest run of whole units around the best one that fits the budget, following text
/// before leading text; `None` where not even the best unit fits.
fn window(passage: &Passage, tokens_max: usize, terms: &Terms) -> Option<Span> {
    let units: Vec<&Unit> = passage.units().map(|(_, unit)| unit).collect();
    let shares: Vec<f32> = units.iter().map(|unit| terms.share(unit.context)).collect();
    let best = (0..units.len()).rev().max_by(|&a, &b| shares[a].total_cmp(&shares[b]))?;
    // One more for the blank space to the next unit.
    let cost = |unit: &Unit| Some(estimate_tokens(&passage.slice(unit.span)?) + 1);
    let mut left = tokens_max.checked_sub(cost(units.get(best)?)?)?;
    let mut take = |unit: &&&Unit| {
        let rest = cost(unit).and_then(|cost| left.checked_sub(cost));
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let (before, from) = units.split_at(best);
    let last = from.iter().skip(1).take_while(|unit| take(unit)).last().or(from.first());
    let first = before.iter().rev().take_while(|unit| take(unit)).last().or(from.first());
    Some(Span::new(first?.span.start, last?.span.end))
}

/// The part of a passage under a span of whole units.
fn cut(passage: &Passage, span: Span) -> Passage {
    let parts = passage.chunks.iter().zip(&passage.readings);
    let kept = parts.filter(|(chunk, _)| !chunk.span.intersection(span).is_empty());
    let (chunks, readings): (Vec<Chunk>, Vec<Reading>) = kept
        .map(|(chunk, reading)| {
            (cut_chunk(chunk, chunk.span.intersection(span)), cut_reading(reading, span))
        })
        .unzip();
    let pages = chunks.iter().filter_map(|chunk| chunk.pages).reduce(PageRange::union);
    Passage { pages, chunks, readings, ..passage.clone() }
}

fn cut_chunk(chunk: &Chunk, span: Span) -> Chunk {
    let pages = |first: u32| {
        let last = chunk.page_at(span.end.saturating_sub(1)).unwrap_or(first);
        PageRange { first, last }
    };
    let blocks = chunk.blocks.iter().map(|block| {
        let mut block = *block;
        block.span = block.span.intersection(span);
        block
    });
    let inside = |offset: usize| span.start < offset && offset < span.end;
    Chunk {
        ordinal: chunk.ordinal,
        span,
        char_start: chunk.char_offset(span.start).unwrap_or(chunk.char_start),
        pages: chunk.page_at(span.start).map(pages),
        page_breaks: chunk.page_breaks.iter().copied().filter(|p| inside(p.offset)).collect(),
        headings: chunk.headings.clone(),
        blocks: blocks.filter(|block| !block.span.is_empty()).collect(),
        text: chunk.slice(span).unwrap_or_default().to_owned(),
    }
}

fn cut_reading(reading: &Reading, span: Span) -> Reading {
    let inside = |unit: &&Unit| unit.span.intersection(span) == unit.span;
    let units = reading.units.iter().filter(inside).cloned().collect();
    Reading { units, ..reading.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passage::assemble;
    use crate::testing::{candidate_of, chunks_of};

    fn passages(text: &str) -> Vec<Passage> {
        let chunks = chunks_of(text).into_iter().enumerate();
        let candidates = chunks.map(|(at, chunk)| candidate_of(&format!("d{at}"), chunk));
        assemble(candidates.collect(), 9)
    }

    #[test]
    fn the_estimate_grows_with_the_text_and_its_alphabet() {
        assert_eq!(estimate_tokens(""), 0);
        assert_eq!(estimate_tokens("four"), 1);
        assert_eq!(estimate_tokens("fours"), 2);
        assert_eq!(estimate_tokens("четыре"), 3);
        assert_eq!(estimate_tokens("营业时间"), 4);
    }

    #[test]
    fn a_budget_is_kept_and_cuts_only_between_sentences() {
        let text = "# A\n\nFirst one here. Second one here.\n\n# B\n\nThird. Fourth ä. Fifth.";
        for tokens in 0..40 {
            let fitted = fit(passages(text), tokens, &Terms::default());
            let total: usize = fitted.iter().map(|p| estimate_tokens(&p.text())).sum();
            assert!(total <= tokens, "{total} of {tokens}");
            for passage in &fitted {
                let kept = passage.text();
                assert!(!kept.is_empty());
                assert_eq!(passage.span().of(text), Some(kept.as_str()));
                let kept = kept.trim();
                assert!(kept.ends_with('.') || kept.ends_with(['A', 'B']), "{kept:?}");
                let chunk = &passage.chunks[0];
                assert_eq!(chunk.char_start, text[..chunk.span.start].chars().count());
            }
        }
        assert_eq!(fit(passages(text), 40, &Terms::default()).len(), 2);
    }

    #[test]
    fn a_page_range_shrinks_with_the_passage() {
        let mut passage = passages("One. Two. Three.").remove(0);
        passage.chunks[0].pages = Some(PageRange { first: 1, last: 2 });
        passage.chunks[0].page_breaks = vec![document::PageBreak { offset: 5, page: 2 }];
        let kept = cut(&passage, Span::new(0, 4));
        assert_eq!(kept.pages, Some(PageRange { first: 1, last: 1 }));
        let kept = cut(&passage, Span::new(10, 16));
        assert_eq!(kept.pages, Some(PageRange { first: 2, last: 2 }));
        assert_eq!(kept.chunks[0].page_at(11), Some(2));
    }
}
