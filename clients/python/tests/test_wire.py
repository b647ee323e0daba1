import random
import unittest

import msgpack
import numpy as np

from parapilot_client.errors import ProtocolError
from parapilot_client.messages import Action, PolicyDescription, Refused, parse
from parapilot_client.wire import MOST_BYTES, decode, encode

from .nodes import POLICY, action, refused

OBSERVATION = {"id": 3, "stamp": 17, "episode": 1, "step": 2}
# {"state": float32 [0, 1, 2]} as openpi's msgpack_numpy writes it.
GOLDEN = bytes.fromhex(
    "81a5737461746584c40b5f5f6e6461727261795f5fc3c40464617461c40c000000000000803f00000040"
    "c4056474797065a33c6634c405736861706591 03".replace(" ", "")
)


class WireTest(unittest.TestCase):
    def test_writes_arrays_byte_for_byte_as_openpi_does(self):
        self.assertEqual(encode({"state": np.arange(3, dtype="<f4")}), GOLDEN)

    def test_reads_what_it_wrote(self):
        value = {"a": [1, -2, 2**52, 0.5, None, True, "ü"], "b": {"c": np.array([[1.5, 2.5]], dtype="<f8")}}
        read = decode(encode(value))
        np.testing.assert_array_equal(read["b"].pop("c"), value["b"].pop("c"))
        self.assertEqual(read, value)

    def test_arrays_own_their_memory(self):
        self.assertTrue(decode(GOLDEN)["state"].flags.writeable)

    def test_carries_every_dtype_and_no_other(self):
        for dtype in ["<f4", "<f8", "|u1", "<i4", "<i8", "|b1"]:
            array = np.ones((2, 3), dtype=dtype)
            np.testing.assert_array_equal(decode(encode({"x": array}))["x"], array)
        for array in [np.array(["text"]), np.array([None]), np.ones(2, dtype=">f4"), np.ones(2, dtype="c8")]:
            with self.assertRaisesRegex(TypeError, "cannot encode an array of dtype"):
                encode({"x": array})

    def test_refuses_what_a_hostile_sender_may_write(self):
        def ndarray(**fields):
            return msgpack.packb({"x": {key.encode(): value for key, value in fields.items()}})

        good = {"__ndarray__": True, "data": b"\0" * 8, "dtype": "<f4", "shape": [2]}
        deep = []
        for _ in range(40):
            deep = [deep]
        cases = {
            "nothing": b"",
            "truncated": GOLDEN[:-1],
            "trailing bytes": GOLDEN + b"\0",
            "an unused token": b"\xc1",
            "a pickle": ndarray(**{**good, "dtype": "|O"}),
            "a void": ndarray(**{**good, "dtype": "|V8"}),
            "too little data": ndarray(**{**good, "data": b"\0"}),
            "a shape that is no list": ndarray(**{**good, "shape": 2}),
            "a negative length": ndarray(**{**good, "shape": [-1, -2]}),
            "a boolean length": ndarray(**{**good, "shape": [True, 2]}),
            "a shape that is enormous": ndarray(**{**good, "shape": [2**40, 2**40]}),
            "missing fields": ndarray(__ndarray__=True, data=b""),
            "unknown binary keys": ndarray(nd=True),
            "raw bytes": msgpack.packb({"x": b"raw"}),
            "an extension": msgpack.packb({"x": msgpack.ExtType(4, b"boo")}),
            "a timestamp": msgpack.packb({"x": msgpack.Timestamp(1)}),
            "keys that are numbers": msgpack.packb({1: 2}),
            "a key that comes twice": bytes.fromhex("82a16101a16102"),
            "a list of thousands": msgpack.packb(list(range(5000))),
            "a length that lies": bytes.fromhex("dd7fffffff"),
            "nesting": msgpack.packb(deep),
            "deep nesting": b"\x91" * 100_000,
            "text that is not UTF-8": b"\xa1\xff",
        }
        for what, data in cases.items():
            with self.subTest(what), self.assertRaises(ProtocolError):
                decode(data)

    def test_keeps_to_the_size_that_a_node_takes(self):
        with self.assertRaisesRegex(ValueError, "a node takes 8388608 at most"):
            encode({"x": np.zeros(MOST_BYTES // 4, dtype="<f4")})
        with self.assertRaisesRegex(ProtocolError, "the limit is"):
            decode(bytes(MOST_BYTES + 1))

    def test_reads_what_a_node_says(self):
        self.assertIsInstance(parse(encode(POLICY)), PolicyDescription)
        self.assertEqual(parse(encode(POLICY)).observation[0].shape, (2,))
        read = parse(action(OBSERVATION))
        self.assertIsInstance(read, Action)
        self.assertEqual((read.id, read.episode, read.step, read.rung), (3, 1, 2, "fresh"))
        self.assertEqual(parse(refused(OBSERVATION, "busy")), Refused(3, "busy", "no"))

    def test_reads_what_a_newer_node_says_beside_it(self):
        self.assertEqual(parse(action(OBSERVATION, mood="good")).step, 2)

    def test_names_the_field_that_is_wrong(self):
        wrong = {
            '"step" of the action message is -1; a whole number': action(OBSERVATION, step=-1),
            '"id" of the action message is True': action(OBSERVATION, id=True),
            '"missed" of the action message is 1; true or false is due': action(OBSERVATION, missed=1),
            '"actions" of the action message is an array of shape .3.': action(OBSERVATION, actions=np.ones(3, "<f4")),
            '"actions" .* not finite': action(OBSERVATION, actions=np.full((1, 2), np.nan, "<f4")),
            'has no "positions"': action(OBSERVATION, commands={}),
            '"plan" of the action message is 7; a map is due': action(OBSERVATION, plan=7),
            'a message of type "gossip"': encode({"type": "gossip"}),
            "the message is 7; a map is due": encode(7),
            '"observation" of the policy message is 7; a list is due': encode({**POLICY, "observation": 7}),
        }
        for text, data in wrong.items():
            with self.subTest(text), self.assertRaisesRegex(ProtocolError, text):
                parse(data)

    def test_whatever_the_bytes_it_reads_them_or_says_why_not(self):
        chance = random.Random(7)
        seeds = [encode(POLICY), action(OBSERVATION), refused(OBSERVATION, "busy"), GOLDEN]
        read = 0
        for _ in range(20_000):
            data = bytearray(chance.choice(seeds))
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data))
                if chance.random() < 0.2:
                    del data[at:]
                    data.append(0xC0)
                else:
                    data[at] = chance.randrange(256)
            try:
                parse(bytes(data))
                read += 1
            except ProtocolError as error:
                self.assertLess(len(str(error)), 1000)
        self.assertGreater(read, 100)
