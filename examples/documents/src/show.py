"""GET /documents/{id}"""

from src import store


def handler(event, _context):
    found = store.table.get_item(Key={"id": event["pathParameters"]["id"]}).get("Item")
    if found is None:
        return store.answer(404, {"message": "no such document"})
    return store.answer(200, found)
