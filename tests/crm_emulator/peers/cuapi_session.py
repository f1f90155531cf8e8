"""Calls of cuapi-wrapper, in its own environment; prints the answers as one JSON object, its own words as it likes.

Usage: python cuapi_session.py USER_EMAIL API_KEY
"""

import json
import sys

from cuapi_wrapper import companies, core

EMAIL, KEY = sys.argv[1:]
core.set_headers(KEY, EMAIL)
core.set_global_var(core.copper_headers, "copper_headers")
seen = {}

# All companies, as they come and as a table with a column for each custom field
raw = companies.search(clean_data=False)
core.prc_cf_dicts()
fields = [each for each in core.custom_fields.values() if "company" in each["available_on"]]
plain = [each["name"] for each in fields if each["data_type"] != "MultiSelect"]  # its table knows one option a value
table = companies.search(cf_fields=plain)
seen["companies"] = sorted(each["id"] for each in raw)
seen["table"] = [sorted(table["id"]) == seen["companies"], sorted(set(plain) & set(table.columns)) == sorted(plain)]

# Narrowed by the company's own attributes, and by an option of a custom field
field, definition = next((key, each) for key, each in core.custom_fields.items() if each["data_type"] == "Dropdown")
option, name = next(iter(core.get_cf_options(field).items()))
chosen = companies.search(
    cf_search=[{"custom_field_definition_id": field, "value": [option]}], cf_fields=[definition["name"]]
)
seen["chosen"] = [len(chosen) > 0, set(chosen[definition["name"]]) == {name}]
seen["narrow"] = [each["name"] for each in companies.search({"state": "Styria"}, clean_data=False)]
print("\n" + json.dumps(seen))
