//! People's pictures, which come from the network, and one's own, which comes from a file.
//!
//! They are decoded on another thread: GTK's own way would decode whatever size and form a stranger sends, and hold the
//! windows up meanwhile.

use std::cell::Cell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gtk::gdk_pixbuf::{InterpType, Pixbuf, PixbufLoader};
use gtk::prelude::*;
use gtk::{gdk, gio, glib};

use super::model::Client;
use super::settings::{PICTURE_BYTES, Settings, key};
use crate::net::UserName;

/// The largest file that is looked at, in bytes.
const FILE_BYTES: usize = 8 << 20;
/// The most pixels that are decoded: those of a photograph of today; and where nobody has asked to see it, what takes
/// neither much memory nor much time.
const PIXELS: i64 = 64 << 20;
const PORTRAIT_PIXELS: i64 = 16 << 20;
/// Width and height at which a picture is shown, in pixels.
const SIDE: i64 = 256;

/// Width and height of one's own picture, and of those beside names, in pixels.
const SMALL_SIDE: i32 = 96;
/// How much longer than broad a picture may be before it is made so: a strip has no middle to show.
const STRETCH: i64 = 16;

/// The pixels of a picture, which may go from one thread to another.
struct Pixels {
    bytes: glib::Bytes,
    width: i32,
    height: i32,
    stride: usize,
    has_alpha: bool,
}

impl Pixels {
    fn of(image: &Pixbuf) -> Option<Self> {
        Some(Self {
            bytes: image.read_pixel_bytes(),
            width: image.width(),
            height: image.height(),
            stride: usize::try_from(image.rowstride()).ok()?,
            has_alpha: image.has_alpha(),
        })
    }

    fn texture(&self) -> gdk::Texture {
        let format = if self.has_alpha { gdk::MemoryFormat::R8g8b8a8 } else { gdk::MemoryFormat::R8g8b8 };
        gdk::MemoryTexture::new(self.width, self.height, format, &self.bytes, self.stride).upcast()
    }
}

/// Makes a picture that can be shown, at most 256 pixels wide and high; `None` if it is not a sound PNG, JPEG or GIF
/// image of reasonable size.
pub(super) async fn decode(file: Vec<u8>) -> Option<gdk::Texture> {
    let pixels = gio::spawn_blocking(move || Pixels::of(&scaled(&file, PIXELS, to_be_shown)?));
    Some(pixels.await.ok()??.texture())
}

/// Makes a picture to be shown beside a name, a square of 96 pixels a side, cut out of the middle; `None` if it is not a
/// sound PNG, JPEG or GIF image of reasonable size.
async fn portrait(file: Vec<u8>) -> Option<gdk::Texture> {
    let pixels = gio::spawn_blocking(move || Pixels::of(&square(&file, PORTRAIT_PIXELS)?));
    Some(pixels.await.ok()??.texture())
}

/// Makes a picture of oneself out of an image file: a square PNG of 96 pixels a side, cut out of the middle, with nothing
/// in it that the camera has noted down. `None` if it cannot be read, or is no sound PNG, JPEG or GIF image of reasonable
/// size.
pub(super) async fn of_oneself(file: PathBuf) -> Option<Vec<u8>> {
    gio::spawn_blocking(move || own(&read(&file)?)).await.ok()?
}

/// The contents of a file, if it is a regular one and not too large.
fn read(path: &Path) -> Option<Vec<u8>> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    File::open(path).ok()?.take(FILE_BYTES as u64 + 1).read_to_end(&mut content).ok()?;
    Some(content)
}

fn own(file: &[u8]) -> Option<Vec<u8>> {
    let png = square(file, PIXELS)?.save_to_bufferv("png", &[("compression", "9")]);
    png.ok().filter(|png| png.len() <= PICTURE_BYTES)
}

/// The middle of a picture, as a small square.
fn square(file: &[u8], limit: i64) -> Option<Pixbuf> {
    let image = scaled(file, limit, to_be_cut)?;
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    let middle = image.new_subpixbuf((width - side) / 2, (height - side) / 2, side, side);
    middle.scale_simple(SMALL_SIDE, SMALL_SIDE, InterpType::Bilinear)
}

/// The size at which the longer side is that of the place.
fn to_be_shown(width: i64, height: i64) -> (i64, i64) {
    let longest = width.max(height).max(SIDE);
    (width * SIDE / longest, height * SIDE / longest)
}

/// The size at which the shorter side is that of the square.
fn to_be_cut(width: i64, height: i64) -> (i64, i64) {
    let (side, shortest) = (i64::from(SMALL_SIDE), width.min(height));
    let fit = |length: i64| (length * side / shortest).min(side * STRETCH);
    (fit(width), fit(height))
}

/// Decodes a picture that has at most so many pixels, at the size that `fit` makes of its own.
fn scaled(file: &[u8], limit: i64, fit: fn(i64, i64) -> (i64, i64)) -> Option<Pixbuf> {
    if file.len() > FILE_BYTES {
        return None;
    }
    let loader = PixbufLoader::with_type(kind(file)?).ok()?;
    let is_fit = Rc::new(Cell::new(true));
    loader.connect_size_prepared({
        let is_fit = Rc::clone(&is_fit);
        move |loader, width, height| {
            let (w, h) = (i64::from(width), i64::from(height));
            if w < 1 || h < 1 || w * h > limit {
                is_fit.set(false);
                // The loaders take this for an error, before they ask for memory.
                loader.set_size(0, 0);
                return;
            }
            let (w, h) = fit(w, h);
            let pixels = |side: i64| i32::try_from(side).unwrap_or(i32::MAX).max(1);
            loader.set_size(pixels(w), pixels(h));
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

/// Takes the picture that somebody has now, or none. Files are decoded one after the other: nobody has asked for them.
pub(super) fn take(client: &Client, of: &UserName, file: Option<Vec<u8>>) {
    if client.set_portrait(of, file) {
        let client = client.downgrade();
        glib::spawn_future_local(async move {
            while let Some((of, file)) = client.upgrade().and_then(|client| client.next_portrait()) {
                let picture = portrait(file).await;
                if let Some(client) = client.upgrade() {
                    client.set_decoded(&of, picture.and_upcast());
                }
            }
        });
    }
}

/// Lets somebody show one's own picture now, and whenever another has been chosen.
pub(super) fn follow_own<T: IsA<glib::Object>>(shower: &T, settings: &Settings, show: fn(&T, Option<gdk::Texture>)) {
    let refresh = move |shower: &T, settings: &Settings| {
        let Some(file) = settings.picture() else {
            show(shower, None);
            return;
        };
        let (shower, settings) = (shower.downgrade(), settings.clone());
        glib::spawn_future_local(async move {
            let picture = portrait(file.clone()).await;
            // Another may have been chosen meanwhile.
            if let Some(shower) = shower.upgrade().filter(|_| settings.picture() == Some(file)) {
                show(&shower, picture);
            }
        });
    };
    refresh(shower, settings);
    let settings = settings.clone();
    let changed = {
        let (settings, object) = (settings.clone(), shower.upcast_ref::<glib::Object>());
        glib::closure_local!(
            #[watch]
            object,
            move |_: gio::Settings, _: &str| {
                if let Some(shower) = object.downcast_ref::<T>() {
                    refresh(shower, &settings);
                }
            }
        )
    };
    settings.gio().connect_closure(&format!("changed::{}", key::PICTURE), false, changed);
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
            let image = scaled(&png(width, height), PIXELS, to_be_shown).unwrap();
            assert_eq!((image.width(), image.height()), expected);
        }
    }

    #[test]
    fn ones_own_picture_is_a_small_square() {
        for (width, height) in [(1000, 500), (20, 30), (3000, 1), (1, 3000), (96, 96)] {
            let own = own(&png(width, height)).unwrap();
            let image = scaled(&own, PIXELS, to_be_shown).unwrap();
            assert_eq!((image.width(), image.height()), (96, 96), "of {width} x {height}");
        }
        // The middle is kept.
        let image = Pixbuf::new(Colorspace::Rgb, false, 8, 300, 100).unwrap();
        image.fill(0xff00_00ff);
        image.new_subpixbuf(100, 0, 100, 100).fill(0x0000_ffff);
        let own = scaled(&own(&image.save_to_bufferv("png", &[]).unwrap()).unwrap(), PIXELS, to_be_shown).unwrap();
        let bytes = own.read_pixel_bytes();
        let centre = usize::try_from(own.rowstride()).unwrap() * 48 + 48 * 3;
        assert_eq!((bytes.get(centre..centre + 3), own.n_channels()), (Some(&[0, 0, 255][..]), 3));
        // What cannot be made smaller by a compression.
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(4 * 96 * 96).collect();
        let noise = Pixbuf::from_mut_slice(noise, Colorspace::Rgb, true, 8, 96, 96, 4 * 96);
        assert!(super::own(&noise.save_to_bufferv("png", &[]).unwrap()).is_some_and(|png| png.len() <= PICTURE_BYTES));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_none() {
        let whole = png(64, 64);
        let half = whole.get(..whole.len() / 2).unwrap();
        // The size stands behind the magic bytes and the name of the first chunk.
        let mut huge = whole.clone();
        huge.splice(16..24, [0, 0, 255, 255, 0, 0, 255, 255]);
        for file in [&b""[..], b"text", b"<svg/>", half, &huge, &vec![0; FILE_BYTES + 1]] {
            assert!(scaled(file, PIXELS, to_be_shown).is_none() && own(file).is_none(), "{} bytes", file.len());
        }
        let large = png(8192, 2049);
        assert!(scaled(&large, PIXELS, to_be_shown).is_some() && square(&large, PORTRAIT_PIXELS).is_none());
    }
}
