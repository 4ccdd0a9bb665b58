"""A foreign producer: knows Kafka, Avro and the wire contract, and nothing of Esteira's code.

Usage: produce.py SETTINGS.json   (bootstrap, registry, topic, schema, events, tenants, seed, manifest)
Registers its schema over HTTP, produces with confluent-kafka, writes one manifest line per record.
"""
import base64
import io
import json
import random
import struct
import sys
import urllib.request
import uuid

import fastavro
from confluent_kafka import Producer

settings = json.load(open(sys.argv[1]))
rng = random.Random(settings["seed"])
schema = json.load(open(settings["schema"]))
parsed = fastavro.parse_schema(schema)
subject = f"{schema['namespace']}.{schema['name']}"


def register():
    body = json.dumps({"schema": json.dumps(schema)}).encode()
    request = urllib.request.Request(
        f"{settings['registry']}/subjects/{subject}/versions",
        data=body,
        headers={"Content-Type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["id"]


schema_id = register()
tenants = [f"tenant-{i:02d}" for i in range(settings["tenants"])]
weights = [1 / (rank + 1) for rank in range(len(tenants))]
source = "foreign-billing"


def body_of(kind, index, tenant):
    value = {
        "tenantId": tenant,
        "invoiceId": f"{kind}-{index}",
        "paymentId": f"payment-{index}",
        "amountCents": 100 + index,
        "currency": "BRL",
        "lines": [{"description": "fee", "amountCents": 100 + index}],
        "paidAt": 1_760_000_000_000 + index,
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, parsed, value)
    return out.getvalue()


POISONS = ["bad-magic", "unknown-schema", "truncated", "length-bomb"]


def value_of(kind, index, tenant):
    frame = b"\x00" + struct.pack(">i", schema_id)
    if kind == "bad-magic":
        return b"\x07" + struct.pack(">i", schema_id) + body_of("ok", index, tenant)
    if kind == "unknown-schema":
        return b"\x00" + struct.pack(">i", 987_654) + body_of("ok", index, tenant)
    if kind == "truncated":
        return (frame + body_of("ok", index, tenant))[:-7]
    if kind == "length-bomb":
        # Empty strings, amount 0, then an array that claims 60,000,000 lines in 4 bytes.
        count = 60_000_000 << 1
        varint = bytearray()
        while count > 0x7F:
            varint.append((count & 0x7F) | 0x80)
            count >>= 7
        varint.append(count)
        return frame + b"\x00\x00\x00\x00\x00" + bytes(varint)
    return frame + body_of(kind, index, tenant)


def kind_of():
    roll = rng.random()
    if roll < 0.01:
        return rng.choice(POISONS)
    if roll < 0.02:
        return "stranger"
    if roll < 0.07:
        return "flaky1"
    if roll < 0.12:
        return "flaky2"
    if roll < 0.13:
        return "never"
    return "ok"


producer = Producer({
    "bootstrap.servers": settings["bootstrap"],
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "linger.ms": 5,
})
manifest = open(settings["manifest"], "w")
problems = []


def produce(record):
    def report(error, message):
        if error is not None:
            problems.append(str(error))
            return
        line = {k: v for k, v in record.items() if k not in ("value", "headers")}
        line["value"] = base64.b64encode(record["value"]).decode()
        line["headers"] = [[name, base64.b64encode(value).decode()] for name, value in record["headers"]]
        line["position"] = f"{message.topic()}/{message.partition()}/{message.offset()}"
        manifest.write(json.dumps(line) + "\n")

    while True:
        try:
            producer.produce(
                settings["topic"],
                key=record["key"].encode(),
                value=record["value"],
                headers=record["headers"],
                on_delivery=report,
            )
            break
        except BufferError:
            producer.poll(0.1)
    producer.poll(0)


recent = []
for index in range(settings["events"]):
    kind = kind_of()
    tenant = "nobody-knows-me" if kind == "stranger" else rng.choices(tenants, weights)[0]
    event_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    record = {
        "id": event_id,
        "kind": kind,
        "source": source,
        "key": tenant,
        "duplicate": False,
        "value": value_of(kind, index, tenant),
        "headers": [
            ("ce_specversion", b"1.0"),
            ("ce_id", event_id.encode()),
            ("ce_type", subject.encode()),
            ("ce_source", source.encode()),
            ("ce_tenantid", tenant.encode()),
            ("x-foreign", bytes([0, 255, index % 256])),
        ],
    }
    produce(record)
    recent.append(record)
    if len(recent) > 500:
        recent.pop(0)
    if rng.random() < 0.05:
        produce({**rng.choice(recent), "duplicate": True})

left = producer.flush(60)
manifest.close()
if left or problems:
    sys.exit(f"{left} records left, problems: {problems[:3]}")
print(json.dumps({"schemaId": schema_id}))
