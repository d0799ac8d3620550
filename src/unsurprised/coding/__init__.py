"""Code lengths made real: symbols in as many bits as a model is surprised by them."""

from unsurprised.coding.account import Account
from unsurprised.coding.adaptive import Adaptive
from unsurprised.coding.codec import Archive, Encoded, decode, encode
from unsurprised.coding.static import Frequencies

__all__ = ["Account", "Adaptive", "Archive", "Encoded", "Frequencies", "decode", "encode"]
