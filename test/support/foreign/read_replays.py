"""An independent reader: compares what a replay put on an inbox with the records it came from.

Usage: read_replays.py SETTINGS.json   (bootstrap, inbox, source, replayId, ends: {partition: offset})
Prints one JSON object with what it counted; judges nothing.
"""
import json
import sys
from collections import Counter

from confluent_kafka import Consumer, TopicPartition

settings = json.load(open(sys.argv[1]))


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


def header(message, name):
    found = [value for key, value in message.headers() or [] if key == name]
    return found[0].decode() if found else None


letters = {
    f"{settings['source']}/{message.partition()}/{message.offset()}": (message.key(), message.value())
    for message in read_all(settings["source"])
}
copies = Counter()
counts = Counter()
for message in read_all(settings["inbox"]):
    counts["records"] += 1
    if header(message, "job-replay-id") != settings["replayId"]:
        counts["strangers"] += 1
        continue
    origin = header(message, "job-replay-of")
    copies[origin] += 1
    _, partition, offset = origin.rsplit("/", 2)
    counts["outsideThePlan"] += int(offset) >= int(settings["ends"][partition])
    counts["differ"] += letters.get(origin) != (message.key(), message.value())

print(json.dumps({
    "letters": len(letters),
    "records": counts["records"],
    "replayed": len(copies),
    "repeated": sum(1 for count in copies.values() if count > 1),
    "strangers": counts["strangers"],
    "outsideThePlan": counts["outsideThePlan"],
    "differ": counts["differ"],
}))
