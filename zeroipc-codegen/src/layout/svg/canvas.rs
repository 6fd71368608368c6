//! One picture: what is drawn on it, and its frame.

use super::STYLE;
use super::fit::fit;
use super::xml::escaped;
use crate::layout::Kind;

/// The width of every picture.
pub(super) const WIDTH: u32 = 800;
/// Where boxes begin; offsets or names stand left of it.
pub(super) const LEFT: u32 = 72;
/// The width of the boxes together: a multiple of 64.
pub(super) const INNER: u32 = 704;
/// Where boxes may begin below the titles.
pub(super) const TOP: u32 = 66;
/// The size of names.
pub(super) const NAME: u32 = 12;
/// The size of everything smaller.
pub(super) const SMALL: u32 = 11;

/// A finished picture.
#[derive(Debug)]
pub(crate) struct Picture {
    name: String,
    /// One sentence each, for people who do not see it.
    title: String,
    desc: String,
    height: u32,
    body: String,
}

impl Picture {
    /// How many bytes it is.
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    /// A file that needs nothing else.
    pub(crate) fn standalone(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.svg(&format!("<style>\n{STYLE}</style>\n")))
    }

    /// An element for a page that has [`STYLE`].
    pub(crate) fn inline(&self) -> String {
        self.svg("")
    }

    fn svg(&self, style: &str) -> String {
        let Picture { name, title, desc, height, body } = self;
        let (title, desc) = (escaped(title), escaped(desc));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"z\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\" aria-labelledby=\"title-{name} desc-{name}\">\n\
             <title id=\"title-{name}\">{title}</title>\n<desc id=\"desc-{name}\">{desc}</desc>\n{style}\
             <defs><pattern id=\"hatch-{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect class=\"z-paper\" width=\"8\" height=\"8\"/>\
             <rect class=\"z-hatch\" width=\"2\" height=\"8\"/></pattern></defs>\n\
             <rect class=\"z-back\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n{body}</svg>\n",
            WIDTH - 1,
            height - 1
        )
    }
}

/// A picture that is being drawn.
pub(super) struct Canvas {
    name: String,
    body: String,
}

impl Canvas {
    /// A picture with its two lines of titles.
    pub(super) fn new(what: &str, name: &str, line: &str) -> Canvas {
        let mut canvas = Canvas { name: name.to_owned(), body: String::new() };
        let title = fit(&format!("{what} {name}"), WIDTH - 40, 17).unwrap_or_default();
        canvas.text("z-title", 20, 30, &title);
        canvas.text("z-line", 20, 49, &fit(line, WIDTH - 40, SMALL).unwrap_or_default());
        canvas
    }

    pub(super) fn finish(self, title: String, desc: String, height: u32) -> Picture {
        Picture { name: self.name, title, desc, height, body: self.body }
    }

    pub(super) fn text(&mut self, class: &str, x: u32, y: u32, text: &str) {
        if !text.is_empty() {
            self.body.push_str(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>\n", escaped(text)));
        }
    }

    /// Opens a group whose parts share a tooltip; the names of deprecated things are struck through.
    pub(super) fn open(&mut self, tooltip: &str, deprecated: bool) {
        let class = if deprecated { " class=\"z-old\"" } else { "" };
        self.body.push_str(&format!("<g{class}><title>{}</title>\n", escaped(tooltip)));
    }

    pub(super) fn close(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// A box of a colour.
    pub(super) fn area(&mut self, kind: Kind, x: u32, y: u32, width: u32, height: u32) {
        let path = format!("M{x} {y}h{width}v{height}h-{width}z");
        self.shape(kind, &path);
    }

    /// A shape of a colour.
    pub(super) fn shape(&mut self, kind: Kind, path: &str) {
        let fill = if kind == Kind::Reserved { format!(" fill=\"url(#hatch-{})\"", self.name) } else { String::new() };
        self.body.push_str(&format!("<path class=\"z-box {}\"{fill} d=\"{path}\"/>\n", class(kind)));
    }

    /// A line that is no part of a box.
    pub(super) fn stroke(&mut self, class: &str, path: &str) {
        self.body.push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>\n"));
    }

    /// The first of these texts at the left of the box, the others below and beside it, as far as they fit.
    pub(super) fn label(&mut self, (x, y, width): (u32, u32, u32), name: &str, second: &str, corner: &str) {
        let inside = width.saturating_sub(12);
        let Some(first) = fit(name, inside, NAME) else { return };
        let used = super::fit::width(&first, NAME);
        self.text("z-name", x + 6, y + 18, &first);
        if let Some(second) = fit(second, inside, SMALL) {
            self.text("z-type", x + 6, y + 34, &second);
        }
        let needed = super::fit::width(corner, SMALL);
        if !corner.is_empty() && used + needed + 10 <= inside {
            self.text("z-corner", x + width - 6, y + 18, corner);
        }
    }

    /// What the colours mean, of those that occur.
    pub(super) fn legend(&mut self, y: u32, entries: &[(Kind, &str)], boundary: bool) {
        let mut x = LEFT;
        for (kind, word) in entries {
            self.area(*kind, x, y, 14, 14);
            self.text("z-line", x + 20, y + 11, word);
            x += 20 + super::fit::width(word, SMALL) + 18;
        }
        if boundary {
            self.stroke("z-cache", &format!("M{x} {}h22", y + 7));
            self.text("z-line", x + 28, y + 11, "cache line");
        }
    }
}

/// The words for the colours of types.
pub(super) fn words(kinds: impl Iterator<Item = Kind>) -> Vec<(Kind, &'static str)> {
    let mut kinds: Vec<Kind> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    let word = |kind| match kind {
        Kind::Whole => "number",
        Kind::Float => "float",
        Kind::Text => "text",
        Kind::Named => "enum, flags",
        Kind::Compound => "struct, variant",
        Kind::Reserved => "reserved",
    };
    kinds.into_iter().map(|kind| (kind, word(kind))).collect()
}

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Whole => "z-whole",
        Kind::Float => "z-float",
        Kind::Text => "z-text",
        Kind::Named => "z-named",
        Kind::Compound => "z-compound",
        Kind::Reserved => "z-reserved",
    }
}
