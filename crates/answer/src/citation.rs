//! Where an answer stands: exact quotes with their place.

use document::{BlockKind, Chunk, DocumentId, Span};

use crate::Passage;

/// A quote that a reader can check.
///
/// `excerpt` is exactly `start..end` of the document's text, and never more than one passage.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Citation {
    /// The document.
    pub document_id: DocumentId,
    /// Its title.
    pub title: String,
    /// The page on which the quote begins, counted from 1; `None` where the format has none.
    pub page: Option<u32>,
    /// The page on which it ends.
    pub page_end: Option<u32>,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// The quote.
    pub excerpt: String,
    /// Where it begins in the document's text, in Unicode scalar values.
    pub start: usize,
    /// One past its end, in Unicode scalar values.
    pub end: usize,
    /// Score of its passage, 0 to 1.
    pub score: f32,
}

/// Cites a span (bytes of the document) of a passage; `None` where it is empty, reaches outside
/// or splits a character. Linear in the passage.
pub(crate) fn cite(passage: &Passage, span: Span) -> Option<Citation> {
    let excerpt = passage.slice(span).filter(|excerpt| !excerpt.is_empty())?;
    let first = passage.chunk_at(span.start)?;
    let last = passage.chunk_at(span.end - 1)?;
    let start = first.char_offset(span.start)?;
    Some(Citation {
        document_id: passage.document_id.clone(),
        title: passage.title.clone(),
        page: first.page_at(span.start),
        page_end: last.page_at(span.end - 1),
        headings: headings_at(first, span.start),
        start,
        end: start + excerpt.chars().count(),
        excerpt,
        score: passage.score,
    })
}

/// The headings above a byte of a chunk: those of its beginning, then those met on the way.
///
/// The chunk does not say which levels its own path has. Level `n` is taken to be the `n`-th of
/// the path, or the level of the heading that opens the chunk, where it is one of those.
fn headings_at(chunk: &Chunk, offset: usize) -> Vec<String> {
    let mut path: Vec<(u8, String)> = (1..).zip(chunk.headings.iter().cloned()).collect();
    let levels = chunk.blocks.iter().map(|block| match block.kind {
        BlockKind::Heading { level } => Some(level),
        _ => None,
    });
    let levels: Vec<Option<u8>> = levels.collect();
    // The headings that open the chunk are the end of its path already.
    let opening = levels.iter().take_while(|level| level.is_some()).count();
    for (above, level) in path.iter_mut().rev().zip(levels[..opening].iter().rev().flatten()) {
        above.0 = *level;
    }
    let met = chunk.blocks.iter().zip(&levels).skip(opening);
    for (block, level) in met.take_while(|(block, _)| block.span.start <= offset) {
        let (Some(level), Some(text)) = (*level, chunk.slice(block.span)) else { continue };
        while path.last().is_some_and(|above| above.0 >= level) {
            path.pop();
        }
        path.push((level, text.trim().to_owned()));
    }
    path.into_iter().map(|(_, heading)| heading).collect()
}

#[cfg(test)]
mod tests {
    use document::{PageBreak, PageRange};
    use proptest::prelude::*;

    use super::*;
    use crate::passage::assemble;
    use crate::testing::{candidate_of, chunks_of};

    fn passages(text: &str) -> Vec<Passage> {
        let candidates = chunks_of(text).into_iter().map(|chunk| candidate_of("d", chunk));
        assemble(candidates.collect(), usize::MAX)
    }

    #[test]
    fn a_citation_names_pages_and_headings() {
        let text = "# Shop\n\nöpen\n\n## Hours\n\nNine to five.";
        let mut passages = passages(text);
        let chunk = &mut passages[0].chunks[0];
        let at = text.find("Nine").unwrap();
        // One chunk with both sections, the page turning before the second.
        chunk.text = text.to_owned();
        chunk.span = Span::new(0, text.len());
        chunk.blocks = crate::testing::blocks_of(text);
        chunk.pages = Some(PageRange { first: 4, last: 5 });
        chunk.page_breaks = vec![PageBreak { offset: at, page: 5 }];
        passages[0].chunks.truncate(1);
        let citation = cite(&passages[0], Span::new(at, text.len())).unwrap();
        assert_eq!(citation.headings, ["Shop", "Hours"]);
        assert_eq!((citation.page, citation.page_end), (Some(5), Some(5)));
        assert_eq!(citation.excerpt, "Nine to five.");
        assert_eq!(citation.start, at - 1);
        let both = cite(&passages[0], Span::new(at - 12, at + 4)).unwrap();
        assert_eq!((both.page, both.page_end), (Some(4), Some(5)));
    }

    proptest! {
        #[test]
        fn an_excerpt_is_exactly_its_place_in_the_document(
            parts in prop::collection::vec("[a-zäß🙂中 .\\n#|-]{0,24}", 0..12),
            ends in (0.0..1.0f64, 0.0..1.0f64),
        ) {
            let text = parts.join("\n\n# h\n\n");
            let chars: Vec<char> = text.chars().collect();
            for passage in passages(&text) {
                let span = passage.span();
                let place = |part: f64| span.start + (part * span.len() as f64) as usize;
                let wanted = Span::new(place(ends.0.min(ends.1)), place(ends.0.max(ends.1)));
                let Some(citation) = cite(&passage, wanted) else { continue };
                let expected: String = chars[citation.start..citation.end].iter().collect();
                prop_assert_eq!(&citation.excerpt, &expected);
                prop_assert_eq!(Some(expected.as_str()), wanted.of(&text));
            }
        }
    }
}
