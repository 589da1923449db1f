//! The best Huffman tables for a JPEG that has others: the same picture in fewer bytes.
//!
//! `jpeg-encoder` writes the tables that ITU T.81 has as examples (annex K.3), which cost 2 to 10 % of a file, or tables
//! of its own with each component in a scan of its own, which some decoders read wrong. libjpeg-turbo takes longer to find
//! such tables than for all else. So the file is read here down to its symbols, these are counted, and they are written
//! again, in the order that they had, with the best codes for them (K.2). What follows a code stays as it is, and with it
//! every coefficient and every pixel. In a progressive file, where the encoder ends each block by itself, the ends of
//! blocks that follow each other become one symbol (G.1.2.2).
//!
//! Taken are files with all tables in front of the first scan, without restarts, and with all bits of a coefficient in one
//! scan: what the encoders write, except for progressive files of libjpeg-turbo, which has made their tables already.
//! Any other file, one that is not whole, and one that would not become smaller stay as they are.

use super::scan::{Bits, Frame, put_stuffed, read_block, unstuffed, write_words};
use super::tables::{Codes, Counts, Decoder, Word, number};

/// The most symbols that are kept at a time, four bytes each. No photograph of 100 megapixels has more.
const MAX_WORDS: usize = 1 << 26;

/// What files are read and written in, one after the other. It is kept so that, once it is large enough, little more is
/// allocated than the file.
#[derive(Debug, Default)]
pub(super) struct Room {
    words: Vec<Word>,
    /// The data of a scan as it is read, then as it is written.
    data: Vec<u8>,
}

/// The file with the best tables.
pub(super) fn with_best_tables(file: &[u8], room: &mut Room) -> Vec<u8> {
    recoded(file, room).filter(|smaller| smaller.len() < file.len()).unwrap_or_else(|| file.to_vec())
}

fn recoded(file: &[u8], room: &mut Room) -> Option<Vec<u8>> {
    room.words.clear();
    let mut reading = Reading::new(room);
    let mut rest = file.strip_prefix(&[0xff, 0xd8])?;
    loop {
        rest = match *rest {
            [0xff, 0xd9] => return Some(reading.written(file.len())),
            [0xff, code, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                let (segment, behind) = rest.split_at_checked(2 + length)?;
                reading.segment(code, segment, behind)?
            }
            _ => return None,
        };
    }
}

/// What has been read so far.
struct Reading<'a> {
    /// The segments in front of the first scan, without tables.
    head: Vec<&'a [u8]>,
    tables: [Option<Decoder>; 4],
    frame: Option<Frame>,
    /// Each scan's header, and where its words end.
    scans: Vec<(&'a [u8], usize)>,
    words: &'a mut Vec<Word>,
    data: &'a mut Vec<u8>,
    counts: Counts,
}

impl<'a> Reading<'a> {
    fn new(Room { words, data }: &'a mut Room) -> Self {
        let (head, scans, counts) = (Vec::new(), Vec::new(), Counts::default());
        Self { head, tables: [const { None }; 4], frame: None, scans, words, data, counts }
    }

    /// Reads a segment, with the data behind it if it is a scan; what comes then.
    fn segment(&mut self, code: u8, segment: &'a [u8], behind: &'a [u8]) -> Option<&'a [u8]> {
        let content = segment.get(4..)?;
        match code {
            0xda => {
                let rest = unstuffed(behind, self.data)?;
                self.scan(content)?;
                self.scans.push((segment, self.words.len()));
                return Some(rest);
            }
            _ if !self.scans.is_empty() => return None,
            0xc4 => return self.tables(content).map(|()| behind),
            0xc0 | 0xc2 if self.frame.is_none() => self.frame = Some(Frame::new(code == 0xc2, content)?),
            // Quantisation, what belongs to applications, comments.
            0xdb | 0xe0..=0xef | 0xfe => {}
            _ => return None,
        }
        self.head.push(segment);
        Some(behind)
    }

    /// For each table its class and name (1), how many codes there are of each length (16), and their symbols.
    fn tables(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((&[name, ref counts @ ..], rest)) = content.split_first_chunk::<17>() {
            let many = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(many)?;
            let number = number(name >> 4, name & 15)?;
            let place = self.tables.get_mut(usize::from(number)).filter(|place| place.is_none())?;
            *place = Some(Decoder::new(number, counts, symbols)?);
            content = rest;
        }
        content.is_empty().then_some(())
    }

    /// For each component its name and its tables (2), then from which coefficient to which (2), and which bits (1). The
    /// data is where it is read.
    fn scan(&mut self, header: &[u8]) -> Option<()> {
        let (&components, header) = header.split_first()?;
        let (each, band) = header.split_at_checked(2 * usize::from(components))?;
        let &[first, last, 0] = band else { return None };
        let frame = self.frame.as_ref()?;
        match (frame.is_progressive, first, last) {
            (false, 0, 63) | (true, 0, 0) => {}
            (true, 1.., ..=63) if first <= last => {}
            _ => return None,
        }
        let (names, _) = each.as_chunks::<2>();
        let (units, repeats) = frame.units(names)?;
        let table = |class: u8, name: u8| self.tables.get(usize::from(number(class, name)?))?.as_ref();
        let mut blocks = Vec::new();
        for (tables, repeats) in repeats {
            let dc = if first == 0 { Some(table(0, tables >> 4)?) } else { None };
            let ac = if last > 0 { Some(table(1, tables & 15)?) } else { None };
            blocks.extend(std::iter::repeat_n((dc, ac), repeats));
        }
        // So that the last coefficient is always number 63.
        let start = 63 - u32::from(last) + u32::from(first.max(1));
        let mut bits = Bits::new(self.data);
        let before = self.words.len();
        let mut many = before;
        for _ in 0..units {
            for &(dc, ac) in &blocks {
                if self.words.len() < many + 64 {
                    self.words.resize(many + (1 << 16), Word::default());
                }
                let block = self.words.get_mut(many..)?.first_chunk_mut()?;
                many += read_block(&mut bits, dc, ac, start, block, &mut self.counts)?;
            }
            if many > MAX_WORDS {
                return None;
            }
        }
        let is_whole = bits.is_at_end();
        self.words.truncate(many);
        if first > 0 {
            self.join_ends(before);
        }
        is_whole.then_some(())
    }

    /// Makes one word of the ends of blocks that follow each other, which a scan of AC coefficients alone allows.
    fn join_ends(&mut self, start: usize) {
        let (mut kept, mut ends) = (start, 0);
        let mut end = Word::default();
        for at in start..=self.words.len() {
            let word = self.words.get(at).copied();
            let is_end = word.is_some_and(Word::is_end);
            if ends > 0 && (!is_end || ends == 4095) {
                let run = if ends == 1 { end } else { end.run_of_ends(ends) };
                self.counts.add(run);
                // Invariant: fewer words are kept than were seen.
                if let Some(place) = self.words.get_mut(kept) {
                    *place = run;
                }
                (kept, ends) = (kept + 1, 0);
            }
            match word {
                Some(word) if is_end => {
                    self.counts.remove(word);
                    (end, ends) = (word, ends + 1);
                }
                Some(word) => {
                    if let Some(place) = self.words.get_mut(kept) {
                        *place = word;
                    }
                    kept += 1;
                }
                None => {}
            }
        }
        self.words.truncate(kept);
    }

    fn written(self, size_before: usize) -> Vec<u8> {
        let (codes, tables) = Codes::best(&self.counts, &self.tables);
        let mut file = Vec::with_capacity(size_before);
        file.extend([0xff, 0xd8]);
        file.extend(self.head.iter().copied().flatten());
        file.extend(tables);
        let bytes = usize::try_from(codes.bits(&self.counts).div_ceil(8)).unwrap_or(usize::MAX);
        // What is written last overlaps by less than a word.
        let room = self.data;
        room.resize(bytes.saturating_add(16), 0);
        let mut start = 0;
        for (header, end) in &self.scans {
            file.extend_from_slice(header);
            let filled = write_words(self.words.get(start..*end).unwrap_or_default(), &codes, room);
            put_stuffed(room.get(..filled).unwrap_or_default(), &mut file);
            start = *end;
        }
        file.extend([0xff, 0xd9]);
        file
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::bytestream::ZCursor;

    use super::*;

    const SAMPLINGS: [SamplingFactor; 4] =
        [SamplingFactor::R_4_2_0, SamplingFactor::R_4_4_4, SamplingFactor::R_4_2_2, SamplingFactor::R_4_4_0];

    fn picture(kind: u32, width: u16, height: u16, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let mut pixel = |x: u32, y: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [noise, ..] = state.to_be_bytes();
            let shade = u8::try_from((x * 3 + y * 2) % 256).unwrap();
            match kind {
                // The latter with something behind more empty blocks than one run of ends has.
                0 => [200, 30, 60],
                4 if y < 528 => [200, 30, 60],
                4 => [noise; 3],
                1 => [noise, noise.rotate_left(3), !noise],
                2 => [shade, 255 - shade, shade / 2 + noise / 32],
                _ => [if (x / 3 + y / 5).is_multiple_of(2) { 255 } else { 0 }; 3],
            }
        };
        (0..u32::from(height))
            .flat_map(|y| (0..u32::from(width)).map(move |x| (x, y)))
            .flat_map(|(x, y)| pixel(x, y))
            .collect()
    }

    fn file(
        rgb: &[u8],
        (width, height): (u16, u16),
        quality: u8,
        adjust: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
    ) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, quality);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        adjust(&mut encoder);
        encoder.encode(rgb, width, height, ColorType::Rgb).unwrap();
        file
    }

    /// The pixels by three decoders, two where there is no C. Those of the second are nothing where it reads none.
    fn read(file: &[u8]) -> [Option<Vec<u8>>; 3] {
        let own = JpegDecoder::new(ZCursor::new(file)).decode().ok();
        let second = jpeg_decoder::Decoder::new(file).decode().ok();
        #[cfg(feature = "turbojpeg")]
        let third = turbojpeg::decompress(file, turbojpeg::PixelFormat::RGB).ok().map(|image| image.pixels);
        #[cfg(not(feature = "turbojpeg"))]
        let third = None;
        [own, second, third]
    }

    fn with_best_tables(file: &[u8]) -> Vec<u8> {
        super::with_best_tables(file, &mut Room::default())
    }

    /// The segments that have a code.
    fn segments(file: &[u8], wanted: u8) -> Vec<&[u8]> {
        let (mut found, mut rest) = (Vec::new(), &file[2..]);
        while let [0xff, code, high, low, ..] = *rest {
            let (segment, behind) = rest.split_at(2 + usize::from(u16::from_be_bytes([high, low])));
            found.extend((code == wanted).then_some(&segment[4..]));
            rest = if code == 0xda { unstuffed(behind, &mut Vec::new()).unwrap() } else { behind };
        }
        found
    }

    /// The tables are as good as T.81 wants them: nothing is longer than 16 bits, and there is room for no further code but
    /// the one that is all ones.
    fn assert_tables(file: &[u8]) {
        let [mut content] = *segments(file, 0xc4) else { panic!("one segment of tables") };
        while let Some((&[name, ref counts @ ..], rest)) = content.split_first_chunk::<17>() {
            let longest =
                counts.iter().zip(1..).filter(|(count, _)| **count > 0).map(|(_, length)| length).max().unwrap();
            let room: u32 = counts.iter().zip(1..).map(|(count, length)| u32::from(*count) << (16 - length)).sum();
            assert_eq!(room, (1 << 16) - (1 << (16 - longest)), "table {name:x}");
            content = &rest[counts.iter().map(|count| usize::from(*count)).sum()..];
        }
        assert!(content.is_empty());
    }

    /// Another file with the same pixels and fewer bytes.
    fn assert_smaller(plain: &[u8]) {
        let better = with_best_tables(plain);
        assert!(better.len() < plain.len(), "{} after {}", better.len(), plain.len());
        assert!(read(&better) == read(plain));
        assert_tables(&better);
        assert_eq!(segments(&better, 0xda), segments(plain, 0xda), "the same scans");
        if segments(plain, 0xda).len() == 1 {
            assert!(
                recoded(&better, &mut Room::default()) == Some(better),
                "read again and written again it is the same"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn every_pixel_stays_and_no_file_grows(
            width in 1_u16..50, height in 1_u16..50, kind in 0_u32..4, seed in any::<u32>(), quality in 1_u8..=100,
            sampling in 0_usize..4, progressive in any::<bool>(),
        ) {
            let plain = file(&picture(kind, width, height, seed), (width, height), quality, |encoder| {
                encoder.set_sampling_factor(SAMPLINGS[sampling]);
                encoder.set_progressive(progressive);
            });
            prop_assert!(read(&plain)[1].is_some());
            assert_smaller(&plain);
        }

        /// What is broken and yet read is read alike. A table that cannot be used may go with what is not needed.
        #[test]
        fn a_file_with_other_bytes_stays_or_shows_the_same(
            progressive in any::<bool>(), changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..4),
        ) {
            let mut plain = file(&picture(2, 37, 29, 7), (37, 29), 80, |encoder| {
                encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
                encoder.set_progressive(progressive);
            });
            for (at, byte) in changes {
                let at = at as usize % plain.len();
                plain[at] = byte;
            }
            let better = with_best_tables(&plain);
            prop_assert!(better.len() <= plain.len());
            let are_alike = |(before, after): (Option<_>, Option<_>)| before.is_none() || before == after;
            prop_assert!(better == plain || read(&plain).into_iter().zip(read(&better)).all(are_alike));
        }
    }

    #[test]
    fn flat_and_noisy_pictures_of_the_highest_quality_have_such_tables() {
        for kind in 0..5 {
            for (quality, sampling) in [(1, 0), (50, 1), (90, 0), (100, 0), (100, 1)] {
                for progressive in [false, true] {
                    // As many blocks as one run of ends has, and more.
                    let plain = file(&picture(kind, 520, 544, 3), (520, 544), quality, |encoder| {
                        encoder.set_sampling_factor(SAMPLINGS[sampling]);
                        encoder.set_progressive(progressive);
                    });
                    assert_smaller(&plain);
                }
            }
        }
    }

    #[test]
    fn grey_is_taken_and_so_are_scans_of_one_component() {
        let (mut grey, pixels) = (Vec::new(), picture(2, 45, 31, 1));
        Encoder::new(&mut grey, 80).encode(&pixels[..45 * 31], 45, 31, ColorType::Luma).unwrap();
        assert_smaller(&grey);
        let apart = file(&pixels, (45, 31), 80, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_1_1));
        assert_eq!(segments(&apart, 0xda).len(), 3);
        let better = with_best_tables(&apart);
        assert!(better.len() < apart.len());
        // zune-jpeg reads such files wrong.
        assert!(read(&better)[1..] == read(&apart)[1..]);
    }

    #[test]
    fn what_is_not_as_expected_stays_as_it_is() {
        let pixels = picture(2, 45, 31, 1);
        let plain = file(&pixels, (45, 31), 80, |_| {});
        let restarting = file(&pixels, (45, 31), 80, |encoder| encoder.set_restart_interval(2));
        let best = file(&pixels, (45, 31), 80, |encoder| encoder.set_optimized_huffman_tables(true));
        let followed = [&plain[..], b"more"].concat();
        for file in [restarting, followed, Vec::new(), vec![0xff, 0xd8, 0xff, 0xd9]] {
            assert!(with_best_tables(&file) == file);
        }
        assert!(with_best_tables(&best).len() <= best.len());
        for length in 0..plain.len() {
            let cut = &plain[..length];
            assert!(with_best_tables(cut) == cut, "{length}");
        }
    }
}
