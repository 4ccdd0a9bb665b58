"""An independent reader: counts what became of every foreign event, from the topics and the ledger alone.

Usage: verify.py SETTINGS.json   (bootstrap, registry, ns, jobType, topics, groups, manifest, ledger)
Prints one JSON object with what it counted; judges nothing.
"""
import base64
import hashlib
import io
import json
import struct
import sys
import urllib.request
from collections import Counter, defaultdict

import fastavro
from confluent_kafka import Consumer, TopicPartition

settings = json.load(open(sys.argv[1]))
NAMESPACE = bytes.fromhex("6f1d2c7e9b4a4d0e8c3a5e7f10b2d493")


def job_id(source, event_id):
    """UUIDv5 of length-prefixed parts, as the wire contract says."""
    parts = ["job", settings["ns"], settings["jobType"], source, event_id]
    name = b"".join(f"{len(part.encode())}:{part}".encode() for part in parts)
    raw = bytearray(hashlib.sha1(NAMESPACE + name).digest()[:16])
    raw[6] = (raw[6] & 0x0F) | 0x50
    raw[8] = (raw[8] & 0x3F) | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


schemas = {}


def decode(value):
    magic, schema_id = struct.unpack(">bi", value[:5])
    assert magic == 0
    if schema_id not in schemas:
        with urllib.request.urlopen(f"{settings['registry']}/schemas/ids/{schema_id}", timeout=20) as answer:
            schemas[schema_id] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[schema_id])


def consumer_of(group):
    return Consumer({
        "bootstrap.servers": settings["bootstrap"],
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    })


def read_all(topic):
    consumer = consumer_of("independent-reader")
    metadata = consumer.list_topics(topic, timeout=20).topics[topic]
    ends = {}
    for partition in metadata.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)
        if high > low:
            ends[partition] = high
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    while ends:
        message = consumer.poll(20)
        if message is None:
            raise SystemExit(f"{topic}: nothing more came, still missing {ends}")
        if message.error():
            raise SystemExit(str(message.error()))
        yield message
        if message.offset() + 1 >= ends.get(message.partition(), 0):
            ends.pop(message.partition(), None)
    consumer.close()


manifest = [json.loads(line) for line in open(settings["manifest"])]
originals = {line["id"]: line for line in manifest if not line["duplicate"]}
by_job = {job_id(line["source"], line["id"]): line for line in originals.values()}

told = {}
raw_told = 0
for message in read_all(f"{settings['ns']}.telemetry.jobs"):
    raw_told += 1
    event = decode(message.value())
    told[event["eventId"]] = event
terminal = defaultdict(list)
types = Counter()
for event in told.values():
    types[event["type"]] += 1
    if event["type"] in ("job.completed", "job.sent_to_dlq"):
        terminal[event["jobId"]].append(event)

outcomes = Counter()
for job, line in by_job.items():
    ends = terminal.get(job, [])
    state = ends[0]["type"] if len(ends) == 1 else f"{len(ends)} terminal states"
    reason = ends[0]["reason"] if len(ends) == 1 else None
    outcomes[f"{line['kind']} -> {state} {reason or ''}".strip()] += 1

dead = Counter()
dead_differs = []
dead_seen = Counter()
for message in read_all(f"{settings['ns']}.dlq.{settings['jobType']}"):
    headers = message.headers()
    text = {name: value for name, value in headers}
    line = originals.get(text["ce_id"].decode())
    dead_seen[text["ce_id"].decode()] += 1
    foreign = [[n, base64.b64encode(v).decode()] for n, v in headers if not n.startswith("job-")]
    same = (
        line is not None
        and base64.b64encode(message.value()).decode() == line["value"]
        and message.key().decode() == line["key"]
        and foreign == line["headers"]
    )
    if not same:
        dead_differs.append(f"{message.topic()}/{message.partition()}/{message.offset()}")
    dead[f"{line['kind'] if line else '?'} -> {text['job-dead-reason'].decode()}"] += 1

failures = Counter(decode(message.value())["reason"] for message in read_all(f"{settings['ns']}.failures"))

raw_effects = Counter()
fences = defaultdict(list)
for row in open(settings["ledger"]):
    key, fence, _job = row.rstrip("\n").split("\t")
    raw_effects[key] += 1
    fences[key].append(int(fence))

behind = []
for group, topics in settings["groups"].items():
    consumer = consumer_of(group)
    for topic in topics:
        metadata = consumer.list_topics(topic, timeout=20).topics[topic]
        at = [TopicPartition(topic, partition) for partition in metadata.partitions]
        for one in consumer.committed(at, timeout=20):
            _low, high = consumer.get_watermark_offsets(TopicPartition(topic, one.partition), timeout=20)
            if one.offset != high and not (one.offset < 0 and high == 0):
                behind.append(f"{group} {topic}/{one.partition}: {one.offset} of {high}")
    consumer.close()

print(json.dumps({
    "events": len(originals),
    "duplicates": len(manifest) - len(originals),
    "kinds": Counter(line["kind"] for line in originals.values()),
    "outcomes": outcomes,
    "told": types,
    "toldTwice": raw_told - len(told),
    "strangers": len([job for job in terminal if job not in by_job]),
    "deadLetters": dead,
    "deadLettersRepeated": sum(count - 1 for count in dead_seen.values()),
    "deadLettersRepeatedBy": Counter(
        originals[event]["kind"] for event, count in dead_seen.items() for _ in range(count - 1) if event in originals
    ),
    "deadLettersDiffer": dead_differs,
    "failures": failures,
    "effects": len(raw_effects),
    "effectsRepeated": sum(count - 1 for count in raw_effects.values()),
    "fencesRepeated": sum(len(all_) - len(set(all_)) for all_ in fences.values()),
    "behind": behind,
}))
