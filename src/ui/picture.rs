//! People's pictures, which come from the network.
//!
//! They are decoded on another thread: GTK's own way would decode whatever size and form a stranger sends, and hold the
//! windows up meanwhile.

use std::cell::Cell;
use std::rc::Rc;

use gtk::gdk_pixbuf::{Pixbuf, PixbufLoader};
use gtk::prelude::*;
use gtk::{gdk, gio, glib};

/// The largest file that is looked at, in bytes.
const FILE_BYTES: usize = 8 << 20;
/// The most pixels that are decoded: those of a photograph of today.
const PIXELS: i64 = 64 << 20;
/// Width and height at which a picture is shown, in pixels.
const SIDE: i32 = 256;

/// The pixels of a picture, which may go from one thread to another.
struct Pixels {
    bytes: glib::Bytes,
    width: i32,
    height: i32,
    stride: usize,
    has_alpha: bool,
}

/// Makes a picture that can be shown, at most 256 pixels wide and high; `None` if it is not a sound PNG, JPEG or GIF
/// image of reasonable size.
pub async fn decode(file: Vec<u8>) -> Option<gdk::Texture> {
    let pixels = gio::spawn_blocking(move || {
        let image = scaled(&file)?;
        Some(Pixels {
            bytes: image.read_pixel_bytes(),
            width: image.width(),
            height: image.height(),
            stride: usize::try_from(image.rowstride()).ok()?,
            has_alpha: image.has_alpha(),
        })
    });
    let pixels = pixels.await.ok()??;
    let format = if pixels.has_alpha { gdk::MemoryFormat::R8g8b8a8 } else { gdk::MemoryFormat::R8g8b8 };
    Some(gdk::MemoryTexture::new(pixels.width, pixels.height, format, &pixels.bytes, pixels.stride).upcast())
}

fn scaled(file: &[u8]) -> Option<Pixbuf> {
    if file.len() > FILE_BYTES {
        return None;
    }
    let loader = PixbufLoader::with_type(kind(file)?).ok()?;
    let is_fit = Rc::new(Cell::new(true));
    loader.connect_size_prepared({
        let is_fit = Rc::clone(&is_fit);
        move |loader, width, height| {
            let (w, h) = (i64::from(width), i64::from(height));
            if w < 1 || h < 1 || w * h > PIXELS {
                is_fit.set(false);
                // The loaders take this for an error, before they ask for memory.
                loader.set_size(0, 0);
                return;
            }
            let longest = w.max(h).max(i64::from(SIDE));
            let fit = |side: i64| i32::try_from(side * i64::from(SIDE) / longest).unwrap_or(SIDE).max(1);
            loader.set_size(fit(w), fit(h));
        }
    });
    // In pieces, so that one with a bad size is given up before the rest is looked at.
    let written = file.chunks(4096).all(|piece| is_fit.get() && loader.write(piece).is_ok());
    let closed = loader.close();
    let image = loader.pixbuf().filter(|_| written && is_fit.get() && closed.is_ok())?;
    image.apply_embedded_orientation()
}

/// The forms that are read, by how a file begins and ends: of one that breaks off, the loaders would show what is there, and
/// leave the rest to chance.
fn kind(file: &[u8]) -> Option<&'static str> {
    let is = |begin: &[u8], end: &[u8]| file.starts_with(begin) && file.windows(end.len()).any(|bytes| bytes == end);
    if is(b"\x89PNG\r\n\x1a\n", b"IEND") {
        Some("png")
    } else if is(b"\xff\xd8\xff", b"\xff\xd9") {
        Some("jpeg")
    } else if is(b"GIF8", b"\x00;") {
        Some("gif")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gtk::gdk_pixbuf::Colorspace;

    fn png(width: i32, height: i32) -> Vec<u8> {
        let image = Pixbuf::new(Colorspace::Rgb, false, 8, width, height).unwrap();
        image.fill(0x2060_a0ff);
        image.save_to_bufferv("png", &[]).unwrap()
    }

    #[test]
    fn pictures_become_small_and_keep_their_form() {
        for ((width, height), expected) in [((1000, 500), (256, 128)), ((20, 30), (20, 30)), ((3000, 1), (256, 1))] {
            let image = scaled(&png(width, height)).unwrap();
            assert_eq!((image.width(), image.height()), expected);
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_none() {
        let whole = png(64, 64);
        let half = whole.get(..whole.len() / 2).unwrap();
        // The size stands behind the magic bytes and the name of the first chunk.
        let mut huge = whole.clone();
        huge.splice(16..24, [0, 0, 255, 255, 0, 0, 255, 255]);
        for file in [&b""[..], b"text", b"<svg/>", half, &huge, &vec![0; FILE_BYTES + 1]] {
            assert!(scaled(file).is_none(), "{} bytes", file.len());
        }
    }
}
