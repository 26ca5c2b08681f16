"""Streets of an extract as a small map file, the same bytes for the same streets: what a place keeps of a large map."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import quoteattr

from twin.files.whole_files import write_whole
from twin.osm.extract import Extract, Tags

STREETS_FILE = "streets.osm.gz"
_MEMBER_TYPES = {"n": "node", "w": "way", "r": "relation"}
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_streets(extract: Extract, path: Path) -> None:
    """Write the drivable ways of an extract, their nodes, signals and turn restrictions, as packed OSM XML."""
    used = sorted({node for way in extract.streets for node in way.nodes if node in extract.positions})
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="yantai-twin">']
    for node in used:
        lon, lat = extract.positions[node]
        body = list(_tags(extract.node_tags.get(node, {})))
        lines.append(f'<node id="{node}" lat="{lat:.7f}" lon="{lon:.7f}"{">" if body else "/>"}')
        lines += [*body, "</node>"] if body else []
    for way in extract.streets:
        lines.append(f'<way id="{way.id}">')
        lines += [f'<nd ref="{node}"/>' for node in way.nodes]
        lines += [*_tags(way.tags), "</way>"]
    for relation in extract.restrictions:
        lines.append(f'<relation id="{relation.id}">')
        lines += [
            f'<member type="{_MEMBER_TYPES[kind]}" ref="{number}" role={quoteattr(_NOT_IN_XML.sub("", role))}/>'
            for kind, number, role in relation.members
        ]
        lines += [*_tags(relation.tags), "</relation>"]
    text = "\n".join([*lines, "</osm>", ""])
    write_whole(path, gzip.compress(text.encode(), mtime=0))


def _tags(tags: Tags) -> Iterable[str]:
    for key, value in sorted(tags.items()):
        yield f"<tag k={quoteattr(_NOT_IN_XML.sub('', key))} v={quoteattr(_NOT_IN_XML.sub('', value))}/>"
