//! Whether pages and pictures are well-formed, as Python's parsers see it.

use std::path::PathBuf;
use std::process::Command;

/// Reads XML as XML, and HTML with a parser that knows which elements have no end; every link within a page and every
/// identifier must be good. Very large pages are read as XML only, which is quicker.
const READ: &str = r##"
import sys
from html.parser import HTMLParser
from xml.parsers import expat

EMPTY = {"meta", "br", "hr", "link", "img", "input"}

class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links = [], set(), []

    def handle_starttag(self, tag, attrs):
        if tag not in EMPTY:
            self.open.append(tag)
        self.attributes(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.attributes(tag, attrs)

    def attributes(self, tag, attrs):
        assert tag not in ("script", "iframe", "object", "img", "link"), tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                assert value not in self.ids, f"{value} twice"
                self.ids.add(value)
            if name == "href":
                self.links.append(value)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    try:
        if path.endswith(".html") and len(text) < 1 << 20:
            page = Page()
            page.feed(text)
            page.close()
            assert not page.open, page.open
            for link in page.links:
                if link.startswith("#"):
                    assert link[1:] in page.ids, link
                else:
                    assert not link.lower().startswith(("javascript", "data", "vbscript")), link
        text = text.replace("<!DOCTYPE html>", "")
        expat.ParserCreate().Parse(text.encode(), True)
    except Exception as error:
        sys.exit(f"{path}: {error!r}")
"##;

pub(crate) fn assert_well_formed(paths: &[PathBuf]) {
    assert!(!paths.is_empty());
    let output = Command::new("python3").arg("-c").arg(READ).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
