"""The bytes of a segment, as emitted by the schema compiler from ``schemas/format/*.zipc``.

The runtime spells no offset, size or state of the format by hand: they all come from the modules of this package.
"""
