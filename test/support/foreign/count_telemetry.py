"""An independent reader: adds the telemetry of an app up, as an analyst does who knows only the contract.

Usage: count_telemetry.py SETTINGS.json   (bootstrap, registry, topic)
Takes the schema of each record from the registry and each event id once. Prints one JSON object; judges nothing.
"""
import io
import json
import struct
import sys
import urllib.request
from collections import Counter, defaultdict

import fastavro
from confluent_kafka import Consumer, TopicPartition

settings = json.load(open(sys.argv[1]))
schemas = {}


def schema_of(schema_id):
    if schema_id not in schemas:
        with urllib.request.urlopen(f"{settings['registry']}/schemas/ids/{schema_id}", timeout=20) as answer:
            schemas[schema_id] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
    return schemas[schema_id]


def decode(value):
    magic, schema_id = struct.unpack(">bi", value[:5])
    assert magic == 0
    body = io.BytesIO(value[5:])
    event = fastavro.schemaless_reader(body, schema_of(schema_id))
    assert body.read() == b"", "bytes behind the record"
    return event


def read_all(topic):
    consumer = Consumer({
        "bootstrap.servers": settings["bootstrap"],
        "group.id": "independent-reader",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    })
    left = {}
    for partition in consumer.list_topics(topic, timeout=20).topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)
        if high > low:
            left[partition] = high
    consumer.assign([TopicPartition(topic, partition, 0) for partition in left])
    while left:
        message = consumer.poll(20)
        if message is None:
            raise SystemExit(f"{topic} cannot be read to its end")
        if message.error():
            raise SystemExit(str(message.error()))
        if message.partition() in left and message.offset() + 1 >= left[message.partition()]:
            del left[message.partition()]
        yield message
    consumer.close()


seen = {}
records = 0
differ = 0
for message in read_all(settings["topic"]):
    records += 1
    event = decode(message.value())
    known = seen.setdefault(event["eventId"], event)
    differ += known != event

ENDS = ("job.completed", "job.failed")
by_type = Counter()
by_tenant = defaultdict(Counter)
by_job_type = defaultdict(Counter)
cost = Counter()
run_ms = Counter()
tokens = Counter()
for event in seen.values():
    by_type[event["type"]] += 1
    by_tenant[event["tenantId"]][event["type"]] += 1
    by_job_type[event["jobType"]][event["type"]] += 1
    if event["type"] in ENDS:
        cost[event["tenantId"]] += event["costMicros"] or 0
        run_ms[event["tenantId"]] += event["runMs"]
        tokens[event["tenantId"]] += event["metrics"].get("cost.token", 0)

jobs = {event["jobId"] for event in seen.values() if event["type"] not in ("job.suspended", "job.resumed")}
runs = {event["executionId"] for event in seen.values() if event["executionId"] is not None}
print(json.dumps({
    "records": records,
    "events": len(seen),
    "repeatsThatDiffer": differ,
    "schemas": [schemas[known]["name"] for known in schemas],
    "byType": by_type,
    "byTenant": by_tenant,
    "byJobType": by_job_type,
    "costMicros": cost,
    "runMs": run_ms,
    "tokens": tokens,
    "jobs": len(jobs),
    "runs": len(runs),
}))
