//! The command line as text: which words are flags, which is the image. No I/O.
