"""
Sends commands to Pulsar and tells what is published, as lines of JSON. It reads {"number", "command"} and writes {"sent": number} when the broker
has confirmed the command, and {"type", "id", "body"} for each message.

    python bus_agent.py URL TOPIC-OF-COMMANDS TOPIC…
"""

import json
import sys
import threading

import pulsar

RETRY_SECONDS = 0.1

url, commands, *topics = sys.argv[1:]
client = pulsar.Client(url, logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/null"))
writing = threading.Lock()


def say(content):
    with writing:
        print(json.dumps(content), flush=True)


def follow(consumer, topic):
    while True:
        message = consumer.receive()
        properties = message.properties()
        content = {"type": properties.get("type", topic), "id": properties.get("message_id", ""), "body": json.loads(message.data())}
        say(content)
        consumer.acknowledge(message)


def send(producer, number, content):
    def again():
        timer = threading.Timer(RETRY_SECONDS, send, (producer, number, content))
        timer.daemon = True
        timer.start()

    def confirmed(result, _):
        # Whether it arrived is not known, so it is sent again.
        say({"sent": number}) if result == pulsar.Result.Ok else again()

    try:
        producer.send_async(content, confirmed)
    except pulsar.PulsarException:
        again()


for topic in topics:
    consumer = client.subscribe(f"persistent://public/default/{topic}", "agent", initial_position=pulsar.InitialPosition.Earliest)
    threading.Thread(target=follow, args=(consumer, topic), daemon=True).start()
producer = client.create_producer(f"persistent://public/default/{commands}")
say({"ready": True})
for line in sys.stdin:
    asked = json.loads(line)
    send(producer, asked["number"], json.dumps(asked["command"]).encode())
