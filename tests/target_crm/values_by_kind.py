"""Values of attributes by their kind: version 0, 1 and 2 of each, as a source may spell them."""

from __future__ import annotations

from crm_api.crm_objects import Kind

LISTS = {Kind.ITEMS, Kind.TEXTS, Kind.IDS, Kind.NAME_IDS}
_CLOSED = {"monetary_unit": ("USD", "EUR", "GBP"), "time_zone": ("Berlin", "London", "Eastern Time (US & Canada)")}
_CLOSED["currencyCode"] = _CLOSED["monetary_unit"]
_TEXTS = {"email": "e{n}v{v}@example.org", "domain": "d{n}v{v}.example.org", "phone": "+1 415 55{v} {n:04d}"}


class Values:
    """Makes values for one object of one account.

    Args:
        crm: The CRM's port.
        crm_object: The object.
        ids_of: Lists the ids of the records of an object.
    """

    def __init__(self, crm, crm_object, ids_of):
        self._crm, self._object, self._ids_of = crm, crm_object, ids_of

    def of(self, attribute, n, version, record):
        """A value for an attribute of record ``n``, whose other values are given; None if the account has none."""
        kind = attribute.kind
        if chosen := attribute.choices or _CLOSED.get(attribute.name):
            return chosen[version % min(3, len(chosen))]
        if kind in {Kind.NAME_ID, Kind.NAME_IDS}:
            options = self._options(attribute, record)
            value = options[version % len(options)] if options else None
            return value if value is None or kind is Kind.NAME_ID else [value]
        if kind in {Kind.ID, Kind.IDS}:
            ids = self._ids_of(attribute.refers_to)
            return ids[version % len(ids)] if kind is Kind.ID else [ids[version % len(ids)]]
        return self._simple(attribute, n, version)

    def _simple(self, attribute, n, version):
        bare = f"{attribute.name} {n} v{version}"
        text = _TEXTS.get(attribute.normalise, "t{n}v{v}.example.org/x").format(n=n, v=version)
        address = {part: f"{part} {version}" for part in attribute.parts if "ountry" not in part}
        kind_of_id = "person" if "people" in self._crm.objects else "Contact"
        related = self._ids_of("people" if kind_of_id == "person" else "contacts")
        ends_later = 2 if "end" in attribute.name else 1
        return {
            Kind.TEXT: text if attribute.normalise or "website" in attribute.name else bare,
            Kind.INTEGER: 10 + version,
            Kind.NUMBER: (10.25, "11.50", 12)[version],
            Kind.BOOLEAN: (True, "no", 1)[version],
            Kind.MOMENT: f"203{ends_later}-0{3 + version}-01T10:00:00+02:00",
            Kind.DAY: f"2031-0{3 + version}-01",
            Kind.STRUCTURE: address if attribute.item is None else {attribute.item: f"e{n}v{version}@example.org"},
            Kind.TEXTS: [f"tag {version}", "Both"],
            Kind.ITEMS: [text],
            Kind.IDENTIFIER: {"id": related[version % len(related)], "type": kind_of_id} if related else None,
        }.get(attribute.kind)

    def _options(self, attribute, record):
        """The names of the entries of an attribute's list: an id where two entries have one name."""
        names = attribute.names if attribute.custom_id else self._crm.names(attribute.names)
        if attribute.within:
            parents = self._crm.names(self._object.attribute(attribute.within).names)
            parent = next((each.id for each in parents if record.get(attribute.within) in each.spellings), None)
            names = [each for each in names if each.within == parent]
        spelt = [each.spellings[0] for each in names]
        return [each.spellings[0] if spelt.count(each.spellings[0]) == 1 else each.id for each in names]
