"""What an HTML page holds, as a browser's parser sees it."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """The tags, ids, links and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data

    def values(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every tag of this name."""
        return [attributes for found, attributes in self.tags if found == tag]

    @property
    def dead_links(self) -> set[str]:
        """The links into the page that lead nowhere."""
        ids = set(self.values("id"))
        return {link for link in self.values("href") if link[:1] == "#" and link[1:] not in ids}

    @property
    def double_ids(self) -> set[str]:
        """The ids that stand more than once in the page."""
        ids = self.values("id")
        return {id for id in ids if ids.count(id) > 1}
