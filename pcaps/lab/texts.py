"""Documents about synthetic people, as the cases send them."""
import json

COLUMNS = {"name": "姓名", "resident_id": "身份证号", "mobile": "手机号", "email": "邮箱", "card": "银行卡号"}
FIELDS = ("name", "resident_id", "mobile", "email")


def csv_of(people, fields=FIELDS, filler=""):
    """CSV with a Chinese header line; `filler` is a further column's constant text."""
    lines = [",".join([COLUMNS[f] for f in fields] + (["备注"] if filler else []))]
    lines += [",".join([p[f] for f in fields] + ([filler] if filler else [])) for p in people]
    return "\r\n".join(lines) + "\r\n"


def json_of(people, fields=FIELDS):
    return json.dumps({"code": 0, "list": [{COLUMNS[f]: p[f] for f in fields} for p in people]}, ensure_ascii=False)


def page_of(people, fields=FIELDS, charset="utf-8", title="会员名单"):
    """An HTML table. `charset` is only what the meta element says; "" leaves the element out."""
    meta = f'<meta charset="{charset}">' if charset else ""
    head = "".join(f"<th>{COLUMNS[f]}</th>" for f in fields)
    rows = "".join("<tr>" + "".join(f"<td>{p[f]}</td>" for f in fields) + "</tr>\n" for p in people)
    return (f"<!DOCTYPE html><html><head>{meta}<title>{title}</title></head><body><h1>{title}</h1>\n"
            f"<table><tr>{head}</tr>\n{rows}</table></body></html>\n")
