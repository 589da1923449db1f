//! Each message has the value that was found and the values that are valid.

use smart_resize_webp::Error;

#[test]
fn the_messages_word_for_word() {
    let messages = [
        (Error::Side { width: 0, height: 16_384 }, "the size is 0x16384; expected 1 to 16383 pixels for each side"),
        (Error::Length { found: 47, expected: 48 }, "the length of the pixel buffer is 47 bytes; expected 48"),
        (Error::Quality { found: 101 }, "the quality is 101; expected 0 to 100"),
        (Error::Effort { found: 7 }, "the effort is 7; expected 0 to 6"),
        (Error::Header, "the header is corrupt or truncated; expected that of a WebP file"),
        (Error::Animation, "the file is an animation; expected a still picture"),
        (Error::Size { found: (8, 4), expected: (4, 8) }, "the size in the header is 8x4; expected 4x8"),
        (Error::Bitstream, "the bitstream is corrupt or truncated; expected that of a whole picture"),
        (
            Error::Partition,
            "a partition is longer than its length field; expected at most 512 KiB for the first and 16 MiB for any \
             other, which a lower quality can reach",
        ),
        (Error::FileSize, "the file is larger than 4 GiB; expected at most 4 GiB"),
        (Error::OutOfMemory, "the memory is used up; expected room for the picture and its file"),
        (Error::Version, "libwebp is of another version; expected the one of its headers"),
        (Error::Libwebp { code: 3 }, "the error code of libwebp is 3; expected 0"),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}
