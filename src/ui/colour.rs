//! The colour of a person: the same in every window and every run, and readable.

/// How many colours there are; the style sheet has a class `hue-0`, `hue-1`, ... for each.
pub(super) const HUES: usize = 10;

/// For text on a light ground, and for the ground of white text.
const DEEP: [&str; HUES] =
    ["#1a5fb4", "#1b7a43", "#a04a00", "#813d9c", "#0b6e77", "#b0255f", "#a51d2d", "#6b5b00", "#4b3fc4", "#56606c"];
/// For text on a dark ground.
const PALE: [&str; HUES] =
    ["#8fbdf5", "#7fd99b", "#ffb066", "#d7a6ea", "#66d0db", "#f59abc", "#ff9a94", "#dccf66", "#b3adff", "#bcc4ce"];

/// Which colour somebody has, from the name. The hash is FNV-1a (32 bit): it must not change between versions.
pub(super) fn hue(name: &str) -> usize {
    let hash = name
        .to_lowercase()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // The low bits of this hash are the weak ones.
    (hash >> 8) as usize % HUES
}

/// The colour of somebody's name, for markup.
pub(super) fn of_text(name: &str, on_dark: bool) -> &'static str {
    let palette = if on_dark { &PALE } else { &DEEP };
    palette.get(hue(name)).copied().unwrap_or("#777777")
}

/// The colour behind somebody's initials, which are white.
pub(super) fn of_ground(name: &str) -> &'static str {
    of_text(name, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours, from 1 to 21 (WCAG 2.1, "contrast ratio").
    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |colour: &str| {
            let channel = |at: usize| {
                let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    /// Grounds of the themes Adwaita and Adwaita-dark, their lists and their windows. 4.5 is the level AA.
    #[test]
    fn every_colour_can_be_read() {
        for colour in DEEP {
            for ground in ["#ffffff", "#f6f5f4"] {
                assert!(contrast(colour, ground) >= 4.5, "{colour} on {ground}: {}", contrast(colour, ground));
            }
        }
        for colour in PALE {
            for ground in ["#2d2d2d", "#353535"] {
                assert!(contrast(colour, ground) >= 4.5, "{colour} on {ground}: {}", contrast(colour, ground));
            }
        }
    }

    #[test]
    fn a_name_keeps_its_colour_and_names_spread() {
        assert_eq!(hue("Bob"), hue("bob"));
        let mut used = [0; HUES];
        for i in 0..1000 {
            used[hue(&format!("student{i}"))] += 1;
        }
        assert!(used.iter().all(|count| (50..200).contains(count)), "{used:?}");
    }
}
